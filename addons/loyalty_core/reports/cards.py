from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, percent, text

_lt = LazyTranslate(__name__)
STATES = ("new", "active", "blocked", "closed", "completed")


@REPORTS.register("cards")
class Cards(Report):
    name = _lt("Cards by type and state")
    about = _lt(
        "All cards as they are today. Shown: the card was on a receipt or a return of the last so many days."
    )
    topic = "members"
    source = "loy.card"
    right = "member.read"
    takes = ("days",)
    columns = (
        text("type", _lt("Type of card")),
        count("cards", _lt("Cards")),
        count("new", _lt("Not given out")),
        count("active", _lt("Active")),
        count("blocked", _lt("Blocked")),
        count("closed", _lt("Closed")),
        count("completed", _lt("Used up")),
        count("shown", _lt("Shown")),
        percent("share", _lt("Shown of active, %"), "shown", "active"),
    )
    keys = ("type_id",)
    chart = Chart("bar", "type", ("active", "shown"))
    is_by_store = False

    def query(self, ask):
        cards = ask.facts(day=None, store=None)
        return SQL(
            """
            SELECT fact.*, type.name AS type
              FROM (SELECT type_id, COUNT(*) AS cards, %(states)s,
                           COUNT(*) FILTER (WHERE state = 'active' AND EXISTS (
                               SELECT 1 FROM loy_purchase AS purchase
                                WHERE purchase.card_id = loy_card.id AND purchase.state IN ('confirmed', 'returned')
                                  AND purchase.purchased_at >= %(today)s::date - %(days)s)) AS shown
                      FROM %(cards)s GROUP BY type_id) AS fact
              JOIN loy_card_type AS type ON type.id = fact.type_id
             ORDER BY cards DESC, type_id
            """,
            states=SQL(", ").join(
                SQL("COUNT(*) FILTER (WHERE state = %s) AS %s", state, SQL.identifier(state)) for state in STATES
            ),
            today=ask.today,
            days=ask.days,
            cards=cards,
        )

    def behind(self, ask, row):
        return "loy.card", [("type_id", "=", row["type_id"])]
