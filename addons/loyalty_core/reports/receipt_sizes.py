from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, ratio, share

_lt = LazyTranslate(__name__)
#: About so many steps up to the size that nineteen of twenty receipts do not pass; the last one is open.
STEPS = 12


@REPORTS.register("receipt_sizes")
class ReceiptSizes(Report):
    name = _lt("Sizes of receipts")
    about = _lt(
        "How many receipts were how large: what was paid in money, at the sale. Returns are left out."
        " The last step has all that is larger."
    )
    topic = "sales"
    source = "loy.purchase"
    takes = ("period", "places", "channel")
    columns = (
        money("at_least", _lt("From"), is_summed=False),
        money("below", _lt("Below"), is_summed=False),
        count("receipts", _lt("Receipts"), more="better"),
        share("share", _lt("Share"), "receipts"),
        count("of_members", _lt("Of members"), more="better"),
        money("amount", _lt("Amount"), more="better"),
        share("share_amount", _lt("Share of the amount"), "amount"),
        ratio("average", _lt("Average receipt"), "amount", "receipts", "money", more="better"),
    )
    keys = ("at_least", "below")
    chart = Chart("bar", "at_least", ("receipts",))

    def query(self, ask):
        sales = ask.purchases([("kind", "=", "sale")])
        return SQL(
            """
            WITH sale AS MATERIALIZED (
                SELECT COALESCE(to_pay, 0) AS amount, member_id
                  FROM %(sales)s
            ), large AS (
                SELECT GREATEST(PERCENTILE_DISC(0.95) WITHIN GROUP (ORDER BY amount), 1) / %(steps)s AS step FROM sale
            ), width AS (
                SELECT MIN(nice)::numeric AS width
                  FROM large, LATERAL (SELECT POWER(10::numeric, FLOOR(LOG(step::numeric))) AS unit) AS one,
                       LATERAL (VALUES (unit), (unit * 2), (unit * 5), (unit * 10)) AS choice(nice)
                 WHERE nice >= step
            )
            SELECT place * width AS at_least, CASE WHEN place < %(steps)s THEN (place + 1) * width END AS below,
                   COUNT(*) AS receipts, COUNT(member_id) AS of_members, SUM(amount) AS amount
              FROM sale, width, LATERAL (SELECT LEAST(FLOOR(amount / width)::int, %(steps)s) AS place) AS step
             GROUP BY place, width ORDER BY place
            """,
            sales=sales,
            steps=STEPS,
        )

    def behind(self, ask, row):
        sizes = [("to_pay", ">=", row["at_least"])] + ([("to_pay", "<", row["below"])] if row["below"] else [])
        return ask.receipts_behind([("kind", "=", "sale"), *sizes])
