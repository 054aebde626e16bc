from odoo import fields, models

from ..fields import BigMany2one


class LoyReferralCode(models.Model):
    """By what a member's friends say who has sent them. Written by ``loy.referrals``."""

    _name = "loy.referral.code"
    _description = "Referral code"
    _rec_name = "code"
    _log_access = False

    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="cascade")
    code = fields.Char(required=True, readonly=True)

    _of_member = models.UniqueIndex("(member_id)")
    _code_unique = models.UniqueIndex("(code)")


class LoyReferral(models.Model):
    """A member who was sent by another, and the first purchase. Written by ``loy.referrals``."""

    _name = "loy.referral"
    _inherit = ["loy.bigint.mixin"]
    _description = "Referral"
    _order = "joined_at desc, id desc"
    _log_access = False

    member_id = fields.Many2one("res.partner", string="Sent by", required=True, readonly=True, ondelete="restrict")
    friend_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    joined_at = fields.Datetime("Joined", required=True, readonly=True)
    purchase_id = BigMany2one("loy.purchase", string="First purchase", readonly=True, ondelete="restrict", index=True)
    purchased_at = fields.Datetime("Bought", readonly=True)
    refusal = fields.Selection(
        [("self", "The same person"), ("pool", "They share a pool")],
        readonly=True,
        help="Why the first purchase is rewarded to nobody.",
    )

    _once = models.UniqueIndex("(friend_id)")
    _by_member = models.Index("(member_id)")

    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.member_id.display_name} → {one.friend_id.display_name}"
