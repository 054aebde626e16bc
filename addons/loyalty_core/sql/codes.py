"""Statements on promo codes: made by the million, found by one query, taken and given back under locks in order of
ids."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from odoo.tools import SQL

from ..engine.codes import SIGNS

# (code, what is taken of its value in minor units, whether it is taken as a whole)
Wish = tuple[int, int, bool]


def code_text(pattern: str, serial: SQL) -> SQL:
    """The code at ``serial``: each ``#`` of the pattern is a sign, the last of them the check sign; what else the
    pattern has of letters and digits stands as it is (``engine.codes`` says the same in Python)."""
    count = pattern.count("#") - 1
    values = [SQL("((%s) / %s %% %s)", serial, len(SIGNS) ** place, len(SIGNS)) for place in reversed(range(count))]
    weights = range(count + 1, 1, -1)
    total = SQL(" + ").join(SQL("%s * %s", value, weight) for value, weight in zip(values, weights, strict=True))
    values.append(SQL("((%s - (%s) %% %s) %% %s)", len(SIGNS), total, len(SIGNS), len(SIGNS)))
    signs = iter(SQL("substr(%s, (%s)::int + 1, 1)", SIGNS, value) for value in values)
    parts = [SQL("%s::text", literal) if literal else next(signs) for literal in _literals(pattern)]
    return SQL(" || ").join(parts)


def _literals(pattern: str) -> list[str]:
    """Runs of letters and digits; an empty text stands for a sign."""
    return [one.strip("#") for one in re.findall(r"#|[^\W_]+", pattern.upper())]


def insert(pool_id: int, company_id: int | None, series_id: int | None, pattern: str, capacity: int,
           serials: SQL, value_minor: int, at: datetime) -> SQL:  # fmt: skip
    return SQL(
        """
        INSERT INTO loy_code (code, pool_id, series_id, company_id, state, value_minor, left_minor, made_at)
        SELECT %(code)s, %(pool)s, %(series)s::int4, %(company)s::int4, 'new', %(value)s, %(value)s, %(at)s
          FROM (%(serials)s) AS drawn WHERE place < %(capacity)s
            ON CONFLICT (code, COALESCE(company_id, 0)) DO NOTHING
        """,
        code=code_text(pattern, SQL("place")),
        pool=pool_id,
        series=series_id,
        company=company_id,
        value=value_minor,
        at=at,
        serials=serials,
        capacity=capacity,
    )


def taken(pattern: str, company_id: int | None) -> SQL:
    """What has the code of ``place`` already."""
    return SQL(
        "SELECT FROM loy_code WHERE loy_code.code = %s AND COALESCE(loy_code.company_id, 0) = %s",
        code_text(pattern, SQL("place")),
        company_id or 0,
    )


def insert_listed(pool_id: int, company_id: int | None, codes: Sequence[str], value_minor: int, at: datetime) -> SQL:
    """Those of ``codes`` that nobody has; one of the pool that was void comes back."""
    return SQL(
        """
        INSERT INTO loy_code (code, pool_id, company_id, state, value_minor, left_minor, made_at)
        SELECT code, %(pool)s, %(company)s::int4, 'new', %(value)s, %(value)s, %(at)s FROM unnest(%(codes)s) AS code
            ON CONFLICT (code, COALESCE(company_id, 0)) DO UPDATE SET state = 'new'
         WHERE loy_code.pool_id = EXCLUDED.pool_id AND loy_code.state = 'void'
        """,
        pool=pool_id,
        company=company_id,
        codes=list(codes),
        value=value_minor,
        at=at,
    )


def find(codes: Collection[str], company_id: int, purchase_id: int | None) -> SQL:
    """(code, id, pool, state, member, value, left, valid from, valid until, made, issued, what the purchase itself has
    taken: uses and value, uses of a code that many may use): the company's own codes after shared ones."""
    return SQL(
        """
        SELECT code.code, code.id, code.pool_id, code.state, code.member_id, code.value_minor, code.left_minor,
               code.valid_from_at, code.valid_until_at, code.made_at, code.issued_at,
               COALESCE(own.uses, 0)::int8, COALESCE(own.taken, 0)::int8, COALESCE(counter.used, 0)::int8
          FROM loy_code AS code
          LEFT JOIN LATERAL (SELECT SUM(uses) AS uses, SUM(taken_minor) AS taken FROM loy_code_use
                              WHERE purchase_id = %(purchase)s AND code_id = code.id) AS own ON true
          LEFT JOIN LATERAL (SELECT SUM(used) AS used FROM loy_counter
                              WHERE company_id = %(company)s AND kind = 'code' AND ref = code.id) AS counter ON true
         WHERE code.code = ANY(%(codes)s) AND (code.company_id = %(company)s OR code.company_id IS NULL)
         ORDER BY code.company_id NULLS FIRST
        """,
        purchase=purchase_id,
        company=company_id,
        codes=list(codes),
    )


