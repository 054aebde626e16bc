from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, quantity, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_product")
class SalesByProduct(Report):
    name = _lt("Sales by product")
    about = _lt(
        "The products that sold for most: what was sold less what came back, by the day of the receipt or the return."
        " The amount is after discounts and without what points paid for. The share is of the products that are told."
    )
    topic = "sales"
    source = "loy.purchase.line"
    takes = ("period", "places", "channel", "limit")
    columns = (
        text("sku", _lt("SKU")),
        text("product", _lt("Product")),
        quantity("quantity", _lt("Quantity"), more="better"),
        count("receipts", _lt("Receipts"), is_summed=False, more="better"),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        percent("off", _lt("Discount, %"), "discount", "base", more="worse"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount"), more="better"),
        share("share", _lt("Share"), "amount"),
    )
    keys = ("product_id", "sku")
    chart = Chart("bar", "product", ("amount",))

    def query(self, ask):
        lines = ask.lines()
        return SQL(
            """
            SELECT top.*, %(name)s AS product
              FROM (SELECT product_id, sku, SUM(quantity) AS quantity,
                           COUNT(DISTINCT purchase_id) FILTER (WHERE quantity > 0) AS receipts, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(amount) AS amount
                      FROM %(lines)s
                     GROUP BY product_id, sku ORDER BY SUM(amount) DESC NULLS LAST, sku LIMIT %(limit)s) AS top
              LEFT JOIN product_product AS product ON product.id = product_id
              LEFT JOIN product_template AS template ON template.id = product.product_tmpl_id
             ORDER BY amount DESC NULLS LAST, sku
            """,
            name=ask.translated(SQL("template.name")),
            lines=lines,
            limit=ask.limit,
        )

    def behind(self, ask, row):
        return ask.lines_behind([("product_id", "=", row["product_id"]), ("sku", "=", row["sku"])])
