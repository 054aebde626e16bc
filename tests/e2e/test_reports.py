"""A marketer opens a ready report, chooses, takes it as a spreadsheet, and has it sent by a real mail server."""

import email
import io
import json
import urllib.parse
import urllib.request
from email import policy

import openpyxl
import pytest
from aiosmtpd.controller import Controller

from tools.server import free_port

REPORTS = "/odoo/loyalty-reports"
TABLE = ".o_loy_report_table tbody tr"


@pytest.fixture
def post():
    """A mail server: what it was given, as messages."""
    letters = []

    class Box:
        async def handle_DATA(self, _server, _session, envelope):
            letters.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
            return "250 OK"

    box = Controller(Box(), hostname="127.0.0.1", port=free_port())
    box.start()
    yield box, letters
    box.stop()


def choose(browser, name, value):
    browser.evaluate(
        f"(() => {{ const one = document.querySelector('.o_loy_report_params select[name={name}]');"
        f" one.value = '{value}'; one.dispatchEvent(new Event('change', {{bubbles: true}})); }})()"
    )
    browser.settle()


def opened(browser, code, **params):
    asked = urllib.parse.urlencode({"report": code, "with": json.dumps(params)}, quote_via=urllib.parse.quote)
    browser.goto(f"{browser.base}{REPORTS}?{asked}")
    browser.wait_for(TABLE)


def sheet_of(content):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows()]


def test_a_report_is_opened_from_the_menu_chosen_and_downloaded(office, xmlrpc, server):
    office.goto(f"{office.base}/odoo/action-loyalty_core.loy_report_action")
    office.wait_for(".o_loy_report [data-report=sales_by_store]")
    office.click(".o_loy_report [data-report=sales_by_store]")
    office.wait_for(TABLE)
    choose(office, "period", "last_90_days")
    assert "report=sales_by_store" in office.evaluate("location.href")
    days = office.text(".o_loy_report_period").split(" – ")
    from_, to = (f"{day[6:]}-{day[:2]}-{day[3:5]}" for day in days)
    domain = [("day", ">=", from_), ("day", "<=", to)]
    sums = ["amount:sum", "receipt_count:sum"]
    (group,) = xmlrpc.call("loy.sales.hour", "formatted_read_group", [domain, [], sums])
    told, receipts = (group[name] for name in sums)
    assert f"{told:,.2f}" in office.text('[data-total="amount"]')
    assert office.text('[data-total="receipts"]') == f"{round(receipts):,}"
    address = office.evaluate("location.href")
    office.goto(address)
    office.wait_for(TABLE)
    assert f"{told:,.2f}" in office.text('[data-total="amount"]')
    cookie = office.call("Network.getCookies")["cookies"]
    session = next(one["value"] for one in cookie if one["name"] == "session_id")
    asked = urllib.parse.urlencode({"params": json.dumps({"period": "last_90_days"}), "title": "Stores"})
    request = urllib.request.Request(f"{server.url}/loy/report/sales_by_store/xlsx?{asked}")
    request.add_header("Cookie", f"session_id={session}")
    with urllib.request.urlopen(request) as answer:
        assert "Stores" in answer.headers["Content-Disposition"]
        cells = sheet_of(answer.read())
    assert cells[0][0] == "Stores"
    head = next(number for number, row in enumerate(cells) if row[0] == "Store")
    place = next(number for number, label in enumerate(cells[head]) if label.startswith("Amount"))
    assert round(sum(row[place] for row in cells[head + 1 : -1]), 2) == round(told, 2) == round(cells[-1][place], 2)


def test_a_row_leads_to_its_receipts_and_a_choice_is_saved(office, xmlrpc):
    opened(office, "sales_by_store", period="last_90_days")
    office.click(f"{TABLE}:first-child td")
    office.wait_for(".o_list_view .o_data_row")
    opened(office, "promotions", period="last_90_days", compare="before")
    office.click(".o_loy_report_save")
    office.wait_for(".o_loy_report_name")
    office.fill(".o_loy_report_name", "E2E promotions")
    office.click(".modal-footer .btn-primary")
    office.wait_for(".o_loy_report_list .o_loy_chosen")
    (saved,) = xmlrpc.call("loy.report", "search_read", [[("name", "=", "E2E promotions")]])
    assert saved["params"] == {"period": "last_90_days", "compare": "before"}


def test_a_report_is_sent_by_mail(office, xmlrpc, post):
    box, letters = post
    server = {"name": "E2E", "smtp_host": "127.0.0.1", "smtp_port": box.port, "smtp_encryption": "none", "sequence": 1}
    servers = xmlrpc.call("ir.mail_server", "create", [[server]])
    _model, queue = xmlrpc.call("ir.model.data", "check_object_reference", ["mail", "ir_cron_mail_scheduler_action"])
    # The queue is worked off here, while the mail server is there.
    xmlrpc.call("ir.cron", "write", [[queue], {"active": False}])
    try:
        opened(office, "sales_by_store", period="last_90_days")
        office.click(".o_loy_report_schedule")
        office.wait_for(".o_field_widget[name=emails] input")
        office.fill(".o_field_widget[name=name] input", "E2E stores")
        office.fill(".o_field_widget[name=emails] input", "boss@example.com")
        office.click(".o_form_button_save")
        office.wait_for("button[name=action_loy_send]")
        office.settle()
        (schedule,) = xmlrpc.call("loy.report.schedule", "search_read", [[("name", "=", "E2E stores")]])
        assert (schedule["code"], schedule["period"]) == ("sales_by_store", "last_90_days")
        xmlrpc.call("loy.report.schedule", "action_loy_send", [[schedule["id"]]])
        xmlrpc.call("ir.cron", "method_direct_trigger", [[queue]])
    finally:
        xmlrpc.call("ir.cron", "write", [[queue], {"active": True}])
        xmlrpc.call("ir.mail_server", "unlink", [servers])
    ((receivers, letter),) = [one for one in letters if "E2E stores" in str(one[1]["Subject"])]
    assert receivers == ["boss@example.com"]
    (file,) = [part for part in letter.walk() if (part.get_filename() or "").endswith(".xlsx")]
    cells = sheet_of(file.get_payload(decode=True))
    assert cells[0][0] == "E2E stores"
    assert any(row[0] == "Total" for row in cells)
