from odoo.tools import SQL, LazyTranslate

from ..sql import ledger_days as sql
from .registry import REPORTS, Chart, Report, day, percent, points

_lt = LazyTranslate(__name__)


@REPORTS.register("points_movements")
class PointsMovements(Report):
    name = _lt("Points given and spent by day")
    about = _lt(
        "What members were given, what they paid with and what expired, by the day of the fact; from the ledger."
        " A return lowers what it takes back on its own day."
    )
    topic = "points"
    source = "loy.ledger.day"
    takes = ("period", "step", "unit")
    columns = (
        day("day", _lt("Day")),
        points("given", _lt("Given")),
        points("spent", _lt("Spent")),
        percent("share", _lt("Spent of given, %"), "spent", "given"),
        points("expired", _lt("Expired"), more="worse"),
        points("other", _lt("Other movements")),
        points("change", _lt("Change")),
    )
    chart = Chart("bar", "day", ("given", "spent", "expired"))
    is_by_store = False

    def query(self, ask):
        return SQL(
            """
            SELECT steps.day, COALESCE(SUM(delta) FILTER (WHERE role = 'issued'), 0) / %(scale)s AS given,
                   COALESCE(-SUM(delta) FILTER (WHERE role = 'redeemed'), 0) / %(scale)s AS spent,
                   COALESCE(-SUM(delta) FILTER (WHERE role = 'expired'), 0) / %(scale)s AS expired,
                   COALESCE(SUM(delta) FILTER (WHERE role NOT IN ('issued', 'redeemed', 'expired')), 0) / %(scale)s
                       AS other,
                   COALESCE(SUM(delta), 0) / %(scale)s AS change
              FROM (%(steps)s) AS steps
              LEFT JOIN (SELECT day, role, SUM(delta_minor) AS delta FROM (%(days)s) AS known
                          WHERE unit_id = %(unit)s AND company_id = ANY(%(companies)s)
                            AND day BETWEEN %(from)s AND %(to)s
                          GROUP BY day, role) AS fact ON %(step)s = steps.day
             GROUP BY steps.day ORDER BY steps.day
            """,
            scale=ask.scale,
            steps=ask.steps(),
            days=sql.days(),
            unit=ask.unit.id,
            companies=list(ask.companies),
            step=ask.in_step(SQL("fact.day")),
            to=ask.to,
            **{"from": ask.from_},
        )
