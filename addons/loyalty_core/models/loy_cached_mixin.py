from odoo import api, models


class LoyCachedMixin(models.AbstractModel):
    """Records that every receipt needs and that change a few times a year: any change drops what processes keep
    of them, here and (by the registry's signal) everywhere."""

    _name = "loy.cached.mixin"
    _description = "Record that processes keep"

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        self.env.registry.clear_cache()
        return records

    def write(self, vals):
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
