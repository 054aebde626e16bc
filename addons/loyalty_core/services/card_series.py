"""Series of cards for the printer: made by SQL in batches, each batch wholly or not at all."""

from odoo import fields, models
from odoo.tools import SQL

from .errors import LoyaltyError

#: A series up to this size is made while the person waits.
SMALL = 10_000
#: So many cards a transaction: one or two seconds of work, after which progress is shown.
SERIES_BATCH = 50_000


class LoySeries(models.AbstractModel):
    """Law: a series has as many cards as it says it has made, whenever it was stopped; no number exists twice."""

    _name = "loy.series"
    _description = "Service of card series"

    def _start(self, series) -> None:
        """The cards of a draft are made: a few at once, many by the scheduler; ``card_capacity``, ``series_state``."""
        self._check_state(series, "draft")
        missing = series.count - series.made_count
        if missing > series.type_id._capacity():
            raise self.env["loy.cards"]._exhausted(series.type_id)
        # The caller has checked the right to make cards; only this service changes a series.
        series = series.sudo()
        series.write({"state": "making", "problem": False})
        if missing <= SMALL:
            self._make_batch(series, missing)
        else:
            # The scheduler's own record is nobody's to read.
            self.env.ref("loyalty_core.loy_card_series_cron").sudo()._trigger()

    def _stop(self, series) -> None:
        """What is made stays; the series goes on where it stopped when it is started again."""
        self._lock(series)
        self._check_state(series, "making")
        series.sudo().state = "draft"  # see _start

    def _continue(self, series) -> int:
        """One more batch of a series that is being made, in the caller's transaction: how many cards were made."""
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
        missing = min(size, series.count - series.made_count)
        made = self.env["loy.cards"]._fill(series.type_id, missing, self._insert(series))
        series.made_count += made
        if series.made_count >= series.count:
            series.write({"state": "ready", "ready_at": fields.Datetime.now()})
        series.invalidate_recordset(["card_ids"])
        return made

    def _insert(self, series):
        """Inserts new cards of the series; how many numbers were free."""
        card_type, capacity = series.type_id, series.type_id._capacity()

        def insert(serials: SQL) -> int:
            self.env.cr.execute(self.env["loy.cards"]._insert_sql(card_type, capacity, serials, series=series))
            return self.env.cr.rowcount

        return insert

    def _void(self, series) -> None:
        """Nobody will ever use these cards: they are closed, so their numbers are never given again.

        ``series_in_use`` when somebody has one already. A card that is issued at this very moment is waited for.
        """
        self._lock(series)
        self._check_state(series, "draft", "making", "ready", "exported")
        self.env["loy.card"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE loy_card SET state = 'closed', write_uid = %s, write_date = now() AT TIME ZONE 'UTC'"
                " WHERE series_id = %s AND state = 'new'",
                self.env.uid,
                series.id,
            )
        )
        used = self.env.execute_query(
            SQL("SELECT number FROM loy_card WHERE series_id = %s AND state != 'closed' LIMIT 1", series.id)
        ) or self.env.execute_query(
            SQL("SELECT number FROM loy_card WHERE series_id = %s AND member_id IS NOT NULL LIMIT 1", series.id)
        )
        if used:
            raise LoyaltyError(
                "series_in_use",
                self.env._(
                    "Card %s of this series is in use already; close the misprinted cards one by one", used[0][0]
                ),
            )
        self.env["loy.card"].invalidate_model(["state"])
        series.sudo().state = "cancelled"  # see _start

    def _lock(self, series) -> None:
        """Of two who work on a series at once the second sees what the first did."""
        series.flush_recordset()
        self.env.cr.execute(SQL("SELECT FROM loy_card_series WHERE id = %s FOR UPDATE", series.id))
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
