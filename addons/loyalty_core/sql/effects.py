"""What members of the two groups of a promotion bought: one pass over members, whatever their number."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from odoo.tools import SQL

from .ledger_days import WORTH, WORTH_JOINS

#: Members that are compared: who they were before the promotion, never what they did because of it.
POPULATIONS = ("customers", "all")


def is_control(code: str, percent: Decimal, member_id: SQL) -> SQL:
    """Whether a member is of the control group: the same law as ``Promotion.is_control`` of the engine.

    The first eight bytes of the hash as a number are below the share of 2^64; bytes compare as their numbers do.
    """
    bound = -(-(int(percent * 10_000) << 64) // 10**6)
    if bound >= 1 << 64:
        return SQL("true")
    return SQL(
        "substr(sha256(%s || convert_to(%s::text, 'UTF8')), 1, 8) < %s",
        f"{code}\0".encode(),
        member_id,
        bound.to_bytes(8, "big"),
    )


def timeline(promotion_id: int) -> SQL:
    """Rows (from, code, control per cent, state): what the promotion said from when on; of what was said for a
    moment the last holds."""
    return SQL(
        """
        SELECT DISTINCT ON (valid_from_at) valid_from_at, document ->> 'code',
               COALESCE((document ->> 'control_percent')::numeric, 0), document ->> 'state'
          FROM loy_revision
         WHERE res_model = 'loy.promotion' AND res_id = %s
         ORDER BY valid_from_at, number DESC
        """,
        promotion_id,
    )


def _members(population: str, company_id: int, since: date, began: date, before: datetime, after: datetime) -> SQL:
    """Rows (member_id) of whom groups are made up."""
    joined = SQL(
        "SELECT id AS member_id FROM res_partner WHERE is_loyalty_member AND loy_registered_at < %s AND (%s)",
        before,
        SQL("true") if population == "all" else SQL("loy_registered_at >= %s", after),
    )
    if population == "all":
        return joined
    return SQL(
        "%s UNION SELECT member_id FROM loy_member_day WHERE company_id = %s AND day >= %s AND day < %s",
        joined,
        company_id,
        since,
        began,
    )


def arms(
    code: str,
    percent: Decimal,
    population: str,
    company_id: int,
    since: date,
    began: date,
    from_: date,
    to: date,
    after: datetime,
    before: datetime,
) -> SQL:
    """Rows (is control, members, buyers, receipts, their squares, shelf amount, paid, its squares) of the groups.

    What they bought is of the days ``from_`` to ``to``. Whoever bought since ``since`` and before the day ``began``, or
    registered between the moments ``after`` and ``before``, is a customer.
    """
    return SQL(
        """
        WITH member AS MATERIALIZED (%(members)s), bought AS (
            SELECT member_id, SUM(purchase_count) AS receipts, SUM(base) AS base, SUM(amount) AS amount
              FROM loy_member_day
             WHERE company_id = %(company)s AND day >= %(from)s AND day <= %(to)s AND NOT is_opening
             GROUP BY member_id
        )
        SELECT %(is_control)s AS is_control, COUNT(*), COUNT(*) FILTER (WHERE bought.receipts > 0),
               COALESCE(SUM(bought.receipts), 0)::float8, COALESCE(SUM(bought.receipts::float8 ^ 2), 0),
               COALESCE(SUM(bought.base), 0)::float8, COALESCE(SUM(bought.amount), 0)::float8,
               COALESCE(SUM(bought.amount::float8 ^ 2), 0)
          FROM member LEFT JOIN bought USING (member_id)
         GROUP BY 1
        """,
        members=_members(population, company_id, since, began, before, after),
        company=company_id,
        to=to,
        is_control=is_control(code, percent, SQL("member_id")),
        **{"from": from_},
    )


def given(promotion_id: int, company_id: int, from_: date, to: date) -> SQL:
    """One row (discount, worth of the points given) of what members got by the promotion."""
    return SQL(
        """
        SELECT COALESCE(SUM(fact.discount), 0)::float8, COALESCE(SUM(fact.points * (%s)), 0)::float8
          FROM loy_promotion_day AS fact
          LEFT JOIN loy_unit AS unit ON unit.id = fact.unit_id
          JOIN res_company AS company ON company.id = fact.company_id
          LEFT JOIN loy_unit_rate AS worth ON worth.unit_id = unit.id AND worth.currency_id = company.currency_id
         WHERE fact.promotion_id = %s AND fact.company_id = %s AND fact.day BETWEEN %s AND %s AND fact.is_member
        """,
        WORTH,
        promotion_id,
        company_id,
        from_,
        to,
    )


def worth_of_units(company_id: int) -> SQL:
    """Rows (unit, what one is worth in the currency of the company)."""
    return SQL(
        "SELECT unit.id, (%s)::float8 FROM (SELECT id AS unit_id, %s::int4 AS company_id FROM loy_unit) AS fact %s",
        WORTH,
        company_id,
        WORTH_JOINS,
    )


def to_measure(since: date) -> SQL:
    """Rows (promotion, company) with a control group and with an effect on some receipt since a day."""
    return SQL(
        """
        SELECT fact.promotion_id, fact.company_id
          FROM loy_promotion_day AS fact JOIN loy_promotion AS promotion ON promotion.id = fact.promotion_id
         WHERE promotion.control_percent > 0 AND fact.day >= %s
         GROUP BY 1, 2 ORDER BY 1, 2
        """,
        since,
    )
