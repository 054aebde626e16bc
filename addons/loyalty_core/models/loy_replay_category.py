from odoo import fields, models

from ..fields import FactMany2one


class LoyReplayCategory(models.Model):
    """What a replay found in a store on a day for the products of one category. A receipt has lines of several, so what
    is counted here are lines."""

    _name = "loy.replay.category"
    _inherit = ["loy.replay.mixin"]
    _description = "Replay by category"
    _order = "replay_id desc, day, store_id, categ_id"
    _rec_name = "categ_id"

    day = fields.Date(required=True, readonly=True, help="By the wall clock of the store.")
    store_id = FactMany2one("loy.store", readonly=True)
    categ_id = FactMany2one(
        "product.category", string="Category", readonly=True, help="As it was at the purchase; empty: not known."
    )
    line_count = fields.Integer("Lines", readonly=True)
    touched_count = fields.Integer("Lines touched", readonly=True)
    base = fields.Monetary("Shelf amount", readonly=True)

    _once = models.UniqueIndex("(replay_id, day, store_id, COALESCE(categ_id, 0))")
    _by_category = models.Index("(categ_id) WHERE categ_id IS NOT NULL")
