"""Points to a list of 100,000 members: the file looked at, then booked, against COPY of the same rows into the same
tables. The list is booked as the scheduler books it: a thousand lines a transaction.
"""

import json

from tools import database

LINES = 100_000
CHECK_MAX, WRITTEN_MAX, BOOK_MAX = 8, 15, 10
SCRIPT = """
import base64, json, tempfile, time
cr = env.cr
cr.execute(
    "INSERT INTO res_partner"
    " (name, complete_name, active, is_loyalty_member, type, loy_phone, loy_email, loy_external_id)"
    " SELECT 'Bench ' || n, 'Bench ' || n, true, true, 'contact', '+38067' || lpad(n::text, 7, '0'),"
    " 'b' || n || '@example.com', 'B-' || n FROM generate_series(1000000, 1000000 + %s - 1) AS n RETURNING id",
    [lines],
)
members = [one for (one,) in cr.fetchall()]
env["res.company"].browse(1).country_id = env.ref("base.ua")
unit = env["loy.unit"].create({"code": "BENCH", "name": "Bench", "decimals": 2})
reason = env["loy.reason"].search([], limit=1)
cr.commit()
cr._cnx.autocommit = True
cr.execute("VACUUM ANALYZE res_partner")
cr._cnx.autocommit = False
spent = {}

def make(head, key):
    rows = "".join(f"{key(n)};{1 + n % 50},50\\n" for n in range(1_000_000, 1_000_000 + lines))
    given = env["loy.adjustment.list"].create({
        "file": base64.b64encode(f"{head};amount\\n{rows}".encode()), "file_name": head,
        "unit_id": unit.id, "reason_id": reason.id,
    })
    cr.commit()
    began = time.perf_counter()
    given.action_loy_check()
    cr.commit()
    spent[head] = time.perf_counter() - began
    assert given.state == "checked" and given.sound_count == lines and not given.fault_count
    return given

def copied(tables):
    # The same rows once more, into tables that have lost them.
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
        files[table].close()
    cr.commit()
    return time.perf_counter() - began

for head, key in (("email", "b{}@example.com"), ("external_id", "B-{}"), ("Phone", "067 {}")):
    make(head, key.format).unlink()
    cr.commit()
given = make("phone", "+38067{}".format)
spent["check peer"] = copied({"loy_adjustment_list_line": f"list_id = {given.id}"})
given.action_loy_submit()
cr.commit()
assert given.state == "booking"
began = time.perf_counter()
env["loy.adjustment.list"]._cron_work()
spent["book"] = time.perf_counter() - began
given.invalidate_recordset()
assert given.state == "done" and given.booked_count == lines
cr.execute("SELECT sum(delta_minor), count(DISTINCT account_id) FROM loy_entry WHERE unit_id = %s", [unit.id])
assert cr.fetchone() == (given.total_minor, lines)
assert env["loy.ledger"]._check_books()["ok"]
mine = f"unit_id = {unit.id}"
spent["book peer"] = copied({
    "loy_account": f"{mine} AND kind = 'member'",
    "loy_transaction": f"id IN (SELECT transaction_id FROM loy_adjustment_list_line WHERE list_id = {given.id})",
    "loy_lot": mine,
    "loy_entry": mine,
})
print(json.dumps(spent))
"""


def run() -> list[dict]:
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        spent = json.loads(database.shell(site, name, f"lines = {LINES}\n{SCRIPT}").splitlines()[-1])
    peers = {
        "book": ("booked", spent["book peer"], BOOK_MAX, "COPY of the same accounts, transactions, lots and entries"),
        **{
            head: (f"looked at, {what}", spent["check peer"], most, "COPY of the same lines into the same table")
            for head, what, most in (
                ("phone", "phones as +380…", CHECK_MAX),
                ("email", "e-mails", CHECK_MAX),
                ("external_id", "external ids", CHECK_MAX),
                ("Phone", "phones as people write them", WRITTEN_MAX),
            )
        },
    }
    return [
        {
            "id": f"list of {LINES} lines {what} (s)",
            "value": round(spent[key], 2),
            "against": round(against, 2),
            "ratio": round(spent[key] / against, 2),
            "must": f"<= {most}",
            "ok": spent[key] / against <= most,
            "peer": peer,
        }
        for key, (what, against, most, peer) in peers.items()
    ]
