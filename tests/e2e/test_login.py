"""The door: pages, both protocols and the browser answer, and a wrong password does not open it."""

import urllib.request

import pytest

from tools.browser import BrowserError
from tools.server import Json2Error


def test_login_page_answers(server):
    with urllib.request.urlopen(f"{server.url}/web/login") as answer:
        assert answer.status == 200
        assert b'name="login"' in answer.read()


def test_administrator_reads_over_xmlrpc(xmlrpc):
    installed = [("name", "=", "loyalty_core"), ("state", "=", "installed")]
    assert xmlrpc.call("ir.module.module", "search_count", [installed]) == 1


def test_wrong_password_is_refused_over_xmlrpc(server):
    with pytest.raises(PermissionError):
        server.xmlrpc("admin", "not the password")


def test_wrong_key_is_refused_over_json2(server):
    with pytest.raises(Json2Error) as refusal:
        server.json2("0" * 40).call("res.users", "search_count", domain=[])
    assert refusal.value.status == 401


def test_integrator_reads_nothing_but_the_api(json2):
    with pytest.raises(Json2Error) as refusal:
        json2.call("res.partner", "search_count", domain=[])
    assert refusal.value.status == 403


def test_administrator_opens_the_app_in_a_browser(server, browser):
    browser.login(server.url, "admin", "admin")
    browser.goto(f"{server.url}/odoo/apps")
    assert "Loyalty Core" in browser.text(".o_action_manager")


def test_wrong_password_is_refused_in_a_browser(server, browser):
    with pytest.raises(BrowserError, match="login refused"):
        browser.login(server.url, "admin", "not the password")
