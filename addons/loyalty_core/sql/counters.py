"""Statements on counters: rows that share one limit, and the draws that they are the sum of.

A counter is known by company, kind, ref (the record whose limit it counts) and day (only of what counts by the day).
Kinds that begin with ``shared_`` are of limits that promotions share.
Each of its rows may give its ``quota``; while ``quota_of`` is the limit, the quotas sum up to it and no row has used
more than its own, so that whoever finds room in one row need not look at the others.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from odoo.tools import SQL

# (kind, ref, day, amount, limit): an amount below zero gives back, and asks for no room.
Wish = tuple[str, int, date | None, int, int | None]

_WANTED = SQL("AS wanted (kind, ref, day, amount, quota_of)")
_SAME = SQL(
    "counter.kind = wanted.kind AND counter.ref = wanted.ref "
    "AND COALESCE(counter.day, '-infinity') = COALESCE(wanted.day, '-infinity')"
)


def _wishes(wishes: Sequence[Wish]) -> SQL:
    kinds, refs, days, amounts, limits = (list(column) for column in zip(*wishes, strict=True))
    return SQL(
        "unnest(%s::varchar[], %s::int8[], %s::date[], %s::int8[], %s::int8[]) %s",
        kinds, refs, days, amounts, limits, _WANTED,
    )  # fmt: skip


def used(
    company_id: int,
    promotion_ids: Iterable[int],
    limit_ids: Iterable[int],
    kinds: Iterable[str],
    day: date,
    member_id: int | None,
) -> SQL:
    """(kind, ref, day, used, base in minor units, base in millionths): what all have drawn on the limits of promotions
    and on those that they share, and what a member has by day."""
    promotion_ids, limit_ids = list(promotion_ids), list(limit_ids)
    return SQL(
        """
        SELECT kind, ref, NULL::date, SUM(used)::int8, 0::int8, 0::int8 FROM loy_counter
         WHERE company_id = %(company)s AND kind = ANY(%(kinds)s) AND ref = ANY(%(refs)s)
           AND COALESCE(day, '-infinity') IN ('-infinity', %(day)s)
         GROUP BY kind, ref
         UNION ALL
        SELECT CASE WHEN draw.limit_id IS NULL THEN 'per_member' ELSE 'shared_per_member' END,
               COALESCE(draw.limit_id, draw.promotion_id)::int8, draw.day, SUM(draw.uses)::int8,
               (COALESCE(SUM(draw.base_amount), 0) * power(10::numeric, MAX(currency.decimal_places)))::int8,
               (COALESCE(SUM(draw.base_quantity), 0) * 1000000)::int8
          FROM loy_counter_draw AS draw JOIN res_currency AS currency ON currency.id = draw.currency_id
         WHERE draw.company_id = %(company)s AND draw.member_id = %(member)s
           AND (draw.limit_id IS NULL AND draw.promotion_id = ANY(%(promotions)s) OR draw.limit_id = ANY(%(limits)s))
         GROUP BY 1, 2, 3
        HAVING SUM(draw.uses) <> 0 OR SUM(draw.base_amount) <> 0 OR SUM(draw.base_quantity) <> 0
        """,
        company=company_id,
        kinds=list(kinds),
        refs=[*promotion_ids, *limit_ids],
        promotions=promotion_ids,
        limits=limit_ids,
        day=day,
        member=member_id or 0,
    )


def drawn(purchase_ids: Iterable[int]) -> SQL:
    """(purchase, promotion, company, currency, member, day, counted, uses, discount in minor units, points in
    millionths, limit, base in minor units, base in millionths): what purchases have drawn and not given back."""
    return SQL(
        """
        SELECT purchase_id, promotion_id, company_id, currency_id, member_id, day, counted, SUM(uses)::int8,
               (SUM(discount) * power(10::numeric, MAX(currency.decimal_places)))::int8, (SUM(points) * 1000000)::int8,
               limit_id, (COALESCE(SUM(base_amount), 0) * power(10::numeric, MAX(currency.decimal_places)))::int8,
               (COALESCE(SUM(base_quantity), 0) * 1000000)::int8
          FROM loy_counter_draw AS draw JOIN res_currency AS currency ON currency.id = draw.currency_id
         WHERE purchase_id = ANY(%s)
         GROUP BY purchase_id, promotion_id, limit_id, company_id, currency_id, member_id, day, counted
        HAVING SUM(uses) <> 0 OR SUM(discount) <> 0 OR SUM(points) <> 0
            OR SUM(base_amount) <> 0 OR SUM(base_quantity) <> 0
         ORDER BY purchase_id, promotion_id, limit_id NULLS FIRST
        """,
        list(purchase_ids),
    )


def draw(company_id: int, wishes: Sequence[Wish]) -> SQL:
    """Each wish on one row that has room for it; answers the rows that were drawn on.

    Rows are locked in the order of their ids. What is undone by ROLLBACK TO SAVEPOINT loses its locks too: without
    that, a row that was found full after waiting for it would stay locked.
    """
    room = SQL("(%s < 0 OR (counter.quota_of = %s AND counter.used + %s <= counter.quota))",
               SQL("wanted.amount"), SQL("wanted.quota_of"), SQL("wanted.amount"))  # fmt: skip
    return SQL(
        """
        SAVEPOINT loy_draw;
        WITH picked AS MATERIALIZED (
            SELECT wanted.*, (SELECT counter.id FROM loy_counter AS counter
                               WHERE counter.company_id = %(company)s AND %(same)s AND %(room)s
                               ORDER BY random() LIMIT 1) AS id
              FROM %(wishes)s
        ), locked AS MATERIALIZED (
            SELECT counter.id, wanted.amount
              FROM picked AS wanted JOIN loy_counter AS counter ON counter.id = wanted.id
             WHERE %(room)s ORDER BY counter.id FOR UPDATE OF counter
        )
        UPDATE loy_counter AS counter SET used = counter.used + locked.amount
          FROM locked WHERE counter.id = locked.id
        RETURNING counter.id
        """,
        company=company_id,
        wishes=_wishes(wishes),
        same=_SAME,
        room=room,
    )


def make(company_id: int, shards: Sequence[tuple[str, int, date | None, int]]) -> SQL:
    """(kind, ref, day, number): the rows that counters lack, empty."""
    kinds, refs, days, numbers = (list(column) for column in zip(*shards, strict=True))
    return SQL(
        """
        INSERT INTO loy_counter (company_id, kind, ref, day, shard, used, quota)
        SELECT %s, kind, ref, day, shard, 0, 0
          FROM unnest(%s::varchar[], %s::int8[], %s::date[], %s::int4[]) AS wanted (kind, ref, day, number),
               generate_series(0, number - 1) AS shard
         ORDER BY kind, ref, day, shard
            ON CONFLICT DO NOTHING
        """,
        company_id, kinds, refs, days, numbers,
    )  # fmt: skip


def lock(company_id: int, wishes: Sequence[Wish]) -> SQL:
    """(kind, ref, day, id, used) of all rows of the counters, locked in the order of their ids."""
    return SQL(
        """
        SELECT counter.kind, counter.ref, counter.day, counter.id, counter.used
          FROM %s JOIN loy_counter AS counter ON counter.company_id = %s AND %s
         ORDER BY counter.id FOR UPDATE OF counter
        """,
        _wishes(wishes),
        company_id,
        _SAME,
    )


def count(company_id: int, wishes: Sequence[Wish]) -> SQL:
    """One row (number): how many rows the counters have."""
    return SQL(
        "SELECT COUNT(*) FROM %s JOIN loy_counter AS counter ON counter.company_id = %s AND %s",
        _wishes(wishes),
        company_id,
        _SAME,
    )


def split(rows: Sequence[tuple[int, int, int, int | None]]) -> SQL:
    """(id, used, quota, quota_of): write rows that are locked."""
    ids, counts, quotas, limits = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        UPDATE loy_counter AS counter SET used = given.used, quota = given.quota, quota_of = given.quota_of
          FROM unnest(%s::int8[], %s::int8[], %s::int8[], %s::int8[]) AS given (id, used, quota, quota_of)
         WHERE counter.id = given.id
        """,
        ids, counts, quotas, limits,
    )  # fmt: skip


