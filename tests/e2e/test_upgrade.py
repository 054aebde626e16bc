"""A shop that runs the release before is upgraded: what was there is there, and nothing tells it from a new database.

`tests/upgrade/VERSION.tar.xz` holds the addons of each release as they were, without tests and translations.
"""

import contextlib
import json
import tarfile

import pytest

from tools import database, environment

RELEASES = environment.PROJECT / "tests" / "upgrade"
ADDONS = ["loyalty_core"]
BALANCES = "SELECT id, unit_id, total_minor, held_minor, debt_minor FROM loy_account WHERE kind = 'member' ORDER BY id"
FACTS = """
    SELECT number, state, result::text FROM loy_purchase
    UNION ALL SELECT id::text, kind, delta_minor::text FROM loy_entry ORDER BY 1, 2, 3
"""
#: Whatever decides how the database behaves; rows that an old database and a new one must have alike.
ALIKE = {
    "columns": """
        SELECT attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod)
               || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
           AND (starts_with(relname, 'loy_') OR starts_with(attname, 'loy_'))
           AND NOT (relispartition AND starts_with(relname, 'loy_event'))
    """,
    "indexes": """
        SELECT indexdef FROM pg_indexes WHERE (starts_with(tablename, 'loy_') OR indexname LIKE '%loy_%')
           AND tablename NOT LIKE 'loy\\_event\\_%'
    """,
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(pg_constraint.oid)
          FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
         WHERE starts_with(relname, 'loy_') AND NOT relispartition
    """,
    "triggers": """
        SELECT pg_get_triggerdef(pg_trigger.oid) FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
         WHERE NOT tgisinternal AND starts_with(tgname, 'loy_') AND NOT relispartition
    """,
    "functions": "SELECT proname || ' ' || prosrc FROM pg_proc WHERE starts_with(proname, 'loy_')",
    "access": """
        SELECT ir_model.model || ' ' || COALESCE(data.name, '')
               || concat_ws(' ', perm_read, perm_write, perm_create, perm_unlink)
          FROM ir_model_access AS access JOIN ir_model ON ir_model.id = access.model_id
          LEFT JOIN ir_model_data AS data ON data.model = 'res.groups' AND data.res_id = access.group_id
         WHERE starts_with(ir_model.model, 'loy.')
    """,
    "rules": """
        SELECT data.name || ' ' || domain_force || ' ' || rule.active FROM ir_rule AS rule
          JOIN ir_model_data AS data
            ON data.model = 'ir.rule' AND data.res_id = rule.id AND data.module = 'loyalty_core'
    """,
    "rights": "SELECT code FROM loy_right",
    "rights of roles": """
        SELECT loy_right.code || ' ' || data.name FROM loy_role_right_rel AS given
          JOIN loy_right ON loy_right.id = given.right_id JOIN loy_role ON loy_role.id = given.role_id
          JOIN ir_model_data AS data ON data.model = 'res.groups' AND data.res_id = loy_role.group_id
    """,
    "records": """
        SELECT model || ' ' || name FROM ir_model_data
         WHERE module = 'loyalty_core' AND model NOT IN ('ir.model.fields.selection', 'ir.model.constraint')
    """,
    "menus and views": """
        SELECT data.name || ' ' || md5(regexp_replace(arch_db ->> 'en_US', '[0-9]+', '#', 'g')) FROM ir_ui_view AS view
          JOIN ir_model_data AS data ON data.model = 'ir.ui.view' AND data.res_id = view.id
         WHERE data.module = 'loyalty_core'
    """,
    "jobs": """
        SELECT data.name || ' ' || action.code || ' ' || cron.interval_number || cron.interval_type || cron.active
          FROM ir_cron AS cron JOIN ir_act_server AS action ON action.id = cron.ir_actions_server_id
          JOIN ir_model_data AS data
            ON data.model = 'ir.cron' AND data.res_id = cron.id AND data.module = 'loyalty_core'
    """,
}
HOLD = """
user = env["res.users"].create({"name": "Till", "login": "upgrade",
                                "group_ids": [(4, env.ref("loyalty_core.group_integrator").id)]})
api = env["loy.api"].with_user(user)
member = api.member_register({"key": "u-1", "phone": "+380671110099"})["member"]
api.account_accrue({"key": "u-2", "member": member, "unit": "BONUS", "amount": 40})
store = env["loy.store"].search([], limit=1).code
api.purchase_hold({"key": "u-3", "purchase": "UPGRADE-1", "store": store, "member": {"member": member},
                   "lines": [{"id": "1", "sku": "u", "quantity": 1, "price": 100}],
                   "spend": [{"unit": "BONUS", "amount": 7}]})
env.cr.commit()
print(user.id)
"""
AFTER = """
import json
from odoo.addons.loyalty_core.engine import Basket, evaluate
api = env["loy.api"].with_user(env["res.users"].search([("login", "=", "upgrade")]))
changed, replayed = [], 0
for purchase in env["loy.purchase"].search([("basket", "!=", False), ("kind", "=", "sale")]):
    compiled = env["loy.programme"]._at(purchase.company_id, purchase.purchased_at, purchase.programme_number)
    result = evaluate(compiled.programme, Basket.from_document(purchase.basket)).to_document()
    replayed += 1
    if json.loads(json.dumps(result)) != purchase.result:
        changed.append(purchase.number)
again = api.purchase_hold({"key": "u-3", "purchase": "UPGRADE-1", "store": env["loy.store"].search([], limit=1).code,
                           "member": {"member": api.member_find({"phone": "+380671110099"})["member"]},
                           "lines": [{"id": "1", "sku": "u", "quantity": 1, "price": 100}],
                           "spend": [{"unit": "BONUS", "amount": 7}]})
confirmed = api.purchase_confirm({"key": "u-4", "purchase": "UPGRADE-1"})
env.cr.commit()
books = env["loy.ledger"]._check_books()
print(json.dumps({"changed": changed, "replayed": replayed, "books": books["differences"], "again": again["state"],
                  "confirmed": confirmed["state"], "spent": confirmed["totals"]["spent"]}))
"""


@pytest.fixture(scope="module")
def site(_environment):
    site = database.Site("test")
    with site.cluster.started():
        yield site


@pytest.fixture(scope="module")
def fresh(site):
    """What a new database is like, of the addons that the releases had."""
    with database.throwaway(site, ADDONS, demo=True) as (name, warnings):
        assert not warnings
        yield facts(name)


def facts(name):
    return {what: set(database.sql(name, query)) for what, query in ALIKE.items()}


@pytest.mark.parametrize("release", sorted(path.name.removesuffix(".tar.xz") for path in RELEASES.glob("*.tar.xz")))
def test_a_shop_is_upgraded_with_all_it_has(site, fresh, release, tmp_path, monkeypatch):
    with tarfile.open(RELEASES / f"{release}.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # older Pythons have none
        archive.extractall(tmp_path)
    with contextlib.ExitStack() as stack:
        with monkeypatch.context() as then:
            then.setattr(database, "ADDONS", tmp_path / "addons")
            name, warnings = stack.enter_context(database.throwaway(site, ADDONS, demo=True))
            assert not warnings
            database.shell(site, name, HOLD)
        before = [database.sql(name, query) for query in (BALANCES, FACTS)]
        assert not database.odoo(site, name, "-u", "loyalty_core", "--with-demo", log="upgrade")
        assert [database.sql(name, query) for query in (BALANCES, FACTS)] == before
        now = facts(name)
        different = {
            what: {"missing": sorted(rows - now[what]), "left over": sorted(now[what] - rows)}
            for what, rows in fresh.items()
            if now[what] != rows
        }
        assert not different, json.dumps(different, indent=1)
        told = json.loads(database.shell(site, name, AFTER))
        assert told.pop("replayed") > 200
        assert told == {"changed": [], "books": [], "again": "held", "confirmed": "confirmed", "spent": 7.0}
