from odoo import fields, models


class LoyReason(models.Model):
    _inherit = "loy.reason"

    usage = fields.Selection(
        selection_add=[("certificate", "Certificates")], ondelete={"certificate": "set default"}
    )
