from odoo.addons.loyalty_core.reports.registry import REPORTS, Chart, Report, count, money, share, text
from odoo.tools import SQL, LazyTranslate

from . import seen

_lt = LazyTranslate(__name__)


@REPORTS.register("certificates_ending")
class CertificatesEnding(Report):
    name = _lt("Certificates that are about to end")
    about = _lt(
        "What is left on certificates now, by the month in which it ends if nobody uses it. What a purchase that is not"
        " finished reserves is among it."
    )
    topic = "certificates"
    source = "loy.certificate"
    takes = ("places",)
    columns = (
        text("month", _lt("Ends in")),
        count("certificates", _lt("Certificates"), is_summed=False),
        money("value", _lt("Left on them"), more="worse"),
        share("share", _lt("Share"), "value"),
    )
    keys = ("month",)
    chart = Chart("bar", "month", ("value",))

    def query(self, ask):
        return SQL(
            """
            SELECT COALESCE(TO_CHAR(month, 'YYYY-MM'), %(never)s) AS month, certificates, value
              FROM (SELECT DATE_TRUNC('month', %(day)s)::date AS month,
                           COUNT(DISTINCT certificate_id) AS certificates, SUM(value) AS value
                      FROM (%(lots)s) AS lot GROUP BY 1) AS fact
             ORDER BY fact.month NULLS LAST
            """,
            never=ask.env._("Never"),
            # The end is the first moment that is too late: the day before it is the last good one.
            day=ask.local_day(SQL("(lot.expires_at - interval '1 second')")),
            lots=seen.lots(ask),
        )
