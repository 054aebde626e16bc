from odoo.fields import Domain
from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, percent, points, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("points_by_source")
class PointsBySource(Report):
    name = _lt("Points given by promotion")
    about = _lt(
        "Points that were given in the period, by the promotion that gave them, and what members still have of them"
        " today. Points given by hand, with lists and at imports come without a promotion."
    )
    topic = "points"
    source = "loy.lot"
    takes = ("period", "unit")
    columns = (
        text("promotion", _lt("Promotion")),
        text("code", _lt("Code")),
        count("lots", _lt("Times")),
        count("accounts", _lt("Members"), is_summed=False),
        points("points", _lt("Points")),
        share("share", _lt("Share"), "points"),
        points("left", _lt("Left today")),
        percent("left_share", _lt("Left, %"), "left", "points"),
    )
    keys = ("code",)
    chart = Chart("pie", "promotion", ("points",))
    is_by_store = False

    def query(self, ask):
        lots = ask.facts(
            [("unit_id", "=", ask.unit.id), ("origin_id", "=", False)],
            Domain("transaction_id", "any!", ask.within(day=None, at="occurred_at") & Domain("kind", "=", "accrue")),
            day=None,
            store=None,
        )
        return SQL(
            """
            SELECT fact.code, COALESCE(promotion.name, fact.code, %(by_hand)s) AS promotion, lots, accounts, points,
                   "left"
              FROM (SELECT promotion_code AS code, COUNT(*) AS lots, COUNT(DISTINCT account_id) AS accounts,
                           SUM(amount_minor) / %(scale)s AS points, SUM(remaining_minor) / %(scale)s AS "left"
                      FROM %(lots)s
                      JOIN loy_transaction AS header ON header.id = loy_lot.transaction_id
                     WHERE %(day)s BETWEEN %(from)s AND %(to)s
                     GROUP BY promotion_code) AS fact
              LEFT JOIN LATERAL (SELECT name FROM loy_promotion
                                  WHERE code = fact.code AND (company_id = ANY(%(companies)s) OR company_id IS NULL)
                                  ORDER BY company_id LIMIT 1) AS promotion ON true
             ORDER BY points DESC, fact.code
            """,
            by_hand=ask.env._("Without a promotion"),
            scale=ask.scale,
            lots=lots,
            day=ask.local_day(SQL("header.occurred_at")),
            companies=list(ask.companies),
            to=ask.to,
            **{"from": ask.from_},
        )
