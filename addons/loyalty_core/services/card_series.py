"""Series of cards and of promo codes: made by SQL in batches, each batch wholly or not at all."""

from odoo import fields, models
from odoo.tools import SQL

from .errors import LoyaltyError

#: A series up to this size is made while the person waits.
SMALL = 10_000
#: So many numbers a transaction: one or two seconds of work, after which progress is shown.
SERIES_BATCH = 50_000


class LoySeries(models.AbstractModel):
    """Law: a series has as many numbers as it says it has made, whenever it was stopped; no number exists twice.

    What a number is, the model of the series says (``loy.series.mixin``).
    """

    _name = "loy.series"
    _description = "Service of series"

    def _start(self, series) -> None:
        """The numbers of a draft are made: a few at once, many by the scheduler; ``series_state``, and what
        ``_check_capacity`` refuses with."""
        self._check_state(series, "draft")
        missing = series.count - series.made_count
        # The caller has checked the right to make numbers; only this service changes a series.
        series = series.sudo()
        series._check_capacity(missing)
        series.write({"state": "making", "problem": False})
        if missing <= SMALL:
            self._make_batch(series, missing)
        else:
            # The scheduler's own record is nobody's to read.
            series._cron().sudo()._trigger()

    def _stop(self, series) -> None:
        """What is made stays; the series goes on where it stopped when it is started again."""
        self._lock(series)
        self._check_state(series, "making")
        series.sudo().state = "draft"  # see _start

    def _continue(self, series) -> int:
        """One more batch of a series that is being made, in the caller's transaction: how many numbers were made."""
        try:
            with self.env.cr.savepoint():
                return self._make_batch(series, SERIES_BATCH)
        except LoyaltyError as problem:
            series.sudo().write({"state": "draft", "problem": str(problem)})  # see _start
            return 0

    def _make_batch(self, series, size: int) -> int:
        series = series.sudo()  # see _start
        self._lock(series)
        if series.state != "making":
            return 0
        made = series._make(min(size, series.count - series.made_count))
        series.made_count += made
        if series.made_count >= series.count:
            series.write({"state": "ready", "ready_at": fields.Datetime.now()})
        return made

    def _void(self, series) -> None:
        """Nobody will ever use these numbers; ``series_in_use`` when somebody has one already."""
        self._lock(series)
        self._check_state(series, "draft", "making", "ready", "exported")
        series._void_all()
        series.sudo().state = "cancelled"  # see _start

    def _lock(self, series) -> None:
        """Of two who work on a series at once the second sees what the first did."""
        series.flush_recordset()
        self.env.cr.execute(
            SQL("SELECT FROM %s WHERE id = %s FOR UPDATE", SQL.identifier(series._table), series.id)
        )
        series.invalidate_recordset()

    def _check_state(self, series, *states: str) -> None:
        if series.state not in states:
            names = dict(series._fields["state"]._description_selection(self.env))
            raise LoyaltyError(
                "series_state",
                self.env._(
                    "Series %(name)s is %(state)s; this cannot be done with it now",
                    name=series.display_name,
                    state=names[series.state].lower(),
                ),
            )
