from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, money, points, text

_lt = LazyTranslate(__name__)


@REPORTS.register("coalition")
class Coalition(Report):
    name = _lt("Partners: given, redeemed, to settle")
    about = _lt(
        "Points that each coalition partner gave and took in the period, and what they are worth today. To settle: what"
        " was paid with points at the partner less what the partner gave; above zero it is owed to the partner. Own"
        " stores and what happens outside of stores are one row."
    )
    topic = "partners"
    source = "loy.liability.report"
    takes = ("period", "unit")
    defaults = {"period": "last_month"}
    columns = (
        text("partner", _lt("Coalition partner")),
        points("given", _lt("Given")),
        points("redeemed", _lt("Redeemed")),
        money("given_worth", _lt("Worth given")),
        money("redeemed_worth", _lt("Worth redeemed")),
        money("settle", _lt("To settle")),
        count("movements", _lt("Movements")),
    )
    keys = ("partner_id",)

    def query(self, ask):
        facts = ask.facts([("unit_id", "=", ask.unit.id), ("role", "in", ("issued", "redeemed"))], store=None)
        return SQL(
            """
            SELECT loy_liability_report.partner_id, COALESCE(partner.name, %(own)s) AS partner,
                   COALESCE(SUM(amount) FILTER (WHERE role = 'issued'), 0) AS given,
                   COALESCE(-SUM(amount) FILTER (WHERE role = 'redeemed'), 0) AS redeemed,
                   COALESCE(SUM(worth) FILTER (WHERE role = 'issued'), 0) AS given_worth,
                   COALESCE(-SUM(worth) FILTER (WHERE role = 'redeemed'), 0) AS redeemed_worth,
                   -SUM(worth) AS settle, SUM(entry_count)::int8 AS movements
              FROM %(facts)s
              LEFT JOIN loy_partner AS partner ON partner.id = loy_liability_report.partner_id
             GROUP BY loy_liability_report.partner_id, partner.name ORDER BY partner.name NULLS FIRST
            """,
            own=ask.env._("Own stores"),
            facts=facts,
        )

    def behind(self, ask, row):
        moves = [("unit_id", "=", ask.unit.id), ("role", "in", ("issued", "redeemed")), *ask.within()]
        return "loy.liability.report", [("partner_id", "=", row["partner_id"]), *moves]
