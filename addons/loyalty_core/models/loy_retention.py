from odoo import api, fields, models

KINDS = [
    ("access_log", "Who looked at members' data"),
    ("audit", "Who changed what"),
    ("request", "Answers of the API"),
    ("event", "What happened to members"),
    ("lockout", "Who guessed cards or members"),
    ("card_export", "Files for the card printer"),
    ("incomplete", "Notices of incomplete receipts"),
    ("offer", "Personal offers that are over"),
    ("member", "Members who have gone"),
]
#: A till that repeats a call must be told what it was told before.
REQUEST_MONTHS_MIN = 1


class LoyRetention(models.Model):
    """How long a kind of data is kept. Purchases and movements are kept for ever: they are the books."""

    _name = "loy.retention"
    _inherit = ["loy.audited.mixin"]
    _description = "How long data are kept"
    _order = "id"
    _rec_name = "kind"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    months = fields.Integer(required=True, default=0, help="After so many months it is deleted at night. 0: never.")
    is_written_off = fields.Boolean(
        "Points and all", help="Members who have points left are erased too; what they have is written off."
    )
    explanation = fields.Char(compute="_compute_explanation")
    due_count = fields.Integer("Would go now", compute="_compute_due_count")

    _once = models.UniqueIndex("(kind)")
    _months = models.Constraint("CHECK (months >= 0)", "Data cannot be kept for less than no time.")
    _requests = models.Constraint(
        "CHECK (kind <> 'request' OR months >= 1)",
        "Answers of the API are kept for a month at least: a till that repeats a call must be told the same.",
    )

    @api.depends("kind")
    def _compute_explanation(self):
        told = {
            "request": self.env._("What a till was answered, to be told again if it repeats the call."),
            "event": self.env._("Whole months of the stream that other programs read."),
            "member": self.env._("Members without a purchase or movement since then, and without points, are erased."),
            "audit": self.env._("The law may want ten years of it."),
        }
        for retention in self:
            retention.explanation = told.get(retention.kind, False)

    @api.depends("kind", "months", "is_written_off")
    def _compute_due_count(self):
        for retention in self:
            retention.due_count = self.env["loy.retentions"]._count(retention)

    def _cron_run(self):
        """Nightly: deletes what is older than it may be."""
        self.env["loy.retentions"]._run()
