from odoo import fields, models
from odoo.tools import SQL

from ..fields import BigInteger


class LoySalesMark(models.Model):
    """How far receipts are folded by hours and days: one row, kept by ``loy.sales.facts``."""

    _name = "loy.sales.mark"
    _description = "Mark of sales"
    _log_access = False

    sealed_id = BigInteger("Sealed up to", required=True, default=0, readonly=True)
    sealed_at = fields.Datetime("Sealed", readonly=True)
    folded_id = BigInteger("Folded up to", required=True, default=0, readonly=True)
    folded_at = fields.Datetime("Told up to", readonly=True)
    name = fields.Char(compute="_compute_name")

    _one = models.UniqueIndex("((true))")

    def init(self):
        super().init()
        self.env.cr.execute(
            SQL("INSERT INTO loy_sales_mark (sealed_id, folded_id) VALUES (0, 0) ON CONFLICT DO NOTHING")
        )

    def _compute_name(self):
        self.name = self.env._("Sales")

    def _cron_fold(self):
        """Hourly: folds what has been booked since."""
        self.env["loy.sales.facts"]._run()
