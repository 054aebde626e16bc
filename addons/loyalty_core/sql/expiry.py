"""The dates of lots that follow from expiry policies, and the checks that prove them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from odoo.tools import SQL

from .ledger import ids

#: The end of a lot by its own terms; a lot that no policy has touched keeps it in ``expires_at``.
OWN = SQL("CASE WHEN lot.is_by_policy THEN lot.own_expires_at ELSE lot.expires_at END")

# (lot, by the calendar, by inactivity)
Dates = tuple[int, datetime | None, datetime | None]


def date_lots(rows: Sequence[Dates]) -> SQL:
    """Give lots the dates of policies; of all dates the earliest is the lot's."""
    lots, calendar, idle = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        UPDATE loy_lot AS lot
           SET own_expires_at = %(own)s, is_by_policy = true,
               calendar_expires_at = given.calendar, idle_expires_at = given.idle,
               expires_at = LEAST(%(own)s, given.calendar, given.idle)
          FROM unnest(%(lots)s, %(calendar)s::timestamp[], %(idle)s::timestamp[]) AS given (id, calendar, idle)
         WHERE lot.id = given.id
        """,
        own=OWN,
        lots=ids(lots),
        calendar=calendar,
        idle=idle,
    )


def keep_alive(account_ids: Iterable[int], company_id: int, until: datetime, at: datetime) -> SQL:
    """Activity at ``at`` moves the end of what is idle ahead, never back: of lots that have something left and were not
    gone by then."""
    return SQL(
        """
        UPDATE loy_lot AS lot
           SET idle_expires_at = %(until)s,
               expires_at = LEAST(own_expires_at, calendar_expires_at, %(until)s)
         WHERE account_id = ANY(%(accounts)s) AND company_id = %(company)s AND is_open AND is_by_policy
           AND idle_expires_at < %(until)s AND expires_at > %(at)s
        """,
        accounts=ids(account_ids),
        company=company_id,
        until=until,
        at=at,
    )


def accounts_with_lots(unit_id: int, company_id: int, after: int, limit: int) -> SQL:
    """Rows (account_id) of the next accounts that have lots of the unit which the company issued."""
    return SQL(
        """
        SELECT account.id FROM loy_account AS account
         WHERE account.unit_id = %s AND account.kind <> 'system' AND account.total_minor > 0 AND account.id > %s
           AND EXISTS (SELECT FROM loy_lot AS lot
                        WHERE lot.account_id = account.id AND lot.is_open AND lot.company_id = %s)
         ORDER BY account.id LIMIT %s
        """,
        unit_id,
        after,
        company_id,
        limit,
    )


def open_lots(account_ids: Iterable[int], company_id: int, now: datetime) -> SQL:
    """Rows (lot_id, account_id, active_from, given_at, calendar, idle) of lots that have not expired."""
    return SQL(
        """
        SELECT lot.id, lot.account_id, lot.active_from, header.occurred_at, lot.calendar_expires_at,
               lot.idle_expires_at
          FROM loy_lot AS lot JOIN loy_transaction AS header ON header.id = lot.transaction_id
         WHERE lot.account_id = ANY(%s) AND lot.company_id = %s AND lot.is_open
           AND (lot.expires_at IS NULL OR lot.expires_at > %s)
         ORDER BY lot.id
        """,
        ids(account_ids),
        company_id,
        now,
    )


def idle_of(lot_ids: Iterable[int]) -> SQL:
    """Rows (lot_id, idle): what lots that pass on hand down."""
    return SQL("SELECT id, idle_expires_at FROM loy_lot WHERE id = ANY(%s)", ids(lot_ids))


def holders(account_ids: Iterable[int]) -> SQL:
    """Rows (account_id, member_id): whose account it is, of a pool its owner's."""
    return SQL(
        """
        SELECT account.id, COALESCE(account.member_id, pool.owner_id)
          FROM loy_account AS account LEFT JOIN loy_pool AS pool ON pool.id = account.pool_id
         WHERE account.id = ANY(%s)
        """,
        ids(account_ids),
    )


def last_activity(account_ids: Iterable[int], until: datetime) -> SQL:
    """Rows (account_id, activity, moment): when something last happened on the accounts by a moment, and in purchases
    of those whose accounts they are."""
    return SQL(
        """
        SELECT account_id, CASE WHEN kind = 'accrue' THEN 'accrual' ELSE 'spend' END, MAX(occurred_at)
          FROM loy_entry WHERE account_id = ANY(%(accounts)s) AND kind IN ('accrue', 'spend', 'settle')
           AND occurred_at <= %(until)s
         GROUP BY 1, 2
         UNION ALL
        SELECT holder.account_id, 'purchase', MAX(purchase.purchased_at)
          FROM (SELECT account.id AS account_id, account.member_id FROM loy_account AS account
                 WHERE account.id = ANY(%(accounts)s) AND account.member_id IS NOT NULL
                 UNION ALL
                SELECT account.id, line.member_id
                  FROM loy_account AS account JOIN loy_pool_member AS line ON line.pool_id = account.pool_id
                 WHERE account.id = ANY(%(accounts)s) AND line.left_at IS NULL) AS holder
          JOIN loy_purchase AS purchase ON purchase.member_id = holder.member_id
           AND purchase.kind = 'sale' AND purchase.state IN ('confirmed', 'returned')
           AND purchase.purchased_at <= %(until)s
         GROUP BY 1
        """,
        accounts=ids(account_ids),
        until=until,
    )


def make_mark(company_id: int, unit_id: int) -> SQL:
    return SQL(
        "INSERT INTO loy_expiry_mark (company_id, unit_id, told, after_id, is_fresh) VALUES (%s, %s, '', 0, false)"
        " ON CONFLICT DO NOTHING",
        company_id,
        unit_id,
    )


def mark(company_id: int, unit_id: int) -> SQL:
    """One row (told, after, is_fresh, done_on), locked: one job dates lots at a time."""
    return SQL(
        "SELECT told, after_id, is_fresh, done_on FROM loy_expiry_mark"
        " WHERE company_id = %s AND unit_id = %s FOR UPDATE",
        company_id,
        unit_id,
    )


def set_mark(company_id: int, unit_id: int, told: str, after: int, is_fresh: bool, done_on: date | None) -> SQL:
    return SQL(
        "UPDATE loy_expiry_mark SET told = %s, after_id = %s, is_fresh = %s, done_on = %s"
        " WHERE company_id = %s AND unit_id = %s",
        told,
        after,
        is_fresh,
        done_on,
        company_id,
        unit_id,
    )


def marked_units(company_id: int) -> SQL:
    """Rows (unit_id): units that have had policies."""
    return SQL("SELECT unit_id FROM loy_expiry_mark WHERE company_id = %s", company_id)


# Laws of the books, as those of sql/ledger.py: (law, table, a query of rows (id, expected, found) that break it).
CHECKS = (
    (
        "lot_expires_by_the_earliest_of_its_dates",
        "loy.lot",
        """
        SELECT id, EXTRACT(EPOCH FROM LEAST(own_expires_at, calendar_expires_at, idle_expires_at))::int8,
               EXTRACT(EPOCH FROM expires_at)::int8
          FROM loy_lot
         WHERE is_by_policy
           AND expires_at IS DISTINCT FROM LEAST(own_expires_at, calendar_expires_at, idle_expires_at)
        """,
    ),
)
