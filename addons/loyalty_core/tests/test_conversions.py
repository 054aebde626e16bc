"""Conversions on a schedule: once for each account and day, however often and late the job runs."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from types import SimpleNamespace

from odoo import fields
from odoo.addons.loyalty_core.engine.schema import DocumentError, read
from odoo.addons.loyalty_core.services import conversions
from odoo.addons.loyalty_core.services.conversions import due_days
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.sections import ScheduledConversionDocument, ScheduleDocument
from odoo.tests import tagged

from .api_common import ApiCase

CONVERSION = {
    "code": "T_STARS",
    "name": "Stars",
    "unit": "T_BONUS",
    "schedule": {"day": 5},
    "minimum": 250,
    "step": 100,
    "gives": {"unit": "T_MILES", "amount": 1.5},
}


@tagged("post_install", "-at_install")
class TestConversions(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.call("member_register", phone="+380671110002")["member"]
        # It was there already at the beginning of the year before.
        cls.apply({"conversions": [CONVERSION]})
        cls.conversion = cls.env["loy.conversion"].search([("code", "=", "T_STARS")])
        cls.made(datetime(fields.Date.today().year - 1, 12, 20))

    @classmethod
    def made(cls, at):
        cls.env.flush_all()
        cls.env.cr.execute("UPDATE loy_conversion SET create_date = %s WHERE id = %s", [at, cls.conversion.id])
        cls.conversion.invalidate_recordset()

    def run_until(self, now):
        """All that is due; how many batches it took."""
        batches = 0
        while self.env["loy.conversions"]._continue(self.conversion, now):
            batches += 1
        return batches

    def gifts(self):
        gifts = self.env["loy.conversion.gift"].search([("conversion_id", "=", self.conversion.id)], order="id")
        return [(str(one.member_id.id), one.due_on.isoformat(), one.taken, one.given) for one in gifts]

    def day(self, month, day):
        """Noon of a day of this year."""
        return datetime(fields.Date.today().year, month, day, 12)

    def test_whole_steps_become_the_other_unit_and_the_rest_is_carried_on(self):
        year = fields.Date.today().year
        start = f"{year - 1}-12-21T10:00:00Z"
        self.give(370, at=start)
        self.give(249, member=self.other, at=start)
        self.run_until(self.day(1, 4))
        self.assertEqual(self.gifts(), [])
        self.run_until(self.day(1, 5))
        given = {"unit": "T_MILES", "amount": 4.5}
        self.assertEqual(self.gifts(), [(self.member, f"{year}-01-05", 300.0, given)])
        self.assertEqual(self.available(), 70)
        self.assertEqual(self.available("T_MILES"), 4.5)
        self.assertEqual(self.balance(member=self.other)["available"], 249)
        self.assert_books()

    def test_a_day_is_worked_once(self):
        self.give(300, at=f"{fields.Date.today().year - 1}-12-21T10:00:00Z")
        self.run_until(self.day(1, 5))
        self.give(500, at=self.day(1, 5).isoformat() + "Z")
        self.assertEqual(self.run_until(self.day(1, 6)), 0)
        self.assertEqual(self.available(), 500)

    def test_work_that_was_cut_off_goes_on_where_it_stopped(self):
        start = f"{fields.Date.today().year - 1}-12-21T10:00:00Z"
        for member in (self.member, self.other):
            self.give(300, member=member, at=start)
        service = self.env["loy.conversions"]
        self.patch(conversions, "BATCH", 1)
        service._continue(self.conversion, self.day(1, 5))
        self.assertEqual(len(self.gifts()), 1)
        self.give(300, member=self.gifts()[0][0], at=self.day(1, 5).isoformat() + "Z")
        self.run_until(self.day(1, 5))
        self.assertEqual({member for member, *_rest in self.gifts()}, {self.member, self.other})
        self.assertEqual(len(self.gifts()), 2)

    def test_after_a_standstill_every_day_is_made_up_for(self):
        self.give(300, at=f"{fields.Date.today().year - 1}-12-21T10:00:00Z")
        self.run_until(self.day(4, 4))
        runs = self.env["loy.conversion.run"].search([("conversion_id", "=", self.conversion.id)], order="due_on")
        year = fields.Date.today().year
        self.assertEqual(runs.mapped("due_on"), [date(year, month, 5) for month in (1, 2, 3)])
        self.assertTrue(all(runs.mapped("done_at")))
        self.assertEqual(len(self.gifts()), 1)

    def test_what_is_reserved_or_not_active_yet_stays(self):
        start = f"{fields.Date.today().year - 1}-12-21T10:00:00Z"
        self.give(300, at=start, active_from=self.day(2, 1).isoformat() + "Z")
        self.run_until(self.day(1, 5))
        self.assertEqual(self.gifts(), [])
        self.run_until(self.day(2, 5))
        self.assertEqual(len(self.gifts()), 1)

    def test_members_of_a_pool_convert_as_one_for_its_owner(self):
        start = f"{fields.Date.today().year - 1}-12-21T10:00:00Z"
        self.call("pool_create", owner=self.other, members=[self.member], at=start)
        self.give(150, at=start)
        self.give(150, member=self.other, at=start)
        self.run_until(self.day(1, 5))
        self.assertEqual([(member, taken) for member, _day, taken, _given in self.gifts()], [(self.other, 300.0)])
        self.assert_books()

    def test_the_job_runs_what_is_due(self):
        self.made(datetime.utcnow() - timedelta(days=70))
        self.give(300, at=(datetime.utcnow() - timedelta(days=69)).isoformat(timespec="seconds") + "Z")
        with self.enter_registry_test_mode():
            self.env.ref("loyalty_core.loy_conversion_cron").method_direct_trigger()
        self.assertEqual(len(self.gifts()), 1)

    # ------------------------------------------------------------------ into promo codes

    def to_codes(self, pool, **gives):
        self.apply({"code_pools": [{"code": "T_CHEQUE", **pool}]})
        self.apply({"conversions": [{**CONVERSION, "gives": {"pool": "T_CHEQUE", **gives}}]})
        self.conversion.invalidate_recordset()
        self.members = [self.call("member_register", email=f"c{n}@example.com")["member"] for n in range(6)]
        start = f"{fields.Date.today().year - 1}-12-21T10:00:00Z"
        for number, member in enumerate(self.members):
            self.give(250 + 100 * number, member=member, at=start)

    def test_steps_become_one_code_of_their_worth_by_a_few_statements(self):
        self.to_codes({"pattern": "Q-########", "valued": True, "valid": {"after_days": 30}}, value=10)
        with self.counted() as few:
            self.run_until(self.day(1, 5))
        gifts = {member: (taken, given) for member, _day, taken, given in self.gifts()}
        for number, member in enumerate(self.members):
            taken, given = gifts[member]
            self.assertEqual((taken, given["value"]), (200.0 + 100 * number, 20.0 + 10 * number))
            (told,) = self.call("member_find", member=member)["codes"]
            self.assertEqual((told["code"], told["left"]), (given["codes"][0], given["value"]))
            self.assertEqual(self.balance(member=member)["available"], 50)
        self.assert_books()
        self.give(1000, at=f"{fields.Date.today().year}-01-06T10:00:00Z")
        for member in self.members:
            self.give(300, member=member, at=f"{fields.Date.today().year}-01-06T10:00:00Z")
        with self.counted() as more:
            self.run_until(self.day(2, 5))
        self.assertEqual(len(self.gifts()), 13)
        self.assertLessEqual(more.count, few.count, "however many members")

    @contextmanager
    def counted(self):
        """How many statements."""
        counted = SimpleNamespace(count=0)
        before = self.cr.sql_log_count
        yield counted
        counted.count = self.cr.sql_log_count - before

    def test_when_codes_run_out_the_rest_waits_for_more(self):
        self.to_codes({"codes": [f"CH-{number}" for number in range(5)]})
        self.run_until(self.day(1, 5))
        self.assertEqual([len(given["codes"]) for *_about, given in self.gifts()], [2, 3])
        self.assertEqual(self.balance(member=self.members[2])["available"], 450)
        self.apply({"code_pools": [{"code": "T_CHEQUE", "codes": [f"CH-{number}" for number in range(40)]}]})
        self.run_until(self.day(1, 6))
        self.assertEqual([len(given["codes"]) for *_about, given in self.gifts()], [2, 3, 4, 5, 6, 7])
        self.assertEqual({given["codes"][0] for *_about, given in self.gifts()} & {"CH-0"}, {"CH-0"})
        self.assert_books()

    def test_a_pool_that_has_ended_keeps_the_points_and_nobody_else_waiting(self):
        self.to_codes({"pattern": "Q-########", "state": "ended"})
        self.assertEqual(self.run_until(self.day(1, 5)), 0)
        self.assertEqual(self.gifts(), [])

    def test_it_stands_among_the_conversions_of_a_programme(self):
        rate = {"code": "T_RATE", "from": "T_MILES", "to": "T_BONUS", "rate": 2}
        counts = self.apply({"conversions": [CONVERSION, rate]})
        self.assertEqual((counts["created"], counts["unchanged"]), (1, 1))
        exported = self.call("programme_export")["programme"]["conversions"]
        self.assertIn(CONVERSION, exported)
        self.assertIn("T_RATE", [one["code"] for one in exported])
        self.assertEqual(self.apply({"conversions": exported})["unchanged"], len(exported))
        bad = {"conversions": [rate, {**CONVERSION, "step": 0}]}
        self.assertIn("conversions[1].step must", self.refused("bad_request", "programme_apply", programme=bad))
        ended = self.apply({"conversions": [rate]}, replace=["conversions"])
        self.assertEqual(ended["ended"], 1)
        self.conversion.invalidate_recordset()
        self.assertFalse(self.conversion.active)

    def test_what_makes_no_sense_is_refused(self):
        for values, problem in (
            ({"gives": {"amount": 1}}, "needs one of"),
            ({"gives": {"unit": "T_NONE", "amount": 1}}, "names T_NONE, which is not among the units"),
            ({"step": 0}, "step must be more than 0"),
            ({"schedule": {"day": 32}}, "at most 31"),
        ):
            with self.subTest(problem=problem):
                programme = {"conversions": [{**CONVERSION, "code": "T_BAD", **values}]}
                self.assertIn(problem, self.refused("bad_request", "programme_apply", programme=programme))
        for values in ({"gives_text": "{]"}, {"gives_text": '{"unit": "NONE", "amount": 1}'}, {"step": 0}):
            with self.assertRaises(LoyaltyError):
                self.conversion.write(values)

    def test_days_that_are_due(self):
        def days(after, until, **schedule):
            found = due_days(read(ScheduleDocument, schedule), date.fromisoformat(after), date.fromisoformat(until))
            return [day.isoformat() for day in found]

        self.assertEqual(days("2026-01-05", "2026-03-05", day=5), ["2026-02-05", "2026-03-05"])
        self.assertEqual(days("2026-01-04", "2026-01-05", day=5), ["2026-01-05"])
        self.assertEqual(days("2026-01-31", "2026-04-30", day=31), ["2026-02-28", "2026-03-31", "2026-04-30"])
        self.assertEqual(days("2025-12-31", "2026-12-31", months=6, month=3), ["2026-03-01", "2026-09-01"])
        self.assertEqual(days("2025-06-30", "2027-12-31", months=12), ["2026-01-01", "2027-01-01"])
        with self.assertRaises(DocumentError):
            read(ScheduledConversionDocument, {**CONVERSION, "gives": {"fish": 1}})
