"""What staff do in the back office, from the menu, as a person would: every screen opens and shows something."""

import json

import pytest

from tools.browser import BrowserError

SHOWN = (
    ".o_data_row, .o_group_header, .o_kanban_record:not(.o_kanban_ghost), "
    ".o_graph_canvas_container canvas, .o_pivot table, "
    ".o_form_view .o_field_widget, .modal:has(.o_view_controller) .modal-footer button, .o_loy_report_table tbody tr, "
    ".o-figure-canvas, .o-scorecard, .o-figure"
)


def menus(xmlrpc):
    """Name, id and action of every entry of the app Loyalty."""
    module, name = "loyalty_core", "loy_root_menu"
    (root,) = xmlrpc.call(
        "ir.model.data", "search_read", [[("module", "=", module), ("name", "=", name)]], fields=["res_id"]
    )
    rows = xmlrpc.call(
        "ir.ui.menu",
        "search_read",
        [[("id", "child_of", root["res_id"]), ("action", "!=", False)]],
        fields=["complete_name", "action"],
    )
    return {row["complete_name"]: (row["id"], row["action"].partition(",")[2]) for row in rows}


#: What a click on an entry of the menu does. What the screen shows until then is marked as left.
CHOOSE = """(() => {
    for (const left of document.querySelectorAll(".o_action_manager > *, .o_dialog")) {
        left.setAttribute("data-left", "");
    }
    const menu = odoo.__WOWL_DEBUG__.root.env.services.menu;
    menu.selectMenu(menu.getMenu(%s));
})()"""
ARRIVED = f":is({SHOWN}):not([data-left] *)"


def test_every_menu_shows_something_with_demo_data(office, xmlrpc):
    wrong = {}
    found = menus(xmlrpc)
    office.goto(f"{office.base}/odoo")
    for name, (menu, _action) in found.items():
        known = len(office.errors())
        try:
            office.evaluate(CHOOSE % menu)
            office.wait_for(ARRIVED, timeout=20)
            office.settle()
        except BrowserError as error:
            wrong[name] = str(error)
        if new := office.errors()[known:]:
            wrong[name] = new
    assert len(found) > 15
    assert not wrong


def test_a_new_member_has_a_card_at_once(office):
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_member_action/new")
    office.fill(".o_field_widget[name=loy_first_name] input", "Halyna")
    office.fill(".o_field_widget[name=loy_last_name] input", "Marchenko")
    office.fill(".o_field_widget[name=phone] input", "+380671110011")
    office.click(".o_form_button_save")
    office.wait_for(".o_field_widget[name=loy_main_card_id]")
    assert "290" in office.text(".o_field_widget[name=loy_main_card_id]")


def test_a_second_member_with_the_same_phone_is_refused_and_told_whose_it_is(office):
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_member_action/new")
    office.fill(".o_field_widget[name=loy_first_name] input", "Somebody")
    office.fill(".o_field_widget[name=phone] input", "067 123 45 67")
    office.click(".o_form_button_save")
    office.wait_for(".modal")
    assert "A member with phone +380671234567 is there" in office.text(".modal")


def test_a_promotion_that_cannot_be_read_cannot_be_saved(xmlrpc):
    ids = xmlrpc.call("loy.promotion", "search", [[("code", "=", "SWEETS20")]])
    with pytest.raises(Exception, match=r"bad_promotion.*Is percent meant"):
        xmlrpc.call("loy.promotion", "write", [ids, {"rewards_text": '[{"kind": "percentt", "value": 20}]'}])


def test_the_rights_of_a_role_are_ticked_by_section(office, xmlrpc):
    (operator,) = xmlrpc.call("loy.role", "search", [[("name", "=", "Operator")]])
    role = xmlrpc.call("loy.role", "copy", [[operator], {"name": "Ticked"}])[0]

    def codes():
        (read,) = xmlrpc.call("loy.role", "read", [[role], ["right_ids"]])
        return {right["code"] for right in xmlrpc.call("loy.right", "read", [read["right_ids"], ["code"]])}

    before = codes()
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_role_action/{role}")
    office.fill(".o_loy_rights_search", "merge two")
    office.click("[data-right='member.merge'] input")
    office.fill(".o_loy_rights_search", "loy.brand")
    office.click("[data-right='loy.brand.write'] input")
    office.click(".o_form_button_save")
    office.wait_for(".o_form_saved")
    assert codes() == before - {"member.merge"} | {"loy.brand.write"}


