from odoo import models

from ..services.monitor import BOOKS
from .loy_audited_mixin import SECRET_WORDS


class IrConfigParameter(models.Model):
    """The suite's parameters are part of its settings."""

    _name = "ir.config_parameter"
    _inherit = ["ir.config_parameter", "loy.audited.mixin"]
    _audit_fields = ("key", "value")

    def _audit_concerned(self):
        """Ours, but not what the nightly check of the books writes down for itself."""
        return self.filtered(lambda one: one.key.startswith("loyalty_core.") and one.key != BOOKS)

    def _audit_is_secret(self, name):
        return name == "value" and any(word in self.key for word in (*SECRET_WORDS, "key"))
