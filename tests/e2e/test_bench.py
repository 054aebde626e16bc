"""A marketer tries a basket on the test bench: by hand, with a draft, with payments, rewards and goods that come back,
and hands the address to a colleague."""


BENCH = "/odoo/loyalty-bench"
SHOWN = ".o_loy_bench_to_pay"
DRAFT = '[{"kind": "percent", "value": 50, "target": {"sku": ["1001"]}}]'


def choose(browser, field, words, found):
    browser.fill(f".o_field_widget[name={field}] input", words)
    browser.wait_for(f".o_field_widget[name={field}] .o-autocomplete--dropdown-item:not(.o_m2o_no_result)")
    browser.settle()
    option = f".o_field_widget[name={field}] .o-autocomplete--dropdown-item a"
    assert found in browser.text(option)
    browser.click(option)


def add_line(browser, field):
    browser.click(f".o_field_widget[name={field}] .o_field_x2many_list_row_add button, "
                  f".o_field_widget[name={field}] .o_field_x2many_list_row_add a")


def test_a_basket_is_tried_kept_and_shown_to_a_colleague(office, xmlrpc, server):
    (group,) = xmlrpc.call("loy.group", "search", [[("code", "=", "shelf")]])
    draft = xmlrpc.call("loy.promotion", "create", [{
        "code": "E2E-HALF", "name": "Espresso for half", "group_id": group, "rewards_text": DRAFT,
    }])  # fmt: skip
    office.goto(f"{office.base}/odoo/loyalty-bench/new")
    office.fill(".o_field_widget[name=name] input", "An espresso for half")
    choose(office, "promotion_ids", "Espresso for half", "Espresso for half")
    add_line(office, "line_ids")
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


def test_goods_of_a_receipt_come_back_on_a_basket_that_is_paid_with_a_reward(office, xmlrpc):
    paid = [("kind", "=", "sale"), ("state", "=", "confirmed"), ("member_id", "!=", False), ("spent", ">", 0)]
    receipt, *_others = xmlrpc.call("loy.purchase", "search_read", [paid, ["number"]])
    office.goto(f"{office.base}/odoo/loyalty-bench/new")
    office.fill(".o_field_widget[name=name] input", "An exchange")
    add_line(office, "line_ids")
    choose(office, "product_id", "1001", "Espresso")
    office.click(".nav-link[name=payment]")
    add_line(office, "payment_ids")
    office.fill(".o_field_widget[name=method] input", "card")
    add_line(office, "reward_ids")
    choose(office, "reward_id", "FIVE", "Five off the receipt")
    office.click(".nav-link[name=back]")
    choose(office, "return_of_id", receipt["number"], receipt["number"])
    office.wait_for(".o_field_widget[name=return_ids] .o_data_row")
    office.click("button[name=action_loy_calculate]")
    office.wait_for(".o_loy_bench_back")
    told = office.text(".o_loy_bench_back")
    assert receipt["number"] in told
    assert "Money back" in told
    assert "Points given back" in told
    assert office.text(".o_loy_bench_balance")
    office.wait_for('[data-promotion="FIVE"]')
    parts = ["payment_ids", "reward_ids", "return_ids"]
    (case,) = xmlrpc.call("loy.bench.case", "search_read", [[("name", "=", "An exchange")], parts])
    assert all(case[name] for name in parts)
