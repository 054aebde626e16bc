"""Data go when they have been kept for as long as somebody said; the books stay."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.loy_retention import KINDS
from ..sql.retention import TABLES
from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestRetentions(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.retentions = cls.env["loy.retentions"]
        cls.ann = cls.env["res.partner"].browse(int(cls.member))

    def keep(self, kind, months, **values):
        retention = self.env.ref(f"loyalty_core.loy_retention_{kind}")
        retention.write({"months": months, **values})
        return retention

    def test_each_kind_of_data_has_its_time(self):
        self.assertEqual({kind for kind, _name in KINDS}, {*TABLES, "member"})
        self.assertEqual(set(self.env["loy.retention"].search([]).mapped("kind")), {kind for kind, _name in KINDS})

    def test_what_is_older_goes_and_what_is_younger_stays(self):
        now = fields.Datetime.now()
        log = self.env["loy.access.log"]
        rows = [{"at": now - timedelta(days=days), "user_id": self.env.uid, "member_id": self.ann.id, "kind": "view"}
                for days in (10, 70, 400)]  # fmt: skip
        old = log.create(rows)
        retention = self.keep("access_log", 2)
        self.assertEqual(retention.due_count, 2)
        self.assertFalse(self.retentions._delete(retention))
        self.assertEqual(old.exists(), old[0])
        self.retentions._delete(retention)
        self.assertEqual(old.exists(), old[0], "once more takes nothing more")

    def test_nobody_else_deletes_facts_and_the_job_no_movement(self):
        self.give(5)
        self.env["loy.privacy"]._note_access(self.ann, "export")
        self.env.flush_all()
        for statement in (
            "DELETE FROM loy_access_log",
            "SELECT set_config('loy.retention', 'loy_audit', true); DELETE FROM loy_access_log",
            "SELECT set_config('loy.retention', 'loy_access_log', true); UPDATE loy_access_log SET kind = 'view'",
            "SELECT set_config('loy.retention', 'loy_entry', true); DELETE FROM loy_entry",
            "SELECT set_config('loy.retention', 'loy_revision', true); DELETE FROM loy_revision",
        ):
            with self.subTest(statement), self.assertRaisesRegex(Exception, "immutable_fact"), self.cr.savepoint():
                self.cr.execute(statement, log_exceptions=False)

    @mute_logger("odoo.addons.loyalty_core.services.retentions")
    def test_a_month_of_events_goes_as_one(self):
        events = self.env["loy.events"]
        events._make_partitions(until=None)
        self.env.cr.execute(
            "CREATE TABLE loy_event_2019_03 PARTITION OF loy_event FOR VALUES FROM ('2019-03-01') TO ('2019-04-01')"
        )
        for at in ("2019-03-05 10:00:00", "2019-05-05 10:00:00", fields.Datetime.now()):
            events._emit("test.kept", at=at)
        retention = self.keep("event", 12)
        self.assertEqual(retention.due_count, 2)
        self.retentions._drop_months(self.retentions._before(retention))
        self.retentions._delete(retention)
        self.assertEqual(self.env["loy.event"].search_count([("kind", "=", "test.kept")]), 1)
        self.env.cr.execute("SELECT to_regclass('loy_event_2019_03')")
        self.assertEqual(self.env.cr.fetchone(), (None,))

    def test_members_who_have_gone_are_erased_and_those_with_points_only_if_so_said(self):
        long_ago = fields.Datetime.now() - timedelta(days=900)
        names = ("Gone", "Rich", "Buyer", "New")
        gone, rich, buyer, new = self.env["res.partner"].create(
            [{"name": name, "is_loyalty_member": True} for name in names]
        )
        self.give(7, member=str(rich.id), at="2023-01-05T10:00:00Z")
        self.call("purchase_confirm", purchase="R-1", **self.basket(member={"member": str(buyer.id)}))
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET loy_registered_at = %s, write_date = %s WHERE id = ANY(%s)",
            [long_ago, long_ago, (gone | rich | buyer).ids],
        )
        self.env.invalidate_all()
        retention = self.keep("member", 24)
        mine = {gone.id, rich.id, buyer.id, new.id}
        self.assertEqual(mine & set(self.retentions._inactive(retention, 0)), {gone.id})
        retention.is_written_off = True
        self.assertEqual(mine & set(self.retentions._inactive(retention, 0)), {gone.id, rich.id})
        with self.enter_registry_test_mode():
            self.env.ref("loyalty_core.loy_retention_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual([one.is_loyalty_member for one in (gone, rich, buyer, new)], [False, False, True, True])
        self.assertNotIn("Rich", rich.name)
        self.assert_books()

    def test_administrators_say_how_long_and_nobody_else_and_it_is_told(self):
        admin = new_test_user(self.env, "t_keep", groups="loyalty_core.group_admin")
        analyst = new_test_user(self.env, "t_keep_not", groups="loyalty_core.group_analyst")
        retention = self.env.ref("loyalty_core.loy_retention_audit")
        with self.assertRaises(AccessError):
            retention.with_user(analyst).write({"months": 1})
        retention.with_user(admin).write({"months": 99})
        told = self.env["loy.audit"].search([("model", "=", "loy.retention")], limit=1)
        self.assertEqual((told.user_id, told.changes["months"]), (admin, [120, 99]))
