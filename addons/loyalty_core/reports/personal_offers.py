from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, percent, text

_lt = LazyTranslate(__name__)


@REPORTS.register("personal_offers")
class PersonalOffers(Report):
    name = _lt("Personal offers: given and used")
    about = _lt(
        "Offers to single members that were loaded in the period, by promotion and load. Used: the member has a receipt"
        " with this promotion while the offer was good, whatever came back later."
    )
    topic = "promotions"
    source = "loy.offer"
    right = "member.read"
    takes = ("period", "promotions")
    defaults = {"period": "last_90_days"}
    columns = (
        text("promotion", _lt("Promotion")),
        text("batch", _lt("Load")),
        count("offers", _lt("Offers")),
        count("members", _lt("Members"), is_summed=False),
        count("used", _lt("Used"), more="better"),
        percent("share", _lt("Used, %"), "used", "offers", more="better"),
    )
    keys = ("promotion_id", "batch")
    is_by_store = False

    def query(self, ask):
        chosen = [("promotion_id", "in", ask.promotions)] if ask.promotions else []
        offers = ask.facts(chosen, day=None, at="loaded_at", store=None)
        return SQL(
            """
            SELECT fact.*, promotion.name AS promotion
              FROM (SELECT promotion_id, batch, COUNT(*) AS offers, COUNT(DISTINCT member_id) AS members,
                           COUNT(*) FILTER (WHERE EXISTS (
                               SELECT 1
                                 FROM loy_purchase AS purchase
                                 JOIN loy_purchase_promotion AS use
                                   ON use.purchase_id = purchase.id AND use.promotion_id = loy_offer.promotion_id
                                WHERE purchase.member_id = loy_offer.member_id AND purchase.kind = 'sale'
                                  AND purchase.state IN ('confirmed', 'returned')
                                  AND %(bought)s >= loy_offer.starts_on
                                  AND %(bought)s <= COALESCE(loy_offer.ends_on, 'infinity'))) AS used
                      FROM %(offers)s
                     WHERE %(day)s BETWEEN %(from)s AND %(to)s
                     GROUP BY promotion_id, batch) AS fact
              JOIN loy_promotion AS promotion ON promotion.id = fact.promotion_id
             ORDER BY offers DESC, promotion_id, batch
            """,
            offers=offers,
            day=ask.local_day(SQL("loaded_at")),
            bought=SQL("COALESCE(purchase.purchased_on, %s)", ask.local_day(SQL("purchase.purchased_at"))),
            to=ask.to,
            **{"from": ask.from_},
        )

    def behind(self, ask, row):
        return "loy.offer", [("promotion_id", "=", row["promotion_id"]), ("batch", "=", row["batch"])]
