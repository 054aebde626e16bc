from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, percent, share, text

_lt = LazyTranslate(__name__)


@REPORTS.register("members_by_age")
class MembersByAge(Report):
    name = _lt("Members by age and sex")
    about = _lt(
        "Members as they are today: their age in full years, and how many of each age bought something within the last"
        " so many days. Stores are those that members prefer."
    )
    topic = "members"
    source = "res.partner"
    right = "member.read"
    takes = ("days", "places")
    columns = (
        text("age", _lt("Age")),
        count("members", _lt("Members"), more="better"),
        share("share", _lt("Share"), "members"),
        count("women", _lt("Women")),
        count("men", _lt("Men")),
        count("unknown", _lt("Sex not known")),
        count("buying", _lt("Bought"), more="better"),
        percent("buying_share", _lt("Bought, %"), "buying", "members", more="better"),
    )
    keys = ("place",)
    chart = Chart("bar", "age", ("women", "men", "unknown"))

    def query(self, ask):
        members = ask.members()
        return SQL(
            """
            SELECT place, COALESCE(step.name, %(unknown)s) AS age, COUNT(*) AS members,
                   COUNT(*) FILTER (WHERE sex = 'female') AS women, COUNT(*) FILTER (WHERE sex = 'male') AS men,
                   COUNT(*) FILTER (WHERE sex IS NULL OR sex NOT IN ('female', 'male')) AS unknown,
                   COUNT(*) FILTER (WHERE is_buying) AS buying
              FROM (SELECT loy_sex AS sex, EXTRACT(YEAR FROM AGE(%(today)s::date, loy_birth_date))::int AS age,
                           %(buying)s AS is_buying
                      FROM %(members)s) AS member
              LEFT JOIN (VALUES (1, -1, 17, '< 18'), (2, 18, 24, '18–24'), (3, 25, 34, '25–34'), (4, 35, 44, '35–44'),
                                (5, 45, 54, '45–54'), (6, 55, 64, '55–64'), (7, 65, 999, '65 +'))
                     AS step(place, least, most, name) ON member.age BETWEEN step.least AND step.most
             GROUP BY place, step.name ORDER BY place NULLS LAST
            """,
            unknown=ask.env._("Not known"),
            today=ask.today,
            buying=ask.is_buying(),
            members=members,
        )
