from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, quantity, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_brand")
class SalesByBrand(Report):
    name = _lt("Sales by brand")
    about = _lt(
        "What was sold less what came back, by the brand that a product had when the hour was counted. The amount is"
        " after discounts and without what points paid for."
    )
    topic = "sales"
    source = "loy.category.day"
    takes = ("period", "places")
    columns = (
        text("brand", _lt("Brand")),
        quantity("quantity", _lt("Quantity")),
        count("lines", _lt("Lines sold")),
        money("base", _lt("Shelf amount")),
        money("discount", _lt("Discount")),
        percent("off", _lt("Discount, %"), "discount", "base"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount")),
        share("share", _lt("Share"), "amount"),
    )
    keys = ("brand_id",)
    chart = Chart("pie", "brand", ("amount",))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT fact.*, COALESCE(brand.name, %s) AS brand
              FROM (SELECT brand_id, SUM(quantity) AS quantity, SUM(line_count) AS lines, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(amount) AS amount
                      FROM %s GROUP BY brand_id) AS fact
              LEFT JOIN loy_brand AS brand ON brand.id = fact.brand_id
             ORDER BY amount DESC, brand_id
            """,
            ask.env._("Without a brand"),
            ask.facts(),
        )

    def behind(self, ask, row):
        return ask.lines_behind([("product_id.loy_brand_id", "=", row["brand_id"])])
