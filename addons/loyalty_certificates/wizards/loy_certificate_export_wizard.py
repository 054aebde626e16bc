from urllib.parse import urlencode

from odoo import fields, models

OPTIONAL = ("serial", "grouped", "pin", "ean13", "code128", "type", "series")


class LoyCertificateExportWizard(models.TransientModel):
    """What the printer asks for: the format of the file and its columns."""

    _name = "loy.certificate.export.wizard"
    _description = "Export the numbers of a series of certificates"

    series_id = fields.Many2one("loy.certificate.series", required=True, readonly=True)
    count = fields.Integer(related="series_id.made_count")
    file_format = fields.Selection(
        [("csv", "CSV: for printing software"), ("xlsx", "Excel")], string="Format", default="csv", required=True
    )
    is_serial = fields.Boolean(string="Serial", default=True)
    is_grouped = fields.Boolean(string="Number in groups of four", default=True)
    is_pin = fields.Boolean(string="PIN", default=True)
    is_ean13 = fields.Boolean(string="EAN-13 barcode text", help="For an EAN-13 barcode font; numbers of 13 digits.")
    is_code128 = fields.Boolean(string="Code 128 barcode text", help="For a Code 128 barcode font.")
    is_type = fields.Boolean(string="Certificate type")
    is_series = fields.Boolean(string="Name of the series")

    def action_loy_export(self):
        """The browser saves the file."""
        self.ensure_one()
        chosen = [name for name in OPTIONAL if self[f"is_{name}"]]
        columns = ["serial"] * ("serial" in chosen) + ["number"] + [name for name in chosen if name != "serial"]
        query = urlencode({"file_format": self.file_format, "columns": ",".join(columns)})
        return {
            "type": "ir.actions.act_url",
            "url": f"/loy/certificate-series/{self.series_id.id}/export?{query}",
            "target": "download",
            "close": True,
        }
