"""The journal of points: all that is booked, once; balanced; and the liability is what members have, at its worth."""

import random
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..services.errors import LoyaltyError
from ..services.posting import Accrual, Reversal, Source
from .ledger_common import SOURCE, LedgerCase

CODES = {
    "liability_code": "2900",
    "expense_code": "6100",
    "revenue_code": "4000",
    "breakage_code": "4900",
    "cash_code": "1900",
    "settlement_code": "1700",
}


class JournalCase(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.journals = cls.env["loy.journals"]
        cls.company = cls.env.company
        cls.bonus.write({"company_id": cls.company.id, "rate": 0.05})
        cls.known = cls.accounts_of(cls.bonus)

    @classmethod
    def accounts_of(cls, unit, company=None, **codes):
        company = company or cls.company
        return cls.env["loy.journal.account"].create({"unit_id": unit.id, "company_id": company.id, **CODES, **codes})

    def make(self, known=None):
        self.env["loy.ledger.days"]._seal()
        return self.journals._make(known or self.known)

    def told(self, entry):
        """{(code, kind): debit less credit}."""
        return {(line.code, line.kind): round(line.debit - line.credit, 2) for line in entry.line_ids}

    def shared_with(self, name):
        """Another company that takes the unit too."""
        self.bonus.write({"company_id": False, "currency_id": self.company.currency_id.id})
        return self.env["res.company"].create({"name": name, "currency_id": self.company.currency_id.id})

    def shown(self, code, company=None):
        """What an account of the books shows, credit above zero."""
        lines = self.env["loy.journal.line"].search(
            [("code", "=", code), ("company_id", "=", (company or self.company).id), ("unit_id", "=", self.bonus.id)]
        )
        return round(sum(lines.mapped("credit")) - sum(lines.mapped("debit")), 2)


@tagged("post_install", "-at_install")
class TestJournals(JournalCase):
    def test_what_is_given_used_and_expired_has_its_accounts(self):
        self.accrue(1000, 0, expires=30)
        self.spend(300, 2)
        self.ledger._expire(self.at(31))
        self.assertEqual(
            self.told(self.make()),
            {("6100", "issued"): 50, ("4000", "redeemed"): -15, ("4900", "expired"): -35},
        )
        self.accrue(200, 40)
        entry = self.make()
        self.assertEqual(self.told(entry), {("6100", "issued"): 10, ("2900", "owed"): -10})
        self.assertEqual((entry.amount, self.known.owed, self.known.booked), (10, 200, 10))
        self.assert_books()

    def test_money_that_is_paid_in_is_no_expense(self):
        self.wallet.company_id = self.company
        known, account = self.accounts_of(self.wallet), self.account_of(self.member, self.wallet)
        source = Source("top_up", document="1", note="card")
        self.ledger._accrue([Accrual(account, 10_050)], at=self.at(0), source=source)
        self.assertEqual(self.told(self.make(known)), {("1900", "paid_in"): 100.5, ("2900", "owed"): -100.5})

    def test_a_payment_that_is_undone_is_paid_in_no_more(self):
        self.wallet.company_id = self.company
        known, account = self.accounts_of(self.wallet), self.account_of(self.member, self.wallet)
        source = Source("top_up", document="1", note="card")
        (paid,) = self.ledger._accrue([Accrual(account, 10_050)], at=self.at(0), source=source)
        self.make(known)
        self.ledger._reverse([Reversal(paid)], at=self.at(1), source=Source("manual"))
        self.assertEqual(self.told(self.make(known)), {("1900", "paid_in"): -100.5, ("2900", "owed"): 100.5})

    def test_less_than_a_cent_waits_for_more_and_is_not_lost(self):
        self.bonus.rate = 0.004
        self.accrue(1, 0)
        self.assertFalse(self.make())
        self.spend(1, 1)
        self.accrue(2, 1)
        entry = self.make()
        self.assertEqual(self.told(entry), {("6100", "issued"): 0.01, ("2900", "owed"): -0.01})
        self.assertEqual(entry.line_ids.mapped("units"), [3, 2])
        self.assertFalse(entry.after_id)

    def test_what_rounding_leaves_goes_to_the_largest_counter(self):
        self.bonus.rate = 0.015
        self.accrue(103, 0)  # 1.545
        self.spend(1, 1)  # 0.015
        self.ledger._write_off(self.account, 1, at=self.at(2), reason_id=None)
        self.assertEqual(
            self.told(self.make()),
            {
                ("6100", "issued"): 1.56,
                ("4000", "redeemed"): -0.02,
                ("6100", "adjusted"): -0.02,
                ("2900", "owed"): -1.52,
            },
        )

    def test_one_unit_in_trouble_does_not_keep_the_others_from_their_entries(self):
        self.known.cash_code = False
        self.accrue(100, 0, source=Source("top_up", document="1", note="cash"))
        self.wallet.company_id = self.company
        wallet = self.accounts_of(self.wallet)
        self.accrue(500, 0, account=self.account_of(self.member, self.wallet))
        cron = type(self.env["ir.cron"])
        with patch.object(cron, "_commit_progress", return_value=1), self.assertLogs(level="WARNING") as logs:
            self.journals._run()
        self.assertFalse(self.known.entry_ids)
        self.assertTrue(wallet.entry_ids)
        self.assertIn("journal_account_missing", logs.output[0])

    def test_accounts_are_of_a_unit_with_worth_in_the_company_and_stay_with_it(self):
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaises(ValidationError):
            self.accounts_of(self.bonus, other)  # a unit of one company
        other.currency_id = self.env["res.currency"].with_context(active_test=False).search(
            [("id", "!=", self.company.currency_id.id)], limit=1
        )  # fmt: skip
        self.wallet.currency_id = self.company.currency_id
        with self.assertRaises(ValidationError):
            self.accounts_of(self.wallet, other)
        self.accrue(100, 0)
        self.make()
        with self.assertRaises(ValidationError):
            self.known.unit_id = self.wallet

    def test_nothing_new_makes_no_entry_and_what_is_late_comes_into_the_next(self):
        self.accrue(100, 5)
        self.assertTrue(self.make())
        self.assertFalse(self.make())
        self.accrue(60, 1)
        self.assertEqual(self.told(self.make()), {("6100", "issued"): 3, ("2900", "owed"): -3})

    def test_each_day_of_booking_has_its_entry(self):
        self.accrue(100, 0)
        self.make()
        before, _lot = self.accrue(60, 1)
        self.accrue(40, 1)
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL session_replication_role = replica")
        self.env.cr.execute(
            "UPDATE loy_transaction SET booked_at = booked_at - interval '1 day' WHERE id = %s", [before]
        )
        self.env.cr.execute("SET LOCAL session_replication_role = origin")
        first, second = self.make()
        self.assertEqual((second.date - first.date).days, 1)
        self.assertEqual([entry.amount for entry in (first, second)], [3, 2])
        self.assertEqual((self.known.owed, self.known.booked), (200, 10))
        self.assert_books()

    def test_a_change_of_worth_is_an_expense(self):
        self.accrue(1000, 0)
        self.make()
        self.bonus.rate = 0.08
        self.accrue(100, 1)
        entry = self.make()
        self.assertEqual(
            self.told(entry), {("6100", "issued"): 8, ("6100", "worth"): 30, ("2900", "owed"): -38}
        )
        self.assertEqual(self.known.booked, 88)

    def test_an_account_that_is_needed_and_not_named_is_told_and_nothing_is_lost(self):
        self.known.settlement_code = False
        other = self.env["res.company"].create({"name": "Other", "currency_id": self.company.currency_id.id})
        self.accrue(100, 0)
        self.ledger._spend({self.account: 40}, at=self.at(1), source=Source("test", company_id=other.id))
        with self.refused("journal_account_missing"), self.env.cr.savepoint():
            self.make()
        self.known.settlement_code = "1700"
        self.assertEqual(
            self.told(self.make()),
            {("6100", "issued"): 5, ("1700", "settlement"): -2, ("2900", "owed"): -3},
        )

    def test_what_one_company_gave_and_another_took_is_settled_between_them(self):
        other = self.shared_with("Other")
        theirs = self.accounts_of(self.bonus, other)
        self.accrue(100, 0, source=Source("test", company_id=self.company.id))
        self.ledger._spend({self.account: 40}, at=self.at(1), source=Source("test", company_id=other.id))
        mine, their = self.make(), self.make(theirs)
        self.assertEqual(self.told(mine)["1700", "settlement"], -2)
        self.assertEqual(self.told(their), {("4000", "redeemed"): -2, ("1700", "settlement"): 2})
        self.assertEqual(self.shown("2900"), 3)
        for entry, company in ((mine, other), (their, self.company)):
            self.assertEqual(entry.line_ids.other_company_id, company)
        self.assert_books()

    def test_however_companies_take_from_each_other_each_shows_what_it_owes_and_settlements_cancel_out(self):
        companies = [self.company, self.shared_with("Second"), self.shared_with("Third")]
        self.bonus.rate = 0.017
        known = [self.known, *(self.accounts_of(self.bonus, company) for company in companies[1:])]
        chance = random.Random(5)
        for day in range(60):
            source = Source("test", company_id=chance.choice(companies).id)
            if chance.random() < 0.5:
                self.accrue(chance.randrange(1, 90), day, source=source)
            else:
                amounts = {self.account: chance.randrange(1, 90)}
                self.ledger._spend(amounts, at=self.at(day), source=source, overrun=True)
            if day % 7 == 6:
                for one in known:
                    self.make(one)
        for one in known:
            self.make(one)
        owed = dict(
            self.env.execute_query(
                SQL(
                    "SELECT COALESCE(lot.company_id, entry.company_id), SUM(delta_minor)::int8 FROM loy_entry AS entry"
                    " LEFT JOIN loy_lot AS lot ON lot.id = lot_id WHERE entry.unit_id = %s GROUP BY 1",
                    self.bonus.id,
                )
            )
        )
        for company in companies:
            worth = (Decimal(owed[company.id]) * Decimal("0.017")).quantize(Decimal("0.01"), ROUND_HALF_UP)
            self.assertEqual(self.shown("2900", company), float(worth))
        self.assertEqual(round(sum(self.shown("1700", company) for company in companies), 2), 0)
        self.assert_books()

    def test_on_random_histories_the_liability_is_what_members_have(self):
        chance, spent = random.Random(11), []
        other = self.env["res.partner"].create({"name": "Other member"})
        accounts = [self.account, self.account_of(other)]
        for day in range(120):
            account = chance.choice(accounts)
            step = chance.choice(("accrue", "accrue", "spend", "overrun", "reverse", "expire", "transfer", "make"))
            if step == "accrue":
                self.accrue(chance.randrange(1, 200), day, account=account, expires=day + chance.randrange(3, 40))
            elif step in ("spend", "overrun"):
                try:
                    spent.append(self.spend(chance.randrange(1, 99), day, account=account, overrun=step == "overrun"))
                except LoyaltyError as refusal:
                    self.assertEqual(refusal.code, "insufficient_points")
            elif step == "reverse" and spent:
                self.ledger._reverse(
                    [Reversal(spent.pop(chance.randrange(len(spent))))], at=self.at(day), source=SOURCE
                )
            elif step == "expire":
                self.ledger._expire(self.at(day))
            elif step == "transfer" and (have := self.available(day, account)) > 0:
                giver, taker = account, accounts[1 - accounts.index(account)]
                self.ledger._transfer(giver, taker, min(have, 7), at=self.at(day), source=SOURCE)
            elif step == "make":
                self.make()
        self.make()
        owed = sum(self.env["loy.account"].browse(accounts).mapped(lambda one: one.total_minor - one.debt_minor))
        worth = (Decimal(owed) * Decimal("0.05")).quantize(Decimal("0.01"), ROUND_HALF_UP)
        self.assertEqual(self.shown("2900"), float(worth))
        entries = self.env["loy.journal.entry"].search([("journal_account_id", "=", self.known.id)], order="id")
        self.assertGreater(len(entries), 5)
        for entry in entries:
            self.assertEqual(sum(entry.line_ids.mapped("debit_minor")), sum(entry.line_ids.mapped("credit_minor")))
        for before, after in pairwise(entries):
            self.assertLessEqual(before.until_id, after.after_id)
        times_told = self.env.execute_query(
            SQL(
                "SELECT DISTINCT (SELECT COUNT(*) FROM loy_journal_entry AS told WHERE told.journal_account_id = %s"
                " AND entry.id > told.after_id AND entry.id <= told.until_id)"
                " FROM loy_entry AS entry WHERE unit_id = %s",
                self.known.id,
                self.bonus.id,
            )
        )
        self.assertEqual(times_told, [(1,)], "every movement is in exactly one entry")
        self.assert_books()

    def test_the_example_of_the_documentation(self):
        """docs/accounting.md"""
        self.bonus.rate = 0.01
        _transaction, lot = self.accrue(500, 0, expires=30)
        self.assertEqual(self.told(self.make()), {("6100", "issued"): 5, ("2900", "owed"): -5})
        spent = self.spend(200, 1)
        self.assertEqual(self.told(self.make()), {("2900", "owed"): 2, ("4000", "redeemed"): -2})
        self.reverse((spent, 50), day=2)
        self.assertEqual(self.told(self.make()), {("4000", "redeemed"): 0.5, ("2900", "owed"): -0.5})
        self.ledger._expire(self.at(0) + timedelta(days=31))
        self.assertEqual(self.told(self.make()), {("2900", "owed"): 3.5, ("4900", "expired"): -3.5})
        self.assertFalse(lot.remaining_minor)


@tagged("post_install", "-at_install")
class TestJournalRights(JournalCase):
    def test_administrators_write_it_analysts_read_it(self):
        admin = new_test_user(self.env, "t_journal_admin", groups="loyalty_core.group_admin")
        analyst = new_test_user(self.env, "t_journal_analyst", groups="loyalty_core.group_analyst")
        self.accrue(100, 0)
        with self.assertRaises(LoyaltyError):
            self.known.with_user(analyst).action_loy_make()
        with self.refused("right_missing"):
            self.env["loy.journal.entry"].with_user(analyst).action_loy_make()
        self.env["loy.journal.entry"].with_user(admin).action_loy_make()  # from the list, nothing selected
        self.known.with_user(admin).action_loy_make()
        entry = self.env["loy.journal.entry"].with_user(analyst).search([("unit_id", "=", self.bonus.id)])
        self.assertEqual(len(entry.line_ids), 2)
        self.assertEqual(self.env["loy.journal.entry"].search_count([("is_posted", "=", False)]) > 0, True)
        with self.assertRaises(AccessError):
            entry.with_user(admin).write({"date": "2020-01-01"})
        if "account.move" not in self.env:
            with self.refused("no_accounting"):
                entry.with_user(admin).action_loy_post()
