from odoo import fields, models


class LoyCardExport(models.Model):
    """Who took the numbers of a series, and when. Written once, changed by nobody."""

    _name = "loy.card.export"
    _inherit = ["loy.fact.mixin"]
    _is_retained_for_a_time = True
    _description = "Export of card numbers"
    _order = "id desc"

    series_id = fields.Many2one("loy.card.series", required=True, index=True, ondelete="restrict", readonly=True)
    at = fields.Datetime(string="When", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    file_format = fields.Selection([("csv", "CSV"), ("xlsx", "Excel")], string="Format", required=True, readonly=True)
    columns = fields.Char(required=True, readonly=True)
    count = fields.Integer(string="Cards", required=True, readonly=True)
    company_id = fields.Many2one(related="series_id.company_id")
