from odoo import api, fields, models
from odoo.addons.loyalty_core.fields import FactMany2one
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.transaction import run_with_retry

CHANNELS = [("email", "E-mail"), ("sms", "SMS")]
STATES = [("waiting", "Waiting"), ("sent", "Sent"), ("failed", "Failed"), ("cancelled", "Cancelled")]


class LoyCertificateDelivery(models.Model):
    """A virtual certificate on its way to whoever it is for. Number and PIN stand in the message alone, which goes when
    it is sent.
    """

    _name = "loy.certificate.delivery"
    _inherit = ["loy.by.service.mixin"]
    _description = "Delivery of a certificate"
    _order = "deliver_at desc, id desc"
    _rec_name = "address"

    certificate_id = fields.Many2one("loy.certificate", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="certificate_id.company_id", store=True, index="btree_not_null")
    channel = fields.Selection(CHANNELS, string="By", required=True, readonly=True)
    address = fields.Char("To", required=True, readonly=True, help="An e-mail address, or a phone number.")
    recipient_name = fields.Char("For", readonly=True)
    sender_name = fields.Char("From", readonly=True)
    greeting = fields.Text(readonly=True)
    lang = fields.Selection(lambda self: self.env["res.lang"].get_installed(), string="Language", readonly=True)
    deliver_at = fields.Datetime("When", required=True, readonly=True)
    state = fields.Selection(STATES, required=True, default="waiting", readonly=True)
    problem = fields.Char(readonly=True, help="Why it was not sent.")
    sent_at = fields.Datetime("Sent", readonly=True)
    # Without foreign keys: the queues delete what they have sent.
    mail_id = FactMany2one("mail.mail", readonly=True, groups="base.group_system")
    sms_id = FactMany2one("sms.sms", readonly=True, groups="base.group_system")

    _due = models.Index("(deliver_at, id) WHERE state = 'waiting'")
    _why_failed = models.Constraint(
        "CHECK (state != 'failed' OR problem IS NOT NULL)", "What has failed says why."
    )

    @api.depends("certificate_id", "address")
    def _compute_display_name(self):
        for delivery in self:
            delivery.display_name = f"{delivery.certificate_id.masked_number} → {delivery.address}"

    def _by_service(self):
        return LoyaltyError(
            "delivery_by_service", self.env._("a delivery is not edited; cancel it and send the certificate anew")
        )

    @api.model
    def _cron_deliver(self):
        """What is due goes out, a batch at a time; safe to stop and to run again."""
        service, cron = self.env["loy.certificate.deliveries"], self.env["ir.cron"]
        while done := run_with_retry(self.env, lambda: service._send_due(fields.Datetime.now())):
            if not cron._commit_progress(done, remaining=1):
                return
        run_with_retry(self.env, service._look_after_messages)
        cron._commit_progress(remaining=0)

    # ------------------------------------------------------------------ buttons

    def action_loy_retry(self):
        self._by_hand("_retry")

    def action_loy_cancel(self):
        self._by_hand("_cancel")

    def _by_hand(self, what):
        self.check_access("read")
        self.env["loy.rights"]._check("certificate.issue")
        service = self.env["loy.certificate.deliveries"]
        run_with_retry(self.env, lambda: getattr(service, what)(self))
