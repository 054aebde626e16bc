"""Where Odoo's accounting is installed, the journal of points is posted there."""

import json

import pytest

from tools import database

BOOKS = """
import json
company = env.company
codes = {"liability": "2900", "expense": "6100", "revenue": "4000", "breakage": "4900"}
types = {"liability": "liability_current", "expense": "expense", "revenue": "income", "breakage": "income_other"}
unit = env["loy.unit"].create({"code": "BOOKED", "name": "Booked", "rate": 0.05, "company_id": company.id})
known = env["loy.journal.account"].create(
    {"unit_id": unit.id, "journal_code": "LOY", **{f"{name}_code": code for name, code in codes.items()}})
member = env["res.partner"].create({"name": "Member", "is_loyalty_member": True})
ledger, at = env["loy.ledger"], env.cr.now()
from odoo.addons.loyalty_core.services.posting import Accrual, Source
account = ledger._accounts([member.id], [unit.id], create=True)[member.id, unit.id]
ledger._accrue([Accrual(account, 1000)], at=at, source=Source("test"))
ledger._spend({account: 300}, at=at, source=Source("test"))
known.action_loy_make()
entry = env["loy.journal.entry"].search([("unit_id", "=", unit.id)])
told = {}
def refusal():
    try:
        with env.cr.savepoint():
            entry.action_loy_post()
    except Exception as error:
        return str(error)
told["without journal"] = refusal()
env["account.journal"].create({"name": "Loyalty", "code": "LOY", "type": "general", "company_id": company.id})
told["without accounts"] = refusal()
for name, code in codes.items():
    env["account.account"].create({"name": name, "code": code, "account_type": types[name], "company_ids": company.ids})
entry.action_loy_post()
move = env["account.move"].browse(entry.move_id)
entry.action_loy_post()
told |= {"moves": env["account.move"].search_count([("ref", "=", entry.name)]), "state": move.state,
         "lines": {line.account_id.code: line.balance for line in move.line_ids}, "posted": entry.is_posted}
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def told(_environment):
    site = database.Site("test")
    addons = ["loyalty_core", "account"]
    with site.cluster.started(), database.throwaway(site, addons) as (name, warnings):
        assert not warnings
        yield json.loads(database.shell(site, name, BOOKS))


def test_an_entry_is_posted_once_and_balanced(told):
    assert (told["moves"], told["state"], told["posted"]) == (1, "posted", True)
    assert told["lines"] == {"2900": -35.0, "6100": 50.0, "4000": -15.0}
    assert sum(told["lines"].values()) == 0


def test_what_is_missing_in_accounting_is_named(told):
    assert told["without accounts"].startswith("journal_account_missing: ")
    assert "2900" in told["without accounts"]
    assert told["without journal"].startswith("journal_account_missing: ")
