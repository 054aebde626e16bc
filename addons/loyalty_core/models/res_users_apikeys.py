from odoo import models


class ResUsersApikeys(models.Model):
    """Keys of those who have a role are told in the audit: that there is one, never which."""

    _name = "res.users.apikeys"
    _inherit = ["res.users.apikeys", "loy.audited.mixin"]
    _audit_fields = ("name", "user_id", "scope", "expiration_date")

    def _generate(self, scope, name, expiration_date):
        key = super()._generate(scope, name, expiration_date)
        # Odoo makes keys by a statement of its own; the newest of the user is this one.
        made = self.sudo().search([("user_id", "=", self.env.uid)], order="id desc", limit=1).sudo(self.env.su)
        made._audit_created()
        return key

    def _audit_concerned(self):
        if self._name != "res.users.apikeys":  # Odoo's second factor keeps its devices in the same way
            return self.browse()
        return self.filtered(lambda one: one.sudo().user_id._audit_concerned())  # the owner of an own key
