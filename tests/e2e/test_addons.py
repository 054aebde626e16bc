"""An addon of somebody else adds kinds of condition and reward, sections and facts of members: `tests/addons`."""

import json

import pytest

from tools import database, environment

ADDON = "loyalty_test_kinds"
PROGRAMME = """
import json
api = env["loy.api"]
api.programme_apply({"key": "kinds-1", "programme": {
    "stores": [{"code": "K"}],
    "external_programmes": [{"code": "AIRLINE", "name": "Miles"}],
    "voucher_types": [{"code": "GIFT"}],
    "promotions": [
        {"code": "LOYAL", "state": "active", "when": {"kind": "segment", "in": ["LOYAL"]},
         "rewards": [{"kind": "percent", "value": 10}]},
        {"code": "FLYERS", "state": "active", "when": {"kind": "external_programme", "in": ["AIRLINE"]},
         "rewards": [{"kind": "issue_voucher", "type": "GIFT", "value": 5}]},
        {"code": "ALL", "state": "active", "rewards": [{"kind": "amount", "value": 1}]},
    ],
}})
"""
MEMBER = """
member = api.member_register({"key": "kinds-2", "email": "flyer@example.com"})["member"]
basket = {"store": "K", "member": {"member": member},
          "lines": [{"id": "1", "sku": "x", "quantity": 1, "price": 100}]}
before = api.purchase_calculate(basket)
flyer = env["res.partner"].browse(int(member))
flyer.test_segments = "LOYAL,LOCAL"
flyer.test_programme_ids = env["loy.test.programme"].search([("code", "=", "AIRLINE")])
api.purchase_hold({"key": "kinds-3", "purchase": "KINDS-1", **basket})
held = env["loy.test.voucher"].search_count([])
answer = api.purchase_confirm({"key": "kinds-4", "purchase": "KINDS-1"})
made = env["loy.test.voucher"].search([])
env.cr.commit()
print(json.dumps({"before": before, "held": held, "answer": answer, "made": made.mapped("value"),
                  "id": made.id, "purchase": made.purchase_id.number,
                  "exported": api.programme_export({})["programme"]}))
"""
BAD = """
from odoo.exceptions import UserError
told = []
for change in ({"when": {"kind": "external_programme", "in": ["NOBODY"]}, "rewards": [{"kind": "percent", "value": 1}]},
               {"rewards": [{"kind": "issue_voucher", "type": "NOTHING", "value": 1}]}):
    try:
        api.programme_apply({"key": f"bad-{len(told)}", "programme": {"promotions": [{"code": "BAD", **change}]}})
    except UserError as error:
        told.append(str(error))
print(json.dumps(told))
"""
AFTER = """
import json
api = env["loy.api"]
member = api.member_find({"email": "flyer@example.com"})["member"]
print(json.dumps(api.purchase_calculate({
    "store": "K", "member": {"member": member}, "lines": [{"id": "1", "sku": "x", "quantity": 1, "price": 100}],
})))
"""


@pytest.fixture(scope="module")
def site(_environment, tmp_path_factory):
    """A PostgreSQL, and Odoo with the addon of tests beside those of the suite."""
    folder = tmp_path_factory.mktemp("addons")
    for addon in (*database.ADDONS.iterdir(), environment.PROJECT / "tests" / "addons" / ADDON):
        (folder / addon.name).symlink_to(addon)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "ADDONS", folder)
        site = database.Site("test")
        with site.cluster.started():
            yield site


def test_kinds_of_an_addon_work_like_those_of_the_suite(site):
    with database.throwaway(site, [ADDON]) as (name, warnings):
        assert not warnings
        said = json.loads(database.shell(site, name, PROGRAMME + MEMBER))
        assert said["before"]["totals"]["discount"] == 1
        assert said["before"]["issued"] == []
        assert said["held"] == 0
        assert said["answer"]["totals"]["discount"] == 11
        assert said["answer"]["issued"] == [
            {"voucher_type": "GIFT", "promotion": "FLYERS", "value": 5, "voucher": said["id"]}
        ]
        assert (said["made"], said["purchase"]) == ([5.0], "KINDS-1")
        assert said["exported"]["voucher_types"] == [{"code": "GIFT", "name": "GIFT"}]
        kinds = {one["code"]: one["rewards"][0]["kind"] for one in said["exported"]["promotions"]}
        assert kinds["FLYERS"] == "issue_voucher"

        told = json.loads(database.shell(site, name, PROGRAMME + BAD))
        assert [("NOBODY" in told[0]), ("NOTHING" in told[1])] == [True, True], told

        # Who goes leaves a programme that the till can read: without what nobody knows any more.
        gone = f'env["ir.module.module"].search([("name", "=", "{ADDON}")]).button_immediate_uninstall()\nprint(0)'
        database.shell(site, name, gone)
        assert json.loads(database.shell(site, name, AFTER))["totals"]["discount"] == 1
