from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, money, percent, text

_lt = LazyTranslate(__name__)


@REPORTS.register("largest_discounts")
class LargestDiscounts(Report):
    name = _lt("Receipts with the largest discounts")
    about = _lt(
        "Receipts of the period by what was taken off: discounts and points paid with. For control: who gives away"
        " most. Receipts that came back whole are there too."
    )
    topic = "sales"
    source = "loy.purchase"
    takes = ("period", "places", "channel", "limit")
    defaults = {"period": "last_7_days"}
    columns = (
        text("number", _lt("Receipt")),
        text("time", _lt("Time")),
        text("store", _lt("Store")),
        text("register", _lt("Register")),
        money("base", _lt("Shelf amount"), more="better"),
        money("discount", _lt("Discount"), more="worse"),
        money("spent", _lt("Paid with points")),
        money("off", _lt("Off in all"), more="worse"),
        percent("share", _lt("Off, %"), "off", "base", more="worse"),
    )
    keys = ("purchase_id",)

    def query(self, ask):
        sales = ask.purchases([("kind", "=", "sale")])
        return SQL(
            """
            SELECT loy_purchase.id AS purchase_id, number, store.name AS store, register.name AS register,
                   TO_CHAR(purchased_at AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(store.timezone, 'UTC'),
                           'YYYY-MM-DD HH24:MI') AS time,
                   base, discount, spent, COALESCE(discount, 0) + COALESCE(spent, 0) AS off
              FROM %s
              LEFT JOIN loy_store AS store ON store.id = store_id
              LEFT JOIN loy_register AS register ON register.id = register_id
             WHERE COALESCE(discount, 0) + COALESCE(spent, 0) > 0
             ORDER BY off DESC, loy_purchase.id
             LIMIT %s
            """,
            sales,
            ask.limit,
        )

    def behind(self, ask, row):
        return "loy.purchase", [("id", "=", row["purchase_id"])]
