from odoo import Command, fields, models

from ..fields import BigFactMany2one, FactMany2one


class LoyReplayReceipt(models.Model):
    """One of the receipts on which customers gain, or lose, most."""

    _name = "loy.replay.receipt"
    _inherit = ["loy.replay.mixin"]
    _description = "Receipt of a replay"
    _order = "replay_id desc, cost desc, purchase_id"
    _rec_name = "number"

    purchase_id = BigFactMany2one("loy.purchase", string="Receipt", required=True, readonly=True)
    number = fields.Char(required=True, readonly=True)
    store_id = FactMany2one("loy.store", readonly=True)
    purchased_at = fields.Datetime("Time", required=True, readonly=True)
    base = fields.Monetary("Shelf amount", readonly=True)
    cost = fields.Monetary("Gain", help="What the customer gets more: discounts, and points at what a unit is worth.")

    _once = models.UniqueIndex("(replay_id, purchase_id)")

    def action_loy_open(self):
        """The receipt as it was."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "loy.purchase",
            "view_mode": "form",
            "res_id": self.purchase_id.id,
        }

    def action_loy_try(self):
        """The receipt on the test bench, with what the replay tries taking part."""
        self.ensure_one()
        self.env["loy.rights"]._check("bench.use")
        case = self.env["loy.bench.case"]._of_purchase(self.purchase_id)
        drafts = self.replay_id.draft_b_ids.filtered(lambda one: one.state != "active")
        case.promotion_ids = [Command.set(drafts.ids)]
        return case._open()
