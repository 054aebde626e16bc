from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.sections import CODE_SIGNS_MIN

#: What is printed at once; more is for the printer's own software.
SHEET_MAX = 1_000
#: Whose gifts may be codes.
GIVING = ("loy.reward", "loy.conversion")


class LoyCodePool(models.Model):
    """Promo codes that are made and used together. What the pool says of them is revisioned; the codes are records."""

    _name = "loy.code.pool"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin", "mail.thread"]
    _description = "Pool of promo codes"

    company_id = fields.Many2one(default=lambda self: self.env.company)
    state = fields.Selection(
        [("active", "Running"), ("ended", "Ended")], required=True, default="active", copy=False, tracking=True
    )
    kind = fields.Selection(
        [("one_time", "Each code once"), ("multi", "Each code many times")],
        required=True,
        default="one_time",
        tracking=True,
    )
    pattern = fields.Char(
        help="How new codes look: each # becomes a sign that nobody takes for another, the last one checks the rest;"
        " letters, digits and hyphens stay. For example SPRING-####-####."
    )
    size = fields.Integer(
        string="Made in advance",
        tracking=True,
        help="So many codes are made by the pattern. A code that is given out while none is left is made then.",
    )
    codes_text = fields.Text(string="Codes", help="Codes that somebody thought of, one a line.")
    is_valued = fields.Boolean(string="Worth money", help="A reward “amount” with the value “code” pays it out.")
    value = fields.Monetary(help="What a code is worth unless something else is said when it is given out.")
    remainder = fields.Selection(
        [("lost", "Lost"), ("kept", "Kept on the code")],
        string="What is left is",
        required=True,
        default="lost",
        help="Of a code that is worth more than the purchase.",
    )
    bind = fields.Selection(
        [("bearer", "Whoever has it"), ("member", "Only the member who was given it")],
        string="Who may use it",
        required=True,
        default="bearer",
    )
    uses = fields.Integer(string="Uses of a code", help="Of a code that is used many times. 0: any number.")
    starts_on = fields.Date(string="From", tracking=True, help="By the wall clock of the store.")
    ends_on = fields.Date(string="To", tracking=True, help="By the wall clock of the store; the day is included.")
    valid = fields.Json(compute="_compute_valid")
    valid_kind = fields.Selection(
        [
            ("after_days", "Days after it was given"),
            ("after_months", "Months after it was given"),
            ("on", "To a day"),
            ("end_of", "To the end of a period"),
        ],
        string="A code is good",
        help="Empty: as long as the pool.",
    )
    valid_count = fields.Integer(string="How many")
    valid_on = fields.Date(string="Good to")
    valid_period = fields.Selection([("month", "Month"), ("quarter", "Quarter"), ("year", "Year")], string="Period")
    valid_plus = fields.Integer(string="Periods later")
    valid_grace = fields.Integer(string="Days of grace")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    example = fields.Char(compute="_compute_example")
    capacity = fields.Char(string="Codes there can be", compute="_compute_example")
    series_ids = fields.One2many("loy.code.series", "pool_id")
    export_ids = fields.One2many("loy.code.export", "pool_id")
    code_count = fields.Integer(string="Codes made", compute="_compute_counts")
    issued_count = fields.Integer(string="Given out", compute="_compute_counts")
    used_count = fields.Integer(string="Used up", compute="_compute_counts")
    use_count = fields.Integer(string="Uses", compute="_compute_counts")
    making_count = fields.Integer(string="Being made", compute="_compute_counts")

    @api.depends("valid_kind", "valid_count", "valid_on", "valid_period", "valid_plus", "valid_grace")
    def _compute_valid(self):
        for pool in self:
            pool.valid = pool._valid() or False

    def _valid(self) -> dict:
        match self.valid_kind:
            case "after_days" | "after_months":
                return {self.valid_kind: self.valid_count}
            case "on":
                return {"on": self.valid_on.isoformat()} if self.valid_on else {}
            case "end_of":
                further = {"plus": self.valid_plus, "grace": self.valid_grace}
                return {"end_of": self.valid_period or "month", **{key: n for key, n in further.items() if n}}
        return {}

    @staticmethod
    def _by_columns(vals: dict) -> dict:
        """What a document says of how long codes are good, by fields: written with the rest, it is one version."""
        if "valid" not in vals:
            return vals
        valid = vals["valid"] or {}
        kind = next((key for key in ("after_days", "after_months", "on", "end_of") if key in valid), False)
        return {
            **{key: value for key, value in vals.items() if key != "valid"},
            "valid_kind": kind,
            "valid_count": valid.get(kind, 0) if kind in ("after_days", "after_months") else 0,
            "valid_on": valid.get("on", False),
            "valid_period": valid.get("end_of", False),
            "valid_plus": valid.get("plus", 0),
            "valid_grace": valid.get("grace", 0),
        }

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for pool in self:
            pool.currency_id = (pool.company_id or self.env.company).currency_id

    @api.depends("pattern")
    def _compute_example(self):
        codes = self.env["loy.codes"]
        for pool in self:
            is_sound = (pool.pattern or "").count("#") >= CODE_SIGNS_MIN
            pool.example = codes._example(pool) if is_sound else False
            pool.capacity = f"{codes._capacity(pool):_}".replace("_", " ") if is_sound else False

    def _compute_counts(self):
        counts = {}
        for pool, state, count in self.env["loy.code"]._read_group(
            [("pool_id", "in", self.ids)], ["pool_id", "state"], ["__count"]
        ):
            counts[pool, state] = count
        uses = dict(
            self.env["loy.code.use"]._read_group([("pool_id", "in", self.ids)], ["pool_id"], ["uses:sum"])
        )
        for pool in self:
            by_state = {state: counts.get((pool, state), 0) for state in ("new", "issued", "reserved", "used", "void")}
            pool.code_count = sum(by_state.values()) - by_state["void"]
            pool.issued_count = by_state["issued"]
            pool.used_count = by_state["used"] + by_state["reserved"]
            pool.use_count = uses.get(pool, 0)
            pool.making_count = sum(
                series.count - series.made_count for series in pool.series_ids if series.state == "making"
            )

    @api.model_create_multi
    def create(self, vals_list):
        pools = super().create([self._by_columns(vals) for vals in vals_list])
        self.env["loy.codes"]._provide(pools)
        return pools

    def write(self, vals):
        vals = self._by_columns(vals)
        result = super().write(vals)
        if vals.keys() & {"size", "codes_text", "pattern", "kind", "value", "is_valued"}:
            self.env["loy.codes"]._provide(self)
        return result

    @api.constrains("active")
    def _check_unused(self):
        """A promotion that names a pool which is not there would be left out of the programme."""
        if all(self.mapped("active")):
            return
        live = self.env["loy.promotion"].search([("state", "=", "active")])
        if problems := self.env["loy.programme"]._problems_of_promotions(live):
            raise LoyaltyError(
                "code_pool_in_use",
                self.env._("Promotions that are running name this pool; end it instead. %s", problems[0]),
            )
        rewards, conversions = (self.env[name].search([("active", "=", True)]) for name in GIVING)
        problems = self.env["loy.programme"]._problems_of_rewards(rewards)
        if problems := problems or self.env["loy.conversions"]._problems(conversions):
            raise LoyaltyError(
                "code_pool_in_use",
                self.env._("Points are exchanged for codes of this pool; end it instead. %s", problems[0]),
            )

    @api.constrains("is_valued", "company_id")
    def _check_currency(self):
        if any(pool.is_valued and not pool.company_id for pool in self):
            raise LoyaltyError(
                "code_pool_company", self.env._("Codes that are worth money belong to a company: its currency counts.")
            )

    @api.constrains("company_id")
    def _check_series(self):
        """Codes belong to the company of their pool."""
        if any(code.company_id != code.pool_id.company_id for code in self._one_code_each()):
            raise LoyaltyError(
                "code_pool_in_use", self.env._("The pool has codes already; make another one for another company.")
            )

    def _one_code_each(self):
        codes = self.env["loy.code"].sudo()  # whether there are any does not depend on who asks
        return codes.union(*(codes.search([("pool_id", "=", pool.id)], limit=1) for pool in self))

    # ------------------------------------------------------------------ buttons

    def action_loy_end(self):
        """None of its codes is good any more."""
        self.write({"state": "ended"})

    def action_loy_reopen(self):
        self.write({"state": "active"})

    def action_loy_more(self):
        """The wizard asks how many."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("More codes"),
            "res_model": "loy.code.more.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_pool_id": self.id},
        }

    def action_loy_export_csv(self):
        return self._export_url("csv")

    def action_loy_export_xlsx(self):
        return self._export_url("xlsx")

    def _export_url(self, file_format):
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/loy/code-pool/{self.id}/export?file_format={file_format}",
            "target": "download",
        }

    def action_loy_print(self):
        """A sheet with a QR code for each code that nobody has yet."""
        self.ensure_one()
        self.env["loy.rights"]._check("code.export")
        codes = self.env["loy.codes"]._to_print(self, SHEET_MAX)
        return self.env.ref("loyalty_core.loy_code_sheet_report").report_action(codes, config=False)

    def action_loy_codes(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_code_action")
        return {**action, "domain": [("pool_id", "=", self.id)], "context": {"default_pool_id": self.id}}

    def action_loy_uses(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_code_use_action")
        return {**action, "domain": [("pool_id", "=", self.id)]}

    def action_loy_series(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Series of %s", self.display_name),
            "res_model": "loy.code.series",
            "view_mode": "list,form",
            "domain": [("pool_id", "=", self.id)],
            "context": {"default_pool_id": self.id},
        }
