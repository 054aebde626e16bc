from decimal import Decimal

from odoo import api, fields, models

from ..fields import BigInteger, BigMany2one
from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME

DIRECTIONS = [("accrual", "Accrual"), ("write_off", "Write-off")]
#: What a person may write, and only while it is a draft; all else services write.
EDITABLE = {
    "member_id",
    "unit_id",
    "direction",
    "amount",
    "amount_minor",
    "reason_id",
    "note",
    "active_from",
    "expires_at",
    "company_id",
}


class LoyAdjustment(models.Model):
    """Points or money that a person, not a purchase, gives to a member or takes: by whom, why, who approved it."""

    _name = "loy.adjustment"
    _inherit = ["loy.audited.mixin", "loy.approval.mixin", "loy.amount.mixin"]
    _description = "Manual movement"
    _order = "id desc"
    _rec_names_search = ["member_id.name", "member_id.phone", "note"]
    _amount_fields = {"amount": "amount_minor", "signed_amount": "signed_minor"}
    _approval_service = "loy.adjustments"
    _audit_fields = ("state", "decided_by_id")

    member_id = fields.Many2one(
        "res.partner",
        required=True,
        ondelete="restrict",
        index=True,
        domain=[("is_loyalty_member", "=", True)],
    )
    unit_id = fields.Many2one(
        "loy.unit", required=True, ondelete="restrict", default=lambda self: self._default_unit(),
        domain=UNITS_OF_PROGRAMME,
    )  # fmt: skip
    direction = fields.Selection(DIRECTIONS, required=True, default="accrual")
    amount_minor = BigInteger(string="Amount (minor units)", required=True, default=0)
    signed_minor = BigInteger(
        string="Change (minor units)", compute="_compute_signed_minor", store=True, readonly=True
    )
    amount = fields.Float(compute="_compute_amounts", inverse="_inverse_amount", aggregator="sum")
    signed_amount = fields.Float("Change", compute="_compute_amounts", aggregator="sum")
    reason_id = fields.Many2one("loy.reason", ondelete="restrict", index="btree_not_null")
    note = fields.Char(help="What happened: whoever approves and whoever checks later reads it.")
    active_from = fields.Datetime("Active from", help="Empty: at once.")
    expires_at = fields.Datetime("Expires", help="Empty: never.")
    terms_id = BigMany2one(
        "loy.lot.terms",
        string="Usable when",
        readonly=True,
        copy=False,
        ondelete="restrict",
        index="btree_not_null",
        help="The points pay only for purchases on which this holds. Empty: for every purchase.",
    )
    occurred_at = fields.Datetime("Moment of the fact", readonly=True, copy=False, help="Empty: when it was booked.")
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("waiting", "Waits for approval"),
            ("done", "Booked"),
            ("refused", "Refused"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
        tracking=True,
    )
    source = fields.Selection(
        [("office", "Back office"), ("api", "API")], required=True, readonly=True, default="office", copy=False
    )
    transaction_id = BigMany2one(
        "loy.transaction", string="Booked as", readonly=True, copy=False, ondelete="restrict", index="btree_not_null"
    )
    company_id = fields.Many2one(
        "res.company", required=True, ondelete="restrict", default=lambda self: self.env.company
    )

    _amount_positive = models.Constraint(
        "CHECK (amount_minor > 0 OR state IN ('draft', 'cancelled'))", "The amount must be greater than zero."
    )
    _booked_once = models.Constraint(
        "CHECK ((state = 'done') = (transaction_id IS NOT NULL))", "What is booked names its transaction."
    )
    _by_giver = models.Index("(decided_by_id, decided_at) WHERE state = 'done'")
    _by_member = models.Index("(member_id, decided_at) WHERE state = 'done'")

    def _default_unit(self):
        domain = [*UNITS_OF_PROGRAMME, ("company_id", "in", [False, self.env.company.id])]
        return self.env["loy.unit"].search(domain, limit=1)

    @api.depends("direction", "member_id")
    def _compute_display_name(self):
        directions = dict(self._fields["direction"]._description_selection(self.env))
        for adjustment in self:
            name = adjustment.member_id.display_name or ""
            adjustment.display_name = f"{directions.get(adjustment.direction, '')} · {name}"

    @api.depends("amount_minor", "direction")
    def _compute_signed_minor(self):
        for adjustment in self:
            sign = -1 if adjustment.direction == "write_off" else 1
            adjustment.signed_minor = sign * adjustment.amount_minor

    @api.depends("amount_minor", "signed_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()

    def _inverse_amount(self):
        for adjustment in self:
            adjustment.amount_minor = to_minor(adjustment.amount, adjustment.unit_id)

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(set(vals) - EDITABLE for vals in vals_list):
            raise self._not_editable()
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and (set(vals) - EDITABLE or any(one.state != "draft" for one in self)):
            raise self._not_editable()
        if "unit_id" not in vals or "amount" in vals or "amount_minor" in vals:
            return super().write(vals)
        # Another unit has other minor units: what people see stays.
        shown = {adjustment: adjustment.amount for adjustment in self}
        result = super().write(vals)
        for adjustment, amount in shown.items():
            adjustment.amount = amount
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_submitted(self):
        if any(one.state != "draft" for one in self):
            raise self._not_editable()

    def _audit_concerned(self):
        """What a second person decides; the rest is in the books anyway."""
        return self.filtered("approval_note")

    def _audit_called(self):
        """Without the member, whose name an erasure must find nowhere."""
        return {adjustment.id: f"#{adjustment.id}" for adjustment in self}

    def _not_editable(self) -> LoyaltyError:
        return LoyaltyError(
            "not_editable",
            self.env._("Only a draft can be changed or deleted. To undo what is booked, make the opposite movement."),
        )

    def action_loy_open_transaction(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "loy.transaction",
            "res_id": self.transaction_id.id,
            "view_mode": "form",
        }


def to_minor(amount: float, unit) -> int:
    """The amount in minor units of the unit; `bad_amount` when it has more digits than the unit."""
    minor = Decimal(repr(amount or 0.0)).scaleb(unit.decimals)
    if minor != int(minor):
        raise LoyaltyError(
            "bad_amount",
            unit.env._("%(unit)s has only %(places)s decimals", unit=unit.display_name, places=unit.decimals),
        )
    return int(minor)
