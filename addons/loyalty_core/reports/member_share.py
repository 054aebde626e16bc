from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, ratio, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("member_share")
class MemberShare(Report):
    name = _lt("Members and others")
    about = _lt(
        "How much of the sales members make: receipts with a member beside those of people whom nobody knows, what was"
        " paid for them in money less what came back, and how large a receipt of each is."
    )
    topic = "sales"
    source = "loy.sales.hour"
    takes = ("period", "places", "channel")
    columns = (
        text("who", _lt("Who")),
        count("receipts", _lt("Receipts"), more="better"),
        share("share", _lt("Share of receipts"), "receipts"),
        money("amount", _lt("Amount"), more="better"),
        share("share_amount", _lt("Share of the amount"), "amount"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
        ratio("lines", _lt("Lines of a receipt"), "line_count", "receipts", more="better"),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        percent("off", _lt("Discount, %"), "discount", "base", more="worse"),
        money("spent", _lt("Paid with points")),
        count("returns", _lt("Returns"), more="worse"),
        count("line_count", _lt("Lines sold"), more="better"),
    )
    keys = ("is_member",)
    chart = Chart("pie", "who", ("amount",))
    is_hourly = True

    def query(self, ask):
        return SQL(
            """
            SELECT is_member, CASE WHEN is_member THEN %s ELSE %s END AS who, SUM(receipt_count) AS receipts,
                   SUM(return_count) AS returns, SUM(base) AS base, SUM(discount) AS discount, SUM(spent) AS spent,
                   SUM(amount) AS amount, SUM(line_count) AS line_count
              FROM %s GROUP BY is_member ORDER BY is_member DESC
            """,
            ask.env._("Members"),
            ask.env._("Others"),
            ask.sales(),
        )

    def behind(self, ask, row):
        return ask.receipts_behind([("member_id", "!=" if row["is_member"] else "=", False)])
