from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, quantity, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_category")
class SalesByCategory(Report):
    name = _lt("Sales by category")
    about = _lt(
        "What was sold less what came back, by the category that a product had at the purchase. The amount is after"
        " discounts and without what points paid for."
    )
    topic = "sales"
    source = "loy.category.day"
    takes = ("period", "places")
    columns = (
        text("category", _lt("Category")),
        quantity("quantity", _lt("Quantity")),
        count("lines", _lt("Lines sold")),
        money("base", _lt("Shelf amount")),
        money("discount", _lt("Discount")),
        percent("off", _lt("Discount, %"), "discount", "base"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount")),
        share("share", _lt("Share"), "amount"),
    )
    keys = ("categ_id",)
    chart = Chart("pie", "category", ("amount",))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT fact.*, COALESCE(category.complete_name, %s) AS category
              FROM (SELECT categ_id, SUM(quantity) AS quantity, SUM(line_count) AS lines, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(amount) AS amount
                      FROM %s GROUP BY categ_id) AS fact
              LEFT JOIN product_category AS category ON category.id = fact.categ_id
             ORDER BY amount DESC, categ_id
            """,
            ask.env._("Without a category"),
            ask.facts(),
        )

    def behind(self, ask, row):
        return ask.lines_behind([("categ_id", "=", row["categ_id"])])
