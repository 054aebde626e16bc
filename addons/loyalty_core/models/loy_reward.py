from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME


class LoyReward(models.Model):
    """A reward of the catalogue: what members get for points when they ask for it."""

    _name = "loy.reward"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Reward of the catalogue"
    _refusal = "bad_reward"

    unit_id = fields.Many2one(
        "loy.unit", required=True, ondelete="restrict", index=True, domain=UNITS_OF_PROGRAMME
    )
    points = fields.Float(digits=(16, 6), help="What it costs. 0: as many as the member likes, within the range.")
    points_min = fields.Float("Points from", digits=(16, 6))
    points_max = fields.Float("Points to", digits=(16, 6))
    points_step = fields.Float("Points of a step", digits=(16, 6), help="Each step gives the gift once.")
    gives_text = fields.Text(
        "What it gives",
        required=True,
        default='{"sku": ""}',
        help='As JSON: a product {"sku": "1001"}, a discount {"discount": {"kind": "percent", "value": 10}}, '
        'a promo code {"pool": "COUPON", "value": 10}, or another unit {"unit": "STAR", "amount": 1}.',
    )
    group_id = fields.Many2one(
        "loy.group",
        required=True,
        ondelete="restrict",
        index=True,
        default=lambda self: self.env.ref("loyalty_core.loy_group_default", raise_if_not_found=False),
        help="How a discount of it goes together with promotions.",
    )
    per_purchase = fields.Integer("Most with one purchase", required=True, default=1)
    redemption_count = fields.Integer(compute="_compute_redemption_count")

    @api.constrains(
        "code", "unit_id", "points", "points_min", "points_max", "points_step", "gives_text", "group_id", "per_purchase"
    )
    def _check_document(self):
        problems = self.env["loy.programme"]._problems_of_rewards(self)
        if problems:
            raise LoyaltyError(self._refusal, "\n".join(problems))

    def _compute_redemption_count(self):
        counts = dict(
            self.env["loy.redemption"]._read_group([("reward_id", "in", self.ids)], ["reward_id"], ["__count"])
        )
        for reward in self:
            reward.redemption_count = counts.get(reward, 0)

    def action_open_redemptions(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_redemption_action")
        return {**action, "domain": [("reward_id", "=", self.id)], "context": {}}
