"""What the tiers of many members are worked out from, and the rows that tell them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from odoo.tools import SQL

from .ledger import ids
from .member_days import _DAY
from .turnover import IS_GOODS


def revisions(number: int, company_id: int) -> SQL:
    """Rows (res_id, document, is_here, is_shared, valid_from_at): all that tiers ever said, in the order in which it
    counts."""
    return SQL(
        """
        SELECT res_id, document, company_id IS NULL OR company_id = %s, company_id IS NULL, valid_from_at
          FROM loy_revision WHERE section = 'tiers' AND number <= %s ORDER BY valid_from_at, number
        """,
        company_id,
        number,
    )


def known(member_ids: Collection[int], company_id: int) -> SQL:
    """Rows (member, registered_at, rows, grants): what is told of members' tiers now, and what was set by hand."""
    return SQL(
        """
        SELECT partner.id, partner.loy_registered_at,
               (SELECT json_agg(json_build_array(id, tier_id, since, until, changes_on, is_current, ladder_version)
                                ORDER BY since NULLS FIRST, id)
                  FROM loy_member_tier WHERE member_id = partner.id AND company_id = %(company)s),
               (SELECT json_agg(json_build_array(id, tier_id, since, until, instead_of_id, kind) ORDER BY since, id)
                  FROM loy_member_tier_grant WHERE member_id = partner.id AND company_id = %(company)s)
          FROM res_partner AS partner WHERE partner.id = ANY(%(members)s)
        """,
        company=company_id,
        members=ids(member_ids, "int4"),
    )


def days(member_ids: Collection[int], company_id: int) -> SQL:
    """Rows (member, day, count, amount): what was bought and kept, by days."""
    return SQL(
        """
        SELECT member_id, day, SUM(purchase_count)::int8, SUM(amount)
          FROM loy_member_day WHERE member_id = ANY(%s) AND company_id = %s
         GROUP BY member_id, day ORDER BY member_id, day
        """,
        ids(member_ids, "int4"),
        company_id,
    )


def points(member_ids: Collection[int], company_id: int, unit_id: int) -> SQL:
    """Rows (member, day, points): what purchases earned of a unit, less what returns took back."""
    return SQL(
        """
        SELECT purchase.member_id, %(day)s AS day, SUM(use.points)
          FROM loy_purchase AS purchase
          LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
          JOIN loy_purchase_promotion AS use ON use.purchase_id = purchase.id
         WHERE purchase.member_id = ANY(%(members)s) AND purchase.company_id = %(company)s
           AND purchase.state IN ('confirmed', 'returned') AND use.unit_id = %(unit)s
         GROUP BY 1, 2 ORDER BY 1, 2
        """,
        day=_DAY,
        members=ids(member_ids, "int4"),
        company=company_id,
        unit=unit_id,
    )


def lines(member_ids: Collection[int], company_id: int) -> SQL:
    """Rows (member, purchase, day, sku, price, quantity, amount): products that were bought, less what came back."""
    return SQL(
        """
        SELECT line.member_id, COALESCE(origin.id, purchase.id), %(day)s, line.sku, line.price, SUM(line.quantity),
               SUM(line.amount)
          FROM loy_purchase_line AS line
          JOIN loy_purchase AS purchase ON purchase.id = line.purchase_id
          LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
         WHERE line.member_id = ANY(%(members)s) AND purchase.company_id = %(company)s
           AND purchase.state IN ('confirmed', 'returned') AND %(is_goods)s
         GROUP BY 1, 2, 3, 4, 5
        """,
        day=_DAY,
        members=ids(member_ids, "int4"),
        is_goods=IS_GOODS,
        company=company_id,
    )


def prolong(row_ids: list[int], untils: list, changes: list, is_current: list, ladder_version: int, now: datetime):
    """What rows say of their end."""
    return SQL(
        """
        UPDATE loy_member_tier AS known
           SET until = given.until, changes_on = given.changes_on, is_current = given.is_current,
               ladder_version = %s, worked_out_at = %s
          FROM unnest(%s, %s::date[], %s::date[], %s::bool[]) AS given (id, until, changes_on, is_current)
         WHERE known.id = given.id
        """,
        ladder_version,
        now,
        ids(row_ids),
        untils,
        changes,
        is_current,
    )


