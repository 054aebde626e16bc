"""Data go when they have been kept for as long as somebody said."""

import logging
from datetime import datetime

from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.tools import SQL

from ..sql import retention as sql
from .errors import LoyaltyError

_logger = logging.getLogger(__name__)

BATCH = 10_000
MEMBERS_BATCH = 100


class LoyRetentions(models.AbstractModel):
    """The one who may delete facts: by their age only, and never the books (movements, purchases, revisions)."""

    _name = "loy.retentions"
    _description = "Retention of data"

    def _run(self) -> None:
        """Nightly, in batches with a commit after each: stopped anywhere it goes on where it was."""
        for retention in self.env["loy.retention"].search([("months", ">", 0)]):
            if retention.kind == "member":
                self._erase_members(retention)
            else:
                if retention.kind == "event":
                    self._drop_months(self._before(retention))
                while self._delete(retention) and self.env["ir.cron"]._commit_progress(1):
                    pass

    def _before(self, retention) -> datetime:
        return fields.Datetime.now() - relativedelta(months=retention.months)

    def _count(self, retention) -> int:
        """What the next night would take."""
        if not retention.months:
            return 0
        before = self._before(retention)
        if retention.kind != "member":
            return self.env.execute_query(sql.count(retention.kind, before))[0][0]
        members = sql.inactive_members(before, 0, 2**31 - 1, is_written_off=retention.is_written_off)
        return self.env.execute_query(SQL("SELECT COUNT(*) FROM (%s) AS inactive", members))[0][0]

    def _delete(self, retention) -> bool:
        """A batch; False when it was the last."""
        table, _column = sql.TABLES[retention.kind]
        self.env.cr.execute(sql.allow(table))
        self.env.cr.execute(sql.delete(retention.kind, self._before(retention), BATCH))
        deleted = self.env.cr.rowcount
        self.env.cr.execute(sql.allow(""))
        return deleted == BATCH

    def _drop_months(self, before: datetime) -> None:
        """A month of events is a table; what is in the common one is deleted row by row."""
        for (name,) in self.env.execute_query(sql.old_partitions(before)):
            self.env.cr.execute(SQL("DROP TABLE %s", SQL.identifier(name)))
            _logger.info("Events of %s have been kept long enough", name)

    def _erase_members(self, retention) -> None:
        last = 0
        while ids := self._inactive(retention, last):
            for member in self.env["res.partner"].browse(ids):
                try:
                    with self.env.cr.savepoint():
                        self.env["loy.privacy"]._erase(
                            member, is_written_off=retention.is_written_off, reason="retention"
                        )
                except LoyaltyError as refusal:
                    _logger.info("Member %s stays: %s", member.id, refusal.code)
            last = ids[-1]
            if not self.env["ir.cron"]._commit_progress(len(ids)):
                return

    def _inactive(self, retention, after_id: int) -> list[int]:
        query = sql.inactive_members(
            self._before(retention), after_id, MEMBERS_BATCH, is_written_off=retention.is_written_off
        )
        return [row[0] for row in self.env.execute_query(query)]
