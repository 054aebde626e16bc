"""Expiry policies: inactivity, once a year, with the calendar year; and the laws that hold for all of them."""

import random
from datetime import datetime, timedelta

from odoo.addons.loyalty_core.engine.lots import add_months
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger
from psycopg2.errors import RaiseException

from ..services.errors import LoyaltyError
from ..services.posting import Accrual, Reversal
from .api_common import ApiCase
from .ledger_common import SOURCE, LedgerCase

HISTORIES = 12


class ExpiryCase(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loy.settings"].search([("company_id", "=", cls.env.company.id)]).write(
            {"timezone": "UTC", "valid_from_at": "2010-01-01 00:00:00"}
        )
        cls.expiry = cls.env["loy.expiry"]

    def policy(self, kind, unit=None, **values):
        return self.env["loy.expiry.policy"].create(
            {"code": f"T_{kind}", "name": kind, "unit_id": (unit or self.bonus).id, "kind": kind, **values}
        )

    def job(self, at=None):
        """All lots are dated."""
        while self.expiry._redate(self.env.company.id, self.bonus.id, at or self.ledger._now(), limit=2):
            pass
        self.env.invalidate_all()

    def give(self, amount, at, *, account=None, active=None, expires=None):
        accrual = Accrual(account or self.account, amount, active_from=active, expires_at=expires)
        transaction = self.ledger._accrue([accrual], at=at, source=SOURCE)[0]
        return self.env["loy.lot"].search([("transaction_id", "=", transaction)])

    def take(self, amount, at):
        return self.ledger._spend({self.account: amount}, at=at, source=SOURCE)

    def has(self, at, account=None):
        account = account or self.account
        return self.ledger._balances([account], at)[account].available

    def assert_booking_changes_nothing(self, moments):
        """What the job books was so before it was booked, at every moment; booked twice it is booked once."""
        before = [self.has(at) for at in moments]
        self.ledger._expire(max(moments))
        self.assertEqual([self.has(at) for at in moments], before)
        self.assertEqual(self.ledger._expire(max(moments)), 0)
        self.assert_books()


def day(text, hour=12):
    return datetime.fromisoformat(text) + timedelta(hours=hour)


