from decimal import Decimal

from odoo import api, fields, models
from odoo.tools.misc import formatLang

from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME

KINDS = [("transfer", "Give to another member"), ("convert", "Change into another unit"), ("top_up", "Pay in money")]


class LoyAccountMoveWizard(models.TransientModel):
    """What a member asks staff to do with an account; shows the balances that will be, or why it will be refused."""

    _name = "loy.account.move.wizard"
    _description = "Move points or money of a member"

    kind = fields.Selection(KINDS, required=True, default="transfer")
    member_id = fields.Many2one("res.partner", required=True, domain=[("is_loyalty_member", "=", True)])
    unit_id = fields.Many2one(
        "loy.unit", required=True, default=lambda self: self.env["loy.adjustment"]._default_unit(),
        domain=UNITS_OF_PROGRAMME,
    )  # fmt: skip
    amount = fields.Float(required=True)
    to_member_id = fields.Many2one("res.partner", string="To", domain=[("is_loyalty_member", "=", True)])
    to_unit_id = fields.Many2one("loy.unit", string="Into", domain=UNITS_OF_PROGRAMME)
    method = fields.Char("Paid by", default="cash", help="How the money came in: cash, card, bank.")
    reference = fields.Char("Payment number", help="A payment with this number is booked once.")
    preview = fields.Text("What it comes to", compute="_compute_preview")

    @api.depends("kind", "member_id", "unit_id", "amount", "to_unit_id")
    def _compute_preview(self):
        for wizard in self:
            is_ready = wizard.member_id and wizard.unit_id and wizard.amount > 0
            is_ready = is_ready and (wizard.kind != "convert" or wizard.to_unit_id)
            wizard.preview = wizard._told() if is_ready else False

    def _told(self):
        balances = self.env["loy.members"]._balances(self.member_id)
        now = {one["unit"]: one["available"] for one in balances.get(self.member_id.id, [])}
        lines = [self._line(now, self.unit_id, self.amount if self.kind == "top_up" else -self.amount)]
        if self.kind == "convert":
            try:
                _rate, got_minor = self.env["loy.account.moves"]._quote(
                    self.env.company, self.unit_id, self.to_unit_id, self._exact(), fields.Datetime.now()
                )
            except LoyaltyError as refusal:
                return str(refusal).partition(": ")[2]
            lines.append(self._line(now, self.to_unit_id, got_minor / 10**self.to_unit_id.decimals))
        return "\n".join(lines)

    def _line(self, now, unit, change):
        before = now.get(unit, 0)
        return "{}: {} → {}".format(
            unit.name, *(formatLang(self.env, amount, digits=unit.decimals) for amount in (before, before + change))
        )

    def _exact(self):
        return Decimal(repr(self.amount))

    def action_loy_apply(self):
        self.ensure_one()
        terms = {
            "transfer": {"to": self.to_member_id},
            "convert": {"to": self.to_unit_id},
            "top_up": {"method": self.method or "", "reference": self.reference or ""},
        }[self.kind]
        if not all(terms.values()) or self.amount <= 0:
            raise LoyaltyError("bad_request", self.env._("Fill in the amount and where it goes or comes from."))
        self.env["loy.account.moves"]._by_hand(self.kind, self.member_id, self.unit_id, self._exact(), **terms)
        return {"type": "ir.actions.client", "tag": "soft_reload"}
