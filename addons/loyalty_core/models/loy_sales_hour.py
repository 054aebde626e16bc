from odoo import fields, models

from ..fields import BigInteger, FactMany2one
from .loy_sales_fact_mixin import WEEKDAYS


class LoySalesHour(models.Model):
    """What a register took in an hour. What came back counts when and where it came back, below zero."""

    _name = "loy.sales.hour"
    _inherit = ["loy.sales.fact.mixin"]
    _description = "Sales by hour"
    _order = "day desc, hour desc, id desc"
    _rec_name = "day"

    hour = fields.Integer(required=True, readonly=True, aggregator=None, help="0-23, by the wall clock of the store.")
    weekday = fields.Selection(WEEKDAYS, required=True, readonly=True)
    store_id = FactMany2one("loy.store", required=True, readonly=True)
    network_id = fields.Many2one(related="store_id.network_id")
    partner_id = fields.Many2one(related="store_id.partner_id")
    register_id = FactMany2one("loy.register", readonly=True)
    channel = fields.Char(readonly=True)
    is_member = fields.Boolean("By members", required=True, readonly=True)
    receipt_count = BigInteger("Receipts", required=True, readonly=True, help="Sales; returns are counted beside.")
    return_count = BigInteger("Returns", required=True, readonly=True)
    line_count = BigInteger("Lines sold", required=True, readonly=True)
    base = fields.Monetary("Shelf amount", required=True, readonly=True)
    discount = fields.Monetary(required=True, readonly=True)
    spent = fields.Monetary("Paid with points", required=True, readonly=True)
    certificates = fields.Monetary("Paid with certificates", required=True, readonly=True)
    amount = fields.Monetary("Turnover", required=True, readonly=True, help="To pay, less what came back.")
    average = fields.Monetary("Average receipt", compute="_compute_ratios", aggregator="avg")
    discount_percent = fields.Float(
        "Discount, %", compute="_compute_ratios", aggregator="avg", digits=(16, 2), help="Of the shelf amount."
    )

    _ratios = {"average": ("amount", "receipt_count", 1), "discount_percent": ("discount", "base", 100)}

    _once = models.UniqueIndex(
        "(store_id, day, hour, COALESCE(register_id, 0), COALESCE(channel, ''), is_member, company_id)"
    )
    _by_day = models.Index("(day)")
