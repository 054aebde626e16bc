"""Readiness without a login, figures with a token."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from odoo import api, fields
from odoo.addons.loyalty_core.services import monitor
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.meter import Meter, meter_of
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, HttpCase, get_db_name, tagged
from odoo.tools import mute_logger

from .api_common import ApiCase

LINE = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+]+$')


@tagged("post_install", "-at_install")
class TestMonitor(ApiCase):
    def setUp(self):
        super().setUp()
        monitor._answers.clear()
        self.monitor = self.env["loy.monitor"]
        self.env["ir.cron"].search([]).nextcall = fields.Datetime.now() + timedelta(hours=1)
        self.env.flush_all()

    def look(self):
        self.env.flush_all()
        return self.monitor._look()

    def test_a_sound_server_passes(self):
        state = self.look()
        self.assertEqual((state["status"], state["database"], state["registry"]), ("pass", "writable", "ready"), state)
        self.assertEqual(state["warnings"], [])
        self.assertRegex(state["version"], r"^19\.0\.")

    def test_what_is_stuck_warns_and_does_not_close_the_shop(self):
        self.call("purchase_hold", purchase="T-M1", **self.basket(spend=[{"unit": "T_BONUS", "amount": "max"}]))
        self.give(100)
        self.call("purchase_hold", purchase="T-M2", **self.basket(spend=[{"unit": "T_BONUS", "amount": "max"}]))
        self.env.cr.execute(
            "UPDATE loy_hold SET held_at = held_at - interval '2 hours', deadline_at = deadline_at - interval '2 hours'"
        )
        self.env.ref("loyalty_core.loy_hold_cron").nextcall = fields.Datetime.now() - timedelta(hours=1)
        state = self.look()
        self.assertEqual(state["status"], "warn")
        self.assertEqual(state["holds_overdue"], 1)
        self.assertEqual(state["warnings"], ["job loy_hold_cron is stuck", "1 holds are overdue"])

    def test_the_answer_is_kept_for_a_moment(self):
        first = self.monitor._health()
        with patch.object(type(self.monitor), "_look") as look:
            self.assertIs(self.monitor._health(), first)
            look.assert_not_called()

    def test_the_books_are_checked_and_told(self):
        self.monitor._check_books()
        gauges = self.monitor._gauges()
        self.assertEqual(gauges["loy_books_ok"][1], 1)
        self.assertEqual(gauges["loy_books_differences"][1], 0)
        self.assertGreater(gauges["loy_books_checked_timestamp_seconds"][1], time.time() - 3600 * 24)
        self.give(10)
        self.env.flush_all()
        with self.undone(), mute_logger("odoo.addons.loyalty_core.services.monitor"):
            self.env.cr.execute("UPDATE loy_account SET total_minor = total_minor + 1 WHERE kind = 'member'")
            self.monitor._check_books()
            self.assertEqual(self.monitor._gauges()["loy_books_ok"][1], 0)

    def test_calls_are_counted_by_result(self):
        meter = meter_of(self.env.cr.dbname)
        meter.take()
        self.call("account_balance", member=self.member)
        self.call("account_balance", member=self.member)
        self.refused("member_not_found", "account_balance", member="999999999")
        counted = {row[:2]: row[2] for row in meter.take()}
        self.assertEqual(counted, {("account_balance", "ok"): 2, ("account_balance", "member_not_found"): 1})

    def test_what_processes_hand_over_is_added_up(self):
        # A name of its own: workers hand over the true ones meanwhile.
        for seconds in (0.004, 0.004, 3.0):
            meter = Meter()
            meter.add("test_added", "ok", seconds)
            self.env.cr.execute(self.env["loy.meter"]._added(meter.take()))
        ((*_name, calls, seconds, buckets),) = [row for row in self.env["loy.meter"]._read() if row[0] == "test_added"]
        self.assertEqual((calls, round(seconds, 3), buckets), (3, 3.008, [2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]))
        lines = list(self.monitor._call_lines())
        self.assertIn('loy_api_calls_total{method="test_added",result="ok"} 3', lines)
        self.assertIn('loy_api_seconds_bucket{method="test_added",le="0.005"} 2', lines)
        self.assertIn('loy_api_seconds_bucket{method="test_added",le="+Inf"} 3', lines)

    def test_counting_costs_next_to_nothing(self):
        meter, start = Meter(), time.perf_counter()
        for _ in range(10_000):
            meter.add("purchase_confirm", "ok", 0.02)
        self.assertLess((time.perf_counter() - start) / 10_000, 50e-6)


@tagged("post_install", "-at_install")
class TestMeterConcurrent(BaseCase):
    """Processes that hand over at the same moment, on real connections."""

    @contextmanager
    def transaction(self):
        with db_connect(get_db_name()).cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def setUp(self):
        super().setUp()
        Registry(get_db_name())
        self.addCleanup(self.forget)

    def forget(self):
        with self.transaction() as env:
            env.cr.execute("DELETE FROM loy_meter WHERE method = 'test_race'")

    def is_waited_for(self, env):
        env.cr.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return bool(env.cr.fetchone())

    def test_who_hands_over_while_another_does_waits_and_adds(self):
        meter = meter_of(get_db_name())
        meter.take()
        other = Meter()
        other.add("test_race", "ok", 0.02)
        with ThreadPoolExecutor(1) as pool:
            with self.transaction() as env:
                env.cr.execute(env["loy.meter"]._added(other.take()))
                meter.add("test_race", "ok", 0.02)
                flush = pool.submit(self.flush)
                while not self.is_waited_for(env) and not flush.done():
                    pass
            flush.result()
        self.assertEqual(meter.take(), [], "nothing is put back: the race was not lost")
        with self.transaction() as env:
            calls = {row[0]: row[2] for row in env["loy.meter"]._read()}
        self.assertEqual(calls["test_race"], 2)

    def flush(self):
        with self.transaction() as env:
            env["loy.meter"]._flush()


@tagged("post_install", "-at_install")
class TestMonitorHttp(HttpCase):
    def setUp(self):
        super().setUp()
        monitor._answers.clear()

    def test_readiness_needs_no_login_and_tells_no_secret(self):
        answer = self.url_open("/loy/health")
        self.assertEqual(answer.status_code, 200)
        self.assertIn(answer.json()["status"], ("pass", "warn"))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        self.assertNotIn(self.env.cr.dbname, answer.text)
        self.assertNotIn("session_id", answer.cookies)

    def test_a_server_that_cannot_write_is_not_ready(self):
        state = {"status": "fail", "database": "read only"}
        with patch.object(type(self.env["loy.monitor"]), "_look", lambda _self: state):
            self.assertEqual(self.url_open("/loy/health").status_code, 503)

    def test_figures_are_for_who_has_the_token(self):
        self.assertEqual(self.url_open("/loy/metrics").status_code, 404)
        self.env["ir.config_parameter"].set_param(monitor.TOKEN, "a long random word")
        self.assertEqual(self.url_open("/loy/metrics").status_code, 401)
        wrong = {"Authorization": "Bearer another word"}
        self.assertEqual(self.url_open("/loy/metrics", headers=wrong).status_code, 401)
        answer = self.url_open("/loy/metrics", headers={"Authorization": "Bearer a long random word"})
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))
        lines = answer.text.splitlines()
        self.assertIn("# TYPE loy_holds_overdue gauge", lines)
        for line in lines:
            self.assertTrue(line.startswith("#") or LINE.match(line), line)


@tagged("post_install", "-at_install")
class TestUninstall(ApiCase):
    def test_points_are_not_thrown_away_by_a_click(self):
        self.give(5)
        self.env.flush_all()
        for name in ("loyalty_core", "product"):  # what it depends on would take it along
            module = self.env["ir.module.module"].search([("name", "=", name)])
            with self.assertRaisesRegex(LoyaltyError, "^ledger_not_empty: .*loyalty_core.uninstall_with_data"):
                module.button_uninstall()
            self.assertEqual(module.state, "installed")

    def test_somebody_who_says_so_may(self):
        self.give(5)
        self.env["ir.config_parameter"].set_param("loyalty_core.uninstall_with_data", "True")
        module = self.env["ir.module.module"].search([("name", "=", "loyalty_core")])
        module.button_uninstall()
        self.assertEqual(module.state, "to remove")
