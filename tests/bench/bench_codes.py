"""A pool of a million promo codes with check signs, in random order, against COPY of the same rows; and looking one of
them up.

Both go into the same table with the same indexes and foreign keys, empty and rebuilt before each; the codes are made as
the scheduler makes them: in batches, each a transaction of its own.
"""

import json

from tools import database

CODES = 1_000_000
ROUNDS = 2
SCRIPT = """
import json, tempfile, time
from odoo.addons.loyalty_core.engine.codes import check_sign
cr = env.cr
columns = "code, pool_id, series_id, company_id, state, value_minor, left_minor, made_at"
pool = env["loy.code.pool"].create(
    {"code": "BENCH", "name": "Bench", "pattern": "B-####-####-##", "company_id": env.company.id}
)
cr.commit()

def empty():
    cr.execute("DELETE FROM loy_code")
    cr.execute("DELETE FROM loy_code_series")
    cr.commit()
    cr._cnx.autocommit = True
    cr.execute("VACUUM FULL loy_code")
    cr._cnx.autocommit = False
    env.invalidate_all()

def make():
    series = env["loy.code.series"].create({"pool_id": pool.id, "count": codes})
    series.action_loy_make()
    cr.commit()
    began = time.perf_counter()
    env["loy.code.series"]._cron_make()
    spent = time.perf_counter() - began
    cr.execute("SELECT count(*), count(DISTINCT code) FROM loy_code WHERE series_id = %s", [series.id])
    assert cr.fetchone() == (codes, codes) and series.state == "ready" and series.made_count == codes
    cr.execute("SELECT code FROM loy_code ORDER BY id LIMIT 1000")
    made = [code for (code,) in cr.fetchall()]
    assert all(check_sign(code[1:-1]) == code[-1] for code in made) and made != sorted(made)
    return spent

def copy(file):
    file.seek(0)
    began = time.perf_counter()
    cr._obj.copy_expert(f"COPY loy_code ({columns}) FROM STDIN", file)
    cr.commit()
    return time.perf_counter() - began

spent = {"series": [], "copy": []}
for _ in range(rounds):
    empty()
    spent["series"].append(make())
    with tempfile.TemporaryFile() as file:
        cr._obj.copy_expert(f"COPY (SELECT {columns} FROM loy_code ORDER BY id) TO STDOUT", file)
        cr.execute("DELETE FROM loy_code")
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM FULL loy_code")
        cr._cnx.autocommit = False
        spent["copy"].append(copy(file))
cr.execute("ANALYZE loy_code")
cr.execute("SELECT code FROM loy_code ORDER BY random() LIMIT 500")
some = [code for (code,) in cr.fetchall()]
times = []
for code in some:
    began = time.perf_counter()
    assert code in env["loy.codes"]._find([code], env.company.id)
    times.append(time.perf_counter() - began)
spent["find"] = sorted(times)[len(times) // 2] * 1000
print(json.dumps(spent))
"""


def run() -> list[dict]:
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        spent = json.loads(database.shell(site, name, f"codes, rounds = {CODES}, {ROUNDS}\n{SCRIPT}"))
    series, copy = min(spent["series"]), min(spent["copy"])
    return [
        {
            "id": f"pool of {CODES} promo codes with check signs, random order (s)",
            "value": round(series, 2),
            "against": round(copy, 2),
            "ratio": round(series / copy, 2),
            "must": "<= 5",
            "ok": series / copy <= 5,
            "peer": "COPY of the same rows into the same table",
        },
        {
            "id": f"one of {CODES} promo codes is looked up (ms)",
            "value": round(spent["find"], 2),
            "must": "<= 5",
            "ok": spent["find"] <= 5,
        },
    ]
