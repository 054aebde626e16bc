"""What members bought by days: kept with each purchase, and equal to what a rebuild from the purchases gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from odoo.tools import SQL

from .turnover import BASE, IS_GOODS, TO_PAY


class Moment(NamedTuple):
    """The moment of a purchase, and which of those at that moment it is."""

    at: datetime
    purchase_id: int


#: What came back counts on the day and in the store of the purchase; without one on its own.
_FACTS = SQL(
    """
      FROM loy_purchase AS purchase
      LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
    """
)
_DAY = SQL("COALESCE(origin.purchased_on, purchase.purchased_on, purchase.purchased_at::date)")
_STORE = SQL("COALESCE(origin.store_id, purchase.store_id, 0)")
_AMOUNT = SQL("%s + COALESCE(purchase.certificates, 0)", TO_PAY)
_COLUMNS = SQL("member_id, company_id, store_id, day, is_opening, purchase_count, base, amount")
_OR_ADDED = SQL(
    """
    ON CONFLICT (member_id, company_id, day, store_id, is_opening)
    DO UPDATE SET purchase_count = known.purchase_count + EXCLUDED.purchase_count,
                  base = known.base + EXCLUDED.base, amount = known.amount + EXCLUDED.amount
    """
)
#: The sales that were kept: nothing of one that came back whole was.
_KEPT = SQL("(purchase.kind = 'sale' AND purchase.state = 'confirmed')::int")


def add(purchase_id: int, count: int) -> SQL:
    """Add a purchase or a return to its day, and so many purchases to their number."""
    return SQL(
        """
        INSERT INTO loy_member_day AS known (%(columns)s)
        SELECT purchase.member_id, purchase.company_id, %(store)s, %(day)s, false, %(count)s,
               %(base)s, %(amount)s
               %(facts)s
         WHERE purchase.id = %(purchase)s AND purchase.member_id IS NOT NULL
               %(or_added)s
        """,
        columns=_COLUMNS,
        or_added=_OR_ADDED,
        store=_STORE,
        day=_DAY,
        count=count,
        base=BASE,
        amount=_AMOUNT,
        facts=_FACTS,
        purchase=purchase_id,
    )


def absorb(from_member_id: int, to_member_id: int) -> SQL:
    """What one member has bought is what another has bought: of a merge."""
    return SQL(
        """
        WITH gone AS (DELETE FROM loy_member_day WHERE member_id = %s RETURNING *)
        INSERT INTO loy_member_day AS known (%s)
        SELECT %s, company_id, store_id, day, is_opening, purchase_count, base, amount FROM gone %s
        """,
        from_member_id,
        _COLUMNS,
        to_member_id,
        _OR_ADDED,
    )


def rebuilt() -> SQL:
    """Rows (member_id, company_id, store_id, day, purchase_count, base, amount) as they follow from all purchases."""
    return SQL(
        """
        SELECT purchase.member_id, purchase.company_id, %(store)s AS store_id, %(day)s AS day,
               SUM(%(kept)s)::int8 AS purchase_count, SUM(%(base)s) AS base, SUM(%(amount)s) AS amount
               %(facts)s
         WHERE purchase.member_id IS NOT NULL AND purchase.state IN ('confirmed', 'returned')
         GROUP BY 1, 2, 3, 4
        """,
        store=_STORE,
        day=_DAY,
        kept=_KEPT,
        base=BASE,
        amount=_AMOUNT,
        facts=_FACTS,
    )


def rebuild() -> list[SQL]:
    """Make all days anew; what was brought along from another system stays."""
    return [
        SQL("DELETE FROM loy_member_day WHERE NOT is_opening"),
        SQL(
            "INSERT INTO loy_member_day (%s)"
            " SELECT member_id, company_id, store_id, day, false, purchase_count, base, amount FROM (%s) AS fact",
            _COLUMNS,
            rebuilt(),
        ),
    ]


def _is_before(before: Moment | None) -> SQL:
    if before is None:
        return SQL("true")
    return SQL("(purchase.purchased_at, purchase.id) < (%s, %s)", before.at, before.purchase_id)


def bought(member_ids: list[int], company_id: int, since: date) -> SQL:
    """Rows (member, moment, purchase, day, store, network, partner, count, base, amount) of what members bought from a
    day on: each purchase and return by itself; what was brought along from another system has no moment."""
    return SQL(
        """
        SELECT fact.member_id, fact.at, fact.id, fact.day, COALESCE(store.code, ''), COALESCE(network.code, ''),
               COALESCE(partner.code, ''), fact.purchase_count, fact.base, fact.amount
          FROM (SELECT purchase.member_id, purchase.purchased_at AS at, purchase.id, %(day)s AS day,
                       %(store)s AS store_id, %(kept)s AS purchase_count, %(base)s AS base,
                       %(amount)s AS amount
                       %(facts)s
                 WHERE purchase.member_id = ANY(%(members)s) AND purchase.company_id = %(company)s
                   AND purchase.purchased_at >= %(since)s::date - 1
                   AND purchase.state IN ('confirmed', 'returned')
                 UNION ALL
                SELECT member_id, NULL, 0, day, store_id, purchase_count, base, amount
                  FROM loy_member_day
                 WHERE member_id = ANY(%(members)s) AND company_id = %(company)s AND is_opening) AS fact
          LEFT JOIN loy_store AS store ON store.id = fact.store_id
          LEFT JOIN loy_network AS network ON network.id = store.network_id
          LEFT JOIN loy_partner AS partner ON partner.id = store.partner_id
         WHERE fact.day >= %(since)s
        """,
        day=_DAY,
        store=_STORE,
        kept=_KEPT,
        base=BASE,
        amount=_AMOUNT,
        facts=_FACTS,
        members=member_ids,
        company=company_id,
        since=since,
    )


def days(member_id: int, company_id: int, since: date) -> SQL:
    """Rows (day, store, network, partner, count, base, amount) of a member from a day on; places by their codes."""
    return SQL(
        """
        SELECT known.day, COALESCE(store.code, ''), COALESCE(network.code, ''), COALESCE(partner.code, ''),
               known.purchase_count, known.base, known.amount
          FROM loy_member_day AS known
          LEFT JOIN loy_store AS store ON store.id = known.store_id
          LEFT JOIN loy_network AS network ON network.id = store.network_id
          LEFT JOIN loy_partner AS partner ON partner.id = store.partner_id
         WHERE known.member_id = %s AND known.company_id = %s AND known.day >= %s
         ORDER BY known.day
        """,
        member_id,
        company_id,
        since,
    )


def lines(member_id: int, company_id: int, since: date, before: Moment | None = None) -> SQL:
    """Rows (purchase, day, store, network, partner, sku, price, quantity, base, amount) of what a member bought from a
    day on, less what came back."""
    return SQL(
        """
        SELECT COALESCE(origin.id, purchase.id), %(day)s, COALESCE(store.code, ''), COALESCE(network.code, ''),
               COALESCE(partner.code, ''), line.sku, line.price,
               SUM(line.quantity), SUM(line.base), SUM(line.amount)
          FROM loy_purchase_line AS line
          JOIN loy_purchase AS purchase ON purchase.id = line.purchase_id
          LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
          LEFT JOIN loy_store AS store ON store.id = %(store)s
          LEFT JOIN loy_network AS network ON network.id = store.network_id
          LEFT JOIN loy_partner AS partner ON partner.id = store.partner_id
         WHERE line.member_id = %(member)s AND purchase.company_id = %(company)s AND %(is_goods)s
           AND line.purchased_at >= %(since)s::date - 1
           AND purchase.state IN ('confirmed', 'returned') AND %(is_before)s
         GROUP BY 1, 2, 3, 4, 5, 6, 7
         ORDER BY 2, 1, 6, 7
        """,
        day=_DAY,
        store=_STORE,
        is_goods=IS_GOODS,
        member=member_id,
        company=company_id,
        since=since,
        is_before=_is_before(before),
    )


def first_uses(member_id: int, promotion_ids: list[int], before: Moment | None = None) -> SQL:
    """Rows (promotion_id, day): when a member first had something of a promotion and kept it."""
    return SQL(
        """
        SELECT use.promotion_id, MIN(purchase.purchased_on)
          FROM loy_purchase AS purchase
          JOIN loy_purchase_promotion AS use ON use.purchase_id = purchase.id
         WHERE purchase.member_id = %s AND purchase.kind = 'sale' AND purchase.state = 'confirmed'
           AND use.promotion_id = ANY(%s) AND %s
         GROUP BY use.promotion_id
        """,
        member_id,
        promotion_ids,
        _is_before(before),
    )


# As the checks of the ledger: (law, table, a query of rows (id, expected, found) that break it).
CHECKS: tuple[tuple[str, str, SQL], ...] = (
    (
        "member_days_are_sums_of_purchases",
        "res.partner",
        SQL(
            """
            SELECT COALESCE(fact.member_id, known.member_id),
                   ROUND(COALESCE(fact.amount, 0) * 1000 + COALESCE(fact.purchase_count, 0))::int8,
                   ROUND(COALESCE(known.amount, 0) * 1000 + COALESCE(known.purchase_count, 0))::int8
              FROM (%s) AS fact
              FULL JOIN (SELECT * FROM loy_member_day WHERE NOT is_opening) AS known
                USING (member_id, company_id, store_id, day)
             WHERE COALESCE(fact.amount, 0) <> COALESCE(known.amount, 0)
                OR COALESCE(fact.base, 0) <> COALESCE(known.base, 0)
                OR COALESCE(fact.purchase_count, 0) <> COALESCE(known.purchase_count, 0)
            """,
            rebuilt(),
        ),
    ),
)
