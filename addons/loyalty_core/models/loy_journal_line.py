from odoo import api, fields, models

from ..fields import BigInteger
from .loy_account import ROLES

KINDS = [*ROLES, ("owed", "Owed to members"), ("paid_in", "Paid in"), ("worth", "Rounding and change of worth")]


class LoyJournalLine(models.Model):
    """One account of a journal entry."""

    _name = "loy.journal.line"
    _inherit = ["loy.money.mixin"]
    _description = "Journal line of points"
    _order = "entry_id desc, id"
    _rec_name = "code"

    entry_id = fields.Many2one("loy.journal.entry", required=True, readonly=True, ondelete="restrict", index=True)
    date = fields.Date(related="entry_id.date", store=True)
    unit_id = fields.Many2one(related="entry_id.unit_id", store=True)
    company_id = fields.Many2one(related="entry_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    code = fields.Char("Account", required=True, readonly=True)
    kind = fields.Selection(KINDS, string="What", required=True, readonly=True)
    other_company_id = fields.Many2one("res.company", string="With company", readonly=True)
    units = fields.Float(digits=(16, 6), readonly=True, help="Given to members; below zero: taken from them.")
    debit_minor = BigInteger("Debit (minor units)", required=True, default=0, readonly=True)
    credit_minor = BigInteger("Credit (minor units)", required=True, default=0, readonly=True)
    debit = fields.Monetary(compute="_compute_amounts", store=True)
    credit = fields.Monetary(compute="_compute_amounts", store=True)

    _one_side = models.Constraint(
        "CHECK (debit_minor >= 0 AND credit_minor >= 0 AND (debit_minor = 0 OR credit_minor = 0))",
        "A line is either debit or credit.",
    )

    @api.depends("debit_minor", "credit_minor")
    def _compute_amounts(self):
        for line in self:
            scale = 10**line.currency_id.decimal_places
            line.debit, line.credit = line.debit_minor / scale, line.credit_minor / scale
