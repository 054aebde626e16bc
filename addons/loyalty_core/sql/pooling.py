"""Members who share accounts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from odoo.tools import SQL

from .ledger import ids


def lock_pool(pool_id: int) -> SQL:
    """Row (id) where the pool is open; nobody else changes who is in it until the transaction ends."""
    return SQL("SELECT id FROM loy_pool WHERE id = %s AND state = 'open' FOR NO KEY UPDATE", pool_id)


def lock_pools_of(member_ids: Iterable[int]) -> SQL:
    """Pools are locked before the members who are in them."""
    return SQL(
        """
        SELECT FROM loy_pool WHERE id IN (
            SELECT pool_id FROM loy_pool_member WHERE member_id = ANY(%s) AND left_at IS NULL
        ) ORDER BY id FOR NO KEY UPDATE
        """,
        ids(member_ids, "int4"),
    )


def lock_members(member_ids: Iterable[int]) -> SQL:
    """Nothing is booked on these members, and they get no account, until the transaction ends."""
    return SQL("SELECT FROM res_partner WHERE id = ANY(%s) ORDER BY id FOR UPDATE", ids(sorted(member_ids), "int4"))


def pools_of(member_ids: Iterable[int]) -> SQL:
    """Rows (member_id, pool_id) of those who are in one now."""
    return SQL(
        "SELECT member_id, pool_id FROM loy_pool_member WHERE member_id = ANY(%s) AND left_at IS NULL",
        ids(member_ids, "int4"),
    )


def make_accounts_of_pools(scopes: Iterable[tuple[int, int, int]], uid: int, now: datetime) -> SQL:
    """The pools' accounts for (pool_id, unit_id, coalition partner or 0), those that are missing."""
    scopes = sorted(set(scopes))
    return SQL(
        """
        INSERT INTO loy_account (kind, pool_id, unit_id, partner_id, company_id,
                                 is_current, total_minor, held_minor, debt_minor,
                                 create_uid, create_date, write_uid, write_date)
        SELECT 'pool', given.pool_id, unit.id, NULLIF(given.partner_id, 0), unit.company_id,
               true, 0, 0, 0, %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM unnest(%(pools)s, %(units)s, %(partners)s) AS given (pool_id, unit_id, partner_id)
          JOIN loy_unit AS unit ON unit.id = given.unit_id
         ORDER BY given.pool_id, unit.id, given.partner_id
            ON CONFLICT DO NOTHING
        """,
        uid=uid,
        now=now,
        pools=ids((pool for pool, _unit, _partner in scopes), "int4"),
        units=ids((unit for _pool, unit, _partner in scopes), "int4"),
        partners=ids((partner for _pool, _unit, partner in scopes), "int4"),
    )


def accounts_of_pools(pool_ids: Iterable[int]) -> SQL:
    """Rows (pool_id, unit_id, coalition partner or 0, account_id) of accounts that nothing continues."""
    return SQL(
        """
        SELECT pool_id, unit_id, COALESCE(partner_id, 0), id FROM loy_account
         WHERE kind = 'pool' AND pool_id = ANY(%s) AND successor_id IS NULL ORDER BY id
        """,
        ids(pool_ids, "int4"),
    )


def retire(member_id: int) -> SQL:
    """The member earns and spends on these accounts no more: they stay with what continues them, for ever."""
    return SQL(
        "UPDATE loy_account SET is_current = false WHERE kind = 'member' AND is_current AND member_id = %s", member_id
    )


# As the checks of the ledger: (law, table, a query of rows (id, expected, found) that break it).
CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "who_is_in_a_pool_has_no_account_beside_it",
        "loy.account",
        """
        SELECT account.id, line.pool_id::int8, 0::int8
          FROM loy_pool_member AS line
          JOIN loy_account AS account
            ON account.kind = 'member' AND account.is_current AND account.member_id = line.member_id
         WHERE line.left_at IS NULL
        """,
    ),
    (
        "closed_pool_is_empty",
        "loy.pool",
        """
        SELECT pool.id, 0::int8, COUNT(account.id) + COUNT(line.id)
          FROM loy_pool AS pool
          LEFT JOIN loy_account AS account ON account.pool_id = pool.id AND account.successor_id IS NULL
          LEFT JOIN loy_pool_member AS line ON line.pool_id = pool.id AND line.left_at IS NULL
         WHERE pool.state = 'closed'
         GROUP BY pool.id HAVING COUNT(account.id) + COUNT(line.id) > 0
        """,
    ),
)
