from odoo import api, fields, models

from ..services.counters import KINDS


class LoyLimitedMixin(models.AbstractModel):
    """A record with limits that are counted from purchase to purchase: a promotion, or what promotions share."""

    _name = "loy.limited.mixin"
    _inherit = ["mail.thread"]
    _description = "Record with counted limits"

    limit_per_member = fields.Integer(
        string="Uses of one member", tracking=True, help="Only known members get the promotion then. 0: no limit."
    )
    limit_per_member_days = fields.Integer(
        string="Within days",
        tracking=True,
        help="So many days on end by the store's calendar, the day of the purchase included. 0: ever.",
    )
    limit_per_day = fields.Integer(
        string="Uses a day", tracking=True, help="By all customers together. 0: no limit."
    )
    limit_total = fields.Integer(
        string="Uses in all", tracking=True, help="By all customers together. 0: no limit."
    )
    limit_budget = fields.Monetary(
        string="Budget of discounts",
        tracking=True,
        help="A discount that is larger than what is left is not given at all. 0: no limit.",
    )
    limit_budget_points = fields.Float(
        string="Budget of points",
        digits=(16, 6),
        tracking=True,
        help="Points that are more than is left are not given at all. 0: no limit.",
    )
    limit_base_measure = fields.Selection(
        [("amount", "An amount"), ("quantity", "A quantity")],
        string="Earning is limited to",
        tracking=True,
        help="How much of the shopping of one member earns points in a calendar period; what is more earns nothing.",
    )
    limit_base_day = fields.Float(string="Earning a day", digits=(16, 6), tracking=True, help="0: no limit.")
    limit_base_week = fields.Float(
        string="Earning a week", digits=(16, 6), tracking=True, help="From Monday on. 0: no limit."
    )
    limit_base_month = fields.Float(string="Earning a month", digits=(16, 6), tracking=True, help="0: no limit.")
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id")
    used_per_day = fields.Float(string="Used today", digits=(16, 0), compute="_compute_used")
    used_total = fields.Float(string="Used in all", digits=(16, 0), compute="_compute_used")
    used_budget = fields.Monetary(string="Discounts given", compute="_compute_used")
    used_budget_points = fields.Float(string="Points given", digits=(16, 6), compute="_compute_used")

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for record in self:
            record.currency_id = (record.company_id or self.env.company).currency_id

    @api.depends_context("company")
    def _compute_used(self):
        used = self.env["loy.counters"]._progress(self)
        for record in self:
            for kind in KINDS:
                record[f"used_{kind}"] = used.get((record.id, kind), 0)
