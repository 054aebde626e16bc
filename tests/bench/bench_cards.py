"""V8: a series of a million card numbers with check digits, in random order, against COPY of the same rows; and the
file of their numbers for the printer, against COPY of the numbers.

Both go into the same table with the same indexes and foreign keys, empty and rebuilt before each; the series is made
as the scheduler makes it: in batches, each a transaction of its own.
"""

import json

from tools import database

CARDS = 1_000_000
ROUNDS = 2
SCRIPT = """
import json, resource, tempfile, time
from odoo.addons.loyalty_core.tools.check_digits import is_valid
cr = env.cr
columns = "number, type_id, series_id, company_id, state, is_main, create_uid, create_date, write_uid, write_date"

def empty():
    cr.execute("DELETE FROM loy_card")
    cr.execute("DELETE FROM loy_card_series")
    cr.commit()
    cr._cnx.autocommit = True
    cr.execute("VACUUM FULL loy_card")
    cr._cnx.autocommit = False
    env.invalidate_all()

def make():
    series = env["loy.card.series"].create({"name": "bench", "count": cards})
    series.action_loy_make()
    cr.commit()
    began = time.perf_counter()
    env["loy.card.series"]._cron_make()
    spent = time.perf_counter() - began
    cr.execute("SELECT count(*), count(DISTINCT number) FROM loy_card WHERE series_id = %s", [series.id])
    assert cr.fetchone() == (cards, cards) and series.state == "ready" and series.made_count == cards
    cr.execute("SELECT number FROM loy_card ORDER BY id LIMIT 1000")
    numbers = [number for (number,) in cr.fetchall()]
    assert all(is_valid("ean13", number) for number in numbers) and numbers != sorted(numbers)
    return spent

def copy(file):
    file.seek(0)
    began = time.perf_counter()
    cr._obj.copy_expert(f"COPY loy_card ({columns}) FROM STDIN", file)
    cr.commit()
    return time.perf_counter() - began

spent = {"series": [], "copy": []}
for _ in range(rounds):
    empty()
    spent["series"].append(make())
    with tempfile.TemporaryFile() as file:
        cr._obj.copy_expert(f"COPY (SELECT {columns} FROM loy_card ORDER BY id) TO STDOUT", file)
        cr.execute("DELETE FROM loy_card")
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM FULL loy_card")
        cr._cnx.autocommit = False
        spent["copy"].append(copy(file))
spent["export"], memory = {}, {}
series = env["loy.card.series"].search([], limit=1)
began = time.perf_counter()
with tempfile.TemporaryFile() as file:
    cr._obj.copy_expert("COPY (SELECT number FROM loy_card ORDER BY id) TO STDOUT", file)
spent["numbers"] = time.perf_counter() - began
for kind in ("csv", "xlsx"):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    with env["loy.card.exports"]._export(series, kind, ["number"]) as file:
        while file.read(1 << 20):
            pass
    spent["export"][kind] = time.perf_counter() - began
    memory[kind] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(json.dumps(spent | {"memory": memory}))
"""


def run() -> list[dict]:
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        spent = json.loads(database.shell(site, name, f"cards, rounds = {CARDS}, {ROUNDS}\n{SCRIPT}"))
    series, copy = min(spent["series"]), min(spent["copy"])
    return [
        {
            "id": f"V8 series of {CARDS} cards with check digits, random order (s)",
            "value": round(series, 2),
            "against": round(copy, 2),
            "ratio": round(series / copy, 2),
            "must": "<= 5",
            "ok": series / copy <= 5,
            "peer": "COPY of the same rows into the same table",
        },
        *(
            {
                "id": f"file of {CARDS} card numbers for the printer, {kind} (s)",
                "value": round(spent["export"][kind], 2),
                "against": round(spent["numbers"], 2),
                "ratio": round(spent["export"][kind] / spent["numbers"], 1),
                "must": f"<= {limit}, memory <= 64 MB more",
                "ok": spent["export"][kind] / spent["numbers"] <= limit and spent["memory"][kind] <= 64,
                "peer": f"COPY of the numbers; memory {spent['memory'][kind]:.0f} MB more",
            }
            for kind, limit in (("csv", 25), ("xlsx", 100))
        ),
    ]
