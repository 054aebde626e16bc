from odoo import api, fields, models

from ..fields import FactMany2one


class LoyLotTerms(models.Model):
    """The condition that must hold on a receipt for which points pay. Written once, named by any number of lots."""

    _name = "loy.lot.terms"
    _inherit = ["loy.fact.mixin"]
    _description = "Terms of points"
    _order = "id desc"

    company_id = FactMany2one("res.company", required=True, readonly=True)
    hash = fields.Char(required=True, readonly=True)
    document = fields.Json(string="Condition", required=True, readonly=True)
    document_text = fields.Text(compute="_compute_document_text", string="Usable when")

    _once = models.Constraint("UNIQUE (company_id, hash)", "These terms are kept already.")

    @api.depends("document")
    def _compute_document_text(self):
        for terms in self:
            terms.document_text = self.env["loy.programme"]._format_document(terms.document)

    @api.depends("document")
    def _compute_display_name(self):
        for terms in self:
            terms.display_name = self._in_words(terms.document or {})

    @api.model
    def _in_words(self, document) -> str:
        """The condition on one line, in the words of the programme document."""
        for key, word in (("all", self.env._("and")), ("any", self.env._("or"))):
            if key in document:
                parts = [self._in_words(child) for child in document[key]]
                return f" {word} ".join(f"({part})" if len(parts) > 1 and " " in part else part for part in parts)
        if "not" in document:
            return self.env._("not (%s)", self._in_words(document["not"]))
        rest = ", ".join(f"{key} {_plain(value)}" for key, value in document.items() if key != "kind")
        return f"{document.get('kind', '')}: {rest}" if rest else document.get("kind", "")


def _plain(value) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_plain, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
