from odoo import api, models


class IrModelData(models.Model):
    _inherit = "ir.model.data"

    @api.model
    def _process_end(self, modules):
        """What the new version has no more is deleted only now, access rows too: what roles may do is derived again."""
        result = super()._process_end(modules)
        if any(module.startswith("loyalty_") for module in modules) and "loy.rights" in self.env:
            self.env["loy.rights"]._synchronise()
        return result
