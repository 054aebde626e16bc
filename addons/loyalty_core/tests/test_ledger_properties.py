"""Whatever happens in whatever order, the ledger says what the plain model says, and its books balance."""

import os
from dataclasses import astuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import tagged
from odoo.tools import SQL

from ..services.errors import LoyaltyError
from ..services.posting import Accrual, Reversal
from .ledger_common import LARGE, ONLINE, SOURCE, LedgerCase
from .ledger_model import NEVER, Model, Refused

# A night run asks for more.
HISTORIES = int(os.environ.get("LOY_HISTORIES", "500"))
STEPS = int(os.environ.get("LOY_STEPS", "50"))
MEMBERS = 3  # of one unit; the account after them is of another
RATE = 3

who = st.sampled_from([0, 0, 0, 1, 1, 2, MEMBERS])
member = st.integers(0, MEMBERS - 1)
amounts = st.integers(1, 30)
late = st.sampled_from([0, 0, 0, 1, 3, 8])
part = st.one_of(st.none(), st.integers(1, 12))
#: Which of two terms hold on a receipt.
HOLDING = [(), (0,), (1,), (0, 1)]
holding = st.sampled_from(HOLDING)
step = st.one_of(
    st.tuples(
        st.just("accrue"), who, amounts, st.sampled_from([0, 0, 2, 6]), st.sampled_from([1, 3, 8, 20, None]), late,
        st.sampled_from([None, None, 0, 1]),
    ),
    st.tuples(st.just("spend"), who, amounts, st.booleans(), late, holding),
    st.tuples(st.just("hold"), who, amounts, st.integers(1, 6), holding),
    st.tuples(st.just("settle"), st.integers(0, 5), st.one_of(st.none(), st.integers(0, 20))),
    st.tuples(st.just("release"), st.integers(0, 5)),
    st.tuples(st.just("reverse"), st.integers(0, 9), part, st.booleans()),
    st.tuples(st.just("reverse"), st.integers(0, 40), part, st.booleans()),
    st.tuples(st.just("transfer"), member, member, amounts, late),
    st.tuples(st.just("convert"), member, st.booleans(), amounts, st.sampled_from([2, 9, None])),
    st.tuples(st.just("merge"), member, member),
    st.tuples(st.just("expire")),
    st.tuples(st.just("overdue")),
    st.tuples(st.just("wait"), st.integers(1, 5)),
)


