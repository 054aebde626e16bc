from odoo import api, fields, models

from ..fields import BigInteger
from ..services.adjustment_lists import KNOWN_BY
from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME
from ..services.transaction import run_with_retry
from .loy_adjustment import DIRECTIONS, to_minor

#: What a person may write, and only until it is booked; all else services write.
NOTES = {"name"}
TERMS = {
    "file",
    "file_name",
    "key_kind",
    "repeats",
    "direction",
    "unit_id",
    "amount",
    "amount_minor",
    "reason_id",
    "note",
    "is_notified",
    "active_from",
    "expires_at",
    "planned_at",
    "company_id",
}
FAULTS_SHOWN = 20


class LoyAdjustmentList(models.Model):
    """Points given to all members of a file, or taken from them: looked at before anything is booked, then booked line
    by line, each once.
    """

    _name = "loy.adjustment.list"
    _inherit = ["loy.audited.mixin", "loy.approval.mixin", "loy.amount.mixin"]
    _description = "Points to a list"
    _order = "id desc"
    _amount_fields = {"total": "total_minor", "booked": "booked_minor"}
    _approval_service = "loy.adjustment.lists"
    _audit_fields = ("state", "decided_by_id")

    name = fields.Char(compute="_compute_name", store=True, readonly=False, precompute=True, copy=False)
    file = fields.Binary(
        attachment=True,
        copy=False,
        help="CSV or XLSX with a head: card, phone, email, external_id or member; amount; comment. It is kept until "
        "the list is booked.",
    )
    file_name = fields.Char(copy=False)
    file_hash = fields.Char("SHA-256 of the file", readonly=True, copy=False)
    earlier_id = fields.Many2one("loy.adjustment.list", string="Uploaded before as", compute="_compute_earlier_id")
    key_kind = fields.Selection(
        KNOWN_BY, string="Members are known by", help="Empty: by the first such column of the file's head."
    )
    used_key = fields.Selection(KNOWN_BY, string="Found by", readonly=True, copy=False)
    repeats = fields.Selection(
        [("refuse", "Only the first line counts"), ("sum", "Each line counts")],
        string="A member in several lines",
        required=True,
        default="refuse",
    )
    direction = fields.Selection(DIRECTIONS, required=True, default="accrual")
    unit_id = fields.Many2one(
        "loy.unit",
        required=True,
        ondelete="restrict",
        domain=UNITS_OF_PROGRAMME,
        default=lambda self: self.env["loy.adjustment"]._default_unit(),
    )
    amount_minor = BigInteger(string="Amount for each (minor units)", required=True, default=0)
    amount = fields.Float(
        "Amount for each",
        compute="_compute_amount",
        inverse="_inverse_amount",
        help="For lines of the file without an amount of their own.",
    )
    reason_id = fields.Many2one(
        "loy.reason", required=True, ondelete="restrict", domain="[('usage', 'in', ('any', direction))]"
    )
    note = fields.Char("Comment", help="For lines of the file without a comment of their own; members read it.")
    is_notified = fields.Boolean(
        "Tell the members",
        compute="_compute_is_notified",
        store=True,
        readonly=False,
        help="Each member with an e-mail address gets a notice when the points are booked.",
    )
    active_from = fields.Datetime("Active from", help="Empty: at once.")
    expires_at = fields.Datetime("Expires", help="Empty: never.")
    planned_at = fields.Datetime("Book not before", help="Empty: at once.")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checking", "Being read"),
            ("checked", "To be booked"),
            ("waiting", "Waits for approval"),
            ("booking", "Being booked"),
            ("stopped", "Stopped"),
            ("done", "Booked"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    problem = fields.Char(readonly=True, copy=False)
    line_ids = fields.One2many("loy.adjustment.list.line", "list_id")
    fault_ids = fields.One2many("loy.adjustment.list.line", compute="_compute_fault_ids", string="First faults")
    line_count = fields.Integer("Lines", readonly=True, copy=False)
    fault_count = fields.Integer("Faults", readonly=True, copy=False)
    sound_count = fields.Integer("Lines to book", compute="_compute_sound_count")
    member_count = fields.Integer("Members", readonly=True, copy=False)
    total_minor = BigInteger(string="Total (minor units)", required=True, default=0, readonly=True, copy=False)
    total = fields.Float(compute="_compute_amounts", aggregator="sum")
    booked_count = fields.Integer("Booked lines", readonly=True, copy=False)
    booked_minor = BigInteger(string="Booked (minor units)", required=True, default=0, readonly=True, copy=False)
    booked = fields.Float("Sum booked", compute="_compute_amounts", aggregator="sum")
    progress = fields.Float(string="Progress, %", compute="_compute_sound_count")
    done_at = fields.Datetime("Booked since", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="restrict", index=True, default=lambda self: self.env.company
    )

    # A file is booked once; what was given up before anything was booked does not count.
    _file_once = models.UniqueIndex(
        "(company_id, file_hash) WHERE state NOT IN ('draft', 'checking')"
        " AND (state NOT IN ('refused', 'cancelled') OR booked_count > 0)",
        "This file has been uploaded already.",
    )
    _at_work = models.Index("(id) WHERE state IN ('checking', 'booking')")
    _by_giver = models.Index("(decided_by_id, decided_at) WHERE decided_at IS NOT NULL")

    @api.depends("file_name")
    def _compute_name(self):
        """As the file is called, until somebody calls it otherwise."""
        for one in self:
            one.name = one.file_name or one.name or self.env._("List of %s", fields.Date.context_today(self))

    @api.depends("amount_minor")
    def _compute_amount(self):
        for one in self:
            # sudo: as in loy.amount.mixin
            one.amount = one.amount_minor / 10 ** one.unit_id.sudo().decimals

    def _inverse_amount(self):
        for one in self:
            one.amount_minor = to_minor(one.amount, one.unit_id)

    @api.depends("reason_id")
    def _compute_is_notified(self):
        for one in self:
            one.is_notified = one.reason_id.is_notified

    @api.depends("file_hash", "state")
    def _compute_earlier_id(self):
        for one in self:
            one.earlier_id = self.env["loy.adjustment.lists"]._earlier(one)

    @api.depends("line_count", "fault_count", "booked_count")
    def _compute_sound_count(self):
        for one in self:
            one.sound_count = one.line_count - one.fault_count
            one.progress = 100.0 * one.booked_count / one.sound_count if one.sound_count else 0.0

    @api.depends("total_minor", "booked_minor", "unit_id")
    def _compute_amounts(self):
        return super()._compute_amounts()

    @api.depends("fault_count")
    def _compute_fault_ids(self):
        for one in self:
            one.fault_ids = self.env["loy.adjustment.list.line"].search(
                [("list_id", "in", one.ids), ("fault", "!=", False)], limit=FAULTS_SHOWN
            )

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(set(vals) - TERMS - NOTES for vals in vals_list):
            raise self._not_editable()
        return super().create([self._with_hash(vals) for vals in vals_list])

    def write(self, vals):
        terms = set(vals) - NOTES
        is_open = all(one.state in ("draft", "checked") for one in self)
        if not self.env.su and (terms - TERMS or (terms and not is_open)):
            raise self._not_editable()
        if vals.get("unit_id") and len(self) == 1 and "amount" not in vals:
            vals = {**vals, "amount": self.amount}  # as many of the other unit, whatever its decimals
        result = super().write(self._with_hash(vals))
        if terms and not self.env.su:
            # sudo: what was looked at was something else; it is looked at again
            self.sudo().filtered(lambda one: one.state == "checked").write({"state": "draft"})
        return result

    def _with_hash(self, vals):
        """The hash goes with the file, and stays when the file goes after booking."""
        if not vals.get("file") and (self.env.su or "file" not in vals):
            return vals
        return {**vals, "file_hash": self.env["loy.adjustment.lists"]._hash(vals["file"])}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if any(one.booked_count or one.state not in ("draft", "checked", "cancelled") for one in self):
            raise self._not_editable()

    def _not_editable(self) -> LoyaltyError:
        return LoyaltyError(
            "not_editable",
            self.env._("A list is changed or deleted only before it is booked, and only by its form and buttons."),
        )

    def action_loy_check(self):
        self.check_access("write")
        return self.env["loy.adjustment.lists"]._check_files(self)

    def action_loy_stop(self):
        self.check_access("write")
        return self.env["loy.adjustment.lists"]._stop(self)

    def action_loy_continue(self):
        self.check_access("write")
        return self.env["loy.adjustment.lists"]._resume(self)

    def action_loy_refresh(self):
        """The progress bar moves on."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_loy_lines(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_adjustment_list_line_action")
        return {**action, "domain": [("list_id", "=", self.id)], "context": self.env.context.get("lines") or {}}

    def action_loy_faults(self):
        return self.with_context(lines={"search_default_faults": 1}).action_loy_lines()

    def action_loy_export_faults(self):
        self.ensure_one()
        return {"type": "ir.actions.act_url", "url": f"/loy/adjustment-list/{self.id}/faults", "target": "download"}

    @api.model
    def _unread(self):
        return self.search([("state", "=", "checking")], order="id")

    @api.model
    def _due(self, at):
        """Those to be booked whose planned moment has come."""
        is_due = ["|", ("planned_at", "=", False), ("planned_at", "<=", at)]
        return self.search([("state", "=", "booking"), *is_due], order="id")

    @api.model
    def _cron_work(self):
        """Reads what is large and books what was decided, a batch at a time: killed in the middle it goes on after the
        last batch.
        """
        service, cron = self.env["loy.adjustment.lists"], self.env["ir.cron"]
        for one in self._unread():
            run_with_retry(self.env, lambda one=one: service._read_or_tell(one))
            if not cron._commit_progress(1):
                return
        waiting = self._due(fields.Datetime.now())
        remaining = sum(one.sound_count - one.booked_count for one in waiting)
        for one in waiting:
            while done := run_with_retry(self.env, lambda one=one: service._continue(one)):
                remaining -= done
                if not cron._commit_progress(done, remaining=max(remaining, 0)):
                    return
        cron._commit_progress(remaining=0)
