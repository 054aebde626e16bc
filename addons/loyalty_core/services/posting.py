"""The values that go into the ledger and come out of it, and the one way in which a booking is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..sql import ledger as sql
from ..sql.insert import insert_rows


@dataclass(frozen=True, slots=True)
class Source:
    """What asked for a booking. ``kind``: purchase, return, manual, expiry, …"""

    kind: str
    purchase_id: int | None = None
    document: str = ""
    reason_id: int | None = None
    note: str = ""
    company_id: int | None = None
    store_id: int | None = None
    member_id: int | None = None  # whose fact it is: several members may share an account
    card_id: int | None = None


@dataclass(frozen=True, slots=True)
class Accrual:
    """A new lot: usable from ``active_from`` (at once) until just before ``expires_at`` (never)."""

    account_id: int
    amount_minor: int
    active_from: datetime | None = None
    expires_at: datetime | None = None
    promotion_code: str = ""
    reason_id: int | None = None
    note: str = ""
    origin_id: int | None = None  # the lot that passes on into this one
    company_id: int | None = None  # the company that issued it, if that is not the company of the posting
    member_id: int | None = None  # whose fact it is, where one posting is of many members
    terms_id: int | None = None  # it pays only for receipts on which these hold


@dataclass(frozen=True, slots=True)
class Taking:
    """An amount to be taken from an account by hand, and whose fact it is."""

    account_id: int
    amount_minor: int
    note: str = ""
    member_id: int | None = None


@dataclass(frozen=True, slots=True)
class Conditional:
    """So much of what is active, and not held, pays only for receipts on which its terms hold."""

    terms_id: int
    amount: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Balance:
    """available = active − held − debt; what is held is part of what is active, and so is what is good on some receipts
    only (told of the present moment).
    """

    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    available: int = 0
    conditional: tuple[Conditional, ...] = ()


@dataclass(frozen=True, slots=True)
class Spendable:
    """What can be taken of an account, beyond its debt: for anything, and {terms_id: amount} where these hold."""

    free: int = 0
    conditional: Mapping[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Whatever it is good for."""
        return self.free + sum(self.conditional.values())

    @classmethod
    def beyond(cls, debt: int, free: int, conditional: Mapping[int, int]) -> Spendable:
        """Of so much, once the debt is paid: by what is good on some receipts only first, as every taking does it."""
        owed = debt
        left = {}
        for terms_id, amount in sorted(conditional.items()):
            paid = min(owed, amount)
            owed -= paid
            if amount > paid:
                left[terms_id] = amount - paid
        return cls(max(0, free - owed), left)


