from odoo import fields, models

from ..fields import BigInteger, FactMany2one


class LoyCategoryDay(models.Model):
    """What was sold of a category and brand on a day in a store, less what came back."""

    _name = "loy.category.day"
    _inherit = ["loy.sales.fact.mixin"]
    _description = "Goods by category"
    _order = "day desc, id desc"
    _rec_name = "day"

    store_id = FactMany2one("loy.store", required=True, readonly=True)
    network_id = fields.Many2one(related="store_id.network_id")
    partner_id = fields.Many2one(related="store_id.partner_id")
    categ_id = FactMany2one(
        "product.category", string="Category", readonly=True, help="As it was at the purchase."
    )
    brand_id = FactMany2one("loy.brand", string="Brand", readonly=True)
    line_count = BigInteger("Lines sold", required=True, readonly=True)
    quantity = fields.Float(required=True, readonly=True, digits=(16, 3))
    base = fields.Monetary("Shelf amount", required=True, readonly=True)
    discount = fields.Monetary(required=True, readonly=True)
    spent = fields.Monetary("Paid with points", required=True, readonly=True)
    amount = fields.Monetary("Turnover", required=True, readonly=True)
    discount_percent = fields.Float(
        "Discount, %", compute="_compute_ratios", aggregator="avg", digits=(16, 2), help="Of the shelf amount."
    )

    _ratios = {"discount_percent": ("discount", "base", 100)}

    _once = models.UniqueIndex("(store_id, day, COALESCE(categ_id, 0), COALESCE(brand_id, 0), company_id)")
    _by_day = models.Index("(day)")
    _by_category = models.Index("(categ_id) WHERE categ_id IS NOT NULL")
    _by_brand = models.Index("(brand_id) WHERE brand_id IS NOT NULL")
