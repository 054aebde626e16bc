from odoo import api, fields, models

from ..fields import BigInteger, BigMany2one


class LoyRedemption(models.Model):
    """A reward of the catalogue that a member has taken for points, other than with the lines of a purchase."""

    _name = "loy.redemption"
    _inherit = ["loy.bigint.mixin", "loy.amount.mixin"]
    _description = "Reward taken"
    _order = "redeemed_at desc, id desc"
    _log_access = False
    _amount_fields = {"points": "points_minor"}

    reward_id = fields.Many2one("loy.reward", required=True, readonly=True, ondelete="restrict", index=True)
    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    purchase = fields.Char("Purchase number", readonly=True)
    unit_id = fields.Many2one(related="reward_id.unit_id")
    points_minor = BigInteger(string="Points (minor units)", required=True, readonly=True)
    points = fields.Float(compute="_compute_amounts", aggregator="sum")
    given = fields.Json(readonly=True, help="As the API tells it.")
    transaction_id = BigMany2one(
        "loy.transaction", string="Booked as", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    redeemed_at = fields.Datetime("Taken", required=True, readonly=True)

    _of_purchase = models.Index("(company_id, purchase) WHERE purchase IS NOT NULL")

    @api.depends("points_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()
