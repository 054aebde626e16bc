from odoo import api, fields, models
from odoo.tools.misc import formatLang

from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME

KINDS = [
    ("open", "Share accounts"),
    ("join", "A member joins"),
    ("leave", "A member leaves"),
    ("owner", "Another owner"),
    ("close", "Close the pool"),
]


class LoyPoolWizard(models.TransientModel):
    """What members ask staff to do with the accounts that they share."""

    _name = "loy.pool.wizard"
    _description = "Share accounts"

    kind = fields.Selection(KINDS, required=True, default="open")
    pool_id = fields.Many2one("loy.pool", domain=[("state", "=", "open")])
    name = fields.Char(help="How people call it; empty: after its owner.")
    member_id = fields.Many2one("res.partner", domain=[("is_loyalty_member", "=", True)])
    other_ids = fields.Many2many("res.partner", string="Others", domain=[("is_loyalty_member", "=", True)])
    present_ids = fields.Many2many("res.partner", compute="_compute_present")
    line_ids = fields.One2many("loy.pool.wizard.line", "wizard_id", string="Goes along")
    preview = fields.Text("What it comes to", compute="_compute_preview")

    @api.model
    def _open(self, title, **context):
        self.env["loy.rights"]._check("account.pool")
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "view_mode": "form",
            "target": "new",
            "context": context,
        }

    @api.depends("pool_id")
    def _compute_present(self):
        for wizard in self:
            wizard.present_ids = wizard.pool_id.member_ids - wizard.pool_id.owner_id

    @api.depends("kind", "pool_id", "member_id", "other_ids", "line_ids.amount")
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = wizard._told() or False

    def _told(self):
        """What the pool will have."""
        members = self.pool_id.owner_id
        if self.kind == "open":
            members = self.member_id | self.other_ids
        elif self.kind == "join":
            members |= self.member_id
        totals = {}
        for balances in self.env["loy.members"]._balances(members._origin).values():
            for one in balances:
                totals[one["unit"]] = totals.get(one["unit"], 0) + one["available"]
        for line in self.line_ids if self.kind == "leave" else ():
            totals[line.unit_id._origin] = totals.get(line.unit_id._origin, 0) - line.amount
        return "\n".join(
            f"{unit.name}: {formatLang(self.env, amount, digits=unit.decimals)}" for unit, amount in totals.items()
        )

    def action_loy_apply(self):
        self.ensure_one()
        needed = {"open": self.member_id and self.other_ids, "close": self.pool_id}
        if not needed.get(self.kind, self.pool_id and self.member_id):
            raise LoyaltyError("bad_request", self.env._("Choose the members whom it concerns."))
        (self.member_id | self.other_ids).check_access("read")
        self.pool_id.check_access("read")
        self.env["loy.pools"]._by_hand(self._work)
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _work(self, pools, at):
        pool, member = self.pool_id.sudo(), self.member_id.sudo()  # `pools` acts with the rights that it has checked
        if self.kind == "open":
            pools._create(member, self.other_ids.sudo(), self.name or "", at)  # as above
        elif self.kind == "join":
            pools._join(pool, member, at)
        elif self.kind == "leave":
            along = {line.unit_id: round(line.amount * 10**line.unit_id.decimals) for line in self.line_ids}
            pools._leave(pool, member, at, along)
        elif self.kind == "owner":
            pools._set_owner(pool, member)
        else:
            pools._close(pool, at)


class LoyPoolWizardLine(models.TransientModel):
    """What of the pool goes along with one who leaves."""

    _name = "loy.pool.wizard.line"
    _description = "What goes along"

    wizard_id = fields.Many2one("loy.pool.wizard", required=True, ondelete="cascade")
    unit_id = fields.Many2one("loy.unit", required=True, domain=UNITS_OF_PROGRAMME)
    amount = fields.Float(required=True)
