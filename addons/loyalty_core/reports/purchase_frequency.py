from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, ratio, share

_lt = LazyTranslate(__name__)


@REPORTS.register("purchase_frequency")
class PurchaseFrequency(Report):
    name = _lt("How often members buy")
    about = _lt(
        "Members by how many purchases of the period they kept, and how long before its end the last of them was."
        " The last step has all that is more."
    )
    topic = "members"
    source = "loy.member.day"
    right = "member.read"
    takes = ("period", "places")
    defaults = {"period": "last_90_days"}
    columns = (
        count("at_least", _lt("Purchases, from"), is_summed=False),
        count("at_most", _lt("to"), is_summed=False),
        count("members", _lt("Members"), more="better"),
        share("share", _lt("Share"), "members"),
        money("amount", _lt("Amount"), more="better"),
        share("share_amount", _lt("Share of the amount"), "amount"),
        ratio("each", _lt("Amount of a member"), "amount", "members", "money", more="better"),
        count("last_30", _lt("Last within 30 days"), more="better"),
        count("last_90", _lt("31 to 90 days")),
        count("last_older", _lt("Longer ago"), more="worse"),
    )
    keys = ("at_least",)
    chart = Chart("bar", "at_least", ("members",))

    def query(self, ask):
        days = ask.facts([("is_opening", "=", False)])
        return SQL(
            """
            SELECT step.at_least, step.at_most, COUNT(*) AS members, SUM(amount) AS amount,
                   COUNT(*) FILTER (WHERE ago < 30) AS last_30,
                   COUNT(*) FILTER (WHERE ago BETWEEN 30 AND 89) AS last_90,
                   COUNT(*) FILTER (WHERE ago > 89) AS last_older
              FROM (SELECT member_id, SUM(purchase_count) AS purchases, SUM(amount) AS amount,
                           %s::date - MAX(day) AS ago
                      FROM %s WHERE purchase_count > 0 GROUP BY member_id) AS fact
              JOIN (VALUES (1, 1), (2, 2), (3, 3), (4, 5), (6, 10), (11, 20), (21, NULL)) AS step(at_least, at_most)
                ON purchases >= step.at_least AND (purchases <= step.at_most OR step.at_most IS NULL)
             GROUP BY step.at_least, step.at_most ORDER BY step.at_least
            """,
            ask.to,
            days,
        )
