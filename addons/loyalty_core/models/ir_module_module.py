from odoo import models

UNINSTALL = "loyalty_core.uninstall_with_data"


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Members' points and money are not thrown away by a click: there must be none, or somebody says so first."""
        removed = self | self.downstream_dependencies()
        if "loyalty_core" in removed.mapped("name"):
            self.env["loy.ledger"]._check_uninstall(UNINSTALL)
        return super().button_uninstall()
