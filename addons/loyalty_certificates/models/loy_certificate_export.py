from odoo import fields, models


class LoyCertificateExport(models.Model):
    """Who took the numbers of a series, and when. Written once, changed by nobody."""

    _name = "loy.certificate.export"
    _inherit = ["loy.fact.mixin"]
    _description = "Export of certificate numbers"
    _order = "id desc"

    series_id = fields.Many2one(
        "loy.certificate.series", required=True, index=True, ondelete="restrict", readonly=True
    )
    at = fields.Datetime(string="When", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    file_format = fields.Selection([("csv", "CSV"), ("xlsx", "Excel")], string="Format", required=True, readonly=True)
    columns = fields.Char(required=True, readonly=True)
    count = fields.Integer(string="Certificates", required=True, readonly=True)
    company_id = fields.Many2one(related="series_id.company_id")
