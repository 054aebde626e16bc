from odoo import api, fields, models
from odoo.addons.loyalty_core.services.transaction import run_with_retry

from ..models.loy_certificate_delivery import CHANNELS


class LoyCertificateDeliveryWizard(models.TransientModel):
    """To whom a virtual certificate goes, when and with what words."""

    _name = "loy.certificate.delivery.wizard"
    _description = "Send a certificate"

    certificate_id = fields.Many2one("loy.certificate", required=True, readonly=True)
    channel = fields.Selection(CHANNELS, string="By", required=True, default="email")
    email = fields.Char("E-mail", compute="_compute_contact", store=True, readonly=False)
    phone = fields.Char(compute="_compute_contact", store=True, readonly=False)
    recipient_name = fields.Char("For", compute="_compute_contact", store=True, readonly=False)
    sender_name = fields.Char("From", help="Who gives it; empty: the shop.")
    greeting = fields.Text(help="Empty: what the type says.")
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        compute="_compute_contact",
        store=True,
        readonly=False,
    )
    deliver_at = fields.Datetime("When", help="Empty: at once.")

    @api.depends("certificate_id")
    def _compute_contact(self):
        for wizard in self:
            member = wizard.certificate_id.member_id
            wizard.email, wizard.phone = member.email, member.phone
            wizard.recipient_name = member.name
            wizard.lang = member.lang or self.env.lang

    def action_loy_send(self):
        self.ensure_one()
        self.env["loy.rights"]._check("certificate.issue")
        self.certificate_id.check_access("read")
        run_with_retry(
            self.env,
            lambda: self.env["loy.certificate.deliveries"]._queue(
                self.certificate_id,
                self.channel,
                self.email if self.channel == "email" else self.phone,
                at=self.deliver_at or None,
                recipient_name=self.recipient_name or "",
                sender_name=self.sender_name or "",
                greeting=self.greeting or "",
                lang=self.lang or "",
            ),
        )
        return {"type": "ir.actions.act_window_close"}
