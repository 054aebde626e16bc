from datetime import timedelta

from odoo import Command, api, fields, models

from ..services.errors import LoyaltyError
from ..services.transaction import run_with_retry

#: What people say of a replay; the rest is found by it.
SIDES = ("draft_a_ids", "without_a_ids", "draft_b_ids", "without_b_ids")
ASKED = frozenset({"name", "active", "company_id", "store_ids", "date_from", "date_to", *SIDES})
#: What does not change what is found.
NAMES = frozenset({"name", "active"})
DAYS = 30
RIGHT = "replay.run"


class LoyReplay(models.Model):
    """The receipts of a period, judged twice: by the programme with one set of promotions, and with another. What the
    second would have given more than the first is its cost. Only ``loy.replays`` writes what is found."""

    _name = "loy.replay"
    _description = "Replay of receipts"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, default=lambda self: self.env._("New replay"))
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, ondelete="cascade", default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    store_ids = fields.Many2many(
        "loy.store",
        "loy_replay_stores_rel",
        "replay_id",
        "store_id",
        string="Stores",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        default=lambda self: self._bound_stores(self.env.company),
        help="Empty: all stores of the company.",
    )
    date_from = fields.Date(
        "From",
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=DAYS),
        help="By the wall clock of the store.",
    )
    date_to = fields.Date(
        "To",
        required=True,
        default=lambda self: fields.Date.context_today(self) - timedelta(days=1),
        help="Included.",
    )
    draft_a_ids = fields.Many2many(
        "loy.promotion",
        "loy_replay_drafts_a_rel",
        "replay_id",
        "promotion_id",
        string="Compared with: take part",
        check_company=True,
        help="Promotions that take part as they are now, whatever their state and dates.",
    )
    without_a_ids = fields.Many2many(
        "loy.promotion",
        "loy_replay_without_a_rel",
        "replay_id",
        "promotion_id",
        string="Compared with: left out",
        check_company=True,
        help="Promotions that were active and are left out, to learn what they cost.",
    )
    draft_b_ids = fields.Many2many(
        "loy.promotion",
        "loy_replay_drafts_b_rel",
        "replay_id",
        "promotion_id",
        string="Tried: take part",
        check_company=True,
        help="Promotions that take part as they are now, whatever their state and dates.",
    )
    without_b_ids = fields.Many2many(
        "loy.promotion",
        "loy_replay_without_b_rel",
        "replay_id",
        "promotion_id",
        string="Tried: left out",
        check_company=True,
        help="Promotions that were active and are left out, to learn what they cost.",
    )
    state = fields.Selection(
        [
            ("draft", "Not run"),
            ("queued", "Waiting"),
            ("running", "Running"),
            ("done", "Done"),
            ("stopped", "Stopped"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    problem = fields.Char(readonly=True, copy=False, help="Why it could not go on.")
    started_at = fields.Datetime("Started", readonly=True, copy=False)
    finished_at = fields.Datetime("Finished", readonly=True, copy=False)
    # The worker's own: what is judged by what, how far it is, what was used of limits.
    terms = fields.Json(readonly=True, copy=False, groups="base.group_no_one")
    counts = fields.Json(readonly=True, copy=False, groups="base.group_no_one")
    mark = fields.Json(readonly=True, copy=False, groups="base.group_no_one")
    total_count = fields.Integer("Receipts of the period", readonly=True, copy=False)
    seen_count = fields.Integer("Receipts looked at", readonly=True, copy=False)
    progress = fields.Float("Progress, %", compute="_compute_progress")
    # What was found.
    receipt_count = fields.Integer("Receipts", readonly=True, copy=False)
    unread_count = fields.Integer(
        "Receipts left out",
        readonly=True,
        copy=False,
        help="Their baskets were not kept, or by a version that wrote them in another way.",
    )
    touched_count = fields.Integer(
        "Receipts touched", readonly=True, copy=False, help="On which the customer gets something else."
    )
    member_count = fields.Integer("Members touched", readonly=True, copy=False)
    amount_a = fields.Monetary("Sales", readonly=True, copy=False, help="After discounts, on the compared side.")
    discount_change = fields.Monetary("Discounts, change", readonly=True, copy=False)
    points_change = fields.Monetary(
        "Points, change", readonly=True, copy=False, help="Points given, at what a unit is worth."
    )
    spent_change = fields.Monetary(
        "Paid with points, change",
        readonly=True,
        copy=False,
        help="No part of the cost: these points were given before.",
    )
    cost = fields.Monetary(readonly=True, copy=False, help="Change of discounts and of the worth of points given.")
    points = fields.Json(readonly=True, copy=False)
    notes = fields.Json(readonly=True, copy=False)
    points_text = fields.Char("Points given, change", compute="_compute_texts")
    notes_text = fields.Text("To keep in mind", compute="_compute_texts")
    side_a_text = fields.Char("Compared with", compute="_compute_sides")
    side_b_text = fields.Char("Tried", compute="_compute_sides")
    touched_share = fields.Float("Receipts touched, %", compute="_compute_shares", digits=(16, 2))
    cost_share = fields.Float("Cost, % of sales", compute="_compute_shares", digits=(16, 2))
    cost_per_receipt = fields.Monetary("Cost of a touched receipt", compute="_compute_shares")
    promotion_fact_ids = fields.One2many("loy.replay.promotion", "replay_id", string="By promotion", readonly=True)
    receipt_ids = fields.One2many("loy.replay.receipt", "replay_id", string="Receipts that gain most", readonly=True)

    _open = models.Index("(id) WHERE state IN ('queued', 'running')")
    _period_sound = models.Constraint("CHECK (date_to >= date_from)", "A period does not end before it begins.")

    @api.depends("total_count", "seen_count", "state")
    def _compute_progress(self):
        for replay in self:
            part = replay.seen_count / replay.total_count if replay.total_count else replay.state == "done"
            replay.progress = min(100.0, 100.0 * part)

    @api.depends("receipt_count", "touched_count", "cost", "amount_a")
    def _compute_shares(self):
        for replay in self:
            touched, receipts, sales = replay.touched_count, replay.receipt_count, replay.amount_a
            replay.touched_share = 100.0 * touched / receipts if receipts else 0.0
            replay.cost_share = 100.0 * replay.cost / sales if sales else 0.0
            replay.cost_per_receipt = replay.cost / touched if touched else 0.0

    @api.depends("draft_a_ids", "without_a_ids", "draft_b_ids", "without_b_ids")
    @api.depends_context("lang")
    def _compute_sides(self):
        for replay in self:
            replay.side_a_text = replay._told(replay.draft_a_ids, replay.without_a_ids)
            replay.side_b_text = replay._told(replay.draft_b_ids, replay.without_b_ids)

    def _told(self, drafts, without) -> str:
        parts = [
            drafts and self.env._("with %s", ", ".join(map(self._name_of, drafts))),
            without and self.env._("without %s", ", ".join(without.mapped("name"))),
        ]
        return " ".join(filter(None, parts)) or self.env._("as it was")

    def _name_of(self, draft) -> str:
        return self.env._("the change of %s", draft.name) if draft.version_of_id else draft.name

    @api.depends("points", "notes")
    @api.depends_context("lang")
    def _compute_texts(self):
        for replay in self:
            replay.points_text = self.env["loy.replays"]._say_points(replay)
            replay.notes_text = self.env["loy.replays"]._say_notes(replay)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            vals_list = [{key: vals[key] for key in vals.keys() & ASKED} for vals in vals_list]
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su:
            open_keys = NAMES if any(replay.state != "draft" for replay in self) else ASKED
            if vals.keys() - open_keys:
                raise LoyaltyError(
                    "replay_by_service",
                    self.env._("What a replay was asked stays with what it found. Duplicate it to ask something else."),
                )
        return super().write(vals)

    def copy_data(self, default=None):
        copies = super().copy_data(default)
        return [{**vals, "name": self.env._("%s (copy)", vals["name"])} for vals in copies]

    # ------------------------------------------------------------------ what people do with it

    def action_loy_run(self):
        """From the beginning, or from where it was stopped."""
        self.ensure_one()
        self._check_may()
        run_with_retry(self.env, lambda: self.env["loy.replays"]._start(self))
        return True

    def action_loy_stop(self):
        self.ensure_one()
        self._check_may()
        run_with_retry(self.env, lambda: self.env["loy.replays"]._stop(self))
        return True

    def action_loy_again(self):
        """A copy with the same question, to be run on its own: what this one found stays."""
        self.ensure_one()
        self._check_may()
        return self.copy()._form()

    def action_loy_swap(self):
        """The two sides change places."""
        self.ensure_one()
        for one, other in (("draft_a_ids", "draft_b_ids"), ("without_a_ids", "without_b_ids")):
            self.write({one: [Command.set(self[other].ids)], other: [Command.set(self[one].ids)]})

    @api.model
    def _of_promotion(self, promotion):
        """A replay of the last month: what a draft would have cost, what an active promotion does cost, or what a
        change would add to what it is a change of; then both are taken as they are now, for the whole month. One that
        the same person has begun to ask is asked further."""
        self.env["loy.rights"]._check(RIGHT)
        if promotion.version_of_id:
            sides = {"draft_a_ids": promotion.version_of_id, "draft_b_ids": promotion}
        else:
            sides = {"without_a_ids" if promotion.state == "active" else "draft_b_ids": promotion}
        wanted = {**dict.fromkeys(SIDES, promotion.browse()), **sides}
        company = promotion.company_id or self.env.company
        begun = self.search([("state", "=", "draft"), ("create_uid", "=", self.env.uid)])
        return begun.filtered(lambda one: one._sides() == wanted)[:1] or self.create(
            {
                "name": promotion.display_name,
                "company_id": company.id,
                "store_ids": [Command.set(self._bound_stores(company).ids)],
                **{side: [Command.set(promotions.ids)] for side, promotions in sides.items()},
            }
        )

    def _bound_stores(self, company):
        """Stores of the company to which the user is bound; none: all are open."""
        bound = self.env["res.users"]._loy_bound_store_ids()
        stores = self.env["loy.store"].with_context(active_test=False)
        return stores.search([("id", "in", list(bound)), ("company_id", "=", company.id)])

    def _sides(self) -> dict:
        """What takes part and what is left out, by field."""
        return {side: self[side] for side in SIDES}

    def _check_may(self) -> None:
        self.env["loy.rights"]._check(RIGHT)
        self.check_access("write")

    def _form(self) -> dict:
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_replay_action")
        return {**action, "view_mode": "form", "views": [(False, "form")], "res_id": self.id, "context": {}}

    def _facts(self, xml_id: str) -> dict:
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(f"loyalty_core.{xml_id}")
        return {
            **action,
            "display_name": f"{action['name']} · {self.name}",
            "domain": [("replay_id", "=", self.id)],
            "context": {},
        }

    def action_loy_days(self):
        return self._facts("loy_replay_day_action")

    def action_loy_categories(self):
        return self._facts("loy_replay_category_action")

    def action_loy_receipts(self):
        return self._facts("loy_replay_receipt_action")

    # ------------------------------------------------------------------ the scheduler

    @api.model
    def _waiting(self):
        return self.search([("state", "in", ("queued", "running"))], order="id")

    @api.model
    def _cron_work(self):
        """A batch of receipts at a time: killed in the middle it goes on after the last batch."""
        service, cron = self.env["loy.replays"], self.env["ir.cron"]
        for replay in self._waiting():
            while done := run_with_retry(self.env, lambda one=replay: service._continue(one)):
                remaining = sum(max(1, one.total_count - one.seen_count) for one in self._waiting())
                if not cron._commit_progress(done, remaining=max(remaining, 1)):
                    return
        cron._commit_progress(remaining=0)
