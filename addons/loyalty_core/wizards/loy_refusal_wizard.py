from odoo import fields, models


class LoyRefusalWizard(models.TransientModel):
    """Asks why a request is refused: the person who has made it will read that."""

    _name = "loy.refusal.wizard"
    _description = "Refuse a request"

    res_model = fields.Selection(
        [
            ("loy.adjustment", "Manual movement"),
            ("loy.adjustment.list", "Points to a list"),
            ("loy.publication", "Publication"),
        ],
        required=True,
        readonly=True,
    )
    res_id = fields.Integer(required=True, readonly=True)
    reason = fields.Char("Why", required=True)

    def action_loy_refuse(self):
        self.ensure_one()
        record = self.env[self.res_model].browse(self.res_id)
        self.env[record._approval_service]._refuse(record, self.reason)
        return {"type": "ir.actions.act_window_close"}
