from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.sections import COUNTED_LIMIT_FIELDS

#: What a promotion says, beside its code and state: what a change of it may change.
STATED = (
    "name", "group_id", "starts_on", "starts_time", "ends_on", "ends_time", "priority", "weight", "is_exclusive",
    "basis", "when_text", "rewards_text", "control_percent", "limit_per_receipt", "on_event", "on_offset_days",
    "on_text", "limit_share_id", *COUNTED_LIMIT_FIELDS,
)  # fmt: skip
PHASES = [
    ("draft", "Draft"),
    ("waiting", "Waits for approval"),
    ("planned", "Planned"),
    ("running", "Running"),
    ("paused", "Paused"),
    ("ended", "Ended"),
]


class LoyPromotion(models.Model):
    """An offer to customers: when it applies, and what it gives. The form edits a document of the rule language."""

    _name = "loy.promotion"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin", "loy.limited.mixin"]
    _description = "Promotion"
    _refusal = "bad_promotion"
    _order = "phase, priority desc, weight desc, id"

    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("ended", "Ended")],
        default="draft",
        required=True,
        index=True,
        copy=False,
        tracking=True,
    )
    phase = fields.Selection(
        PHASES,
        string="Stage",
        compute="_compute_phase",
        store=True,
        index=True,
        group_expand=True,
        help="Where it stands on the calendar: an active promotion is planned until its first day and ended after "
        "its last.",
    )
    version_of_id = fields.Many2one(
        "loy.promotion",
        string="Change of",
        index="btree_not_null",
        ondelete="cascade",
        readonly=True,
        copy=False,
        help="Receipts go by that one until this is published.",
    )
    version_ids = fields.One2many("loy.promotion", "version_of_id", string="Changes being prepared")
    publication_ids = fields.One2many("loy.publication", "promotion_id")
    publication_count = fields.Integer(compute="_compute_publication_count")
    asked_ids = fields.One2many("loy.publication", "draft_id", domain=[("state", "=", "waiting")])
    is_waiting = fields.Boolean(compute="_compute_is_waiting")
    is_locked = fields.Boolean(
        compute="_compute_is_locked", help="Receipts go by it, or somebody is asked for it: it is changed by a change."
    )
    is_ahead = fields.Boolean(compute="_compute_is_ahead", help="What it says holds from a later moment only.")
    group_id = fields.Many2one(
        "loy.group",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self.env.ref("loyalty_core.loy_group_default", raise_if_not_found=False),
        tracking=True,
    )
    starts_on = fields.Date(string="From", tracking=True, help="By the wall clock of the store.")
    starts_time = fields.Char(string="From time", size=8, help="HH:MM, empty for the start of the day.")
    ends_on = fields.Date(string="To", tracking=True, help="By the wall clock of the store; the day is included.")
    ends_time = fields.Char(string="To time", size=8, help="HH:MM, empty for the end of the day.")
    priority = fields.Integer(default=0, tracking=True, help="Higher goes first.")
    weight = fields.Integer(default=0, help="Decides between equal priorities; higher goes first.")
    is_exclusive = fields.Boolean(
        string="Exclusive",
        help="What it touches is closed to every other discount, and it takes only what none has touched.",
    )
    basis = fields.Selection(
        [("current", "What earlier discounts left"), ("base", "The shelf amount")],
        default="current",
        required=True,
        help="What the rates of this promotion are taken of.",
    )
    when_text = fields.Text(
        string="When",
        help="The condition tree as JSON; empty: always. The kinds are described in docs/promotions.md.",
    )
    rewards_text = fields.Text(
        string="Rewards",
        required=True,
        default='[{"kind": "percent", "value": 10}]',
        help="The list of rewards as JSON. The kinds are described in docs/promotions.md.",
    )
    control_percent = fields.Float(
        string="Control group, %",
        digits=(7, 4),
        tracking=True,
        help="So many of the members never get it, always the same ones, so that its effect can be measured.",
    )
    limit_per_receipt = fields.Integer(
        string="Times within one receipt",
        tracking=True,
        help="Of each reward: sets, units, groups of n-th units, steps of points; the dearest first. 0: no limit.",
    )
    on_event = fields.Selection(
        [
            ("purchase", "A purchase"),
            ("registered", "Registration"),
            ("birthday", "Birthday"),
            ("card_activated", "A card comes into use"),
            ("profile_filled", "The profile is filled in"),
            ("phone_confirmed", "The phone is confirmed"),
            ("referral_joined", "Somebody joins by a referral code"),
            ("referral_first_purchase", "First purchase of somebody who was sent"),
        ],
        string="What sets it off",
        default="purchase",
        required=True,
        tracking=True,
        help="An event gives fixed points, promo codes and messages to the member, once for each time that it happens.",
    )
    on_offset_days = fields.Integer(string="Days later", tracking=True, help="Below zero, for birthdays: days before.")
    on_text = fields.Text(
        string="More of the event",
        help="What else the event takes, as JSON. Events are described in docs/promotions.md.",
    )
    occurrence_count = fields.Integer(compute="_compute_occurrence_count")
    limit_share_id = fields.Many2one(
        "loy.shared.limit",
        string="Shared limit",
        index=True,
        ondelete="restrict",
        tracking=True,
        help="Limits on which it draws together with other promotions, beside limits of its own.",
    )
    summary = fields.Char("In words", compute="_compute_summary")
    offer_count = fields.Integer("Personal offers", compute="_compute_offer_count")
    has_limits = fields.Boolean(compute="_compute_has_limits")
    purchase_count = fields.Integer(compute="_compute_purchase_count")

    _control_percent_range = models.Constraint(
        "CHECK (control_percent BETWEEN 0 AND 100)", "The control group is from 0 to 100 per cent of the members."
    )

    @api.constrains(
        "when_text", "rewards_text", "starts_on", "starts_time", "ends_on", "ends_time", "group_id", "code",
        "on_event", "on_offset_days", "on_text", "limit_per_receipt", "limit_share_id", *COUNTED_LIMIT_FIELDS,
    )  # fmt: skip
    def _check_document(self):
        """The engine itself is the judge: what it cannot compile cannot be saved."""
        problems = self.env["loy.programme"]._problems_of_promotions(self)
        if problems:
            raise LoyaltyError(self._refusal, "\n".join(problems))

    @api.constrains(*STATED, "state", "code", "active", "company_id", "valid_from_at")
    def _check_live(self):
        self.env["loy.publications"]._check_live(self)

    def write(self, vals):
        """What pauses, ends or goes on does so for later moments too, whatever was planned for them."""
        if "version_of_id" in vals:
            raise LoyaltyError(self._refusal, self.env._("A change of a promotion is made by the button Change."))
        result = super().write(vals)
        if "state" in vals:
            self.env["loy.programme"]._say_for_later(self._of_programme())
        return result

    @api.constrains("version_of_id", "state")
    def _check_change(self):
        for change in self.filtered("version_of_id"):
            if change.state != "draft" or change.version_of_id.version_of_id:
                raise LoyaltyError(
                    self._refusal, self.env._("%s is a change of a promotion: publish it.", change.display_name)
                )

    @api.constrains("state")
    def _check_can_start(self):
        """Its group may have been archived while it rested."""
        self.filtered(lambda promotion: promotion.state == "active")._check_document()

    @api.depends("state", "starts_on", "ends_on", "asked_ids.state", "company_id")
    def _compute_phase(self):
        now = fields.Datetime.now()
        for promotion, today in self.env["loy.publications"]._days(self, now):
            promotion.phase = promotion._phase_on(today)

    def _phase_on(self, today) -> str:
        if self.state == "active" and self.starts_on and self.starts_on > today:
            return "planned"
        if self.state in ("active", "paused") and self.ends_on and self.ends_on < today:
            return "ended"
        if self.asked_ids:
            return "waiting"
        return "running" if self.state == "active" else self.state

    @api.depends("asked_ids.state")
    def _compute_is_waiting(self):
        for promotion in self:
            promotion.is_waiting = bool(promotion.asked_ids)

    @api.depends("state", "is_waiting")
    def _compute_is_locked(self):
        for promotion in self:
            promotion.is_locked = promotion.is_waiting or promotion.state == "active"

    @api.depends("state", "valid_from_at")
    def _compute_is_ahead(self):
        now = fields.Datetime.now()
        for promotion in self:
            promotion.is_ahead = bool(
                promotion.state == "active" and promotion.valid_from_at and promotion.valid_from_at > now
            )

    def _compute_publication_count(self):
        counts = dict(
            self.env["loy.publication"]._read_group(
                [("promotion_id", "in", self.ids), ("state", "!=", "draft")], ["promotion_id"], ["__count"]
            )
        )
        for promotion in self:
            promotion.publication_count = counts.get(promotion, 0)

    def _cron_follow_calendar(self):
        """Hourly: a day began somewhere, so what was planned may run and what ran may have ended."""
        self.env["loy.publications"]._follow_calendar(fields.Datetime.now())

    @api.depends("when_text", "rewards_text", "on_event", "limit_per_receipt", "limit_share_id", *COUNTED_LIMIT_FIELDS)
    @api.depends_context("lang", "uid")
    def _compute_summary(self):
        told = self.env["loy.sentences"]._of_promotions(self)
        for promotion in self:
            promotion.summary = told[promotion]

    @api.depends("limit_share_id", *COUNTED_LIMIT_FIELDS)
    def _compute_has_limits(self):
        for promotion in self:
            counted = ("limit_share_id", *COUNTED_LIMIT_FIELDS)
            promotion.has_limits = any(promotion[name] for name in counted)

    def _compute_purchase_count(self):
        counts = dict(
            self.env["loy.purchase.promotion"]._read_group(
                [("promotion_id", "in", self.ids)], ["promotion_id"], ["purchase_id:count_distinct"]
            )
        )
        for promotion in self:
            promotion.purchase_count = counts.get(promotion, 0)

    def _compute_occurrence_count(self):
        counts = dict(
            self.env["loy.promotion.occurrence"]._read_group(
                [("promotion_id", "in", self.ids), ("is_given", "=", True)], ["promotion_id"], ["__count"]
            )
        )
        for promotion in self:
            promotion.occurrence_count = counts.get(promotion, 0)

    def _compute_offer_count(self):
        counts = dict(
            self.env["loy.offer"]._read_group([("promotion_id", "in", self.ids)], ["promotion_id"], ["__count"])
        )
        for promotion in self:
            promotion.offer_count = counts.get(promotion, 0)

    def copy_data(self, default=None):
        default = dict(default or {})
        return [
            {**vals, "code": default.get("code") or promotion._free_code()}
            for promotion, vals in zip(self, super().copy_data(default), strict=True)
        ]

    def _free_code(self, of: str = "COPY") -> str:
        """A code for a copy, or what else it is, that no other promotion has."""
        prefix = f"{self.code}-{of}"
        taken = set(self.with_context(active_test=False).search([("code", "=like", f"{prefix}%")]).mapped("code"))
        return next(
            code for number in range(1, len(taken) + 2) if (code := f"{prefix}{number}") not in taken
        )

    def _stated(self) -> dict:
        """What it says, as another promotion is written."""
        self.ensure_one()
        return {name: self._fields[name].convert_to_write(self[name], self) for name in STATED}

    def _open_form(self) -> dict:
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_promotion_action")
        return {**action, "view_mode": "form", "views": [(False, "form")], "res_id": self.id, "context": {}}

    @api.readonly
    def loy_conflicts(self) -> list[dict]:
        """The promotions that it meets, for whoever may read it."""
        self.ensure_one()
        self.check_access("read")
        return self.env["loy.conflicts"]._of(self)

    def _open_instead(self) -> dict:
        """The same where the way back leads to a change that is no more."""
        return {**self._open_form(), "target": "main"}

    def action_loy_publish(self):
        """Everything that is to be known before it goes live, and the button that makes it so."""
        publication = self.asked_ids[:1] or self.env["loy.publications"]._propose(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Publish %s", self.name),
            "res_model": "loy.publication",
            "res_id": publication.id,
            "views": [(self.env.ref("loyalty_core.loy_publication_view_dialog").id, "form")],
            "target": "new",
        }

    def action_loy_change(self):
        """What receipts go by stays as it is while its change is prepared: the one that is there, or a new one."""
        self.ensure_one()
        return self._change()._open_form()

    def _change(self):
        """The change that is being prepared: the one that is there, or a new one that says the same."""
        return self.version_ids[:1] or self.copy(
            {"code": self._free_code("CHANGE"), "version_of_id": self.id, "company_id": self.company_id.id}
        )

    def action_loy_discard(self):
        """The change is not wanted."""
        live = self.version_of_id
        self.env["loy.publications"]._discard(self)
        return live._open_instead()

    def action_open_publications(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Publications of %s", self.display_name),
            "res_model": "loy.publication",
            "view_mode": "list,form",
            "domain": [("promotion_id", "=", self.id), ("state", "!=", "draft")],
        }

    def action_pause(self):
        self.write({"state": "paused"})

    def action_end(self):
        self.write({"state": "ended"})

    def action_loy_try(self):
        """A new basket on the test bench; a promotion that is not active takes part."""
        self.ensure_one()
        self.env["loy.rights"]._check("bench.use")
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_bench_case_action")
        drafts = self.filtered(lambda promotion: promotion.state != "active")
        return {
            **action,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {
                "default_name": self.display_name,
                "default_promotion_ids": [fields.Command.set(drafts.ids)],
            },
        }

    def action_loy_replay(self):
        """What it would have cost last month, or does cost where it is active."""
        self.ensure_one()
        return self.env["loy.replay"]._of_promotion(self)._form()

    def action_open_draws(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_counter_draw_action")
        return {
            **action,
            "name": self.env._("Use of the limits of %s", self.display_name),
            "domain": [("promotion_id", "=", self.id)],
            "context": {},
        }

    def action_open_occurrences(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_promotion_occurrence_action")
        return {**action, "domain": [("promotion_id", "=", self.id)], "context": {}}

    def action_open_offers(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_offer_action")
        context = {"default_promotion_id": self.id, "search_default_current": 1}
        return {**action, "domain": [("promotion_id", "=", self.id)], "context": context}

    def action_open_purchases(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Purchases with %s", self.display_name),
            "res_model": "loy.purchase",
            "view_mode": "list,form",
            "domain": [("promotion_ids.promotion_id", "=", self.id)],
        }
