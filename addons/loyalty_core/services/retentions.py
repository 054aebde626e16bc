"""Data go when they have been kept for as long as somebody said."""

import logging
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.tools import SQL

from ..sql import retention as sql
from .errors import LoyaltyError
from .transaction import run_with_retry

_logger = logging.getLogger(__name__)

BATCH = 10_000
MEMBERS_BATCH = 100
NOTICES_BATCH = 200
REQUEST_DAYS_MIN = 31


class LoyRetentions(models.AbstractModel):
    """The one who may delete facts: by their age only, and never the books (movements, purchases, revisions)."""

    _name = "loy.retentions"
    _description = "Retention of data"

    def _run(self) -> None:
        """Nightly, in batches with a commit after each: stopped anywhere it goes on where it was."""
        cron = self.env["ir.cron"]
        for retention in self._active():
            for batch in self._batches(retention, fields.Datetime.now()):
                while count := run_with_retry(self.env, batch):
                    if not cron._commit_progress(count, remaining=1):
                        return
        cron._commit_progress(remaining=0)

    def _active(self):
        return self.env["loy.retention"].search([("months", ">", 0)])

    def _batches(self, retention, at: datetime):
        """Pieces of work, each to be repeated until it does nothing more."""
        if retention.kind == "member":
            seen = [0]
            yield lambda: self._erase_members(retention, seen, at)
            return
        if retention.kind == "event":
            yield lambda: self._drop_month(self._before(retention, at))
        yield lambda: self._delete(retention, at)

    def _before(self, retention, at: datetime | None = None) -> datetime:
        now = at or fields.Datetime.now()
        before = now - relativedelta(months=retention.months)
        # A month may be shorter than a till may be late.
        return min(before, now - timedelta(days=REQUEST_DAYS_MIN)) if retention.kind == "request" else before

    def _count(self, retention) -> int:
        """What the next night would take."""
        if not retention.months:
            return 0
        before = self._before(retention)
        if retention.kind != "member":
            return self.env.execute_query(sql.count(retention.kind, before))[0][0]
        members = sql.inactive_members(before, 0, 2**31 - 1, is_written_off=retention.is_written_off)
        return self.env.execute_query(SQL("SELECT COUNT(*) FROM (%s) AS inactive", members))[0][0]

    def _delete(self, retention, at: datetime | None = None) -> int:
        """A batch; how many went."""
        self.env.flush_all()
        if retention.kind == "incomplete":
            return self._delete_notices(retention, at)
        table, _column = sql.TABLES[retention.kind]
        self.env.cr.execute(sql.allow(table, at))
        self.env.cr.execute(sql.delete(retention.kind, self._before(retention, at), BATCH))
        deleted = self.env.cr.rowcount
        self.env.cr.execute(sql.allow("", None))
        return deleted

    def _delete_notices(self, retention, at: datetime | None) -> int:
        """With their messages, files and activities."""
        notices = self.env["loy.incomplete.notice"].search(
            [("day", "<", self._before(retention, at).date())], order="day", limit=NOTICES_BATCH
        )
        count = len(notices)
        notices.unlink()
        return count

    def _drop_month(self, before: datetime) -> int:
        """A month of events is a table, the oldest first; what is in the common one is deleted row by row."""
        names = self.env.execute_query(sql.old_partitions(before))
        if not names:
            return 0
        ((name,), *_later) = names
        self.env.cr.execute(SQL("DROP TABLE %s", SQL.identifier(name)))
        _logger.info("Events of %s have been kept long enough", name)
        return 1

    def _erase_members(self, retention, seen: list[int], at: datetime) -> int:
        """A batch; how many were looked at: who cannot be erased stays, and the job goes on behind."""
        found = self._inactive(retention, seen[0], at)
        for member in self.env["res.partner"].browse(found):
            try:
                with self.env.cr.savepoint():
                    self.env["loy.privacy"]._erase(
                        member, is_written_off=retention.is_written_off, at=at, reason="retention"
                    )
            except LoyaltyError as refusal:
                _logger.info("Member %s stays: %s", member.id, refusal.code)
        if found:
            # Only once all of them are done: a batch that is repeated begins where it began.
            seen[0] = found[-1]
        return len(found)

    def _inactive(self, retention, after_id: int, at: datetime | None = None) -> list[int]:
        query = sql.inactive_members(
            self._before(retention, at), after_id, MEMBERS_BATCH, is_written_off=retention.is_written_off
        )
        return [row[0] for row in self.env.execute_query(query)]
