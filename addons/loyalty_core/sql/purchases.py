"""What is told of a member's purchases, a page at a time: each query is one for the whole page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from odoo.tools import SQL

from .ledger import ids


def page(
    member_id: int,
    company_ids: Iterable[int],
    store_ids: Iterable[int],
    from_: datetime | None,
    to: datetime | None,
    offset: int,
    limit: int,
) -> SQL:
    """The latest first; of these stores only, or of all where none is named. ``to`` is exclusive."""
    conditions = [
        SQL("member_id = %s", member_id),
        SQL("company_id = ANY(%s)", ids(company_ids, "int4")),
        *([SQL("store_id = ANY(%s)", ids(store_ids, "int4"))] if store_ids else ()),
        *([SQL("purchased_at >= %s", from_)] if from_ else ()),
        *([SQL("purchased_at < %s", to)] if to else ()),
    ]
    return SQL(
        """
        SELECT purchase.id, purchase.number, purchase.kind, purchase.state, purchase.purchased_at,
               purchase.channel, purchase.base, purchase.discount, purchase.spent, purchase.certificates,
               purchase.to_pay, store.code AS store, store.timezone, register.code AS register,
               currency.name AS currency, origin.number AS origin
          FROM (
                   SELECT * FROM loy_purchase WHERE %s ORDER BY purchased_at DESC, id DESC LIMIT %s OFFSET %s
               ) AS purchase
          LEFT JOIN loy_store AS store ON store.id = purchase.store_id
          LEFT JOIN loy_register AS register ON register.id = purchase.register_id
          LEFT JOIN res_currency AS currency ON currency.id = purchase.currency_id
          LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
         ORDER BY purchase.purchased_at DESC, purchase.id DESC
        """,
        SQL(" AND ").join(conditions),
        limit,
        offset,
    )


def lines(purchase_ids: Iterable[int], lang: str) -> SQL:
    """Of all these purchases, in the order of the receipts; the name is that of today."""
    return SQL(
        """
        SELECT line.purchase_id, line.line_ref, line.sku,
               COALESCE(template.name ->> %s, template.name ->> 'en_US') AS name,
               line.quantity, line.price, line.base, line.discount, line.spent, line.amount
          FROM loy_purchase_line AS line
          LEFT JOIN product_product AS product ON product.id = line.product_id
          LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
         WHERE line.purchase_id = ANY(%s)
         ORDER BY line.id
        """,
        lang,
        ids(purchase_ids),
    )


def earned(purchase_ids: Iterable[int]) -> SQL:
    """Rows (purchase_id, unit code, amount): what facts gave by their answers; what a return has taken back is below
    zero."""
    return SQL(
        """
        SELECT purchase.id, one ->> 'unit',
               SUM((one ->> 'amount')::numeric * CASE purchase.kind WHEN 'return' THEN -1 ELSE 1 END)
          FROM loy_purchase AS purchase
          JOIN jsonb_array_elements(
                   purchase.result -> CASE purchase.kind WHEN 'return' THEN 'taken_back' ELSE 'earned' END
               ) AS one ON true
         WHERE purchase.id = ANY(%s) AND purchase.state IN ('confirmed', 'returned')
         GROUP BY purchase.id, one ->> 'unit'
         ORDER BY purchase.id, one ->> 'unit'
        """,
        ids(purchase_ids),
    )


def returns(purchase_ids: Iterable[int]) -> SQL:
    """Rows (purchase_id, number of a return of it)."""
    return SQL(
        "SELECT origin_id, number FROM loy_purchase WHERE origin_id = ANY(%s) ORDER BY purchased_at, id",
        ids(purchase_ids),
    )
