"""Sums that follow a table that is only added to: sealed up to a number, then folded in batches."""

import logging
from types import ModuleType

from odoo import models
from psycopg2.errors import LockNotAvailable

_logger = logging.getLogger(__name__)


def seal(env, statements: ModuleType) -> None:
    """Note the latest number below which none will come any more. Writers wait for that instant only, not until the
    transaction ends: the lock goes with the savepoint. ``LockNotAvailable`` where they write for long.
    """
    with env.cr.savepoint(flush=False) as savepoint:
        for statement in statements.quiet():
            env.cr.execute(statement)
        ((latest,),) = env.execute_query(statements.latest())
        savepoint.rollback()
    env.cr.execute(statements.seal(latest))


class LoyFolding(models.AbstractModel):
    """Folds by ``_statements`` (quiet, latest, seal, mark, end_of_batch); ``_fold_between`` says how a range of numbers
    is added. Law: each number is folded once, whatever commits when and in however many batches."""

    _name = "loy.folding"
    _description = "Sums that are folded"
    _statements: ModuleType
    _batch = 100_000

    def _run(self) -> None:
        """Seal, then fold in batches, each a transaction; stopped anywhere it goes on where it was."""
        cron = self.env["ir.cron"]
        try:
            self._seal_next()
        except LockNotAvailable:
            self.env.cr.rollback()
            _logger.info("Somebody books for long: %s are folded next time", self._description.lower())
            return
        cron._commit_progress()
        while self._fold():
            if not cron._commit_progress(1, remaining=1):
                return
        cron._commit_progress(remaining=0)

    def _seal_next(self) -> None:
        """Seal where all is folded that was sealed before: what is far behind is caught up with first."""
        ((folded, sealed),) = self.env.execute_query(self._statements.mark())
        if folded >= sealed:
            self._seal()

    def _seal(self) -> None:
        seal(self.env, self._statements)

    def _fold(self, limit: int | None = None) -> bool:
        """The next ones, so many at most; False when nothing is left."""
        ((folded, sealed),) = self.env.execute_query(self._statements.mark())
        if folded >= sealed:
            self._rest(sealed)
            return False
        ((until,),) = self.env.execute_query(self._statements.end_of_batch(folded, sealed, limit or self._batch))
        self._fold_between(folded, until)
        return True

    def _fold_between(self, after: int, until: int) -> None:
        raise NotImplementedError

    def _rest(self, sealed: int) -> None:
        """All is folded that was sealed."""
