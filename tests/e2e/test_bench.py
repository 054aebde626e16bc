"""A marketer tries a basket on the test bench: by hand, with a draft, and hands the address to a colleague."""

import pytest

BENCH = "/odoo/loyalty-bench"
SHOWN = ".o_loy_bench_to_pay"
DRAFT = '[{"kind": "percent", "value": 50, "target": {"sku": ["1001"]}}]'


@pytest.fixture
def office(server, browser):
    browser.login(server.url, "admin", "admin")
    browser.base = server.url
    return browser


def choose(browser, field, words, found):
    browser.fill(f".o_field_widget[name={field}] input", words)
    browser.wait_for(f".o_field_widget[name={field}] .o-autocomplete--dropdown-item:not(.o_m2o_no_result)")
    browser.settle()
    option = f".o_field_widget[name={field}] .o-autocomplete--dropdown-item a"
    assert found in browser.text(option)
    browser.click(option)


def test_a_basket_is_tried_kept_and_shown_to_a_colleague(office, xmlrpc, server):
    (group,) = xmlrpc.call("loy.group", "search", [[("code", "=", "shelf")]])
    draft = xmlrpc.call("loy.promotion", "create", [{
        "code": "E2E-HALF", "name": "Espresso for half", "group_id": group, "rewards_text": DRAFT,
    }])  # fmt: skip
    office.goto(f"{office.base}/odoo/loyalty-bench/new")
    office.fill(".o_field_widget[name=name] input", "An espresso for half")
    choose(office, "promotion_ids", "Espresso for half", "Espresso for half")
    office.click(".o_field_widget[name=line_ids] .o_field_x2many_list_row_add button, "
                 ".o_field_widget[name=line_ids] .o_field_x2many_list_row_add a")
    choose(office, "product_id", "1001", "Espresso")
    office.click("button[name=action_loy_calculate]")
    office.wait_for(SHOWN)
    assert "30.00" in office.text(SHOWN)  # its minimum price
    assert "Takes part as a draft" in office.text('[data-promotion="E2E-HALF"]')
    assert "15.00" in office.text('[data-promotion="E2E-HALF"] div.text-success')
    assert "It takes a promo code of the pool WELCOME." in office.text('[data-promotion="WELCOME"]')
    office.click("button[name=action_loy_keep]")
    office.wait_for(".o_field_widget[name=state] .text-bg-success")
    address = office.evaluate("location.pathname")
    assert address.startswith(f"{BENCH}/")
    xmlrpc.call("loy.promotion", "write", [[draft], {"rewards_text": DRAFT.replace("50", "20")}])
    office.goto(f"{office.base}{address}")
    office.click("button[name=action_loy_check]")
    office.wait_for(".o_loy_bench_differences")
    assert "36.00" in office.text(".o_loy_bench_differences")
    office.wait_for(".o_field_widget[name=state] .text-bg-danger")
