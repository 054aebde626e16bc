from odoo import fields, models

from ..fields import BigInteger, FactMany2one
from .loy_account import ROLES


class LoyLedgerDay(models.Model):
    """What the entries of a day come to. Kept by ``loy.ledger.days``; reports add what has been booked since."""

    _name = "loy.ledger.day"
    _inherit = ["loy.bigint.mixin"]
    _description = "Ledger by days"
    _order = "day desc, id"
    _log_access = False

    day = fields.Date(required=True, readonly=True, help="Of the fact, on the clock of the company.")
    unit_id = FactMany2one("loy.unit", required=True, readonly=True)
    company_id = FactMany2one("res.company", required=True, readonly=True)
    issuer_id = FactMany2one("res.company", string="Given by company", required=True, readonly=True)
    partner_id = FactMany2one("loy.partner", string="Coalition partner", readonly=True)
    role = fields.Selection(ROLES, string="Movement", required=True, readonly=True)
    month = fields.Date(readonly=True, help="The month in which the points became usable.")
    delta_minor = BigInteger("Change (minor units)", required=True, readonly=True)
    entry_count = BigInteger("Movements", required=True, readonly=True)

    _once = models.UniqueIndex(
        "(day, unit_id, company_id, issuer_id, COALESCE(partner_id, 0), role, COALESCE(month, '1900-01-01'::date))"
    )

    def _cron_fold(self):
        """Nightly: folds what has been booked since."""
        self.env["loy.ledger.days"]._run()
