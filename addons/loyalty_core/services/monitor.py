"""Readiness and figures for those who run the server: nothing here names a member, a purchase or a secret."""

import json
import logging
import time
from datetime import timedelta

from odoo import fields, models, release
from odoo.tools import SQL

from .meter import BUCKETS

TOKEN = "loyalty_core.metrics_token"  # the name of a system parameter
BOOKS = "loyalty_core.books_checked"
KEPT_SECONDS = 2.0  # an answer about readiness is given again for so long, however often it is asked
CRON_PATIENCE = timedelta(minutes=30)  # a job that should have begun so long ago is stuck
HOLDS_PATIENCE = timedelta(minutes=30)

_logger = logging.getLogger(__name__)

_answers: dict[str, tuple[float, dict]] = {}


class LoyMonitor(models.AbstractModel):
    _name = "loy.monitor"
    _description = "Monitoring service"

    # ------------------------------------------------------------------ readiness

    def _health(self) -> dict:
        """``status`` is ``pass``, ``warn`` (something waits for people, tills are served) or ``fail``.

        A balancer takes a server out for ``fail`` alone: a job that is stuck is stuck for all servers, and taking them
        all out would turn a late job into a closed shop.
        """
        kept = _answers.get(self.env.cr.dbname)
        if kept and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        answer = self._look()
        _answers[self.env.cr.dbname] = time.monotonic(), answer
        return answer

    def _look(self) -> dict:
        registry = self.env.registry
        if not registry.ready or "loy.api" not in registry:
            return {"status": "fail", "registry": "not ready"}
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                SELECT pg_is_in_recovery(),
                       current_setting('default_transaction_read_only') = 'on',
                       (SELECT COUNT(*) FROM loy_hold WHERE state = 'open' AND deadline_at <= %s),
                       ARRAY(SELECT data.name FROM ir_cron AS cron
                               JOIN ir_model_data AS data ON data.model = 'ir.cron' AND data.res_id = cron.id
                              WHERE data.module LIKE 'loyalty\\_%%' AND cron.active AND cron.nextcall <= %s
                              ORDER BY data.name),
                       (SELECT latest_version FROM ir_module_module WHERE name = 'loyalty_core')
                """,
                now - HOLDS_PATIENCE,
                now - CRON_PATIENCE,
            )
        )
        is_replica, is_read_only, holds, crons, version = self.env.cr.fetchone()
        database = "replica" if is_replica else "read only" if is_read_only else "writable"
        warnings = [
            *(f"job {name} is stuck" for name in crons),
            *([f"{holds} holds are overdue"] if holds else []),
        ]
        status = "fail" if database == "read only" else "warn" if warnings else "pass"
        return {
            "status": status,
            "database": database,
            "registry": "ready",
            "version": version,
            "odoo": release.version,
            "holds_overdue": holds,
            "warnings": warnings,
        }

    # ------------------------------------------------------------------ figures

    def _token(self) -> str:
        # sudo: whoever asks is nobody; the token is compared with, not told
        return self.env["ir.config_parameter"].sudo().get_param(TOKEN) or ""

    def _metrics(self) -> str:
        """All figures in the text format of Prometheus."""
        self.env["loy.meter"]._flush()
        return "\n".join([*self._call_lines(), *self._gauge_lines(), ""])

    def _call_lines(self):
        yield "# HELP loy_api_calls_total Calls of the API by method and result: ok, or the code of the refusal."
        yield "# TYPE loy_api_calls_total counter"
        rows = self.env["loy.meter"]._read()
        for method, result, calls, _seconds, _buckets in rows:
            yield f'loy_api_calls_total{{method="{method}",result="{result}"}} {calls}'
        yield "# HELP loy_api_seconds Duration of calls in the server, by method."
        yield "# TYPE loy_api_seconds histogram"
        by_method: dict[str, list] = {}
        for method, _result, calls, seconds, buckets in rows:
            total = by_method.setdefault(method, [0, 0.0, [0] * len(buckets)])
            total[0] += calls
            total[1] += seconds
            total[2] = [one + other for one, other in zip(total[2], buckets, strict=True)]
        for method, (calls, seconds, buckets) in by_method.items():
            below = 0
            for bound, count in zip((*BUCKETS, "+Inf"), buckets, strict=True):
                below += count
                yield f'loy_api_seconds_bucket{{method="{method}",le="{bound}"}} {below}'
            yield f'loy_api_seconds_sum{{method="{method}"}} {seconds:.6f}'
            yield f'loy_api_seconds_count{{method="{method}"}} {calls}'

    def _gauge_lines(self):
        for name, (meaning, value) in self._gauges().items():
            if value is not None:
                yield f"# HELP {name} {meaning}"
                yield f"# TYPE {name} gauge"
                yield f"{name} {value:g}"

    def _gauges(self) -> dict[str, tuple[str, float | None]]:
        """Name → (what it is, value). One query; each count walks an index of what is open."""
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                SELECT (SELECT COUNT(*) FROM loy_hold WHERE state = 'open'),
                       (SELECT COUNT(*) FROM loy_hold WHERE state = 'open' AND deadline_at <= %(now)s),
                       (SELECT COUNT(*) FROM loy_lot
                         WHERE is_open AND expires_at <= %(now)s AND remaining_minor > held_minor),
                       (SELECT COUNT(*) FROM loy_lot
                         WHERE is_open AND expires_at > %(now)s AND expires_at <= %(tomorrow)s),
                       (SELECT COUNT(*) FROM loy_purchase WHERE state = 'held' AND held_until_at <= %(now)s
                           AND purchased_at > %(yesterday)s),
                       (SELECT COUNT(*) FROM loy_purchase WHERE purchased_at > %(yesterday)s),
                       pg_database_size(current_database()),
                       (SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()),
                       (SELECT MAX(EXTRACT(EPOCH FROM clock_timestamp() - xact_start)) FROM pg_stat_activity
                         WHERE datname = current_database() AND xact_start IS NOT NULL),
                       (SELECT MAX(EXTRACT(EPOCH FROM %(now)s - cron.nextcall)) FROM ir_cron AS cron
                          JOIN ir_model_data AS data ON data.model = 'ir.cron' AND data.res_id = cron.id
                         WHERE data.module LIKE 'loyalty\\_%%' AND cron.active)
                """,
                now=now,
                tomorrow=now + timedelta(days=1),
                yesterday=now - timedelta(days=1),
            )
        )
        (
            holds, overdue, to_book, to_expire, incomplete, purchases, size, connections, oldest, late,
        ) = self.env.cr.fetchone()  # fmt: skip
        books = self._books_checked()
        return {
            "loy_holds_open": ("Purchases that are held.", holds),
            "loy_holds_overdue": ("Holds past their deadline that no job has released yet.", overdue),
            "loy_lots_to_book": ("Lots that have expired and are not booked as such yet.", to_book),
            "loy_lots_to_expire_day": ("Lots that expire within a day.", to_expire),
            "loy_purchases_day": ("Purchases of the last 24 hours.", purchases),
            "loy_purchases_incomplete_day": ("Of these held past the deadline.", incomplete),
            "loy_purchases_incomplete_share": ("Their share.", incomplete / purchases if purchases else 0.0),
            "loy_cron_late_seconds": ("How late the latest of our jobs is.", max(late or 0.0, 0.0)),
            "loy_books_ok": ("1 when the last check of the books found nothing.", books.get("ok")),
            "loy_books_seconds": ("How long it took.", books.get("seconds")),
            "loy_books_checked_timestamp_seconds": ("When it was.", books.get("at")),
            "loy_books_differences": ("How many differences it found.", books.get("differences")),
            "loy_database_bytes": ("Size of the database.", size),
            "loy_database_connections": ("Connections to the database.", connections),
            "loy_database_oldest_transaction_seconds": ("Age of the oldest transaction.", oldest),
        }

    # ------------------------------------------------------------------ the nightly check

    def _books_checked(self) -> dict:
        # sudo: figures without a name, whoever asks
        return json.loads(self.env["ir.config_parameter"].sudo().get_param(BOOKS) or "{}")

    def _check_books(self) -> None:
        """The nightly proof of the ledger; what it found is kept for monitoring and said in the log."""
        start = time.perf_counter()
        books = self.env["loy.ledger"]._check_books()
        told = {
            "ok": int(books["ok"]),
            "seconds": round(time.perf_counter() - start, 3),
            "at": int(fields.Datetime.now().timestamp()),
            "differences": len(books["differences"]),
        }
        # sudo: the job's user may be one who reads no parameters
        self.env["ir.config_parameter"].sudo().set_param(BOOKS, json.dumps(told))
        if not books["ok"]:
            _logger.error("The books do not balance: %s", books["differences"][:10])