def absorb(from_member_id: int, to_member_id: int) -> SQL:
    """What one member has used counts for another from now on: facts are not changed, so it is given back and drawn."""
    return SQL(
        """
        INSERT INTO loy_counter_draw (kind, drawn_at, company_id, currency_id, promotion_id, limit_id, purchase_id,
                                      member_id, day, counted, uses, discount, points, base_amount, base_quantity,
                                      is_over)
        SELECT 'merge', now() AT TIME ZONE 'UTC', company_id, currency_id, promotion_id, limit_id, purchase_id,
               side.member_id, day, counted, side.sign * uses, side.sign * discount, side.sign * points,
               side.sign * base_amount, side.sign * base_quantity, false
          FROM (SELECT company_id, currency_id, promotion_id, limit_id, purchase_id, day, counted,
                       SUM(uses) AS uses, SUM(discount) AS discount, SUM(points) AS points,
                       SUM(base_amount) AS base_amount, SUM(base_quantity) AS base_quantity
                  FROM loy_counter_draw WHERE member_id = %s
                 GROUP BY company_id, currency_id, promotion_id, limit_id, purchase_id, day, counted
                HAVING SUM(uses) <> 0 OR SUM(discount) <> 0 OR SUM(points) <> 0
                    OR SUM(base_amount) <> 0 OR SUM(base_quantity) <> 0) AS used,
               (VALUES (%s, -1), (%s, 1)) AS side (member_id, sign)
         ORDER BY purchase_id, promotion_id, limit_id NULLS FIRST, side.sign
        """,
        from_member_id,
        from_member_id,
        to_member_id,
    )


