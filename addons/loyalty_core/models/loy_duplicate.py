from odoo import api, fields, models

from ..services.transaction import run_with_retry

REASONS = [
    ("several", "Several things in common"),
    ("phone", "The same phone"),
    ("email", "The same e-mail"),
    ("name", "The same name and birth date"),
]


class LoyDuplicate(models.Model):
    """Two members who may be one person; ``member_id`` is the older one. Found by the finder, decided by people."""

    _name = "loy.duplicate"
    _description = "Possible duplicate"
    _order = "score desc, id desc"

    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="cascade")
    other_id = fields.Many2one(
        "res.partner", string="May be the same as", required=True, readonly=True, ondelete="cascade", index=True
    )
    member_phone = fields.Char(related="member_id.loy_phone", string="Phone")
    member_email = fields.Char(related="member_id.loy_email", string="E-mail")
    member_birth_date = fields.Date(related="member_id.loy_birth_date", string="Birth date")
    other_phone = fields.Char(related="other_id.loy_phone", string="Other phone")
    other_email = fields.Char(related="other_id.loy_email", string="Other e-mail")
    other_birth_date = fields.Date(related="other_id.loy_birth_date", string="Other birth date")
    reason = fields.Selection(REASONS, required=True, readonly=True)
    by_phone = fields.Boolean(string="By phone", readonly=True)
    by_email = fields.Boolean(string="By e-mail", readonly=True)
    by_name = fields.Boolean(string="By name and birth date", readonly=True)
    score = fields.Integer(
        string="Likeness, %", required=True, readonly=True, aggregator="avg",
        help="Each thing in common adds to it; birth dates that differ halve it.",
    )  # fmt: skip
    state = fields.Selection(
        [("open", "To look at"), ("dismissed", "Different people"), ("merged", "Merged")],
        required=True,
        default="open",
        readonly=True,
    )
    found_at = fields.Datetime(string="Found", required=True, readonly=True, default=fields.Datetime.now)
    decided_at = fields.Datetime(string="Decided", readonly=True)
    decided_uid = fields.Many2one("res.users", string="Decided by", readonly=True, ondelete="set null")
    company_id = fields.Many2one("res.company", readonly=True)

    _pair_unique = models.UniqueIndex("(member_id, other_id)")
    _open_score = models.Index("(score DESC, id DESC) WHERE state = 'open'")

    @api.depends("member_id", "other_id")
    def _compute_display_name(self):
        for pair in self:
            pair.display_name = f"{pair.member_id.display_name} – {pair.other_id.display_name}"

    def action_loy_dismiss(self):
        self.check_access("write")
        self.env["loy.duplicates"]._dismiss(self)

    def action_loy_reopen(self):
        self.check_access("write")
        self.env["loy.duplicates"]._reopen(self)

    def action_loy_merge(self):
        self.ensure_one()
        self.check_access("write")
        return self.env["loy.member.merge.wizard"]._open(self.member_id | self.other_id, self)

    @api.model
    def action_loy_search(self):
        """Search now; what is not done at once goes on in the background."""
        self.check_access("write")
        self.env["loy.rights"]._check("member.duplicates")
        is_done = self.env["loy.duplicates"]._scan()
        if not is_done:
            # Whoever may decide on duplicates may also have them looked for.
            self.env.ref("loyalty_core.loy_duplicate_cron").sudo()._trigger()
        message = (
            self.env._("The whole member base was searched.")
            if is_done
            else self.env._("The search goes on in the background; come back in some minutes.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _cron_search(self):
        """The whole base once, a batch at a time: safe to stop, goes on where it was."""
        duplicates = self.env["loy.duplicates"]
        while run_with_retry(self.env, duplicates._scan_batch):
            if not self.env["ir.cron"]._commit_progress(1, remaining=1):
                return
        self.env["ir.cron"]._commit_progress(1, remaining=0)
