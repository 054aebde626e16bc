"""Real transactions on real connections that fight for the same account: what they leave behind obeys the
laws.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from queue import Queue
from threading import Barrier

from odoo import api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger
from psycopg2.errors import DeadlockDetected, SerializationFailure

from ..services.errors import LoyaltyError
from ..services.posting import Accrual, Reversal, Source
from ..services.transaction import run_with_retry

SOURCE = Source("test")
CLIENTS = 16


@tagged("post_install", "-at_install")
class TestLedgerConcurrent(BaseCase):
    """What is committed here is removed afterwards, guards and all: the tests own their unit and member."""

    def setUp(self):
        super().setUp()
        Registry(get_db_name())
        self.start = datetime(2026, 3, 1)
        self.addCleanup(self._remove)
        self._remove()
        with self._transaction() as env:
            self.unit = env["loy.unit"].create({"code": "TEST_RACE", "name": "Race"}).id
            self.members = env["res.partner"].create([{"name": "Racer"}, {"name": "Second racer"}]).ids
            accounts = env["loy.ledger"]._accounts(self.members, [self.unit], create=True)
            self.accounts = [accounts[member, self.unit] for member in self.members]
            self.account = self.accounts[0]

    @contextmanager
    def _transaction(self, isolation="REPEATABLE READ"):
        with db_connect(get_db_name()).cursor() as cr:
            cr.execute(SQL("SET TRANSACTION ISOLATION LEVEL %s", SQL(isolation)))
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _remove(self):
        with self._transaction() as env:
            cr = env.cr
            cr.execute("SELECT id FROM loy_unit WHERE code = 'TEST_RACE'")
            units = [row[0] for row in cr.fetchall()]
            tables = ("loy_entry", "loy_transaction", "loy_lot", "loy_revision")
            for table in tables:
                cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table)))
            cr.execute("SELECT DISTINCT transaction_id FROM loy_entry WHERE unit_id = ANY(%s)", [units])
            transactions = [row[0] for row in cr.fetchall()]
            cr.execute("SELECT DISTINCT hold_id FROM loy_hold_line WHERE unit_id = ANY(%s)", [units])
            holds = [row[0] for row in cr.fetchall()]
            cr.execute("DELETE FROM loy_entry WHERE unit_id = ANY(%s)", [units])
            cr.execute("DELETE FROM loy_hold_line WHERE unit_id = ANY(%s)", [units])
            cr.execute("DELETE FROM loy_lot WHERE unit_id = ANY(%s)", [units])
            cr.execute(
                "DELETE FROM loy_transaction WHERE id = ANY(%s) OR hold_id = ANY(%s)", [transactions, holds]
            )
            cr.execute("DELETE FROM loy_hold WHERE id = ANY(%s)", [holds])
            cr.execute("DELETE FROM loy_account WHERE unit_id = ANY(%s) RETURNING member_id", [units])
            members = [row[0] for row in cr.fetchall() if row[0]]
            cr.execute("DELETE FROM loy_revision WHERE res_model = 'loy.unit' AND res_id = ANY(%s)", [units])
            for table in tables:
                cr.execute(SQL("ALTER TABLE %s ENABLE TRIGGER USER", SQL.identifier(table)))
            env["res.partner"].browse(members).exists().unlink()
            cr.execute("DELETE FROM loy_unit WHERE id = ANY(%s)", [units])

    def _accrue(self, amount, **values):
        with self._transaction() as env:
            return env["loy.ledger"]._accrue(
                [Accrual(self.account, amount, **values)], at=self.start, source=SOURCE
            )[0]

    def _race(self, *works, clients=CLIENTS, retry=True):
        """Every client does its work, all at the same moment; returns what each has got: a result or an
        error.
        """
        barrier = Barrier(clients)

        def client(number):
            with self._transaction() as env:
                barrier.wait(30)
                work = works[number % len(works)]
                try:
                    if retry:
                        return run_with_retry(env, lambda: work(env["loy.ledger"], number))
                    return work(env["loy.ledger"], number)
                except (LoyaltyError, SerializationFailure, DeadlockDetected) as error:
                    env.cr.rollback()
                    return error

        with mute_logger("odoo.sql_db"), ThreadPoolExecutor(clients) as pool:
            return list(pool.map(client, range(clients)))

    def _codes(self, results):
        return sorted(result.code for result in results if isinstance(result, LoyaltyError))

    def _balance(self, account=None, at=None):
        with self._transaction() as env:
            self.assertEqual(env["loy.ledger"]._check_books()["differences"], [])
            account = account or self.account
            return env["loy.ledger"]._balances([account], at or self.start + timedelta(days=1))[account]

    def _spend(self, amount):
        return lambda ledger, _number: ledger._spend(
            {self.account: amount}, at=self.start + timedelta(hours=1), source=SOURCE
        )

    def test_sixteen_clients_never_overdraw_an_account_and_get_no_error(self):
        self._accrue(10)
        self._accrue(10, expires_at=self.start + timedelta(days=9))
        self._accrue(9)
        results = self._race(self._spend(2))
        self.assertEqual(self._codes(results), ["insufficient_points"] * 2)
        self.assertEqual(sum(isinstance(result, int) for result in results), 14)
        self.assertEqual(self._balance().available, 1)

    def test_under_a_frozen_snapshot_the_loser_is_told_and_nothing_is_lost(self):
        self._accrue(100)
        results = self._race(self._spend(2), clients=8, retry=False)
        done = sum(isinstance(result, int) for result in results)
        self.assertGreaterEqual(done, 1)
        self.assertTrue(all(isinstance(result, (int, SerializationFailure)) for result in results))
        self.assertEqual(self._balance().available, 100 - 2 * done)

    def test_spending_and_expiry_never_use_a_lot_twice(self):
        expires = self.start + timedelta(days=2)
        for _number in range(6):
            self._accrue(5, expires_at=expires)
        results = self._race(
            self._spend(5), lambda ledger, _number: ledger._expire(self.start + timedelta(days=3), limit=3)
        )
        self.assertFalse(
            [result for result in results if isinstance(result, Exception) and not self._codes([result])]
        )
        with self._transaction() as env:
            env["loy.ledger"]._expire(self.start + timedelta(days=3))
        self.assertEqual(self._balance(at=self.start + timedelta(days=4)).active, 0)
        with self._transaction() as env:
            entries = env["loy.entry"]._read_group(
                [("account_id", "=", self.account)], ["kind"], ["amount_minor:sum"]
            )
            moved = dict(entries)
        self.assertEqual(moved["accrue"], moved.get("spend", 0) + moved.get("expire", 0))

    def test_a_hold_that_many_end_ends_once(self):
        self._accrue(10)
        with self._transaction() as env:
            hold = env["loy.ledger"]._hold(
                {self.account: 6}, at=self.start, deadline_at=self.start + timedelta(days=1), source=SOURCE
            )
        results = self._race(
            lambda ledger, _number: ledger._settle(hold, at=self.start, source=SOURCE),
            lambda ledger, _number: ledger._release(hold, at=self.start),
        )
        self.assertEqual(self._codes(results), ["hold_ended"] * (CLIENTS - 1))
        self.assertEqual(self._balance().held, 0)

    def test_a_purchase_that_many_return_is_returned_once(self):
        self._accrue(10)
        with self._transaction() as env:
            spent = env["loy.ledger"]._spend({self.account: 6}, at=self.start, source=SOURCE)
        results = self._race(
            lambda ledger, _number: ledger._reverse([Reversal(spent)], at=self.start, source=SOURCE)
        )
        self.assertEqual(sorted(bool(result[0].given) for result in results), [False] * (CLIENTS - 1) + [True])
        self.assertEqual(self._balance().available, 10)

    def test_parts_that_many_return_never_exceed_what_was_spent(self):
        self._accrue(10)
        with self._transaction() as env:
            spent = env["loy.ledger"]._spend({self.account: 6}, at=self.start, source=SOURCE)
        part = Reversal(spent, {self.account: 1})
        results = self._race(lambda ledger, _number: ledger._reverse([part], at=self.start, source=SOURCE))
        self.assertEqual(self._codes(results), ["reversal_exceeds"] * (CLIENTS - 6))
        self.assertEqual(self._balance().available, 10)

    def test_a_first_purchase_that_comes_twice_opens_one_account(self):
        with self._transaction() as env:
            member = env["res.partner"].create({"name": "Newcomer"}).id
        results = self._race(
            lambda ledger, _number: ledger._accounts([member], [self.unit], create=True)[member, self.unit],
            clients=8,
        )
        self.assertEqual(len(set(results)), 1)

    def test_accounts_named_in_any_order_cause_no_deadlock(self):
        first, second = self.accounts
        with self._transaction() as env:
            env["loy.ledger"]._accrue(
                [Accrual(account, 100) for account in self.accounts], at=self.start, source=SOURCE
            )
        results = self._race(
            lambda ledger, _number: ledger._spend({first: 1, second: 1}, at=self.start, source=SOURCE),
            lambda ledger, _number: ledger._spend({second: 1, first: 1}, at=self.start, source=SOURCE),
        )
        self.assertTrue(all(isinstance(result, int) for result in results), results)
        self.assertEqual([self._balance(account).available for account in self.accounts], [84, 84])

    def test_accounts_that_share_an_overdue_hold_are_locked_in_one_go(self):
        first, second = sorted(self.accounts)
        with self._transaction() as env:
            ledger = env["loy.ledger"]
            ledger._accrue([Accrual(account, 100) for account in self.accounts], at=self.start, source=SOURCE)
            ledger._hold(
                {first: 5, second: 5}, at=self.start, deadline_at=self.start + timedelta(minutes=5), source=SOURCE
            )

        def spend():
            with self._transaction("READ COMMITTED") as env:
                pids.put(env.cr._cnx.get_backend_pid())
                env["loy.ledger"]._spend({second: 99}, at=self.start + timedelta(hours=1), source=SOURCE)

        pids = Queue()
        with ThreadPoolExecutor(1) as pool, self._transaction("READ COMMITTED") as env:
            env["loy.ledger"]._lock([first])
            spending = pool.submit(spend)
            pid = pids.get(timeout=30)
            for _try in range(1000):
                env.cr.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [pid])
                if env.cr.fetchone()[0]:
                    break
                time.sleep(0.01)
            # It waits for the first account and holds nothing that comes after it.
            env.cr.execute("SELECT id FROM loy_account WHERE id = %s FOR UPDATE NOWAIT", [second])
            env.cr.rollback()
            spending.result(30)
        self.assertEqual(self._balance(second).available, 1)
