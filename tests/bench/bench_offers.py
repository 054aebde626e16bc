"""A million personal offers: loaded by requests of ten thousand against COPY of the same rows, and those of a basket
found by one query against the same query's cost of a single row by its key.
"""

import json

from tools import database

MEMBERS, OFFERS, PAGE = 20_000, 1_000_000, 10_000
LOAD_MAX, FIND_MAX_MS = 12, 2
SCRIPT = """
import json, tempfile, time
from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.requests import OffersImport
cr = env.cr
cr.execute(
    "INSERT INTO res_partner (name, complete_name, active, is_loyalty_member, type)"
    " SELECT 'Bench ' || n, 'Bench ' || n, true, true, 'contact' FROM generate_series(1, %s) AS n RETURNING id",
    [members],
)
ids = [str(one) for (one,) in cr.fetchall()]
env["loy.promotion"].create({
    "code": "BENCH", "name": "Bench", "state": "active", "rewards_text": '[{"kind": "percent", "value": "offer"}]',
    "when_text": '{"kind": "personal_offer"}',
})
cr.commit()
each = offers // members
spent = {"load": 0.0}
for first in range(0, members, page // each):
    rows = [
        {"member": member, "promotion": "BENCH", "sku": f"B-{n}", "value": 5 + n % 20, "from": "2026-01-01"}
        for member in ids[first : first + page // each] for n in range(each)
    ]
    request = schema.read(OffersImport, {"key": str(first), "batch": "bench", "offers": rows})
    began = time.perf_counter()
    loaded = env["loy.offers"]._import(request)
    cr.commit()
    spent["load"] += time.perf_counter() - began
    assert loaded.created == len(rows)
file = tempfile.TemporaryFile()
cr._obj.copy_expert("COPY (SELECT * FROM loy_offer ORDER BY id) TO STDOUT", file)
cr.execute("TRUNCATE loy_offer")
cr.commit()
file.seek(0)
began = time.perf_counter()
cr._obj.copy_expert("COPY loy_offer FROM STDIN", file)
cr.commit()
spent["peer"] = time.perf_counter() - began
cr._cnx.autocommit = True
cr.execute("VACUUM ANALYZE loy_offer")
cr._cnx.autocommit = False
from odoo.addons.loyalty_core.sql import offers as sql
from datetime import date
promotion = env["loy.promotion"].search([("code", "=", "BENCH")])
times = []
for member in ids[:: members // 500]:
    query = sql.valid(int(member), env.company.id, promotion.ids, date(2026, 3, 1), [f"B-{n}" for n in range(10)])
    began = time.perf_counter()
    rows = env.execute_query(query)
    times.append(time.perf_counter() - began)
    assert len(rows) == 10, rows
spent["find"] = sorted(times)[len(times) // 2] * 1000
print(json.dumps(spent))
"""


def run() -> list[dict]:
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        head = f"members, offers, page = {MEMBERS}, {OFFERS}, {PAGE}\n"
        spent = json.loads(database.shell(site, name, head + SCRIPT).splitlines()[-1])
    return [
        {
            "id": f"{OFFERS} personal offers loaded by requests of {PAGE} (s)",
            "value": round(spent["load"], 1),
            "against": round(spent["peer"], 1),
            "ratio": round(spent["load"] / spent["peer"], 2),
            "must": f"<= {LOAD_MAX}",
            "ok": spent["load"] / spent["peer"] <= LOAD_MAX,
            "peer": "COPY of the same rows into the same table",
        },
        {
            "id": f"the offers of a member for a basket of ten, among {OFFERS} (ms)",
            "value": round(spent["find"], 3),
            "against": FIND_MAX_MS,
            "ratio": round(spent["find"] / FIND_MAX_MS, 2),
            "must": "<= 1",
            "ok": spent["find"] <= FIND_MAX_MS,
            "peer": "one query by the unique index",
        },
    ]
