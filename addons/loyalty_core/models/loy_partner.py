from odoo import fields, models


class LoyPartner(models.Model):
    """A company of the coalition: brings its own stores and offers to the one member base."""

    _name = "loy.partner"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.code.mixin"]
    _description = "Coalition partner"

    contact_id = fields.Many2one("res.partner", help="Its legal entity, for settlements and letters.")
    store_ids = fields.One2many("loy.store", "partner_id")
    store_count = fields.Integer(compute="_compute_store_count")

    def _compute_store_count(self):
        counts = dict(
            self.env["loy.store"]._read_group([("partner_id", "in", self.ids)], ["partner_id"], ["__count"])
        )
        for partner in self:
            partner.store_count = counts.get(partner, 0)
