from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, money, percent, quantity, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_brand")
class SalesByBrand(Report):
    name = _lt("Sales by brand")
    about = _lt(
        "What was sold less what came back, by the brand that a product has today. The amount is after discounts and"
        " without what points paid for. Goods without a brand are one row."
    )
    topic = "sales"
    source = "loy.purchase.line"
    takes = ("period", "places", "channel")
    columns = (
        text("brand", _lt("Brand")),
        quantity("quantity", _lt("Quantity")),
        money("base", _lt("Shelf amount")),
        money("discount", _lt("Discount")),
        percent("off", _lt("Discount, %"), "discount", "base"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount")),
        share("share", _lt("Share"), "amount"),
    )
    keys = ("brand_id",)
    chart = Chart("pie", "brand", ("amount",))

    def query(self, ask):
        lines = ask.lines()
        return SQL(
            """
            SELECT fact.*, brand.name AS brand
              FROM (SELECT template.loy_brand_id AS brand_id, SUM(quantity) AS quantity, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(amount) AS amount
                      FROM %s
                      LEFT JOIN product_product AS product ON product.id = loy_purchase_line.product_id
                      LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
                     GROUP BY template.loy_brand_id) AS fact
              LEFT JOIN loy_brand AS brand ON brand.id = fact.brand_id
             ORDER BY amount DESC NULLS LAST, brand_id
            """,
            lines,
        )

    def behind(self, ask, row):
        days = [("purchase_id.purchased_on", ">=", ask.from_), ("purchase_id.purchased_on", "<=", ask.to)]
        return "loy.purchase.line", [("product_id.loy_brand_id", "=", row["brand_id"]), *days]