# Laws of the books, as those of sql/ledger.py: (law, table, a query of rows (id, expected, found) that break it).
CHECKS = (
    (
        "counter_is_sum_of_draws",
        "loy.counter",
        """
        SELECT COALESCE(c.id, 0), COALESCE(d.used, 0)::int8, COALESCE(c.used, 0)::int8
          FROM (SELECT company_id, kind, ref, COALESCE(day, '-infinity') AS day, MIN(id) AS id, SUM(used) AS used
                  FROM loy_counter WHERE kind <> 'code'
                 GROUP BY 1, 2, 3, 4) c
          FULL JOIN (
                SELECT draw.company_id, counted.kind, COALESCE(draw.limit_id, draw.promotion_id)::int8 AS ref,
                       CASE WHEN counted.kind IN ('per_day', 'shared_per_day')
                            THEN draw.day ELSE '-infinity' END AS day,
                       SUM(CASE WHEN counted.kind IN ('budget', 'shared_budget')
                                THEN draw.discount * power(10::numeric, currency.decimal_places)
                                WHEN counted.kind IN ('budget_points', 'shared_budget_points')
                                THEN draw.points * 1000000
                                ELSE draw.uses END) AS used
                  FROM loy_counter_draw draw
                  JOIN res_currency currency ON currency.id = draw.currency_id
                 CROSS JOIN unnest(string_to_array(draw.counted, ' ')) AS counted (kind)
                 GROUP BY 1, 2, 3, 4) d
            ON d.company_id = c.company_id AND d.kind = c.kind AND d.ref = c.ref AND d.day = c.day
         WHERE COALESCE(c.used, 0) <> COALESCE(d.used, 0)
        """,
    ),
    (
        "counter_keeps_its_quota",
        "loy.counter",
        "SELECT id, quota, used FROM loy_counter WHERE quota_of IS NOT NULL AND used > quota",
    ),
    (
        "quotas_sum_up_to_the_limit",
        "loy.counter",
        """
        SELECT MIN(id), MAX(quota_of), SUM(quota)::int8 FROM loy_counter
         WHERE quota_of IS NOT NULL GROUP BY company_id, kind, ref, day
        HAVING SUM(quota) <> MAX(quota_of) OR MAX(quota_of) <> MIN(quota_of)
        """,
    ),
)
