from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from ..services.errors import LoyaltyError


class LoyUnit(models.Model):
    """What an account counts: a bonus currency or prepaid money.

    One unit is worth ``rate`` of the company's currency; the ledger keeps its minor units, 10^-decimals each.
    A unit without a company serves all companies. Its worth is in ``currency_id``; where a company sells in another
    currency, the unit is used only if ``rate_ids`` tell what it is worth there: otherwise a point that is cheap in
    one company would pay dearly in the next.
    """

    _name = "loy.unit"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Loyalty unit"
    _order = "sequence, code, id"

    sequence = fields.Integer(default=10)
    kind = fields.Selection(
        [("points", "Points"), ("money", "Money")],
        required=True,
        default="points",
        help="Points are earned and spent. Money is paid in by the member and spent like cash.",
    )
    decimals = fields.Integer(
        required=True,
        default=0,
        help="Digits after the point: 0 for whole points, 2 for money. Fixed once something has been booked.",
    )
    rate = fields.Float(
        string="Worth",
        digits=(16, 6),
        required=True,
        default=1.0,
        help="What one unit is worth in the company's currency when a member pays with it.",
    )
    currency_id = fields.Many2one(
        "res.currency",
        string="In",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        help="The currency of the worth, for a unit of all companies.",
    )
    currency_code = fields.Char(compute="_compute_currency_code")
    rate_ids = fields.One2many("loy.unit.rate", "unit_id", string="In other currencies")
    rates = fields.Json(compute="_compute_rates")
    spend_order = fields.Selection(
        string="Spends first",
        selection=[("expires_first", "What expires first"), ("oldest_first", "What was earned first")],
        required=True,
        default="expires_first",
        help="Which of the member's lots pays when units are spent.",
    )
    is_transferable = fields.Boolean("Members give it to each other", help="By the API and in the cabinet of a member.")
    transfer_min = fields.Float("Least at once", digits=(16, 6))
    transfer_day_max = fields.Float(
        "Most in a day",
        digits=(16, 6),
        help="What one account gives in a day, by the time zone of the programme. 0: any.",
    )
    account_count = fields.Integer(compute="_compute_account_count")

    _decimals_range = models.Constraint(
        "CHECK (decimals BETWEEN 0 AND 6)", "A unit has from 0 to 6 decimals."
    )
    _transfer_positive = models.Constraint(
        "CHECK (COALESCE(transfer_min, 0) >= 0 AND COALESCE(transfer_day_max, 0) >= 0)",
        "The limits of transfers cannot be below zero.",
    )
    _rate_positive = models.Constraint("CHECK (rate > 0)", "The rate of a unit must be greater than zero.")

    @api.depends("code", "name")
    def _compute_display_name(self):
        for unit in self:
            unit.display_name = unit.name or unit.code

    @api.depends("company_id")
    def _compute_currency_id(self):
        """A unit of one company is worth money of that company; one of all keeps the currency it was made in."""
        for unit in self:
            unit.currency_id = False if unit.company_id else unit.currency_id or self.env.company.currency_id

    @api.depends("currency_id")
    def _compute_currency_code(self):
        for unit in self:
            unit.currency_code = unit.currency_id.name or False

    @api.depends("rate_ids.currency_id", "rate_ids.rate")
    def _compute_rates(self):
        for unit in self:
            unit.rates = {rate.currency_id.name: rate.rate for rate in unit.rate_ids}

    def _by_record(self, vals: dict) -> dict:
        """What a document says by codes of currencies, by records: written with the rest, it is one version."""
        if vals.get("currency_code"):
            vals["currency_id"] = self._currencies([vals["currency_code"]])[vals["currency_code"]].id
        if "rates" in vals:
            currencies = self._currencies(vals["rates"] or {})
            rates = [{"currency_id": currencies[code].id, "rate": rate} for code, rate in (vals["rates"] or {}).items()]
            vals["rate_ids"] = [Command.clear(), *map(Command.create, rates)]
        return {name: value for name, value in vals.items() if name not in ("currency_code", "rates")}

    def _currencies(self, codes) -> dict:
        """Code → currency; `bad_request` for one that is not active here."""
        found = {currency.name: currency for currency in self.env["res.currency"].search([("name", "in", list(codes))])}
        for code in codes:
            if code and code not in found:
                raise LoyaltyError("bad_request", self.env._("There is no active currency %s.", code))
        return found

    def _compute_account_count(self):
        counts = dict(
            self.env["loy.account"]._read_group(
                [("unit_id", "in", self.ids), ("kind", "!=", "system")], ["unit_id"], ["__count"]
            )
        )
        for unit in self:
            unit.account_count = counts.get(unit, 0)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._by_record(dict(vals)) for vals in vals_list])

    def write(self, vals):
        """The scale of a unit is part of every amount booked in it: after the first booking it stays."""
        vals = self._by_record(dict(vals))
        if "decimals" in vals:
            changed = self.filtered(lambda unit: unit.decimals != vals["decimals"])
            # sudo: whether anything was booked must not depend on the companies that the editor sees
            accounts = self.env["loy.account"].sudo()
            if changed and accounts.search_count([("unit_id", "in", changed.ids)], limit=1):
                raise ValidationError(
                    self.env._(
                        "The decimals of a unit stay as they are once it has accounts. "
                        "Create another unit instead."
                    )
                )
        result = super().write(vals)
        if "code" in vals:
            # Rates name units by their codes; they go on under the new one.
            rates = self.env["loy.conversion.rate"].search(
                ["|", ("unit_id", "in", self.ids), ("to_unit_id", "in", self.ids)]
            )
            rates.write({"valid_from_at": max(self.mapped("valid_from_at"))})
        return result

    def action_view_accounts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_account_action")
        action["domain"] = [("unit_id", "=", self.id)]
        action["context"] = {"search_default_members": 1}
        return action
