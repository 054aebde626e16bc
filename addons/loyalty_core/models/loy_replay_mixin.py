from odoo import fields, models

from ..fields import FactMany2one

#: What is added up, as columns.
CHANGES = ("discount", "spent", "points")


class LoyReplayMixin(models.AbstractModel):
    """Figures of a replay on both sides, and what the tried side gives more. Every one may be added up."""

    _name = "loy.replay.mixin"
    _description = "Figures of a replay"
    _log_access = False

    replay_id = fields.Many2one("loy.replay", required=True, readonly=True, index=True, ondelete="cascade")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    discount_a = fields.Monetary("Discounts, compared", readonly=True)
    discount_b = fields.Monetary("Discounts, tried", readonly=True)
    discount_change = fields.Monetary("Discounts, change", readonly=True)
    spent_a = fields.Monetary("Paid with points, compared", readonly=True)
    spent_b = fields.Monetary("Paid with points, tried", readonly=True)
    spent_change = fields.Monetary("Paid with points, change", readonly=True)
    points_a = fields.Monetary("Points, compared", readonly=True, help="Points given, at what a unit is worth.")
    points_b = fields.Monetary("Points, tried", readonly=True, help="Points given, at what a unit is worth.")
    points_change = fields.Monetary("Points, change", readonly=True, help="Points given, at what a unit is worth.")
    cost = fields.Monetary(readonly=True, help="Change of discounts and of the worth of points given.")
