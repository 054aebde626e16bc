from odoo import api, fields, models

from ..fields import FactMany2one
from .loy_member_tier import KINDS


class LoyMemberTierGrant(models.Model):
    """A tier that a member has beside the rules: set by staff, brought along from another system, or kept in a merge.

    It holds until its day, or for good; purchases may raise the member above it. Never changed: the last word counts.
    """

    _name = "loy.member.tier.grant"
    _inherit = ["loy.fact.mixin"]
    _description = "Tier set by hand"
    _order = "since desc, id desc"
    _personal_columns = ("note",)

    member_id = fields.Many2one("res.partner", required=True, readonly=True, index=True, ondelete="restrict")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    tier_id = fields.Many2one("loy.tier", required=True, readonly=True, index=True, ondelete="restrict")
    since = fields.Date(required=True, readonly=True)
    until = fields.Date(readonly=True, help="Included; empty: for good.")
    instead_of_id = fields.Many2one(
        "loy.tier", string="Instead of", readonly=True, index="btree_not_null", ondelete="restrict",
        help="What the member had then. Who is lowered rises only above it.",
    )  # fmt: skip
    kind = fields.Selection(KINDS[2:], required=True, readonly=True)
    reason_id = fields.Many2one("loy.reason", readonly=True, index="btree_not_null", ondelete="restrict")
    note = fields.Char(readonly=True)
    user_id = FactMany2one("res.users", string="By", readonly=True)
    at = fields.Datetime("When", required=True, readonly=True)

    @api.depends("member_id", "tier_id")
    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.member_id.display_name} · {one.tier_id.display_name}"
