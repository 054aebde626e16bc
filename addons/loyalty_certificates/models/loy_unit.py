from odoo import fields, models


class LoyUnit(models.Model):
    _inherit = "loy.unit"

    kind = fields.Selection(
        selection_add=[("certificate", "Certificates")],
        # What has been booked stays: money that nobody can spend any more.
        ondelete={"certificate": lambda units: units.write({"kind": "money", "active": False})},
    )
