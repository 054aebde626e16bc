"""A marketer looks at what a promotion did, and at the dashboards: the screen shows what the database says."""

import datetime
import json
import re

import pytest


def number(text):
    return float(re.sub(r"[^0-9.-]", "", text.splitlines()[0]))


def test_the_analytics_of_a_promotion_are_a_click_away(office, xmlrpc):
    (promotion,) = xmlrpc.call("loy.promotion", "search", [[("code", "=", "HOUSEHOLD")]])
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_promotion_action/{promotion}")
    office.click("button.o_loy_analytics_button")
    office.wait_for(".o_loy_verdict")
    told = xmlrpc.call("loy.promotion.day", "loy_analytics", [promotion])["total"]
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


LOADER = "odoo.__WOWL_DEBUG__.root.env.services.spreadsheet_dashboard_loader"


def cell(browser, name):
    """The number in a cell of the sheet of data of the dashboard that is open, once it is there."""
    place = {"sheetId": "data", "col": ord(name[0]) - ord("A"), "row": int(name[1:]) - 1}
    script = """(async () => {
        for (let turn = 0; turn < 600; turn++) {
            const found = LOADER.getActiveDashboard()?.model?.getters.getEvaluatedCell(PLACE);
            if (found?.type === "number") {
                return found.value;
            }
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
        return null;
    })()"""
    return browser.evaluate(script.replace("LOADER", LOADER).replace("PLACE", json.dumps(place)))


def wrong_cells(browser):
    """What the dashboard could not work out, on any sheet."""
    script = """(() => {
        const getters = LOADER.getActiveDashboard().model.getters;
        return getters.getSheetIds().flatMap((sheetId) =>
            Object.values(getters.getEvaluatedCells(sheetId))
                .filter((cell) => cell.type === "error")
                .map((cell) => `${sheetId}: ${cell.value} ${cell.message || ""}`)
        );
    })()"""
    return browser.evaluate(script.replace("LOADER", LOADER))


def period():
    """The dashboards show the last 30 days, today included."""
    today = datetime.date.today()
    return [("day", ">", str(today - datetime.timedelta(days=30))), ("day", "<=", str(today))]


#: Dashboard → (cell, model, what is summed, in which rows, its sign).
FIGURES = {
    "sales": [
        ("B2", "loy.sales.hour", "amount", [], 1),
        ("B3", "loy.sales.hour", "receipt_count", [], 1),
        ("B5", "loy.sales.hour", "amount", [("is_member", "=", True)], 1),
    ],
    "liability": [
        ("B3", "loy.liability.report", "worth", [("role", "=", "issued")], 1),
        ("B4", "loy.liability.report", "worth", [("role", "=", "redeemed")], -1),
    ],
    "promotions": [
        ("B2", "loy.promotion.day", "receipt_count", [], 1),
        ("B4", "loy.promotion.day", "discount", [], 1),
        ("B6", "loy.promotion.day", "points", [], 1),
    ],
    "stores": [("B2", "loy.sales.hour", "amount", [], 1), ("B4", "loy.sales.hour", "return_count", [], 1)],
    "registers": [
        ("B2", "loy.sales.hour", "receipt_count", [], 1),
        ("B3", "loy.sales.hour", "receipt_count", [("hour", "<", 12)], 1),
    ],
    "partners": [
        ("B2", "loy.sales.hour", "amount", [("partner_id", "!=", False)], 1),
        ("B5", "loy.liability.report", "worth", [("role", "=", "redeemed"), ("partner_id", "!=", False)], -1),
    ],
}


@pytest.mark.parametrize("name", FIGURES)
def test_a_dashboard_shows_what_the_database_says(office, xmlrpc, name):
    known = [("module", "=", "loyalty_core"), ("name", "=", f"loy_dashboard_{name}")]
    (data,) = xmlrpc.call("ir.model.data", "search_read", [known, ["res_id"]])
    office.goto(f"{office.base}/odoo/dashboards?dashboard_id={data['res_id']}")
    office.wait_for(".o-figure-canvas, .o-scorecard, .o-figure")
    for place, model, measure, domain, sign in FIGURES[name]:
        told = cell(office, place)
        (found,) = xmlrpc.call(model, "formatted_read_group", [[*period(), *domain], [], [f"{measure}:sum"]])
        assert told == pytest.approx(sign * found[f"{measure}:sum"], abs=0.005), (place, model, measure)
        assert told != 0, f"the demo data have nothing for {place}"
    office.settle()
    assert not wrong_cells(office)


def test_the_menu_opens_the_dashboard_of_sales(office):
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_dashboard_action")
    office.wait_for(".o_search_panel_category_value.active, .o_search_panel .active")
    assert "Sales" in office.text(".o_search_panel .active")
