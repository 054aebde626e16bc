"""Data go when they have been kept for as long as somebody said; the books stay."""

from datetime import datetime, timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
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
        self.assertEqual(self.retentions._delete(retention), 2)
        self.assertEqual(old.exists(), old[0])
        self.assertEqual(self.retentions._delete(retention), 0)
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

    def look(self, months):
        at = fields.Datetime.now() - relativedelta(months=months)
        return self.env["loy.access.log"].create(
            {"at": at, "user_id": self.env.uid, "member_id": self.ann.id, "kind": "view"}
        )

    def test_whoever_says_that_it_is_the_job_deletes_nothing_that_is_younger_than_the_setting(self):
        pretend = "SELECT set_config('loy.retention', 'loy_access_log', true); DELETE FROM loy_access_log WHERE id = %s"
        old, young = self.look(13), self.look(11)
        for months, one in ((12, young), (0, old)):
            self.keep("access_log", months)
            self.env.flush_all()
            with self.subTest(months), self.assertRaisesRegex(Exception, "immutable_fact"), self.cr.savepoint():
                self.cr.execute(pretend, [one.id], log_exceptions=False)
        self.retentions._delete(self.keep("access_log", 12))
        self.assertEqual((old | young).exists(), young)
        # The way is shut again behind the job.
        older = self.look(14)
        self.env.flush_all()
        with self.assertRaisesRegex(Exception, "immutable_fact"), self.cr.savepoint():
            self.cr.execute("DELETE FROM loy_access_log WHERE id = %s", [older.id], log_exceptions=False)

    def test_a_job_that_is_out_of_time_stops_and_the_next_one_goes_on(self):
        self.env["loy.retention"].search([("kind", "!=", "request")]).months = 0
        self.keep("request", 600)
        self.keep("access_log", 12)
        looks = self.env["loy.access.log"].union(*[self.look(20 + months) for months in range(5)])
        progress, cron = [], type(self.env["ir.cron"])

        def out_of_time(_cron, processed=0, *, remaining=None, **_values):
            progress.append((processed, remaining))
            return 0

        with patch("odoo.addons.loyalty_core.services.retentions.BATCH", 2):
            with patch.object(cron, "_commit_progress", out_of_time):
                self.retentions._run()
            self.assertEqual((len(looks.exists()), progress), (3, [(2, 1)]))
            for _night in range(2):
                with patch.object(cron, "_commit_progress", lambda *args, **values: 60):
                    self.retentions._run()
                self.assertFalse(looks.exists())

    def test_notices_go_with_their_messages_and_activities(self):
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        day = fields.Date.today() - relativedelta(months=30)
        notice = self.env["loy.incomplete.notice"].create(
            {"store_id": store.id, "company_id": store.company_id.id, "day": day}
        )
        notice.message_post(body="Look at the router")
        notice.activity_schedule("mail.mail_activity_data_todo", summary="Look")
        self.assertEqual(self.retentions._delete(self.keep("incomplete", 24)), 1)
        left = [("model", "=", notice._name), ("res_id", "=", notice.id)]
        self.assertFalse(self.env["mail.message"].search(left))
        left = [("res_model", "=", notice._name), ("res_id", "=", notice.id)]
        self.assertFalse(self.env["mail.activity"].with_context(active_test=False).search(left))

    def test_an_answer_is_kept_for_as_long_as_the_longest_month(self):
        retention = self.keep("request", 1)
        with patch.object(fields.Datetime, "now", lambda: datetime(2026, 3, 5)):
            self.assertEqual(self.retentions._before(retention), datetime(2026, 2, 2))

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
        while self.retentions._drop_month(self.retentions._before(retention)):
            pass
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
