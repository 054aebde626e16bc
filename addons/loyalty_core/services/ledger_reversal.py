"""Reversal: what a transaction has moved is undone, whole or in parts, by new transactions.

A transaction moved something on each of its accounts by *parts*: one for each lot, one for the debt. They are undone
from the last to the first, so how much was undone before says which parts are left: any number of reversals, in any
order, never undo more than there was.

- *Give back* (what was spent): to the lots it came from, the last drawn first; debt was drawn last, so it goes first.
- *Take back* (what was earned): from the lot itself and those it passed on into; what these have lost by expiry is gone
  already; then from other lots of the account; what is missing still becomes debt, or is forgiven.

Where the account has passed on to another one (its *heir*), all of it is booked on the account where it happened and
moves through transit between this one and its heir, within the same transaction: the old account stays empty.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from odoo import models

from ..sql import ledger as sql
from ..sql import reversal as reversal_sql
from .errors import LoyaltyError
from .posting import Account, Accrual, Posting, Reversal, Reversed, Source

REVERSIBLE = ("accrue", "spend", "settle", "adjust")


@dataclass(slots=True)
class _Part:
    """What a transaction moved by one lot, or by the debt: how much of it is not undone yet."""

    lot: int | None
    expires_at: datetime | None
    other: int  # the account on the other side
    left: int


@dataclass(slots=True)
class _Fact:
    """A transaction that was earned (``is_gift``) or spent, by account."""

    id: int
    company_id: int
    is_gift: bool
    parts: dict[int, list[_Part]] = field(default_factory=lambda: defaultdict(list))

    def left(self, account_id: int) -> int:
        return sum(part.left for part in self.parts.get(account_id, ()))

    def draw(self, account_id: int, amount: int) -> list[tuple[int, _Part, int]]:
        """Undo so much, the last part first: [(account_id, part, amount)]."""
        drawn = []
        for part in reversed(self.parts[account_id]):
            if portion := min(part.left, amount):
                part.left -= portion
                amount -= portion
                drawn.append((account_id, part, portion))
        return drawn


@dataclass(slots=True)
class _Undoing:
    """A reversal on its way: the parts that it is to undo, and what that comes to."""

    fact: _Fact
    portions: list[tuple[int, _Part, int]]
    header: int = 0
    amounts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))

    def note(self, name: str, account_id: int, amount: int) -> None:
        self.amounts[name][account_id] += amount


class LoyLedgerReversal(models.AbstractModel):
    """A chapter of `loy.ledger`."""

    _name = "loy.ledger.reversal"
    _description = "Ledger: reversals"

    def _reverse(
        self, reversals: Iterable[Reversal], *, at: datetime, source: Source,
        is_debt_allowed: bool = True, grace_until: datetime | None = None,
    ) -> list[Reversed]:  # fmt: skip
        """Undo transactions whole or in parts, by one new transaction each. Returns what was really moved, in order.

        Over any series of reversals no more comes back, and no more is taken back, than was moved: `reversal_exceeds`.
        A reversal without amounts undoes what those before have left, be it nothing.

        What is given back to a lot that has expired meanwhile expires at once, or lives on in a new lot until
        ``grace_until``. What is to be taken back and is not there any more becomes debt, or is forgiven.

        `not_reversible` for what was neither earned nor spent, `bad_amount` below zero.
        """
        reversals = list(reversals)
        if not reversals:
            return []
        facts = self._facts(reversals)
        accounts = self._lock_families(account_id for fact in facts.values() for account_id in fact.parts)
        for transaction_id, account_id, amount in self.env.execute_query(reversal_sql.undone(facts)):
            facts[transaction_id].draw(account_id, amount)
        undoings = [self._undoing(facts[reversal.transaction_id], reversal) for reversal in reversals]
        results: dict[int, Reversed] = {}
        # First what comes back: it may be what is to be taken.
        for is_gift in (False, True):
            due = [undoing for undoing in undoings if undoing.portions and undoing.fact.is_gift is is_gift]
            if not due:
                continue
            posting = Posting(self, accounts, at, source)
            for undoing in due:
                undoing.header = posting.header(
                    "reverse", reverses_id=undoing.fact.id, company_id=undoing.fact.company_id
                )
            if is_gift:
                self._take_back(posting, due, is_debt_allowed)
            else:
                self._give_back(posting, due, grace_until)
            ids = posting.write()
            results |= {
                id(undoing): Reversed(ids[undoing.header], **{k: dict(v) for k, v in undoing.amounts.items()})
                for undoing in due
            }
        return [results.get(id(undoing), Reversed()) for undoing in undoings]

    def _facts(self, reversals: list[Reversal]) -> dict[int, _Fact]:
        """The transactions and the parts by which they moved; nothing of that ever changes."""
        facts: dict[int, _Fact] = {}
        wanted = {reversal.transaction_id for reversal in reversals}
        for row in self.env.execute_query(reversal_sql.parts(wanted)):
            transaction_id, kind, company_id, account_id, lot, expires_at, delta, other = row
            if kind in REVERSIBLE:
                fact = facts.setdefault(transaction_id, _Fact(transaction_id, company_id, delta > 0))
                fact.parts[account_id].append(_Part(lot, expires_at, other, abs(delta)))
        if strange := wanted - facts.keys():
            raise LoyaltyError(
                "not_reversible", self.env._("Transaction %(id)s cannot be reversed", id=min(strange))
            )
        return facts

    def _undoing(self, fact: _Fact, reversal: Reversal) -> _Undoing:
        """The parts that this reversal is to undo; what it draws is not there for the next."""
        amounts = reversal.amounts
        if amounts is None:
            amounts = {account_id: fact.left(account_id) for account_id in fact.parts}
        elif any(not isinstance(amount, int) or amount < 0 for amount in amounts.values()):
            raise LoyaltyError("bad_amount", self.env._("An amount to reverse must be a whole number of minor units"))
        undoing = _Undoing(fact, [])
        for account_id, amount in sorted(amounts.items()):
            if amount > fact.left(account_id):
                raise LoyaltyError(
                    "reversal_exceeds",
                    self.env._(
                        "Of transaction %(id)s only %(left)s minor units are left to reverse, not %(amount)s",
                        id=fact.id,
                        left=fact.left(account_id),
                        amount=amount,
                    ),
                )
            if amount:
                undoing.portions += fact.draw(account_id, amount)
        return undoing

    # ------------------------------------------------------------------ what was spent

    def _give_back(self, posting: Posting, undoings: list[_Undoing], grace_until: datetime | None) -> None:
        """Return what was taken to its lots, and from there to where the account and its time have gone on."""
        accounts = posting.accounts
        heirs = {
            accounts[account_id].heir_id
            for undoing in undoings
            for account_id, part, _amount in undoing.portions
            if part.lot is None
        }
        payers = self._payers(accounts, heirs)
        landed: list[tuple[_Undoing, int, int, datetime | None, int]] = []
        for undoing in undoings:
            for account_id, part, amount in undoing.portions:
                undoing.note("given", account_id, amount)
                if part.lot is not None:
                    posting.move(undoing.header, account_id, part.lot, amount, part.other)
                    landed.append((undoing, account_id, part.lot, part.expires_at, amount))
                    continue
                # Debt that lots have repaid meanwhile: they get back what they paid, the latest first.
                heir_id = accounts[account_id].heir_id
                restored = _draw_payers(payers[heir_id], amount - accounts[heir_id].debt)
                for payer_id, lot, expires_at, paid in restored:
                    posting.repay(undoing.header, payer_id, lot, -paid)
                    landed.append((undoing, payer_id, lot, expires_at, paid))
                posting.move(undoing.header, account_id, None, amount, part.other)
                for payer_id, _lot, _expires_at, paid in restored:
                    posting.pass_debt(undoing.header, account_id, payer_id, -paid)
                posting.pass_debt(undoing.header, account_id, heir_id, sum(one[3] for one in restored) - amount)
        self._settle_down(posting, landed, grace_until)

    def _payers(self, accounts: dict[int, Account], heir_ids: set[int]) -> dict[int, list[list]]:
        """Lots that have repaid debt of an account or of those that it continues, {account_id: [[account_id, lot_id,
        expires_at, amount]]}, the latest last.
        """
        payers: dict[int, list[list]] = defaultdict(list)
        if heir_ids:
            family = [account.id for account in accounts.values() if account.heir_id in heir_ids]
            for payer in self.env.execute_query(reversal_sql.repaid(family)):
                payers[accounts[payer[0]].heir_id].append(list(payer))
        return payers

    def _settle_down(
        self, posting: Posting, landed: list[tuple[_Undoing, int, int, datetime | None, int]],
        grace_until: datetime | None,
    ) -> None:  # fmt: skip
        """What came back to a lot stays there, unless the account has passed on, which it follows, or the lot has
        expired: then it expires too, or has until the end of its grace.
        """
        accounts, at = posting.accounts, posting.at
        grace_until = grace_until if grace_until and grace_until > at else None
        moving = [
            one for one in landed if accounts[one[1]].heir_id != one[1] or (one[3] is not None and one[3] <= at)
        ]
        if not moving:
            return
        query = reversal_sql.terms({lot for _undoing, _account_id, lot, _expires_at, _amount in moving})
        terms = {lot: rest for lot, *rest in self.env.execute_query(query)}
        headers: dict[int, int] = {}
        for undoing, account_id, lot, expires_at, amount in moving:
            active_from, own_expires_at, promotion_code, company_id, terms_id = terms[lot]
            is_expired = expires_at is not None and expires_at <= at
            if is_expired and not grace_until:
                if company_id not in headers:
                    headers[company_id] = posting.header("expire", company_id=company_id)
                posting.move(headers[company_id], account_id, lot, -amount, ("expired", company_id))
                undoing.note("expired", account_id, amount)
                continue
            heir = Accrual(
                accounts[account_id].heir_id,
                amount,
                active_from=at if is_expired else active_from,
                expires_at=grace_until if is_expired else own_expires_at,
                promotion_code=promotion_code or "",
                origin_id=lot,
                company_id=company_id,
                terms_id=terms_id,
            )
            posting.pass_on(undoing.header, account_id, lot, heir)

    # ------------------------------------------------------------------ what was earned

    def _take_back(self, posting: Posting, undoings: list[_Undoing], is_debt_allowed: bool) -> None:
        """Take what was given: where it is, and what is not there from elsewhere."""
        family = self._offspring(
            part.lot for undoing in undoings for _account_id, part, _amount in undoing.portions if part.lot
        )
        used: dict[int, int] = defaultdict(int)
        missing: list[tuple[_Undoing, int, int, int]] = []
        for undoing in undoings:
            for account_id, part, amount in undoing.portions:
                for lot in family.get(part.lot, ()):
                    if taken := min(lot.free, amount):
                        self._collect(posting, undoing, account_id, (lot.account_id, lot.id), taken, part.other)
                        lot.free -= taken
                        used[lot.id] += taken
                        amount -= taken
                for lot in family.get(part.lot, ()):
                    if lost := min(lot.expired, amount):
                        # It was never earned, so it has not expired either.
                        posting.move(undoing.header, lot.account_id, lot.id, lost, ("expired", lot.company_id))
                        self._withdraw(posting, undoing, account_id, (lot.account_id, lot.id), lost, part.other)
                        lot.expired -= lost
                        amount -= lost
                if amount:
                    missing.append((undoing, account_id, amount, part.other))
        if missing:
            self._take_from_others(posting, missing, used, is_debt_allowed)

    def _take_from_others(
        self, posting: Posting, missing: list[tuple[_Undoing, int, int, int]], used: dict[int, int],
        is_debt_allowed: bool,
    ) -> None:  # fmt: skip
        """From other lots in the order of spending; what they lack is debt, or forgiven."""
        accounts = posting.accounts
        needs: dict[int, int] = defaultdict(int)
        for _undoing, account_id, amount, _other in missing:
            needs[accounts[account_id].heir_id] += amount
        free: dict[int, list[list[int]]] = defaultdict(list)
        # What was never earned is taken wherever something is, whatever that is good for.
        query = sql.take_from_lots(needs, posting.at, beyond=needs, used=used, is_pending_allowed=True)
        for lot, heir_id, _company, amount, _is_beyond in self.env.execute_query(query):
            free[heir_id].append([lot, amount])
        for undoing, account_id, amount, other in missing:
            heir_id = accounts[account_id].heir_id
            lots = free[heir_id]
            while amount and lots:
                taken = min(lots[0][1], amount)
                self._collect(posting, undoing, account_id, (heir_id, lots[0][0]), taken, other)
                amount -= taken
                lots[0][1] -= taken
                if not lots[0][1]:
                    lots.pop(0)
            if not amount:
                continue
            if is_debt_allowed:
                self._collect(posting, undoing, account_id, (heir_id, None), amount, other)
            else:
                posting.move(undoing.header, account_id, None, -amount, other)
                posting.move(undoing.header, account_id, None, amount, ("forgiven", undoing.fact.company_id))
                undoing.note("forgiven", account_id, amount)

    def _collect(
        self, posting: Posting, undoing: _Undoing, account_id: int, where: tuple[int, int | None], amount: int,
        other: int,
    ) -> None:  # fmt: skip
        """Out of a lot, or of the debt, as something that the member loses."""
        self._withdraw(posting, undoing, account_id, where, amount, other)
        undoing.note("taken", account_id, amount)

    def _withdraw(
        self, posting: Posting, undoing: _Undoing, account_id: int, where: tuple[int, int | None], amount: int,
        other: int,
    ) -> None:  # fmt: skip
        """Out of a lot, or of the debt, of the account itself or of one that continues it."""
        holder_id, lot = where
        if holder_id == account_id:
            posting.move(undoing.header, account_id, lot, -amount, other)
            return
        posting.move(undoing.header, account_id, None, -amount, other)
        posting.move(undoing.header, account_id, None, amount, ("transit", None))
        posting.move(undoing.header, holder_id, lot, -amount, ("transit", None))

    def _offspring(self, lot_ids: Iterable[int]) -> dict[int, list[_Lot]]:
        """Each lot and those into which it passed on, as far as they are the account's: {lot: [lot, …]}."""
        family: dict[int, list[_Lot]] = defaultdict(list)
        lots: dict[int, _Lot] = {}
        for root, lot, *rest in self.env.execute_query(reversal_sql.offspring(set(lot_ids))):
            family[root].append(lots.setdefault(lot, _Lot(lot, *rest)))
        return family


@dataclass(slots=True)
class _Lot:
    """A lot from which something is taken back."""

    id: int
    account_id: int
    company_id: int
    free: int
    expired: int


def _draw_payers(payers: list[list], amount: int) -> list[tuple[int, int, datetime | None, int]]:
    """Of the lots that have repaid a debt, those that get so much back: [(account, lot, expires_at, amount)]."""
    drawn = []
    while amount > 0:
        account_id, lot, expires_at, paid = payers[-1]
        portion = min(paid, amount)
        drawn.append((account_id, lot, expires_at, portion))
        payers[-1][3] -= portion
        amount -= portion
        if not payers[-1][3]:
            payers.pop()
    return drawn
