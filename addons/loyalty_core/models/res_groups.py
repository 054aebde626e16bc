from odoo import models


class ResGroups(models.Model):
    """Who is in the group of a role, has the role: by whatever form he was put there."""

    _name = "res.groups"
    _inherit = ["res.groups", "loy.audited.mixin"]
    _audit_fields = ("name", "user_ids", "implied_ids", "implied_by_ids")

    def _audit_concerned(self):
        """The groups of roles, and those that give a role."""
        of_roles = self.env["loy.roles"]._groups()
        return self.filtered(lambda one: (one | one.all_implied_ids) & of_roles)
