from odoo import fields, models


class LoyBenchReturn(models.Model):
    """How much of a line of a past receipt comes back with a basket that is tried."""

    _name = "loy.bench.return"
    _inherit = ["loy.bench.part.mixin"]
    _description = "Line that comes back in a case of the test bench"

    line_ref = fields.Char(string="Line", required=True, readonly=True)
    sku = fields.Char(string="SKU", required=True, readonly=True)
    product_id = fields.Many2one("product.product", readonly=True, ondelete="set null")
    left = fields.Float(
        string="Can come back", digits=(16, 6), readonly=True, help="What had not come back when it was chosen."
    )
    quantity = fields.Float(string="Comes back", digits=(16, 6), required=True)

    _quantity_not_negative = models.Constraint("CHECK (quantity >= 0)", "No less than nothing comes back.")