@tagged("post_install", "-at_install")
class TestExpiryPolicies(ExpiryCase):
    # ------------------------------------------------------------------ trials

    def test_pay_2_older_than_three_years_on_30_september(self):
        self.policy("yearly", on_day="09-30", older_than_count=36)
        for amount, on in ((180, "2019-08-15"), (120, "2019-10-02"), (300, "2021-02-01")):
            self.give(amount, day(on))
        moments = [day(on) for on in ("2022-09-30", "2022-10-01", "2023-09-30", "2023-10-01", "2024-10-01")]
        self.assertEqual([self.has(at) for at in moments], [600, 420, 420, 300, 0])
        self.assert_booking_changes_nothing(moments)

    def test_pay_3_what_was_spent_is_not_lost(self):
        self.policy("yearly", on_day="09-30", older_than_count=36)
        for amount, on in ((180, "2019-08-15"), (120, "2019-10-02"), (300, "2021-02-01")):
            self.give(amount, day(on))
        self.take(200, day("2022-05-01"))
        moments = [day(on) for on in ("2022-05-02", "2022-10-01", "2023-10-01")]
        self.assertEqual([self.has(at) for at in moments], [400, 400, 300])
        self.assert_booking_changes_nothing(moments)

    def test_spm_3_every_1_march_but_for_cards_of_january_and_february(self):
        when = '{"kind": "attribute", "name": "card_years", "op": "ge", "value": 1}'
        self.policy("yearly", on_day="03-01", when_text=when)
        other = self.env["res.partner"].create({"name": "Other", "is_loyalty_member": True})
        self.member.is_loyalty_member = True
        for member, on in ((self.member, "2015-06-10"), (other, "2016-01-20")):
            card = self.env["loy.card"].search([("member_id", "=", member.id)])
            self.env.cr.execute(SQL("UPDATE loy_card SET issued_at = %s WHERE id = ANY(%s)", day(on), card.ids))
        self.env.invalidate_all()
        account = self.account_of(other)
        self.give(1853, day("2015-11-02"))
        self.give(150, day("2016-01-25"), account=account)
        self.assertEqual([self.has(day(on)) for on in ("2016-02-29", "2016-03-02")], [1853, 0])
        moments = [day(on) for on in ("2016-03-02", "2017-02-28", "2017-03-02")]
        self.assertEqual([self.has(at, account) for at in moments], [150, 150, 0])

    def test_nov_2_the_calendar_year_with_a_month_of_grace(self):
        self.policy("calendar_year", grace=31, unit=self.bonus)
        self.give(123, day("2026-06-07"))
        self.take(50, day("2027-01-15"))
        self.give(5, day("2027-01-15"))
        moments = [day(on) for on in ("2027-01-31", "2027-02-02", "2028-01-31", "2028-02-02")]
        self.assertEqual([self.has(at) for at in moments], [78, 5, 5, 0])
        self.assert_booking_changes_nothing(moments)

    def test_dns_2_a_year_after_the_last_activity(self):
        self.policy("inactivity", days=365)
        self.give(450, day("2021-03-01"), active=day("2021-03-16", 0))
        moments = [day(on) for on in ("2021-03-15", "2021-03-17", "2022-02-27", "2022-03-03")]
        self.assertEqual([self.has(at) for at in moments], [0, 450, 450, 0])
        self.assert_booking_changes_nothing(moments)

    def test_dns_3_what_comes_back_keeps_its_old_date(self):
        self.policy("inactivity", days=365)
        lot = self.give(1000, day("2021-03-01"))
        spent = self.take(1000, day("2021-05-01"))
        self.ledger._reverse([Reversal(spent)], at=day("2021-05-10"), source=SOURCE)
        lot.invalidate_recordset()
        self.assertEqual((lot.remaining_minor, lot.expires_at), (1000, datetime(2022, 3, 2)))

    # ------------------------------------------------------------------ what moves dates

    def test_activity_moves_what_is_left_and_only_what_counts_as_one(self):
        self.policy("inactivity", days=10, is_by_spend=False, is_by_purchase=False)
        lot = self.give(10, day("2026-01-01"))
        self.take(1, day("2026-01-05"))
        lot.invalidate_recordset()
        self.assertEqual(lot.expires_at, datetime(2026, 1, 12))
        self.give(1, day("2026-01-06"))
        lot.invalidate_recordset()
        self.assertEqual(lot.expires_at, datetime(2026, 1, 17))
        # A fact that comes late moves nothing back.
        self.give(1, day("2026-01-02"))
        lot.invalidate_recordset()
        self.assertEqual(lot.expires_at, datetime(2026, 1, 17))
        # What was gone by then stays gone.
        self.give(1, day("2026-01-30"))
        lot.invalidate_recordset()
        self.assertEqual(lot.expires_at, datetime(2026, 1, 17))

    def test_the_earliest_date_counts(self):
        self.policy("inactivity", days=100)
        self.policy("calendar_year")
        own = self.give(5, day("2026-01-01"), expires=day("2026-01-20"))
        long = self.give(5, day("2026-12-01"), expires=day("2030-01-20"))
        self.assertEqual(own.expires_at, day("2026-01-20"))
        self.assertEqual(long.expires_at, datetime(2027, 1, 1))
        self.assertEqual(long.idle_expires_at, datetime(2027, 3, 12))
        self.assert_books()

    def test_lots_that_pass_on_keep_their_dates(self):
        self.policy("inactivity", days=365)
        self.give(10, day("2026-01-01"), expires=day("2040-01-01"))
        other = self.env["res.partner"].create({"name": "Heir"})
        self.absorb(self.member, other)
        lot = self.env["loy.lot"].search([("member_id", "=", other.id)])
        self.assertEqual(lot.expires_at, datetime(2027, 1, 2))
        self.assertEqual(lot.own_expires_at, day("2040-01-01"))
        self.give(1, day("2026-05-01"), account=self.account_of(other))
        lot.invalidate_recordset()
        self.assertEqual(lot.expires_at, datetime(2027, 5, 2))
        self.assert_books()

    def test_the_database_refuses_a_date_that_is_not_the_earliest(self):
        self.policy("inactivity", days=365)
        lot = self.give(10, day("2026-01-01"))
        for change in ("expires_at = '2050-01-01'", "own_expires_at = '2026-05-05'", "is_by_policy = false"):
            refused = self.assertRaisesRegex(RaiseException, "immutable_fact")
            with refused, mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                self.env.cr.execute(SQL("UPDATE loy_lot SET %s WHERE id = %s", SQL(change), lot.id))  # pylint: disable=E8103

    # ------------------------------------------------------------------ the job

    def test_a_new_policy_dates_what_is_there_and_takes_nothing_at_once(self):
        now = self.ledger._now()
        old, new = self.give(5, now - timedelta(days=400)), self.give(7, now - timedelta(days=30))
        policy = self.policy("inactivity", days=100, is_by_accrual=False, is_by_purchase=False)
        self.job()
        tomorrow = datetime.combine(now.date() + timedelta(days=1), datetime.min.time())
        self.assertEqual(old.expires_at, tomorrow)
        self.assertEqual(new.expires_at, tomorrow + timedelta(days=70))
        self.assertEqual(self.has(now), 12)
        self.assertEqual(self.has(tomorrow), 7)
        # The job ends where it began.
        self.env["loy.expiry.mark"].search([]).write({"told": ""})
        self.env.flush_all()
        self.job()
        self.assertEqual((old.expires_at, new.expires_at), (tomorrow, tomorrow + timedelta(days=70)))
        policy.active = False
        self.job()
        self.assertEqual((old.expires_at, new.expires_at), (False, False))
        self.assert_books()

    def test_what_members_are_told_of_the_future_is_what_comes(self):
        self.policy("inactivity", days=20)
        now = self.ledger._now()
        self.give(5, now)
        (told,) = self.ledger._expiring([self.account], now, days=30)[self.account]
        self.assertEqual(told, (5, now.date() + timedelta(days=21)))

    def test_a_condition_is_judged_anew_every_night(self):
        when = '{"kind": "attribute", "name": "vip", "op": "unknown"}'
        self.policy("inactivity", days=20, when_text=when)
        lot = self.give(5, self.ledger._now())
        until = lot.expires_at
        self.assertTrue(until)
        self.member.loy_attributes = {"vip": True}
        self.job()
        self.assertFalse(lot.expires_at)
        self.member.loy_attributes = {}
        self.env["loy.expiry.mark"].search([]).write({"done_on": self.ledger._now().date() - timedelta(days=1)})
        self.env.flush_all()
        self.job()
        self.assertEqual(lot.expires_at, until)

    def test_policies_that_cannot_be_are_refused(self):
        for kind, values in (
            ("yearly", {"on_day": "31-12"}),
            ("inactivity", {"days": 0}),
            ("inactivity", {"days": 5, "when_text": '{"kind": "basket_amount", "min": 1}'}),
            ("inactivity", {"days": 5, "when_text": "{"}),
        ):
            codes = "^(bad_expiry_policy|bad_promotion|bad_programme)"
            with self.assertRaisesRegex(LoyaltyError, codes), self.env.cr.savepoint():
                self.policy(kind, **values)
        self.policy("inactivity", days=5)
        with self.refused("bad_expiry_policy"), self.env.cr.savepoint():
            self.policy("inactivity", days=9, is_by_spend=False, code="T_OTHER")

    # ------------------------------------------------------------------ laws

    def test_histories(self):
        """Random policies and histories: each lot has the date that plain reckoning gives, nothing is lost or made, and
        booking changes no balance."""
        for seed in range(HISTORIES):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self.history(random.Random(seed))
                savepoint.rollback()
                self.env.invalidate_all(flush=False)

    def history(self, rng):
        days, grace = rng.choice((None, 3, 10, 40)), rng.choice((None, 0, 20))
        months, counts = rng.choice((None, 0, 2)), [rng.random() < 0.6 for _one in range(2)]
        if days and any(counts):
            self.policy("inactivity", days=days, is_by_purchase=False, is_by_accrual=counts[0], is_by_spend=counts[1])
        else:
            days = None
        if grace is not None:
            self.policy("calendar_year", grace=grace)
        if months is not None:
            self.policy("yearly", on_day="02-10", older_than_count=months)
        start, lots, moments = datetime(2026, 11, 20, 9), {}, []
        for step in range(14):
            at = start + timedelta(days=step * rng.randint(2, 9), hours=step)
            if moments and at <= moments[-1]:
                continue
            moments.append(at)
            if rng.random() < 0.5:
                amount = rng.randint(1, 50)
                own = at + timedelta(days=rng.randint(1, 120)) if rng.random() < 0.4 else None
                self.keep(lots, days if counts[0] else None, at)
                lot = self.give(amount, at, expires=own)
                lots[lot] = [at, own, self.midnight(at, days + 1) if days else None]
            elif available := self.has(at):
                before = {lot: lot.remaining_minor for lot in lots}
                self.take(rng.randint(1, available), at)
                self.env.invalidate_all()
                spent = [lot for lot in before if not lot.remaining_minor]
                self.keep({lot: one for lot, one in lots.items() if lot not in spent}, days if counts[1] else None, at)
        self.env.invalidate_all()
        for lot, (at, own, idle) in lots.items():
            dates = [one for one in (own, idle, *self.calendar(at, grace, months)) if one]
            self.assertEqual(lot.expires_at or None, min(dates, default=None))
        dates = {lot: lot.expires_at for lot in lots}
        self.job(max(moments, default=start) + timedelta(seconds=1))
        self.assertEqual({lot: lot.expires_at for lot in lots}, dates)
        if moments:
            ends = [one for one in dates.values() if one]
            edges = [one + timedelta(seconds=seconds) for one in ends for seconds in (-1, 0)]
            self.assert_booking_changes_nothing([*moments, *edges, moments[-1] + timedelta(days=900)])

    def midnight(self, at, days):
        return datetime.combine(at.date() + timedelta(days=days), datetime.min.time())

    def keep(self, lots, days, at):
        for lot, dates in lots.items():
            alive = all(one is None or one > at for one in (lot.expires_at or None,)) and lot.remaining_minor
            if days and alive:
                dates[2] = max(dates[2], self.midnight(at, days + 1))

    def calendar(self, at, grace, months):
        if grace is not None:
            yield datetime(at.year + 1, 1, 1) + timedelta(days=grace)
        if months is not None:
            ripe = add_months(self.midnight(at, 0), months)
            end = datetime(ripe.year, 2, 10)
            yield (end if ripe <= end else datetime(ripe.year + 1, 2, 10)) + timedelta(days=1)


