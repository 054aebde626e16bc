from odoo import api, fields, models

from ..fields import BigInteger, BigMany2one

FAULTS = [
    ("no_key", "Names nobody"),
    ("bad_key", "Cannot be a phone, an e-mail, a card or an id"),
    ("unknown", "No such member"),
    ("archived", "The member is archived or has left"),
    ("card_new", "The card is not issued yet"),
    ("card_blocked", "The card is blocked"),
    ("card_closed", "The card is closed"),
    ("out_of_reach", "Not a member of your stores"),
    ("bad_amount", "The amount is missing, not above zero, or can be read in two ways"),
    ("short", "The member has not so much"),
    ("repeated", "The member stands in an earlier line"),
]


class LoyAdjustmentListLine(models.Model):
    """One line of the file. It is booked at most once: its transaction is written with the booking."""

    _name = "loy.adjustment.list.line"
    _inherit = ["loy.bigint.mixin", "loy.amount.mixin"]
    _description = "Line of a list"
    _order = "list_id desc, position"
    _log_access = False
    _rec_name = "key"
    _amount_fields = {"amount": "amount_minor"}

    list_id = fields.Many2one("loy.adjustment.list", required=True, readonly=True, ondelete="cascade")
    position = fields.Integer("Line", required=True, readonly=True, aggregator=None)
    key = fields.Char("Who", readonly=True, help="As the file says; empty after the person was erased.")
    member_id = fields.Many2one("res.partner", readonly=True, ondelete="restrict", index="btree_not_null")
    unit_id = fields.Many2one(related="list_id.unit_id")
    amount_minor = BigInteger(string="Amount (minor units)", readonly=True)
    amount = fields.Float(compute="_compute_amounts", aggregator="sum")
    amount_text = fields.Char("Amount as written", readonly=True, help="Where it is no amount.")
    note = fields.Char("Comment", readonly=True)
    fault = fields.Selection(FAULTS, readonly=True)
    transaction_id = BigMany2one(
        "loy.transaction", string="Booked as", readonly=True, ondelete="restrict", index="btree_not_null"
    )

    _position_unique = models.UniqueIndex("(list_id, position)")
    _to_book = models.Index("(list_id, position) WHERE transaction_id IS NULL AND fault IS NULL")
    _faults = models.Index("(list_id, position) WHERE fault IS NOT NULL")
    _sound = models.Constraint(
        "CHECK (fault IS NOT NULL OR (member_id IS NOT NULL AND amount_minor > 0))",
        "A line without a fault has a member and an amount.",
    )
    _booked_sound = models.Constraint(
        "CHECK (transaction_id IS NULL OR fault IS NULL)", "A line with a fault is not booked."
    )

    @api.depends("amount_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()
