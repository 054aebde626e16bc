from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, day, money, ratio, text

_lt = LazyTranslate(__name__)


@REPORTS.register("best_customers")
class BestCustomers(Report):
    name = _lt("Best customers")
    about = _lt(
        "The members who bought for most in the period: paid in money and certificates, less what came back. The last"
        " day is that of the last purchase within the period."
    )
    topic = "members"
    source = "loy.member.day"
    right = "member.read"
    takes = ("period", "places", "limit")
    defaults = {"period": "last_12_months"}
    columns = (
        text("member", _lt("Member")),
        count("purchases", _lt("Purchases"), more="better"),
        money("amount", _lt("Amount"), more="better"),
        ratio("average", _lt("Average receipt"), "amount", "purchases", "money", more="better"),
        count("days", _lt("Days with a purchase")),
        day("last", _lt("Last bought")),
    )
    keys = ("member_id",)

    def query(self, ask):
        days = ask.facts([("is_opening", "=", False)])
        return SQL(
            """
            SELECT best.*, member.name AS member
              FROM (SELECT member_id, SUM(purchase_count) AS purchases, SUM(amount) AS amount,
                           COUNT(DISTINCT day) AS days, MAX(day) AS last
                      FROM %s WHERE purchase_count > 0
                     GROUP BY member_id ORDER BY SUM(amount) DESC, member_id LIMIT %s) AS best
              JOIN res_partner AS member ON member.id = best.member_id
             ORDER BY amount DESC, member_id
            """,
            days,
            ask.limit,
        )

    def behind(self, ask, row):
        return ask.receipts_behind([("member_id", "=", row["member_id"])])
