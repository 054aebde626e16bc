from odoo import fields, models


class ProductTemplate(models.Model):
    """What promotions need to know of a product."""

    _name = "product.template"
    _inherit = ["product.template", "loy.audited.mixin"]
    _audit_fields = ("loy_brand_id", "loy_no_discount", "loy_min_price", "list_price", "categ_id")

    loy_brand_id = fields.Many2one("loy.brand", string="Brand", index="btree_not_null", ondelete="restrict")
    loy_no_discount = fields.Boolean(
        string="Closed to discounts", help="No promotion lowers its price; it still counts in conditions."
    )
    loy_min_price = fields.Float(
        string="Lowest price",
        digits="Product Price",
        help="No promotion goes below it, per unit. Zero: no floor.",
    )
    loy_points_ids = fields.One2many(
        "loy.product.points",
        "product_tmpl_id",
        string="Points for a unit",
        groups="loyalty_core.group_staff",  # others may not read them, and read whole products still
    )

    _loy_min_price_positive = models.Constraint(
        "CHECK (loy_min_price >= 0)", "The lowest price cannot be negative."
    )

    def _audit_created(self):
        """A new product is no change; what it costs is told from the first change on."""
