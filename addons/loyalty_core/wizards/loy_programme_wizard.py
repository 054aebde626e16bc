import json
from base64 import b64decode, b64encode

from odoo import fields, models

from ..engine import schema
from ..services.errors import LoyaltyError
from ..services.requests import ProgrammeApply
from ..services.transaction import run_with_retry


class LoyProgrammeWizard(models.TransientModel):
    """Takes the whole programme out as a document, and brings one in: what it names is made or changed by code."""

    _name = "loy.programme.wizard"
    _description = "Programme as a document"

    file = fields.Binary("Document", attachment=False)
    file_name = fields.Char("File name")
    result = fields.Text("What it changes", readonly=True)

    def action_loy_export(self):
        self.env["loy.rights"]._check("programme.export")
        # All of the programme: the right to it was checked.
        document = self.env["loy.programme.document"].sudo()._export()["programme"]
        text = json.dumps(document, indent=2, ensure_ascii=False)
        return self._shown(file=b64encode(text.encode()), file_name="programme.json", result=False)

    def action_loy_try(self):
        """Tells what would change; nothing does."""
        return self._shown(result=self._apply(dry_run=True))

    def action_loy_apply(self):
        return self._shown(result=self._apply(dry_run=False))

    def _apply(self, *, dry_run):
        self.ensure_one()
        self.env["loy.rights"]._check("programme.apply")
        try:
            body = json.loads(b64decode(self.file or b""))
            request = schema.read(ProgrammeApply, {"key": "office", "programme": body, "dry_run": dry_run})
        except ValueError as error:
            raise LoyaltyError(
                "bad_request", self.env._("Choose a file with the programme as JSON: %s", error)
            ) from None
        # All of the programme: the right to it was checked.
        documents = self.env["loy.programme.document"].sudo()
        answer = run_with_retry(self.env, lambda: documents._apply(request))
        return json.dumps(answer, indent=2)

    def _shown(self, **values):
        self.ensure_one()
        self.write(values)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Programme as a document"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
