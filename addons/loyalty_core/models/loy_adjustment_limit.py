from odoo import api, fields, models

from ..services.sections import UNITS_OF_PROGRAMME


class LoyAdjustmentLimit(models.Model):
    """How much people of a role may give or take by hand on their own; above it a second person approves.

    Accruals and write-offs are counted each for itself. Of several rows that concern a person the most generous
    counts; a row of a unit replaces the role's row for every unit. Administrators are bound only by rows of their own.
    """

    _name = "loy.adjustment.limit"
    _inherit = ["loy.audited.mixin"]
    _description = "Limit of manual movements"
    _order = "group_id, unit_id, id"

    group_id = fields.Many2one("res.groups", string="Role", required=True, index=True, ondelete="cascade")
    unit_id = fields.Many2one(
        "loy.unit", index="btree_not_null", ondelete="cascade", help="Empty: every unit.", domain=UNITS_OF_PROGRAMME
    )
    company_id = fields.Many2one("res.company", index="btree_not_null", help="Empty: all companies.")
    is_approval_always = fields.Boolean("Always ask", help="Every movement needs a second person's approval.")
    amount_max = fields.Float("Largest movement", help="Of one movement. 0: no limit.")
    giver_day_max = fields.Float("A day, by one person", help="What one person gives in all on one day. 0: no limit.")
    member_day_max = fields.Float(
        "A day, to one member", help="What one member gets by hand in all on one day, whoever gives. 0: no limit."
    )

    _role_unique = models.UniqueIndex(
        "(group_id, COALESCE(unit_id, 0), COALESCE(company_id, 0))", "This role has a limit for this unit already."
    )
    _positive = models.Constraint(
        "CHECK (amount_max >= 0 AND giver_day_max >= 0 AND member_day_max >= 0)", "A limit cannot be negative."
    )

    @api.depends("group_id", "unit_id")
    def _compute_display_name(self):
        for limit in self:
            unit = limit.unit_id.display_name or self.env._("every unit")
            limit.display_name = f"{limit.group_id.name} · {unit}"
