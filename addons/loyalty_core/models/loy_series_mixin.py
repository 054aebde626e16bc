from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.transaction import run_with_retry

SERIES_MAX = 1_000_000
#: What people may write at any time; the rest is settled when the first number is made.
NOTES = {"name", "note"}


class LoySeriesMixin(models.AbstractModel):
    """Numbers that are made together by ``loy.series``: cards, promo codes."""

    _name = "loy.series.mixin"
    _inherit = ["mail.thread"]
    _description = "Series of numbers"
    #: What is settled with the order.
    _order_fields: set[str] = {"count"}
    _right = ""

    name = fields.Char(
        string="Series",
        required=True,
        default=lambda self: self.env._("Series of %s", fields.Date.context_today(self)),
        tracking=True,
    )
    note = fields.Text()
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("making", "Being made"),
            ("ready", "Ready for the printer"),
            ("exported", "Exported"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        tracking=True,
    )
    count = fields.Integer(string="How many", default=1_000, required=True)
    made_count = fields.Integer(string="Made", readonly=True, copy=False)
    progress = fields.Float(string="Progress, %", compute="_compute_progress")
    problem = fields.Char(readonly=True, copy=False)
    ready_at = fields.Datetime(string="Ready since", readonly=True, copy=False)

    @api.depends("count", "made_count")
    def _compute_progress(self):
        for series in self:
            series.progress = 100.0 * series.made_count / series.count if series.count else 0.0

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            settled = NOTES | self._order_fields
            vals_list = [{key: vals[key] for key in vals.keys() & settled} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            is_settled = any(series.state != "draft" or series.made_count for series in self)
            open_keys = NOTES if is_settled else NOTES | self._order_fields
            if any(not key.startswith("message_") for key in vals.keys() - open_keys):
                raise LoyaltyError(
                    "series_by_service",
                    self.env._("a series is made by its buttons; when it is begun, what was ordered stays"),
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made(self):
        if made := self.filtered("made_count"):
            raise LoyaltyError(
                "series_in_use",
                self.env._("Series %s has numbers; cancel it instead", made[0].display_name),
            )

    # ------------------------------------------------------------------ what a kind of numbers says

    def _check_capacity(self, missing: int) -> None:
        """Refuses where there is no room for so many."""
        raise NotImplementedError

    def _make(self, missing: int) -> int:
        """So many more; how many were made."""
        raise NotImplementedError

    def _void_all(self) -> None:
        """Nobody will ever use them; ``series_in_use`` when somebody has one already."""
        raise NotImplementedError

    def _cron(self):
        """The scheduler that makes large series."""
        raise NotImplementedError

    # ------------------------------------------------------------------ buttons

    def action_loy_make(self):
        self.check_access("write")
        self.env["loy.rights"]._check(self._right)
        for series in self:
            self.env["loy.series"]._start(series)
        return True

    def action_loy_stop(self):
        self.ensure_one()
        self.check_access("write")
        run_with_retry(self.env, lambda: self.env["loy.series"]._stop(self))
        return True

    def action_loy_void(self):
        self.ensure_one()
        self.check_access("write")
        self.env["loy.rights"]._check(self._right)
        run_with_retry(self.env, lambda: self.env["loy.series"]._void(self))
        return True

    def action_loy_refresh(self):
        """The progress bar moves on."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    @api.model
    def _waiting(self):
        return self.search([("state", "=", "making")], order="id")

    @api.model
    def _cron_make(self):
        """Makes what is ordered, a batch at a time: killed in the middle it goes on after the last batch."""
        service, cron = self.env["loy.series"], self.env["ir.cron"]
        waiting = self._waiting()
        remaining = sum(series.count - series.made_count for series in waiting)
        for series in waiting:
            while made := run_with_retry(self.env, lambda one=series: service._continue(one)):
                remaining -= made
                if not cron._commit_progress(made, remaining=max(remaining, 0)):
                    return
        cron._commit_progress(remaining=0)
