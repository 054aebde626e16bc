from odoo import api, fields, models
from odoo.tools import SQL

from ..fields import BigInteger

ROLES = [
    ("issued", "Issued"),
    ("redeemed", "Redeemed"),
    ("expired", "Expired"),
    ("adjusted", "Adjusted"),
    ("settlement", "Settlement"),
    ("forgiven", "Forgiven"),
    ("clearing", "Clearing"),
    ("transit", "In transit"),
    ("converted", "Converted"),
]


class LoyAccount(models.Model):
    """What one holder has of one unit. Only the ledger service writes here.

    ``total_minor`` is what remains in the lots, ``held_minor`` the part of it that holds reserve,
    ``debt_minor`` what was taken beyond the lots; total − debt is always the sum of the account's entries.
    System accounts (what was issued, redeemed, expired, …) keep no balance and are never locked: theirs is
    the sum of entries.
    """

    _name = "loy.account"
    _inherit = ["loy.amount.mixin"]
    _description = "Loyalty account"
    _order = "id desc"
    _rec_names_search = ["member_id.name", "member_id.phone", "member_id.email", "pool_id"]
    _amount_fields = {"total": "total_minor", "held": "held_minor", "debt": "debt_minor"}

    kind = fields.Selection(
        [("member", "Member"), ("pool", "Pool"), ("partner", "Partner"), ("system", "System")],
        required=True,
        default="member",
        index=True,
    )
    role = fields.Selection(ROLES, help="What a system account gathers.")
    unit_id = fields.Many2one("loy.unit", required=True, ondelete="restrict", index=True)
    member_id = fields.Many2one("res.partner", ondelete="restrict", index="btree_not_null")
    pool_id = fields.Many2one("loy.pool", ondelete="restrict", index="btree_not_null")
    partner_id = fields.Many2one(
        "loy.partner",
        string="Coalition partner",
        ondelete="restrict",
        index="btree_not_null",
        help="The account counts only what this partner gives and takes. Empty: the whole programme.",
    )
    company_id = fields.Many2one("res.company", ondelete="restrict", index="btree_not_null")
    successor_id = fields.Many2one(
        "loy.account",
        string="Continued by",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
        help="All of this account has moved there, after a merge of members or into a pool; what still comes back to "
        "it moves on at once.",
    )
    is_current = fields.Boolean(
        "Current",
        required=True,
        default=True,
        readonly=True,
        help="What this member earns and spends goes here, or to the account that continues this one. Not so once the "
        "member has joined a pool.",
    )
    total_minor = BigInteger(string="Total (minor units)", required=True, default=0, readonly=True)
    held_minor = BigInteger(string="Held (minor units)", required=True, default=0, readonly=True)
    debt_minor = BigInteger(string="Debt (minor units)", required=True, default=0, readonly=True)
    total = fields.Float(
        compute="_compute_amounts",
        aggregator="sum",
        help="All that remains in the lots: active, pending and held.",
    )
    held = fields.Float(
        compute="_compute_amounts", aggregator="sum", help="Reserved for purchases not yet confirmed."
    )
    debt = fields.Float(
        compute="_compute_amounts",
        aggregator="sum",
        help="Taken beyond the balance; new lots repay it first.",
    )
    active_amount = fields.Float(
        "Active", compute="_compute_balance", help="Usable now, what is held included."
    )
    pending_amount = fields.Float("Pending", compute="_compute_balance", help="Earned, but not active yet.")
    available_amount = fields.Float("Available", compute="_compute_balance", help="Active − held − debt.")
    lot_count = fields.Integer("Open lots", compute="_compute_lot_count")
    lot_ids = fields.One2many("loy.lot", "account_id", domain=[("is_open", "=", True)])

    _holder = models.Constraint(
        "CHECK ((kind <> 'member' OR member_id IS NOT NULL) AND ((kind = 'pool') = (pool_id IS NOT NULL)) "
        "AND ((kind = 'system') = (role IS NOT NULL)))",
        "A member's account names the member, a pool's the pool, a system account its role.",
    )
    _amounts = models.Constraint(
        "CHECK (total_minor >= 0 AND debt_minor >= 0 AND held_minor BETWEEN 0 AND total_minor)",
        "The amounts of an account cannot be negative, nor can more be held than there is.",
    )
    _passed_on = models.Constraint(
        "CHECK (successor_id IS NULL OR (total_minor = 0 AND debt_minor = 0 AND successor_id <> id))",
        "An account that is continued by another is empty.",
    )

    def init(self):
        """One current account of a unit per member and partner scope, one per pool and partner scope, one system
        account per unit, role and company.
        """
        super().init()
        self.env.cr.execute(SQL("DROP INDEX IF EXISTS loy_account_member_unique"))  # one for all time, before pools
        for index, columns, condition in (
            (
                "loy_account_current_unique",
                "member_id, unit_id, COALESCE(partner_id, 0)",
                "kind = 'member' AND is_current",
            ),
            ("loy_account_pool_unique", "pool_id, unit_id, COALESCE(partner_id, 0)", "kind = 'pool'"),
            ("loy_account_system_unique", "unit_id, role, COALESCE(company_id, 0)", "kind = 'system'"),
        ):
            self.env.cr.execute(
                SQL(
                    "CREATE UNIQUE INDEX IF NOT EXISTS %s ON loy_account (%s) WHERE %s",
                    SQL.identifier(index),
                    SQL(columns),
                    SQL(condition),
                )
            )
        # Balances change with every purchase; room in the page keeps those updates out of the indexes.
        self.env.cr.execute(SQL("ALTER TABLE loy_account SET (fillfactor = 80)"))

    @api.depends("member_id", "pool_id", "unit_id", "role", "kind")
    def _compute_display_name(self):
        roles = dict(self._fields["role"]._description_selection(self.env))
        for account in self:
            named = roles.get(account.role) or account.pool_id.display_name or account.member_id.display_name
            holder = named or self.env._("Account")
            account.display_name = f"{holder} · {account.unit_id.display_name}"

    @api.depends("total_minor", "held_minor", "debt_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()

    @api.depends("total_minor", "held_minor", "debt_minor")
    def _compute_balance(self):
        balances = self.env["loy.ledger"]._balances(self.ids)
        for account in self:
            balance = balances.get(account.id)
            scale = 10 ** account.unit_id.sudo().decimals  # as in _compute_amounts
            account.active_amount = balance.active / scale if balance else 0.0
            account.pending_amount = balance.pending / scale if balance else 0.0
            account.available_amount = balance.available / scale if balance else 0.0

    def _compute_lot_count(self):
        counts = dict(
            self.env["loy.lot"]._read_group(
                [("account_id", "in", self.ids), ("is_open", "=", True)], ["account_id"], ["__count"]
            )
        )
        for account in self:
            account.lot_count = counts.get(account, 0)

    def action_view_lots(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_lot_action")
        action["domain"] = [("account_id", "=", self.id)]
        action["context"] = {"search_default_open": 1}
        return action

    def action_view_entries(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_entry_action")
        if self.kind == "system":
            action["domain"] = ["|", ("from_account_id", "=", self.id), ("to_account_id", "=", self.id)]
        else:
            action["domain"] = [("account_id", "=", self.id)]
        action["context"] = {}
        return action
