from odoo import Command, api, fields, models

from ..services.errors import LoyaltyError


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

    # As programme documents tell them.
    loy_points = fields.Json(
        string="Points as a document", compute="_compute_loy_points", inverse="_inverse_loy_points",
        groups="loyalty_core.group_staff",
    )  # fmt: skip
    loy_tags = fields.Json(
        string="Tags as a document", compute="_compute_loy_tags", inverse="_inverse_loy_tags",
        groups="loyalty_core.group_staff",
    )  # fmt: skip

    _loy_min_price_positive = models.Constraint(
        "CHECK (loy_min_price >= 0)", "The lowest price cannot be negative."
    )

    @api.depends("loy_points_ids.amount", "loy_points_ids.unit_id")
    def _compute_loy_points(self):
        for product in self:
            points = {one.unit_id.code: one.amount for one in product.loy_points_ids if one.amount}
            product.loy_points = {unit: int(one) if one == int(one) else one for unit, one in points.items()}

    def _inverse_loy_points(self):
        for product in self:
            wanted = product.loy_points or {}
            units = self.env["loy.unit"].search([("code", "in", list(wanted))])
            if unknown := sorted(set(wanted) - set(units.mapped("code"))):
                raise LoyaltyError("unit_not_found", self.env._("There is no unit %s.", unknown[0]))
            product.loy_points_ids = [
                Command.clear(),
                *(Command.create({"unit_id": unit.id, "amount": wanted[unit.code]}) for unit in units),
            ]

    @api.depends("product_tag_ids.name")
    def _compute_loy_tags(self):
        for product in self:
            product.loy_tags = sorted(product.with_context(lang="en_US").product_tag_ids.mapped("name"))

    def _inverse_loy_tags(self):
        tags = self.env["product.tag"].with_context(lang="en_US")
        for product in self:
            wanted = product.loy_tags or []
            known = tags.search([("name", "in", wanted)])
            new = tags.create([{"name": name} for name in sorted(set(wanted) - set(known.mapped("name")))])
            product.product_tag_ids = known | new

    def _audit_created(self):
        """A new product is no change; what it costs is told from the first change on."""
