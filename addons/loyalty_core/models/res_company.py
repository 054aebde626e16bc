from odoo import models


class ResCompany(models.Model):
    """A company's currency is part of its programme: amounts in documents are counted in it."""

    _inherit = "res.company"

    def write(self, vals):
        result = super().write(vals)
        if "currency_id" in vals:
            # every process compiles the programmes anew, with the decimals of the new currency
            self.flush_recordset(["currency_id"])
            self.env["loy.programme"]._next_number()
            self.env.registry.clear_cache()
        return result