def take(wishes: Sequence[Wish], state: str, purchase_id: int) -> SQL:
    """Each code that is still there for it, as a whole or so much of its value; answers (id, taken)."""
    ids, amounts, wholes = (list(column) for column in zip(*wishes, strict=True))
    return SQL(
        """
        WITH locked AS MATERIALIZED (
            SELECT code.id, CASE WHEN wanted.is_whole THEN code.left_minor ELSE wanted.amount END AS taken,
                   wanted.is_whole OR code.left_minor = wanted.amount AS is_over
              FROM unnest(%(ids)s::int8[], %(amounts)s::int8[], %(wholes)s::bool[]) AS wanted (id, amount, is_whole)
              JOIN loy_code AS code ON code.id = wanted.id
             WHERE code.state IN ('new', 'issued') AND (wanted.is_whole OR code.left_minor >= wanted.amount)
             ORDER BY code.id FOR UPDATE OF code
        )
        UPDATE loy_code AS code
           SET left_minor = code.left_minor - locked.taken, purchase_id = %(purchase)s,
               state = CASE WHEN locked.is_over THEN %(state)s ELSE code.state END
          FROM locked WHERE code.id = locked.id
        RETURNING code.id, locked.taken
        """,
        ids=ids,
        amounts=amounts,
        wholes=wholes,
        purchase=purchase_id,
        state=state,
    )


def settle(ids: Iterable[int]) -> SQL:
    """What was reserved is used."""
    return SQL("UPDATE loy_code SET state = 'used' WHERE id = ANY(%s) AND state = 'reserved'", sorted(ids))


def give_back(rows: Sequence[tuple[int, int]]) -> SQL:
    """(code, value that comes back): it can be used again, unless it was made void meanwhile."""
    ids, amounts = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        WITH locked AS MATERIALIZED (
            SELECT code.id, wanted.amount
              FROM unnest(%s::int8[], %s::int8[]) AS wanted (id, amount) JOIN loy_code AS code ON code.id = wanted.id
             ORDER BY code.id FOR UPDATE OF code
        )
        UPDATE loy_code AS code
           SET left_minor = code.left_minor + locked.amount,
               state = CASE WHEN code.state NOT IN ('used', 'reserved') THEN code.state
                            WHEN code.issued_at IS NULL THEN 'new' ELSE 'issued' END
          FROM locked WHERE code.id = locked.id
        """,
        ids,
        amounts,
    )


def drawn(purchase_ids: Iterable[int]) -> SQL:
    """(purchase, code, pool, promotion, company, currency, member, whole, counted, over, uses, paid, taken): what
    purchases have used and not given back."""
    return SQL(
        """
        SELECT purchase_id, code_id, pool_id, promotion_id, company_id, currency_id, MAX(member_id),
               is_whole, is_counted, is_over,
               SUM(uses)::int8, SUM(amount_minor)::int8, SUM(taken_minor)::int8
          FROM loy_code_use WHERE purchase_id = ANY(%s)
         GROUP BY purchase_id, code_id, pool_id, promotion_id, company_id, currency_id, is_whole, is_counted, is_over
        HAVING SUM(uses) <> 0 OR SUM(amount_minor) <> 0 OR SUM(taken_minor) <> 0
         ORDER BY purchase_id, code_id
        """,
        list(purchase_ids),
    )


def issue(chosen: SQL, *, member_id: int | None, at: datetime, valid_until_at: datetime | None,
          value_minor: int | None, purchase_id: int | None) -> SQL:  # fmt: skip
    """The code that is ``chosen`` becomes somebody's; answers (id, code)."""
    return SQL(
        """
        UPDATE loy_code
           SET state = 'issued', issued_at = %(at)s, member_id = %(member)s::int4, issued_in_id = %(purchase)s::int8,
               valid_until_at = %(until)s::timestamp, value_minor = COALESCE(%(value)s::int8, value_minor),
               left_minor = COALESCE(%(value)s::int8, left_minor)
         WHERE id = (%(chosen)s)
        RETURNING id, code
        """,
        at=at,
        member=member_id,
        purchase=purchase_id,
        until=valid_until_at,
        value=value_minor,
        chosen=chosen,
    )


def free(pool_id: int) -> SQL:
    """A code of the pool that nobody has and no printer got, and that nobody takes at this moment. Of a series that is
    printed none is given out: it may be in somebody's hands."""
    return SQL(
        """
        SELECT COALESCE(
            (SELECT code.id FROM loy_code_series AS series
              CROSS JOIN LATERAL (SELECT id FROM loy_code
                                   WHERE series_id = series.id AND state = 'new'
                                   ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) AS code
              WHERE series.pool_id = %(pool)s AND series.state IN ('draft', 'making', 'ready')
              ORDER BY series.id LIMIT 1),
            (SELECT id FROM loy_code
              WHERE pool_id = %(pool)s AND series_id IS NULL AND state = 'new'
                AND NOT EXISTS (SELECT FROM loy_code_export
                                 WHERE pool_id = %(pool)s AND series_id IS NULL AND last_id >= loy_code.id)
              ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED))
        """,
        pool=pool_id,
    )