def forget(row_ids: list[int]) -> SQL:
    """Rows that tell what is not so any more."""
    return SQL("DELETE FROM loy_member_tier WHERE id = ANY(%s)", ids(row_ids))


def note(member_ids: list[int], tier_ids: list[int | None], company_id: int) -> SQL:
    """The tiers of contacts, as lists show them."""
    return SQL(
        """
        UPDATE res_partner AS partner
           SET loy_tier_id = NULLIF(
                   CASE WHEN given.tier_id IS NULL THEN COALESCE(loy_tier_id, '{}') - %(company)s
                        ELSE COALESCE(loy_tier_id, '{}') || jsonb_build_object(%(company)s, given.tier_id) END, '{}')
          FROM unnest(%(members)s, %(tiers)s::int4[]) AS given (id, tier_id)
         WHERE partner.id = given.id
        """,
        company=str(company_id),
        members=ids(member_ids, "int4"),
        tiers=tier_ids,
    )


def due(company_id: int, today: date, ladder_version: int, limit: int) -> SQL:
    """Members whose tier changes by itself by today, or is told by a ladder of before."""
    return SQL(
        """
        (SELECT member_id FROM loy_member_tier
          WHERE company_id = %(company)s AND is_current AND changes_on <= %(today)s LIMIT %(limit)s)
        UNION
        (SELECT member_id FROM loy_member_tier
          WHERE company_id = %(company)s AND is_current AND ladder_version < %(ladder)s LIMIT %(limit)s)
        ORDER BY member_id LIMIT %(limit)s
        """,
        company=company_id,
        today=today,
        ladder=ladder_version,
        limit=limit,
    )


def untold(company_id: int, has_base: bool, limit: int) -> SQL:
    """Members of whom nothing is told yet: all of them where there is a tier for everybody, else those who bought."""
    return SQL(
        """
        SELECT partner.id FROM res_partner AS partner
         WHERE partner.is_loyalty_member
           AND (partner.company_id IS NULL OR partner.company_id = %(company)s)
           AND NOT EXISTS (SELECT FROM loy_member_tier AS known
                            WHERE known.member_id = partner.id AND known.company_id = %(company)s AND known.is_current)
           AND (%(base)s OR EXISTS (SELECT FROM loy_member_day AS day
                                     WHERE day.member_id = partner.id AND day.company_id = %(company)s))
         ORDER BY partner.id LIMIT %(limit)s
        """,
        base=has_base,
        company=company_id,
        limit=limit,
    )


def leave(member_ids: list[int]) -> SQL:
    """Members who are another one now have no current tier."""
    return SQL(
        "UPDATE loy_member_tier SET is_current = false, changes_on = NULL WHERE member_id = ANY(%s) AND is_current",
        ids(member_ids, "int4"),
    )


# As the checks of the ledger: (law, table, a query of rows (id, expected, found) that break it).
CHECKS: tuple[tuple[str, str, SQL], ...] = (
    (
        "tiers_of_contacts_are_the_current_ones",
        "res.partner",
        SQL(
            """
            SELECT partner.id, known.tier_id::int8, (partner.loy_tier_id ->> known.company_id::text)::int8
              FROM loy_member_tier AS known JOIN res_partner AS partner ON partner.id = known.member_id
             WHERE known.is_current AND partner.is_loyalty_member
               AND known.tier_id IS DISTINCT FROM (partner.loy_tier_id ->> known.company_id::text)::int4
            """
        ),
    ),
    (
        "tiers_follow_one_another",
        "loy.member.tier",
        SQL(
            """
            SELECT id, 1::int8, 0::int8
              FROM (SELECT id, is_current, until,
                           LEAD(since) OVER (PARTITION BY member_id, company_id ORDER BY since NULLS FIRST) AS following
                      FROM loy_member_tier) AS known
             WHERE (following IS NOT NULL AND (is_current OR until IS DISTINCT FROM following - 1))
            """
        ),
    ),
)
