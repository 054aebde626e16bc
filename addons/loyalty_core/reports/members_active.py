from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, month, percent, ratio

_lt = LazyTranslate(__name__)


@REPORTS.register("members_active")
class MembersActive(Report):
    name = _lt("Active members by month")
    about = _lt(
        "Members who bought something in a month and kept it. New: never before. Stayed: also in the month before."
        " Came back: earlier, but not in the month before. Lost: in the month before, and not in this one. Active are"
        " the new, those who stayed and those who came back. A purchase counts on its own day, less what came back"
        " later."
    )
    topic = "members"
    source = "loy.member.day"
    right = "member.read"
    takes = ("period", "places")
    defaults = {"period": "last_12_months"}
    columns = (
        month("day", _lt("Month")),
        count("active", _lt("Active"), is_summed=False, more="better"),
        count("new", _lt("New"), more="better"),
        count("stayed", _lt("Stayed"), is_summed=False, more="better"),
        count("back", _lt("Came back"), more="better"),
        count("lost", _lt("Lost"), more="worse"),
        percent("kept", _lt("Stayed of the month before, %"), "stayed", "before", more="better"),
        count("purchases", _lt("Purchases"), more="better"),
        money("amount", _lt("Amount"), more="better"),
        ratio("each", _lt("Amount of a member"), "amount", "active", "money", more="better"),
    )
    chart = Chart("bar", "day", ("new", "stayed", "back", "lost"))

    def query(self, ask):
        days = ask.facts([("is_opening", "=", False)], day=None)
        ever = ask.facts(day=None)
        return SQL(
            """
            WITH month AS (
                SELECT one::date AS month, (one - interval '1 month')::date AS before
                  FROM GENERATE_SERIES(DATE_TRUNC('month', %(from)s::timestamp), %(to)s::timestamp, '1 month') AS one
            ), bought AS (
                SELECT DATE_TRUNC('month', day)::date AS month, member_id, SUM(purchase_count) AS purchases,
                       SUM(amount) AS amount
                  FROM %(days)s
                 WHERE day >= (SELECT MIN(before) FROM month)
                   AND day < (SELECT MAX(month) + interval '1 month' FROM month)
                 GROUP BY 1, 2 HAVING SUM(purchase_count) > 0
            ), told AS (
                SELECT month.month, bought.member_id, bought.purchases, bought.amount, earlier.member_id AS earlier_id,
                       earlier.member_id IS NULL AND NOT EXISTS (
                           SELECT 1 FROM %(ever)s
                            WHERE loy_member_day.member_id = bought.member_id
                              AND loy_member_day.day < month.month AND purchase_count > 0) AS is_new
                  FROM month
                  JOIN bought ON bought.month = month.month
                  LEFT JOIN bought AS earlier
                         ON earlier.month = month.before AND earlier.member_id = bought.member_id
            ), size AS (SELECT month, COUNT(*) AS members FROM bought GROUP BY month)
            SELECT month.month AS day, COUNT(told.member_id) AS active, COUNT(*) FILTER (WHERE is_new) AS new,
                   COUNT(earlier_id) AS stayed,
                   COUNT(told.member_id) FILTER (WHERE NOT is_new AND earlier_id IS NULL) AS back,
                   COALESCE(MAX(size.members), 0) - COUNT(earlier_id) AS lost, COALESCE(MAX(size.members), 0) AS before,
                   COALESCE(SUM(purchases), 0) AS purchases, COALESCE(SUM(amount), 0) AS amount
              FROM month
              LEFT JOIN told ON told.month = month.month
              LEFT JOIN size ON size.month = month.before
             GROUP BY month.month ORDER BY month.month
            """,
            days=days,
            ever=ever,
            to=ask.to,
            **{"from": ask.from_},
        )
