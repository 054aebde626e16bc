from odoo import api, fields, models


class LoyAccount(models.Model):
    _inherit = "loy.account"

    kind = fields.Selection(
        selection_add=[("certificate", "Certificate"), ("system",)],
        # What has been booked stays, on an account that belongs to nobody.
        ondelete={"certificate": lambda accounts: accounts.write({"kind": "partner"})},
    )
    certificate_ids = fields.One2many("loy.certificate", "account_id")

    @api.depends("certificate_ids.masked_number")
    def _compute_display_name(self):
        """The account of a certificate is called by its number, as much of it as may be seen."""
        super()._compute_display_name()
        for account in self.filtered(lambda account: account.kind == "certificate"):
            account.display_name = f"{account.certificate_ids.masked_number} · {account.unit_id.display_name}"
