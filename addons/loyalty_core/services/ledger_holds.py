"""Holds: what is reserved of lots for a purchase, until it is settled or released."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from odoo import models
from odoo.tools import SQL

from ..sql import ledger as sql
from ..sql.insert import insert_rows
from .errors import LoyaltyError
from .posting import Posting, Source


class LoyLedgerHolds(models.AbstractModel):
    """A chapter of `loy.ledger`."""

    _name = "loy.ledger.holds"
    _description = "Ledger: holds"

    def _hold(
        self, amounts: Mapping[int, int], *, at: datetime, deadline_at: datetime, source: Source,
        terms: Iterable[int] = (),
    ) -> int:  # fmt: skip
        """Reserve the amounts for a purchase until the deadline. All or nothing; `insufficient_points`.
        Returns the hold.

        Of lots that are good on some receipts only, such are reserved whose ``terms`` hold. What is held stays usable
        for this purchase even if its lot expires meanwhile.
        """
        if deadline_at <= at:
            raise LoyaltyError(
                "bad_period", self.env._("The deadline of a hold must lie after its beginning")
            )
        accounts = self._lock_for_taking(amounts, at)
        posting = Posting(self, accounts, at, source)
        header = posting.header("hold", company_id=posting.company(accounts[min(amounts)]))
        takes, short = self._draw(posting, header, amounts, terms=terms)
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
        if not lines[0][5]:
            self._refuse_ended([hold_id])  # before its accounts are locked: they may have passed on since
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
        posting = Posting(self, accounts, at, source)
        header = posting.header("settle", hold_id=hold_id, company_id=source.company_id or ended[0][0])
        left = dict(amounts or {})
        for _hold, _line, account_id, lot, held, _is_open in lines:
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
        lines = [line for line in self._hold_lines(hold_ids) if line[5]]
        if not lines:
            return 0
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
        posting = Posting(self, accounts, at, Source("hold"))
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
        for hold_id, _line, account_id, lot, held, _is_open in lines:
            if hold_id in ended:
                posting.reserve(account_id, lot, -held)
        posting.write()
        return len(ended)

    def _hold_lines(self, hold_ids: list[int]) -> list[tuple[int, int, int, int, int, bool]]:
        """Rows (hold_id, id, account_id, lot_id, amount, is_open), in the order in which the lots are spent. What has
        ended never opens again.
        """
        return self.env.execute_query(
            SQL(
                "SELECT line.hold_id, line.id, line.account_id, line.lot_id, line.amount_minor, hold.state = 'open' "
                "FROM loy_hold_line AS line JOIN loy_hold AS hold ON hold.id = line.hold_id "
                "WHERE line.hold_id = ANY(%s) ORDER BY line.id",
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

    def _refuse_ended(self, hold_ids: list[int]) -> None:
        raise LoyaltyError(
            "hold_ended", self.env._("Hold %(id)s has ended already, or there is none", id=hold_ids[0])
        )
