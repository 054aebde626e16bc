import json

from odoo import fields, models


class LoyBooksCheckWizard(models.TransientModel):
    """Proves the laws of the ledger now, for whoever has the right to."""

    _name = "loy.books.check.wizard"
    _description = "Check of the books"

    is_ok = fields.Boolean("The books are right", readonly=True)
    checked_at = fields.Datetime("Checked", readonly=True)
    differences = fields.Text("What differs", readonly=True)

    def action_loy_check(self):
        self.ensure_one()
        self.env["loy.rights"]._check("books.check")
        # The check reads all companies' books, and tells sums and ids only.
        books = self.env["loy.ledger"].sudo()._check_books()
        differences = {name: found for name, found in books.items() if name != "ok" and found}
        self.write(
            {
                "is_ok": books["ok"],
                "checked_at": fields.Datetime.now(),
                "differences": "" if books["ok"] else json.dumps(differences, indent=2, default=str),
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self._description,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
