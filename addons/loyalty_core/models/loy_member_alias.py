from odoo import api, fields, models

from ..fields import FactMany2one
from ..services.errors import LoyaltyError


class LoyMemberAlias(models.Model):
    """A phone, e-mail or external id that a merged member had: whoever sends it still finds the survivor."""

    _name = "loy.member.alias"
    _description = "Former contact of a member"
    _order = "kind, id"
    _rec_name = "value"

    member_id = fields.Many2one("res.partner", required=True, readonly=True, index=True, ondelete="cascade")
    kind = fields.Selection(
        [("phone", "Phone"), ("email", "E-mail"), ("external_id", "External id")], required=True, readonly=True
    )
    value = fields.Char(required=True, readonly=True)
    source_id = FactMany2one("res.partner", string="Came with", readonly=True)

    _value_unique = models.UniqueIndex("(value text_pattern_ops, kind)", "Another member had this contact before.")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise LoyaltyError(
                "alias_by_service", self.env._("former contacts come from merges of members; they can only be removed")
            )
        return super().create(vals_list)
