from odoo import api, fields, models

from ..models.loy_adjustment import DIRECTIONS, to_minor
from ..services.sections import UNITS_OF_PROGRAMME


class LoyAdjustmentWizard(models.TransientModel):
    """Gives points to a member, or takes them, in one step; says beforehand whether a second person must approve."""

    _name = "loy.adjustment.wizard"
    _description = "Give or take points"

    member_id = fields.Many2one(
        "res.partner", required=True, domain=[("is_loyalty_member", "=", True)]
    )
    unit_id = fields.Many2one(
        "loy.unit", required=True, default=lambda self: self.env["loy.adjustment"]._default_unit(),
        domain=UNITS_OF_PROGRAMME,
    )  # fmt: skip
    direction = fields.Selection(DIRECTIONS, required=True, default="accrual")
    amount = fields.Float(required=True)
    reason_id = fields.Many2one(
        "loy.reason", required=True, domain="[('usage', 'in', ('any', direction))]"
    )
    note = fields.Char(help="What happened: whoever approves and whoever checks later reads it.")
    active_from = fields.Datetime("Active from", help="Empty: at once.")
    expires_at = fields.Datetime("Expires", help="Empty: never.")
    balance_text = fields.Char("Can be spent now", compute="_compute_balance_text")
    approval_note = fields.Char("Why approval is needed", compute="_compute_approval_note")

    @api.depends("member_id")
    def _compute_balance_text(self):
        for wizard in self:
            wizard.balance_text = wizard.member_id.loy_balance_text or self.env._("Nothing")

    @api.depends("member_id", "unit_id", "direction", "amount")
    def _compute_approval_note(self):
        limits = self.env["loy.limits"]
        for wizard in self:
            minor = int(wizard.amount * 10**wizard.unit_id.decimals)
            amounts = {wizard.member_id.id or 0: minor}
            wizard.approval_note = minor > 0 and limits._excess(
                self.env.user, wizard.unit_id, self.env.company, wizard.direction, amounts, is_locked=False
            )

    @api.onchange("direction")
    def _onchange_direction(self):
        if self.reason_id.usage not in ("any", self.direction):
            self.reason_id = False

    def action_loy_apply(self):
        self.ensure_one()
        names = ("member_id", "unit_id", "reason_id")
        adjustment = self.env["loy.adjustments"]._request(
            {
                **{name: self[name].id for name in names},
                "direction": self.direction,
                "amount_minor": to_minor(self.amount, self.unit_id),
                "note": self.note,
                "active_from": self.direction == "accrual" and self.active_from,
                "expires_at": self.direction == "accrual" and self.expires_at,
            }
        )
        if adjustment.state != "waiting":
            return {"type": "ir.actions.act_window_close"}
        return {
            "type": "ir.actions.act_window",
            "res_model": "loy.adjustment",
            "res_id": adjustment.id,
            "view_mode": "form",
        }
