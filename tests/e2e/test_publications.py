"""A marketer publishes promotions and changes of them, sees first what they do, and finds them on the calendar."""

import datetime
import json

PROMOTIONS = "/odoo/loyalty-promotions"
PUBLISH = "button[name=action_loy_publish]"
DIALOG = ".modal"
BUN = {"kind": "percent", "value": 10, "target": {"sku": ["1003"]}}


def promotion(xmlrpc, code, name, **values):
    (group,) = xmlrpc.call("loy.group", "search", [[("code", "=", "shelf")]])
    document = {"code": code, "name": name, "group_id": group, "rewards_text": json.dumps([BUN]), **values}
    return xmlrpc.call("loy.promotion", "create", [document])


def read(xmlrpc, promotion, *names):
    (row,) = xmlrpc.call("loy.promotion", "read", [[promotion], list(names)])
    return [row[name] for name in names]


def test_a_draft_and_then_its_change_are_published_with_what_they_do_in_sight(office, xmlrpc):
    mine = promotion(xmlrpc, "E2E-PUBLISH", "Buns for less")
    (store,) = xmlrpc.call("loy.store", "search", [[]], limit=1)
    (bun,) = xmlrpc.call("product.product", "search", [[("default_code", "=", "1003")]])
    case = xmlrpc.call("loy.bench.case", "create", [
        {"name": "A bun by itself", "store_id": store, "line_ids": [[0, 0, {"product_id": bun}]]}
    ])  # fmt: skip
    xmlrpc.call("loy.bench.case", "action_loy_keep", [[case]])
    office.goto(f"{office.base}{PROMOTIONS}/{mine}")
    office.click(PUBLISH)
    office.wait_for(f"{DIALOG} .o_loy_cases")
    assert "A bun by itself" in office.text(f"{DIALOG} .o_loy_cases")
    assert "10 % off" in office.text(f"{DIALOG} .o_loy_changes").replace("\xa0", " ")
    assert "discounts on the same goods" in office.text(f"{DIALOG} .o_loy_conflicts")
    assert read(xmlrpc, mine, "state") == ["draft"]
    office.click(f"{DIALOG} .o_field_widget[name=is_accepted] input")
    office.click(f"{DIALOG} button[name=action_loy_submit]")
    office.wait_for("button[name=action_loy_change]")
    assert read(xmlrpc, mine, "state", "phase") == ["active", "running"]

    office.click("button[name=action_loy_change]")
    office.wait_for("button[name=action_loy_discard]")
    office.click("a[name=combination]")
    office.fill(".o_field_widget[name=priority] input", "9")
    office.click(PUBLISH)
    office.wait_for(f"{DIALOG} .o_loy_changes")
    assert "Priority" in office.text(f"{DIALOG} .o_loy_changes")
    assert read(xmlrpc, mine, "priority") == [0]
    office.click(f"{DIALOG} button[name=action_loy_submit]")
    office.wait_for("button[name=action_loy_change]")
    assert read(xmlrpc, mine, "priority") == [9]

    office.goto(f"{office.base}{PROMOTIONS}/{mine}")
    office.click("button[name=action_open_revisions]")
    office.wait_for(".o_loy_change")
    assert "Priority" in office.text(".o_data_row:first-child .o_loy_changes")
    office.click(".o_data_row:nth-last-child(1 of .o_data_row) .o_data_cell")
    office.click("button[name=action_loy_restore]")
    office.wait_for("button[name=action_loy_discard]")
    assert read(xmlrpc, mine, "priority") == [9]


def test_a_second_person_agrees_in_the_back_office(office, xmlrpc, server):
    (settings,) = xmlrpc.call("loy.settings", "search", [[]], limit=1)
    (role,) = xmlrpc.call("ir.model.data", "search_read", [
        [("module", "=", "loyalty_core"), ("name", "=", "group_marketer")]
    ], fields=["res_id"])  # fmt: skip
    xmlrpc.call("res.users", "create", [
        {"name": "Marta Marketer", "login": "marta", "password": "marta-marta", "group_ids": [[4, role["res_id"]]]}
    ])  # fmt: skip
    marta = server.xmlrpc("marta", "marta-marta")
    mine = promotion(marta, "E2E-TWO", "Agreed by two")
    xmlrpc.call("loy.settings", "write", [[settings], {"is_second_person": True}])
    try:
        asked = marta.call("loy.promotion", "action_loy_publish", [[mine]])["res_id"]
        marta.call("loy.publication", "write", [[asked], {"is_accepted": True, "note": "As agreed"}])
        marta.call("loy.publication", "action_loy_submit", [[asked]])
        assert read(marta, mine, "state", "phase") == ["draft", "waiting"]
        office.goto(f"{office.base}/odoo/loyalty-publications")
        office.click(".o_data_row .o_data_cell[name=promotion_id]")
        office.wait_for("button[name=action_loy_approve]")
        assert "Marta Marketer" in office.text(".o_form_sheet")
        office.click("button[name=action_loy_approve]")
        office.wait_for("body:not(:has(button[name=action_loy_approve]))")
    finally:
        xmlrpc.call("loy.settings", "write", [[settings], {"is_second_person": False}])
    assert read(marta, mine, "state") == ["active"]


#: Click an entry of the menu as soon as it is there: what folds out comes later than the click.
CHOOSE = """
    ((words) => new Promise((done) => {
        const look = () => {
            const entries = [...document.querySelectorAll(".o_group_by_menu .dropdown-item")];
            const found = entries.find((one) => one.innerText.trim() === words);
            found ? done(found.click()) : requestAnimationFrame(look);
        };
        look();
    }))(%s)
"""


def group_by(office, *kinds):
    """Chosen in the menu of the search bar, instead of what was chosen there."""
    office.evaluate("[...document.querySelectorAll('.o_searchview_facet .o_facet_remove')].at(-1)?.click()")
    office.settle()
    office.click(".o_searchview_dropdown_toggler")
    office.wait_for(".o_group_by_menu")
    for kind in kinds:
        office.evaluate(CHOOSE % json.dumps(kind))
        office.settle()
    office.click(".o_searchview_dropdown_toggler")
    office.settle()


def test_the_timeline_shows_when_what_runs(office, xmlrpc):
    today = datetime.date.today()
    mine = promotion(xmlrpc, "E2E-LINE", "On the line", starts_on=str(today.replace(day=1)), ends_on=str(today))
    bar = f".o_loy_timeline_bar[data-id='{mine}']"
    office.goto(f"{office.base}{PROMOTIONS}")
    office.click(".o_switch_view.o_loy_timeline")
    office.wait_for(bar)
    office.click("[data-scale=month]")
    office.wait_for(bar)
    wide = float(office.evaluate(f"parseFloat(document.querySelector(\"{bar}\").style.width)"))
    last = (today.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - datetime.timedelta(days=1)
    assert abs(wide - 100 * today.day / last.day) < 1
    for kinds, name in ((("Start", "Month"), today.strftime("%B %Y")), (("What sets it off",), "A purchase")):
        group_by(office, *kinds)
        office.wait_for(bar)
        groups = office.evaluate(
            "[...document.querySelectorAll('.o_loy_timeline_group')].map((one) => one.innerText).join('|')"
        )
        assert name in groups.split("|"), groups
    office.click(bar)
    office.wait_for(".o_form_view .o_field_widget[name=phase]")
    assert str(mine) in office.evaluate("location.pathname")
