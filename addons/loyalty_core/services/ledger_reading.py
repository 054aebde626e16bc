"""What the ledger tells: balances, what expires, statements, and the proof that its books are right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from odoo import models

from ..sql import codes, counters, expiry, journals, ledger_days, member_days, pooling, sales_facts, tiers
from ..sql import ledger as sql
from .posting import Balance, Conditional, Spendable

DIFFERENCES_MAX = 100
#: Whose laws are proved.
CHAPTERS = (sql, pooling, ledger_days, journals, counters, member_days, codes, tiers, expiry, sales_facts)


class LoyLedgerReading(models.AbstractModel):
    """A chapter of `loy.ledger`."""

    _name = "loy.ledger.reading"
    _description = "Ledger: reading"

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
                conditional=tuple(
                    Conditional(terms_id, amount, expires_at and datetime.fromisoformat(expires_at))
                    for terms_id, amount, expires_at in conditional or ()
                ),
            )
            for account_id, total, debt, pending, expired, held, held_expired, conditional in self.env.execute_query(
                query
            )
        }

    def _spendable(self, account_ids: Iterable[int], at: datetime) -> dict[int, Spendable]:
        """What a spending at ``at`` could take: what is free now in the lots that are usable at that moment,
        less debt.

        For a moment in the past this is not the balance that there was: what has been spent since is gone.
        """
        debts: dict[int, int] = {}
        found: dict[int, dict[int | None, int]] = defaultdict(dict)
        query = sql.spendable(account_ids, at, min(at, self._now()))
        for account_id, debt, terms_id, amount in self.env.execute_query(query):
            debts[account_id] = debt
            found[account_id][terms_id] = amount
        return {
            account_id: Spendable.beyond(debts[account_id], amounts.pop(None, 0), amounts)
            for account_id, amounts in found.items()
        }

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

    def _moved(self, transaction_ids: Iterable[int]) -> list[tuple[str, Decimal, Decimal]]:
        """What transactions gave to members and took from them, by unit: (unit code, given, taken), in whole
        units.
        """
        return self.env.execute_query(sql.moved(transaction_ids))

    def _check_books(self) -> dict[str, Any]:
        """Prove the laws of the ledger for the whole database: `differences` says which record breaks which.

        {"ok", "checked": {"accounts", "transactions", "lots", "entries", "holds"},
        "differences": [{"law", "model", "id", "expected", "found"}]}
        """
        names = ("accounts", "transactions", "lots", "entries", "holds")
        checked = dict(zip(names, self.env.execute_query(sql.count_books())[0], strict=True))
        differences = [
            {"law": law, "model": model, "id": record_id, "expected": expected, "found": found}
            for chapter in CHAPTERS
            for law, model, query in chapter.CHECKS
            for record_id, expected, found in self.env.execute_query(sql.check(query, DIFFERENCES_MAX))
        ]
        return {"ok": not differences, "checked": checked, "differences": differences}
