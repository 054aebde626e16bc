from odoo import models


class IrModuleModule(models.Model):
    _inherit = "ir.module.module"

    def button_uninstall(self):
        """Money that people have paid is not thrown away by a click."""
        removed = self | self.downstream_dependencies()
        if "loyalty_certificates" in removed.mapped("name"):
            self.env["loy.certificate.uninstall"]._check()
        return super().button_uninstall()
