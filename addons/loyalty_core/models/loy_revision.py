from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import FactMany2one


class LoyRevision(models.Model):
    """What a coded record of the programme said from a moment on. Rows are only ever added.

    A receipt is judged by the revisions that were valid at its own time, and remembers up to which number they were
    known: the same receipt under the same number gives the same bytes for ever.
    """

    _name = "loy.revision"
    _inherit = "loy.fact.mixin"
    _description = "Revision of a programme record"
    _order = "number desc"
    _rec_name = "code"

    section = fields.Char(required=True, readonly=True)
    code = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", required=True, readonly=True, string="Record")
    res_model = fields.Char(required=True, readonly=True)
    company_id = FactMany2one("res.company", readonly=True)
    valid_from_at = fields.Datetime(required=True, readonly=True, string="Valid from")
    number = fields.Integer(required=True, readonly=True, index=True)
    document = fields.Json(required=True, readonly=True)
    document_text = fields.Text(compute="_compute_document_text", string="As text")
    user_id = FactMany2one("res.users", string="Author", readonly=True)
    created_at = fields.Datetime(readonly=True, string="Changed at")

    changes = fields.Json(compute="_compute_changes", string="What changed")

    _by_record = models.Index("(res_model, res_id, number DESC)")
    _by_section = models.Index("(section, company_id, code, valid_from_at DESC, number DESC)")

    def init(self):
        """The head row holds the number of the last change; updating it queues changes of the programme in order."""
        super().init()
        self.env.cr.execute(
            SQL(
                """
                CREATE SEQUENCE IF NOT EXISTS loy_revision_number_seq AS integer;
                CREATE TABLE IF NOT EXISTS loy_revision_head (
                    id integer PRIMARY KEY CHECK (id = 1),
                    number integer NOT NULL
                );
                INSERT INTO loy_revision_head (id, number) VALUES (1, 0) ON CONFLICT DO NOTHING
                """
            )
        )

    @api.depends("document")
    @api.depends_context("lang", "uid")
    def _compute_changes(self):
        told = self.env["loy.differences"]._of_revisions(self)
        for revision in self:
            revision.changes = told[revision]

    def action_loy_restore(self):
        """What a promotion said then, prepared as a change of what it says now, or as its draft."""
        self.ensure_one()
        return self.env["loy.publications"]._restore(self)._open_form()

    @api.depends("document")
    def _compute_document_text(self):
        for revision in self:
            revision.document_text = self.env["loy.programme"]._format_document(revision.document)
