"""What tests on real connections share: they commit, and what they leave behind is removed afterwards."""

import time
from contextlib import contextmanager
from threading import Thread

from odoo import api
from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tests import BaseCase, get_db_name
from odoo.tools import SQL

WAIT_SECONDS = 20


class CommittedCase(BaseCase):
    """Rows that are newer than the test's beginning go at its end, guards and all: rows that were there before it are
    not to be changed by a test."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self._last = self._newest()
        self.addCleanup(self._remove)

    @contextmanager
    def transaction(self):
        """As `run_with_retry` begins one."""
        with db_connect(get_db_name()).cursor() as cr:
            cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            yield api.Environment(cr, api.SUPERUSER_ID, {})

    def _newest(self) -> dict[str, int]:
        with self.transaction() as env:
            env.cr.execute(
                """
                SELECT table_name FROM information_schema.columns JOIN information_schema.tables
                 USING (table_schema, table_name)
                 WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND column_name = 'id'
                   AND data_type IN ('integer', 'bigint')
                """
            )
            tables = [table for (table,) in env.cr.fetchall()]
            newest = SQL(" UNION ALL ").join(
                SQL("SELECT %s, COALESCE(max(id), 0) FROM %s", table, SQL.identifier(table)) for table in tables
            )
            return dict(env.execute_query(newest))

    def _remove(self):
        grown = {table: last for table, last in self._newest().items() if last > self._last.get(table, last)}
        with self.transaction() as env:
            env.cr.execute("SET LOCAL session_replication_role = replica")
            for table in grown:
                env.cr.execute(SQL("DELETE FROM %s WHERE id > %s", SQL.identifier(table), self._last[table]))
        self.registry.clear_all_caches()

    def start(self, work):
        """Begin ``work(env)`` on a connection of its own; answer when it waits for a lock."""
        other = Beside(self, work)
        other.start()
        other.until_it_waits()
        return other


class Beside(Thread):
    """Another client: its transaction is committed at its end, and its error is that of ``result()``."""

    def __init__(self, case, work):
        super().__init__(daemon=True)
        self._case, self._work = case, work
        self._pid, self._error, self._result = None, None, None

    def run(self):
        try:
            with self._case.transaction() as env:
                env.cr.execute("SELECT pg_backend_pid()")
                (self._pid,) = env.cr.fetchone()
                self._result = self._work(env)
        except Exception as error:
            self._error = error

    def until_it_waits(self):
        """Returns when the database says that it waits for another transaction, or when it has ended."""
        end = time.monotonic() + WAIT_SECONDS
        with self._case.transaction() as env:
            while time.monotonic() < end and self.is_alive():
                env.cr.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self._pid])
                if env.cr.fetchone()[0]:
                    return
                self.join(0.01)

    def result(self):
        self.join(WAIT_SECONDS)
        if self.is_alive():
            raise AssertionError("the other client still waits")
        if self._error:
            raise self._error
        return self._result
