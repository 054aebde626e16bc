"""Whatever happens in whatever order, the ledger says what the plain model says, and its books balance."""

import os
from copy import deepcopy
from dataclasses import astuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import tagged

from ..services.errors import LoyaltyError
from .ledger_common import SOURCE, LedgerCase
from .ledger_model import NEVER, Model, Refused

# Enough to meet every pair of operations; a night run asks for more.
HISTORIES = int(os.environ.get("LOY_HISTORIES", "60"))
STEPS = int(os.environ.get("LOY_STEPS", "25"))

amounts = st.integers(1, 30)
late = st.sampled_from([0, 0, 0, 1, 3, 8])
step = st.one_of(
    st.tuples(
        st.just("accrue"), amounts, st.sampled_from([0, 0, 2, 6]), st.sampled_from([1, 3, 8, 20, None])
    ),
    st.tuples(st.just("spend"), amounts, st.booleans(), late),
    st.tuples(st.just("hold"), amounts, st.integers(1, 6)),
    st.tuples(st.just("settle"), st.integers(0, 5), st.one_of(st.none(), st.integers(0, 20))),
    st.tuples(st.just("release"), st.integers(0, 5)),
    st.tuples(st.just("reverse"), st.integers(0, 9), st.one_of(st.none(), st.integers(1, 12)), st.booleans()),
    st.tuples(st.just("expire")),
    st.tuples(st.just("overdue")),
    st.tuples(st.just("wait"), st.integers(1, 5)),
)


class _Pair:
    """The ledger and the model, led through the same history."""

    def __init__(self, case):
        self.case, self.ledger, self.model = case, case.ledger, Model()
        self.today = 0
        self.transactions, self.holds, self.lots = [], [], []

    def run(self, step):
        name, *values = step
        getattr(self, f"do_{name}")(*values)
        self.case.assertEqual(self.stored(), self.expected(), step)

    def both(self, real, plain):
        """Both do it, or both refuse with the same code; returns what the ledger returned."""
        before = deepcopy(self.model)
        try:
            plain()
        except Refused as refusal:
            # What is refused leaves nothing behind, not even the release of an overdue hold that it began
            # with.
            self.model = before
            with (
                self.case.assertRaisesRegex(LoyaltyError, f"^{refusal.args[0]}: "),
                self.case.env.cr.savepoint(),
            ):
                real()
            return None
        return real()

    def at(self, day):
        return self.case.at(day)

    def do_wait(self, days):
        self.today += days

    def do_accrue(self, amount, delay, life):
        day, active = self.today, self.today + delay
        expires = NEVER if life is None else active + life
        transaction, lot = self.case.accrue(
            amount, day, active=active, expires=None if life is None else active + life
        )
        self.model.accrue(day, amount, active, expires)
        self.transactions.append(transaction)
        self.lots.append(lot.id)

    def do_spend(self, amount, overrun, late):
        day = max(self.today - late, 0)
        transaction = self.both(
            lambda: self.case.spend(amount, day, overrun=overrun),
            lambda: self.model.spend(day, amount, overrun),
        )
        if transaction:
            self.transactions.append(transaction)

    def do_hold(self, amount, days):
        deadline = self.today + days
        hold = self.both(
            lambda: self.case.hold(amount, self.today, deadline),
            lambda: self.model.hold(self.today, amount, deadline),
        )
        if hold:
            self.holds.append(hold)

    def do_settle(self, number, amount):
        if not self.holds:
            return
        number %= len(self.holds)
        asked = None if amount is None else {self.case.account: amount}
        before = len(self.model.transactions)
        transaction = self.both(
            lambda: self.ledger._settle(
                self.holds[number], at=self.at(self.today), source=SOURCE, amounts=asked
            ),
            lambda: self.model.settle(self.today, number, amount),
        )
        if len(self.model.transactions) > before:
            self.transactions.append(transaction)

    def do_release(self, number):
        if self.holds:
            number %= len(self.holds)
            self.both(
                lambda: self.ledger._release(self.holds[number], at=self.at(self.today)),
                lambda: self.model.release(self.today, number),
            )

    def do_reverse(self, number, amount, is_debt_allowed):
        if self.transactions:
            number %= len(self.transactions)
            asked = self.transactions[number] if amount is None else (self.transactions[number], amount)
            self.both(
                lambda: self.case.reverse(asked, day=self.today, is_debt_allowed=is_debt_allowed),
                lambda: self.model.reverse(self.today, number, amount, is_debt_allowed),
            )

    def do_expire(self):
        self.ledger._expire(self.at(self.today))
        self.model.expire(self.today)

    def do_overdue(self):
        self.ledger._release_overdue(self.at(self.today))
        self.model.free_overdue(self.today)

    def stored(self):
        """The lots and the account as they are in the tables."""
        lots = self.case.env["loy.lot"].browse(self.lots)
        account = self.case.env["loy.account"].browse(self.case.account)
        return (
            [(lot.remaining_minor, lot.held_minor, lot.is_open) for lot in lots],
            (account.total_minor, account.held_minor, account.debt_minor),
        )

    def expected(self):
        lots = self.model.lots
        return (
            [(lot.remaining, lot.held, lot.remaining > 0) for lot in lots],
            (sum(lot.remaining for lot in lots), sum(lot.held for lot in lots), self.model.debt),
        )


@tagged("post_install", "-at_install")
class TestLedgerProperties(LedgerCase):
    @settings(
        max_examples=HISTORIES,
        deadline=None,
        derandomize="LOY_HISTORIES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(step, min_size=10, max_size=STEPS))
    def test_any_history_agrees_with_the_plain_model(self, history):
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            pair = _Pair(self)
            for step in history:
                pair.run(step)
            for day in range(-1, pair.today + 12):
                self.assertEqual(
                    astuple(self.balance(day)), pair.model.balance(day), f"day {day} of {history}"
                )
            self.assert_books()
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
