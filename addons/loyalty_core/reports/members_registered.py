from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, day

_lt = LazyTranslate(__name__)


@REPORTS.register("members_registered")
class MembersRegistered(Report):
    name = _lt("Members registered")
    about = _lt(
        "Members by the day on which they joined, on the clock of the programme; how many of them named a phone, an"
        " e-mail and a birth date. Stores are those that members prefer. Who was merged into another or erased is not"
        " counted."
    )
    topic = "members"
    source = "res.partner"
    right = "member.read"
    takes = ("period", "step", "places")
    columns = (
        day("day", _lt("Day")),
        count("members", _lt("Members"), more="better"),
        count("with_phone", _lt("With a phone"), more="better"),
        count("with_email", _lt("With an e-mail"), more="better"),
        count("with_birth_date", _lt("With a birth date"), more="better"),
    )
    chart = Chart("bar", "day", ("members",))

    def query(self, ask):
        members = ask.members(at="loy_registered_at")
        return SQL(
            """
            SELECT steps.day, COUNT(member.id) AS members, COUNT(member.loy_phone) AS with_phone,
                   COUNT(member.loy_email) AS with_email, COUNT(member.loy_birth_date) AS with_birth_date
              FROM (%(steps)s) AS steps
              LEFT JOIN (SELECT res_partner.*, %(day)s AS day
                           FROM %(members)s WHERE %(day)s BETWEEN %(from)s AND %(to)s) AS member
                     ON %(step)s = steps.day
             GROUP BY steps.day ORDER BY steps.day
            """,
            steps=ask.steps(),
            day=ask.local_day(SQL("loy_registered_at")),
            step=ask.in_step(SQL("member.day")),
            members=members,
            to=ask.to,
            **{"from": ask.from_},
        )
