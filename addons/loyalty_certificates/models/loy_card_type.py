from odoo import api, models

from ..services.templates import check_apart


class LoyCardType(models.Model):
    _inherit = "loy.card.type"

    @api.constrains("number_prefix", "number_length")
    def _check_apart_from_certificates(self):
        """A card's number is never that of a certificate."""
        check_apart(self, self.env["loy.certificates"]._templates("loy.certificate.type"))
