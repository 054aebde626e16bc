from odoo import api, fields, models

from ..fields import BigMany2one, FactMany2one
from ..services.transaction import run_with_retry


class LoyHold(models.Model):
    """A reservation of lots for a purchase. It ends exactly once: settled, whole or in part, or released."""

    _name = "loy.hold"
    _inherit = ["loy.bigint.mixin"]
    _description = "Hold of points"
    _order = "id desc"
    _log_access = False

    state = fields.Selection(
        [("open", "Open"), ("settled", "Settled"), ("released", "Released")], required=True, default="open"
    )
    purchase_id = BigMany2one("loy.purchase", index="btree_not_null", ondelete="restrict")
    document = fields.Char()
    author_id = FactMany2one("res.users", string="Author")
    store_id = FactMany2one("loy.store")
    company_id = FactMany2one("res.company", required=True)
    held_at = fields.Datetime("Held at", required=True)
    deadline_at = fields.Datetime(
        "Deadline", required=True, help="From this moment on nothing is reserved any more."
    )
    ended_at = fields.Datetime("Ended at")
    line_ids = fields.One2many("loy.hold.line", "hold_id")
    transaction_ids = fields.One2many("loy.transaction", "hold_id")

    _ended = models.Constraint(
        "CHECK ((state = 'open') = (ended_at IS NULL))", "A hold that has ended says when."
    )
    _period = models.Constraint(
        "CHECK (deadline_at > held_at)", "The deadline of a hold lies after its beginning."
    )
    _overdue = models.Index("(deadline_at) WHERE state = 'open'")

    @api.depends("document")
    def _compute_display_name(self):
        for hold in self:
            hold.display_name = " ".join(part for part in (hold.document, f"#{hold.id}") if part)

    def _cron_release(self):
        """Release what nobody confirmed in time, a batch at a time: safe to stop and to run again."""
        ledger = self.env["loy.ledger"]
        now = fields.Datetime.now()
        while count := run_with_retry(self.env, lambda: ledger._release_overdue(now, limit=500)):
            overdue = self.search_count([("state", "=", "open"), ("deadline_at", "<=", now)])
            if not self.env["ir.cron"]._commit_progress(count, remaining=overdue):
                break
