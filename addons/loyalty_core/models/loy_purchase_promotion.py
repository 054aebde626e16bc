from odoo import fields, models

from ..fields import BigMany2one, FactMany2one


class LoyPurchasePromotion(models.Model):
    """One use of a promotion: a confirmed purchase in which it had an effect, and how large that was."""

    _name = "loy.purchase.promotion"
    _inherit = ["loy.money.mixin", "loy.bigint.mixin"]
    _description = "Use of a promotion"
    _order = "id desc"
    _log_access = False

    purchase_id = BigMany2one("loy.purchase", required=True, readonly=True, index=True, ondelete="restrict")
    promotion_id = FactMany2one("loy.promotion", required=True, readonly=True)
    company_id = FactMany2one("res.company", required=True, readonly=True)
    store_id = fields.Many2one(related="purchase_id.store_id")
    member_id = fields.Many2one(related="purchase_id.member_id")
    currency_id = FactMany2one("res.currency", readonly=True)
    purchased_at = fields.Datetime(string="Time", required=True, readonly=True)
    discount = fields.Monetary(readonly=True)
    spent = fields.Monetary(string="Paid with points", readonly=True)
    unit_id = FactMany2one("loy.unit", string="Points unit", readonly=True)
    points = fields.Float(string="Points given", readonly=True, digits=(16, 6))

    _by_promotion = models.Index("(promotion_id, purchased_at)")
