"""A copy of a shop's database acts for nobody; what is uninstalled leaves nothing, and can come back."""

import contextlib

import pytest

from tools import database, environment
from tools.server import Json2Error, Server, api_keys

BALANCES = "SELECT id, total_minor, held_minor, debt_minor FROM loy_account ORDER BY id"
TOKEN = "INSERT INTO ir_config_parameter (key, value) VALUES ('loyalty_core.metrics_token', 'a token')"
MAIL = """
    WITH message AS (INSERT INTO mail_message (message_type, subject) VALUES ('email', 'A notice') RETURNING id)
    INSERT INTO mail_mail (mail_message_id, state) SELECT id, 'outgoing' FROM message
"""
UNINSTALL = """
module = env["ir.module.module"].search([("name", "=", "loyalty_core")])
try:
    module.button_immediate_uninstall()
    print("gone")
except Exception as error:
    print(f"refused {error}")
"""
INSIST = """
env["ir.config_parameter"].set_param("%s.uninstall_with_data", "True")
env.cr.commit()
print("so")
"""
#: Addons that refuse to go while people have something, those that stand on others first.
KEPT = {"loyalty_certificates": "certificates_not_empty", "loyalty_core": "ledger_not_empty"}
#: Whatever bears our name in the catalogues of PostgreSQL and of Odoo.
LEFT = """
    SELECT 'relation ' || relname FROM pg_class WHERE starts_with(relname, 'loy_') OR relname LIKE '%\\_loy\\_%'
    UNION ALL SELECT 'column ' || attrelid::regclass || '.' || attname FROM pg_attribute
               WHERE starts_with(attname, 'loy_') AND NOT attisdropped
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE starts_with(proname, 'loy_')
    UNION ALL SELECT 'trigger ' || tgname FROM pg_trigger WHERE starts_with(tgname, 'loy_')
    UNION ALL SELECT 'type ' || typname FROM pg_type WHERE starts_with(typname, 'loy_')
    UNION ALL SELECT 'model ' || model FROM ir_model WHERE starts_with(model, 'loy.')
    UNION ALL SELECT 'field ' || model || '.' || name FROM ir_model_fields WHERE starts_with(name, 'loy_')
    UNION ALL SELECT 'parameter ' || key FROM ir_config_parameter WHERE starts_with(key, 'loyalty_core.')
    UNION ALL SELECT 'record ' || module || '.' || name FROM ir_model_data
               WHERE starts_with(module, 'loyalty_') AND model <> 'res.partner'
    UNION ALL SELECT 'job ' || code FROM ir_act_server WHERE code LIKE '%\\_loy%' OR code LIKE '%loy.%'
    UNION ALL SELECT 'group ' || (res_groups.name ->> 'en_US') FROM res_groups
                JOIN res_groups_privilege AS privilege ON privilege.id = privilege_id
               WHERE privilege.name ->> 'en_US' LIKE 'Loyalty%'
"""


@pytest.fixture(scope="module")
def shop(_environment):
    """The demo chain, its purchases and points; nobody is connected to it."""
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons(), demo=True) as (name, warnings):
        assert not warnings
        yield site, name


@contextlib.contextmanager
def copied(shop, suffix):
    site, source = shop
    name = f"{source}_{suffix}"
    try:
        database.create(site, name, source)
        yield site, name
    finally:
        database.drop(site, name)


def test_a_neutralized_copy_acts_for_nobody_and_keeps_the_books(shop):
    with copied(shop, "neutral") as (site, name):
        groups = {"integrator": "loyalty_core.group_integrator", "boss": "loyalty_core.group_admin"}
        keys = api_keys(site, name, groups).values()
        for statement in (TOKEN, MAIL):
            database.sql(name, statement)
        before = database.sql(name, BALANCES)
        command = [environment.VENV / "bin/odoo", "neutralize", *database.options(site, name)]
        environment.call(command, log="neutralize", cwd=database.PROJECT)
        assert database.sql(name, BALANCES) == before
        assert len(before) > 10
        assert not database.sql(name, "SELECT 1 FROM mail_mail WHERE state = 'outgoing'")
        assert not database.sql(
            name,
            "SELECT data.name FROM ir_cron AS job JOIN ir_model_data AS data ON data.model = 'ir.cron'"
            " AND data.res_id = job.id WHERE data.module LIKE 'loyalty%' AND job.active",
        )
        with Server(site, name, outlives=False) as server:
            for key in keys:
                with pytest.raises(Json2Error) as refused:
                    server.json2(key).call("loy.api", "health")
                assert refused.value.status in (401, 403)
            with pytest.raises(Json2Error):
                server.json2("a token").call("loy.api", "health")
        books = database.shell(site, name, "print(env['loy.ledger']._check_books()['ok'])")
        assert books == "True"


def test_points_are_not_uninstalled_by_a_click_and_who_insists_leaves_nothing_behind(shop):
    with copied(shop, "bare") as (site, name):
        for addon, refusal in KEPT.items():
            assert database.shell(site, name, UNINSTALL).startswith(f"refused {refusal}")
            database.shell(site, name, INSIST % addon)
        assert database.shell(site, name, UNINSTALL) == "gone"
        left = database.sql(name, LEFT)
        assert not left, "\n".join(left)
        warnings = database.odoo(site, name, "-i", "loyalty_core", log="again")
        assert warnings == []
        assert database.shell(site, name, "print(env['loy.ledger']._check_books()['ok'])") == "True"
