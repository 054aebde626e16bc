"""Accounts that several members share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from odoo import models

from ..sql import passing as passing_sql
from ..sql import pooling as sql
from .posting import Source


class LoyLedgerPooling(models.AbstractModel):
    """A chapter of `loy.ledger`."""

    _name = "loy.ledger.pooling"
    _description = "Ledger: pools"

    def _pool_accounts(self, scopes: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], int]:
        """The accounts of pools, {(pool_id, unit_id, coalition partner or 0): account_id}; missing ones are made."""
        scopes = set(scopes)
        if not scopes:
            return {}
        query = sql.accounts_of_pools({pool_id for pool_id, _unit, _partner in scopes})
        found = {tuple(row[:3]): row[3] for row in self.env.execute_query(query)}
        if missing := scopes - found.keys():
            self.env.cr.execute(sql.make_accounts_of_pools(missing, self.env.uid, self.env.cr.now()))
            found = {tuple(row[:3]): row[3] for row in self.env.execute_query(query)}
        return {scope: found[scope] for scope in scopes}

    def _pool(self, member_id: int, pool_id: int, *, at: datetime, source: Source) -> list[int]:
        """All that the member has is the pool's from now on, as by `_pass_on`; after the pool the member begins anew.
        Returns the transactions. The caller holds pool and member.
        """
        own = self.env.execute_query(passing_sql.own_accounts(member_id))
        shared = self._pool_accounts((pool_id, unit_id, partner_id) for _account, unit_id, partner_id in own)
        heirs = {account: shared[pool_id, unit_id, partner_id] for account, unit_id, partner_id in own}
        transactions = self._pass_on(heirs, at=at, source=source)
        self.env.cr.execute(sql.retire(member_id))
        self._invalidate()
        return transactions

    def _dissolve(self, pool_id: int, heir_id: int, *, at: datetime, source: Source) -> list[int]:
        """All that the pool has, and whatever still comes back to it, is one member's. Returns the transactions."""
        heirs: dict[int, int] = {}
        for partner_id, accounts in self._by_partner(pool_id).items():
            own = self._accounts([heir_id], accounts, create=True, partner_id=partner_id or None)
            heirs |= {account: own[heir_id, unit_id] for unit_id, account in accounts.items()}
        return self._pass_on(heirs, at=at, source=source)

    def _by_partner(self, pool_id: int) -> Mapping[int, dict[int, int]]:
        """Coalition partner or 0 → {unit_id: account_id} of the pool."""
        accounts: dict[int, dict[int, int]] = {}
        for _pool, unit_id, partner_id, account in self.env.execute_query(sql.accounts_of_pools([pool_id])):
            accounts.setdefault(partner_id, {})[unit_id] = account
        return accounts
