from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, day, money, percent, ratio

_lt = LazyTranslate(__name__)


@REPORTS.register("sales_by_day")
class SalesByDay(Report):
    name = _lt("Sales by day")
    about = _lt(
        "Receipts and what was paid for them in money, less what came back, by the day on the clock of the store."
        " A return counts on its own day. The average is of receipts, with returns taken off."
    )
    topic = "sales"
    source = "loy.sales.hour"
    takes = ("period", "step", "places", "channel")
    columns = (
        day("day", _lt("Day")),
        count("receipts", _lt("Receipts"), more="better"),
        count("returns", _lt("Returns"), more="worse"),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        percent("off", _lt("Discount, %"), "discount", "base", more="worse"),
        money("spent", _lt("Paid with points")),
        money("amount", _lt("Amount"), more="better"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
        percent("members", _lt("Receipts of members, %"), "of_members", "receipts", more="better"),
        count("of_members", _lt("Receipts of members"), more="better"),
    )
    chart = Chart("bar", "day", ("amount",))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT steps.day, COALESCE(SUM(receipt_count), 0) AS receipts, COALESCE(SUM(return_count), 0) AS returns,
                   COALESCE(SUM(base), 0) AS base, COALESCE(SUM(discount), 0) AS discount,
                   COALESCE(SUM(spent), 0) AS spent, COALESCE(SUM(amount), 0) AS amount,
                   COALESCE(SUM(receipt_count) FILTER (WHERE is_member), 0) AS of_members
              FROM (%s) AS steps
              LEFT JOIN %s ON %s = steps.day
             GROUP BY steps.day ORDER BY steps.day
            """,
            ask.steps(),
            ask.sales(),
            ask.in_step(SQL("loy_sales_hour.day")),
        )

    def behind(self, ask, row):
        return ask.receipts_behind([], row["day"])
