"""The ledger by days: folded or not, it is the ledger."""

import random
from datetime import date, datetime
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2.errors import LockNotAvailable

from ..services.ledger_days import MOVEMENTS
from ..services.posting import Accrual, Source
from ..sql import ledger_days as sql
from .committed_common import CommittedCase
from .ledger_common import SOURCE, LedgerCase


@tagged("post_install", "-at_install")
class TestLedgerDays(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.days = cls.env["loy.ledger.days"]
        cls.company = cls.env.company

    def fold(self):
        self.days._seal()
        while self.days._fold():
            pass

    def told(self, from_, to, unit=None):
        unit = unit or self.bonus
        rows = self.days._statement(from_, to, self.company.ids)
        return next((row for row in rows if row["unit_id"] == unit.id), None)

    def history(self):
        self.accrue(100, 0, expires=40)
        spent = self.spend(30, 3)
        self.accrue(50, 10)
        self.reverse((spent, 10), day=12)
        self.ledger._expire(self.at(41))
        self.spend(20, 45)

    def test_opening_and_movements_are_closing_and_that_is_what_members_have(self):
        self.history()
        for is_folded in (False, True):
            with self.subTest(is_folded=is_folded):
                if is_folded:
                    self.fold()
                march = self.told(date(2026, 3, 1), date(2026, 3, 31))
                april = self.told(date(2026, 4, 1), date(2026, 4, 30))
                self.assertEqual(march["opening"], 0)
                self.assertEqual((march["issued"], march["redeemed"], march["closing"]), (150, -20, 130))
                self.assertEqual((april["opening"], april["expired"], april["redeemed"]), (130, -80, -20))
                for row in (march, april):
                    self.assertEqual(row["opening"] + sum(row[role] for role in MOVEMENTS), row["closing"])
                self.assertEqual(april["closing"], self.available(60))

    def test_what_is_booked_after_the_fold_counts_at_once_and_once(self):
        self.accrue(100, 0)
        self.fold()
        self.accrue(7, 0)  # a late fact of a folded day
        self.assertEqual(self.told(date(2026, 3, 1), date(2026, 3, 1))["closing"], 107)
        self.fold()
        self.fold()
        self.assertEqual(self.told(date(2026, 3, 1), date(2026, 3, 1))["closing"], 107)
        self.assert_books()

    def test_out_of_time_it_goes_on_at_once_and_seals_no_more_before_it_is_through(self):
        told = []
        self.accrue(100, 0)
        self.days._seal()
        ((_folded, sealed),) = self.env.execute_query(sql.mark())
        self.accrue(7, 0)
        with patch.object(
            type(self.env["ir.cron"]), "_commit_progress", lambda *args, remaining=None: told.append(remaining) or 0
        ):
            self.days._run()
            self.assertEqual(self.env.execute_query(sql.mark()), [(sealed, sealed)])
            self.assertEqual(told[-1], 1, "there may be more")
            self.days._run()
            self.days._run()
        self.assertEqual(told[-1], 0)
        self.assertEqual(self.told(date(2026, 3, 1), date(2026, 3, 1))["closing"], 107)
        self.assert_books()

    def test_folding_in_many_batches_is_folding_at_once(self):
        chance = random.Random(4)
        for day in range(25):
            self.accrue(chance.randrange(1, 90), day, expires=day + 9)
            if chance.random() < 0.4:
                self.spend(1, day)
        query = "SELECT role, SUM(delta_minor), SUM(entry_count) FROM (%s) AS fact WHERE unit_id = %s GROUP BY role"
        whole = self.env.execute_query(sql.SQL(query, sql.days(), self.bonus.id))
        self.days._seal()
        while self.days._fold(chance.randrange(1, 9)):
            pass
        self.assertCountEqual(self.env.execute_query(sql.SQL(query, sql.days(), self.bonus.id)), whole)
        self.assert_books()

    def test_the_books_tell_of_a_day_that_is_wrong(self):
        self.accrue(100, 0)
        self.fold()
        day = self.env["loy.ledger.day"].search([("unit_id", "=", self.bonus.id)])
        day.delta_minor = 99
        day.flush_recordset()
        laws = {one["law"] for one in self.ledger._check_books()["differences"]}
        self.assertEqual(laws, {"days_are_fold_of_entries"})

    def test_a_day_is_that_of_the_company(self):
        settings = self.env["loy.settings"].search([("company_id", "=", self.company.id)])
        settings = settings or self.env["loy.settings"].create({"company_id": self.company.id})
        settings.timezone = "Asia/Tokyo"
        self.accrue(5, 0, account=self.account)  # 9:00 UTC is 18:00 in Tokyo
        self.ledger._accrue([Accrual(self.account, 6)], at=self.at(0, 8), source=SOURCE)  # 17:00 UTC is tomorrow there
        self.assertEqual(self.told(date(2026, 3, 1), date(2026, 3, 1))["closing"], 5)
        self.assertEqual(self.told(date(2026, 3, 2), date(2026, 3, 2))["closing"], 11)

    def test_what_became_of_points_by_the_month_in_which_they_became_usable(self):
        self.history()
        rows = self.env["loy.breakage.report"]._read_group(
            [("unit_id", "=", self.bonus.id)],
            ["month:month"],
            ["given:sum", "used:sum", "expired:sum", "remaining:sum", "share:avg"],
        )
        self.assertEqual([row[1:5] for row in rows], [(150, 40, 80, 30)])
        self.assertAlmostEqual(rows[0][5], 100 * 80 / 150)

    def test_worth_is_in_the_currency_of_the_company(self):
        self.bonus.write({"company_id": self.company.id, "rate": 0.5})
        self.accrue(100, 0)
        (worth,) = self.env["loy.liability.report"]._read_group([("unit_id", "=", self.bonus.id)], [], ["worth:sum"])[0]
        self.assertEqual(worth, 50)

    def test_analysts_see_it_and_cashiers_do_not(self):
        self.history()
        analyst = new_test_user(self.env, "t_liability", groups="loyalty_core.group_analyst")
        cashier = new_test_user(self.env, "t_no_liability", groups="loyalty_core.group_cashier")
        period = {"from_on": "2026-03-01", "to_on": "2026-03-31"}
        wizard = self.env["loy.liability.wizard"].with_user(analyst).create(period)
        line = wizard.line_ids.filtered(lambda line: line.unit_id == self.bonus)
        self.assertEqual((line.opening, line.issued, line.redeemed, line.closing), (0, 150, -20, 130))
        self.assertTrue(self.env["loy.liability.report"].with_user(analyst).search([], limit=1))
        for model in ("loy.liability.report", "loy.breakage.report", "loy.ledger.day"):
            with self.subTest(model=model), self.assertRaises(AccessError):
                self.env[model].with_user(cashier).search([], limit=1)
        with self.assertRaises(AccessError):
            self.env["loy.liability.wizard"].with_user(cashier).create(period)

    def test_by_partner_it_is_the_sum_of_what_was_given_and_taken_there(self):
        partner = self.env["loy.partner"].create({"code": "T_FUEL", "name": "Fuel"})
        store = self.env["loy.store"].create({"code": "T_PUMP", "name": "Pump", "partner_id": partner.id})
        self.accrue(100, 0, source=Source("test", store_id=store.id))
        self.accrue(11, 0)
        found = self.env["loy.liability.report"]._read_group(
            [("unit_id", "=", self.bonus.id), ("partner_id", "=", partner.id)], ["role"], ["amount:sum"]
        )
        self.assertEqual(found, [("issued", 100)])


@tagged("post_install", "-at_install")
class TestLedgerDaysConcurrent(CommittedCase):
    """A number below the mark that is missing will never come."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            unit = env["loy.unit"].create({"code": "T_SEAL", "name": "Seal"})
            members = env["res.partner"].create([{"name": "Slow"}, {"name": "Quick"}])
            accounts = env["loy.ledger"]._accounts(members.ids, [unit.id], create=True)
            self.accounts = [accounts[member.id, unit.id] for member in members]
            self.accrue(env, self.accounts[0])  # what the first booking of a unit makes, others wait for

    def accrue(self, env, account):
        env["loy.ledger"]._accrue([Accrual(account, 5)], at=datetime(2026, 3, 1), source=SOURCE)
        env.cr.execute("SELECT MAX(id) FROM loy_entry")
        return env.cr.fetchone()[0]

    def sealed(self):
        with self.transaction() as env:
            return env.execute_query(sql.mark())[0][1]

    def test_the_mark_waits_for_what_is_being_booked_and_then_covers_it(self):
        with self.transaction() as slow:
            self.accrue(slow, self.accounts[0])  # a lower number, committed later
            with self.transaction() as quick:
                latest = self.accrue(quick, self.accounts[1])
            sealing = self.start(lambda env: env["loy.ledger.days"]._seal())
            self.assertTrue(sealing.is_alive(), "it waits")
        sealing.result()
        self.assertGreaterEqual(self.sealed(), latest)

    def test_who_has_sealed_keeps_nobody_waiting(self):
        with self.transaction() as sealing:
            sealing["loy.ledger.days"]._seal()
            with self.transaction() as env:
                env.cr.execute("SET LOCAL lock_timeout = '2s'")
                latest = self.accrue(env, self.accounts[0])
        self.assertLess(self.sealed(), latest)

    def test_a_booking_that_takes_long_is_not_waited_for(self):
        before = self.sealed()
        with self.transaction() as slow:
            self.accrue(slow, self.accounts[0])
            with self.transaction() as env, mute_logger("odoo.sql_db"), self.assertRaises(LockNotAvailable):
                env["loy.ledger.days"]._seal()
        self.assertEqual(self.sealed(), before)
