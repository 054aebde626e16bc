from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, text

_lt = LazyTranslate(__name__)


@REPORTS.register("incomplete_receipts")
class IncompleteReceipts(Report):
    name = _lt("Incomplete receipts by register")
    about = _lt(
        "Receipts that a register began and neither completed nor cancelled in time, beside all that it began; counted"
        " every hour, by the day on the clock of the store."
    )
    topic = "partners"
    source = "loy.purchase.day"
    takes = ("period", "places")
    columns = (
        text("store", _lt("Store")),
        text("register", _lt("Register")),
        count("receipts", _lt("Receipts"), more="better"),
        count("incomplete", _lt("Incomplete"), more="worse"),
        percent("share", _lt("Incomplete, %"), "incomplete", "receipts", more="worse"),
        money("amount", _lt("Incomplete, amount"), more="worse"),
        count("days", _lt("Days with incomplete ones"), more="worse"),
    )
    keys = ("store_id", "register_id")
    chart = Chart("bar", "store", ("incomplete",))

    def query(self, ask):
        days = ask.facts()
        return SQL(
            """
            SELECT fact.*, store.name AS store, register.name AS register
              FROM (SELECT store_id, register_id, SUM(sale_count) AS receipts, SUM(incomplete_count) AS incomplete,
                           SUM(incomplete_amount) AS amount, COUNT(*) FILTER (WHERE incomplete_count > 0) AS days
                      FROM %s GROUP BY store_id, register_id) AS fact
              LEFT JOIN loy_store AS store ON store.id = store_id
              LEFT JOIN loy_register AS register ON register.id = register_id
             ORDER BY incomplete DESC, receipts DESC, store_id, register_id
            """,
            days,
        )

    def behind(self, ask, row):
        places = [("store_id", "=", row["store_id"]), ("register_id", "=", row["register_id"])]
        return "loy.purchase.day", [*places, *ask.within()]
