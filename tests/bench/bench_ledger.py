"""V10: balance and statement of a member with 10,000 movements and 500 open lots, against one with 10 movements."""

import json

from tools import database

LONG, OPEN, SHORT = 10_000, 500, 10
ROUNDS = 300
SCRIPT = """
import json, statistics, time
from datetime import datetime, timedelta
from odoo.addons.loyalty_core.services.posting import Accrual, Source
ledger, now = env["loy.ledger"], datetime.utcnow()
unit = env["loy.unit"].create({"code": "BENCH", "name": "Bench"})

def account(movements, open_lots):
    values = {"name": f"{movements}", "is_loyalty_member": True, "email": f"m{movements}@example.com"}
    member = env["res.partner"].create(values)
    [account_id] = ledger._accounts([member.id], [unit.id], create=True).values()
    lots = (movements + open_lots) // 2
    at = now - timedelta(days=100)
    source = Source("manual")
    ledger._accrue(
        [Accrual(account_id, 1, expires_at=now + timedelta(days=1 + one % 300)) for one in range(lots)],
        at=at, source=source,
    )
    ledger._spend({account_id: lots - open_lots}, at=at + timedelta(days=1), source=source)
    assert len(ledger._statement(account_id, limit=movements + 1)) == movements
    assert ledger._balances([account_id])[account_id].available == open_lots
    return account_id

accounts = {"long": account(long, opened), "short": account(short, 2)}
cr.commit()
cr._cnx.autocommit = True
cr.execute("VACUUM ANALYZE loy_entry, loy_lot, loy_account, loy_transaction")
cr._cnx.autocommit = False
work = {
    "balance": lambda one: ledger._balances([one]),
    "balance a month ago": lambda one: ledger._balances([one], at=now - timedelta(days=30)),
    "statement, ten newest": lambda one: ledger._statement(one, limit=10),
}
spent = {name: {key: [] for key in accounts} for name in work}
for _ in range(rounds):
    for name, call in work.items():
        for key, one in accounts.items():
            began = time.perf_counter()
            call(one)
            spent[name][key].append(time.perf_counter() - began)
print(json.dumps({name: {key: statistics.median(times) for key, times in by.items()} for name, by in spent.items()}))
"""


def run() -> list[dict]:
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        values = f"long, opened, short, rounds = {LONG}, {OPEN}, {SHORT}, {ROUNDS}\ncr = env.cr\n"
        spent = json.loads(database.shell(site, name, values + SCRIPT))
    return [
        {
            "id": f"V10 {what}, {LONG} movements and {OPEN} open lots (ms)",
            "value": round(1000 * by["long"], 3),
            "against": round(1000 * by["short"], 3),
            "ratio": round(by["long"] / by["short"], 3),
            "must": "<= 1.5",
            "ok": by["long"] / by["short"] <= 1.5,
            "peer": f"a member with {SHORT} movements",
        }
        for what, by in spent.items()
    ]