def free_many(pool_id: int, count: int) -> SQL:
    """As ``free``, of so many codes: those of series first."""
    return SQL(
        """
        WITH of_series AS MATERIALIZED (
            SELECT code.id FROM loy_code_series AS series
              CROSS JOIN LATERAL (SELECT id FROM loy_code
                                   WHERE series_id = series.id AND state = 'new'
                                   ORDER BY id LIMIT %(count)s FOR UPDATE SKIP LOCKED) AS code
              WHERE series.pool_id = %(pool)s AND series.state IN ('draft', 'making', 'ready')
              ORDER BY series.id, code.id LIMIT %(count)s
        ), loose AS MATERIALIZED (
            SELECT id FROM loy_code
              WHERE pool_id = %(pool)s AND series_id IS NULL AND state = 'new'
                AND NOT EXISTS (SELECT FROM loy_code_export
                                 WHERE pool_id = %(pool)s AND series_id IS NULL AND last_id >= loy_code.id)
              ORDER BY id LIMIT %(count)s - (SELECT COUNT(*) FROM of_series) FOR UPDATE SKIP LOCKED
        )
        SELECT id FROM of_series UNION ALL SELECT id FROM loose
        """,
        pool=pool_id,
        count=count,
    )


def hand_over(ids: Sequence[int], rows: Sequence[tuple[int | None, int | None, datetime, datetime | None]]) -> SQL:
    """Fresh codes become somebody's, each by its row (member, value, from when, until when); answers (id, code)."""
    members, values, moments, untils = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        UPDATE loy_code AS code
           SET state = 'issued', issued_at = given.at, member_id = given.member, valid_until_at = given.until,
               value_minor = COALESCE(given.value, value_minor), left_minor = COALESCE(given.value, left_minor)
          FROM unnest(%s::int8[], %s::int4[], %s::int8[], %s::timestamp[], %s::timestamp[])
            AS given (id, member, value, at, until)
         WHERE code.id = given.id
        RETURNING code.id, code.code
        """,
        list(ids),
        members,
        values,
        moments,
        untils,
    )


def lock_of(purchase_ids: Sequence[int], codes: Sequence[str]) -> SQL:
    """The codes that purchases have used or given out, and those named."""
    return SQL(
        """
        SELECT FROM loy_code
         WHERE issued_in_id = ANY(%(purchases)s) OR code = ANY(%(codes)s)
            OR id IN (SELECT code_id FROM loy_code_use WHERE purchase_id = ANY(%(purchases)s))
         ORDER BY id FOR UPDATE
        """,
        purchases=list(purchase_ids),
        codes=list(codes),
    )


def issued_in(purchase_id: int) -> SQL:
    """(code, id, pool, state, value, left, valid until) of what was given with a purchase."""
    return SQL(
        "SELECT code, id, pool_id, state, value_minor, left_minor, valid_until_at"
        " FROM loy_code WHERE issued_in_id = %s",
        purchase_id,
    )


def cut(rows: Sequence[tuple[int, int, str]]) -> SQL:
    """(code, value that it loses, its state from now on) of codes that are locked."""
    ids, amounts, states = (list(column) for column in zip(*rows, strict=True))
    return SQL(
        """
        UPDATE loy_code AS code SET left_minor = code.left_minor - cut.amount, state = cut.state
          FROM unnest(%s::int8[], %s::int8[], %s::varchar[]) AS cut (id, amount, state) WHERE code.id = cut.id
        """,
        ids,
        amounts,
        states,
    )


# Laws of the books, as those of sql/ledger.py: (law, table, a query of rows (id, expected, found) that break it).
CHECKS = (
    (
        "code_is_sum_of_uses",
        "loy.code",
        """
        SELECT code.id, code.value_minor - COALESCE(used.taken, 0)::int8, code.left_minor
          FROM loy_code AS code
          LEFT JOIN (SELECT code_id, SUM(taken_minor) AS taken FROM loy_code_use GROUP BY code_id) AS used
            ON used.code_id = code.id
         WHERE code.left_minor <> code.value_minor - COALESCE(used.taken, 0)
        """,
    ),
    (
        "one_time_code_is_used_once",
        "loy.code",
        """
        SELECT code_id, 1, SUM(uses)::int8 FROM loy_code_use
         WHERE is_whole AND NOT is_over GROUP BY code_id HAVING SUM(uses) > 1
        """,
    ),
    (
        "code_counter_is_sum_of_uses",
        "loy.counter",
        """
        SELECT COALESCE(c.id, 0), COALESCE(u.uses, 0)::int8, COALESCE(c.used, 0)::int8
          FROM (SELECT company_id, ref, MIN(id) AS id, SUM(used) AS used FROM loy_counter
                 WHERE kind = 'code' GROUP BY 1, 2) AS c
          FULL JOIN (SELECT company_id, code_id AS ref, SUM(uses) AS uses FROM loy_code_use
                      WHERE is_counted GROUP BY 1, 2) AS u USING (company_id, ref)
         WHERE COALESCE(c.used, 0) <> COALESCE(u.uses, 0)
        """,
    ),
)
