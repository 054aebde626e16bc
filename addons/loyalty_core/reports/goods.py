"""What reports of goods sold have in common: sums by category, brand and so on."""

from odoo.tools import SQL, LazyTranslate

from .registry import Column, Report, count, money, percent, quantity, share

_lt = LazyTranslate(__name__)


def columns_of(named: Column) -> tuple[Column, ...]:
    """The figures of goods beside what they are told by."""
    return (
        named,
        quantity("quantity", _lt("Quantity"), more="better"),
        count("lines", _lt("Lines sold"), more="better"),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        percent("off", _lt("Discount, %"), "discount", "base", more="worse"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount"), more="better"),
        share("share", _lt("Share"), "amount"),
    )


class GoodsReport(Report):
    """Sums of ``loy.category.day`` by its column ``keys``, which names rows of ``table``, told by their ``title``."""

    topic = "sales"
    source = "loy.category.day"
    takes = ("period", "places")
    is_hourly = True
    table: str
    title: str
    #: What goods are called that have none; a term.
    nameless: object

    def query(self, ask):
        key = SQL.identifier(self.keys[0])
        return SQL(
            """
            SELECT fact.*, COALESCE(named.%(title)s, %(nameless)s) AS %(of)s
              FROM (SELECT %(key)s, SUM(quantity) AS quantity, SUM(line_count) AS lines, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(amount) AS amount
                      FROM %(facts)s GROUP BY %(key)s) AS fact
              LEFT JOIN %(table)s AS named ON named.id = fact.%(key)s
             ORDER BY amount DESC, %(key)s
            """,
            title=SQL.identifier(self.title),
            nameless=ask.env._(self.nameless),
            of=SQL.identifier(self.columns[0].key),
            key=key,
            facts=ask.facts(),
            table=SQL.identifier(self.table),
        )
