from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import FactMany2one


class LoyPurchaseDay(models.Model):
    """How many receipts of a register and day were never completed. A job counts; nobody writes here.

    A share of several rows is the share of their sums, never a mean of shares.
    """

    _name = "loy.purchase.day"
    _inherit = ["loy.money.mixin"]
    _description = "Receipts of a register on a day"
    _order = "day desc, store_id, register_id"
    _log_access = False

    day = fields.Date(required=True, readonly=True, help="By the wall clock of the store.")
    store_id = FactMany2one("loy.store", required=True, readonly=True)
    register_id = FactMany2one("loy.register", readonly=True)
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    sale_count = fields.Integer("Receipts", readonly=True, help="Completed and incomplete.")
    incomplete_count = fields.Integer("Incomplete", readonly=True)
    incomplete_amount = fields.Monetary("Incomplete, amount", readonly=True)
    share = fields.Float(
        "Incomplete, %", compute="_compute_share", aggregator="avg", digits=(16, 3), help="Of all receipts of the day."
    )

    _once = models.UniqueIndex("(store_id, day, COALESCE(register_id, 0))")
    _by_day = models.Index("(day)")

    @api.depends("sale_count", "incomplete_count")
    def _compute_share(self):
        for row in self:
            row.share = 100.0 * row.incomplete_count / row.sale_count if row.sale_count else 0.0

    @api.depends("store_id", "register_id", "day")
    def _compute_display_name(self):
        for row in self:
            parts = (row.store_id.display_name, row.register_id.display_name, fields.Date.to_string(row.day))
            row.display_name = " · ".join(part for part in parts if part)

    def _read_group_select(self, aggregate_spec, query):
        if aggregate_spec != "share:avg":
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "(100.0 * SUM(%s) / NULLIF(SUM(%s), 0))::float8",
            self._field_to_sql(self._table, "incomplete_count", query),
            self._field_to_sql(self._table, "sale_count", query),
        )

    def action_loy_open_purchases(self):
        """The incomplete receipts behind these figures."""
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_purchase_incomplete_action")
        action["domain"] = [
            *self.env["loy.purchase"]._incomplete_domain(),
            ("store_id", "in", self.store_id.ids),
            ("register_id", "in", [*self.register_id.ids, False]),
            ("purchased_on", "in", self.mapped("day")),
        ]
        action["context"] = {}
        return action

    def _cron_check(self):
        """Hourly: counts the days that have ended in each store, and writes where too much was left open."""
        self.env["loy.incomplete"]._run()
