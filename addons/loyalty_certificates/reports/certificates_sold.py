from odoo.addons.loyalty_core.reports.registry import REPORTS, Chart, Report, count, money, month, text
from odoo.addons.loyalty_core.sql.journals import PAID_IN
from odoo.tools import SQL, LazyTranslate

from . import seen

_lt = LazyTranslate(__name__)


@REPORTS.register("certificates_sold")
class CertificatesSold(Report):
    name = _lt("Certificates sold and used")
    about = _lt(
        "By month of the movement, type and the store that sold the certificate, from the ledger. Sold: paid for with"
        " money. Given: by hand, by promotions or for points. Returned: unused ones that came back to the till. Used:"
        " paid for purchases; refunded: came back onto a certificate. Expired: also what was lost of certificates that"
        " are good for one purchase, less what is good again. Owed: on certificates of the row at the end of its month"
        " or of the period; what was before the period and all movements up to then."
    )
    topic = "certificates"
    source = "loy.certificate"
    defaults = {"period": "this_year"}
    columns = (
        month("month", _lt("Month")),
        text("type", _lt("Type")),
        text("store", _lt("Store")),
        count("sold_count", _lt("Sold")),
        money("sold", _lt("Sold for"), more="better"),
        count("given_count", _lt("Given")),
        money("given", _lt("Value given")),
        money("returned", _lt("Returned unused"), more="worse"),
        money("used", _lt("Used")),
        money("refunded", _lt("Refunded")),
        money("expired", _lt("Expired"), more="worse"),
        money("cancelled", _lt("Cancelled")),
        money("other", _lt("Other movements")),
        money("owed", _lt("Owed at the end"), is_summed=False),
    )
    keys = ("month", "type_id", "store_id")
    chart = Chart("bar", "month", ("sold", "used"))

    def query(self, ask):
        return SQL(
            """
            SELECT fact.month, fact.type_id, %(type)s AS type, fact.store_id, store.name AS store,
                   sold_count, sold, given_count, given, returned, used, refunded, expired, cancelled,
                   change - sold - given + returned + used - refunded + expired + cancelled AS other, owed
              FROM (SELECT month, type_id, store_id,
                           COUNT(DISTINCT certificate_id) FILTER (WHERE %(sold)s) AS sold_count,
                           COALESCE(SUM(delta) FILTER (WHERE %(sold)s), 0) AS sold,
                           COUNT(DISTINCT certificate_id) FILTER (WHERE %(given)s) AS given_count,
                           COALESCE(SUM(delta) FILTER (WHERE %(given)s), 0) AS given,
                           COALESCE(-SUM(delta) FILTER (WHERE role = 'issued' AND delta < 0), 0) AS returned,
                           COALESCE(-SUM(delta) FILTER (WHERE role = 'redeemed' AND delta < 0), 0) AS used,
                           COALESCE(SUM(delta) FILTER (WHERE role = 'redeemed' AND delta > 0), 0) AS refunded,
                           COALESCE(-SUM(delta) FILTER (WHERE role = 'expired'), 0) AS expired,
                           COALESCE(-SUM(delta) FILTER (WHERE role = 'adjusted'), 0) AS cancelled,
                           SUM(delta) AS change,
                           SUM(SUM(delta)) OVER (PARTITION BY type_id, store_id ORDER BY month NULLS FIRST) AS owed
                      FROM (%(movements)s) AS movement
                     GROUP BY month, type_id, store_id) AS fact
              JOIN loy_certificate_type AS type ON type.id = fact.type_id
              LEFT JOIN loy_store AS store ON store.id = fact.store_id
             WHERE fact.month IS NOT NULL
             ORDER BY fact.month, type.sequence, type.code, fact.type_id, store.name NULLS LAST, fact.store_id
            """,
            type=ask.translated(SQL("type.name")),
            sold=SQL("role = 'issued' AND delta > 0 AND is_paid_in"),
            given=SQL("role = 'issued' AND delta > 0 AND NOT is_paid_in"),
            movements=self._movements(ask),
        )

    def _movements(self, ask) -> SQL:
        """Rows (month; nothing: before the period, certificate_id, type_id, store_id, role, is_paid_in, delta) of
        what the companies owe, up to the end of the period."""
        day = ask.local_day(SQL("entry.occurred_at"))
        return SQL(
            """
            SELECT CASE WHEN %(day)s >= %(from)s THEN DATE_TRUNC('month', %(day)s)::date END AS month,
                   loy_certificate.id AS certificate_id, loy_certificate.type_id, purchase.store_id, other.role,
                   COALESCE(header.source = ANY(%(paid_in)s), false) AS is_paid_in,
                   entry.delta_minor / POWER(10::numeric, unit.decimals) AS delta
              FROM %(certificates)s
              JOIN loy_entry AS entry ON entry.account_id = loy_certificate.account_id
              JOIN loy_unit AS unit ON unit.id = entry.unit_id
              JOIN loy_transaction AS header ON header.id = entry.transaction_id
              JOIN loy_account AS other
                ON other.id = CASE WHEN entry.delta_minor > 0 THEN entry.from_account_id ELSE entry.to_account_id END
              LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
              LEFT JOIN loy_purchase AS purchase ON purchase.id = loy_certificate.sold_purchase_id
             WHERE %(day)s <= %(to)s AND COALESCE(lot.company_id, entry.company_id) = ANY(%(companies)s)
               AND other.role NOT IN ('clearing', 'transit')
            """,
            day=day,
            to=ask.to,
            paid_in=list(PAID_IN),
            certificates=seen.certificates(ask),
            companies=list(ask.companies),
            **{"from": ask.from_},
        )

    def behind(self, ask, row):
        which = [("type_id", "=", row["type_id"]), ("account_id", "!=", False)]
        if not ask.env["loy.purchase"].has_access("read"):
            return None
        if row["store_id"]:
            return "loy.certificate", [*which, ("sold_purchase_id.store_id", "=", row["store_id"])]
        return "loy.certificate", [*which, ("sold_purchase_id", "=", False)]
