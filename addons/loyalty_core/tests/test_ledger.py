"""The laws of the ledger, one by one, on small histories."""

from datetime import date

from odoo.tests import tagged

from ..services.posting import Accrual, Balance, Reversed
from .ledger_common import SOURCE, LedgerCase


@tagged("post_install", "-at_install")
class TestLedger(LedgerCase):
    # accruals and balances

    def test_an_accrual_is_pending_active_then_expired(self):
        self.accrue(50, 0, active=2, expires=5)
        self.assertEqual(self.balance(1), Balance(pending=50))
        self.assertEqual(self.balance(2), Balance(active=50, available=50))
        self.assertEqual(self.balance(4), Balance(active=50, available=50))
        self.assertEqual(self.balance(5), Balance())
        self.assertEqual(self.balance(-1), Balance())
        self.assert_books()

    def test_a_balance_in_the_past_is_what_it_was_then(self):
        self.accrue(50, 0)
        self.spend(20, 3)
        self.accrue(7, 5, active=8)
        self.assertEqual([self.available(day) for day in (-1, 0, 2, 3, 7, 8)], [0, 50, 50, 30, 30, 37])
        self.assertEqual(self.balance(5).pending, 7)
        self.assertEqual(self.balance(4).pending, 0)

    def test_a_late_fact_counts_from_the_moment_when_it_occurred(self):
        self.accrue(50, 0)
        self.spend(10, 6)
        self.spend(20, 2)
        self.assertEqual([self.available(day) for day in (1, 2, 5, 6)], [50, 30, 30, 20])
        self.assert_books()

    def test_spending_takes_what_expires_first(self):
        _, never = self.accrue(10, 0)
        _, late = self.accrue(10, 0, expires=30)
        _, soon = self.accrue(10, 0, expires=20)
        self.spend(15, 1)
        self.assertEqual((soon.remaining_minor, late.remaining_minor, never.remaining_minor), (0, 5, 10))
        self.assertEqual((soon.is_open, late.is_open), (False, True))

    def test_a_unit_may_spend_the_oldest_first(self):
        self.bonus.spend_order = "oldest_first"
        self.bonus.flush_recordset()
        _, old = self.accrue(10, 0, expires=90)
        _, young = self.accrue(10, 1, expires=20)
        self.spend(12, 2)
        self.assertEqual((old.remaining_minor, young.remaining_minor), (0, 8))

    def test_nothing_is_spent_unless_all_of_it_can_be(self):
        self.accrue(10, 0)
        other = self.account_of(self.member, self.wallet)
        with self.refused("insufficient_points"):
            self.ledger._spend({self.account: 5, other: 1}, at=self.at(1), source=SOURCE)
        self.assertEqual(self.available(1), 10)

    def test_neither_pending_nor_expired_points_can_be_spent(self):
        self.accrue(10, 0, active=5)
        self.accrue(10, 0, expires=2)
        with self.refused("insufficient_points"):
            self.spend(1, 3)

    def test_amounts_are_whole_and_positive(self):
        for amount in (0, -1, 1.5):
            with self.refused("bad_amount"):
                self.spend(amount, 1)
            with self.refused("bad_amount"):
                self.accrue(amount)

    def test_an_unknown_or_a_system_account_is_refused(self):
        self.accrue(1)
        system = self.env["loy.account"].search([("unit_id", "=", self.bonus.id), ("role", "=", "issued")])
        for account in (999999999, system.id):
            with self.refused("account_not_found"):
                self.spend(1, 1, account=account)

    def test_several_units_are_spent_in_one_transaction(self):
        wallet = self.account_of(self.member, self.wallet)
        self.accrue(10, 0)
        self.accrue(2500, 0, account=wallet)
        transaction = self.ledger._spend({self.account: 4, wallet: 1050}, at=self.at(1), source=SOURCE)
        entries = self.env["loy.entry"].search([("transaction_id", "=", transaction)])
        self.assertEqual(
            {entry.unit_id: entry.amount for entry in entries}, {self.bonus: 4.0, self.wallet: 10.5}
        )
        self.assert_books()

    # debt

    def test_an_overrun_is_debt_and_new_lots_repay_it_first(self):
        self.accrue(10, 0)
        self.spend(25, 1, overrun=True)
        self.assertEqual(self.balance(1), Balance(debt=15, available=-15))
        self.accrue(6, 2)
        self.assertEqual(self.balance(2), Balance(debt=9, available=-9))
        self.accrue(20, 3)
        self.assertEqual(self.balance(3), Balance(active=11, available=11))
        self.assertEqual(self.available(1), -15)
        self.assert_books()

    def test_debt_is_not_available_to_spend(self):
        self.accrue(10, 0, active=2)
        self.spend(4, 1, overrun=True)
        self.assertEqual(self.available(2), 6)
        with self.refused("insufficient_points"):
            self.spend(7, 3)
        self.spend(6, 3)
        self.assertEqual(self.balance(3), Balance())
        self.assert_books()

    # expiry

    def test_expiry_is_booked_at_the_moment_when_it_happened(self):
        _, lot = self.accrue(10, 0, expires=5)
        before = [self.balance(day) for day in (0, 4, 5, 6)]
        self.assertEqual(self.ledger._expire(self.at(9)), 1)
        self.assertEqual([self.balance(day) for day in (0, 4, 5, 6)], before)
        transaction = self.env["loy.transaction"].search([("kind", "=", "expire")], limit=1)
        self.assertEqual(transaction.occurred_at, lot.expires_at)
        self.assertEqual(self.ledger._expire(self.at(9)), 0)
        self.assert_books()

    def test_a_lot_repays_debt_before_it_expires(self):
        self.accrue(10, 0, active=2, expires=5)
        self.spend(4, 1, overrun=True)
        self.ledger._expire(self.at(6))
        self.assertEqual(self.balance(6), Balance())
        self.assert_books()

    # holds

    def test_a_hold_reserves_and_its_release_frees(self):
        self.accrue(10, 0)
        hold = self.hold(6, 1, deadline=3)
        self.assertEqual(self.balance(1), Balance(active=10, held=6, available=4))
        with self.refused("insufficient_points"):
            self.spend(5, 2)
        self.ledger._release(hold, at=self.at(2))
        self.assertEqual(self.balance(2), Balance(active=10, available=10))
        self.assertEqual(self.available(1), 4)
        self.assert_books()

    def test_a_hold_is_settled_whole_or_in_part(self):
        self.accrue(4, 0, expires=9)
        self.accrue(6, 0)
        self.ledger._settle(self.hold(7, 1, 3), at=self.at(2), source=SOURCE, amounts={self.account: 5})
        self.assertEqual(self.balance(2), Balance(active=5, available=5))
        self.ledger._settle(self.hold(5, 3, 4), at=self.at(3), source=SOURCE)
        self.assertEqual(self.balance(3), Balance())
        self.assert_books()

    def test_a_hold_ends_once(self):
        self.accrue(10, 0)
        for end in ("settle", "release"):
            hold = self.hold(2, 1, 3)
            if end == "settle":
                self.ledger._settle(hold, at=self.at(2), source=SOURCE)
            else:
                self.ledger._release(hold, at=self.at(2))
            with self.refused("hold_ended"):
                self.ledger._settle(hold, at=self.at(2), source=SOURCE)
            with self.refused("hold_ended"):
                self.ledger._release(hold, at=self.at(2))
        with self.refused("hold_not_found"):
            self.ledger._settle(0, at=self.at(2), source=SOURCE)
        self.assert_books()

    def test_no_more_is_settled_than_was_reserved(self):
        self.accrue(10, 0)
        hold = self.hold(2, 1, 3)
        with self.refused("hold_exceeded"):
            self.ledger._settle(hold, at=self.at(2), source=SOURCE, amounts={self.account: 3})

    def test_what_is_held_outlives_its_lot(self):
        self.accrue(10, 0, expires=5)
        hold = self.hold(6, 4, 8)
        self.assertEqual(self.balance(5), Balance(active=6, held=6))
        self.ledger._expire(self.at(6))
        self.assertEqual(self.balance(6), Balance(active=6, held=6))
        self.ledger._settle(hold, at=self.at(7), source=SOURCE, amounts={self.account: 5})
        self.assertEqual(self.balance(7), Balance())
        self.ledger._expire(self.at(7))
        self.assertEqual(self.balance(7), Balance())
        self.assert_books()

    def test_a_hold_past_its_deadline_reserves_nothing(self):
        self.accrue(10, 0)
        hold = self.hold(6, 1, 3)
        self.assertEqual(self.available(3), 10)
        self.spend(10, 4)
        record = self.env["loy.hold"].browse(hold)
        self.assertEqual((record.state, record.ended_at), ("released", self.at(3)))
        self.assert_books()

    def test_overdue_holds_are_released_in_batches(self):
        self.accrue(10, 0)
        for _number in range(3):
            self.hold(2, 1, 2)
        self.hold(2, 1, 9)
        self.assertEqual([self.ledger._release_overdue(self.at(3), limit=2) for _run in range(3)], [2, 1, 0])
        self.assertEqual(self.balance(3), Balance(active=10, held=2, available=8))
        self.assert_books()

    # reversal

    def test_returned_points_go_back_to_their_lots(self):
        _, first = self.accrue(4, 0, expires=20)
        _, second = self.accrue(10, 0)
        spent = self.spend(7, 1)
        self.reverse(spent, day=2)
        self.assertEqual((first.remaining_minor, second.remaining_minor), (4, 10))
        self.assertTrue(first.is_open)
        self.assert_books()

    def test_points_returned_to_an_expired_lot_expire_at_once(self):
        self.accrue(4, 0, expires=5)
        spent = self.spend(4, 1)
        self.reverse(spent, day=6)
        self.assertEqual(self.balance(6), Balance())
        self.assertEqual(self.ledger._expire(self.at(7)), 0)
        self.assert_books()

    def test_earned_points_are_taken_back_from_their_lot_then_from_others_then_as_debt(self):
        earned, own = self.accrue(10, 0, expires=30)
        _, other = self.accrue(4, 0, expires=90)
        self.spend(8, 1)
        self.reverse(earned, day=2)
        self.assertEqual((own.remaining_minor, other.remaining_minor), (0, 0))
        self.assertEqual(self.balance(2), Balance(debt=4, available=-4))
        self.assert_books()

    def test_what_has_expired_is_not_taken_back_again(self):
        earned, _ = self.accrue(10, 0, expires=5)
        self.accrue(20, 0)
        self.spend(3, 1)
        self.ledger._expire(self.at(6))
        self.reverse(earned, day=7)
        self.assertEqual(self.available(7), 17)
        self.assert_books()

    def test_what_has_repaid_a_debt_before_it_expired_is_taken_back(self):
        earned, _ = self.accrue(10, 0, active=2, expires=5)
        self.spend(4, 1, overrun=True)
        self.ledger._expire(self.at(6))
        self.reverse(earned, day=7)
        self.assertEqual(self.balance(7), Balance(debt=4, available=-4))
        self.assert_books()

    def test_a_whole_return_restores_the_balance(self):
        self.accrue(30, 0)
        spent = self.spend(12, 1)
        earned, _ = self.accrue(5, 1, active=9)
        before = self.balance(0)
        self.reverse(spent, earned, day=2)
        self.assertEqual(self.balance(2), before)
        self.assert_books()

    def test_a_reversed_overrun_gives_back_what_lots_have_repaid(self):
        spent = self.spend(10, 0, overrun=True)
        self.accrue(6, 1)
        _, lot = self.accrue(9, 2)
        self.assertEqual(self.balance(2), Balance(active=5, available=5))
        self.reverse(spent, day=3)
        self.assertEqual(self.balance(3), Balance(active=15, available=15))
        self.assertEqual(lot.remaining_minor, 9)
        self.assert_books()

    def test_a_transaction_is_reversed_once(self):
        self.accrue(10, 0)
        spent = self.spend(4, 1)
        (reversal,) = self.reverse(spent, day=2)
        self.assertEqual(reversal.given, {self.account: 4})
        self.assertEqual(self.reverse(spent, day=2), [Reversed()])
        with self.refused("reversal_exceeds"):
            self.reverse((spent, 1), day=2)
        with self.refused("not_reversible"):
            self.reverse(reversal.transaction_id, day=3)
        with self.refused("not_reversible"):
            self.reverse(0, day=3)
        self.assertEqual(self.available(3), 10)

    def test_parts_come_back_last_drawn_first_and_never_more_than_was_taken(self):
        _, first = self.accrue(4, 0, expires=20)
        _, second = self.accrue(3, 0, expires=30)
        spent = self.spend(9, 1, overrun=True)
        self.assertEqual(self.balance(1), Balance(debt=2, available=-2))
        self.reverse((spent, 3), day=2)
        self.assertEqual((first.remaining_minor, second.remaining_minor), (0, 1))
        self.assertEqual(self.balance(2), Balance(active=1, available=1))
        with self.refused("reversal_exceeds"):
            self.reverse((spent, 7), day=2)
        with self.refused("bad_amount"):
            self.reverse((spent, -1), day=2)
        self.reverse((spent, 2), (spent, 1), (spent, 0), day=2)
        self.assertEqual((first.remaining_minor, second.remaining_minor), (1, 3))
        (rest,) = self.reverse(spent, day=3)
        self.assertEqual(rest.given, {self.account: 3})
        self.assertEqual((first.remaining_minor, second.remaining_minor), (4, 3))
        self.assert_books()

    def test_parts_are_taken_back_never_more_than_was_earned(self):
        earned, own = self.accrue(10, 0, expires=30)
        _, other = self.accrue(4, 0, expires=90)
        self.spend(8, 1)
        self.reverse((earned, 3), day=2)
        self.assertEqual((own.remaining_minor, other.remaining_minor), (0, 3))
        (rest,) = self.reverse(earned, day=3)
        self.assertEqual(rest.taken, {self.account: 7})
        self.assertEqual(self.balance(3), Balance(debt=4, available=-4))
        self.assertEqual(self.reverse(earned, day=4), [Reversed()])
        self.assert_books()

    def test_what_cannot_be_taken_back_is_forgiven_where_debt_is_not_allowed(self):
        earned, _ = self.accrue(10, 0)
        self.spend(8, 1)
        (part,) = self.reverse((earned, 5), day=2, is_debt_allowed=False)
        self.assertEqual((part.taken, part.forgiven), ({self.account: 2}, {self.account: 3}))
        self.assertEqual(self.balance(2), Balance())
        self.accrue(9, 3)
        (rest,) = self.reverse(earned, day=4, is_debt_allowed=False)
        self.assertEqual((rest.taken, rest.forgiven), ({self.account: 5}, {}))
        self.assertEqual(self.balance(4), Balance(active=4, available=4))
        self.assert_books()

    def test_what_has_expired_counts_once_over_all_parts(self):
        earned, _ = self.accrue(10, 0, expires=5)
        self.accrue(20, 0)
        self.spend(3, 1)
        self.ledger._expire(self.at(6))
        taken = [self.reverse((earned, amount), day=7)[0].taken for amount in (4, 4)]
        taken += [self.reverse(earned, day=7)[0].taken]
        self.assertEqual(taken, [{}, {self.account: 1}, {self.account: 2}])
        self.assertEqual(self.available(7), 17)
        self.assert_books()

    def test_what_comes_back_to_an_expired_lot_may_live_until_the_end_of_a_grace_period(self):
        earned, old = self.accrue(4, 0, expires=5)
        _, alive = self.accrue(6, 0, expires=30)
        spent = self.spend(7, 1)
        (part,) = self.reverse((spent, 5), day=6, grace_until=self.at(20))
        self.assertEqual((part.given, part.expired), ({self.account: 5}, {}))
        heir = self.env["loy.lot"].search([("origin_id", "=", old.id)])
        self.assertEqual((heir.remaining_minor, heir.active_from, heir.expires_at), (2, self.at(6), self.at(20)))
        self.assertEqual((old.remaining_minor, alive.remaining_minor), (0, 6))
        (rest,) = self.reverse(spent, day=7)
        self.assertEqual((rest.given, rest.expired), ({self.account: 2}, {self.account: 2}))
        self.assertEqual(self.balance(7).available, 8)
        # What the lot has passed on is still what was earned then.
        (back,) = self.reverse((earned, 3), day=8)
        self.assertEqual((back.taken, heir.remaining_minor, alive.remaining_minor), ({self.account: 2}, 0, 6))
        self.assert_books()

    def test_a_return_takes_first_what_it_has_given_back(self):
        self.accrue(10, 0)
        spent = self.spend(10, 1)
        earned, _ = self.accrue(4, 1)
        self.spend(4, 2)
        taken, given = self.reverse(earned, spent, day=3)
        self.assertEqual((taken.taken, given.given), ({self.account: 4}, {self.account: 10}))
        self.assertEqual(self.balance(3), Balance(active=6, available=6))
        self.assertEqual(
            self.ledger._moved([taken.transaction_id, given.transaction_id]), [("TEST_BONUS", 10, 4)]
        )
        self.assert_books()

    def test_a_write_off_has_a_reason_and_can_be_reversed(self):
        self.accrue(10, 0)
        reason = self.env["loy.reason"].create({"code": "TEST", "name": "Test", "usage": "write_off"})
        booked = self.ledger._write_off(self.account, 4, at=self.at(1), reason_id=reason.id, note="By hand")
        header = self.env["loy.transaction"].browse(booked)
        self.assertEqual((header.kind, header.reason_id, header.note), ("adjust", reason, "By hand"))
        self.assertEqual(self.available(1), 6)
        self.reverse(booked, day=2)
        self.assertEqual(self.available(2), 10)

    # statement

    def test_a_statement_is_in_the_order_of_booking_with_the_balance_after_each(self):
        self.accrue(50, 0)
        self.spend(10, 6)
        self.spend(20, 2)
        rows = self.ledger._statement(self.account)
        self.assertEqual([row["delta_minor"] for row in rows], [-20, -10, 50])
        self.assertEqual([row["balance_after_minor"] for row in rows], [20, 40, 50])
        self.assertEqual(rows[0]["author_id"], self.env.uid)
        self.assertEqual(
            [
                row["delta_minor"]
                for row in self.ledger._statement(self.account, before=rows[0]["id"], limit=1)
            ],
            [-10],
        )
        bounded = self.ledger._statement(self.account, from_=self.at(2), to=self.at(6))
        self.assertEqual([row["delta_minor"] for row in bounded], [-20])

    def test_what_expires_soon_is_told_by_local_day(self):
        self.accrue(5, 0, expires=3)
        self.accrue(2, 0, expires=3)
        self.accrue(9, 0, expires=50)
        self.assertEqual(
            self.ledger._expiring([self.account], self.at(0), tz="Asia/Tokyo"),
            {self.account: [(7, date(2026, 3, 4))]},
        )

    # books, sizes, cost

    def test_books_tell_what_differs(self):
        self.accrue(10, 0)
        self.env.cr.execute("UPDATE loy_account SET total_minor = 11 WHERE id = %s", [self.account])
        books = self.ledger._check_books()
        laws = {row["law"] for row in books["differences"] if row["id"] == self.account}
        self.assertEqual(laws, {"balance_is_fold_of_entries", "total_is_sum_of_lots"})
        self.assertFalse(books["ok"])

    def test_ids_and_amounts_are_wider_than_four_bytes(self):
        for table in ("loy_lot", "loy_entry", "loy_transaction"):
            self.env.cr.execute(f"SELECT setval('{table}_id_seq', 3000000000)")  # pylint: disable=sql-injection
        _, lot = self.accrue(5_000_000_000, 0)
        self.assertGreater(lot.id, 3_000_000_000)
        self.assertEqual(lot.amount, 5e9)
        self.spend(4_999_999_999, 1)
        self.assertEqual(self.env["loy.account"].browse(self.account).total_minor, 1)
        self.assert_books()

    def test_the_number_of_queries_does_not_grow(self):
        members = self.env["res.partner"].create([{"name": f"Member {number}"} for number in range(20)])
        accounts = list(self.ledger._accounts(members.ids, [self.bonus.id], create=True).values())

        def run(accounts):
            counts = []
            for call in (
                lambda: self.ledger._accrue(
                    [Accrual(account, 10, expires_at=self.at(5)) for account in accounts] * 3,
                    at=self.start, source=SOURCE,
                ),
                lambda: self.ledger._spend(dict.fromkeys(accounts, 15), at=self.at(1), source=SOURCE),
                lambda: self.ledger._hold(
                    dict.fromkeys(accounts, 5), at=self.at(1), deadline_at=self.at(2), source=SOURCE
                ),
                lambda: self.ledger._balances(accounts),
                lambda: self.ledger._expire(self.at(9)),
            ):  # fmt: skip
                self.env.flush_all()
                before = self.env.cr.sql_log_count
                call()
                counts.append(self.env.cr.sql_log_count - before)
            return counts

        run(accounts[:1])
        one = run(accounts[1:2])
        self.assertEqual(run(accounts[2:]), one)
        for count, limit in zip(one, (7, 8, 7, 1, 9), strict=True):
            self.assertLessEqual(count, limit, one)
