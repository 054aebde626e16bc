from odoo import api, fields, models

from ..fields import BigInteger, BigMany2one, FactMany2one
from .loy_transaction import KINDS


class LoyEntry(models.Model):
    """An amount moved from one account to another. Written once, never changed, never deleted, by nobody.

    One of the two accounts keeps a balance (``account_id``), the other is the system's; ``delta_minor`` is
    the amount with the sign it has for that balance. ``lot_id`` names the lot that grew or shrank; without a
    lot the entry changes the debt. ``balance_after_minor`` was the sum of the account's entries after this
    one, in the order of booking.
    """

    _name = "loy.entry"
    _inherit = ["loy.fact.mixin", "loy.amount.mixin"]
    _description = "Ledger entry"
    _order = "id desc"
    _amount_fields = {
        "amount": "amount_minor",
        "delta": "delta_minor",
        "balance_after": "balance_after_minor",
    }

    transaction_id = BigMany2one("loy.transaction", required=True, ondelete="restrict", index=True)
    kind = fields.Selection(KINDS, required=True)
    unit_id = FactMany2one("loy.unit", required=True)
    from_account_id = FactMany2one("loy.account", string="From", required=True)
    to_account_id = FactMany2one("loy.account", string="To", required=True)
    account_id = fields.Many2one("loy.account", required=True, ondelete="restrict")
    member_id = fields.Many2one(related="account_id.member_id")
    lot_id = BigMany2one("loy.lot", ondelete="restrict", index="btree_not_null")
    company_id = FactMany2one("res.company", required=True)
    occurred_at = fields.Datetime("Occurred at", required=True)
    amount_minor = BigInteger(string="Amount (minor units)", required=True)
    delta_minor = BigInteger(string="Change (minor units)", required=True)
    balance_after_minor = BigInteger(string="Balance after (minor units)", required=True, aggregator=None)
    amount = fields.Float(compute="_compute_amounts", aggregator="sum")
    delta = fields.Float("Change", compute="_compute_amounts", aggregator="sum")
    balance_after = fields.Float("Balance after", compute="_compute_amounts", aggregator=None)
    purchase_id = BigMany2one(related="transaction_id.purchase_id", string="Purchase")
    document = fields.Char(related="transaction_id.document")
    author_id = fields.Many2one(related="transaction_id.author_id")
    actor_id = fields.Many2one(related="transaction_id.member_id", string="Who")
    card_id = fields.Many2one(related="transaction_id.card_id")
    reason_id = fields.Many2one(related="transaction_id.reason_id")
    booked_at = fields.Datetime(related="transaction_id.booked_at")

    _direction = models.Constraint(
        "CHECK (amount_minor > 0 AND ((account_id = to_account_id AND account_id <> from_account_id"
        " AND delta_minor = amount_minor) OR (account_id = from_account_id AND account_id <> to_account_id"
        " AND delta_minor = -amount_minor)))",
        "An entry moves a positive amount between two accounts.",
    )
    # A statement is read backwards by id; a balance at another moment undoes what occurred after it.
    _statement = models.Index("(account_id, id)")
    _occurred = models.Index("(account_id, occurred_at)")

    @api.depends("kind", "transaction_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for entry in self:
            entry.display_name = f"{kinds.get(entry.kind, '')} #{entry.id}"

    @api.depends("amount_minor", "delta_minor", "balance_after_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()
