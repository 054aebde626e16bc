"""What moves between accounts of one unit with its terms: all of an account to the one that continues it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from odoo import models

from ..sql import ledger as sql
from ..sql import passing as passing_sql
from .errors import LoyaltyError
from .posting import Accrual, Posting, Source


class LoyLedgerPassing(models.AbstractModel):
    """A chapter of `loy.ledger`."""

    _name = "loy.ledger.passing"
    _description = "Ledger: passing on"

    def _absorb(self, from_member_id: int, to_member_id: int, *, at: datetime, source: Source) -> list[int]:
        """All that a member has is another's from now on (two records of one person become one). Returns the
        transactions.

        Lots keep their terms, debt goes with them. What comes back later to the old accounts, or is taken back of what
        they have earned, moves on at once. `account_held` while something is reserved for a purchase.
        """
        heirs: dict[int, int] = {}
        rows = self.env.execute_query(passing_sql.own_accounts(from_member_id))
        for partner_id in sorted({row[2] for row in rows}):
            units = {unit_id: account_id for account_id, unit_id, scope in rows if scope == partner_id}
            found = self._accounts([to_member_id], units, create=True, partner_id=partner_id or None)
            heirs |= {account_id: found[to_member_id, unit_id] for unit_id, account_id in units.items()}
        return self._pass_on(heirs, at=at, source=source)

    def _pass_on(self, heirs: Mapping[int, int], *, at: datetime, source: Source) -> list[int]:
        """All of each account moves to the one that continues it, {account_id: heir_id}; it stays empty from then on.
        Returns the transactions, one for each account that had something.
        """
        if not heirs:
            return []
        accounts = self._lock_families([*heirs, *heirs.values()])
        gone = [account_id for pair in heirs.items() for account_id in pair if accounts[account_id].successor_id]
        if gone or heirs.keys() & set(heirs.values()):
            raise LoyaltyError(
                "account_passed_on",
                self.env._("Account %(id)s has moved to another one already", id=min(gone or heirs)),
            )
        overdue = self.env.execute_query(sql.overdue_holds(heirs, min(at, self._now())))
        if overdue:
            self._end_holds([row[0] for row in overdue], at)
            accounts = self._lock_families([*heirs, *heirs.values()])
        self._check_not_held(heirs)
        posting = Posting(self, accounts, at, source)
        headers: dict[int, int] = {}
        for account_id, heir_id in heirs.items():
            if accounts[account_id].total or accounts[account_id].debt:
                headers[account_id] = posting.header("merge", company_id=posting.company(accounts[account_id]))
                posting.pass_debt(headers[account_id], account_id, heir_id, accounts[account_id].debt)
        for lot, account_id, amount, active_from, expires_at, promotion_code, company_id in self.env.execute_query(
            passing_sql.open_lots(heirs)
        ):
            heir = Accrual(
                heirs[account_id],
                amount,
                active_from=active_from,
                expires_at=expires_at,
                promotion_code=promotion_code or "",
                origin_id=lot,
                company_id=company_id,
            )
            new = posting.pass_on(headers[account_id], account_id, lot, heir)
            # As every new lot it repays debt first.
            if repaid := min(accounts[heir.account_id].debt, amount):
                posting.repay(headers[account_id], heir.account_id, new, repaid)
        ids = posting.write()
        self.env.cr.execute(passing_sql.set_successors(heirs))
        self._invalidate()
        return ids

    def _check_not_held(self, account_ids: Mapping[int, int]) -> None:
        held = self.env.execute_query(passing_sql.open_holds(account_ids))
        if held:
            document, deadline_at = held[0]
            raise LoyaltyError(
                "account_held",
                self.env._(
                    "Points are reserved for purchase %(purchase)s until %(deadline)s UTC: confirm or cancel it first.",
                    purchase=document or "",
                    deadline=deadline_at.isoformat(sep=" ", timespec="minutes"),
                ),
            )
