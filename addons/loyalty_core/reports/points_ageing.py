from odoo.tools import SQL, LazyTranslate

from ..sql import ledger_days as sql
from .registry import REPORTS, Chart, Report, count, money, points, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("points_ageing")
class PointsAgeing(Report):
    name = _lt("What is owed, by the month in which it expires")
    about = _lt(
        "Points that members have now, by the month in which they expire if nobody uses them, and what they are worth"
        " today. Points that are not active yet are among them."
    )
    topic = "points"
    source = "loy.lot"
    takes = ("unit",)
    columns = (
        text("month", _lt("Expires in")),
        count("lots", _lt("Lots")),
        count("accounts", _lt("Accounts"), is_summed=False),
        points("points", _lt("Points"), more="worse"),
        points("held", _lt("Of them held")),
        share("share", _lt("Share"), "points"),
        money("worth", _lt("Worth"), more="worse"),
    )
    keys = ("month",)
    chart = Chart("bar", "month", ("points",))
    is_by_store = False

    def query(self, ask):
        lots = ask.facts([("is_open", "=", True), ("unit_id", "=", ask.unit.id)], day=None, store=None)
        return SQL(
            """
            SELECT COALESCE(TO_CHAR(fact.month, 'YYYY-MM'), %(never)s) AS month, SUM(lots)::bigint AS lots,
                   SUM(accounts)::bigint AS accounts, SUM(fact.points) / %(scale)s AS points,
                   SUM(held) / %(scale)s AS held, SUM(fact.points / %(scale)s * %(worth)s) AS worth
              FROM (SELECT DATE_TRUNC('month', %(day)s)::date AS month, unit_id,
                           COALESCE(company_id, %(company)s) AS company_id,
                           COUNT(*) AS lots, COUNT(DISTINCT account_id) AS accounts, SUM(remaining_minor) AS points,
                           SUM(held_minor) AS held
                      FROM %(lots)s
                     GROUP BY 1, 2, 3) AS fact %(joins)s
             GROUP BY fact.month
             ORDER BY fact.month NULLS LAST
            """,
            never=ask.env._("Never"),
            scale=ask.scale,
            worth=SQL("%s::numeric", sql.WORTH),
            day=ask.local_day(SQL("expires_at")),
            company=ask.env.company.id,
            lots=lots,
            joins=sql.WORTH_JOINS,
        )
