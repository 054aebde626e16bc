from odoo import fields, models
from odoo.addons.loyalty_core.services.transaction import run_with_retry

RIGHTS = {"blocked": "certificate.block", "cancelled": "certificate.cancel"}


class LoyCertificateTransitionWizard(models.TransientModel):
    """Asks why a certificate is to pay no more."""

    _name = "loy.certificate.transition.wizard"
    _description = "Block or cancel certificates"

    certificate_ids = fields.Many2many("loy.certificate", string="Certificates", required=True, readonly=True)
    state = fields.Selection([("blocked", "Blocked"), ("cancelled", "Cancelled")], required=True, readonly=True)
    reason_id = fields.Many2one("loy.reason", domain=[("usage", "in", ("any", "certificate"))])
    note = fields.Char(string="What happened", help="Stays in the history of the certificate.")

    def action_loy_apply(self):
        self.ensure_one()
        self.certificate_ids._check_may(RIGHTS[self.state])
        run_with_retry(self.env, self._apply)
        return {"type": "ir.actions.act_window_close"}

    def _apply(self):
        service, told = self.env["loy.certificates"], {"reason": self.reason_id, "note": self.note or ""}
        if self.state == "cancelled":
            service._cancel(self.certificate_ids, **told)
        else:
            service._transition(self.certificate_ids, self.state, **told)
