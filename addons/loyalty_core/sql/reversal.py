"""What a reversal has to know: what a transaction moved, how much of it is undone, and where it is now."""

from __future__ import annotations

from collections.abc import Iterable

from odoo.tools import SQL

from .expiry import OWN
from .ledger import ids

# The other side of an entry that moved nothing into the account or out of it: a repaid debt, a lot that passes on, and
# what a reversal adds of its own accord.
INNER_ROLES = ["clearing", "transit", "expired", "forgiven"]


def parts(transaction_ids: Iterable[int]) -> SQL:
    """Rows (transaction_id, kind, company_id, account_id, lot_id, lot's expires_at, delta, other account) of what
    transactions moved, in the order in which they moved it.
    """
    return SQL(
        """
        SELECT entry.transaction_id, entry.kind, entry.company_id, entry.account_id,
               entry.lot_id, lot.expires_at, entry.delta_minor, other.id
          FROM loy_entry AS entry
          JOIN loy_account AS other
            ON other.id = CASE WHEN entry.delta_minor > 0 THEN entry.from_account_id ELSE entry.to_account_id END
          LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
         WHERE entry.transaction_id = ANY(%s) AND other.role <> ALL(%s)
         ORDER BY entry.id
        """,
        ids(transaction_ids),
        INNER_ROLES,
    )


def undone(transaction_ids: Iterable[int]) -> SQL:
    """Rows (transaction_id, account_id, amount) of what earlier reversals have undone of transactions."""
    return SQL(
        """
        SELECT header.reverses_id, entry.account_id, ABS(SUM(entry.delta_minor))::int8
          FROM loy_transaction AS header
          JOIN loy_entry AS entry ON entry.transaction_id = header.id
          JOIN loy_account AS other
            ON other.id = CASE WHEN entry.delta_minor > 0 THEN entry.from_account_id ELSE entry.to_account_id END
         WHERE header.reverses_id = ANY(%s) AND other.role <> ALL(%s)
         GROUP BY header.reverses_id, entry.account_id
        """,
        ids(transaction_ids),
        INNER_ROLES,
    )


def repaid(account_ids: Iterable[int]) -> SQL:
    """Rows (account_id, lot_id, lot's expires_at, amount): lots that have repaid debt of the accounts, the latest
    last.
    """
    return SQL(
        """
        SELECT entry.account_id, entry.lot_id, lot.expires_at, -SUM(entry.delta_minor)::int8
          FROM loy_entry AS entry
          JOIN loy_account AS other
            ON other.id IN (entry.from_account_id, entry.to_account_id) AND other.role = 'clearing'
          JOIN loy_lot AS lot ON lot.id = entry.lot_id
         WHERE entry.account_id = ANY(%s)
         GROUP BY entry.account_id, entry.lot_id, lot.expires_at
        HAVING SUM(entry.delta_minor) < 0
         ORDER BY MAX(entry.id)
        """,
        ids(account_ids),
    )


def offspring(lot_ids: Iterable[int]) -> SQL:
    """Rows (root lot, lot_id, account_id, company_id, free, expired) of the lots and of those into which they passed
    on, in the accounts that continue theirs: what is free in each, and what it has lost by expiry. The lot itself comes
    first.
    """
    return SQL(
        """
        WITH RECURSIVE family (root_id, id, account_id, company_id, free, heir_id) AS (
            SELECT lot.id, lot.id, lot.account_id, lot.company_id, lot.remaining_minor - lot.held_minor,
                   COALESCE(account.successor_id, account.id)
              FROM loy_lot AS lot JOIN loy_account AS account ON account.id = lot.account_id
             WHERE lot.id = ANY(%s)
             UNION ALL
            SELECT family.root_id, lot.id, lot.account_id, lot.company_id, lot.remaining_minor - lot.held_minor,
                   family.heir_id
              FROM family
              JOIN loy_lot AS lot ON lot.origin_id = family.id
              JOIN loy_account AS account
                ON account.id = lot.account_id AND COALESCE(account.successor_id, account.id) = family.heir_id
        )
        SELECT root_id, id, account_id, company_id, free, COALESCE((
                   SELECT -SUM(entry.delta_minor)
                     FROM loy_entry AS entry
                     JOIN loy_account AS other
                       ON other.id IN (entry.from_account_id, entry.to_account_id) AND other.role = 'expired'
                    WHERE entry.lot_id = family.id
               ), 0)::int8
          FROM family ORDER BY root_id, id
        """,
        ids(lot_ids),
    )


def terms(lot_ids: Iterable[int]) -> SQL:
    """Rows (lot_id, active_from, own end, promotion_code, company_id, terms_id): what a lot hands down to the one that
    it passes on into.
    """
    return SQL(
        "SELECT id, active_from, %s, promotion_code, company_id, terms_id FROM loy_lot AS lot WHERE id = ANY(%s)",
        OWN,
        ids(lot_ids),
    )
