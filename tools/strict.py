"""A pytest plugin: what would pass unseen fails.

- A skipped test fails unless its reason is listed in tests/allowed_skips.txt (a browser test that finds no
  browser skips itself).
- A WARNING or ERROR in Odoo's log fails the test that caused it, unless tests/allowed_log.txt allows it. What
  a test expects it catches itself (`assertLogs`, `mute_logger`), so that it never comes here.
- A run that ends before all chosen tests have ended fails.

The totals go to the file that LOY_COUNTS names.
"""

import json
import logging
import os
import pathlib

import pytest

from tools.database import allowed_patterns

SKIPS, LOG = allowed_patterns("allowed_skips.txt"), allowed_patterns("allowed_log.txt")


class _Collector(logging.Handler):
    """Collects what Odoo and the addons log at WARNING and above."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines = []

    def emit(self, record):
        line = f"{record.name}: {record.getMessage()}"
        ours = record.name.startswith(("odoo", "py.warnings", "werkzeug")) and not record.name.startswith(
            "odoo.tests"
        )
        if ours and not any(pattern.search(line) for pattern in LOG):
            if record.exc_info:
                line += "\n" + logging.Formatter().formatException(record.exc_info)
            self.lines.append(f"{record.levelname} {line}")

    def take(self):
        lines, self.lines = self.lines, []
        return "\n".join(lines)


_collector = _Collector()
_ended = set()


def _fail(report, text):
    report.outcome, report.longrepr = "failed", text


def _check(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(pattern.search(reason) for pattern in SKIPS):
            _fail(report, f"skipped, and tests/allowed_skips.txt does not list the reason: {reason}")


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session):
    logging.getLogger().addHandler(_collector)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    _check(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    _check(report)
    lines = _collector.take()
    if lines and report.passed:
        _fail(report, f"Odoo logged during {report.when} (see tests/allowed_log.txt):\n{lines}")
    return report


def pytest_runtest_logfinish(nodeid):
    _ended.add(nodeid)


def pytest_sessionfinish(session):
    path, reporter = os.environ.get("LOY_COUNTS"), session.config.pluginmanager.get_plugin("terminalreporter")
    left = _collector.take()
    if left:
        print(f"\nOdoo logged after the last test:\n{left}")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    missing = session.testscollected - len(_ended)
    if missing:
        print(f"\n{missing} of {session.testscollected} tests were not run to their end")
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if path and reporter:
        count = {name: len(reports) for name, reports in reporter.stats.items()}
        totals = {
            "passed": count.get("passed", 0),
            "failed": count.get("failed", 0) + count.get("error", 0) + count.get("xpassed", 0) + bool(left),
            "skipped": count.get("skipped", 0) + count.get("xfailed", 0),
        }
        pathlib.Path(path).write_text(json.dumps(totals))
