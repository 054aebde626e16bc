"""Fixtures of the black-box tests: a real server over a fresh database, its clients and a real browser.

A test here knows nothing but addresses, logins and what a person or a till sees. `pytest tests/e2e` works
outside bin/test too, after one `bin/test` has set the folder up; pass `-p no:odoo`.
"""

import re

import pytest

from tools import database, environment
from tools.browser import Browser
from tools.server import demo_server

PICTURES = environment.PROJECT / ".run" / "e2e"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    item.stash.setdefault(_reports, {})[report.when] = report
    return report


_reports = pytest.StashKey[dict]()


@pytest.fixture(scope="session", autouse=True)
def _environment():
    """Finds what set-up installed and keeps PostgreSQL running (bin/test has done both)."""
    environment.ensure(tests=True)
    site = database.Site("test")
    with site.cluster.started(), database.one_run(site):
        yield


def _watched(running):
    """The server; at the end its log must hold no warning (tests/allowed_log.txt lists the exceptions)."""
    yield running
    running.stop()
    found = running.install_warnings + database.problems(running.log)
    assert not found, "\n".join(["Odoo logged:", *found])


@pytest.fixture(scope="session")
def server(_environment):
    """A server with two workers, all addons and demo data. Tests share it: each makes records of its own."""
    with demo_server(workers=2, demo=True, original=database.visited) as running:
        yield from _watched(running)


@pytest.fixture(scope="session")
def bare_server(_environment):
    """The same without demo data."""
    with demo_server(workers=2, demo=False) as running:
        yield from _watched(running)


@pytest.fixture(scope="session")
def xmlrpc(server):
    """`xmlrpc.call(model, method, [positional], named=…)` as administrator.

    As somebody else: `server.xmlrpc(login, password)`.
    """
    return server.xmlrpc()


@pytest.fixture(scope="session")
def json2(server):
    """`json2.call(model, method, named=…)` as an integrator, who may call the API and nothing else."""
    return server.json2(server.integrator_key())


@pytest.fixture
def browser(server, request):
    """A browser: `browser.login(server.url, "admin", "admin")`. An error in its console fails the test."""
    with Browser() as page:
        yield page
        report = request.node.stash.get(_reports, {}).get("call")
        if report is not None and report.failed:
            picture = page.screenshot(PICTURES / f"{re.sub(r'[^0-9A-Za-z_]+', '_', request.node.name)}.png")
            print(f"picture of the failure: {picture}\n" + "\n".join(f"console {c}" for c in page.console))
        else:
            assert not page.errors(), "\n".join(["the browser's console:", *page.errors()])


@pytest.fixture(scope="session")
def session(server):
    """The administrator has logged in: how a person does it is told in test_login.py."""
    return server.session()


@pytest.fixture
def office(server, session, browser):
    """A browser in which the administrator is at work: `office.goto(f"{office.base}/odoo/…")`."""
    browser.use_session(server.url, session)
    browser.base = server.url
    return browser
