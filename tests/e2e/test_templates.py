"""A marketer finds a mechanic by words, sees the receipt that it makes, and uses it with a product of the shop."""

import json

GALLERY = "/odoo/loyalty-templates"
CARD = ".o_kanban_record:not(.o_kanban_ghost)"
DIALOG = ".modal .o_form_view"


def test_a_mechanic_is_found_seen_and_used(office, xmlrpc):
    browser = office
    browser.goto(f"{browser.base}{GALLERY}")
    browser.wait_for(f"{CARD} .o_loy_receipt")
    browser.fill(".o_searchview_input", "half price second")
    browser.press("Enter")
    browser.wait_for(".o_searchview_facet")
    browser.settle()
    found = browser.evaluate(f"[...document.querySelectorAll('{CARD}')].map((one) => one.textContent)")
    (card,) = [one for one in found if "Second at half price" in one]
    assert "135.00" in card and "171.00" in card  # two cakes of 90, one of them for half, and bread
    assert len(found) < 10

    browser.click(f"{CARD} .o_loy_receipt")
    browser.wait_for(".o_form_view .o_loy_receipt")
    browser.click("button[name=action_loy_use]")
    browser.wait_for(f"{DIALOG} .o_loy_parameters")
    goods = f'{DIALOG} [data-key="goods"] .o_loy_object > .o_loy_parameters'
    browser.click(f"{goods} > .o_loy_more, {goods} > .o-dropdown.o_loy_more")
    browser.click('.o-dropdown--menu [data-key="sku"]')
    browser.wait_for(f'{goods} > [data-key="sku"]')
    browser.fill(f'{goods} > [data-key="sku"] .o-autocomplete--input', "espresso")
    browser.wait_for(".o_loy_found")
    browser.settle()
    browser.click(".o_loy_found a")
    browser.wait_for(f'{goods} > [data-key="sku"] .o_tag')
    browser.fill(f'{DIALOG} [data-key="percent"] input', "40")
    browser.press("Tab")
    browser.evaluate("""
        new Promise((done) => {
            const look = () =>
                document.querySelector(".modal .o_loy_receipt")?.textContent.includes("144.00")
                    ? done()
                    : requestAnimationFrame(look);
            look();
        })
    """)  # the receipt follows
    browser.click(".modal button[name=action_loy_use]")
    browser.wait_for(".o_form_view .o_field_widget[name=when_text]")
    assert browser.evaluate("document.querySelector('.o_field_widget[name=code] input').value") == "SECOND-HALF"
    (draft,) = xmlrpc.call(
        "loy.promotion", "search_read", [[("code", "=", "SECOND-HALF")], ["state", "name", "rewards_text"]]
    )
    assert (draft["state"], draft["name"]) == ("draft", "Second at half price")
    (reward,) = json.loads(draft["rewards_text"])
    assert (reward["percent"], reward["target"]) == (40, {"sku": ["1001"]})
