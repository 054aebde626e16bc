from markupsafe import Markup
from odoo import api, fields, models

from ..fields import FactMany2one

#: How much of a change the list shows.
SUMMARY_LENGTH = 200


class LoyAudit(models.Model):
    """One change of money, rules or rights: who, when, by which way, from what to what. Written by ``loy.auditor`` in
    the transaction of the change; nobody changes or deletes it."""

    _name = "loy.audit"
    _inherit = ["loy.fact.mixin"]
    _is_retained_for_a_time = True
    _personal_columns = ("changes", "name")
    _description = "Change"
    _order = "id desc"

    at = fields.Datetime(string="When", required=True, readonly=True)
    user_id = FactMany2one("res.users", string="Who", required=True, readonly=True)
    user_name = fields.Char(string="Called then", required=True, readonly=True, help="The user's name at that time.")
    model = fields.Selection("_selection_model", string="Kind", required=True, readonly=True)
    res_id = fields.Many2oneReference("Record number", model_field="model", required=True, readonly=True)
    name = fields.Char(string="Record", readonly=True, help="What the record was called at that time.")
    operation = fields.Selection(
        [("create", "Added"), ("write", "Changed"), ("unlink", "Deleted"), ("export", "Exported")],
        string="What was done",
        required=True,
        readonly=True,
    )
    door = fields.Selection(
        [("office", "Back office"), ("api", "API"), ("system", "System")],
        string="By way of",
        required=True,
        readonly=True,
        help="System: a job of the server, an installation, or a program on the server itself.",
    )
    changes = fields.Json("From and to", required=True, readonly=True)
    summary = fields.Char(string="Changes", compute="_compute_summary")
    changes_html = fields.Html(string="From what to what", compute="_compute_changes_html", sanitize=False)
    company_id = FactMany2one("res.company", readonly=True)

    _by_time = models.Index("(at)")
    _by_record = models.Index("(model, res_id)")
    _by_user = models.Index("(user_id, at)")

    @api.model
    def _selection_model(self):
        names = [name for name in self.env if self._is_told_of(name)]
        # What kinds of records are called is no secret.
        kinds = self.env["ir.model"].sudo()
        return sorted(((name, kinds._get(name).name) for name in names), key=lambda pair: pair[1] or "")

    @api.model
    def _is_told_of(self, name):
        """Of whatever is the suite's own, of members, and of what has the mixin."""
        model = self.env[name]
        if model._abstract or model._transient:
            return False
        return name == "res.partner" or name.startswith("loy.") or hasattr(model, "_audit_concerned")

    @api.depends("changes")
    @api.depends_context("lang")
    def _compute_summary(self):
        for audit in self:
            told = "; ".join(f"{label}: {old or '–'} → {new or '–'}" for label, old, new in audit._lines())
            audit.summary = told if len(told) <= SUMMARY_LENGTH else f"{told[:SUMMARY_LENGTH]}…"

    @api.depends("changes")
    @api.depends_context("lang")
    def _compute_changes_html(self):
        head = Markup("<tr><th>%s</th><th>%s</th><th>%s</th></tr>") % (
            self.env._("Field"),
            self.env._("Before"),
            self.env._("After"),
        )
        row = Markup("<tr><td>%s</td><td>%s</td><td>%s</td></tr>")
        for audit in self:
            rows = Markup().join(row % line for line in audit._lines())
            audit.changes_html = Markup('<table class="table table-sm">%s%s</table>') % (head, rows)

    @api.depends("name", "model")
    def _compute_display_name(self):
        kinds = dict(self._selection_model())
        for audit in self:
            audit.display_name = f"{kinds.get(audit.model, audit.model)} · {audit.name or ''}"

    def _lines(self):
        """(field, before, after) as the reader calls them."""
        described = self.env[self.model].sudo().fields_get() if self.model in self.env else {}
        lines = []
        for name, (old, new) in self.changes.items():
            field = described.get(name, {})
            lines.append((field.get("string") or name, self._told(field, old), self._told(field, new)))
        return lines

    def _told(self, field, value):
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return ", ".join(value)
        if isinstance(value, bool):
            return self.env._("Yes") if value else self.env._("No")
        if value is None:
            return ""
        return dict(field.get("selection", ())).get(value, str(value)) if isinstance(value, str) else str(value)

    def action_loy_open(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.model,
            "res_id": self.res_id,
            "view_mode": "form",
        }
