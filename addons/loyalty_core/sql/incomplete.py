"""Receipts that were begun and never completed, by store, register and day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from odoo.tools import SQL

Day = tuple[int, date, datetime, datetime]  # store, day, its first instant, the first instant after it


def days(given: Iterable[Day]) -> SQL:
    rows = list(given)
    return SQL(
        "unnest(%s::int4[], %s::date[], %s::timestamp[], %s::timestamp[]) AS given (store_id, day, starts, ends)",
        *(list(column) for column in zip(*rows, strict=True)),
    )


def forget(given: Iterable[Day]) -> SQL:
    return SQL(
        "DELETE FROM loy_purchase_day AS old USING %s WHERE old.store_id = given.store_id AND old.day = given.day",
        days(given),
    )


def count(given: Iterable[Day], now: datetime) -> SQL:
    """Write the counts of these days. A receipt whose hold runs still is neither complete nor incomplete."""
    return SQL(
        """
        INSERT INTO loy_purchase_day (day, store_id, register_id, company_id,
                                      sale_count, incomplete_count, incomplete_amount)
        SELECT given.day, given.store_id, purchase.register_id, store.company_id, COUNT(*),
               COUNT(*) FILTER (WHERE purchase.state = 'held'),
               COALESCE(SUM(purchase.to_pay) FILTER (WHERE purchase.state = 'held'), 0)
          FROM %s
          JOIN loy_store AS store ON store.id = given.store_id
          JOIN loy_purchase AS purchase ON purchase.store_id = given.store_id
           AND purchase.purchased_at >= given.starts AND purchase.purchased_at < given.ends
         WHERE purchase.kind = 'sale' AND purchase.state <> 'cancelled'
           AND (purchase.state <> 'held' OR purchase.held_until_at <= %s)
         GROUP BY given.day, given.store_id, purchase.register_id, store.company_id
        """,
        days(given),
        now,
    )


def totals(given: Iterable[Day]) -> SQL:
    """Rows (store_id, day, receipts, incomplete, amount) of the days on which something was left open."""
    return SQL(
        """
        SELECT counted.store_id, counted.day, SUM(sale_count)::int8, SUM(incomplete_count)::int8,
               SUM(incomplete_amount)
          FROM %s
          JOIN loy_purchase_day AS counted ON counted.store_id = given.store_id AND counted.day = given.day
         GROUP BY counted.store_id, counted.day HAVING SUM(incomplete_count) > 0
         ORDER BY counted.store_id, counted.day
        """,
        days(given),
    )
