from odoo import fields, models

from ..fields import FactMany2one


class LoyReplayDay(models.Model):
    """What a replay found in a store on a day."""

    _name = "loy.replay.day"
    _inherit = ["loy.replay.mixin"]
    _description = "Replay by day and store"
    _order = "replay_id desc, day, store_id"
    _rec_name = "day"

    day = fields.Date(required=True, readonly=True, help="By the wall clock of the store.")
    store_id = FactMany2one("loy.store", readonly=True)
    receipt_count = fields.Integer("Receipts", readonly=True)
    touched_count = fields.Integer(
        "Receipts touched", readonly=True, help="On which the customer gets something else."
    )
    base = fields.Monetary("Shelf amount", readonly=True)

    _once = models.UniqueIndex("(replay_id, day, store_id)")
