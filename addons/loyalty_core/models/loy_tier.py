from odoo import api, fields, models

from ..services.sections import UNITS_OF_PROGRAMME


class LoyTier(models.Model):
    """A step of the ladder on which members rise by what they buy. All tiers of a company, and those that all companies
    share, are one ladder in the order of their thresholds; a tier with threshold 0 is everybody's."""

    _name = "loy.tier"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Tier"
    _order = "threshold, code, id"

    color = fields.Integer(default=0)
    measure = fields.Selection(
        [
            ("amount", "Amount paid"),
            ("count", "Number of purchases"),
            ("quantity", "Quantity"),
            ("points", "Points earned"),
        ],
        string="Counts",
        required=True,
        default="amount",
    )
    unit_id = fields.Many2one(
        "loy.unit", index="btree_not_null", ondelete="restrict", help="Whose points are counted.",
        domain=UNITS_OF_PROGRAMME,
    )  # fmt: skip
    target_text = fields.Text(
        string="Of products",
        help="A selection of products as JSON; empty: all. The keys are described in docs/promotions.md.",
    )
    threshold = fields.Float(string="From", digits=(16, 6), default=0.0, help="0: every member has the tier.")
    window_kind = fields.Selection(
        [
            ("lifetime", "Ever"),
            ("days", "In so many days"),
            ("months", "In so many months"),
            ("day", "In a calendar day"),
            ("week", "In a calendar week"),
            ("month", "In a calendar month"),
            ("quarter", "In a calendar quarter"),
            ("year", "In a calendar year"),
            ("dates", "Between dates"),
        ],
        string="Bought",
        required=True,
        default="lifetime",
    )
    window_count = fields.Integer(string="How many")
    window_from = fields.Date(string="From day")
    window_to = fields.Date(string="To day", help="Included.")
    rise = fields.Selection(
        [("at_once", "At once"), ("next_period", "From the next period on")],
        string="Rises",
        required=True,
        default="at_once",
        help="A purchase earns at the rate of the tier before it. Periods are those in which purchases are counted, "
        "else calendar months.",
    )
    keep = fields.Selection(
        [
            ("window", "As long as it is due"),
            ("period", "To the end of the next period"),
            ("this_and_next", "This calendar year and the next"),
        ],
        string="Kept",
        required=True,
        default="window",
        help="Counted from the last day on which the member has what it takes.",
    )
    fall = fields.Selection(
        [("due", "To what is due"), ("one", "By one tier, for a term of it")],
        string="Falls",
        required=True,
        default="due",
    )
    member_count = fields.Integer(string="Members", compute="_compute_member_count")

    @api.depends("code", "name")
    def _compute_display_name(self):
        for tier in self:
            tier.display_name = tier.name or tier.code

    @api.depends_context("allowed_company_ids")
    def _compute_member_count(self):
        counts = dict(
            self.env["loy.member.tier"]._read_group(
                [("tier_id", "in", self.ids), ("is_current", "=", True)], ["tier_id"], ["__count"]
            )
        )
        for tier in self:
            tier.member_count = counts.get(tier, 0)

    @api.onchange("measure")
    def _onchange_measure(self):
        if self.measure != "points":
            self.unit_id = False

    def action_view_members(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_member_tier_action")
        action["domain"] = [("tier_id", "=", self.id)]
        action["context"] = {"search_default_current": 1}
        return action
