from odoo import api, fields, models
from odoo.fields import Domain


class ProductProduct(models.Model):
    """A product that was sold stays: receipts name it, without a foreign key."""

    _inherit = "product.product"

    loy_segment_ids = fields.Many2many(
        "loy.product.segment",
        string="Segments of products",
        compute="_compute_loy_segment_ids",
        search="_search_loy_segment_ids",
        groups="loyalty_core.group_staff",
    )

    def _compute_loy_segment_ids(self):
        segments = self.env["loy.product.segment"].search([("active", "=", True)])
        within = {one: self.search([("id", "in", self.ids), ("loy_segment_ids", "in", one.ids)]) for one in segments}
        for product in self:
            product.loy_segment_ids = segments.filtered(lambda one, product=product: product in within[one])

    def _search_loy_segment_ids(self, operator, value):
        """What is in any of these segments."""
        segments = self.env["loy.product.segment"]
        if operator == "any":
            segments = segments.search(value)
        elif operator == "in":
            segments = segments.browse(value).exists()
        else:
            return NotImplemented
        queries = [self.env["loy.product.segments"]._query(one) for one in segments]
        return Domain.OR([Domain("id", "in", query) for query in queries if query is not None])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_sold(self):
        self.env["loy.catalogue"]._check_unsold("product_id", self)
