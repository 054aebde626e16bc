from odoo import api, fields, models

from ..services.card_replacement import REPLACEABLE


class LoyCardReplaceWizard(models.TransientModel):
    """A card is lost, stolen or worn: it is closed, and the member goes on with a new one."""

    _name = "loy.card.replace.wizard"
    _description = "Replace a card"

    card_id = fields.Many2one(
        "loy.card",
        string="Lost card",
        required=True,
        domain=f"[('member_id', '=', member_id), ('state', 'in', {REPLACEABLE}), ('replaced_by_id', '=', False)]",
    )
    member_id = fields.Many2one(related="card_id.member_id")
    state = fields.Selection(related="card_id.state")
    number = fields.Char(
        string="New card", help="The number of the card that is handed out. Empty: a new number is made."
    )
    type_id = fields.Many2one(
        "loy.card.type", string="Type of the new card", compute="_compute_type_id", store=True, readonly=False
    )
    reason_id = fields.Many2one(
        "loy.reason",
        domain=[("usage", "in", ("any", "card"))],
        default=lambda self: self.env.ref("loyalty_core.loy_reason_card_lost", raise_if_not_found=False),
    )
    note = fields.Char(string="What happened", help="Stays in the history of the card.")

    @api.depends("card_id")
    def _compute_type_id(self):
        for wizard in self:
            wizard.type_id = wizard.card_id.type_id

    def action_loy_replace(self):
        self.ensure_one()
        self.card_id.check_access("write")
        self.env["loy.rights"]._check("card.replace")
        new = self.env["loy.cards"]._replace(
            self.card_id, self.number, self.type_id, reason=self.reason_id, note=self.note or ""
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "Card %(old)s is closed. The new card of %(member)s is %(new)s; points and history stay.",
                    old=self.card_id.number,
                    member=new.member_id.name,
                    new=new.number,
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
