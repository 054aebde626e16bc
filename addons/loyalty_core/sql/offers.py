"""Personal offers: any number of them loaded by one statement, those of a member found by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from odoo.tools import SQL

from .ledger import ids


@dataclass(frozen=True, slots=True)
class Row:
    """An offer to be loaded; without a product it is for all that the promotion is for."""

    promotion_id: int
    member_id: int
    sku: str | None
    value: Decimal | None
    starts_on: date
    ends_on: date | None


def _column(rows: Sequence[Row], name: str, type_: str) -> SQL:
    return SQL("%s::%s[]", [getattr(row, name) for row in rows], SQL(type_))


def lock_members(member_ids: Collection[int]) -> SQL:
    """Rows (member, whom it was merged into): they stay so until the transaction ends."""
    return SQL(
        "SELECT id, loy_merged_into_id FROM res_partner WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE",
        ids(member_ids, "int4"),
    )


def load(company_id: int, batch: str | None, rows: Sequence[Row]) -> SQL:
    """One row: how many were created, and how many changed. Of rows for the same offer the last counts."""
    return SQL(
        """
        WITH given AS (
            SELECT DISTINCT ON (member_id, promotion_id, COALESCE(sku, ''), starts_on) *
              FROM unnest(%(promotions)s, %(members)s, %(skus)s, %(values)s, %(starts)s, %(ends)s) WITH ORDINALITY
                   AS one (promotion_id, member_id, sku, value, starts_on, ends_on, position)
             ORDER BY member_id, promotion_id, COALESCE(sku, ''), starts_on, position DESC
        ), loaded AS (
            INSERT INTO loy_offer AS known
                   (company_id, promotion_id, member_id, sku, value, starts_on, ends_on, batch, loaded_at)
            SELECT %(company)s, promotion_id, member_id, sku, value, starts_on, ends_on, %(batch)s,
                   now() AT TIME ZONE 'UTC'
              FROM given
                ON CONFLICT (member_id, company_id, promotion_id, COALESCE(sku, ''), starts_on)
                DO UPDATE SET value = EXCLUDED.value, ends_on = EXCLUDED.ends_on, batch = EXCLUDED.batch,
                              loaded_at = EXCLUDED.loaded_at
             WHERE (known.value, known.ends_on, known.batch)
                   IS DISTINCT FROM (EXCLUDED.value, EXCLUDED.ends_on, EXCLUDED.batch)
            RETURNING xmax = 0 AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM loaded
        """,
        company=company_id,
        batch=batch,
        promotions=_column(rows, "promotion_id", "int4"),
        members=_column(rows, "member_id", "int4"),
        skus=_column(rows, "sku", "text"),
        values=_column(rows, "value", "numeric"),
        starts=_column(rows, "starts_on", "date"),
        ends=_column(rows, "ends_on", "date"),
    )


def valid(
    member_id: int, company_id: int, promotion_ids: Collection[int], day: date, skus: Collection[str] | None = None
) -> SQL:
    """Rows (promotion, product, value, from, to) of what holds on a day, the products among ``skus`` if they are given.
    Of several for the same the one that began last counts."""
    of_skus = SQL() if skus is None else SQL("AND (sku IS NULL OR sku = ANY(%s::text[]))", list(skus))
    return SQL(
        """
        SELECT DISTINCT ON (promotion_id, COALESCE(sku, '')) promotion_id, sku, value, starts_on, ends_on
          FROM loy_offer
         WHERE member_id = %(member)s AND company_id = %(company)s AND promotion_id = ANY(%(promotions)s)
               AND starts_on <= %(day)s AND (ends_on IS NULL OR ends_on >= %(day)s) %(of_skus)s
         ORDER BY promotion_id, COALESCE(sku, ''), starts_on DESC
        """,
        member=member_id,
        company=company_id,
        promotions=ids(promotion_ids, "int4"),
        day=day,
        of_skus=of_skus,
    )


def absorb(from_member_id: int, to_member_id: int) -> SQL:
    """What one member was offered is another's, who keeps an own offer of the same: of a merge."""
    return SQL(
        """
        DELETE FROM loy_offer AS gone USING loy_offer AS kept
         WHERE gone.member_id = %(from)s AND kept.member_id = %(to)s AND kept.company_id = gone.company_id
           AND kept.promotion_id = gone.promotion_id AND COALESCE(kept.sku, '') = COALESCE(gone.sku, '')
           AND kept.starts_on = gone.starts_on;
        UPDATE loy_offer SET member_id = %(to)s WHERE member_id = %(from)s
        """,
        **{"from": from_member_id, "to": to_member_id},
    )
