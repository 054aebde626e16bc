from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, quantity, ratio, text

_lt = LazyTranslate(__name__)


@REPORTS.register("promotions")
class Promotions(Report):
    name = _lt("Promotions: receipts, discounts, points")
    about = _lt(
        "What each promotion gave in the period, less what came back: receipts on which it had an effect, the discount"
        " on the goods that it touched, points given of all units together, and what these receipts came to. A receipt"
        " with several promotions counts for each of them."
    )
    topic = "promotions"
    source = "loy.promotion.day"
    takes = ("period", "places", "promotions")
    columns = (
        text("promotion", _lt("Promotion")),
        text("code", _lt("Code")),
        count("receipts", _lt("Receipts"), is_summed=False, more="better"),
        count("of_members", _lt("Of members"), is_summed=False, more="better"),
        money("discount", _lt("Discount"), more="worse"),
        money("touched", _lt("Goods"), is_summed=False),
        percent("off", _lt("Discount of the goods, %"), "discount", "touched", more="worse"),
        money("spent", _lt("Paid with points")),
        quantity("points", _lt("Points given"), is_summed=False),
        money("amount", _lt("Amount of the receipts"), is_summed=False, more="better"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
        percent("cost", _lt("Discount of the amount, %"), "discount", "amount", more="worse"),
    )
    keys = ("promotion_id",)
    chart = Chart("bar", "promotion", ("discount",))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT fact.*, promotion.name AS promotion, promotion.code
              FROM (SELECT promotion_id, SUM(receipt_count) AS receipts,
                           COALESCE(SUM(receipt_count) FILTER (WHERE is_member), 0) AS of_members,
                           SUM(discount) AS discount, SUM(touched) AS touched, SUM(spent) AS spent,
                           SUM(points) AS points, SUM(amount) AS amount
                      FROM %s GROUP BY promotion_id) AS fact
              JOIN loy_promotion AS promotion ON promotion.id = fact.promotion_id
             ORDER BY discount DESC, points DESC, promotion_id
            """,
            ask.uses(),
        )

    def behind(self, ask, row):
        return ask.uses_behind([("promotion_id", "=", row["promotion_id"])])
