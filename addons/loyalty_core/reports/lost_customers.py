from datetime import timedelta

from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, day, money, text

_lt = LazyTranslate(__name__)
#: Who has not bought for longer than this beside is not lost but forgotten.
LOOK_BACK = timedelta(days=365)


@REPORTS.register("lost_customers")
class LostCustomers(Report):
    name = _lt("Lost customers")
    about = _lt(
        "Members who have bought nothing for so many days, though they did in the year before these days; those who"
        " bought for most come first. The figures are of that year."
    )
    topic = "members"
    source = "loy.member.day"
    right = "member.read"
    takes = ("days", "places", "limit")
    columns = (
        text("member", _lt("Member")),
        day("last", _lt("Last bought")),
        count("ago", _lt("Days ago"), is_summed=False),
        count("purchases", _lt("Purchases"), more="better"),
        money("amount", _lt("Amount"), more="better"),
    )
    keys = ("member_id",)

    def query(self, ask):
        until = ask.today - timedelta(days=ask.days)
        days = ask.facts([("day", ">", until - LOOK_BACK), ("day", "<=", until)], day=None)
        since = ask.facts([("day", ">", until)], day=None)
        return SQL(
            """
            SELECT lost.*, %(today)s::date - lost.last AS ago, member.name AS member
              FROM (SELECT fact.member_id, MAX(day) AS last, SUM(purchase_count) AS purchases, SUM(amount) AS amount
                      FROM (SELECT * FROM %(days)s WHERE purchase_count > 0) AS fact
                     WHERE NOT EXISTS (SELECT 1 FROM %(since)s
                                        WHERE purchase_count > 0
                                          AND loy_member_day.member_id = fact.member_id)
                     GROUP BY fact.member_id ORDER BY SUM(amount) DESC, fact.member_id LIMIT %(limit)s) AS lost
              JOIN res_partner AS member ON member.id = lost.member_id
             ORDER BY amount DESC, member_id
            """,
            today=ask.today,
            days=days,
            since=since,
            limit=ask.limit,
        )

    def behind(self, ask, row):
        return "res.partner", [("id", "=", row["member_id"])]
