from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("tiers")
class Tiers(Report):
    name = _lt("Members by tier, and moves between tiers")
    about = _lt(
        "How many members have each tier today, and how many came to it in the period: by rising, by falling, by hand"
        " or otherwise. Who came to a tier twice counts twice."
    )
    topic = "members"
    source = "loy.member.tier"
    right = "member.read"
    takes = ("period",)
    columns = (
        text("tier", _lt("Tier")),
        count("members", _lt("Members today"), more="better"),
        share("share", _lt("Share"), "members"),
        count("risen", _lt("Risen to it"), more="better"),
        count("fallen", _lt("Fallen to it"), more="worse"),
        count("otherwise", _lt("By hand and otherwise")),
    )
    keys = ("tier_id",)
    chart = Chart("pie", "tier", ("members",))
    is_by_store = False

    def query(self, ask):
        current = ask.facts([("is_current", "=", True)], day=None, store=None)
        moves = ask.facts(day="since", store=None)
        return SQL(
            """
            SELECT tier.id AS tier_id, COALESCE(tier.name, tier.code, %(none)s) AS tier,
                   COALESCE(SUM(members), 0)::int8 AS members, COALESCE(SUM(risen), 0)::int8 AS risen,
                   COALESCE(SUM(fallen), 0)::int8 AS fallen, COALESCE(SUM(otherwise), 0)::int8 AS otherwise
              FROM (SELECT tier_id, COUNT(*) AS members, 0 AS risen, 0 AS fallen, 0 AS otherwise
                      FROM %(current)s GROUP BY tier_id
                     UNION ALL
                    SELECT tier_id, 0, COUNT(*) FILTER (WHERE kind = 'rise'), COUNT(*) FILTER (WHERE kind = 'fall'),
                           COUNT(*) FILTER (WHERE kind NOT IN ('rise', 'fall'))
                      FROM %(moves)s GROUP BY tier_id) AS fact
              LEFT JOIN loy_tier AS tier ON tier.id = fact.tier_id
             GROUP BY tier.id ORDER BY tier.threshold NULLS FIRST, tier.code
            """,
            none=ask.env._("No tier"),
            current=current,
            moves=moves,
        )

    def behind(self, ask, row):
        return "loy.member.tier", [("is_current", "=", True), ("tier_id", "=", row["tier_id"])]
