from odoo import fields, models

from ..fields import BigInteger, FactMany2one


class LoyReplayMember(models.Model):
    """Who is touched by a replay, so that each member is counted once. Nobody reads it but the replay itself."""

    _name = "loy.replay.member"
    _description = "Member touched by a replay"
    _log_access = False

    replay_id = fields.Many2one("loy.replay", required=True, readonly=True, ondelete="cascade")
    member_id = FactMany2one("res.partner", required=True, readonly=True)

    _once = models.UniqueIndex("(replay_id, member_id)")


class LoyReplayUse(models.Model):
    """What a member has used, within a replay, of the limits of the promotions that are tried. Nobody reads it but the
    replay itself."""

    _name = "loy.replay.use"
    _description = "Use of a limit in a replay"
    _log_access = False

    replay_id = fields.Many2one("loy.replay", required=True, readonly=True, ondelete="cascade")
    side = fields.Selection([("a", "Compared"), ("b", "Tried")], required=True, readonly=True)
    member_id = FactMany2one("res.partner", required=True, readonly=True)
    meter = fields.Char(required=True, readonly=True)
    day = fields.Date(required=True, readonly=True)
    uses = fields.Integer(readonly=True)
    base = BigInteger(readonly=True)

    _once = models.UniqueIndex("(replay_id, member_id, side, meter, day)")
