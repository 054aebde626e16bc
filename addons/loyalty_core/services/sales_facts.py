"""Sales by hours, promotions and categories by days: folded every hour."""

from odoo import models

from ..sql import sales_facts as sql


class LoySalesFacts(models.AbstractModel):
    """Law: every receipt is in the sums once, whatever commits when and in however many batches it is folded."""

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
