from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, money, percent, quantity, text

_lt = LazyTranslate(__name__)


@REPORTS.register("promotions_by_store")
class PromotionsByStore(Report):
    name = _lt("Promotions by store")
    about = _lt(
        "What each promotion gave in each store in the period, less what came back there. A receipt with several"
        " promotions counts for each of them; points are of all units together."
    )
    topic = "promotions"
    source = "loy.promotion.day"
    takes = ("period", "places", "promotions")
    columns = (
        text("store", _lt("Store")),
        text("promotion", _lt("Promotion")),
        count("receipts", _lt("Receipts"), is_summed=False, more="better"),
        money("discount", _lt("Discount"), more="worse"),
        money("touched", _lt("Goods"), is_summed=False),
        percent("off", _lt("Discount of the goods, %"), "discount", "touched", more="worse"),
        money("spent", _lt("Paid with points")),
        quantity("points", _lt("Points given"), is_summed=False),
        money("amount", _lt("Amount of the receipts"), is_summed=False, more="better"),
    )
    keys = ("store_id", "promotion_id")
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT fact.*, promotion.name AS promotion, store.name AS store
              FROM (SELECT store_id, promotion_id, SUM(receipt_count) AS receipts, SUM(discount) AS discount,
                           SUM(touched) AS touched, SUM(spent) AS spent, SUM(points) AS points, SUM(amount) AS amount
                      FROM %s GROUP BY store_id, promotion_id) AS fact
              JOIN loy_promotion AS promotion ON promotion.id = fact.promotion_id
              JOIN loy_store AS store ON store.id = fact.store_id
             ORDER BY store.name, store_id, discount DESC, promotion_id
            """,
            ask.uses(),
        )

    def behind(self, ask, row):
        return ask.uses_behind([(name, "=", row[name]) for name in ("store_id", "promotion_id")])
