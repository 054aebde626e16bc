from odoo import fields, models


class LoyPoolMember(models.Model):
    """A member's time in a pool: in one at a time, as often as may be. Written by ``loy.pools`` only."""

    _name = "loy.pool.member"
    _description = "Member of a pool"
    _order = "joined_at, id"
    _rec_name = "member_id"

    pool_id = fields.Many2one("loy.pool", required=True, readonly=True, ondelete="restrict", index=True)
    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one(related="pool_id.company_id")
    joined_at = fields.Datetime("Joined", required=True, readonly=True)
    left_at = fields.Datetime("Left", readonly=True)

    _one_pool = models.UniqueIndex("(member_id) WHERE left_at IS NULL", "The member is in a pool already.")
