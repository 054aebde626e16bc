"""The ledger: accruals, spending, holds, reversals, expiry. The only place that writes accounts, lots and
entries.

Every method locks the accounts that it touches, in the order of their ids, and reads lots only after that, by
a fresh statement: so it is right under READ COMMITTED (the second of two callers waits and sees what the
first has done) and under REPEATABLE READ (the second gets a serialization error and is retried). What a call
books is gathered in memory and written by a constant number of statements, however many accounts and lots it
concerns.

Amounts are integers in minor units of the account's unit. Moments are naive datetimes in UTC; ``at`` is that
of the business fact, which may lie before the moment of booking.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from odoo import models
from odoo.tools import SQL

from ..sql import ledger as sql
from ..sql.insert import insert_rows
from .errors import LoyaltyError

DIFFERENCES_MAX = 100


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


@dataclass(frozen=True, slots=True)
class Balance:
    """available = active − held − debt; what is held is part of what is active."""

    active: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    available: int = 0


@dataclass(slots=True)
class _Account:
    """A locked account: the posting below keeps its amounts up to date while it gathers."""

    id: int
    kind: str
    unit_id: int
    company_id: int | None
    total: int
    held: int
    debt: int


@dataclass(slots=True)
class _Posting:
    """What one call books: gathered by `header`, `move`, `repay` and `reserve`, written at once by `write`.

    A lot is named by its id, a lot of this very posting by a negative number (see `new_lot`), and None stands
    for the debt of the account. The other side of a move is a system account: its id, or its role and
    company.
    """

    ledger: Any
    accounts: Mapping[int, _Account]
    at: datetime
    source: Source
    headers: list[dict[str, Any]] = field(default_factory=list)
    lots: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    lot_changes: dict[int, tuple[int, int]] = field(default_factory=dict)
    account_changes: dict[int, tuple[int, int, int]] = field(default_factory=dict)

    def company(self, account: _Account | None = None) -> int:
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
                "company_id": self.company(account),
                "transaction_id": header,
                "promotion_code": accrual.promotion_code or None,
                "active_from": accrual.active_from or self.at,
                "expires_at": accrual.expires_at,
                "amount_minor": accrual.amount_minor,
                "remaining_minor": 0,
                "held_minor": 0,
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
        self.ledger._invalidate()
        return header_ids

    def _change_account(self, account_id: int, total: int, held: int, debt: int) -> None:
        old = self.account_changes.get(account_id, (0, 0, 0))
        self.account_changes[account_id] = (old[0] + total, old[1] + held, old[2] + debt)

    def _change_lot(self, lot_id: int, remaining: int, held: int) -> None:
        old = self.lot_changes.get(lot_id, (0, 0))
        self.lot_changes[lot_id] = (old[0] + remaining, old[1] + held)


class LoyLedger(models.AbstractModel):
    """Accounts change here and nowhere else. No method checks rights: callers are services that have done
    so.
    """

    _name = "loy.ledger"
    _description = "Ledger"

    # ------------------------------------------------------------------ accounts

    def _accounts(
        self,
        member_ids: Iterable[int],
        unit_ids: Iterable[int],
        create: bool = False,
        partner_id: int | None = None,
    ) -> dict[tuple[int, int], int]:
        """The accounts of these members in these units, {(member_id, unit_id): account_id}; missing ones are
        made if asked.

        With ``partner_id`` those that only this coalition partner gives to and takes from. Two calls that
        make the same account end with one: the unique index decides, the later call waits and reads it.
        """
        members, units = sorted(set(member_ids)), sorted(set(unit_ids))
        query = SQL(
            "SELECT member_id, unit_id, id FROM loy_account "
            "WHERE kind = 'member' AND member_id = ANY(%s) AND unit_id = ANY(%s) "
            "AND COALESCE(partner_id, 0) = %s",
            sql.ids(members),
            sql.ids(units),
            partner_id or 0,
        )
        found = {(member, unit): account for member, unit, account in self.env.execute_query(query)}
        missing = [(member, unit) for member in members for unit in units if (member, unit) not in found]
        if not create or not missing:
            return found
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO loy_account (kind, member_id, unit_id, partner_id, company_id,
                                         total_minor, held_minor, debt_minor,
                                         create_uid, create_date, write_uid, write_date)
                SELECT 'member', given.member_id, unit.id, %(partner)s::int4, unit.company_id,
                       0, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(members)s, %(units)s) AS given (member_id, unit_id)
                  JOIN loy_unit AS unit ON unit.id = given.unit_id
                 ORDER BY given.member_id, unit.id
                    ON CONFLICT DO NOTHING
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                partner=partner_id,
                members=sql.ids(member for member, _unit in missing),
                units=sql.ids(unit for _member, unit in missing),
            )
        )
        return {(member, unit): account for member, unit, account in self.env.execute_query(query)}

    def _system_accounts(self, keys: set[tuple[int, str, int]]) -> dict[tuple[int, str, int], int]:
        """The system accounts {(unit_id, role, company_id): account_id}, made on demand; they are never
        locked.
        """
        if not keys:
            return {}
        query = SQL(
            "SELECT unit_id, role, company_id, id FROM loy_account "
            "WHERE kind = 'system' AND unit_id = ANY(%s)",
            sql.ids({unit for unit, _role, _company in keys}),
        )
        found = {tuple(row[:3]): row[3] for row in self.env.execute_query(query)}
        missing = sorted(keys - found.keys())
        if not missing:
            return found
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO loy_account (kind, unit_id, role, company_id, total_minor, held_minor, debt_minor,
                                         create_uid, create_date, write_uid, write_date)
                SELECT 'system', given.*, 0, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(units)s::int4[], %(roles)s, %(companies)s::int4[]) AS given
                    ON CONFLICT DO NOTHING
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                units=[unit for unit, _role, _company in missing],
                roles=[role for _unit, role, _company in missing],
                companies=[company for _unit, _role, company in missing],
            )
        )
        return {tuple(row[:3]): row[3] for row in self.env.execute_query(query)}

    def _lock(self, account_ids: Iterable[int]) -> dict[int, _Account]:
        """Lock the accounts in the order of their ids and read them. `account_not_found` names what is
        missing.
        """
        wanted = set(account_ids)
        accounts = {row[0]: _Account(*row) for row in self.env.execute_query(sql.lock_accounts(wanted))}
        missing = wanted - accounts.keys()
        if missing or any(account.kind == "system" for account in accounts.values()):
            raise LoyaltyError(
                "account_not_found",
                self.env._("No account %(ids)s of a member", ids=", ".join(map(str, sorted(missing))) or "0"),
            )
        return accounts

    # ------------------------------------------------------------------ accruals and spending

    def _accrue(self, moves: list[Accrual], *, at: datetime, source: Source) -> list[int]:
        """Each accrual makes a lot, by a transaction of its own. A new lot repays the account's debt first.

        Returns the transactions in the order of the moves.
        """
        if not moves:
            return []
        self._check_amounts(move.amount_minor for move in moves)
        for move in moves:
            if move.expires_at and move.expires_at <= (move.active_from or at):
                raise LoyaltyError(
                    "bad_period",
                    self.env._("A lot must expire after it becomes active: change one of the dates"),
                )
        accounts = self._lock(move.account_id for move in moves)
        posting = _Posting(self, accounts, at, source)
        for move in moves:
            account = accounts[move.account_id]
            header = posting.header(
                "accrue",
                company_id=posting.company(account),
                reason_id=move.reason_id or source.reason_id,
                note=move.note or source.note or None,
            )
            lot = posting.new_lot(header, move)
            posting.move(header, account.id, lot, move.amount_minor, ("issued", None))
            repaid = min(account.debt, move.amount_minor)
            if repaid:
                posting.repay(header, account.id, lot, repaid)
        return posting.write()

    def _spend(
        self, amounts: Mapping[int, int], *, at: datetime, source: Source, overrun: bool = False
    ) -> int:
        """Spend the amounts {account_id: amount} from lots that are active at ``at``, what expires first
        first.

        All of it or nothing: `insufficient_points` when an account has less available. ``overrun`` is for
        facts that cannot be refused (a receipt that is printed already): what is missing becomes debt.
        Returns the transaction.
        """
        return self._take("spend", "redeemed", amounts, at=at, source=source, overrun=overrun)

    def _write_off(
        self, account_id: int, amount_minor: int, *, at: datetime, reason_id: int | None, note: str = "",
        source: Source | None = None,
    ) -> int:  # fmt: skip
        """Take points back by hand, for a reason. Returns the transaction; `insufficient_points` as for
        spending.
        """
        source = source or Source("manual", reason_id=reason_id, note=note)
        return self._take("adjust", "adjusted", {account_id: amount_minor}, at=at, source=source)

    def _take(
        self, kind: str, role: str, amounts: Mapping[int, int], *, at: datetime, source: Source,
        overrun: bool = False,
    ) -> int:  # fmt: skip
        accounts = self._lock_for_taking(amounts, at)
        posting = _Posting(self, accounts, at, source)
        header = posting.header(kind, company_id=posting.company(accounts[min(accounts)]))
        takes, short = self._draw(posting, header, amounts)
        if short and not overrun:
            self._refuse(accounts, short, amounts)
        for account_id, lot, amount in takes:
            posting.move(header, account_id, lot, -amount, (role, None))
        for account_id, amount in short.items():
            posting.move(header, account_id, None, -amount, (role, None))
        return posting.write()[0]

    def _draw(
        self, posting: _Posting, header: int, amounts: Mapping[int, int]
    ) -> tuple[list[tuple[int, int, int]], dict[int, int]]:
        """Choose lots for the amounts: [(account_id, lot_id, amount)] and what is missing, {account_id:
        amount}.

        An account in debt pays that first, from the lots that would be spent first: only the rest is
        available.
        """
        accounts = posting.accounts
        needs = {account_id: amount + accounts[account_id].debt for account_id, amount in amounts.items()}
        takes, left = [], dict(amounts)
        for lot, account_id, _company, amount in self.env.execute_query(
            sql.take_from_lots(needs, posting.at)
        ):
            repaid = min(amount, accounts[account_id].debt)
            if repaid:
                posting.repay(header, account_id, lot, repaid)
            if amount > repaid:
                takes.append((account_id, lot, amount - repaid))
                left[account_id] -= amount - repaid
        return takes, {account_id: amount for account_id, amount in left.items() if amount}

    def _lock_for_taking(self, amounts: Mapping[int, int], at: datetime) -> dict[int, _Account]:
        """Lock; free what is still reserved by holds whose deadline has passed, whether or not the job has
        run. A fact dated ahead (by a till whose clock is) ends no hold that others count on still.
        """
        self._check_amounts(amounts.values())
        accounts = self._lock(amounts)
        if any(account.held for account in accounts.values()):
            at = min(at, self._now())
            overdue = self.env.execute_query(
                SQL(
                    "SELECT DISTINCT hold.id FROM loy_hold AS hold "
                    "JOIN loy_hold_line AS line ON line.hold_id = hold.id "
                    "WHERE hold.state = 'open' AND hold.deadline_at <= %s AND line.account_id = ANY(%s)",
                    at,
                    sql.ids(accounts),
                )
            )
            if overdue:
                self._end_holds([row[0] for row in overdue], at)
                accounts = self._lock(amounts)
        return accounts

    # ------------------------------------------------------------------ holds

    def _hold(
        self, amounts: Mapping[int, int], *, at: datetime, deadline_at: datetime, source: Source
    ) -> int:
        """Reserve the amounts for a purchase until the deadline. All or nothing; `insufficient_points`.
        Returns the hold.

        What is held stays usable for this purchase even if its lot expires meanwhile.
        """
        if deadline_at <= at:
            raise LoyaltyError(
                "bad_period", self.env._("The deadline of a hold must lie after its beginning")
            )
        accounts = self._lock_for_taking(amounts, at)
        posting = _Posting(self, accounts, at, source)
        header = posting.header("hold", company_id=posting.company(accounts[min(accounts)]))
        takes, short = self._draw(posting, header, amounts)
        if short:
            self._refuse(accounts, short, amounts)
        values = posting.headers[header]
        hold_id = insert_rows(
            self.env["loy.hold"],
            [
                {
                    name: values[name]
                    for name in ("purchase_id", "document", "author_id", "store_id", "company_id")
                }
                | {"state": "open", "held_at": at, "deadline_at": deadline_at, "ended_at": None}
            ],
        )[0]
        values["hold_id"] = hold_id
        for account_id, lot, amount in takes:
            posting.reserve(account_id, lot, amount)
        insert_rows(
            self.env["loy.hold.line"],
            [
                {
                    "hold_id": hold_id,
                    "account_id": account_id,
                    "lot_id": lot,
                    "unit_id": accounts[account_id].unit_id,
                    "amount_minor": amount,
                    "from_at": at,
                    "until_at": deadline_at,
                }
                for account_id, lot, amount in takes
            ],
        )
        posting.write()
        return hold_id

    def _settle(
        self, hold_id: int, *, at: datetime, source: Source, amounts: Mapping[int, int] | None = None
    ) -> int:
        """End a hold by spending what it reserves, or less: the rest is released. Returns the transaction.

        `hold_not_found`, `hold_ended` (it ends once), `hold_exceeded` (more than was reserved).
        """
        lines = self._hold_lines([hold_id])
        if not lines:
            raise LoyaltyError("hold_not_found", self.env._("There is no hold %(id)s", id=hold_id))
        accounts = self._lock(line[2] for line in lines)
        ended = self.env.execute_query(
            SQL(
                "UPDATE loy_hold SET state = 'settled', ended_at = %s "
                "WHERE id = %s AND state = 'open' RETURNING company_id",
                at,
                hold_id,
            )
        )
        if not ended:
            self._refuse_ended([hold_id])
        self._end_lines([hold_id], at)
        posting = _Posting(self, accounts, at, source)
        header = posting.header("settle", hold_id=hold_id, company_id=source.company_id or ended[0][0])
        left = dict(amounts or {})
        for _hold, _line, account_id, lot, held in lines:
            used = held if amounts is None else min(held, left.get(account_id, 0))
            posting.reserve(account_id, lot, -held)
            if used:
                posting.move(
                    header, account_id, lot, -used, ("redeemed", posting.headers[header]["company_id"])
                )
                left[account_id] = left.get(account_id, used) - used
        if any(amount > 0 for amount in left.values()):
            raise LoyaltyError(
                "hold_exceeded", self.env._("More is to be settled than hold %(id)s reserves", id=hold_id)
            )
        return posting.write()[0]

    def _release(self, hold_id: int, *, at: datetime) -> None:
        """End a hold without spending: what it reserves is free again. `hold_ended`."""
        if not self._end_holds([hold_id], at):
            self._refuse_ended([hold_id])

    def _release_overdue(self, until: datetime, limit: int = 500) -> int:
        """Release holds whose deadline has passed, at most so many, by the deadline's time. Returns how
        many.
        """
        overdue = self.env.execute_query(
            SQL(
                "SELECT id FROM loy_hold WHERE state = 'open' AND deadline_at <= %s "
                "ORDER BY deadline_at LIMIT %s",
                until,
                limit,
            )
        )
        return self._end_holds([row[0] for row in overdue], until) if overdue else 0

    def _end_holds(self, hold_ids: list[int], at: datetime) -> int:
        """Release those of the holds that are open still; a hold that ran out ended at its deadline. Returns
        how many.
        """
        lines = self._hold_lines(hold_ids)
        accounts = self._lock(line[2] for line in lines)
        ended = {
            row[0]: row
            for row in self.env.execute_query(
                SQL(
                    "UPDATE loy_hold SET state = 'released', ended_at = LEAST(deadline_at, %s) "
                    "WHERE id = ANY(%s) AND state = 'open' "
                    "RETURNING id, purchase_id, document, company_id, store_id, ended_at",
                    at,
                    sql.ids(sorted(hold_ids)),
                )
            )
        }
        if not ended:
            return 0
        self._end_lines(list(ended), at)
        posting = _Posting(self, accounts, at, Source("hold"))
        for hold_id, purchase_id, document, company_id, store_id, ended_at in ended.values():
            posting.header(
                "release",
                hold_id=hold_id,
                purchase_id=purchase_id,
                document=document,
                company_id=company_id,
                store_id=store_id,
                occurred_at=ended_at,
            )
        for hold_id, _line, account_id, lot, held in lines:
            if hold_id in ended:
                posting.reserve(account_id, lot, -held)
        posting.write()
        return len(ended)

    def _hold_lines(self, hold_ids: list[int]) -> list[tuple[int, int, int, int, int]]:
        """Rows (hold_id, id, account_id, lot_id, amount), in the order in which the lots are spent."""
        return self.env.execute_query(
            SQL(
                "SELECT hold_id, id, account_id, lot_id, amount_minor FROM loy_hold_line "
                "WHERE hold_id = ANY(%s) ORDER BY id",
                sql.ids(hold_ids),
            )
        )

    def _end_lines(self, hold_ids: list[int], at: datetime) -> None:
        self.env.cr.execute(
            SQL(
                "UPDATE loy_hold_line SET until_at = %s WHERE hold_id = ANY(%s) AND until_at > %s",
                at,
                sql.ids(hold_ids),
                at,
            )
        )

    # ------------------------------------------------------------------ reversal

    def _reverse(self, transaction_ids: Iterable[int], *, at: datetime, source: Source) -> list[int]:
        """Undo whole transactions by new ones; each can be undone once (`already_reversed`). Returns the new
        ones, in order.

        What was spent goes back to the lots it came from; a lot that has expired meanwhile expires again at
        once. What was earned is taken back from its lot, then from the account's others, then as debt; what
        has expired of it is not taken again. What was taken beyond the balance reduces the debt, or goes back
        to the lots that have repaid it.
        """
        wanted = list(transaction_ids)
        if not wanted:
            return []
        entries = self.env.execute_query(
            SQL(
                """
                SELECT entry.transaction_id, entry.kind, entry.account_id, entry.lot_id, entry.delta_minor,
                       other.id, entry.company_id, COALESCE(lot.expires_at <= %s, false)
                  FROM loy_entry AS entry
                  JOIN loy_account AS other
                    ON other.id = CASE WHEN entry.delta_minor > 0
                                       THEN entry.from_account_id ELSE entry.to_account_id END
                  LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
                 WHERE entry.transaction_id = ANY(%s) AND other.role <> 'clearing'
                 ORDER BY entry.id
                """,
                at,
                sql.ids(wanted),
            )
        )
        kinds = {entry[0]: entry[1] for entry in entries}
        for transaction_id in wanted:
            if kinds.get(transaction_id) not in ("accrue", "spend", "settle", "adjust"):
                raise LoyaltyError(
                    "not_reversible", self.env._("Transaction %(id)s cannot be reversed", id=transaction_id)
                )
        accounts = self._lock(entry[2] for entry in entries)
        reversed_before = self.env.execute_query(
            SQL("SELECT reverses_id FROM loy_transaction WHERE reverses_id = ANY(%s)", sql.ids(wanted))
        )
        if reversed_before or len(set(wanted)) < len(wanted):
            raise LoyaltyError(
                "already_reversed",
                self.env._(
                    "Transaction %(id)s has been reversed already",
                    id=reversed_before[0][0] if reversed_before else wanted[0],
                ),
            )
        booked = self._give_back([entry for entry in entries if entry[4] < 0], accounts, at, source)
        booked |= self._take_back([entry for entry in entries if entry[4] > 0], accounts, at, source)
        return [booked[transaction_id] for transaction_id in wanted]

    def _moved(self, transaction_ids: Iterable[int]) -> list[tuple[str, Decimal, Decimal]]:
        """What transactions gave to members and took from them, by unit: (unit code, given, taken), in whole
        units.
        """
        return self.env.execute_query(sql.moved(transaction_ids))

    def _give_back(
        self, entries: list[tuple], accounts: dict[int, _Account], at: datetime, source: Source
    ) -> dict[int, int]:
        """Return what the entries took; {transaction: reversing transaction}."""
        if not entries:
            return {}
        posting = _Posting(self, accounts, at, source)
        headers: dict[int, int] = {}
        expired: list[tuple[int, int, int, int]] = []
        overruns = {entry[2] for entry in entries if entry[3] is None}
        repaid = self._repaid_lots(overruns, at) if overruns else {}
        for transaction_id, _kind, account_id, lot, delta, other, company_id, is_expired in entries:
            if transaction_id not in headers:
                headers[transaction_id] = posting.header(
                    "reverse", reverses_id=transaction_id, company_id=company_id
                )
            header = headers[transaction_id]
            if lot is not None:
                posting.move(header, account_id, lot, -delta, other)
                if is_expired:
                    expired.append((account_id, lot, -delta, company_id))
                continue
            # Debt that lots have repaid meanwhile: they get back what they paid, the latest first.
            restored = max(-delta - accounts[account_id].debt, 0)
            payers = repaid.get(account_id, [])
            while restored:
                payer = payers[-1]
                part = min(payer[1], restored)
                posting.repay(header, account_id, payer[0], -part)
                if payer[2]:
                    expired.append((account_id, payer[0], part, company_id))
                payer[1] -= part
                restored -= part
                if not payer[1]:
                    payers.pop()
            posting.move(header, account_id, None, -delta, other)
        if expired:
            by_company = {
                company_id: posting.header("expire", company_id=company_id) for *_rest, company_id in expired
            }
            for account_id, lot, amount, company_id in expired:
                posting.move(by_company[company_id], account_id, lot, -amount, ("expired", company_id))
        ids = posting.write()
        return {transaction_id: ids[header] for transaction_id, header in headers.items()}

    def _repaid_lots(self, account_ids: Iterable[int], at: datetime) -> dict[int, list[list]]:
        """Lots that have repaid debt of their account, {account_id: [[lot_id, amount, is_expired]]}, the
        latest last.
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT entry.account_id, entry.lot_id, -SUM(entry.delta_minor)::int8,
                       COALESCE(lot.expires_at <= %s, false)
                  FROM loy_entry AS entry
                  JOIN loy_account AS other ON other.id IN (entry.from_account_id, entry.to_account_id)
                   AND other.role = 'clearing'
                  JOIN loy_lot AS lot ON lot.id = entry.lot_id
                 WHERE entry.account_id = ANY(%s)
                 GROUP BY entry.account_id, entry.lot_id, lot.expires_at
                HAVING SUM(entry.delta_minor) < 0
                 ORDER BY MAX(entry.id)
                """,
                at,
                sql.ids(account_ids),
            )
        )
        repaid: dict[int, list[list]] = {}
        for account_id, lot, amount, is_expired in rows:
            repaid.setdefault(account_id, []).append([lot, amount, is_expired])
        return repaid

    def _take_back(
        self, entries: list[tuple], accounts: dict[int, _Account], at: datetime, source: Source
    ) -> dict[int, int]:
        """Take back what the entries gave; {transaction: reversing transaction}."""
        if not entries:
            return {}
        posting = _Posting(self, accounts, at, source)
        headers: dict[int, int] = {}
        own = {
            lot: (free, expired)
            for lot, free, expired in self.env.execute_query(
                SQL(
                    """
                    SELECT lot.id, lot.remaining_minor - lot.held_minor,
                           COALESCE((SELECT -SUM(entry.delta_minor) FROM loy_entry AS entry
                                       JOIN loy_account AS other ON other.id = entry.to_account_id
                                      WHERE entry.lot_id = lot.id AND other.role = 'expired'), 0)::int8
                      FROM loy_lot AS lot WHERE lot.id = ANY(%s)
                    """,
                    sql.ids(entry[3] for entry in entries),
                )
            )
        }
        used: dict[int, int] = {}
        rest: list[list] = []
        for transaction_id, _kind, account_id, lot, delta, other, company_id, _is_expired in entries:
            headers[transaction_id] = header = posting.header(
                "reverse", reverses_id=transaction_id, company_id=company_id
            )
            free, expired = own[lot]
            due = max(delta - expired, 0)
            part = min(free, due)
            if part:
                posting.move(header, account_id, lot, -part, other)
                used[lot] = part
            if due > part:
                rest.append([header, account_id, due - part, other])
        if rest:
            needs: dict[int, int] = {}
            for _header, account_id, amount, _other in rest:
                needs[account_id] = needs.get(account_id, 0) + amount
            takes: dict[int, list[list[int]]] = {}
            query = sql.take_from_lots(needs, at, used=used, is_pending_allowed=True)
            for lot, account_id, _company, amount in self.env.execute_query(query):
                takes.setdefault(account_id, []).append([lot, amount])
            for header, account_id, amount, other in rest:
                lots = takes.get(account_id, [])
                while amount and lots:
                    part = min(lots[0][1], amount)
                    posting.move(header, account_id, lots[0][0], -part, other)
                    amount -= part
                    lots[0][1] -= part
                    if not lots[0][1]:
                        lots.pop(0)
                if amount:
                    posting.move(header, account_id, None, -amount, other)
        ids = posting.write()
        return {transaction_id: ids[header] for transaction_id, header in headers.items()}

    # ------------------------------------------------------------------ expiry

    def _expire(self, until: datetime, limit: int = 1000) -> int:
        """Book lots that expired by ``until``, at most so many, each at the moment when it expired. Returns
        how many.

        What is held stays with its hold until that ends. An account in debt is repaid from the lot before it
        is lost.
        """
        chosen = self.env.execute_query(
            SQL(
                "SELECT id, account_id FROM loy_lot WHERE %s ORDER BY expires_at LIMIT %s",
                self._expired(until),
                limit,
            )
        )
        if not chosen:
            return 0
        accounts = self._lock(account_id for _lot, account_id in chosen)
        lots = self.env.execute_query(
            SQL(
                "SELECT id, account_id, company_id, expires_at, remaining_minor - held_minor FROM loy_lot "
                "WHERE id = ANY(%s) AND %s ORDER BY expires_at, id",
                sql.ids(lot for lot, _account_id in chosen),
                self._expired(until),
            )
        )
        posting = _Posting(self, accounts, until, Source("expiry"))
        for lot, account_id, company_id, expires_at, amount in lots:
            account = accounts[account_id]
            company_id = company_id or posting.company(account)
            header = posting.header("expire", occurred_at=expires_at, company_id=company_id)
            repaid = min(amount, account.debt)
            if repaid:
                posting.repay(header, account_id, lot, repaid)
            if amount > repaid:
                posting.move(header, account_id, lot, repaid - amount, ("expired", company_id))
        if lots:
            posting.write()
        return len(lots)

    def _count_expired(self, until: datetime) -> int:
        """How many lots `_expire` would book."""
        query = SQL("SELECT COUNT(*) FROM loy_lot WHERE %s", self._expired(until))
        return self.env.execute_query(query)[0][0]

    def _expired(self, until: datetime) -> SQL:
        return SQL(
            "is_open AND expires_at IS NOT NULL AND expires_at <= %s AND remaining_minor > held_minor", until
        )

    # ------------------------------------------------------------------ reading

    def _balances(self, account_ids: Iterable[int], at: datetime | None = None) -> dict[int, Balance]:
        """The balances at any moment, past or to come; without one, now. One query for any number of
        accounts.

        A lot counts while active_from ≤ at < expires_at, whether or not its expiry is booked; what an open
        hold reserves counts until the hold ends, even of a lot that has expired.
        """
        query = sql.balances(account_ids, at or self._now(), is_now=at is None)
        return {
            account_id: Balance(
                active=(active := total - pending - expired + held_expired),
                pending=pending,
                held=held,
                debt=debt,
                available=active - held - debt,
            )
            for account_id, total, debt, pending, expired, held, held_expired in self.env.execute_query(query)
        }

    def _spendable(self, account_ids: Iterable[int], at: datetime) -> dict[int, int]:
        """What a spending at ``at`` could take: what is free now in the lots that are usable at that moment,
        less debt.

        For a moment in the past this is not the balance that there was: what has been spent since is gone.
        """
        return dict(self.env.execute_query(sql.spendable(account_ids, at, min(at, self._now()))))

    def _expiring(
        self, account_ids: Iterable[int], at: datetime | None = None, days: int = 30, tz: str = "UTC"
    ) -> dict[int, list[tuple[int, date]]]:
        """What expires within so many days, by day of the time zone: {account_id: [(amount_minor, day)]},
        soonest first.
        """
        at = at or self._now()
        result: dict[int, list[tuple[int, date]]] = {account_id: [] for account_id in account_ids}
        query = sql.expiring(list(result), at, at + timedelta(days=days), tz)
        for account_id, day, amount in self.env.execute_query(query):
            result[account_id].append((amount, day))
        return result

    def _statement(
        self,
        account_id: int,
        from_: datetime | None = None,
        to: datetime | None = None,
        offset: int = 0,
        limit: int = 80,
        before: int | None = None,
    ) -> list[dict[str, Any]]:
        """The movements, latest booking first, with lot, source, author and balance after each.

        ``before`` is the id of the last row of the page before: a page then costs the same wherever it lies.
        ``from_`` and ``to`` (exclusive) bound the moment of the fact; a late receipt stands where it was
        booked, under its own moment.
        """
        return self.env.execute_query_dict(sql.statement(account_id, from_, to, before, offset, limit))

    def _check_books(self) -> dict[str, Any]:
        """Prove the laws of the ledger for the whole database: `differences` says which record breaks which.

        {"ok", "checked": {"accounts", "transactions", "lots", "entries", "holds"},
        "differences": [{"law", "model", "id", "expected", "found"}]}
        """
        names = ("accounts", "transactions", "lots", "entries", "holds")
        checked = dict(zip(names, self.env.execute_query(sql.count_books())[0], strict=True))
        differences = [
            {"law": law, "model": model, "id": record_id, "expected": expected, "found": found}
            for law, model, query in sql.CHECKS
            for record_id, expected, found in self.env.execute_query(sql.check(query, DIFFERENCES_MAX))
        ]
        return {"ok": not differences, "checked": checked, "differences": differences}

    # ------------------------------------------------------------------ helpers

    def _now(self) -> datetime:
        """The present moment to the microsecond: a lot made within this second is active."""
        return datetime.now(UTC).replace(tzinfo=None)

    def _invalidate(self) -> None:
        """Records read before the booking must not show what was there before it."""
        for model in ("loy.account", "loy.lot", "loy.hold", "loy.hold.line", "loy.transaction"):
            self.env[model].invalidate_model(flush=False)

    def _check_amounts(self, amounts: Iterable[int]) -> None:
        amounts = list(amounts)
        if not amounts or any(not isinstance(amount, int) or amount <= 0 for amount in amounts):
            raise LoyaltyError(
                "bad_amount", self.env._("An amount must be a whole number of minor units above zero")
            )

    def _refuse(
        self, accounts: dict[int, _Account], short: dict[int, int], amounts: Mapping[int, int]
    ) -> None:
        account = accounts[min(short)]
        # sudo: the text names the unit whatever the caller may read
        unit = self.env["loy.unit"].sudo().browse(account.unit_id)
        scale = 10**unit.decimals
        raise LoyaltyError(
            "insufficient_points",
            self.env._(
                "%(needed)s %(unit)s needed, %(available)s available",
                needed=f"{amounts[account.id] / scale:.{unit.decimals}f}",
                available=f"{(amounts[account.id] - short[account.id]) / scale:.{unit.decimals}f}",
                unit=unit.name,
            ),
        )

    def _refuse_ended(self, hold_ids: list[int]) -> None:
        raise LoyaltyError(
            "hold_ended", self.env._("Hold %(id)s has ended already, or there is none", id=hold_ids[0])
        )
