from odoo.tools import LazyTranslate

from .goods import GoodsReport, columns_of
from .registry import REPORTS, Chart, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_category")
class SalesByCategory(GoodsReport):
    name = _lt("Sales by category")
    about = _lt(
        "What was sold less what came back, by the category that a product had at the purchase. The amount is after"
        " discounts and without what points paid for."
    )
    columns = columns_of(text("category", _lt("Category")))
    keys = ("categ_id",)
    table, title = "product_category", "complete_name"
    chart = Chart("pie", "category", ("amount",))
    nameless = _lt("Without a category")

    def behind(self, ask, row):
        return ask.lines_behind([("categ_id", "=", row["categ_id"])])
