from odoo import api, fields, models


class LoyReason(models.Model):
    """Why somebody changed a balance or a card by hand: chosen from a list, so that it can be counted."""

    _name = "loy.reason"
    _inherit = ["loy.audited.mixin", "loy.code.mixin"]
    _description = "Loyalty reason"
    _order = "sequence, code, id"

    sequence = fields.Integer(default=10)
    usage = fields.Selection(
        [
            ("any", "Anything"),
            ("accrual", "Manual accrual"),
            ("write_off", "Write-off"),
            ("card", "Card state"),
        ],
        required=True,
        default="any",
        help="Where the reason is offered.",
    )
    is_notified = fields.Boolean(
        string="Tell the member",
        help="A member with an e-mail address gets a notice of each movement that is made by hand for this reason.",
    )

    @api.depends("name")
    def _compute_display_name(self):
        for reason in self:
            reason.display_name = reason.name
