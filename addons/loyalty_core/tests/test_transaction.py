"""The transaction helper on real connections: work happens wholly and once, or not at all and with a reason."""

from contextlib import contextmanager

from odoo import api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, TransactionCase, get_db_name, tagged
from odoo.tools import SQL, mute_logger
from psycopg2.errors import SerializationFailure

from ..services.errors import LoyaltyError
from ..services.transaction import TRIES, TRIES_UNIQUE, run_with_retry

CODE = "TEST_TRANSACTION"


@tagged("post_install", "-at_install")
class TestTransaction(BaseCase):
    """What is committed here is a reason record of its own, removed afterwards."""

    def setUp(self):
        super().setUp()
        Registry(get_db_name())
        self.addCleanup(self._remove)
        self._remove()
        self.calls = 0

    @contextmanager
    def _cursor(self):
        with db_connect(get_db_name()).cursor() as cr:
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _remove(self):
        with self._cursor() as env:
            env.cr.execute(SQL("DELETE FROM loy_reason WHERE code = %s", CODE))

    def _insert(self, env):
        self.calls += 1
        env.cr.execute(SQL("INSERT INTO loy_reason (code, name, usage) VALUES (%s, 'Test', 'any')", CODE))

    def _count(self):
        with self._cursor() as env:
            env.cr.execute(SQL("SELECT COUNT(*) FROM loy_reason WHERE code = %s", CODE))
            return env.cr.fetchone()[0]

    def test_work_reads_what_others_commit_while_it_waits(self):
        with self._cursor() as env:
            run_with_retry(env, lambda: None)
            env.cr.execute("SHOW transaction_isolation")
            self.assertEqual(env.cr.fetchone()[0], "read committed")

    def test_a_lost_race_is_run_again_and_takes_effect_once(self):
        def work():
            self._insert(env)
            if self.calls == 1:
                raise SerializationFailure("lost")
            return self.calls

        with self._cursor() as env:
            self.assertEqual(run_with_retry(env, work), 2)
        self.assertEqual(self._count(), 1)

    def test_a_race_that_is_never_won_is_told_and_leaves_nothing(self):
        def work():
            self._insert(env)
            raise SerializationFailure("lost")

        with self._cursor() as env, self.assertRaises(LoyaltyError) as refusal:
            run_with_retry(env, work)
        self.assertEqual((refusal.exception.code, self.calls, self._count()), ("busy", TRIES, 0))

    def test_a_value_that_is_taken_for_good_is_a_refusal_not_a_race(self):
        with self._cursor() as env:
            self._insert(env)
        self.calls = 0
        with self._cursor() as env, mute_logger("odoo.sql_db"), self.assertRaises(LoyaltyError) as refusal:
            run_with_retry(env, lambda: self._insert(env))
        self.assertEqual((refusal.exception.code, self.calls, self._count()), ("refused", TRIES_UNIQUE, 1))

    def test_a_lock_that_is_not_to_be_had_in_time_is_busy(self):
        with self._cursor() as env:
            self._insert(env)

        def work():
            self.calls += 1
            other.cr.execute("SET LOCAL lock_timeout = '50ms'")
            other.cr.execute(SQL("SELECT 1 FROM loy_reason WHERE code = %s FOR UPDATE", CODE))

        with self._cursor() as owner, self._cursor() as other:
            owner.cr.execute(SQL("SELECT 1 FROM loy_reason WHERE code = %s FOR UPDATE", CODE))
            self.calls = 0
            with mute_logger("odoo.sql_db"), self.assertRaises(LoyaltyError) as refusal:
                run_with_retry(other, work)
        self.assertEqual((refusal.exception.code, self.calls), ("busy", 1))


@tagged("post_install", "-at_install")
class TestWithinAnother(TransactionCase):
    """In somebody else's transaction nothing is rolled back but one's own work."""

    def test_what_the_owner_has_done_stays_and_half_a_work_goes(self):
        reasons = self.env["loy.reason"]
        kept = reasons.create({"code": f"{CODE}_KEPT", "name": "Kept"})

        def work():
            kept.copy({"code": f"{CODE}_HALF"}).flush_recordset()
            raise LoyaltyError("refused", "on purpose")

        with self.assertRaises(LoyaltyError):
            run_with_retry(self.env, work)
        self.assertEqual(reasons.search([("code", "=like", f"{CODE}%")]), kept)
