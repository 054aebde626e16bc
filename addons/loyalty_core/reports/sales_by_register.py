from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, money, percent, ratio, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_register")
class SalesByRegister(Report):
    name = _lt("Sales by register and channel")
    about = _lt(
        "What each register took in money less what came back there, by the channel that the receipts name, and how"
        " much of it was paid with points and certificates."
    )
    topic = "sales"
    source = "loy.sales.hour"
    takes = ("period", "places", "channel")
    columns = (
        text("store", _lt("Store")),
        text("register", _lt("Register")),
        text("channel", _lt("Channel")),
        count("receipts", _lt("Receipts"), more="better"),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        money("spent", _lt("Paid with points")),
        percent("spent_share", _lt("With points, %"), "spent", "base"),
        money("certificates", _lt("Paid with certificates")),
        money("amount", _lt("Amount"), more="better"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
        ratio("lines", _lt("Lines of a receipt"), "line_count", "receipts", more="better"),
        count("line_count", _lt("Lines sold"), more="better"),
    )
    keys = ("store_id", "register_id", "channel")
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT fact.*, store.name AS store, register.name AS register
              FROM (SELECT store_id, register_id, channel, SUM(receipt_count) AS receipts, SUM(base) AS base,
                           SUM(discount) AS discount, SUM(spent) AS spent, SUM(certificates) AS certificates,
                           SUM(amount) AS amount, SUM(line_count) AS line_count
                      FROM %s GROUP BY store_id, register_id, channel) AS fact
              JOIN loy_store AS store ON store.id = fact.store_id
              LEFT JOIN loy_register AS register ON register.id = fact.register_id
             ORDER BY store.name, store_id, register.name, register_id, channel
            """,
            ask.sales(),
        )

    def behind(self, ask, row):
        places = [(name, "=", row[name]) for name in ("store_id", "register_id", "channel")]
        return ask.receipts_behind(places)
