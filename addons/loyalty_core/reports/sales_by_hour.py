from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, ratio, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_hour")
class SalesByHour(Report):
    name = _lt("Sales by hour of the day")
    about = _lt(
        "When people buy: receipts and what was paid for them in money less what came back, by the hour on the clock of"
        " the store; and how many receipts of each hour were on working days and at the weekend."
    )
    topic = "sales"
    source = "loy.sales.hour"
    takes = ("period", "places", "channel")
    columns = (
        text("hours", _lt("Hour")),
        count("receipts", _lt("Receipts"), more="better"),
        share("share", _lt("Share"), "receipts"),
        count("working", _lt("Monday to Friday")),
        count("weekend", _lt("Saturday and Sunday")),
        money("amount", _lt("Amount"), more="better"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
    )
    keys = ("hour",)
    chart = Chart("bar", "hours", ("working", "weekend"))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT hour, TO_CHAR(hour, 'FM00') || ':00' AS hours, SUM(receipt_count) AS receipts,
                   COALESCE(SUM(receipt_count) FILTER (WHERE weekday NOT IN ('6', '7')), 0) AS working,
                   COALESCE(SUM(receipt_count) FILTER (WHERE weekday IN ('6', '7')), 0) AS weekend,
                   SUM(amount) AS amount
              FROM %s GROUP BY hour ORDER BY hour
            """,
            ask.sales(),
        )
