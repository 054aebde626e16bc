from odoo import api, fields, models

from ..services.errors import LoyaltyError

#: What a person may write, and only while it is a draft; all else services write.
EDITABLE = {"valid_from_at", "is_accepted", "note"}
DRAFT_HOURS = 24


class LoyPublication(models.Model):
    """That a promotion, or a change of one, becomes what receipts go by: what is new in it, what the kept cases of the
    test bench say to it, which other promotions it meets, who asked and who agreed. It stays as the record of that."""

    _name = "loy.publication"
    _inherit = ["loy.audited.mixin", "loy.approval.mixin"]
    _description = "Publication of a promotion"
    _order = "id desc"
    _approval_service = "loy.publications"

    promotion_id = fields.Many2one("loy.promotion", required=True, readonly=True, index=True, ondelete="cascade")
    draft_id = fields.Many2one(
        "loy.promotion",
        string="What is published",
        readonly=True,
        index=True,
        ondelete="set null",
        help="The promotion itself where it was a draft or paused, otherwise the change that was prepared.",
    )
    company_id = fields.Many2one(
        "res.company", readonly=True, index=True, help="For which company; empty: for all companies."
    )
    kind = fields.Selection(
        [("start", "Start"), ("restart", "Start again"), ("change", "Change")], required=True, readonly=True
    )
    valid_from_at = fields.Datetime(
        string="From when", help="Receipts from this moment on go by it. Empty: as soon as it is published."
    )
    note = fields.Char("Why", help="Who approves it reads this, and whoever looks it up later.")
    before = fields.Json(readonly=True, help="What receipts went by when it was asked for.")
    document = fields.Json(readonly=True, help="What they shall go by.")
    case_count = fields.Integer("Cases tried", readonly=True)
    case_differing_count = fields.Integer("Come out different", readonly=True)
    case_stale_count = fields.Integer("Different already", readonly=True)
    cases = fields.Json(readonly=True, help="What each of them comes to with it.")
    shown_cases = fields.Json("Kept cases that come out different", compute="_compute_shown_cases")
    is_accepted = fields.Boolean(
        "Publish all the same", help="The cases that come out different are kept as they come out with it."
    )
    is_approval_needed = fields.Boolean(compute="_compute_is_approval_needed")
    changes = fields.Json("What is new", compute="_compute_changes")
    conflicts = fields.Json("Touches the same goods as", compute="_compute_conflicts")
    state = fields.Selection(
        [
            ("draft", "To be checked"),
            ("waiting", "Waits for approval"),
            ("done", "Published"),
            ("refused", "Refused"),
            ("cancelled", "Withdrawn"),
        ],
        default="draft",
        required=True,
        readonly=True,
        index=True,
        tracking=True,
        copy=False,
    )

    @api.depends("promotion_id", "kind")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for publication in self:
            publication.display_name = f"{kinds.get(publication.kind, '')}: {publication.promotion_id.display_name}"

    def _compute_is_approval_needed(self):
        for publication in self:
            publication.is_approval_needed = bool(self.env[self._approval_service]._excess(publication, self.env.user))

    @api.depends("before", "document")
    @api.depends_context("lang", "uid")
    def _compute_changes(self):
        for publication in self:
            publication.changes = self.env["loy.differences"]._of_promotion(
                publication.before or {}, publication.document or {}
            )

    @api.depends("cases")
    @api.depends_context("lang")
    def _compute_shown_cases(self):
        for publication in self:
            publication.shown_cases = [self.env["loy.bench"]._tell(one) for one in publication.cases or ()]

    @api.depends("document")
    @api.depends_context("lang", "uid")
    def _compute_conflicts(self):
        for publication in self:
            known = publication.draft_id or publication.promotion_id
            publication.conflicts = self.env["loy.conflicts"]._of(known) if publication.state != "done" else []

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise self._not_editable()
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and (set(vals) - EDITABLE or any(one.state != "draft" for one in self)):
            raise self._not_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_told(self):
        if any(one.state not in ("draft", "cancelled") for one in self):
            raise self._not_editable()

    def _audit_concerned(self):
        """What a second person decides; the rest is told by the promotion itself."""
        return self.filtered("approval_note")

    def _not_editable(self) -> LoyaltyError:
        return LoyaltyError(
            "not_editable",
            self.env._("A publication is made from its promotion, and is not changed once it was asked for."),
        )

    @api.autovacuum
    def _gc_unasked(self):
        """What was looked at and never asked for is of no interest the day after."""
        stale = fields.Datetime.subtract(fields.Datetime.now(), hours=DRAFT_HOURS)
        self.search([("state", "=", "draft"), ("create_date", "<", stale)]).unlink()

    def action_loy_submit(self):
        """A change is gone when it is published: what receipts go by is shown."""
        result = super().action_loy_submit()
        return result if self.draft_id else self.promotion_id._open_instead()

    def action_loy_open_promotion(self):
        self.ensure_one()
        return (self.draft_id or self.promotion_id)._open_form()
