from odoo import api, fields, models


class LoyOffer(models.Model):
    """What one member was offered by name in a promotion: so much, for a product, or for all that it is for. Loaded in
    bulk by ``loy.offers``."""

    _name = "loy.offer"
    _inherit = ["loy.bigint.mixin"]
    _description = "Personal offer"
    _order = "id desc"
    _log_access = False

    promotion_id = fields.Many2one("loy.promotion", required=True, ondelete="cascade", index=True)
    member_id = fields.Many2one("res.partner", required=True, ondelete="cascade")
    sku = fields.Char("Product code", help="Empty: all products that the promotion is for.")
    product_name = fields.Char("Product", compute="_compute_product_name")
    value = fields.Float(
        digits=(16, 6),
        help="What the rewards with the value “offer” give: per cent, money off or a price, as the reward says.",
    )
    starts_on = fields.Date("From", required=True, default=fields.Date.context_today)
    ends_on = fields.Date("To", index="btree_not_null", help="Included. Empty: as long as the promotion lasts.")
    batch = fields.Char(index="btree_not_null", help="The load that it came with.")
    loaded_at = fields.Datetime("Loaded", required=True, readonly=True, default=fields.Datetime.now)
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="cascade", default=lambda self: self.env.company
    )

    _by_load = models.Index("(loaded_at)")
    _once = models.UniqueIndex(
        "(member_id, company_id, promotion_id, COALESCE(sku, ''), starts_on)",
        "The member has this offer from this day on already.",
    )
    _sound = models.Constraint(
        "CHECK (COALESCE(value, 0) >= 0 AND (ends_on IS NULL OR ends_on >= starts_on))",
        "An offer is not below zero and does not end before it begins.",
    )

    @api.depends("sku")
    @api.depends_context("lang")
    def _compute_product_name(self):
        products = self.env["product.product"].search([("default_code", "in", self.filtered("sku").mapped("sku"))])
        names = {product.default_code: product.name for product in products}
        for offer in self:
            offer.product_name = names.get(offer.sku)

    def _compute_display_name(self):
        for offer in self:
            offer.display_name = " · ".join(filter(None, [offer.promotion_id.display_name, offer.sku]))
