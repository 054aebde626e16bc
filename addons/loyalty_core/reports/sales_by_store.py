from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, ratio, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_store")
class SalesByStore(Report):
    name = _lt("Sales by store")
    about = _lt(
        "Receipts of each store and what was paid for them in money, less what came back there in the period."
    )
    topic = "sales"
    source = "loy.sales.hour"
    takes = ("period", "places", "channel")
    columns = (
        text("store", _lt("Store")),
        text("network", _lt("Network")),
        count("receipts", _lt("Receipts"), more="better"),
        count("returns", _lt("Returns"), more="worse"),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        percent("off", _lt("Discount, %"), "discount", "base", more="worse"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount"), more="better"),
        share("share", _lt("Share"), "amount"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
        percent("members", _lt("Receipts of members, %"), "of_members", "receipts", more="better"),
        count("of_members", _lt("Receipts of members"), more="better"),
    )
    keys = ("store_id",)
    chart = Chart("bar", "store", ("amount",))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT fact.*, store.name AS store, network.name AS network
              FROM (SELECT store_id, SUM(receipt_count) AS receipts, SUM(return_count) AS returns, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(amount) AS amount,
                           COALESCE(SUM(receipt_count) FILTER (WHERE is_member), 0) AS of_members
                      FROM %s GROUP BY store_id) AS fact
              JOIN loy_store AS store ON store.id = fact.store_id
              LEFT JOIN loy_network AS network ON network.id = store.network_id
             ORDER BY amount DESC, store_id
            """,
            ask.sales(),
        )

    def behind(self, ask, row):
        return ask.receipts_behind([("store_id", "=", row["store_id"])])
