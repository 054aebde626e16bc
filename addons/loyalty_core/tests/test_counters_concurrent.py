"""Real transactions on real connections that draw on one limit: it is used to the last unit and never passed."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from threading import Barrier

from odoo import api
from odoo.addons.loyalty_core.services.counters import Drawn, _Passed
from odoo.addons.loyalty_core.services.transaction import run_with_retry
from odoo.addons.loyalty_core.sql import counters
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged

from .committed_common import CommittedCase

CLIENTS = 16
#: No promotions: counters refer to no row. What is committed here is removed afterwards.
FIRST, SECOND = -77, -78


@tagged("post_install", "-at_install")
class TestCountersConcurrent(BaseCase):
    def setUp(self):
        super().setUp()
        Registry(get_db_name())
        self.addCleanup(self._remove)
        self._remove()

    @contextmanager
    def _transaction(self):
        with db_connect(get_db_name()).cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _remove(self):
        with self._transaction() as env:
            env.cr.execute("DELETE FROM loy_counter WHERE ref < 0")

    def _race(self, limits, *, clients=CLIENTS, times=1, amounts=lambda: 1, kinds=("total",), refs=(FIRST,)):
        """What all clients together have got of each draw: an amount, or nothing."""
        barrier = Barrier(clients)

        def draw(env, amount, order):
            rows = [Drawn(ref, 1, 1, None, date(2026, 3, 1), kinds, amount, amount, 0) for ref in order]
            room = {(kind, ref): limits[kind] for kind in kinds for ref in refs}
            return env["loy.counters"]._move(1, rows, room, False)

        def client(number):
            chance = random.Random(number)
            got = 0
            with self._transaction() as env:
                barrier.wait(30)
                for _time in range(times):
                    amount = amounts()
                    try:
                        run_with_retry(env, partial(draw, env, amount, chance.sample(refs, len(refs))))
                        env.cr.commit()
                        got += amount
                    except _Passed:
                        env.cr.rollback()
            return got

        with ThreadPoolExecutor(clients) as pool:
            return sum(pool.map(client, range(clients)))

    def _used(self, ref=FIRST):
        with self._transaction() as env:
            env.cr.execute(
                "SELECT kind, SUM(used)::int8, SUM(quota)::int8, COUNT(*) "
                "FROM loy_counter WHERE ref = %s GROUP BY kind",
                [ref],
            )
            return {kind: tuple(row) for kind, *row in env.cr.fetchall()}

    def test_of_all_who_want_the_last_use_one_gets_it(self):
        self.assertEqual(self._race({"total": 1}, times=4), 1)
        self.assertEqual(self._used(), {"total": (1, 1, 1)})

    def test_a_split_budget_is_used_to_the_last_unit_and_not_passed(self):
        limits = {"budget": 6_000}
        got = self._race(limits, times=40, amounts=lambda: random.choice((1, 3, 7, 30)), kinds=("budget",))
        used, quota, rows = self._used()["budget"]
        self.assertEqual(used, got)
        self.assertEqual(quota, 6_000)
        self.assertGreater(rows, 1)
        self.assertLessEqual(6_000 - self._race(limits, times=200, kinds=("budget",)) - got, 0)
        self.assertEqual(self._used()["budget"][:2], (6_000, 6_000))

    def test_draws_and_what_is_given_back_meet_without_loss(self):
        limits = {"budget": 3_000}
        self._race(limits, clients=4, times=10, amounts=lambda: 40, kinds=("budget",))
        got = self._race(limits, times=30, amounts=lambda: random.choice((-20, -5, 9, 25, 60)), kinds=("budget",))
        used, _quota, _rows = self._used()["budget"]
        self.assertEqual(used, 1_600 + got)
        self.assertLessEqual(used, 3_000)

    def test_counters_named_in_any_order_cause_no_deadlock(self):
        limits = {"total": 5_000, "per_day": 5_000, "budget": 5_000}
        kinds = ("per_day", "total", "budget")
        got = self._race(limits, times=25, kinds=kinds, refs=(FIRST, SECOND))
        self.assertEqual(got, CLIENTS * 25)
        for ref in (FIRST, SECOND):
            self.assertEqual({kind: row[0] for kind, row in self._used(ref).items()}, dict.fromkeys(kinds, got))


@tagged("post_install", "-at_install")
class TestCountersGrow(CommittedCase):
    """A counter gets more rows, for smaller draws, while somebody waits for those that it had."""

    def wishes(self, amount):
        return [("budget", FIRST, None, amount, 6_000)]

    def draw(self, env, amount):
        """As when no row by itself has room for it."""
        env["loy.counters"]._move_slowly(1, self.wishes(amount), False)

    def test_who_waited_knows_all_rows(self):
        with self.transaction() as env:
            self.draw(env, 30)
            env.cr.commit()
            # One of small draws has made its rows and has locked all.
            env.cr.execute(counters.make(1, [("budget", FIRST, None, 16)]))
            rows = env.execute_query(counters.lock(1, self.wishes(1)))
            other = self.start(lambda env: self.draw(env, 30))
            quotas = {row_id: (used, used + 5_970 // 16) for *_key, row_id, used in rows}
            env.cr.execute(counters.split([(row_id, *values, 6_000) for row_id, values in quotas.items()]))
            env.cr.commit()
            other.result()
            env.cr.execute("SELECT COUNT(*), SUM(used)::int8, SUM(quota)::int8 FROM loy_counter WHERE ref < 0")
            self.assertEqual(env.cr.fetchone(), (16, 60, 6_000))
