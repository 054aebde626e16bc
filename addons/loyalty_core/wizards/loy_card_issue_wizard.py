from odoo import fields, models


class LoyCardIssueWizard(models.TransientModel):
    """Gives a member one more card: a printed one by its number, or a new one."""

    _name = "loy.card.issue.wizard"
    _description = "Issue a card"

    member_id = fields.Many2one("res.partner", required=True, readonly=True)
    type_id = fields.Many2one("loy.card.type", help="Empty: the default type.")
    number = fields.Char(
        help="Of the printed card that is handed out. Empty: the template of the type makes one."
    )

    def action_loy_issue(self):
        self.ensure_one()
        self.env["loy.card"].check_access("create")
        self.env["loy.rights"]._check("card.issue")
        self.env["loy.cards"]._issue(self.member_id, self.type_id, self.number)
        return {"type": "ir.actions.act_window_close"}
