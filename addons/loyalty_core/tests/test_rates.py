"""A user of the API makes so many calls a minute and no more, however many processes serve them."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

from odoo import api, fields
from odoo.addons.loyalty_core.services import rates
from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged

from .api_common import ApiCase

LIMIT = 5
NOON = fields.Datetime.to_datetime("2026-03-01 12:00:17")


@tagged("post_install", "-at_install")
class TestRates(ApiCase):
    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()  # leases are taken on cursors of their own
        self.addCleanup(rates._leases.clear)
        self.clock = patch.object(fields.Datetime, "now", lambda: self.now)
        self.now = NOON
        self.clock.start()
        self.addCleanup(self.clock.stop)

    def served(self, calls, **request):
        """Of so many calls, how many are."""
        return sum(self.is_served(**request) for _ in range(calls))

    def is_served(self, **request):
        try:
            self.call("member_find", member=self.member, **request)
        except ApiError as refusal:
            self.assertEqual(refusal.code, "rate_limited")
            return False
        return True

    def test_the_minute_serves_its_calls_and_the_next_one_again(self):
        self.integrator.loy_calls_minute = LIMIT
        self.assertEqual(self.served(LIMIT + 3), LIMIT)
        self.now = NOON.replace(minute=1)
        self.assertEqual(self.served(LIMIT + 3), LIMIT)

    def test_a_process_that_begins_anew_gets_no_second_helping(self):
        self.integrator.loy_calls_minute = LIMIT
        self.assertEqual(self.served(3), 3)
        rates._leases.clear()
        self.assertEqual(self.served(LIMIT), LIMIT - 3)

    def test_the_refusal_says_how_long_to_wait(self):
        self.integrator.loy_calls_minute = 1
        self.served(1)
        with self.assertRaises(ApiError) as caught:
            self.call("member_find", member=self.member)
        self.assertRegex(str(caught.exception), "^rate_limited: .*t_integrator.* 1 calls .* in 43 seconds")

    def test_writes_are_counted_too_and_do_nothing_when_refused(self):
        self.integrator.loy_calls_minute = 1
        self.give(1)
        self.refused("rate_limited", "account_accrue", member=self.member, unit="T_BONUS", amount=1)
        self.integrator.loy_calls_minute = 0
        self.assertEqual(self.available(), 1)

    def test_a_limit_is_the_users_own(self):
        self.integrator.loy_calls_minute = 1
        other = self.env["loy.api"].with_user(self.new_integrator("t_other"))
        self.served(2)
        self.assertEqual(self.served(3, api=other), 3)

    def test_without_a_limit_nothing_is_asked(self):
        self.call("health")
        with patch.object(type(self.env["loy.rates"]), "_lease") as lease:
            self.served(2)
        lease.assert_not_called()

    def test_a_busy_user_costs_a_transaction_in_a_hundred_calls(self):
        self.integrator.loy_calls_minute = 1000
        taken = type(self.env["loy.rates"])._lease
        with patch.object(type(self.env["loy.rates"]), "_lease", autospec=True, side_effect=taken) as lease:
            self.served(30)
        self.assertEqual(lease.call_count, 3)


@tagged("post_install", "-at_install")
class TestRatesConcurrent(BaseCase):
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
            env.cr.execute("DELETE FROM loy_rate")

    def lease(self, _index):
        with self.transaction() as env:
            return env["loy.rates"]._lease(LIMIT, NOON)

    def test_many_processes_together_serve_the_limit(self):
        with ThreadPoolExecutor(6) as pool:
            self.assertEqual(sum(pool.map(self.lease, range(16))), LIMIT)
