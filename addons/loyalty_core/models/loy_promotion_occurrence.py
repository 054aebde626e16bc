from odoo import api, fields, models

from ..fields import BigInteger, FactMany2one


class LoyPromotionOccurrence(models.Model):
    """What a promotion made of something that happened to a member: judged once, whether it gave something or not."""

    _name = "loy.promotion.occurrence"
    _inherit = ["loy.fact.mixin"]
    _description = "Promotion set off by an event"
    _order = "id desc"

    promotion_id = FactMany2one("loy.promotion", required=True, readonly=True)
    member_id = FactMany2one("res.partner", string="Member", required=True, readonly=True)
    company_id = FactMany2one("res.company", required=True, readonly=True)
    occurrence = fields.Char(
        required=True, readonly=True, help="Which one: the year, the number of the event, or that it comes but once."
    )
    event_id = BigInteger("Event", readonly=True)
    occurred_at = fields.Datetime("When", required=True, readonly=True)
    judged_at = fields.Datetime("Judged", required=True, readonly=True)
    is_given = fields.Boolean("Given", required=True, readonly=True)
    outcome = fields.Char(readonly=True, help="What was given, or the code of the reason why nothing was.")

    _once = models.UniqueIndex("(promotion_id, member_id, occurrence)")
    _by_member = models.Index("(member_id, id)")

    @api.depends("promotion_id", "member_id")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.promotion_id.code} · {one.member_id.display_name}"
