"""What moves between accounts: all of one to the account that continues it, an amount with the terms of its lots, or an
amount into another unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from odoo import models

from ..sql import ledger as sql
from ..sql import passing as passing_sql
from ..sql import reversal as reversal_sql
from .errors import LoyaltyError
from .posting import Account, Accrual, Posting, Source


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
        for lot, account_id, amount, active_from, expires_at, promotion_code, company_id, terms_id in (
            self.env.execute_query(passing_sql.open_lots(heirs))
        ):
            heir = Accrual(
                heirs[account_id],
                amount,
                active_from=active_from,
                expires_at=expires_at,
                promotion_code=promotion_code or "",
                origin_id=lot,
                company_id=company_id,
                terms_id=terms_id,
            )
            self._hand_over(posting, headers[account_id], account_id, lot, heir)
        ids = posting.write()
        self.env.cr.execute(passing_sql.set_successors(heirs))
        self._invalidate()
        return ids

    # ------------------------------------------------------------------ amounts

    def _transfer(self, account_id: int, to_account_id: int, amount_minor: int, *, at: datetime, source: Source) -> int:
        """An amount goes to another account, what would be spent first; its lots keep their terms. What is good on some
        receipts only stays. Returns the transaction; `insufficient_points`, `bad_amount`.
        """
        accounts = self._lock_for_moving(account_id, to_account_id, amount_minor, at)
        posting = Posting(self, accounts, at, source)
        header = posting.header("transfer", company_id=posting.company(accounts[account_id]))
        drawn = self._draw_all(posting, header, account_id, amount_minor)
        terms = {row[0]: row[1:] for row in self.env.execute_query(reversal_sql.terms(drawn))}
        for lot, amount in drawn.items():
            active_from, expires_at, promotion_code, company_id, terms_id = terms[lot]
            heir = Accrual(
                to_account_id,
                amount,
                active_from=active_from,
                expires_at=expires_at,
                promotion_code=promotion_code or "",
                origin_id=lot,
                company_id=company_id,
                terms_id=terms_id,
            )
            self._hand_over(posting, header, account_id, lot, heir)
        return posting.write()[0]

    def _convert(self, account_id: int, amount_minor: int, gain: Accrual, *, at: datetime, source: Source) -> int:
        """An amount of one unit leaves its account, and a lot of another unit takes its place; what is good on some
        receipts only stays. Returns the transaction; `insufficient_points`, `bad_amount`.
        """
        accounts = self._lock_for_moving(account_id, gain.account_id, amount_minor, at)
        posting = Posting(self, accounts, at, source)
        header = posting.header("convert", company_id=posting.company(accounts[account_id]))
        for lot, amount in self._draw_all(posting, header, account_id, amount_minor).items():
            posting.move(header, account_id, lot, -amount, ("converted", None))
        new = posting.new_lot(header, gain)
        posting.move(header, gain.account_id, new, gain.amount_minor, ("converted", None))
        self._repay_debt(posting, header, gain.account_id, new, gain.amount_minor)
        return posting.write()[0]

    def _lock_for_moving(
        self, account_id: int, to_account_id: int, amount_minor: int, at: datetime
    ) -> dict[int, Account]:
        if account_id == to_account_id:
            raise LoyaltyError("same_account", self.env._("Both have the same account: nothing is to be moved"))
        self._lock([account_id, to_account_id])  # both in their order; what follows locks them once more
        taken = self._lock_for_taking({account_id: amount_minor}, at)
        return self._lock([to_account_id]) | taken

    def _draw_all(self, posting: Posting, header: int, account_id: int, amount_minor: int) -> dict[int, int]:
        """The lots that pay the amount, {lot: amount}."""
        takes, short = self._draw(posting, header, {account_id: amount_minor})
        if short:
            self._refuse(posting.accounts, short, {account_id: amount_minor})
        return {lot: amount for _account_id, lot, amount in takes}

    def _hand_over(self, posting: Posting, header: int, account_id: int, lot: int, heir: Accrual) -> None:
        new = posting.pass_on(header, account_id, lot, heir)
        self._repay_debt(posting, header, heir.account_id, new, heir.amount_minor)

    def _repay_debt(self, posting: Posting, header: int, account_id: int, lot: int, amount: int) -> None:
        """As every new lot it repays debt first."""
        if repaid := min(posting.accounts[account_id].debt, amount):
            posting.repay(header, account_id, lot, repaid)

    # ------------------------------------------------------------------ refusals

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
