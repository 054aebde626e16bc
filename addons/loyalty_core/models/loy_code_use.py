from odoo import fields, models

from ..fields import BigInteger, BigMany2one, FactMany2one


class LoyCodeUse(models.Model):
    """What a purchase has used of a promo code, or gave back; what a return has cut. Written once, never changed."""

    _name = "loy.code.use"
    _inherit = ["loy.fact.mixin"]
    _description = "Use of a promo code"
    _order = "id desc"
    _rec_name = "code_id"

    kind = fields.Selection(
        [("use", "Used"), ("back", "Given back"), ("cut", "Cut by a return")], required=True, readonly=True
    )
    used_at = fields.Datetime(string="Booked", required=True, readonly=True)
    code_id = BigMany2one("loy.code", string="Promo code", required=True, readonly=True, ondelete="restrict")
    pool_id = FactMany2one("loy.code.pool", required=True, readonly=True)
    promotion_id = FactMany2one("loy.promotion", readonly=True)
    purchase_id = BigMany2one("loy.purchase", required=True, readonly=True, index=True, ondelete="restrict")
    return_id = BigMany2one("loy.purchase", string="Returned by", readonly=True, ondelete="restrict")
    store_id = fields.Many2one(related="purchase_id.store_id")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = FactMany2one("res.currency", required=True, readonly=True)
    member_id = FactMany2one("res.partner", readonly=True)
    uses = fields.Integer(required=True, readonly=True)
    amount_minor = BigInteger(required=True, readonly=True)
    taken_minor = BigInteger(required=True, readonly=True)
    amount = fields.Monetary(string="Paid", compute="_compute_amount")
    is_whole = fields.Boolean(readonly=True, help="The code is used up by it.")
    is_counted = fields.Boolean(readonly=True, help="It counts for the number of uses that the pool allows.")
    is_over = fields.Boolean(
        string="Beyond the limit",
        readonly=True,
        help="A fact that could not be refused: a receipt made offline or late.",
    )

    _by_code = models.Index("(code_id)")
    _by_pool = models.Index("(pool_id, used_at)")

    def _compute_amount(self):
        for use in self:
            use.amount = use.amount_minor / 10**use.currency_id.decimal_places
