from odoo import fields, models
from odoo.tools import SQL

from ..fields import BigInteger
from ..sql import ledger_days as sql
from .loy_account import ROLES


class LoyLiabilityReport(models.Model):
    """What members were given and have used, by day: added up, it is what the company owes them."""

    _name = "loy.liability.report"
    _inherit = ["loy.money.mixin"]
    _description = "What points are worth"
    _auto = False
    _order = "day desc"
    _rec_name = "day"

    day = fields.Date(readonly=True)
    unit_id = fields.Many2one("loy.unit", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    issuer_id = fields.Many2one("res.company", string="Given by company", readonly=True)
    partner_id = fields.Many2one("loy.partner", string="Coalition partner", readonly=True)
    role = fields.Selection(ROLES, string="Movement", readonly=True)
    month = fields.Date("Usable since", readonly=True, help="The month in which the points became usable.")
    amount = fields.Float(readonly=True, aggregator="sum", help="Given less taken, in units.")
    worth = fields.Monetary(readonly=True, aggregator="sum", help="At what a unit is worth today.")
    entry_count = BigInteger("Movements", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT %s AS id, fact.day, fact.unit_id, fact.company_id, company.currency_id,
                   fact.issuer_id, fact.partner_id, fact.role, fact.month,
                   (fact.delta_minor / POWER(10::numeric, unit.decimals))::float8 AS amount,
                   (fact.delta_minor / POWER(10::numeric, unit.decimals) * %s::numeric) AS worth,
                   fact.entry_count
              FROM (%s) AS fact %s
            """,
            sql.row_id("day", "unit_id", "company_id", "issuer_id", "partner_id", "role", "month", "is_folded"),
            sql.WORTH,
            sql.days(),
            sql.WORTH_JOINS,
        )
