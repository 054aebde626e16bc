"""Facts of 100,000 receipts folded by hours and days, against COPY of their lines and uses; the effect of a promotion
over a million days of members, against plain sums of the same days.
"""

import json

from tools import database

RECEIPTS, MEMBERS, DAYS = 100_000, 300_000, 1_000_000
FOLD_MAX, EFFECT_MAX, READ_MAX = 4, 6, 0.2
SCRIPT = """
import json, tempfile, time
cr = env.cr
company = env.company
stores = env["loy.store"].create([{"code": f"BENCH{n}", "name": f"Bench {n}"} for n in range(20)])
promotion = env["loy.promotion"].create(
    {"code": "BENCH", "name": "Bench", "state": "active", "control_percent": 10, "valid_from_at": "2026-01-01"}
)
cr.execute(
    "INSERT INTO res_partner (name, complete_name, active, is_loyalty_member, type, loy_registered_at)"
    " SELECT 'Bench', 'Bench', true, true, 'contact', '2025-01-01' FROM generate_series(1, %s) RETURNING id", [members],
)
first = min(one for (one,) in cr.fetchall())
cr.execute(
    "INSERT INTO loy_purchase (number, kind, state, company_id, currency_id, store_id, member_id, purchased_at,"
    " purchased_on, base, discount, spent, certificates, to_pay, by_line)"
    " SELECT 'B' || n, 'sale', 'confirmed', %(company)s, %(currency)s, (%(stores)s)[1 + n %% 20],"
    " CASE WHEN n %% 4 > 0 THEN %(first)s + n %% %(members)s END, at, at::date, 100, 10, 0, 0, 90,"
    " jsonb_build_object('given', jsonb_build_array(jsonb_build_object('promotion', 'BENCH', 'promotion_id',"
    " %(promotion)s, 'money', jsonb_build_object('1', 500, '2', 500))), 'earned', '[]'::jsonb, 'spent', '[]'::jsonb)"
    " FROM (SELECT n, '2026-03-01'::timestamp + n * interval '20 seconds' AS at"
    " FROM generate_series(1, %(count)s) AS n) AS one",
    {"company": company.id, "currency": company.currency_id.id, "stores": stores.ids, "first": first,
     "members": members, "promotion": promotion.id, "count": receipts},
)
cr.execute(
    "INSERT INTO loy_purchase_line (purchase_id, line_ref, sku, quantity, price, base, discount, spent, amount,"
    " purchased_at, categ_id)"
    " SELECT purchase.id, place::text, 'X', 1, 30, 30, 3, 0, 27, purchased_at, place FROM loy_purchase AS purchase,"
    " generate_series(1, 3) AS place WHERE number LIKE 'B%' ORDER BY 1, 2"
)
cr.execute(
    "INSERT INTO loy_purchase_promotion (purchase_id, promotion_id, company_id, currency_id, purchased_at, discount,"
    " spent, points) SELECT id, %s, company_id, currency_id, purchased_at, 10, 0, 0 FROM loy_purchase"
    " WHERE number LIKE 'B%%'", [promotion.id],
)
cr.execute(
    "INSERT INTO loy_member_day (member_id, company_id, store_id, day, is_opening, purchase_count, base, amount)"
    " SELECT %s + (n %% %s), %s, %s, '2025-12-10'::date + (n / %s) * 12 + n %% 7, false, 1, 100, 90 + n %% 11"
    " FROM generate_series(1, %s) AS n",
    [first, members, company.id, stores[0].id, members, days],
)
cr.commit()
cr._cnx.autocommit = True
cr.execute("VACUUM ANALYZE")
cr._cnx.autocommit = False
spent = {}

def timed(name, work):
    began = time.perf_counter()
    found = work()
    cr.commit()
    spent[name] = time.perf_counter() - began
    return found

facts = env["loy.sales.facts"]
timed("fold", lambda: facts._fold_now())
laws = {one["law"] for one in env["loy.ledger"]._check_books()["differences"]}
assert not any("_sums_of_" in law and law != "member_days_are_sums_of_purchases" for law in laws), laws
domain = [("store_id", "in", stores.ids)]
timed("read", lambda: env["loy.sales.hour"]._read_group(domain, ["store_id", "day:week"], ["amount:sum"]))
timed("read peer", lambda: env["loy.purchase"]._read_group(domain, ["store_id", "purchased_on:week"], ["to_pay:sum"]))
found = timed("effect", lambda: env["loy.effects"]._measure(promotion, company))
assert found["main_count"] > 8 * found["control_count"] > 0, found
def plain():
    cr.execute(
        "SELECT member_id %% 10 = 0, count(*), sum(amount), sum(amount ^ 2)"
        " FROM (SELECT member_id, sum(amount) AS amount FROM loy_member_day"
        " WHERE company_id = %s AND day >= '2025-10-01' GROUP BY member_id) AS one GROUP BY 1",
        [company.id],
    )
    cr.fetchall()
timed("effect peer", plain)

tables = {"loy_purchase_line": "sku = 'X'", "loy_purchase_promotion": f"promotion_id = {promotion.id}"}
files = {}
for table, condition in tables.items():
    files[table] = tempfile.TemporaryFile()
    cr._obj.copy_expert(f"COPY (SELECT * FROM {table} WHERE {condition} ORDER BY id) TO STDOUT", files[table])
cr.execute("SET LOCAL session_replication_role = replica")
for table, condition in tables.items():
    cr.execute(f"DELETE FROM {table} WHERE {condition}")
cr.commit()
cr._cnx.autocommit = True
for table in tables:
    cr.execute(f"VACUUM FULL {table}")
cr._cnx.autocommit = False
began = time.perf_counter()
for table in tables:
    files[table].seek(0)
    cr._obj.copy_expert(f"COPY {table} FROM STDIN", files[table])
cr.commit()
spent["fold peer"] = time.perf_counter() - began
print(json.dumps(spent))
"""


def run() -> list[dict]:
    site = database.Site("test")
    head = f"receipts, members, days = {RECEIPTS}, {MEMBERS}, {DAYS}\n"
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        spent = json.loads(database.shell(site, name, head + SCRIPT).splitlines()[-1])
    rows = (
        ("fold", f"{RECEIPTS} receipts folded by hours and days", FOLD_MAX, "COPY of their lines and uses"),
        ("read", "turnover by store and week of the sums", READ_MAX, "of the receipts"),
        ("effect", f"effect of a promotion over {DAYS} days of members", EFFECT_MAX, "plain sums of the same days"),
    )
    return [
        {
            "id": f"{what} (s)",
            "value": round(spent[key], 3),
            "against": round(spent[f"{key} peer"], 3),
            "ratio": round(spent[key] / spent[f"{key} peer"], 2),
            "must": f"<= {most}",
            "ok": spent[key] / spent[f"{key} peer"] <= most,
            "peer": peer,
        }
        for key, what, most, peer in rows
    ]
