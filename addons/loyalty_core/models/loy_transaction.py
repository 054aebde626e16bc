from odoo import api, fields, models

from ..fields import BigMany2one, FactMany2one

KINDS = [
    ("accrue", "Accrual"),
    ("spend", "Spending"),
    ("hold", "Hold"),
    ("release", "Release of a hold"),
    ("settle", "Settlement of a hold"),
    ("expire", "Expiry"),
    ("reverse", "Reversal"),
    ("transfer", "Transfer"),
    ("convert", "Conversion"),
    ("adjust", "Write-off"),
    ("merge", "Merge"),
]


class LoyTransaction(models.Model):
    """The header of what was booked at once: why, when, by whom, for which document. Its entries sum to zero
    per unit.

    ``occurred_at`` is the moment of the business fact, ``booked_at`` that of the record: they differ for
    receipts that a till sends late and for expiry, which is booked at night.
    """

    _name = "loy.transaction"
    _inherit = ["loy.fact.mixin"]
    _personal_columns = ("note",)
    _description = "Ledger transaction"
    _order = "id desc"
    _rec_name = "kind"
    _rec_names_search = ["document"]

    kind = fields.Selection(KINDS, required=True)
    source = fields.Char(help="What asked for it: purchase, return, manual, expiry, …")
    purchase_id = BigMany2one("loy.purchase", readonly=True, index="btree_not_null", ondelete="restrict")
    document = fields.Char(help="Number of the receipt or of another document.")
    reason_id = fields.Many2one("loy.reason", ondelete="restrict")
    note = fields.Char()
    author_id = FactMany2one("res.users", string="Author")
    store_id = FactMany2one("loy.store")
    member_id = FactMany2one(
        "res.partner", string="Who", help="The member whose fact it is, whatever account it is booked on."
    )
    card_id = FactMany2one("loy.card")
    company_id = FactMany2one("res.company", required=True)
    occurred_at = fields.Datetime("Occurred at", required=True)
    booked_at = fields.Datetime("Booked at", required=True)
    hold_id = BigMany2one("loy.hold", ondelete="restrict", index="btree_not_null")
    reverses_id = BigMany2one(
        "loy.transaction", string="Reverses", ondelete="restrict", index="btree_not_null"
    )
    reversed_by_ids = fields.One2many("loy.transaction", "reverses_id", string="Reversed by")
    entry_ids = fields.One2many("loy.entry", "transaction_id")

    _occurred = models.Index("(occurred_at)")
    # The payment of a top-up: its method and its reference.
    _top_up = models.UniqueIndex(
        "(company_id, note, document) WHERE source = 'top_up'", "This payment has been booked already."
    )

    @api.depends("kind", "document")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for transaction in self:
            parts = (kinds.get(transaction.kind, ""), transaction.document, f"#{transaction.id}")
            transaction.display_name = " ".join(part for part in parts if part)
