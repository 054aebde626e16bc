from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, percent, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("members_by_city")
class MembersByCity(Report):
    name = _lt("Members by city")
    about = _lt(
        "Members as they are today, by the city of their address as it is written there, and how many of them bought"
        " something within the last so many days. Stores are those that members prefer."
    )
    topic = "members"
    source = "res.partner"
    right = "member.read"
    takes = ("days", "places", "limit")
    columns = (
        text("city", _lt("City")),
        count("members", _lt("Members"), more="better"),
        share("share", _lt("Share"), "members"),
        count("buying", _lt("Bought"), more="better"),
        percent("buying_share", _lt("Bought, %"), "buying", "members", more="better"),
    )
    keys = ("city",)
    chart = Chart("bar", "city", ("members",))

    def query(self, ask):
        members = ask.members()
        return SQL(
            """
            SELECT city, COUNT(*) AS members, COUNT(*) FILTER (WHERE is_buying) AS buying
              FROM (SELECT COALESCE(NULLIF(INITCAP(TRIM(city)), ''), %s) AS city, %s AS is_buying
                      FROM %s) AS member
             GROUP BY city ORDER BY members DESC, city LIMIT %s
            """,
            ask.env._("Not known"),
            ask.is_buying(),
            members,
            ask.limit,
        )
