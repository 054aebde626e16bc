"""Reports by e-mail: each due moment once, with what the owner may see on that day."""

import html
import io
import json
import re
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs

import openpyxl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.exceptions import AccessError
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import SQL

from ..reports.due import Rhythm
from ..reports.registry import REPORTS, Report, count
from ..services.clock import to_local
from ..services.errors import LoyaltyError
from .test_reports import ReportCase

rhythms = st.builds(
    Rhythm,
    st.sampled_from(["daily", "weekly", "monthly"]),
    st.integers(0, 6),
    st.integers(1, 31),
    st.integers(0, 23),
    st.sampled_from(["Europe/Kyiv", "America/New_York", "UTC", "Asia/Kolkata"]),
)
instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1))


@tagged("post_install", "-at_install")
class TestRhythm(BaseCase):
    @settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(rhythms, instants)
    def test_due_moments_follow_one_another_at_the_hour_of_the_day(self, rhythm, instant):
        first = rhythm.next_after(instant)
        moments = [instant, first, second := rhythm.next_after(first), rhythm.next_after(second)]
        for one, other in pairwise(moments):
            self.assertGreater(other, one)
            self.assertLessEqual(other - one, timedelta(days=31, hours=2))
            local = to_local(other, rhythm.timezone)
            # An hour that the clock leaves out is the one after it.
            self.assertIn(local.hour - rhythm.hour, (0, 1))
            if rhythm.frequency == "weekly":
                self.assertEqual(local.weekday(), rhythm.weekday)
            if rhythm.frequency == "monthly":
                is_last = (local + timedelta(days=1)).day == 1
                self.assertTrue(local.day == rhythm.month_day or (is_last and local.day < rhythm.month_day))
        self.assertEqual(rhythm.latest_until(first, second), second)
        self.assertEqual(rhythm.latest_until(first, second - timedelta(seconds=1)), first)


