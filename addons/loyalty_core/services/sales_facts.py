"""Sales by hours, promotions and categories by days: folded every hour."""

from datetime import timedelta

from odoo import models

from ..sql import sales_facts as sql

#: So many days of a store are folded anew at once.
DAYS_ANEW = timedelta(days=31)


class LoySalesFacts(models.AbstractModel):
    """Law: every receipt is in the sums once, whatever commits when and in however many batches it is folded, and at
    the hour that the clock of its store shows: where the clock is set right, the days of the store are folded anew.
    """

    _name = "loy.sales.facts"
    _inherit = "loy.folding"
    _description = "Sales by hours and days"
    _statements = sql

    def _seal(self) -> None:
        self.env.flush_all()
        super()._seal()

    def _fold_between(self, after: int, until: int) -> None:
        """The receipts of a range of lines."""
        for statement in (*sql.fold(after, until), sql.move_mark(until)):
            self.env.cr.execute(statement)

    def _rest(self, sealed: int) -> None:
        self.env.cr.execute(sql.move_mark(sealed))

    def _fold(self, limit: int | None = None) -> bool:
        """The next receipts; where none is left, some days of a store whose clock was set right."""
        return super()._fold(limit) or self._fold_anew()

    def _clock_was_set(self, stores) -> None:
        """The hours of what these stores have sold are others now: they are folded anew in the background."""
        if stores:
            self.env.flush_all()
            self.env.cr.execute(sql.mark_anew(stores.ids))
            stores.invalidate_recordset(["anew_from"])
            self.env.ref("loyalty_core.loy_sales_cron")._trigger()

    def _fold_anew(self) -> bool:
        """Under the lock of the mark, which ``_fold`` has taken: nothing is folded beside it."""
        rows = self.env.execute_query(sql.to_fold_anew())
        for store_id, from_, last in rows:
            until = min(from_ + DAYS_ANEW, last)
            for statement in sql.fold_anew(store_id, from_, until):
                self.env.cr.execute(statement)
            rest = until + timedelta(days=1) if until < last else None
            self.env.cr.execute(sql.move_anew(store_id, rest))
        self.env["loy.store"].invalidate_model(["anew_from"])
        return bool(rows)

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
