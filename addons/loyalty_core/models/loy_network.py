from odoo import fields, models


class LoyNetwork(models.Model):
    """A chain of stores under one sign: promotions can be limited to it."""

    _name = "loy.network"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.code.mixin"]
    _description = "Network of stores"

    store_ids = fields.One2many("loy.store", "network_id")
    store_count = fields.Integer(compute="_compute_store_count")

    def _compute_store_count(self):
        counts = dict(
            self.env["loy.store"]._read_group([("network_id", "in", self.ids)], ["network_id"], ["__count"])
        )
        for network in self:
            network.store_count = counts.get(network, 0)
