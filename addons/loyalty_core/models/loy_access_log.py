from odoo import fields, models

from ..fields import FactMany2one


class LoyAccessLog(models.Model):
    """Who looked at or took out the data of which member in the back office. Written once, read by administrators."""

    _name = "loy.access.log"
    _inherit = ["loy.fact.mixin"]
    _is_retained_for_a_time = True
    _description = "Access to a member's data"
    _order = "id desc"
    _rec_name = "kind"

    at = fields.Datetime(string="When", required=True, readonly=True)
    user_id = FactMany2one("res.users", string="Who", required=True, readonly=True)
    member_id = FactMany2one("res.partner", string="Member", required=True, readonly=True)
    kind = fields.Selection(
        [("view", "Looked at"), ("export", "Exported"), ("erase", "Erased")], required=True, readonly=True
    )
    company_id = FactMany2one("res.company", readonly=True)

    _by_member = models.Index("(member_id, at)")
