from odoo import api, fields, models
from odoo.addons.loyalty_core.services.transaction import run_with_retry


class LoyCertificateIssueWizard(models.TransientModel):
    """A certificate that the shop gives away: an apology, a prize."""

    _name = "loy.certificate.issue.wizard"
    _description = "Give certificates by hand"

    type_id = fields.Many2one("loy.certificate.type", string="Certificate type", required=True)
    currency_id = fields.Many2one(related="type_id.currency_id")
    value_kind = fields.Selection(related="type_id.value_kind")
    value = fields.Monetary(compute="_compute_value", store=True, readonly=False, required=True)
    count = fields.Integer("How many", default=1, required=True)
    member_id = fields.Many2one("res.partner", domain=[("is_loyalty_member", "=", True)])
    note = fields.Char(string="What for", required=True, help="Stays in the history of the certificate.")

    _count_sound = models.Constraint("CHECK (count BETWEEN 1 AND 1000)", "From 1 to 1000 at once; else make a series.")

    @api.depends("type_id")
    def _compute_value(self):
        for wizard in self:
            wizard.value = wizard.type_id.value if wizard.type_id.value_kind == "fixed" else wizard.value

    def action_loy_issue(self):
        self.ensure_one()
        self.env["loy.rights"]._check("certificate.issue")
        self.type_id.check_access("read")
        value = round(self.value * 10**self.currency_id.decimal_places)
        issued = run_with_retry(
            self.env,
            lambda: self.env["loy.certificates"]._issue(
                self.type_id, value, self.count, member=self.member_id, note=self.note
            ),
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Certificates"),
            "res_model": "loy.certificate",
            "view_mode": "list,form",
            "domain": [("id", "in", issued.ids)],
        }
