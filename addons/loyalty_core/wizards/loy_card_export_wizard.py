from urllib.parse import urlencode

from odoo import fields, models

OPTIONAL = ("position", "grouped", "check_digit", "ean13", "code128", "type", "series")


class LoyCardExportWizard(models.TransientModel):
    """What the card printer asks for: the format of the file and its columns."""

    _name = "loy.card.export.wizard"
    _description = "Export the numbers of a series"

    series_id = fields.Many2one("loy.card.series", required=True, readonly=True)
    count = fields.Integer(related="series_id.made_count")
    file_format = fields.Selection(
        [("csv", "CSV: for printing software"), ("xlsx", "Excel")], string="Format", default="csv", required=True
    )
    is_position = fields.Boolean(string="Position", default=True)
    is_grouped = fields.Boolean(string="Number in groups of four", default=True)
    is_check_digit = fields.Boolean(string="Check digit")
    is_ean13 = fields.Boolean(string="EAN-13 barcode text", help="For an EAN-13 barcode font; numbers of 13 digits.")
    is_code128 = fields.Boolean(string="Code 128 barcode text", help="For a Code 128 barcode font.")
    is_type = fields.Boolean(string="Card type")
    is_series = fields.Boolean(string="Name of the series")

    def action_loy_export(self):
        """The browser saves the file."""
        self.ensure_one()
        chosen = [name for name in OPTIONAL if self[f"is_{name}"]]
        columns = ["position"] * ("position" in chosen) + ["number"] + [name for name in chosen if name != "position"]
        query = urlencode({"file_format": self.file_format, "columns": ",".join(columns)})
        return {
            "type": "ir.actions.act_url",
            "url": f"/loy/card-series/{self.series_id.id}/export?{query}",
            "target": "download",
            "close": True,
        }
