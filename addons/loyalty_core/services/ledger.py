"""The ledger: accounts, accruals, spending, expiry. The only place that writes accounts, lots and entries, together
with its other chapters: `ledger_terms`, `ledger_holds`, `ledger_reversal`, `ledger_passing`, `ledger_pooling`,
`ledger_reading`; what they take and return, and the one way to write a booking, is in `posting`.

Every method locks the accounts that it touches, in the order of their ids, and reads lots only after that, by
a fresh statement: so it is right under READ COMMITTED (the second of two callers waits and sees what the
first has done) and under REPEATABLE READ (the second gets a serialization error and is retried). What a call
books is gathered in memory and written by a constant number of statements, however many accounts and lots it
concerns.

Amounts are integers in minor units of the account's unit. Moments are naive datetimes in UTC; ``at`` is that
of the business fact, which may lie before the moment of booking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from odoo import models
from odoo.tools import SQL
from psycopg2.errors import SerializationFailure

from ..sql import ledger as sql
from ..sql import pooling as pooling_sql
from .errors import LoyaltyError
from .posting import Account, Accrual, Posting, Source, Taking


class LoyLedger(models.AbstractModel):
    """Accounts change here and nowhere else. No method checks rights: callers are services that have done
    so.
    """

    _name = "loy.ledger"
    _inherit = [
        "loy.ledger.holds",
        "loy.ledger.reversal",
        "loy.ledger.passing",
        "loy.ledger.pooling",
        "loy.ledger.reading",
        "loy.ledger.terms",
    ]
    _description = "Ledger"

    # ------------------------------------------------------------------ accounts

    def _accounts(
        self,
        member_ids: Iterable[int],
        unit_ids: Iterable[int],
        create: bool = False,
        partner_id: int | None = None,
    ) -> dict[tuple[int, int], int]:
        """The accounts that count for these members in these units, {(member_id, unit_id): account_id}; missing ones
        are made if asked. Of an account that has passed on it is the one that continues it: members who share a pool
        have its accounts.

        With ``partner_id`` those that only this coalition partner gives to and takes from. Two calls that
        make the same account end with one: the unique index decides, the later call waits and reads it.
        """
        members, units = sorted(set(member_ids)), sorted(set(unit_ids))
        query = sql.accounts_that_count(members, units, partner_id or 0)
        found = {(member, unit): account for member, unit, account in self.env.execute_query(query)}
        missing = {(member, unit) for member in members for unit in units} - found.keys()
        if not create or not missing:
            return found
        # Whoever is held is merged, erased, taken into a pool or out of it by nobody meanwhile.
        self.env["loy.members"]._keep_current(self.env["res.partner"].browse({member for member, _unit in missing}))
        pools = dict(self.env.execute_query(pooling_sql.pools_of({member for member, _unit in missing})))
        self._pool_accounts((pools[member], unit, partner_id or 0) for member, unit in missing if member in pools)
        own = sorted(pair for pair in missing if pair[0] not in pools)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO loy_account (kind, member_id, unit_id, partner_id, company_id,
                                         is_current, total_minor, held_minor, debt_minor,
                                         create_uid, create_date, write_uid, write_date)
                SELECT 'member', given.member_id, unit.id, %(partner)s::int4, unit.company_id,
                       true, 0, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM unnest(%(members)s, %(units)s) AS given (member_id, unit_id)
                  JOIN loy_unit AS unit ON unit.id = given.unit_id
                 ORDER BY given.member_id, unit.id
                    ON CONFLICT DO NOTHING
                """,
                uid=self.env.uid,
                now=self.env.cr.now(),
                partner=partner_id,
                members=sql.ids(member for member, _unit in own),
                units=sql.ids(unit for _member, unit in own),
            )
        )
        return {(member, unit): account for member, unit, account in self.env.execute_query(query)}

    def _accounts_of(self, member_id: int) -> list[int]:
        """All accounts that count for the member, of every unit and partner."""
        return [row[2] for row in self.env.execute_query(sql.accounts_that_count([member_id]))]

    def _accounts_held(self, hold_id: int) -> list[int]:
        """The accounts of which a hold reserves something."""
        query = SQL("SELECT DISTINCT account_id FROM loy_hold_line WHERE hold_id = %s", hold_id)
        return [row[0] for row in self.env.execute_query(query)]

    def _accounts_touched(self, member_ids: Iterable[int], purchase_ids: Iterable[int]) -> list[int]:
        """All accounts that count for these members, and all on which these purchases have moved something."""
        query = SQL(
            """
            SELECT account_id FROM (%s) AS own (member_id, unit_id, account_id)
             UNION
            SELECT entry.account_id
              FROM loy_transaction AS header JOIN loy_entry AS entry ON entry.transaction_id = header.id
             WHERE header.purchase_id = ANY(%s)
            """,
            sql.accounts_that_count(member_ids),
            sql.ids(purchase_ids),
        )
        return [row[0] for row in self.env.execute_query(query)]

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
                INSERT INTO loy_account (kind, unit_id, role, company_id,
                                         is_current, total_minor, held_minor, debt_minor,
                                         create_uid, create_date, write_uid, write_date)
                SELECT 'system', given.*, true, 0, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
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

    def _lock(self, account_ids: Iterable[int]) -> dict[int, Account]:
        """Lock the accounts in the order of their ids and read them. `account_not_found` names what is missing.

        In the same go, those that share an overdue hold with them: whoever takes from an account ends such holds first,
        and what they reserve elsewhere would else be locked too late, out of order.

        An account that has passed on since the caller learned of it is a lost race, which `run_with_retry` runs again.
        """
        wanted = set(account_ids)
        locked = self._read_locked(sql.lock_accounts(wanted, self._now()), wanted)
        if any(locked[account_id].successor_id for account_id in wanted):
            raise SerializationFailure("an account has passed on to another one")
        return locked

    def _lock_families(self, account_ids: Iterable[int]) -> dict[int, Account]:
        """Lock the accounts together with those that continue them and all that these continue."""
        wanted = set(account_ids)
        while True:
            locked = self._read_locked(sql.lock_families(wanted), wanted)
            late = {locked[account_id].heir_id for account_id in wanted} - locked.keys()
            if not late:
                return locked
            wanted |= late  # it has passed on while we waited

    def _lock_members(self, member_ids: Iterable[int]) -> None:
        """Lock whatever is or ever was on accounts of these members."""
        query = SQL("SELECT id FROM loy_account WHERE member_id = ANY(%s)", sql.ids(member_ids))
        self._lock_families(row[0] for row in self.env.execute_query(query))

    def _read_locked(self, query: SQL, wanted: set[int]) -> dict[int, Account]:
        locked = {row[0]: Account(*row) for row in self.env.execute_query(query)}
        missing = wanted - locked.keys()
        if missing or any(locked[account_id].kind == "system" for account_id in wanted):
            raise LoyaltyError(
                "account_not_found",
                self.env._("No account %(ids)s of a member", ids=", ".join(map(str, sorted(missing))) or "0"),
            )
        return locked

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
        posting = Posting(self, accounts, at, source)
        for move in moves:
            account = accounts[move.account_id]
            header = posting.header(
                "accrue",
                company_id=posting.company(account),
                reason_id=move.reason_id or source.reason_id,
                note=move.note or source.note or None,
                member_id=move.member_id or source.member_id,
            )
            lot = posting.new_lot(header, move)
            posting.move(header, account.id, lot, move.amount_minor, ("issued", None))
            repaid = min(account.debt, move.amount_minor)
            if repaid:
                posting.repay(header, account.id, lot, repaid)
        return posting.write()

    def _spend(
        self, amounts: Mapping[int, int], *, at: datetime, source: Source, overrun: bool = False,
        terms: Iterable[int] = (),
    ) -> int:  # fmt: skip
        """Spend the amounts {account_id: amount} from lots that are active at ``at``, what expires first
        first; of those that are good on some receipts only, from such whose ``terms`` hold on this one.

        All of it or nothing: `insufficient_points` when an account has less available. ``overrun`` is for
        facts that cannot be refused (a receipt that is printed already): any lot pays then, and what is missing
        becomes debt. Returns the transaction.
        """
        return self._take(
            "spend", "redeemed", amounts, at=at, source=source, overrun=overrun, terms=terms, is_any_lot=overrun
        )

    def _write_off(
        self, account_id: int, amount_minor: int, *, at: datetime, reason_id: int | None, note: str = "",
        source: Source | None = None,
    ) -> int:  # fmt: skip
        """Take points back by hand, for a reason, last of all those that are good on some receipts only. Returns the
        transaction; `insufficient_points` as for spending.
        """
        source = source or Source("manual", reason_id=reason_id, note=note)
        return self._take("adjust", "adjusted", {account_id: amount_minor}, at=at, source=source, is_any_lot=True)

    def _forfeit(self, amounts: Mapping[int, int], *, at: datetime, source: Source) -> int:
        """So much of each account is lost before its time, {account_id: amount}. Returns the transaction."""
        return self._take("expire", "expired", amounts, at=at, source=source, is_any_lot=True)

    def _left_on(self, account_ids: Collection[int]) -> dict[int, int]:
        """What there is on each, less what is owed: whatever holds reserve, and whatever it is good for."""
        query = SQL(
            "SELECT id, total_minor - debt_minor FROM loy_account WHERE id = ANY(%s)", sql.ids(account_ids)
        )
        return dict(self.env.execute_query(query)) if account_ids else {}

    def _spend_each(self, moves: list[Taking], *, at: datetime, source: Source) -> dict[int, int]:
        """As `_write_off_each`, of points that are spent."""
        return self._take_each("spend", "redeemed", moves, at=at, source=source)

    def _write_off_each(self, moves: list[Taking], *, at: datetime, source: Source) -> dict[int, int]:
        """Take from each account (each stands once) by a transaction of its own; one that has less available stays as
        it is. Returns {account_id: transaction} of those that had enough.
        """
        return self._take_each("adjust", "adjusted", moves, at=at, source=source)

    def _take_each(
        self, kind: str, role: str, moves: list[Taking], *, at: datetime, source: Source
    ) -> dict[int, int]:
        accounts = self._lock_for_taking({move.account_id: move.amount_minor for move in moves}, at)
        spendable = self._spendable(accounts, at)
        moves = [move for move in moves if spendable[move.account_id].total >= move.amount_minor]
        if not moves:
            return {}
        posting = Posting(self, accounts, at, source)
        headers = {
            move.account_id: posting.header(
                kind,
                company_id=posting.company(accounts[move.account_id]),
                note=move.note or source.note or None,
                member_id=move.member_id or source.member_id,
            )
            for move in moves
        }
        amounts = {move.account_id: move.amount_minor for move in moves}
        takes, _short = self._draw(posting, headers, amounts, is_any_lot=True)
        for account_id, lot, amount in takes:
            posting.move(headers[account_id], account_id, lot, -amount, (role, None))
        transaction_ids = posting.write()
        return {account_id: transaction_ids[header] for account_id, header in headers.items()}

    def _take(
        self, kind: str, role: str, amounts: Mapping[int, int], *, at: datetime, source: Source,
        overrun: bool = False, terms: Iterable[int] = (), is_any_lot: bool = False,
    ) -> int:  # fmt: skip
        accounts = self._lock_for_taking(amounts, at)
        posting = Posting(self, accounts, at, source)
        header = posting.header(kind, company_id=posting.company(accounts[min(amounts)]))
        takes, short = self._draw(posting, header, amounts, terms=terms, is_any_lot=is_any_lot)
        if short and not overrun:
            self._refuse(accounts, short, amounts)
        for account_id, lot, amount in takes:
            posting.move(header, account_id, lot, -amount, (role, None))
        for account_id, amount in short.items():
            posting.move(header, account_id, None, -amount, (role, None))
        return posting.write()[0]

    def _take_unknown(
        self, amounts: Mapping[int, int], *, at: datetime, source: Source, is_debt_allowed: bool
    ) -> list[int]:
        """Take back what goods would have earned that come back without their purchase: there is no transaction to
        reverse. What is missing becomes debt, or is forgiven. Returns the transaction, if there is something to take.
        """
        if not is_debt_allowed and amounts:
            self._lock(amounts)
            spendable = self._spendable(amounts, at)
            amounts = {account_id: min(amount, spendable[account_id].total) for account_id, amount in amounts.items()}
        amounts = {account_id: amount for account_id, amount in amounts.items() if amount}
        if not amounts:
            return []
        return [
            self._take(
                "reverse", "issued", amounts, at=at, source=source, overrun=is_debt_allowed, is_any_lot=True
            )
        ]

    def _draw(
        self, posting: Posting, header: int | Mapping[int, int], amounts: Mapping[int, int], *,
        terms: Iterable[int] = (), is_any_lot: bool = False,
    ) -> tuple[list[tuple[int, int, int]], dict[int, int]]:  # fmt: skip
        """Choose lots for the amounts: [(account_id, lot_id, amount)] and what is missing, {account_id:
        amount}. ``header``: that of all, or of each account.

        Lots that are good on some receipts only give where their ``terms`` are named, or ``is_any_lot``, last of all.
        An account in debt pays that first: from lots that are good for nothing else here, then from those that would
        be spent first. Only the rest is available.
        """
        accounts = posting.accounts
        debts = {account_id: accounts[account_id].debt for account_id in amounts}
        needs = {account_id: amount + debts[account_id] for account_id, amount in amounts.items()}
        takes, left = [], dict(amounts)
        rows = self.env.execute_query(
            sql.take_from_lots(needs, posting.at, terms=terms, beyond=needs if is_any_lot else debts)
        )
        beyond: Counter[int] = Counter()
        for _lot, account_id, _company, amount, is_beyond in rows:
            beyond[account_id] += amount if is_beyond else 0
        for lot, account_id, _company, amount, is_beyond in rows:
            owed = accounts[account_id].debt - (0 if is_beyond else beyond[account_id])
            repaid = min(amount, max(0, owed))
            if repaid:
                of = header if isinstance(header, int) else header[account_id]
                posting.repay(of, account_id, lot, repaid)
            if amount > repaid:
                takes.append((account_id, lot, amount - repaid))
                left[account_id] -= amount - repaid
        return takes, {account_id: amount for account_id, amount in left.items() if amount}

    def _lock_for_taking(self, amounts: Mapping[int, int], at: datetime) -> dict[int, Account]:
        """Lock; free what is still reserved by holds whose deadline has passed, whether or not the job has
        run. A fact dated ahead (by a till whose clock is) ends no hold that others count on still.
        """
        self._check_amounts(amounts.values())
        accounts = self._lock(amounts)
        if any(accounts[account_id].held for account_id in amounts):
            at = min(at, self._now())
            overdue = self.env.execute_query(sql.overdue_holds(amounts, at))
            if overdue:
                self._end_holds([row[0] for row in overdue], at)
                accounts = self._lock(amounts)
        return accounts

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
        posting = Posting(self, accounts, until, Source("expiry"))
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
        self, accounts: dict[int, Account], short: dict[int, int], amounts: Mapping[int, int]
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
