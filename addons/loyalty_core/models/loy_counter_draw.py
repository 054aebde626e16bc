from odoo import api, fields, models

from ..fields import BigMany2one, FactMany2one


class LoyCounterDraw(models.Model):
    """What one purchase has used for a promotion, of its limits or of shared ones, or what it gave back. Written once,
    never changed."""

    _name = "loy.counter.draw"
    _inherit = ["loy.money.mixin", "loy.fact.mixin"]
    _description = "Use of a limit"
    _order = "id desc"

    kind = fields.Selection(
        [("draw", "Used"), ("back", "Given back"), ("merge", "Members merged")], required=True, readonly=True
    )
    drawn_at = fields.Datetime(string="Booked", required=True, readonly=True)
    day = fields.Date(required=True, readonly=True, help="Of the purchase, by the calendar of the store.")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = FactMany2one("res.currency", required=True, readonly=True)
    promotion_id = FactMany2one("loy.promotion", required=True, readonly=True)
    limit_id = FactMany2one(
        "loy.shared.limit", string="Shared limit", readonly=True, help="Empty: limits of the promotion's own."
    )
    purchase_id = BigMany2one(
        "loy.purchase", readonly=True, index=True, ondelete="restrict", help="Empty: something else set it off."
    )
    return_id = BigMany2one("loy.purchase", string="Returned by", readonly=True, ondelete="restrict")
    store_id = fields.Many2one(related="purchase_id.store_id")
    member_id = FactMany2one("res.partner", readonly=True)
    uses = fields.Integer(required=True, readonly=True)
    discount = fields.Monetary(required=True, readonly=True)
    points = fields.Float(required=True, readonly=True, digits=(16, 6))
    base_amount = fields.Monetary(
        "Earned by, amount", readonly=True, help="How much of the purchase earned points, where that is limited."
    )
    base_quantity = fields.Float(
        "Earned by, quantity",
        readonly=True,
        digits=(16, 6),
        help="How much of the purchase earned points, where that is limited.",
    )
    counted = fields.Char(
        string="Counted on", readonly=True, help="The shared limits that the promotion had at that time."
    )
    is_over = fields.Boolean(
        string="Beyond the limit",
        readonly=True,
        help="A fact that could not be refused: a receipt made offline or late.",
    )

    _by_member = models.Index("(member_id, promotion_id, day) WHERE member_id IS NOT NULL")
    _by_limit_of_member = models.Index("(member_id, limit_id, day) WHERE limit_id IS NOT NULL")
    _by_limit = models.Index("(limit_id, day) WHERE limit_id IS NOT NULL")
    _by_promotion = models.Index("(promotion_id, day)")

    @api.depends("kind", "promotion_id", "limit_id", "purchase_id")
    def _compute_display_name(self):
        for draw in self:
            parts = (draw.limit_id.code, draw.promotion_id.code, draw.purchase_id.number)
            draw.display_name = " · ".join(filter(None, parts))
