from odoo import api, models


class ProductProduct(models.Model):
    """A product that was sold stays: receipts name it, without a foreign key."""

    _inherit = "product.product"

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.env["loy.catalogue"]._check_unsold("product_id", self)
