from odoo import api, fields, models

from ..fields import FactMany2one
from ..services.transaction import run_with_retry


class LoyMemberMerge(models.Model):
    """One member who became a part of another: who did it, when, which values stayed, what moved."""

    _name = "loy.member.merge"
    _inherit = ["loy.fact.mixin"]
    _description = "Merge of members"
    _order = "id desc"
    _rec_name = "survivor_id"
    _personal_columns = ("kept", "dropped", "reason")

    survivor_id = FactMany2one("res.partner", string="Into", required=True, readonly=True)
    merged_id = FactMany2one("res.partner", string="Merged member", required=True, readonly=True)
    at = fields.Datetime(string="When", required=True, readonly=True)
    booked_at = fields.Datetime(string="Booked at", required=True, readonly=True)
    user_id = FactMany2one("res.users", string="By", required=True, readonly=True)
    reason = fields.Char(readonly=True)
    kept = fields.Json(string="Values that stayed", readonly=True)
    dropped = fields.Json(string="Values that went", readonly=True)
    moved = fields.Json(string="What moved", readonly=True)
    kept_text = fields.Text(string="Stayed", compute="_compute_texts")
    dropped_text = fields.Text(string="Went", compute="_compute_texts")
    moved_text = fields.Text(string="Moved", compute="_compute_texts")
    company_id = FactMany2one("res.company", readonly=True)

    _by_survivor = models.Index("(survivor_id)")
    _by_merged = models.Index("(merged_id)")

    @api.depends("kept", "dropped", "moved")
    def _compute_texts(self):
        for merge in self:
            for name in ("kept", "dropped", "moved"):
                merge[f"{name}_text"] = "\n".join(f"{key}: {value}" for key, value in (merge[name] or {}).items())

    def _cron_stragglers(self):
        """What was booked on a merged member while the merge was under way follows to the survivor."""
        run_with_retry(self.env, self.env["loy.merges"]._move_stragglers)
