"""Sales by hours, promotions and categories by days: folded every hour."""

import logging

from odoo import models
from psycopg2.errors import LockNotAvailable

from ..sql import sales_facts as sql

_logger = logging.getLogger(__name__)

BATCH = 100_000


class LoySalesFacts(models.AbstractModel):
    """Law: every receipt is in the sums once, whatever commits when and in however many batches it is folded."""

    _name = "loy.sales.facts"
    _description = "Sales by hours and days"

    def _run(self) -> None:
        """Seal, then fold in batches, each a transaction; stopped anywhere it goes on where it was."""
        cron = self.env["ir.cron"]
        try:
            self._seal_next()
        except LockNotAvailable:
            self.env.cr.rollback()
            _logger.info("Somebody books for long: sales are folded next time")
            return
        cron._commit_progress()
        while self._fold():
            if not cron._commit_progress(1, remaining=1):
                return
        cron._commit_progress(remaining=0)

    def _seal_next(self) -> None:
        """Seal where all is folded that was sealed before: what is far behind is caught up with first."""
        ((folded, sealed),) = self.env.execute_query(sql.mark())
        if folded >= sealed:
            self._seal()

    def _seal(self) -> None:
        """Note the latest line. Tills wait for that instant only, not until the transaction ends: the lock goes with
        the savepoint.
        """
        self.env.flush_all()
        with self.env.cr.savepoint(flush=False) as savepoint:
            for statement in sql.quiet():
                self.env.cr.execute(statement)
            ((latest,),) = self.env.execute_query(sql.latest())
            savepoint.rollback()
        self.env.cr.execute(sql.seal(latest))

    def _fold(self, limit: int = BATCH) -> bool:
        """The receipts of the next lines, so many at most; False when nothing is left."""
        ((folded, sealed),) = self.env.execute_query(sql.mark())
        if folded >= sealed:
            self.env.cr.execute(sql.move_mark(sealed))
            return False
        ((until,),) = self.env.execute_query(sql.end_of_batch(folded, sealed, limit))
        for statement in (*sql.fold(folded, until), sql.move_mark(until)):
            self.env.cr.execute(statement)
        return True

    def _fold_now(self) -> None:
        """As the hour would, within the transaction."""
        self._seal()
        while self._fold():
            pass
        for name in ("loy.sales.hour", "loy.promotion.day", "loy.category.day", "loy.sales.mark"):
            self.env[name].invalidate_model()

    def _told_until(self):
        """Up to which moment reports tell; None before the first fold."""
        ((moment,),) = self.env.execute_query(sql.told_until())
        return moment
