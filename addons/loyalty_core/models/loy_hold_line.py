from odoo import api, fields, models

from ..fields import BigInteger, BigMany2one, FactMany2one


class LoyHoldLine(models.Model):
    """What a hold reserves of one lot, from ``from_at`` until just before ``until_at``.

    The amount never changes; ``until_at`` is the deadline, or the moment when the hold ended if that was
    earlier, so that what was held at any past moment is a range of one index.
    """

    _name = "loy.hold.line"
    _inherit = ["loy.bigint.mixin", "loy.amount.mixin"]
    _description = "Held lot"
    _order = "hold_id desc, id"
    _log_access = False
    _amount_fields = {"amount": "amount_minor"}

    hold_id = BigMany2one("loy.hold", required=True, ondelete="restrict", index=True)
    state = fields.Selection(related="hold_id.state")
    account_id = fields.Many2one("loy.account", required=True, ondelete="restrict")
    member_id = fields.Many2one(related="account_id.member_id")
    lot_id = BigMany2one("loy.lot", required=True, ondelete="restrict", index=True)
    unit_id = FactMany2one("loy.unit", required=True)
    amount_minor = BigInteger(string="Amount (minor units)", required=True)
    amount = fields.Float(compute="_compute_amounts", aggregator="sum")
    from_at = fields.Datetime(required=True)
    until_at = fields.Datetime(required=True)

    _amount_positive = models.Constraint("CHECK (amount_minor > 0)", "A hold reserves a positive amount.")
    _held = models.Index("(account_id, until_at)")

    @api.depends("amount_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()
