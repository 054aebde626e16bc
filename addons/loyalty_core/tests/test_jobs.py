"""A test database is wound forward: all scheduled work up to a moment that has not come."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..services.jobs import AHEAD
from .api_common import ApiCase

MARK = "loyalty_core.is_test_database"


@tagged("post_install", "-at_install")
class TestJobs(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.parameters = cls.env["ir.config_parameter"]
        cls.parameters.set_param(MARK, "True")
        cls.now = fields.Datetime.now()

    def wind(self, **units):
        """Job → how much it has done."""
        answer = self.call("jobs_run", until=(self.now + timedelta(**units)).isoformat())
        self.env.invalidate_all()
        return {one["job"]: one["done"] for one in answer["jobs"]}

    def test_only_on_a_database_that_is_marked_as_a_test(self):
        for value in (False, "False", "0", ""):
            self.parameters.set_param(MARK, value)
            self.refused("not_a_test_database", "jobs_run")
        self.parameters.set_param("database.is_neutralized", "true")
        self.assertTrue(self.call("jobs_run")["jobs"])

    def test_every_scheduled_action_of_ours_is_among_them(self):
        actions = self.env["ir.model.data"].search([("model", "=", "ir.cron"), ("module", "=like", "loyalty_%")])
        names = {action.name.removeprefix("loy_").removesuffix("_cron") for action in actions}
        self.assertEqual(self.wind().keys(), names)

    def test_points_expire_at_their_own_moment(self):
        expires_at = self.now + timedelta(days=30)
        self.give(30, expires_at=expires_at.isoformat())
        self.assertEqual(self.wind(days=29)["expire"], 0)
        self.assertEqual(self.available(), 30)
        self.assertEqual(self.wind(days=31)["expire"], 1)
        account = self.env["loy.account"].search([("member_id", "=", int(self.member))])
        (entry,) = self.env["loy.entry"].search([("account_id", "=", account.id), ("kind", "=", "expire")])
        self.assertEqual((entry.delta_minor, entry.occurred_at), (-30, expires_at))
        self.assertEqual(account.total_minor, 0)
        self.assert_books()

    def test_an_overdue_hold_is_released_with_what_it_used_of_limits_and_is_told_to_the_store(self):
        self.apply({"promotions": [{**self.coffee(), "limits": {"total": 5}}]})
        self.give(50)
        self.call("purchase_hold", purchase="W-1", **self.basket(spend=[{"unit": "T_BONUS", "amount": 20}]))
        held = self.purchase_of("W-1")
        deadline, counter = held.hold_id.deadline_at, self.env["loy.counter"].search([("kind", "=", "total")])
        self.assertEqual((self.balance()["held"], sum(counter.mapped("used"))), (20, 1))
        done = self.wind(days=2)
        self.assertEqual([done[name] for name in ("hold", "counter", "incomplete")], [1, 1, 1])
        self.assertEqual((held.hold_id.state, held.hold_id.ended_at), ("released", deadline))
        then = self.balance(at=(self.now + timedelta(days=2)).isoformat())
        self.assertEqual((then["held"], then["available"], sum(counter.mapped("used"))), (0, 50, 0))
        self.assertEqual(self.env["loy.account"].search([("member_id", "=", int(self.member))]).held_minor, 0)
        notice = self.env["loy.incomplete.notice"].search([("store_id", "=", held.store_id.id)])
        self.assertEqual(notice.day, held.purchased_on)
        self.assert_books()

    def coffee(self):
        return self.promotion("T_COFFEE10", {"kind": "percent", "value": 10, "target": {"category": ["T_DRINKS"]}})

    def test_what_was_booked_is_in_the_reports(self):
        self.give(30, expires_at=(self.now + timedelta(days=30)).isoformat())
        self.wind(days=31)
        self.env.cr.execute("SELECT folded_id, (SELECT max(id) FROM loy_entry) FROM loy_ledger_mark")
        folded, latest = self.env.cr.fetchone()
        self.assertEqual(folded, latest)

    def test_the_second_time_nothing_is_left_to_do(self):
        self.give(30, expires_at=(self.now + timedelta(days=30)).isoformat())
        self.call("purchase_hold", purchase="W-2", **self.basket(spend=[{"unit": "T_BONUS", "amount": 20}]))
        self.assertTrue(self.wind(days=60)["expire"])
        before = self.state()
        again = self.wind(days=60)
        del again["duplicate"]  # looks at all members anew
        self.assertEqual(set(again.values()), {0})
        changed = self.changes(before).keys() - {"loy_request", "loy_duplicate_scan", "loy_purchase_day"}
        self.assertEqual(changed, set())

    def test_data_that_will_have_been_kept_long_enough_go(self):
        retention = self.env["loy.retention"].search([("kind", "=", "access_log")])
        retention.months = 1
        self.env["loy.privacy"]._note_access(self.env["res.partner"].browse(int(self.member)), "export")
        log = self.env["loy.access.log"].search([("member_id", "=", int(self.member))])
        self.wind(days=20)
        self.assertTrue(log.exists())
        self.assertGreaterEqual(self.wind(days=70)["retention"], 1)
        self.assertFalse(log.exists())

    @mute_logger("odoo.sql_db")
    def test_where_real_members_are_served_the_guard_knows_no_moment_but_now(self):
        self.parameters.set_param(MARK, "False")
        retention = self.env["loy.retention"].search([("kind", "=", "access_log")])
        retention.months = 1
        self.env["loy.privacy"]._note_access(self.env["res.partner"].browse(int(self.member)), "export")
        self.env.flush_all()
        with self.assertRaisesRegex(Exception, "immutable_fact"), self.cr.savepoint():
            self.env["loy.retentions"]._delete(retention, self.now + timedelta(days=70))

    def test_how_far(self):
        far = self.now + AHEAD + timedelta(days=1)
        self.refused("at_out_of_range", "jobs_run", until=far.isoformat())
        answer = self.call("jobs_run", until=(self.now + AHEAD - timedelta(days=1)).isoformat())
        self.assertTrue(answer["until"].endswith("+00:00"))
        self.assertTrue(self.call("jobs_run", until="2021-01-01T00:00:00+02:00")["until"].startswith("2020-12-31T22"))

    def test_events_of_the_months_to_come_have_their_tables(self):
        self.assertGreater(self.wind(days=300)["event"], 0)
        month = (self.now + timedelta(days=300)).strftime("%Y_%m")
        self.env.cr.execute("SELECT to_regclass(%s)", [f"loy_event_{month}"])
        self.assertTrue(self.env.cr.fetchone()[0])
