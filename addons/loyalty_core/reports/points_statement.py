from odoo.tools import SQL, LazyTranslate

from ..sql import ledger_days as sql
from .registry import REPORTS, Report, money, quantity, text

_lt = LazyTranslate(__name__)
#: System accounts on the other side, and the columns that they make.
MOVES = ("issued", "redeemed", "expired", "adjusted", "forgiven", "converted", "settlement")


@REPORTS.register("points_statement")
class PointsStatement(Report):
    name = _lt("Points: opening, given, spent, closing")
    about = _lt(
        "For each unit what members had before the period, what came and went in it and what they have after it, by"
        " the day of the fact; from the ledger. Opening and all movements are the closing. The worth is at what a unit"
        " is worth today. Points moved between members are in no column, since they come to nothing."
    )
    topic = "points"
    source = "loy.ledger.day"
    takes = ("period",)
    defaults = {"period": "this_month"}
    columns = (
        text("unit", _lt("Unit")),
        text("company", _lt("Company")),
        quantity("opening", _lt("Opening"), is_summed=False),
        quantity("issued", _lt("Given"), is_summed=False),
        quantity("redeemed", _lt("Spent"), is_summed=False),
        quantity("expired", _lt("Expired"), is_summed=False, more="worse"),
        quantity("adjusted", _lt("Taken by hand"), is_summed=False),
        quantity("forgiven", _lt("Debt forgiven"), is_summed=False, more="worse"),
        quantity("converted", _lt("Converted"), is_summed=False),
        quantity("settlement", _lt("Settled"), is_summed=False),
        quantity("closing", _lt("Closing"), is_summed=False, more="worse"),
        money("worth", _lt("Worth"), more="worse"),
    )
    keys = ("unit_id", "company_id")
    is_by_store = False

    def query(self, ask):
        return SQL(
            """
            SELECT unit.id AS unit_id, unit.name AS unit, fact.company_id, company.name AS company,
                   COALESCE(SUM(delta) FILTER (WHERE day < %(from)s), 0) AS opening, %(moves)s, SUM(delta) AS closing,
                   SUM(delta) * %(rate)s::numeric AS worth
              FROM (%(days)s) AS fact %(joins)s
              JOIN LATERAL (SELECT fact.delta_minor / POWER(10::numeric, unit.decimals) AS delta) AS in_units ON true
             WHERE fact.day <= %(to)s AND fact.company_id = ANY(%(companies)s)
             GROUP BY unit.id, fact.company_id, company.id, worth.id ORDER BY unit.sequence, unit.code, fact.company_id
            """,
            moves=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(delta) FILTER (WHERE day >= %s AND role = %s), 0) AS %s",
                    ask.from_,
                    role,
                    SQL.identifier(role),
                )
                for role in MOVES
            ),
            rate=sql.WORTH,
            days=sql.days(),
            joins=sql.WORTH_JOINS,
            to=ask.to,
            companies=list(ask.companies),
            **{"from": ask.from_},
        )
