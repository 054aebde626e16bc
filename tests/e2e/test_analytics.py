"""A marketer looks at what a promotion did, and at the dashboards: the screen shows what the database says."""

import re

import pytest


@pytest.fixture
def office(server, browser):
    browser.login(server.url, "admin", "admin")
    browser.base = server.url
    return browser


def number(text):
    return float(re.sub(r"[^0-9.-]", "", text.splitlines()[0]))


def test_the_analytics_of_a_promotion_are_a_click_away(office, xmlrpc):
    (promotion,) = xmlrpc.call("loy.promotion", "search", [[("code", "=", "HOUSEHOLD")]])
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_promotion_action/{promotion}")
    office.click("button[name=action_loy_analytics]")
    office.wait_for(".o_loy_verdict")
    told = xmlrpc.call("loy.promotion", "loy_analytics", [[promotion]])["total"]
    assert told["receipt_count"] > 0
    for figure, name in (("receipts", "receipt_count"), ("discount", "discount"), ("amount", "amount")):
        shown = number(office.text(f"[data-figure={figure}] .fs-3"))
        assert shown == pytest.approx(told[name], abs=0.005), figure
    assert "Too few members to tell" in office.text(".o_loy_verdict")
    office.click(".btn-group button:first-child")
    office.settle()
    address = office.evaluate("location.pathname")
    office.goto(f"{office.base}{address}")
    office.wait_for(".o_loy_control")
    assert "Household" in office.text(".o_loy_analytics")


def test_without_a_control_group_it_says_how_to_get_one(office, xmlrpc):
    (promotion,) = xmlrpc.call("loy.promotion", "search", [[("code", "=", "MORNING")]])
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_promotion_action/{promotion}/loyalty-promotion-analytics")
    office.wait_for(".o_loy_no_control")
    assert "5 to 20 per cent" in office.text(".o_loy_no_control")
    assert "Morning" in office.text(".o_loy_analytics")
