"""A marketer makes a segment of products while writing a promotion, and sees what is in it."""

import json

FORM = "/odoo/action-loyalty_core.loy_promotion_action"
REWARDS = ".o_field_widget[name=rewards_text]"
DIALOG = ".modal .o_form_view"


def add_parameter(browser, within, key):
    browser.click(f"{within} > .o_loy_more, {within} > .o-dropdown.o_loy_more")
    browser.click(f'.o-dropdown--menu [data-key="{key}"]')
    browser.wait_for(f'{within} > [data-key="{key}"]')


def search(browser, where, words, option):
    browser.fill(f"{where} .o-autocomplete--input", words)
    browser.wait_for(option)
    browser.settle()
    browser.click(f"{option} a")


def test_a_segment_is_made_from_the_editor_of_a_promotion(office, xmlrpc):
    browser = office
    browser.goto(f"{browser.base}{FORM}/new")
    browser.fill(".o_field_widget[name=name] input, .o_field_widget[name=name] textarea", "On a segment")
    browser.fill(".o_field_widget[name=code] input", "ON-SEGMENT")
    browser.click(".nav-link[name=rewards]")
    reward = f"{REWARDS} [data-kind=percent]"
    add_parameter(browser, f"{reward} > .o_loy_parameters", "target")
    target = f'{reward} [data-key="target"] .o_loy_object > .o_loy_parameters'
    add_parameter(browser, target, "segment")
    segment = f'{target} > [data-key="segment"]'
    search(browser, segment, "Morning goods", ".o_loy_create")

    browser.wait_for(f"{DIALOG} .o_loy_editor")
    assert browser.evaluate(f"document.querySelector('{DIALOG} [name=code] input').value") == "MORNING-GOODS"
    within = f"{DIALOG} .o_loy_editor > .o_loy_parameters"
    add_parameter(browser, within, "category")
    search(browser, f'{within} > [data-key="category"]', "bakery", ".o_loy_found")
    browser.wait_for(f"{DIALOG} .o_loy_segment_products .o_kanban_record:not(.o_kanban_ghost)")
    shown = browser.text(f"{DIALOG} .o_loy_segment_products")
    assert "Ukrainskyi bread" in shown
    browser.click(".modal .o_form_button_save")
    browser.wait_for(f"{segment} .o_tag")
    assert "Morning goods" in browser.text(f"{segment} .o_tag")

    browser.click(f"{segment} .o_tag")  # and it is opened where it is named
    browser.wait_for(f"{DIALOG} .o_loy_segment_products")
    browser.click(".modal .o_form_button_cancel")
    browser.click(".o_form_view .o_form_button_save")
    browser.settle()
    (saved,) = xmlrpc.call(
        "loy.promotion", "search_read", [[("code", "=", "ON-SEGMENT")], ["rewards_text", "summary"]]
    )
    assert json.loads(saved["rewards_text"])[0]["target"] == {"segment": ["MORNING-GOODS"]}
    assert "Morning goods" in saved["summary"]
    (made,) = xmlrpc.call("loy.product.segment", "search_read", [[("code", "=", "MORNING-GOODS")], ["product_count"]])
    assert made["product_count"] == 1