@tagged("post_install", "-at_install")
class TestExpiryOfPurchases(ApiCase):
    def lot(self):
        return self.env["loy.lot"].search([("member_id", "=", int(self.member))], order="id", limit=1)

    def test_a_purchase_without_points_keeps_points_alive(self):
        self.apply({"expiry_policies": [
            {"code": "T_IDLE", "unit": "T_BONUS", "kind": "inactivity", "days": 30, "activity": ["purchase"]},
        ]})  # fmt: skip
        self.give(50)
        lot = self.lot()
        # It lies well ahead, but a later purchase moves it on.
        self.env.cr.execute(
            SQL(
                "UPDATE loy_lot SET idle_expires_at = idle_expires_at - interval '5 days',"
                " expires_at = expires_at - interval '5 days' WHERE id = %s", lot.id,
            )
        )  # fmt: skip
        lot.invalidate_recordset()
        before = lot.expires_at
        self.env["loy.promotion"].search([("code", "=", "T_BASE5")]).state = "paused"
        self.call("purchase_confirm", purchase="P1", **self.basket())
        lot.invalidate_recordset()
        self.assertEqual(lot.expires_at, before + timedelta(days=5))
        self.assert_books()

    def test_a_policy_comes_back_as_it_went_in(self):
        policies = [
            {"code": "T_A", "name": "A", "unit": "T_BONUS", "kind": "inactivity", "days": 365},
            {"code": "T_B", "name": "B", "unit": "T_MILES", "kind": "inactivity", "days": 9, "activity": ["purchase"]},
            {
                "code": "T_C", "name": "C", "unit": "T_BONUS", "kind": "yearly", "on": "09-30",
                "older_than": {"months": 36}, "when": {"kind": "tag", "not_in": ["VIP"]},
            },
            {"code": "T_D", "name": "D", "unit": "T_MILES", "kind": "calendar_year", "grace": 31},
        ]  # fmt: skip
        self.apply({"expiry_policies": policies})
        exported = self.call("programme_export")["programme"]["expiry_policies"]
        self.assertEqual([one for one in exported if one["code"].startswith("T_")], policies)
        counts = self.apply({"expiry_policies": policies}, at="2020-01-01T00:00:00Z")
        self.assertEqual(counts["unchanged"], 4)
        bad = {"code": "T_E", "unit": "T_BONUS", "kind": "calendar_year", "days": 5}
        self.assertIn("days", self.refused("bad_request", "programme_apply", programme={"expiry_policies": [bad]}))
