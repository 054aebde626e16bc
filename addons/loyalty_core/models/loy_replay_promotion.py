from odoo import fields, models

from ..fields import FactMany2one


class LoyReplayPromotion(models.Model):
    """What one promotion gave on either side of a replay: the draft itself, and those that it takes from."""

    _name = "loy.replay.promotion"
    _inherit = ["loy.replay.mixin"]
    _description = "Replay by promotion"
    _order = "replay_id desc, cost desc, code"

    code = fields.Char(required=True, readonly=True)
    name = fields.Char("Promotion", required=True, readonly=True)
    promotion_id = FactMany2one("loy.promotion", string="Record", readonly=True)
    uses_a = fields.Integer("Receipts, compared", readonly=True)
    uses_b = fields.Integer("Receipts, tried", readonly=True)
    uses_change = fields.Integer("Receipts, change", readonly=True)

    _once = models.UniqueIndex("(replay_id, code)")
