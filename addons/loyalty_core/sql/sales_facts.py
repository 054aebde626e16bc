"""Sales by hours, promotions and categories by days: what reports read instead of a billion lines."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from odoo.tools import SQL

from .turnover import BASE, IS_GOODS, TO_PAY

#: The moment of a receipt on the clock of its store.
_MOMENT = SQL("(purchase.purchased_at AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(store.timezone, 'UTC'))")
#: Its day, as it was told when it was sold: a store may have moved to another zone since.
_DAY = SQL("COALESCE(purchase.purchased_on, %s::date)", _MOMENT)
_FOLDED = SQL("(SELECT folded_id FROM loy_sales_mark)")
#: So many days the same moment may be apart on two clocks; what a till says of the day is not further off.
ZONES_DIFFER = 2


@dataclass(frozen=True, slots=True)
class Facts:
    """A table of sums. ``keys`` tell its rows apart, in the order of its index; what may be empty stands there as
    ``empty`` says. ``beside`` follows from the keys."""

    table: str
    keys: tuple[str, ...]
    sums: tuple[str, ...]
    empty: dict[str, SQL]
    beside: tuple[str, ...] = ()

    @property
    def index(self) -> SQL:
        """What is unique."""
        return SQL(", ").join(
            SQL("COALESCE(%s, %s)", SQL.identifier(key), self.empty[key]) if key in self.empty else SQL.identifier(key)
            for key in self.keys
        )


HOURS = Facts(
    "loy_sales_hour",
    ("store_id", "day", "hour", "register_id", "channel", "is_member", "company_id"),
    ("receipt_count", "return_count", "line_count", "base", "discount", "spent", "certificates", "amount"),
    {"register_id": SQL("0"), "channel": SQL("''")},
    ("weekday",),
)
PROMOTIONS = Facts(
    "loy_promotion_day",
    ("promotion_id", "day", "store_id", "unit_id", "is_member", "company_id"),
    ("receipt_count", "amount", "touched", "discount", "spent", "points"),
    {"unit_id": SQL("0")},
)
CATEGORIES = Facts(
    "loy_category_day",
    ("store_id", "day", "categ_id", "brand_id", "company_id"),
    ("line_count", "quantity", "base", "discount", "spent", "amount"),
    {"categ_id": SQL("0"), "brand_id": SQL("0")},
)


def quiet() -> list[SQL]:
    """No receipt is being booked at this moment: who waits too long for tills to finish gives up."""
    return [SQL("SET LOCAL lock_timeout = '2s'"), SQL("LOCK TABLE loy_purchase_line IN SHARE MODE")]


def latest() -> SQL:
    """One row (number): while it is quiet, a line below it that is missing will never come."""
    return SQL("SELECT COALESCE(MAX(id), 0) FROM loy_purchase_line")


def seal(number: int) -> SQL:
    return SQL("UPDATE loy_sales_mark SET sealed_id = %s, sealed_at = NOW() AT TIME ZONE 'UTC'", number)


def mark() -> SQL:
    """One row (folded, sealed), locked: one job folds at a time."""
    return SQL("SELECT folded_id, sealed_id FROM loy_sales_mark FOR UPDATE")


def told_until() -> SQL:
    """One row (moment): what was booked before it is in the sums."""
    return SQL("SELECT folded_at FROM loy_sales_mark")


def end_of_batch(after: int, sealed: int, limit: int) -> SQL:
    """One row (number): so many lines lie after the one and up to it; numbers may have gaps of any width."""
    return SQL(
        """
        SELECT COALESCE((SELECT id FROM loy_purchase_line WHERE id > %s AND id <= %s ORDER BY id OFFSET %s LIMIT 1), %s)
        """,
        after,
        sealed,
        limit - 1,
        sealed,
    )


def move_mark(until: int) -> SQL:
    return SQL(
        "UPDATE loy_sales_mark SET folded_id = %(until)s,"
        " folded_at = CASE WHEN sealed_id = %(until)s THEN sealed_at ELSE folded_at END",
        until=until,
    )


def fold(after: int, until: int) -> list[SQL]:
    """Add the receipts of a range of lines to their sums."""
    return _added(receipts(after, until))


def mark_anew(store_ids: Collection[int]) -> SQL:
    """All days of the stores are to be folded anew, from the first that has any sums; a receipt that kept no day may
    move by as much as zones differ."""
    return SQL(
        """
        UPDATE loy_store SET anew_from = days.first - %s
          FROM (SELECT store_id, MIN(day) AS first FROM loy_sales_hour WHERE store_id = ANY(%s) GROUP BY 1) AS days
         WHERE loy_store.id = days.store_id
        """,
        ZONES_DIFFER,
        list(store_ids),
    )


def to_fold_anew() -> SQL:
    """One row (store, first day, last day) that is to be folded anew, or none."""
    return SQL(
        """
        SELECT store.id, store.anew_from, GREATEST(store.anew_from, MAX(hours.day) + %s)
          FROM loy_store AS store LEFT JOIN loy_sales_hour AS hours ON hours.store_id = store.id
         WHERE store.anew_from IS NOT NULL
         GROUP BY store.id ORDER BY store.id LIMIT 1
        """,
        ZONES_DIFFER,
    )


def fold_anew(store_id: int, from_: date, to: date) -> list[SQL]:
    """The sums of some days of a store from its receipts, as its clock shows them now: of those that are folded."""
    batch = SQL(
        """
        SELECT purchase.id AS purchase_id
          FROM loy_purchase AS purchase JOIN loy_store AS store ON store.id = purchase.store_id
         WHERE purchase.store_id = %s AND purchase.purchased_at >= %s AND purchase.purchased_at < %s
           AND %s BETWEEN %s AND %s
           AND EXISTS (SELECT FROM loy_purchase_line AS line
                        WHERE line.purchase_id = purchase.id AND line.id <= %s)
        """,
        store_id,
        from_ - timedelta(days=ZONES_DIFFER),
        to + timedelta(days=ZONES_DIFFER + 1),
        _DAY,
        from_,
        to,
        _FOLDED,
    )
    cleared = [
        SQL(
            "DELETE FROM %s WHERE store_id = %s AND day BETWEEN %s AND %s",
            SQL.identifier(facts.table),
            store_id,
            from_,
            to,
        )
        for facts in (HOURS, PROMOTIONS, CATEGORIES)
    ]
    return [*cleared, *_added(batch)]


def move_anew(store_id: int, from_: date | None) -> SQL:
    """From which day the rest of the store is to be folded anew; None: all of it is."""
    return SQL("UPDATE loy_store SET anew_from = %s WHERE id = %s", from_, store_id)


def _added(batch: SQL) -> list[SQL]:
    return [
        _add(HOURS, by_hour(batch)),
        _add(PROMOTIONS, by_promotion(batch)),
        _add(CATEGORIES, by_category(batch)),
    ]


def _add(facts: Facts, rows: SQL) -> SQL:
    names = SQL(", ").join(map(SQL.identifier, (*facts.keys, *facts.beside, *facts.sums)))
    return SQL(
        """
        INSERT INTO %(table)s AS known (%(names)s)
        SELECT %(names)s FROM (%(rows)s) AS fresh ORDER BY %(order)s
            ON CONFLICT (%(index)s) DO UPDATE SET %(sums)s
        """,
        table=SQL.identifier(facts.table),
        names=names,
        rows=rows,
        order=SQL(", ").join(map(SQL.identifier, facts.keys)),
        index=facts.index,
        sums=SQL(", ").join(
            SQL("%(name)s = known.%(name)s + EXCLUDED.%(name)s", name=SQL.identifier(name)) for name in facts.sums
        ),
    )


def receipts(after: int, until: int | SQL) -> SQL:
    """Rows (purchase_id) whose first line has a number after the one and up to the other: each is in one batch, however
    its lines mix with those of others. What was sold without any line is no receipt."""
    return SQL(
        """
        SELECT line.purchase_id FROM loy_purchase_line AS line
         WHERE line.id > %s AND line.id <= %s
           AND NOT EXISTS (SELECT FROM loy_purchase_line AS earlier
                            WHERE earlier.purchase_id = line.purchase_id AND earlier.id < line.id)
        """,
        after,
        until,
    )


def by_hour(batch: SQL) -> SQL:
    """The receipts by hours. What came back counts where and when it came back, below zero; lines are those sold."""
    return SQL(
        """
        SELECT %(day)s AS day, EXTRACT(hour FROM %(moment)s)::int AS hour,
               EXTRACT(isodow FROM %(day)s)::int::text AS weekday, purchase.store_id, purchase.register_id,
               purchase.company_id, purchase.channel, purchase.member_id IS NOT NULL AS is_member,
               COUNT(*) FILTER (WHERE purchase.kind = 'sale')::int8 AS receipt_count,
               COUNT(*) FILTER (WHERE purchase.kind = 'return')::int8 AS return_count,
               COALESCE(SUM(sold.line_count) FILTER (WHERE purchase.kind = 'sale'), 0)::int8 AS line_count,
               SUM(%(base)s) AS base, SUM(COALESCE(purchase.discount, 0)) AS discount,
               SUM(COALESCE(purchase.spent, 0)) AS spent, SUM(COALESCE(purchase.certificates, 0)) AS certificates,
               SUM(%(to_pay)s) AS amount
          FROM (%(batch)s) AS batch
          JOIN loy_purchase AS purchase ON purchase.id = batch.purchase_id
          JOIN LATERAL (SELECT COUNT(*) AS line_count FROM loy_purchase_line AS line
                         WHERE line.purchase_id = purchase.id AND %(is_goods)s) AS sold ON true
          LEFT JOIN loy_store AS store ON store.id = purchase.store_id
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
        """,
        day=_DAY,
        moment=_MOMENT,
        base=BASE,
        to_pay=TO_PAY,
        is_goods=IS_GOODS,
        batch=batch,
    )


def by_category(batch: SQL) -> SQL:
    """The lines by days, category at the purchase and brand of today; lines are those sold."""
    return SQL(
        """
        SELECT %(day)s AS day, purchase.store_id, purchase.company_id, line.categ_id,
               template.loy_brand_id AS brand_id,
               COUNT(*) FILTER (WHERE purchase.kind = 'sale')::int8 AS line_count,
               SUM(line.quantity) AS quantity, SUM(line.base) AS base, SUM(line.discount) AS discount,
               SUM(line.spent) AS spent, SUM(line.amount) AS amount
          FROM (%(batch)s) AS batch
          JOIN loy_purchase AS purchase ON purchase.id = batch.purchase_id
          JOIN loy_purchase_line AS line ON line.purchase_id = purchase.id AND %(is_goods)s
          LEFT JOIN loy_store AS store ON store.id = purchase.store_id
          LEFT JOIN product_product AS product ON product.id = line.product_id
          LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
         GROUP BY 1, 2, 3, 4, 5
        """,
        day=_DAY,
        is_goods=IS_GOODS,
        batch=batch,
    )


def by_promotion(batch: SQL) -> SQL:
    """What promotions gave, by days and units; money off has no unit.

    A receipt on which a promotion gave several things is one: its count, what it came to and the goods that were
    touched stand with the first of them. Of goods that come back the same is taken off that was counted for them.
    Receipts of old, of which it is not known what it touched, count as a whole.
    """
    return SQL(
        """
        WITH receipt AS MATERIALIZED (
            SELECT purchase.id, purchase.kind, COALESCE(origin.id, purchase.id) AS sale_id,
                   CASE purchase.kind WHEN 'sale' THEN purchase.by_line ELSE origin.by_line END AS by_line,
                   %(to_pay)s AS to_pay, %(base)s AS base,
                   %(day)s AS day, purchase.store_id, purchase.company_id,
                   purchase.member_id IS NOT NULL AS is_member
              FROM (%(batch)s) AS batch
              JOIN loy_purchase AS purchase ON purchase.id = batch.purchase_id
              LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
              LEFT JOIN loy_store AS store ON store.id = purchase.store_id
        ), touched AS (
            SELECT receipt.id, part.promotion_id, SUM(line.base) AS base
              FROM receipt
              JOIN LATERAL (
                       SELECT DISTINCT (part ->> 'promotion_id')::int4 AS promotion_id, given.line_ref
                         FROM jsonb_array_elements(
                                  COALESCE(by_line -> 'given', '[]') || COALESCE(by_line -> 'spent', '[]')
                                  || COALESCE(by_line -> 'earned', '[]')
                              ) AS part
                         JOIN LATERAL (
                                  SELECT * FROM jsonb_each_text(COALESCE(part -> 'money', '{}'))
                                   UNION ALL
                                  SELECT * FROM jsonb_each_text(COALESCE(part -> 'points', '{}'))
                              ) AS given(line_ref, value) ON given.value <> '0'
                   ) AS part ON true
              JOIN loy_purchase_line AS line ON line.purchase_id = receipt.id AND line.line_ref = part.line_ref
             GROUP BY receipt.id, part.promotion_id
        ), fact AS (
            SELECT receipt.id, use.promotion_id, use.unit_id, 0 AS receipt_count, 0 AS amount, 0 AS touched,
                   use.discount, use.spent, use.points
              FROM receipt JOIN loy_purchase_promotion AS use ON use.purchase_id = receipt.id
             UNION ALL
            SELECT receipt.id, use.promotion_id,
                   CASE WHEN COUNT(use.unit_id) = COUNT(*) THEN MIN(use.unit_id) END,
                   (receipt.kind = 'sale')::int4, receipt.to_pay,
                   COALESCE(touched.base, CASE WHEN receipt.by_line IS NULL THEN receipt.base END, 0), 0, 0, 0
              FROM receipt
              JOIN loy_purchase_promotion AS use ON use.purchase_id = receipt.sale_id
              LEFT JOIN touched ON touched.id = receipt.id AND touched.promotion_id = use.promotion_id
             GROUP BY receipt.id, receipt.kind, receipt.to_pay, receipt.base, receipt.by_line IS NULL, use.promotion_id,
                      touched.base
        )
        SELECT receipt.day, fact.promotion_id, receipt.store_id, receipt.company_id, fact.unit_id, receipt.is_member,
               SUM(fact.receipt_count)::int8 AS receipt_count, SUM(fact.amount) AS amount,
               SUM(fact.touched) AS touched, SUM(fact.discount) AS discount, SUM(fact.spent) AS spent,
               SUM(fact.points) AS points
          FROM fact JOIN receipt USING (id)
         GROUP BY 1, 2, 3, 4, 5, 6
        """,
        day=_DAY,
        base=BASE,
        to_pay=TO_PAY,
        batch=batch,
    )


def _check(law: str, facts: Facts, by: str, model: str, folded: SQL, rows: SQL) -> tuple[str, str, SQL]:
    """``rows`` are (what it is about, expected) of all receipts that are folded; between batches nothing is told."""
    return (
        law,
        model,
        SQL(
            """
            SELECT id, COALESCE(fact.told, 0), COALESCE(known.told, 0)
              FROM (%(rows)s) AS fact (id, told)
              FULL JOIN (SELECT %(by)s AS id, %(folded)s AS told FROM %(table)s GROUP BY %(by)s) AS known USING (id)
             WHERE COALESCE(fact.told, 0) <> COALESCE(known.told, 0)
               AND (SELECT folded_id = sealed_id FROM loy_sales_mark)
            """,
            rows=rows,
            by=SQL.identifier(by),
            folded=folded,
            table=SQL.identifier(facts.table),
        ),
    )


# As the checks of the ledger: (law, table, a query of rows (id, expected, found) that break it). Amounts in thousandths
# and counts are one number, so that one pass proves both.
CHECKS: tuple[tuple[str, str, SQL], ...] = (
    _check(
        "hours_are_sums_of_receipts",
        HOURS,
        "store_id",
        "loy.store",
        SQL("ROUND((SUM(base) + SUM(amount)) * 1000 + SUM(receipt_count + return_count))::int8"),
        SQL(
            """
            SELECT store_id, ROUND(SUM(%s + %s) * 1000 + COUNT(*))::int8
              FROM loy_purchase AS purchase
             WHERE id IN (SELECT purchase_id FROM loy_purchase_line WHERE id <= %s)
             GROUP BY store_id
            """,
            BASE,
            TO_PAY,
            _FOLDED,
        ),
    ),
    _check(
        "promotion_days_are_sums_of_uses",
        PROMOTIONS,
        "promotion_id",
        "loy.promotion",
        SQL("ROUND((SUM(discount) + SUM(spent) + SUM(points)) * 1000)::int8"),
        SQL(
            """
            SELECT promotion_id, ROUND(SUM(discount + spent + points) * 1000)::int8
              FROM loy_purchase_promotion
             WHERE purchase_id IN (SELECT purchase_id FROM loy_purchase_line WHERE id <= %s)
             GROUP BY promotion_id
            """,
            _FOLDED,
        ),
    ),
    _check(
        "category_days_are_sums_of_lines",
        CATEGORIES,
        "store_id",
        "loy.store",
        SQL("ROUND((SUM(base) + SUM(amount)) * 1000)::int8"),
        SQL(
            """
            SELECT purchase.store_id, ROUND(SUM(line.base + line.amount) * 1000)::int8
              FROM loy_purchase_line AS line JOIN loy_purchase AS purchase ON purchase.id = line.purchase_id
             WHERE line.id <= %s AND %s
             GROUP BY purchase.store_id
            """,
            _FOLDED,
            IS_GOODS,
        ),
    ),
)
