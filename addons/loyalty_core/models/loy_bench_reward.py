from odoo import fields, models
from odoo.fields import Domain

from ..services.gives import IN_PURCHASE


class LoyBenchReward(models.Model):
    """A reward of the catalogue that is taken with a basket that is tried."""

    _name = "loy.bench.reward"
    _inherit = ["loy.bench.part.mixin"]
    _description = "Reward of a case of the test bench"

    reward_id = fields.Many2one(
        "loy.reward",
        required=True,
        ondelete="cascade",
        check_company=True,
        domain=list(Domain.OR(Domain("gives_text", "like", f'"{key}"') for key in IN_PURCHASE)),
        help="Those that are taken with a purchase: discounts and products.",
    )
    points = fields.Float(related="reward_id.points", string="Costs")
    unit_id = fields.Many2one(related="reward_id.unit_id")
    times = fields.Integer(required=True, default=1)

    _times_above_zero = models.Constraint("CHECK (times > 0)", "A reward is taken at least once.")
