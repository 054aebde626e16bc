from odoo import api, fields, models

from ..fields import BigMany2one, FactMany2one


class LoyPurchase(models.Model):
    """What a till, a shop or an office told about one basket, and what the programme answered. Only services write it.

    A return is a purchase of its own kind with negative sums, so that the sums of any period are sums of rows.
    """

    _name = "loy.purchase"
    _inherit = ["loy.money.mixin", "loy.bigint.mixin"]
    _description = "Purchase"
    _order = "purchased_at desc, id desc"
    _rec_name = "number"
    _rec_names_search = ["number"]
    _check_company_auto = True

    number = fields.Char(required=True, readonly=True, help="The number that the till gave to the receipt.")
    kind = fields.Selection([("sale", "Sale"), ("return", "Return")], required=True, readonly=True, default="sale")
    origin_id = BigMany2one("loy.purchase", string="Returned purchase", readonly=True, index="btree_not_null")
    return_ids = fields.One2many("loy.purchase", "origin_id", string="Returns")
    exchange_id = BigMany2one(
        "loy.purchase", string="Exchanged in", readonly=True, index="btree_not_null",
        help="The receipt on which these goods came back.",
    )  # fmt: skip
    exchange_ids = fields.One2many("loy.purchase", "exchange_id", string="Came back in exchange")
    state = fields.Selection(
        [
            ("held", "Held"),
            ("confirmed", "Confirmed"),
            ("cancelled", "Cancelled"),
            ("returned", "Returned"),
        ],
        required=True,
        readonly=True,
    )
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = FactMany2one("res.currency", readonly=True)
    is_price_tax_included = fields.Boolean(string="Prices include tax", readonly=True)
    store_id = FactMany2one("loy.store", readonly=True)
    register_id = FactMany2one("loy.register", readonly=True)
    channel = fields.Char(readonly=True)
    member_id = fields.Many2one("res.partner", readonly=True, ondelete="restrict")
    card_id = fields.Many2one("loy.card", readonly=True, ondelete="restrict")
    purchased_at = fields.Datetime(string="Time", required=True, readonly=True)
    purchased_on = fields.Date(string="Day", readonly=True, help="By the wall clock of the store.")
    confirmed_at = fields.Datetime(string="Confirmed", readonly=True)
    base = fields.Monetary(string="Shelf amount", readonly=True)
    discount = fields.Monetary(readonly=True)
    spent = fields.Monetary(string="Paid with points", readonly=True)
    certificates = fields.Monetary(string="Paid with certificates", readonly=True)
    prepaid = fields.Monetary(
        string="Certificates sold",
        readonly=True,
        help="Part of what was to pay: money in another form, no turnover yet.",
    )
    to_pay = fields.Monetary(string="To pay", readonly=True)
    is_late = fields.Boolean(string="Confirmed late", readonly=True, help="Confirmed after its hold had run out.")
    is_offline = fields.Boolean(
        string="Made offline", readonly=True, help="Sold while the till could not reach us; sent later as a fact."
    )
    difference = fields.Monetary(
        readonly=True, help="By how much the till, offline, took more than the programme says; less than zero: less."
    )
    programme_number = fields.Integer(string="Programme version", readonly=True)
    basket = fields.Json(readonly=True, help="What the engine was asked; with the programme version it is replayed.")
    result = fields.Json(readonly=True, help="What was answered.")
    by_line = fields.Json(
        readonly=True,
        help="How points and certificates fall on the lines, in minor units; of a return, what was asked back.",
    )
    hold_id = BigMany2one("loy.hold", readonly=True)
    held_until_at = fields.Datetime(string="Held until", readonly=True)
    draws_until_at = fields.Datetime(
        string="Uses reserved until", readonly=True, help="While it is held, it uses limits of promotions until then."
    )
    line_ids = fields.One2many("loy.purchase.line", "purchase_id")
    promotion_ids = fields.One2many("loy.purchase.promotion", "purchase_id")
    transaction_ids = fields.One2many("loy.transaction", "purchase_id")
    transaction_count = fields.Integer(compute="_compute_transaction_count")

    _number_unique = models.UniqueIndex("(company_id, number)")
    _by_member = models.Index("(member_id, purchased_at DESC) WHERE member_id IS NOT NULL")
    _by_card = models.Index("(card_id, purchased_at DESC) WHERE card_id IS NOT NULL")
    _by_store = models.Index("(store_id, purchased_at DESC)")
    _by_time = models.Index("(purchased_at DESC, id DESC)")
    _held = models.Index("(state, purchased_at) WHERE state = 'held'")
    _draws = models.Index("(draws_until_at) WHERE draws_until_at IS NOT NULL")

    @api.depends("transaction_ids")
    def _compute_transaction_count(self):
        counts = dict(
            self.env["loy.transaction"]._read_group(
                [("purchase_id", "in", self.ids)], ["purchase_id"], ["__count"]
            )
        )
        for purchase in self:
            purchase.transaction_count = counts.get(purchase, 0)

    def action_loy_cancel(self):
        self.ensure_one()
        self.env["loy.purchases"]._cancel_by_hand(self)

    def action_loy_try(self):
        """The basket of the receipt on the test bench."""
        self.ensure_one()
        self.env["loy.rights"]._check("bench.use")
        return self.env["loy.bench.case"]._of_purchase(self)._open()

    def _incomplete_domain(self) -> list:
        """Receipts that a till began and has neither completed nor cancelled by their deadline."""
        return [("kind", "=", "sale"), ("state", "=", "held"), ("held_until_at", "<=", fields.Datetime.now())]

    def action_open_transactions(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Movements of %s", self.display_name),
            "res_model": "loy.transaction",
            "view_mode": "list,form",
            "domain": [("purchase_id", "=", self.id)],
        }
