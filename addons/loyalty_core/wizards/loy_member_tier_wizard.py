from odoo import fields, models


class LoyMemberTierWizard(models.TransientModel):
    """Staff give members another tier, from today on."""

    _name = "loy.member.tier.wizard"
    _description = "Set the tier"

    member_ids = fields.Many2many("res.partner", string="Members", required=True, readonly=True)
    tier_id = fields.Many2one("loy.tier", required=True)
    until = fields.Date(help="Included. Empty: for good. Purchases raise the member above it all the same.")
    reason_id = fields.Many2one("loy.reason", domain=[("usage", "=", "any")])
    note = fields.Char(string="Why", required=True, help="Stays in the history of the member.")

    def action_loy_set(self):
        self.ensure_one()
        self.member_ids.check_access("read")
        self.env["loy.tiers"]._set(self.member_ids, self.tier_id, self.until, self.reason_id, self.note)
        return {"type": "ir.actions.act_window_close"}
