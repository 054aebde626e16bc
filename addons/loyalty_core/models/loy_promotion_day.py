from odoo import api, fields, models

from ..fields import BigInteger, FactMany2one


class LoyPromotionDay(models.Model):
    """What a promotion gave on a day in a store, less what came back. Money off has no unit.

    Receipts, what they came to and the goods stand once for each receipt, whatever the promotion gave on it: their sums
    over all units of a promotion are right. One receipt may have several promotions: over promotions they are not.
    """

    _name = "loy.promotion.day"
    _inherit = ["loy.sales.fact.mixin"]
    _description = "Promotion by day"
    _order = "day desc, id desc"
    _rec_name = "day"

    promotion_id = FactMany2one("loy.promotion", required=True, readonly=True)
    group_id = fields.Many2one(related="promotion_id.group_id")
    store_id = FactMany2one("loy.store", required=True, readonly=True)
    network_id = fields.Many2one(related="store_id.network_id")
    partner_id = fields.Many2one(related="store_id.partner_id")
    unit_id = FactMany2one("loy.unit", string="Points unit", readonly=True, help="Empty: money off.")
    is_member = fields.Boolean("To members", required=True, readonly=True)
    receipt_count = BigInteger("Receipts", required=True, readonly=True, help="On which it had an effect.")
    amount = fields.Monetary("Turnover", required=True, readonly=True, help="Of these receipts as a whole.")
    touched = fields.Monetary(
        "Goods", required=True, readonly=True, help="Shelf amount of the lines for which it gave anything."
    )
    discount = fields.Monetary(required=True, readonly=True)
    spent = fields.Monetary("Paid with points", required=True, readonly=True)
    points = fields.Float("Points given", required=True, readonly=True, digits=(16, 2))
    discount_percent = fields.Float(
        "Discount, %", compute="_compute_ratios", aggregator="avg", digits=(16, 2), help="Of the goods it touched."
    )
    average = fields.Monetary("Average receipt", compute="_compute_ratios", aggregator="avg")

    _ratios = {"average": ("amount", "receipt_count", 1), "discount_percent": ("discount", "touched", 100)}

    _once = models.UniqueIndex("(promotion_id, day, store_id, COALESCE(unit_id, 0), is_member, company_id)")
    _by_day = models.Index("(day)")
    _by_store = models.Index("(store_id, day)")

    @api.model
    @api.readonly
    def loy_analytics(self, promotion_id, from_on=None, to_on=None, population="customers", company_id=None):
        """What a promotion did from one day to another (both included), by these rows and its control group; what is
        shared by companies, in one of them. Refusals: ``bad_company``, ``effect_too_long``."""
        promotion = self.env["loy.promotion"].browse(promotion_id)
        promotion.check_access("read")
        self.check_access("read")
        return self.env["loy.promotion.analytics"]._of(
            promotion, fields.Date.to_date(from_on), fields.Date.to_date(to_on), population, company_id
        )
