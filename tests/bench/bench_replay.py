"""A replay of 30,000 receipts on one core, of a draft with limits and of one that asks what members had bought before:
against five minutes. Three hundred real receipts of about eight lines are booked, then copied to a month of them: other
members, other days. The programme is that of the trial.
"""

import json

from tools import database
from tools.environment import PROJECT

RECEIPTS, REAL, LIMIT_SECONDS = 30_000, 300, 300
SCRIPT = """
import json, random, time
from datetime import date, datetime, timedelta
cr = env.cr
chance = random.Random(1)
user = env["res.users"].create({
    "name": "Bench", "login": "bench", "group_ids": [(6, 0, [env.ref("loyalty_core.group_integrator").id])],
})
api = env["loy.api"].with_user(user)
kinds = ["GROCERY", "DRUG GM", "PRODUCE", "MEAT", "DELI", "PASTRY", "SEAFOOD", "FUEL", "MISCELLANEOUS", "MEAT-PCKGD"]
named = {"GROCERY/COFFEE": "GROCERY", "GROCERY/FLUID MILK PRODUCTS": "GROCERY"}
programme = {
    **programme,
    "categories": [
        *({"code": one, "name": one} for one in kinds),
        *({"code": one, "name": one, "parent": above} for one, above in named.items()),
    ],
    "stores": [{"code": f"S{n}", "name": f"Store {n}", "timezone": "America/New_York"} for n in range(20)],
    "products": [
        {"sku": f"B-{n}", "name": f"Product {n}", "category": [*kinds, *named][n % 12], "price": 1 + n % 19}
        for n in range(240)
    ],
}
first = date.today() - timedelta(days=60)
brands = {code for one in programme["promotions"] for reward in one["rewards"]
          for code in reward.get("target", {}).get("brand", [])}
programme["brands"] = [{"code": code, "name": code} for code in sorted(brands)]
api.programme_apply({"key": "p", "programme": programme, "at": "2020-01-01T00:00:00Z"})
members = [
    api.member_register({"key": f"m{n}", "email": f"b{n}@example.com"})["member"] for n in range(200)
]
cr.commit()
for n in range(real):
    moment = datetime.combine(first, datetime.min.time()) + timedelta(minutes=480 + n * 2)
    api.purchase_confirm({
        "key": f"c{n}", "purchase": f"R-{n}", "store": f"S{n % 20}", "at": moment.isoformat(),
        "member": {"member": members[n % len(members)]},
        "lines": [
            {"id": str(line), "sku": f"B-{chance.randrange(240)}", "quantity": chance.randint(1, 3)}
            for line in range(chance.randint(3, 13))
        ],
    })
cr.commit()
cr.execute(
    "INSERT INTO res_partner (name, complete_name, active, is_loyalty_member, type)"
    " SELECT 'Bench ' || n, 'Bench ' || n, true, true, 'contact' FROM generate_series(1, 2000) AS n RETURNING id"
)
others = [one for (one,) in cr.fetchall()]
cr.execute(\"\"\"
    CREATE TEMP TABLE made AS
    SELECT nextval('loy_purchase_id_seq') AS new_id, id AS old_id, turn,
           (%s::int[])[1 + (id * 7 + turn * 131) %% 2000] AS new_member
      FROM loy_purchase CROSS JOIN generate_series(1, %s) AS turn
\"\"\", [others, receipts // real])
columns = [name for name in env["loy.purchase"]._fields if env["loy.purchase"]._fields[name].store
           and env["loy.purchase"]._fields[name].column_type]
changed = {
    "id": "made.new_id", "number": "'C-' || made.new_id", "member_id": "made.new_member", "card_id": "NULL",
    "purchased_at": "purchased_at + (made.turn % 30) * interval '1 day' + (made.turn / 30) * interval '1 minute'",
    "purchased_on": "purchased_on + made.turn % 30",
    "basket": "jsonb_set(jsonb_set(basket, '{at}', to_jsonb(to_char((basket->>'at')::timestamp"
              " + (made.turn % 30) * interval '1 day' + (made.turn / 30) * interval '1 minute',"
              " 'YYYY-MM-DD\\"T\\"HH24:MI:SS'))), '{member,id}', to_jsonb(made.new_member::text))",
}
cr.execute(
    f"INSERT INTO loy_purchase ({', '.join(columns)})"
    f" SELECT {', '.join(changed.get(name, name) for name in columns)}"
    " FROM made JOIN loy_purchase ON id = old_id"
)
lines = [name for name in env["loy.purchase.line"]._fields if env["loy.purchase.line"]._fields[name].store
         and env["loy.purchase.line"]._fields[name].column_type and name != "id"]
of_line = {"purchase_id": "made.new_id", "member_id": "made.new_member"}
cr.execute(
    f"INSERT INTO loy_purchase_line ({', '.join(lines)}) SELECT {', '.join(of_line.get(name, name) for name in lines)}"
    " FROM made JOIN loy_purchase_line ON purchase_id = old_id"
)
cr.commit()
cr._cnx.autocommit = True
cr.execute("VACUUM ANALYZE loy_purchase")
cr.execute("VACUUM ANALYZE loy_purchase_line")
cr._cnx.autocommit = False
group = env["loy.group"].search([("code", "=", "discounts")])
target = {"category": ["GROCERY", "PRODUCE"]}
half = {"kind": "percent", "value": 30, "target": target}
drafts = {
    "with limits": {"limit_per_member": 3, "limit_per_member_days": 7, "limit_budget": 20_000},
    "with a history": {"when_text": json.dumps({"kind": "purchases_count", "period": {"days": 30}, "min": 3})},
}
spent = {}
for name, values in drafts.items():
    draft = env["loy.promotion"].create({
        "code": name.upper().replace(" ", "-"), "name": name, "group_id": group.id, "priority": 9,
        "rewards_text": json.dumps([half]), **values,
    })
    replay = env["loy.replay"].create({
        "name": name, "date_from": first, "date_to": first + timedelta(days=40), "draft_b_ids": [(6, 0, draft.ids)],
    })
    replay.action_loy_run()
    cr.commit()
    began = time.perf_counter()
    env["loy.replay"]._cron_work()
    spent[name] = time.perf_counter() - began
    replay.invalidate_recordset()
    assert replay.state == "done", replay.problem
    assert replay.receipt_count == receipts + real, replay.receipt_count
    assert replay.cost > 0 and replay.touched_count > 500, (replay.cost, replay.touched_count)
    fact = replay.promotion_fact_ids.filtered(lambda one: one.code == draft.code)
    assert name != "with limits" or fact.discount_b <= 20_000, fact.discount_b
    spent[f"{name} told"] = f"cost {replay.cost:.2f}, {replay.touched_count} receipts, {replay.member_count} members"
print(json.dumps(spent))
"""


def run() -> list[dict]:
    programme = json.loads((PROJECT / "tests" / "trial" / "programme.json").read_text())
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, _warnings):
        head = f"receipts, real, programme = {RECEIPTS}, {REAL}, {programme!r}\n"
        spent = json.loads(database.shell(site, name, head + SCRIPT).splitlines()[-1])
    count = RECEIPTS + REAL
    return [
        {
            "id": f"replay of {count} receipts on one core, a draft {what} (s)",
            "value": round(spent[what], 1),
            "against": LIMIT_SECONDS,
            "ratio": round(spent[what] / LIMIT_SECONDS, 2),
            "must": "<= 1",
            "ok": spent[what] <= LIMIT_SECONDS,
            "peer": f"the limit; {1000 * spent[what] / count:.1f} ms a receipt; {spent[f'{what} told']}",
        }
        for what in ("with limits", "with a history")
    ]