@tagged("post_install", "-at_install")
class TestReportSchedules(ReportCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.analyst.write({"email": "analyst@example.com", "name": "Ann Alyst"})
        cls.now = datetime(2026, 3, 11, 12, 0)

    def new(self, user=None, **values):
        """Every morning at eight in Kyiv, what was sold the day before; due since the morning of the 11th."""
        user = user or self.analyst
        schedule = self.env["loy.report.schedule"].with_user(user).create(
            {
                "name": "Sales",
                "code": "sales_by_store",
                "params": {"stores": self.places["stores"]},
                "frequency": "daily",
                "hour": 8,
                "emails": "boss@example.com, Bob <bob@example.com>",
                "lang": "en_US",
                **values,
            }
        )  # fmt: skip
        schedule = schedule.sudo()
        schedule.next_at = datetime(2026, 3, 11, 6, 0)
        return schedule

    def settle(self, now=None):
        """How many were settled."""
        done = 0
        while self.env["loy.report.mails"]._settle_next(now or self.now):
            done += 1
        return done

    def rows_of(self, letter):
        sheet = openpyxl.load_workbook(io.BytesIO(letter.attachment_ids.raw)).active
        return [[cell.value for cell in row] for row in sheet.iter_rows()]

    def test_a_due_moment_is_sent_once_and_tells_of_the_period_before_it(self):
        schedule = self.new()
        self.assertEqual(self.settle(datetime(2026, 3, 11, 5, 59)), 0)
        self.assertEqual(self.settle(), 1)
        letters = schedule.mail_ids
        self.assertEqual(self.settle(), 0)
        self.assertEqual(schedule.mail_ids, letters)
        self.assertEqual(
            sorted(letters.mapped("email_to")), ['"Bob" <bob@example.com>', "boss@example.com"]
        )
        letter = letters[0]
        self.assertEqual(schedule.next_at, datetime(2026, 3, 12, 6, 0))
        self.assertEqual(schedule.sent_for_at, datetime(2026, 3, 11, 6, 0))
        self.assertEqual(set(letters.mapped("state")), {"outgoing"})
        self.assertIn("analyst@example.com", letter.email_from)
        self.assertIn("03/10/2026", letter.subject)
        told = self.tell("sales_by_store", **{"from": "2026-03-10", "to": "2026-03-10"})
        self.assertTrue(told["rows"])
        cells = self.rows_of(letter)
        for row in told["rows"]:
            self.assertIn(row["amount"], [line[8] for line in cells])
            self.assertIn(f"{row['amount']:,.2f}", letter.body_html)
        self.assertEqual(letter.attachment_ids.name, "Sales 2026-03-10 2026-03-10.xlsx")
        # A browser reads a plus sign as a plus sign.
        address = re.search(r'href="[^"]*/odoo/loyalty-reports\?([^"]*)"', str(letter.body_html)).group(1)
        self.assertNotIn("+", address)
        self.assertEqual(json.loads(parse_qs(html.unescape(address))["with"][0])["period"], "yesterday")

    def test_after_a_standstill_the_last_due_moment_is_sent(self):
        schedule = self.new()
        self.assertEqual(self.settle(datetime(2026, 3, 14, 12, 0)), 1)
        self.assertEqual(schedule.sent_for_at, datetime(2026, 3, 14, 6, 0))
        self.assertEqual(schedule.next_at, datetime(2026, 3, 15, 6, 0))

    def test_what_the_owner_may_not_see_is_not_in_the_letter(self):
        bound = new_test_user(self.env, "t_bound", groups="loyalty_core.group_analyst", email="b@example.com")
        bound.loy_store_ids = self.stores["T_S1"]
        schedule = self.new(bound, params={}, period="last_90_days")
        self.settle()
        stores = {line[0] for line in self.rows_of(schedule.mail_ids[0])}
        self.assertIn("Store 1", stores)
        self.assertNotIn("Store 2", stores)
        self.assertNotIn("Store 2", schedule.mail_ids[0].body_html)

    def test_it_stops_when_the_owner_is_gone_or_has_lost_the_right(self):
        gone, demoted = (
            new_test_user(self.env, f"t_{name}", groups="loyalty_core.group_analyst", email=f"{name}@example.com")
            for name in ("gone", "demoted")
        )
        schedules = self.new(gone) | self.new(demoted)
        gone.active = False
        demoted.group_ids = self.env.ref("loyalty_core.group_cashier")
        self.assertEqual(self.settle(), 2)
        self.assertFalse(schedules.filtered("active"))
        self.assertFalse(schedules.mail_ids)
        for schedule in schedules:
            self.assertIn("Stopped", " ".join(schedule.message_ids.mapped("body")))
        self.assertEqual(self.settle(), 0)

    def failing(self):
        """A report of an add-on that is broken."""

        @REPORTS.register("t_failing")
        class Failing(Report):
            name = about = "Failing"
            topic = "sales"
            source = "loy.sales.hour"
            columns = (count("one", "One"),)

            def query(self, ask):
                return SQL("SELECT 1 / 0 AS one")

        self.addCleanup(REPORTS._reports.pop, "t_failing")

    def test_what_fails_is_tried_again_and_told_and_others_are_sent(self):
        self.failing()
        schedule, other = self.new(code="t_failing"), self.new()
        self.assertEqual(self.settle(), 2)
        self.assertTrue(other.mail_ids)
        self.assertEqual((schedule.attempts, schedule.retry_at), (1, self.now + timedelta(minutes=10)))
        self.assertEqual(schedule.next_at, datetime(2026, 3, 11, 6, 0))
        self.assertIn("division by zero", schedule.message_ids[0].body)
        self.assertEqual(self.settle(), 0)
        now = self.now
        for minutes in (10, 30, 120, 360):
            now += timedelta(minutes=minutes)
            self.assertEqual(self.settle(now), 1)
        self.assertIn("Given up", schedule.message_ids[0].body)
        self.assertEqual((schedule.attempts, schedule.next_at), (0, datetime(2026, 3, 12, 6, 0)))
        self.assertTrue(schedule.active)

    def test_a_letter_that_the_mail_server_refused_is_told_and_handed_over_again(self):
        schedule = self.new()
        self.settle()
        refused, other = schedule.mail_ids
        refused.write({"state": "exception", "failure_reason": "Mailbox is full"})
        other.state = "sent"
        self.env["loy.report.mails"]._look_after_letters()
        self.assertEqual((schedule.mail_ids, refused.state, other.state), (refused, "outgoing", "sent"))
        self.assertEqual(schedule.attempts, 1)
        self.assertIn("Mailbox is full", schedule.message_ids[0].body)
        self.assertIn(refused.email_to.rpartition("<")[2].strip(">"), schedule.message_ids[0].body)
        refused.unlink()  # as a letter that went off
        self.env["loy.report.mails"]._look_after_letters()
        self.assertEqual(schedule.attempts, 0)

    def test_a_letter_that_is_refused_again_and_again_is_given_up(self):
        schedule = self.new()
        self.settle()
        refused, other = schedule.mail_ids
        for _attempt in range(5):
            self.assertIn(refused, schedule.mail_ids)
            refused.state = "exception"
            self.env["loy.report.mails"]._look_after_letters()
        self.assertEqual((refused.state, schedule.mail_ids), ("exception", other))

    def test_people_have_their_own_and_the_administrator_sees_all(self):
        schedule = self.new()
        other = new_test_user(self.env, "t_other", groups="loyalty_core.group_marketer", email="o@example.com")
        admin = new_test_user(self.env, "t_admin", groups="loyalty_core.group_admin", email="a@example.com")
        self.assertFalse(schedule.with_user(other).has_access("read"))
        self.assertTrue(schedule.with_user(admin).has_access("write"))
        manager = new_test_user(self.env, "t_manager", groups="loyalty_core.group_store_manager")
        with self.assertRaises(AccessError):
            self.new(manager)

    def test_nobody_has_reports_sent_with_the_rights_of_somebody_else(self):
        schedule = self.new()
        admin = new_test_user(self.env, "t_admin", groups="loyalty_core.group_admin", email="a@example.com")
        with self.assertRaises(LoyaltyError) as caught:
            schedule.with_user(self.analyst).write({"user_id": admin.id})
        self.assertEqual(caught.exception.code, "right_missing")
        self.assertEqual(schedule.user_id, self.analyst)
        schedule.with_user(admin).write({"user_id": admin.id})
        self.assertEqual(schedule.user_id, admin)
        company = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(LoyaltyError):
            schedule.company_id = company

    def test_a_letter_by_hand_leaves_the_next_moment_as_it_is(self):
        schedule = self.new()
        before = schedule.next_at
        schedule.with_user(self.analyst).action_loy_send()
        self.assertTrue(schedule.mail_ids)
        self.assertEqual(schedule.next_at, before)

    def test_what_cannot_be_sent_is_refused(self):
        for code, values in {
            "receiver_missing": {"emails": "nobody"},
            "bad_parameter": {"params": {"unit": 1}},
            "right_missing": {"user_id": new_test_user(self.env, "t_c", groups="loyalty_core.group_cashier").id},
        }.items():
            with self.subTest(code), self.assertRaises(LoyaltyError) as caught:
                self.new(**values)
            self.assertEqual(caught.exception.code, code)

    def test_dates_that_were_chosen_give_way_to_a_period_that_moves(self):
        schedule = self.new(params={"period": "custom", "from": "2026-01-01", "to": "2026-01-31"}, period="last_7_days")
        self.settle()
        self.assertIn("03/04/2026 – 03/10/2026", schedule.mail_ids[0].subject)
        self.assertEqual(schedule.action_loy_open()["params"]["report"], "sales_by_store")

    def test_the_period_follows_the_rhythm_unless_it_is_chosen(self):
        self.assertEqual(self.new().period, "yesterday")
        self.assertEqual(self.new(frequency="monthly").period, "last_month")
        self.assertFalse(self.new(code="cards", params={}).period)