class _Pair:
    """The ledger and the model, led through the same history."""

    def __init__(self, case):
        self.case, self.ledger, self.model = case, case.ledger, Model()
        self.today = 0
        self.transactions, self.holds = [], []

    def run(self, step):
        name, *values = step
        getattr(self, f"do_{name}")(*values)
        self.case.assertEqual(self.stored(), self.expected(), step)

    def both(self, real, plain):
        """Both do it, or both refuse with the same code; returns what the ledger returned."""
        held = [lot.held for lot in self.model.lots]
        ended = [hold.ended for hold in self.model.holds]
        try:
            plain()
        except Refused as refusal:
            # What is refused leaves nothing behind, not even the release of an overdue hold that it began with.
            for lot, before in zip(self.model.lots, held, strict=True):
                lot.held = before
            for hold, before in zip(self.model.holds, ended, strict=True):
                hold.ended = before
            with (
                self.case.assertRaisesRegex(LoyaltyError, f"^{refusal.args[0]}: "),
                self.case.env.cr.savepoint(flush=False),
            ):
                real()
            return None
        return real()

    def book(self, real, plain):
        """As `both`, of what can be reversed: the transaction is remembered if it moved anything."""
        before = len(self.model.transactions)
        transaction = self.both(real, plain)
        if len(self.model.transactions) > before:
            self.transactions.append(transaction)

    def at(self, day):
        return self.case.at(day)

    def day(self, late):
        return max(self.today - late, 0)

    def account(self, number):
        """The account that counts for the member now: (its number, its id)."""
        number = self.model.heir(number)
        return number, self.case.accounts[number]

    def do_wait(self, days):
        self.today += days

    def do_accrue(self, number, amount, delay, life, late, terms):
        day = self.day(late)
        active = day + delay
        expires = None if life is None else active + life
        number, account = self.account(number)
        accrual = Accrual(
            account,
            amount,
            active_from=self.at(active),
            expires_at=None if expires is None else self.at(expires),
            terms_id=None if terms is None else self.case.terms[terms],
        )
        self.book(
            lambda: self.ledger._accrue([accrual], at=self.at(day), source=SOURCE)[0],
            lambda: self.model.accrue(day, number, amount, active, NEVER if expires is None else expires, terms),
        )

    def do_spend(self, number, amount, overrun, late, terms):
        day = self.day(late)
        number, account = self.account(number)
        self.book(
            lambda: self.case.spend(amount, day, account=account, overrun=overrun, terms=self.named(terms)),
            lambda: self.model.spend(day, number, amount, overrun, terms),
        )

    def named(self, terms):
        return [self.case.terms[one] for one in terms]

    def do_hold(self, number, amount, days, terms):
        deadline = self.today + days
        number, account = self.account(number)
        hold = self.both(
            lambda: self.case.hold(amount, self.today, deadline, account=account, terms=self.named(terms)),
            lambda: self.model.hold(self.today, number, amount, deadline, terms),
        )
        if hold:
            self.holds.append(hold)

    def do_settle(self, number, amount):
        if self.holds:
            number %= len(self.holds)
            account = self.case.accounts[self.model.holds[number].account]
            asked = None if amount is None else {account: amount}
            self.book(
                lambda: self.ledger._settle(
                    self.holds[number], at=self.at(self.today), source=SOURCE, amounts=asked
                ),
                lambda: self.model.settle(self.today, number, amount),
            )

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
            account = self.case.accounts[self.model.transactions[number][0]]
            reversal = Reversal(self.transactions[number], None if amount is None else {account: amount})
            self.both(
                lambda: self.ledger._reverse(
                    [reversal], at=self.at(self.today), source=SOURCE, is_debt_allowed=is_debt_allowed
                ),
                lambda: self.model.reverse(self.today, number, amount, is_debt_allowed),
            )

    def do_transfer(self, number, to, amount, late):
        day = self.day(late)
        (number, account), (to, other) = self.account(number), self.account(to)
        self.both(
            lambda: self.ledger._transfer(account, other, amount, at=self.at(day), source=SOURCE),
            lambda: self.model.transfer(day, number, to, amount),
        )

    def do_convert(self, number, is_back, amount, life):
        (number, account), (to, other) = self.account(number), self.account(MEMBERS)
        gain = amount * RATE
        if is_back:
            (number, account), (to, other), gain = (to, other), (number, account), (amount + 1) // 2
        expires = None if life is None else self.today + life
        lot = Accrual(other, gain, expires_at=None if expires is None else self.at(expires))
        self.both(
            lambda: self.ledger._convert(account, amount, lot, at=self.at(self.today), source=SOURCE),
            lambda: self.model.convert(
                self.today, number, to, amount, gain, NEVER if expires is None else expires
            ),
        )

    def do_merge(self, number, to):
        if self.model.heir(number) != self.model.heir(to):
            members = self.case.members
            self.both(
                lambda: self.case.absorb(members[number], members[to], self.today),
                lambda: self.model.merge(self.today, number, self.model.heir(to)),
            )

    def do_expire(self):
        self.ledger._expire(self.at(self.today))
        self.model.expire(self.today)

    def do_overdue(self):
        self.ledger._release_overdue(self.at(self.today))
        self.model.free_overdue(self.today)

    def stored(self):
        """The lots and the accounts as they are in the tables."""
        rows = self.case.env.execute_query(
            SQL(
                """
                SELECT account_id, id, remaining_minor, held_minor, 0, is_open FROM loy_lot WHERE account_id = ANY(%s)
                 UNION ALL
                SELECT id, 0, total_minor, held_minor, debt_minor, successor_id IS NOT NULL
                  FROM loy_account WHERE id = ANY(%s)
                 ORDER BY 2, 1
                """,
                self.case.accounts,
                self.case.accounts,
            )
        )
        return [(account, *amounts) for account, _lot, *amounts in rows]

    def expected(self):
        lots, accounts = self.model.lots, self.case.accounts
        return [
            (
                account,
                sum(lot.remaining for lot in lots if lot.account == number),
                sum(lot.held for lot in lots if lot.account == number),
                self.model.debts[number],
                number in self.model.heirs,
            )
            for number, account in enumerate(accounts)
        ] + [(accounts[lot.account], lot.remaining, lot.held, 0, lot.remaining > 0) for lot in lots]

    def compare_spendable(self):
        """Whichever terms hold, what is told can be taken; without any, and with all, it is all that can."""
        self.model.free_overdue(self.today)
        spendable = self.ledger._spendable(self.case.accounts, self.at(self.today))
        for number, account in enumerate(self.case.accounts):
            told = spendable[account]
            for terms in HOLDING:
                amount = told.free + sum(told.conditional.get(one, 0) for one in self.named(terms))
                most = max(0, self.model.most(number, self.today, terms))
                self.case.assertLessEqual(amount, most, (number, terms))
                if len(terms) != 1:
                    self.case.assertEqual(amount, most, (number, terms))

    def compare_balances(self):
        """At a dozen moments from before the beginning until after the end."""
        accounts, last = self.case.accounts, self.today + 12
        for day in range(-1, last + 1, max(last // 12, 1)):
            balances = self.ledger._balances(accounts, self.at(day))
            self.case.assertEqual(
                [astuple(balances[account])[:5] for account in accounts],
                [self.model.balance(number, day) for number in range(len(accounts))],
                f"day {day}",
            )


@tagged("post_install", "-at_install")
class TestLedgerProperties(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.members = cls.env["res.partner"].create([{"name": f"Member {number}"} for number in range(MEMBERS)])
        cls.accounts = [cls.account_of(one) for one in cls.members] + [cls.account_of(cls.member, cls.wallet)]
        cls.terms = cls.ledger._terms(cls.env.company.id, [LARGE, ONLINE])

    @settings(
        max_examples=HISTORIES,
        deadline=None,
        derandomize="LOY_HISTORIES" not in os.environ,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(step, min_size=STEPS, max_size=STEPS))
    def test_any_history_agrees_with_the_plain_model(self, history):
        savepoint = self.env.cr.savepoint(flush=False)
        try:
            pair = _Pair(self)
            for step in history:
                pair.run(step)
            pair.compare_balances()
            pair.compare_spendable()
            self.assert_books()
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all(flush=False)
