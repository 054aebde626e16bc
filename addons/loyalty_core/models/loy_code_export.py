from odoo import fields, models

from ..fields import BigInteger


class LoyCodeExport(models.Model):
    """Who took promo codes out, and when. Written once, changed by nobody."""

    _name = "loy.code.export"
    _inherit = ["loy.fact.mixin"]
    _description = "Export of promo codes"
    _order = "id desc"

    pool_id = fields.Many2one("loy.code.pool", required=True, index=True, ondelete="restrict", readonly=True)
    series_id = fields.Many2one("loy.code.series", index=True, ondelete="restrict", readonly=True)
    at = fields.Datetime(string="When", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    file_format = fields.Selection(
        [("csv", "CSV"), ("xlsx", "Excel"), ("pdf", "Printed sheet")], string="Format", required=True, readonly=True
    )
    count = fields.Integer(string="Codes", required=True, readonly=True)
    last_id = BigInteger(readonly=True, help="Of the codes that are in no series, those up to it are out.")
    company_id = fields.Many2one(related="pool_id.company_id")