def test_what_the_shop_asks_of_members_is_filled_in_by_its_kind(office, xmlrpc):
    member = xmlrpc.call("res.partner", "create", [{"name": "Ulas Asked", "is_loyalty_member": True}])
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_member_action/{member}")
    office.click("a[name=attributes]")
    for name, choice in (("coffee", 3), ("hobbies", 5), ("pet", 2)):
        office.click(f"[data-attribute={name}] .o_select_menu_toggler")
        office.click(f".o_select_menu_menu .o_select_menu_item:nth-child({choice} of .o_select_menu_item)")
    office.fill("[data-attribute=children] input", "21")
    office.press("Tab")
    office.click(".o_form_button_save")
    office.wait_for(".modal")
    assert "give a whole number from 0 to 20" in office.text(".modal")
    office.click(".modal-footer button")
    office.fill("[data-attribute=children] input", "2")
    office.press("Tab")
    office.click(".o_form_button_save")
    office.wait_for(".o_form_saved")
    (told,) = xmlrpc.call("res.partner", "read", [[member], ["loy_attributes"]])
    assert told["loy_attributes"] == {"coffee": "latte", "hobbies": ["travel"], "pet": False, "children": 2}


DROP = """(() => {
    const data = new DataTransfer();
    data.items.add(new File([%s], "prizes.csv", {type: "text/csv"}));
    const drag = (type, target) =>
        target.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}));
    window.loyDrop = () => drag("drop", document.querySelector(".o-Dropzone"));
    drag("dragenter", document.querySelector(".o_loy_file_drop"));
})()"""


def test_points_to_a_list_are_seen_before_they_are_booked(office, xmlrpc):
    values = {"name": "Prize winner", "is_loyalty_member": True, "phone": "+380671110044"}
    member = xmlrpc.call("res.partner", "create", [values])
    _menu, action = menus(xmlrpc)["Loyalty/Points/Points to a List"]
    office.goto(f"{office.base}/odoo/action-{action}/new")
    office.evaluate(DROP % json.dumps("phone;amount\n067 111 00 44;12\n+380000;5\n"))
    office.wait_for(".o-Dropzone")
    office.evaluate("window.loyDrop()")
    office.wait_for(".o_clear_file_button")
    office.fill(".o_field_widget[name=reason_id] input", "Goodwill")
    # What it lists on focus goes when it has searched for what was typed.
    office.wait_for(".o-autocomplete--dropdown-item:nth-child(2):last-child")  # the one, and “Search more…”
    office.click(".o-autocomplete--dropdown-item")
    office.wait_for("body:not(:has(.o-autocomplete--dropdown-menu))")
    office.click("button[name=action_loy_check]")
    office.wait_for("button[name=action_loy_submit]")
    assert office.text(".o_field_widget[name=sound_count]") == "1"
    assert office.text(".o_field_widget[name=total]") == "12"
    assert "+380000" in office.text(".o_field_widget[name=fault_ids]")
    assert not xmlrpc.call("loy.account", "search_count", [[("member_id", "=", member)]])
    office.click("button[name=action_loy_submit]:not([style*='none'])")
    office.click(".modal .btn-primary")
    office.wait_for(".o_arrow_button_current[data-value=done]")
    (account,) = xmlrpc.call("loy.account", "search_read", [[("member_id", "=", member)]], fields=["available_amount"])
    assert account["available_amount"] == 12


def test_a_brand_manager_sees_how_the_brand_sells_and_no_member(server, browser, xmlrpc):
    brand = xmlrpc.call("loy.brand", "search", [[("product_tmpl_ids", "!=", False)]], limit=1)
    (group,) = xmlrpc.call(
        "ir.model.data",
        "search_read",
        [[("module", "=", "loyalty_core"), ("name", "=", "group_brand_manager")]],
        fields=["res_id"],
    )
    values = {
        "name": "Brand manager",
        "login": "brand",
        "password": "brand-manager-1",
        "group_ids": [[4, group["res_id"]]],
        "loy_brand_ids": [[6, 0, brand]],
    }
    xmlrpc.call("res.users", "create", [values])
    browser.login(server.url, "brand", "brand-manager-1")
    browser.goto(f"{server.url}/odoo/action-loyalty_core.loy_purchase_line_action")
    browser.wait_for(".o_data_row")
    assert "Member" not in browser.text(".o_list_table thead")
    browser.goto(f"{server.url}/odoo/action-loyalty_core.loy_brand_action")
    browser.wait_for(".o_data_row")
