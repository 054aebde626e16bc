from odoo import api, fields, models


class LoyBenchLine(models.Model):
    """A line of a basket that is tried."""

    _name = "loy.bench.line"
    _inherit = ["loy.bench.part.mixin"]
    _description = "Line of a case of the test bench"

    product_id = fields.Many2one("product.product", ondelete="set null")
    sku = fields.Char(
        "Code",
        required=True,
        compute="_compute_sku",
        store=True,
        readonly=False,
        precompute=True,
        help="As the till sends it: the internal reference or the barcode; scan it here.",
    )
    quantity = fields.Float(digits=(16, 3), required=True, default=1)
    price = fields.Float(
        digits=(16, 2), compute="_compute_price", store=True, readonly=False, precompute=True, help="Of one."
    )
    is_closed = fields.Boolean("No discounts", help="The till forbids discounts on this line.")

    _quantity_above_zero = models.Constraint("CHECK (quantity > 0)", "A basket has more than nothing of each product.")

    @api.depends("product_id")
    def _compute_sku(self):
        for line in self.filtered("product_id"):
            line.sku = line.product_id.default_code or line.product_id.barcode or line.product_id.display_name

    @api.depends("product_id")
    def _compute_price(self):
        for line in self.filtered("product_id"):
            line.price = line.product_id.lst_price

    @api.onchange("sku")
    def _onchange_sku(self):
        """What is scanned is the product of that barcode or reference."""
        if self.sku and not self.product_id:
            self.product_id = self.env["product.product"].search(
                ["|", ("default_code", "=", self.sku), ("barcode", "=", self.sku)], limit=1
            )
