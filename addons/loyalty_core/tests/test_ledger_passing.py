"""What moves between accounts: nothing is lost, nothing is made, and what comes back finds its way."""

from odoo.tests import tagged

from ..services.posting import Accrual, Balance
from .ledger_common import SOURCE, LedgerCase


@tagged("post_install", "-at_install")
class TestLedgerPassing(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.partner"].create({"name": "The same person again"})
        cls.heir = cls.account_of(cls.other)

    def lots(self, account):
        lots = self.env["loy.lot"].search([("account_id", "=", account), ("is_open", "=", True)], order="id")
        return [(lot.remaining_minor, lot.active_from, lot.expires_at) for lot in lots]

    def state(self, account):
        record = self.env["loy.account"].browse(account)
        return record.total_minor, record.held_minor, record.debt_minor

    # merge

    def test_a_merge_moves_lots_with_their_terms_and_conserves_the_total(self):
        self.accrue(10, 0, active=1, expires=30)
        self.accrue(5, 0, active=8)
        self.spend(4, 2)
        self.accrue(3, 0, account=self.heir)
        self.absorb(self.member, self.other, 3)
        self.assertEqual(self.state(self.account), (0, 0, 0))
        self.assertEqual(
            self.lots(self.heir), [(3, self.at(0), False), (6, self.at(1), self.at(30)), (5, self.at(8), False)]
        )
        self.assertEqual(self.available(2), 6, "of the past the old account still tells what it was")
        self.assertEqual(self.balance(3, self.heir), Balance(active=9, pending=5, available=9))
        self.assertEqual(self.account_of(self.member), self.heir)
        self.assert_books()

    def test_a_merge_moves_debt_and_lots_repay_it(self):
        self.spend(10, 0, overrun=True)
        self.accrue(25, 0, account=self.heir)
        self.absorb(self.member, self.other, 1)
        self.assertEqual(self.balance(1, self.heir).available, 15)
        third = self.env["res.partner"].create({"name": "A third record"})
        self.accrue(4, 1, account=self.account_of(third))
        self.absorb(third, self.other, 2)
        self.assertEqual(self.balance(2, self.heir).available, 19)
        self.assert_books()

    def test_what_is_reserved_stops_a_merge_and_is_named(self):
        self.accrue(10, 0)
        hold = self.hold(4, 1, 3)
        with self.refused("account_held: .*2026-03-04 09:00 UTC"):
            self.absorb(self.member, self.other, 2)
        self.ledger._release(hold, at=self.at(2))
        self.hold(4, 2, 3)
        self.absorb(self.member, self.other, 4)  # the deadline has passed
        self.assertEqual(self.balance(4, self.heir), Balance(active=10, available=10))
        self.assert_books()

    def test_an_account_passes_on_once(self):
        self.accrue(10, 0)
        self.absorb(self.member, self.other, 1)
        self.assertEqual(self.absorb(self.member, self.other, 1), [])
        with self.refused("account_passed_on"):
            self.ledger._pass_on({self.account: self.heir}, at=self.at(1), source=SOURCE)
        with self.refused("account_passed_on"):
            self.ledger._pass_on({self.heir: self.account}, at=self.at(1), source=SOURCE)

    def test_what_is_given_back_to_an_old_account_moves_on_at_once(self):
        self.accrue(4, 0, expires=5)
        self.accrue(6, 0, expires=30)
        spent = self.spend(9, 1)
        self.absorb(self.member, self.other, 2)
        (part,) = self.reverse((spent, 3), day=3)
        self.assertEqual(part.given, {self.account: 3})
        self.assertEqual(self.lots(self.heir), [(1, self.at(0), self.at(30)), (3, self.at(0), self.at(30))])
        (rest,) = self.reverse(spent, day=6)
        self.assertEqual((rest.given, rest.expired), ({self.account: 6}, {self.account: 4}))
        self.assertEqual(self.state(self.account), (0, 0, 0))
        self.assertEqual(self.balance(6, self.heir).available, 6)
        self.assert_books()

    def test_what_is_taken_back_from_an_old_account_is_taken_where_it_is_now(self):
        earned, _ = self.accrue(10, 0, expires=30)
        _, other = self.accrue(5, 0, expires=9, account=self.heir)
        self.absorb(self.member, self.other, 1)
        (part,) = self.reverse((earned, 3), day=2)
        self.assertEqual((part.taken, other.remaining_minor), ({self.account: 3}, 5))
        self.spend(7, 3, account=self.heir)
        (rest,) = self.reverse(earned, day=4)
        self.assertEqual(rest.taken, {self.account: 7})
        self.assertEqual(self.state(self.account), (0, 0, 0))
        self.assertEqual(self.balance(4, self.heir), Balance(active=0, available=-2, debt=2))
        self.assertEqual(self.ledger._moved([part.transaction_id, rest.transaction_id]), [("TEST_BONUS", 0, 10)])
        self.assert_books()

    def test_what_has_expired_at_the_heir_is_not_taken_back_again(self):
        earned, _ = self.accrue(10, 0, expires=5)
        self.accrue(20, 0, account=self.heir)
        self.spend(3, 1)
        self.absorb(self.member, self.other, 2)
        self.ledger._expire(self.at(6))
        (done,) = self.reverse(earned, day=7)
        self.assertEqual(done.taken, {self.account: 3})
        self.assertEqual(self.balance(7, self.heir).available, 17)
        self.assertEqual(self.ledger._moved([done.transaction_id]), [("TEST_BONUS", 0, 3)])
        self.assert_books()

    def test_what_an_old_account_cannot_give_is_forgiven(self):
        earned, _ = self.accrue(10, 0)
        self.spend(8, 1)
        self.absorb(self.member, self.other, 2)
        (done,) = self.reverse(earned, day=3, is_debt_allowed=False)
        self.assertEqual((done.taken, done.forgiven), ({self.account: 2}, {self.account: 8}))
        self.assertEqual((self.state(self.account), self.state(self.heir)), ((0, 0, 0), (0, 0, 0)))
        self.assert_books()

    def test_an_overrun_of_an_old_account_gives_back_what_was_repaid_before_and_after_the_merge(self):
        spent = self.spend(10, 0, overrun=True)
        self.accrue(4, 1, expires=9)
        self.absorb(self.member, self.other, 2)
        self.assertEqual(self.balance(2, self.heir).debt, 6)
        self.accrue(5, 3, account=self.heir)
        self.assertEqual(self.balance(3, self.heir).debt, 1)
        self.reverse((spent, 3), day=4)
        self.assertEqual(self.balance(4, self.heir), Balance(active=2, available=2))
        self.reverse(spent, day=5)
        self.assertEqual(self.balance(5, self.heir), Balance(active=9, available=9))
        self.assertEqual(self.lots(self.heir)[-1], (4, self.at(1), self.at(9)))
        self.assertEqual(self.state(self.account), (0, 0, 0))
        self.assert_books()

    def test_merges_in_a_row_stay_one_step_long(self):
        earned, _ = self.accrue(10, 0)
        self.absorb(self.member, self.other, 1)
        third = self.env["res.partner"].create({"name": "A third record"})
        self.absorb(self.other, third, 2)
        last = self.account_of(third)
        accounts = self.env["loy.account"].browse([self.account, self.heir])
        self.assertEqual(accounts.successor_id.ids, [last])
        (done,) = self.reverse((earned, 4), day=3)
        self.assertEqual(done.taken, {self.account: 4})
        self.assertEqual(self.balance(3, last), Balance(active=6, available=6))
        self.assert_books()

    def test_what_passes_on_costs_the_same_for_any_number_of_lots(self):
        counts = []
        for size in (1, 2, 30):
            member = self.env["res.partner"].create({"name": f"With {size} lots"})
            account = self.account_of(member)
            for day in range(size):
                self.accrue(5, 0, expires=day + 40, account=account)
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.absorb(member, self.other, 1)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2])

    # amounts

    def transfer(self, amount, day=0, account=None, to=None):
        return self.ledger._transfer(
            account or self.account, to or self.heir, amount, at=self.at(day), source=SOURCE
        )

    def test_a_transfer_moves_what_would_be_spent_first_with_its_terms(self):
        self.accrue(10, 0)
        self.accrue(5, 0, expires=9)
        self.transfer(7, 1)
        self.assertEqual(self.lots(self.account), [(8, self.at(0), False)])
        self.assertEqual(self.lots(self.heir), [(5, self.at(0), self.at(9)), (2, self.at(0), False)])
        rows = self.ledger._statement(self.account) + self.ledger._statement(self.heir)
        others = {row["other_member_id"] for row in rows if row["kind"] == "transfer"}
        self.assertEqual(others, {self.member.id, self.other.id})
        self.assert_books()

    def test_no_more_is_transferred_than_is_available(self):
        self.accrue(10, 0)
        self.hold(4, 0, 3)
        with self.refused("insufficient_points"):
            self.transfer(7, 1)
        with self.refused("bad_amount"):
            self.transfer(0, 1)
        with self.refused("same_account"):
            self.transfer(1, 1, to=self.account)
        self.transfer(10, 3)  # the deadline of the hold has passed
        self.assertEqual(self.available(3, self.heir), 10)
        self.assert_books()

    def test_what_is_transferred_repays_the_debt_of_who_gets_it(self):
        self.accrue(10, 0)
        self.spend(4, 0, account=self.heir, overrun=True)
        self.transfer(6, 1)
        self.assertEqual(self.balance(1, self.heir), Balance(active=2, available=2))
        self.assert_books()

    def test_a_conversion_takes_one_unit_and_gives_another(self):
        wallet = self.account_of(self.member, self.wallet)
        self.accrue(10, 0)
        for amount, gain in ((6, 150), (4, 100)):
            self.ledger._convert(
                self.account, amount, Accrual(wallet, gain, expires_at=self.at(9)), at=self.at(1), source=SOURCE
            )
        self.assertEqual((self.available(1), self.available(1, wallet)), (0, 250))
        self.assertEqual(self.lots(wallet), [(150, self.at(1), self.at(9)), (100, self.at(1), self.at(9))])
        with self.refused("insufficient_points"):
            self.ledger._convert(self.account, 1, Accrual(wallet, 25), at=self.at(1), source=SOURCE)
        self.assert_books()