@dataclass(frozen=True, slots=True)
class Reversal:
    """What to undo of a transaction: so much of what it moved on each account, {account_id: minor units}, whatever the
    direction was. Without amounts: all of it that is not undone yet.
    """

    transaction_id: int
    amounts: Mapping[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Reversed:
    """What a reversal really moved, {account_id: minor units}.

    Of what was ``given`` back a part may have ``expired`` at once. Of what was to be taken a part may have expired
    before, which nobody loses twice, and a part may have been ``forgiven``: neither is in ``taken``, what has become
    debt is.
    """

    transaction_id: int | None = None  # None: nothing was left to undo
    given: Mapping[int, int] = field(default_factory=dict)
    expired: Mapping[int, int] = field(default_factory=dict)
    taken: Mapping[int, int] = field(default_factory=dict)
    forgiven: Mapping[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Account:
    """A locked account: the posting below keeps its amounts up to date while it gathers."""

    id: int
    kind: str
    unit_id: int
    company_id: int | None
    total: int
    held: int
    debt: int
    successor_id: int | None = None

    @property
    def heir_id(self) -> int:
        """The account where all of this one is now: itself, unless it has passed on."""
        return self.successor_id or self.id


@dataclass(slots=True)
class Posting:
    """What one call books: gathered by `header`, `move`, `repay` and `reserve`, written at once by `write`.

    A lot is named by its id, a lot of this very posting by a negative number (see `new_lot`), and None stands
    for the debt of the account. The other side of a move is a system account: its id, or its role and
    company.
    """

    ledger: Any
    accounts: Mapping[int, Account]
    at: datetime
    source: Source
    headers: list[dict[str, Any]] = field(default_factory=list)
    lots: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    lot_changes: dict[int, tuple[int, int]] = field(default_factory=dict)
    account_changes: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def company(self, account: Account | None = None) -> int:
        """The company of the source; else of the unit; else that of the user who books, never the client's
        choice.
        """
        return (
            self.source.company_id or (account and account.company_id) or self.ledger.env.user.company_id.id
        )

    def header(self, kind: str, **values: Any) -> int:
        """Add a transaction; returns its position in this posting."""
        self.headers.append(
            {
                "kind": kind,
                "source": self.source.kind,
                "purchase_id": self.source.purchase_id,
                "document": self.source.document or None,
                "reason_id": self.source.reason_id,
                "note": self.source.note or None,
                "author_id": self.ledger.env.uid,
                "store_id": self.source.store_id,
                "member_id": self.source.member_id,
                "card_id": self.source.card_id,
                "company_id": self.company(),
                "occurred_at": self.at,
                "booked_at": self.ledger.env.cr.now(),
                "hold_id": None,
                "reverses_id": None,
            }
            | values
        )
        return len(self.headers) - 1

    def new_lot(self, header: int, accrual: Accrual) -> int:
        """Add an empty lot; a move fills it. Returns the negative number that names it here."""
        account = self.accounts[accrual.account_id]
        self.lots.append(
            {
                "account_id": account.id,
                "unit_id": account.unit_id,
                "company_id": accrual.company_id or self.company(account),
                "transaction_id": header,
                "promotion_code": accrual.promotion_code or None,
                "active_from": accrual.active_from or self.at,
                "expires_at": accrual.expires_at,
                "amount_minor": accrual.amount_minor,
                "remaining_minor": 0,
                "held_minor": 0,
                "origin_id": accrual.origin_id,
                "terms_id": accrual.terms_id,
            }
        )
        return -len(self.lots)

    def move(
        self, header: int, account_id: int, lot: int | None, delta: int, other: int | tuple[str, int | None]
    ) -> None:
        """Add ``delta`` to the account's lot, or take it from there if negative; without a lot, to its
        debt.
        """
        account = self.accounts[account_id]
        if lot is None:
            account.debt -= delta
            self._change_account(account_id, 0, 0, -delta)
        else:
            account.total += delta
            self._change_account(account_id, delta, 0, 0)
            if lot < 0:
                self.lots[-lot - 1]["remaining_minor"] += delta
            else:
                self._change_lot(lot, delta, 0)
        if not isinstance(other, int):
            other = (other[0], other[1] or self.company(account))
        self.entries.append(
            {
                "transaction_id": header,
                "kind": self.headers[header]["kind"],
                "unit_id": account.unit_id,
                "account_id": account_id,
                "other": other,
                "lot_id": lot,
                "company_id": self.headers[header]["company_id"],
                "occurred_at": self.headers[header]["occurred_at"],
                "amount_minor": abs(delta),
                "delta_minor": delta,
                "balance_after_minor": account.total - account.debt,
            }
        )

    def repay(self, header: int, account_id: int, lot: int, amount: int) -> None:
        """A lot pays the debt of its own account (or gets back what it has paid, if negative), through
        clearing.
        """
        self.move(header, account_id, lot, -amount, ("clearing", None))
        self.move(header, account_id, None, amount, ("clearing", None))

    def pass_on(self, header: int, account_id: int, lot: int, heir: Accrual) -> int:
        """A lot passes the heir's amount on to it, a new lot of this account or of another. Returns the name of the
        new lot.
        """
        self.move(header, account_id, lot, -heir.amount_minor, ("transit", None))
        new = self.new_lot(header, heir)
        self.move(header, heir.account_id, new, heir.amount_minor, ("transit", None))
        return new

    def pass_debt(self, header: int, account_id: int, heir_id: int, amount: int) -> None:
        """Another account takes over so much of the debt; a negative amount is a credit that it gets."""
        if account_id != heir_id and amount:
            self.move(header, account_id, None, amount, ("transit", None))
            self.move(header, heir_id, None, -amount, ("transit", None))

    def reserve(self, account_id: int, lot: int, amount: int) -> None:
        """Hold a part of a lot, or let go of it if negative: no entry, since nothing has moved."""
        self.accounts[account_id].held += amount
        self._change_account(account_id, 0, amount, 0)
        self._change_lot(lot, 0, amount)

    def write(self) -> list[int]:
        """Write all of it; returns the ids of the transactions in the order of the headers."""
        env = self.ledger.env
        systems = self.ledger._system_accounts(
            {
                (entry["unit_id"], *entry["other"])
                for entry in self.entries
                if not isinstance(entry["other"], int)
            }
        )
        header_ids = insert_rows(env["loy.transaction"], self.headers)
        lot_ids = insert_rows(
            env["loy.lot"],
            [
                lot
                | {"transaction_id": header_ids[lot["transaction_id"]], "is_open": lot["remaining_minor"] > 0}
                for lot in self.lots
            ],
        )
        if self.lot_changes:
            env.cr.execute(sql.change_lots(self.lot_changes))
        if self.account_changes:
            env.cr.execute(sql.change_accounts(self.account_changes))
        rows = []
        for entry in self.entries:
            row = dict(entry)
            other = row.pop("other")
            if not isinstance(other, int):
                other = systems[entry["unit_id"], *other]
            if row["lot_id"] is not None and row["lot_id"] < 0:
                row["lot_id"] = lot_ids[-row["lot_id"] - 1]
            row["transaction_id"] = header_ids[row["transaction_id"]]
            sides = (other, row["account_id"]) if row["delta_minor"] > 0 else (row["account_id"], other)
            row["from_account_id"], row["to_account_id"] = sides
            rows.append(row)
        insert_rows(env["loy.entry"], rows)
        env["loy.expiry"]._posted(self, self.lots, lot_ids)
        self.ledger._invalidate()
        return header_ids

    def _change_account(self, account_id: int, total: int, held: int, debt: int) -> None:
        old = self.account_changes.get(account_id, (0, 0, 0))
        self.account_changes[account_id] = (old[0] + total, old[1] + held, old[2] + debt)

    def _change_lot(self, lot_id: int, remaining: int, held: int) -> None:
        old = self.lot_changes.get(lot_id, (0, 0))
        self.lot_changes[lot_id] = (old[0] + remaining, old[1] + held)
