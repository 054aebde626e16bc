from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.transaction import run_with_retry

SERIES_MAX = 1_000_000
#: What people may write at any time; the rest is settled when the first card is made.
NOTES = {"name", "note"}
ORDER = {"type_id", "count"}


class LoyCardSeries(models.Model):
    """Cards that are made and printed together."""

    _name = "loy.card.series"
    _inherit = ["mail.thread"]
    _description = "Series of cards"
    _order = "id desc"

    name = fields.Char(
        string="Series",
        required=True,
        default=lambda self: self.env._("Series of %s", fields.Date.context_today(self)),
        tracking=True,
    )
    type_id = fields.Many2one(
        "loy.card.type",
        string="Card type",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env["loy.card.type"].search([("is_default", "=", True)], limit=1),
    )
    number_example = fields.Char(related="type_id.number_example")
    number_capacity = fields.Char(related="type_id.number_capacity")
    count = fields.Integer(string="How many cards", default=1_000, required=True)
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
    made_count = fields.Integer(string="Made", readonly=True, copy=False)
    progress = fields.Float(string="Progress, %", compute="_compute_progress")
    problem = fields.Char(readonly=True, copy=False)
    ready_at = fields.Datetime(string="Ready since", readonly=True, copy=False)
    company_id = fields.Many2one(related="type_id.company_id", store=True, index="btree_not_null")
    card_ids = fields.One2many("loy.card", "series_id", string="Cards")
    export_ids = fields.One2many("loy.card.export", "series_id", string="Exports")
    issued_count = fields.Integer(string="Issued", compute="_compute_issued_count", help="Cards that members have.")

    _count_sound = models.Constraint(
        f"CHECK (count BETWEEN 1 AND {SERIES_MAX} AND made_count BETWEEN 0 AND count)",
        f"A series has from 1 to {SERIES_MAX} cards; make several series for more.",
    )
    _being_made = models.Index("(id) WHERE state = 'making'")

    @api.depends("count", "made_count")
    def _compute_progress(self):
        for series in self:
            series.progress = 100.0 * series.made_count / series.count if series.count else 0.0

    def _compute_issued_count(self):
        counts = dict(
            self.env["loy.card"]._read_group(
                [("series_id", "in", self.ids), ("member_id", "!=", False)], ["series_id"], ["__count"]
            )
        )
        for series in self:
            series.issued_count = counts.get(series, 0)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{key: vals[key] for key in vals.keys() & (NOTES | ORDER)} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            open_keys = NOTES if any(series.state != "draft" or series.made_count for series in self) else NOTES | ORDER
            if any(not key.startswith("message_") for key in vals.keys() - open_keys):
                raise LoyaltyError(
                    "series_by_service",
                    self.env._("a series is made by its buttons; when cards are made, type and count stay"),
                )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_made(self):
        if made := self.filtered("made_count"):
            raise LoyaltyError(
                "series_in_use",
                self.env._("Series %s has cards; cancel it instead", made[0].display_name),
            )

    def action_loy_make(self):
        self.check_access("write")
        self.env["loy.rights"]._check("card.series")
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
        self.env["loy.rights"]._check("card.series")
        run_with_retry(self.env, lambda: self.env["loy.series"]._void(self))
        return True

    def action_loy_export(self):
        """The wizard asks for format and columns."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Numbers for the printer"),
            "res_model": "loy.card.export.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_series_id": self.id},
        }

    def action_loy_refresh(self):
        """The progress bar moves on."""
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_loy_cards(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cards of %s", self.name),
            "res_model": "loy.card",
            "view_mode": "list,form",
            "domain": [("series_id", "=", self.id)],
        }

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
