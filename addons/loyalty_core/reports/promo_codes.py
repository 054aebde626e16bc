from odoo.tools import SQL, LazyTranslate

from .registry import REPORTS, Chart, Report, count, money, percent, text

_lt = LazyTranslate(__name__)


@REPORTS.register("promo_codes")
class PromoCodes(Report):
    name = _lt("Promo codes by pool")
    about = _lt(
        "For each pool how often its codes were used on receipts of the period and what they paid, less what returns"
        " gave back; and, as things are today, how many of its codes somebody has or has used. A pool with one code for"
        " everybody has one code."
    )
    topic = "promotions"
    source = "loy.code.use"
    takes = ("period", "places")
    columns = (
        text("pool", _lt("Pool")),
        count("uses", _lt("Uses"), more="better"),
        count("members", _lt("Members"), is_summed=False, more="better"),
        money("paid", _lt("Paid"), more="better"),
        count("given", _lt("Given out, today")),
        count("used", _lt("Used up, today"), more="better"),
        count("void", _lt("Void, today")),
        percent("share", _lt("Used up, %"), "used", "given", more="better"),
    )
    keys = ("pool_id",)
    chart = Chart("bar", "pool", ("uses",))
    is_by_store = False

    def query(self, ask):
        purchases = ask.purchases()
        pools = ask.facts(model="loy.code.pool", day=None, store=None)
        # Who makes codes sees also those that nobody has; here everybody is told the same.
        codes = ask.facts([("state", "!=", "new")], model="loy.code", day=None, store=None)
        return SQL(
            """
            SELECT loy_code_pool.id AS pool_id, loy_code_pool.name AS pool,
                   COALESCE(fact.uses, 0) AS uses, COALESCE(members, 0) AS members,
                   COALESCE(paid, 0) AS paid, COALESCE(given, 0) AS given, COALESCE(used, 0) AS used,
                   COALESCE(void, 0) AS void
              FROM %(pools)s
              LEFT JOIN (SELECT use.pool_id, SUM(use.uses) AS uses, COUNT(DISTINCT use.member_id) AS members,
                                SUM(use.amount_minor / POWER(10::numeric, %(decimals)s)) AS paid
                           FROM %(purchases)s
                           JOIN loy_code_use AS use
                             ON use.purchase_id = COALESCE(loy_purchase.origin_id, loy_purchase.id)
                            AND COALESCE(use.return_id, use.purchase_id) = loy_purchase.id
                            AND use.kind IN ('use', 'back')
                          GROUP BY use.pool_id) AS fact ON fact.pool_id = loy_code_pool.id
              LEFT JOIN (SELECT pool_id, COUNT(*) AS given, COUNT(*) FILTER (WHERE state = 'used') AS used,
                                COUNT(*) FILTER (WHERE state = 'void') AS void
                           FROM %(codes)s GROUP BY pool_id) AS state ON state.pool_id = loy_code_pool.id
             WHERE COALESCE(fact.uses, given) IS NOT NULL
             ORDER BY uses DESC, loy_code_pool.name
            """,
            pools=pools,
            decimals=ask.env.company.currency_id.decimal_places,
            purchases=purchases,
            codes=codes,
        )

    def behind(self, ask, row):
        return "loy.code.use", [("pool_id", "=", row["pool_id"]), *ask.within(day=None, at="used_at")]
