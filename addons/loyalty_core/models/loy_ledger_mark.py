from odoo import fields, models
from odoo.tools import SQL

from ..fields import BigInteger


class LoyLedgerMark(models.Model):
    """How far the ledger is folded by days: one row, kept by ``loy.ledger.days``."""

    _name = "loy.ledger.mark"
    _description = "Mark of the ledger"
    _log_access = False

    sealed_id = BigInteger("Sealed up to", required=True, default=0, readonly=True)
    folded_id = BigInteger("Folded up to", required=True, default=0, readonly=True)
    name = fields.Char(compute="_compute_name")

    _one = models.UniqueIndex("((true))")

    def init(self):
        super().init()
        self.env.cr.execute(
            SQL("INSERT INTO loy_ledger_mark (sealed_id, folded_id) VALUES (0, 0) ON CONFLICT DO NOTHING")
        )

    def _compute_name(self):
        self.name = self.env._("Ledger")
