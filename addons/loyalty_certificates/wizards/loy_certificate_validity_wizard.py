from odoo import fields, models
from odoo.addons.loyalty_core.services.transaction import run_with_retry


class LoyCertificateValidityWizard(models.TransientModel):
    """Until when a certificate is good, and why that changes."""

    _name = "loy.certificate.validity.wizard"
    _description = "Change the validity of a certificate"

    certificate_id = fields.Many2one("loy.certificate", required=True, readonly=True)
    now_until_at = fields.Datetime(related="certificate_id.expires_at", string="Now good until")
    until_on = fields.Date("Good to", help="The day is included. Empty: for ever.")
    reason_id = fields.Many2one("loy.reason", required=True, domain=[("usage", "in", ("any", "certificate"))])
    note = fields.Char(string="What happened", help="Stays in the history of the certificate.")

    def action_loy_apply(self):
        self.ensure_one()
        self.certificate_id._check_may("certificate.validity")
        service = self.env["loy.certificates"]
        until = service._end_of_day(self.until_on, self.certificate_id) if self.until_on else None
        run_with_retry(
            self.env,
            lambda: service._change_validity(self.certificate_id, until, reason=self.reason_id, note=self.note or ""),
        )
        return {"type": "ir.actions.act_window_close"}
