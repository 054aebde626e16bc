"""Counts calls of the API: in the process, and every some seconds all at once in a table that all servers share.

A call costs a dictionary and a lock of its own process. What a process that is killed had not handed over is lost,
at most some seconds of figures: these are for graphs, not for the books.
"""

import logging
import time
from bisect import bisect_left
from threading import Lock

import psycopg2
from odoo import models
from odoo.tools import SQL

from .errors import LoyaltyError
from .transaction import run_with_retry

_logger = logging.getLogger(__name__)

#: Upper bounds in seconds; what is slower goes into one more.
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
FLUSH_SECONDS = 15


class Meter:
    """Calls of one database since they were last handed over: {(method, result): [count, seconds, calls by bucket]}.

    >>> meter = Meter()
    >>> meter.add("health", "ok", 0.02)
    >>> meter.take()
    [('health', 'ok', 1, 0.02, [0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])]
    """

    def __init__(self):
        self._calls: dict[tuple[str, str], list] = {}
        self._lock = Lock()
        self._flushed_at = time.monotonic()

    def add(self, method: str, result: str, seconds: float) -> None:
        bucket = bisect_left(BUCKETS, seconds)
        with self._lock:
            cell = self._calls.get((method, result))
            if cell is None:
                cell = self._calls[method, result] = [0, 0.0, [0] * (len(BUCKETS) + 1)]
            cell[0] += 1
            cell[1] += seconds
            cell[2][bucket] += 1

    def take(self) -> list[tuple]:
        """All that was counted, sorted; it is not counted here any more."""
        with self._lock:
            calls, self._calls = self._calls, {}
            self._flushed_at = time.monotonic()
        return [(*name, *cell) for name, cell in sorted(calls.items())]

    def put_back(self, rows: list[tuple]) -> None:
        with self._lock:
            for method, result, count, seconds, buckets in rows:
                cell = self._calls.setdefault((method, result), [0, 0.0, [0] * (len(BUCKETS) + 1)])
                cell[0] += count
                cell[1] += seconds
                cell[2] = [one + other for one, other in zip(cell[2], buckets, strict=True)]

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._flushed_at > FLUSH_SECONDS


_meters: dict[str, Meter] = {}


def meter_of(database: str) -> Meter:
    return _meters.get(database) or _meters.setdefault(database, Meter())


class LoyMeter(models.AbstractModel):
    _name = "loy.meter"
    _description = "Counters of API calls"

    def init(self):
        self.env.cr.execute(
            SQL(
                """
                CREATE TABLE IF NOT EXISTS loy_meter (
                    method varchar NOT NULL,
                    result varchar NOT NULL,
                    calls bigint NOT NULL,
                    seconds double precision NOT NULL,
                    buckets bigint[] NOT NULL,
                    PRIMARY KEY (method, result)
                )
                """
            )
        )

    def _flush_due(self) -> None:
        """Hands over what this process has counted, when it is time. Never fails: a call must not for its figures."""
        if meter_of(self.env.cr.dbname).is_due:
            self._flush()

    def _flush(self) -> None:
        meter = meter_of(self.env.cr.dbname)
        rows = meter.take()
        if not rows:
            return
        try:
            with self.env.registry.cursor() as cr:  # its own transaction: a call's may be on a replica, or be undone
                run_with_retry(self.env(cr=cr), lambda: cr.execute(self._added(rows)))
        except (psycopg2.Error, LoyaltyError) as error:
            meter.put_back(rows)
            _logger.info("Counters could not be written: %s", error)

    def _added(self, rows: list[tuple]) -> SQL:
        return SQL(
            """
            INSERT INTO loy_meter AS meter (method, result, calls, seconds, buckets) VALUES %s
                ON CONFLICT (method, result) DO UPDATE
               SET calls = meter.calls + excluded.calls,
                   seconds = meter.seconds + excluded.seconds,
                   buckets = ARRAY(SELECT one + other
                                 FROM unnest(meter.buckets, excluded.buckets) AS pair (one, other))
            """,
            SQL(", ").join(SQL("(%s, %s, %s, %s, %s)", *row) for row in rows),
        )

    def _read(self) -> list[tuple]:
        self.env.cr.execute(SQL("SELECT method, result, calls, seconds, buckets FROM loy_meter ORDER BY 1, 2"))
        return self.env.cr.fetchall()
