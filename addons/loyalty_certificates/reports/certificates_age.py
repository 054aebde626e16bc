from odoo.addons.loyalty_core.reports.registry import REPORTS, Chart, Report, count, money, share, text
from odoo.tools import SQL, LazyTranslate

from . import seen

_lt = LazyTranslate(__name__)
#: Up to so many months since they were sold or given.
MONTHS = (1, 3, 6, 12, 24)


@REPORTS.register("certificates_age")
class CertificatesAge(Report):
    name = _lt("Age of the liability of certificates")
    about = _lt(
        "What is left on certificates now, by type and by how many months ago they were sold or given. What a purchase"
        " that is not finished reserves is among it."
    )
    topic = "certificates"
    source = "loy.certificate"
    takes = ("places",)
    columns = (
        text("type", _lt("Type")),
        text("age", _lt("Months")),
        count("certificates", _lt("Certificates")),
        money("value", _lt("Left on them"), more="worse"),
        share("share", _lt("Share"), "value"),
    )
    keys = ("type_id", "age")
    chart = Chart("bar", "age", ("value",))

    def query(self, ask):
        return SQL(
            """
            SELECT fact.type_id, %(type)s AS type, (%(words)s::varchar[])[fact.band + 1] AS age, fact.certificates,
                   fact.value
              FROM (SELECT type_id, CARDINALITY(ARRAY(SELECT months FROM UNNEST(%(months)s) AS months
                                 WHERE %(day)s <= %(today)s::date - MAKE_INTERVAL(months => months))) AS band,
                           COUNT(DISTINCT certificate_id) AS certificates, SUM(value) AS value
                      FROM (%(lots)s) AS lot GROUP BY 1, 2) AS fact
              JOIN loy_certificate_type AS type ON type.id = fact.type_id
             ORDER BY type.sequence, type.code, fact.type_id, fact.band
            """,
            type=ask.translated(SQL("type.name")),
            words=[f"{begin}–{end}" for begin, end in zip((0, *MONTHS), MONTHS, strict=False)] + [f"{MONTHS[-1]}+"],
            months=list(MONTHS),
            day=ask.local_day(SQL("lot.activated_at")),
            today=ask.today,
            lots=seen.lots(ask),
        )

    def behind(self, ask, row):
        return "loy.certificate", [("type_id", "=", row["type_id"]), ("state", "in", ("active", "blocked"))]
