from odoo import api, fields, models

from ..fields import BigInteger, FactMany2one
from ..services.counters import KINDS, SHARED, decimals_of


class LoyCounter(models.Model):
    """How much of a shared limit is used. A large limit is split over rows, so that tills need not queue for one.

    It is the sum of its draws (``books_check``). Only the counters service writes it.
    """

    _name = "loy.counter"
    _inherit = ["loy.bigint.mixin"]
    _description = "Counter of a limit"
    _order = "ref desc, kind, day desc, shard"
    _log_access = False

    company_id = FactMany2one("res.company", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("per_day", "Uses of a day"),
            ("total", "Uses in all"),
            ("budget", "Budget of discounts"),
            ("budget_points", "Budget of points"),
            ("code", "Uses of a promo code"),
            ("shared_per_day", "Uses of a day, shared"),
            ("shared_total", "Uses in all, shared"),
            ("shared_budget", "Shared budget of discounts"),
            ("shared_budget_points", "Shared budget of points"),
        ],
        required=True,
        readonly=True,
    )
    ref = BigInteger(string="Record", required=True, readonly=True, help="Whose limit it is.")
    promotion_id = fields.Many2one("loy.promotion", compute="_compute_promotion_id", search="_search_promotion_id")
    limit_id = fields.Many2one(
        "loy.shared.limit", "Shared limit", compute="_compute_limit_id", search="_search_limit_id"
    )
    day = fields.Date(readonly=True, help="By the calendar of the store, for a limit of a day.")
    shard = fields.Integer(string="Part", required=True, readonly=True)
    used = BigInteger(
        required=True, readonly=True, help="Uses, minor units of money, or millionths of a point."
    )
    quota = BigInteger(string="May give", required=True, readonly=True, help="This part of the limit.")
    quota_of = BigInteger(
        string="Limit", readonly=True, aggregator="max", help="What all parts may give; none after it was passed."
    )

    used_amount = fields.Float("Used so far", compute="_compute_amounts", help="Uses, money or points.")
    quota_amount = fields.Float("This part may give", compute="_compute_amounts")
    limit_amount = fields.Float("Of the limit", compute="_compute_amounts")

    _key = models.UniqueIndex("(company_id, kind, ref, COALESCE(day, '-infinity'), shard)")

    @api.depends("ref", "kind")
    def _compute_promotion_id(self):
        for counter in self:
            counter.promotion_id = counter.ref if counter.kind in KINDS else False

    def _search_promotion_id(self, operator, value):
        found = self.env["loy.promotion"].with_context(active_test=False)._search([("id", operator, value)])
        return [("kind", "in", list(KINDS)), ("ref", "in", found)]

    @api.depends("ref", "kind")
    def _compute_limit_id(self):
        for counter in self:
            counter.limit_id = counter.ref if (counter.kind or "").startswith(SHARED) else False

    def _search_limit_id(self, operator, value):
        found = self.env["loy.shared.limit"].with_context(active_test=False)._search([("id", operator, value)])
        return [("kind", "in", [SHARED + kind for kind in KINDS]), ("ref", "in", found)]

    @api.depends("used", "quota", "quota_of", "kind", "company_id")
    def _compute_amounts(self):
        for counter in self:
            scale = 10 ** decimals_of(counter.kind, counter.company_id)
            counter.used_amount = counter.used / scale
            counter.quota_amount = counter.quota / scale
            counter.limit_amount = counter.quota_of / scale

    @api.depends("kind", "promotion_id", "limit_id", "day")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for counter in self:
            of = counter.promotion_id.name or counter.limit_id.name
            parts = (of, kinds.get(counter.kind), counter.day and str(counter.day))
            counter.display_name = ", ".join(filter(None, parts))

    def _cron_give_back(self):
        """What holds past their deadline have drawn is free again, a batch at a time."""
        self.env["loy.counters"]._give_back_overdue_all()
