from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Report, count, money, percent, text

_lt = LazyTranslate(__name__)


@REPORTS.register("returns_by_register")
class ReturnsByRegister(Report):
    name = _lt("Returns by store and register")
    about = _lt(
        "What each register sold and took back in the period, whenever it was sold: a return counts where and when the"
        " goods came back."
    )
    topic = "sales"
    source = "loy.purchase"
    takes = ("period", "places", "channel")
    columns = (
        text("store", _lt("Store")),
        text("register", _lt("Register")),
        count("sales", _lt("Receipts"), more="better"),
        count("returns", _lt("Returns"), more="worse"),
        percent("share", _lt("Returns, %"), "returns", "sales", more="worse"),
        money("sold", _lt("Sold"), more="better"),
        money("returned", _lt("Came back"), more="worse"),
        percent("share_amount", _lt("Came back, %"), "returned", "sold", more="worse"),
    )
    keys = ("store_id", "register_id")

    def query(self, ask):
        purchases = ask.purchases()
        return SQL(
            """
            SELECT fact.*, store.name AS store, register.name AS register
              FROM (SELECT store_id, register_id,
                           COUNT(*) FILTER (WHERE kind = 'sale') AS sales,
                           COUNT(*) FILTER (WHERE kind = 'return') AS returns,
                           COALESCE(SUM(to_pay) FILTER (WHERE kind = 'sale'), 0) AS sold,
                           COALESCE(-SUM(to_pay) FILTER (WHERE kind = 'return'), 0) AS returned
                      FROM %s GROUP BY store_id, register_id) AS fact
              LEFT JOIN loy_store AS store ON store.id = store_id
              LEFT JOIN loy_register AS register ON register.id = register_id
             ORDER BY returns DESC, returned DESC, store_id, register_id
            """,
            purchases,
        )

    def behind(self, ask, row):
        places = [("store_id", "=", row["store_id"]), ("register_id", "=", row["register_id"])]
        return ask.receipts_behind([("kind", "=", "return"), *places])
