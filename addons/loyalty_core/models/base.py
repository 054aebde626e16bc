from odoo import models


class Base(models.AbstractModel):
    """Whoever takes a list of ours out to a file may do so, and is told in the audit."""

    _inherit = "base"

    def export_data(self, fields_to_export):
        auditor = self.env["loy.auditor"]
        is_told = auditor._is_export_told(self, fields_to_export)
        result = super().export_data(fields_to_export)
        if is_told:
            auditor._note_export(self, fields_to_export)
        return result
