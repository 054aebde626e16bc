from odoo import fields, models

from ..models.loy_card import STATES


class LoyCardTransitionWizard(models.TransientModel):
    """Asks why, where the step cannot be taken back."""

    _name = "loy.card.transition.wizard"
    _description = "Change the state of cards"

    card_ids = fields.Many2many("loy.card", string="Cards", required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True)
    reason_id = fields.Many2one("loy.reason", domain=[("usage", "in", ("any", "card"))])
    note = fields.Char(string="What happened", help="Stays in the history of the card.")

    def action_loy_apply(self):
        self.ensure_one()
        self.card_ids.check_access("write")
        self.env["loy.rights"]._check("card.close")
        self.env["loy.cards"]._transition(
            self.card_ids, self.state, reason=self.reason_id, note=self.note or ""
        )
        return {"type": "ir.actions.act_window_close"}
