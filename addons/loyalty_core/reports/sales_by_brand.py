from odoo.tools import LazyTranslate

from .goods import GoodsReport, columns_of
from .registry import REPORTS, Chart, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_brand")
class SalesByBrand(GoodsReport):
    name = _lt("Sales by brand")
    about = _lt(
        "What was sold less what came back, by the brand that a product had when the hour was counted. The amount is"
        " after discounts and without what points paid for."
    )
    columns = columns_of(text("brand", _lt("Brand")))
    keys = ("brand_id",)
    table, title = "loy_brand", "name"
    chart = Chart("pie", "brand", ("amount",))
    nameless = _lt("Without a brand")

    def behind(self, ask, row):
        return ask.lines_behind([("product_id.loy_brand_id", "=", row["brand_id"])])
