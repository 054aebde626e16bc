"""A marketer asks what a draft would have cost last month: run in the background, with progress, down to a receipt."""

import json
from datetime import UTC, datetime, timedelta

import pytest

DRAFT = '[{"kind": "percent", "value": 50, "target": {"sku": ["1001"]}}]'
SOLD = 5


@pytest.fixture
def sold(json2, xmlrpc):
    """Receipts of yesterday: espressos in growing numbers."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12)
    settings = xmlrpc.call("loy.settings", "search", [[]])
    xmlrpc.call("loy.settings", "write", [settings, {"backdate_days": 40}])
    for number in range(1, SOLD + 1):
        request = {
            "key": f"e2e-replay-{number}",
            "purchase": f"E2E-REPLAY-{number}",
            "store": "KYIV-01",
            "at": yesterday.replace(minute=number).isoformat(),
            "lines": [{"id": "1", "sku": "1001", "quantity": number}, {"id": "2", "sku": "1002", "quantity": 1}],
        }
        json2.call("loy.api", "purchase_confirm", request=request)


def test_a_draft_is_replayed_over_the_receipts_of_a_month(office, xmlrpc, sold):
    (group,) = xmlrpc.call("loy.group", "search", [[("code", "=", "shelf")]])
    draft = xmlrpc.call("loy.promotion", "create", [{
        "code": "E2E-REPLAY", "name": "Espresso for half", "group_id": group, "rewards_text": DRAFT,
    }])  # fmt: skip
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_promotion_action/{draft}")
    office.click("button[name=action_loy_replay]")
    office.wait_for("button[name=action_loy_run]")
    assert "Espresso for half" in office.text(".o_field_widget[name=draft_b_ids]")
    office.click("button[name=action_loy_run]")
    # The page moves on by itself while the scheduler works.
    office.wait_for("div[name=figure_cost]", timeout=120)
    office.wait_for("button[name=action_loy_again]")
    (replay,) = xmlrpc.call(
        "loy.replay", "search_read", [[("draft_b_ids", "in", [draft])], ["touched_count", "cost", "state", "problem"]]
    )
    assert (replay["state"], replay["problem"]) == ("done", False)
    assert replay["touched_count"] >= SOLD
    assert office.text("div[name=figure_receipts] .fs-2") == str(replay["touched_count"])
    assert f"{replay['cost']:,.2f}" in office.text("div[name=figure_cost]")
    office.click("a[name=receipts]")
    first = ".o_field_widget[name=receipt_ids] .o_data_row"
    office.wait_for(first)
    rows = json.loads(office.evaluate(
        f"JSON.stringify([...document.querySelectorAll('{first}')].map((row) => row.innerText))"
    ))  # fmt: skip
    assert any("E2E-REPLAY-5" in row for row in rows)
    office.click(f"{first} button[name=action_loy_try]")
    office.wait_for("button[name=action_loy_calculate]")
    assert "Espresso for half" in office.text(".o_field_widget[name=promotion_ids]")
    office.goto(f"{office.base}/odoo/loyalty-replays")
    office.wait_for(".o_data_row")
    assert "with Espresso for half" in office.text(".o_list_table")
