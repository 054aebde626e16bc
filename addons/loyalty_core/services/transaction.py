"""The one way in which work that takes locks is run.

Odoo runs every request under REPEATABLE READ: whoever waits for a row that another transaction then changes is thrown
out and sleeps for seconds. Our writes take explicit locks in a fixed order and re-read what they locked, so they need
no frozen snapshot; READ COMMITTED lets them queue on the lock instead and each waits only for its turn.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from odoo.api import Environment
from odoo.tools import SQL
from psycopg2 import errors as pg

from .errors import LoyaltyError

_logger = logging.getLogger(__name__)

T = TypeVar("T")

# What another transaction did to us, and what looks different when we look again.
RETRIED = (pg.SerializationFailure, pg.DeadlockDetected, pg.UniqueViolation)
TRIES = 8
# The winner of a race for a unique value is seen at the second look; what still collides then is not a race.
TRIES_UNIQUE = 3
FIRST_PAUSE_SECONDS = 0.004
LOCK_TIMEOUT = "10s"


def run_with_retry(env: Environment, work: Callable[[], T]) -> T:
    """``work`` happens wholly or not at all, and a lost race is run again before anybody hears of it.

    Only a transaction in which nothing has been written yet may be started anew; inside somebody else's transaction
    (a test, another addon) ``work`` runs in a savepoint, and a conflict is for the owner to repeat. Pauses are
    milliseconds, doubling with jitter: the peer holds its locks no longer than that.

    :raises LoyaltyError: ``busy`` when the lock could not be had in time.
    """
    env.flush_all()
    if not _is_untouched(env):
        with env.cr.savepoint():
            return work()
    for attempt in range(1, TRIES + 1):
        _begin(env)
        try:
            result = work()
            env.flush_all()
            return result
        except RETRIED as conflict:
            _forget(env)
            if isinstance(conflict, pg.UniqueViolation) and attempt == TRIES_UNIQUE:
                raise _taken(env, conflict) from conflict
            if attempt == TRIES:
                raise _busy(env) from conflict
            _logger.info("%s, attempt %s is repeated", type(conflict).__name__, attempt)
        except pg.LockNotAvailable as late:
            _forget(env)
            raise _busy(env) from late
        time.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    raise AssertionError("unreachable")


def lock_name(env: Environment, *parts: object) -> None:
    """Two transactions that lock the same name follow one another; the lock ends with the transaction.

    It serialises work on things that may have no row yet: a purchase number, an idempotency key.
    """
    env.cr.execute(SQL("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", _name(parts)))


def try_lock_name(env: Environment, *parts: object) -> bool:
    """The same where nobody else has it; False, and no waiting, where somebody has."""
    env.cr.execute(SQL("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", _name(parts)))
    return env.cr.fetchone()[0]


def _name(parts: tuple[object, ...]) -> str:
    return "\x1f".join(str(part) for part in parts)


def _is_untouched(env: Environment) -> bool:
    env.cr.execute(SQL("SELECT pg_current_xact_id_if_assigned() IS NULL"))
    return env.cr.fetchone()[0]


def _begin(env: Environment) -> None:
    env.cr.rollback()
    env.cr.execute(
        SQL("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = %s", LOCK_TIMEOUT)
    )


def _forget(env: Environment) -> None:
    """As Odoo's own ``retrying`` does between two attempts: neither caches nor pending writes survive."""
    env.cr.rollback()
    env.transaction.reset()
    env.registry.reset_changes()


def _taken(env: Environment, conflict: pg.UniqueViolation) -> LoyaltyError:
    return LoyaltyError(
        "refused", env._("Another record has this value already: %s", conflict.diag.message_detail or "")
    )


def _busy(env: Environment) -> LoyaltyError:
    return LoyaltyError("busy", env._("Too many changes to the same record at once. Send the same request again."))


__all__ = ["lock_name", "run_with_retry", "try_lock_name"]
