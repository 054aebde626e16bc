import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fields import BigMany2one
from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME

#: Of what a result depends, beside its parts: when one of these changes, the result is no longer of the case.
INPUTS = frozenset(
    {
        "store_id", "register_id", "channel", "at_on", "at_time", "member_id", "codes_text", "spend_unit_id",
        "spend_amount", "promotion_ids", "return_of_id",
    }
)  # fmt: skip
NOON = "12:00"


class LoyBenchCase(models.Model):
    """A basket to try promotions on: at any time and place, with drafts taking part. What it comes to can be kept, and
    is compared when it is calculated again."""

    _name = "loy.bench.case"
    _description = "Case of the test bench"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True, default=lambda self: self.env._("New basket"))
    active = fields.Boolean(default=True)
    store_id = fields.Many2one(
        "loy.store",
        required=True,
        ondelete="cascade",
        default=lambda self: self.env["loy.store"].search([("company_id", "=", self.env.company.id)], limit=1),
    )
    company_id = fields.Many2one(related="store_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    register_id = fields.Many2one(
        "loy.register", ondelete="set null", check_company=True, domain="[('store_id', '=', store_id)]"
    )
    channel = fields.Char(required=True, default="pos", help="As the till or shop names itself: pos, online …")
    at_on = fields.Date(string="Day", help="By the wall clock of the store. Empty: now, whenever it is calculated.")
    at_time = fields.Char(string="Time", size=5, help="HH:MM by the wall clock of the store; noon where it is empty.")
    member_id = fields.Many2one(
        "res.partner",
        domain="[('is_loyalty_member', '=', True)]",
        ondelete="set null",
        index="btree_not_null",
        help="Found by phone, card number, e-mail, external id or name. Empty: a customer whom nobody knows.",
    )
    codes_text = fields.Char(string="Promo codes", help="Separated by spaces.")
    spend_unit_id = fields.Many2one(
        "loy.unit", string="Pay with", ondelete="set null", check_company=True, domain=UNITS_OF_PROGRAMME
    )
    spend_amount = fields.Float(string="Points", digits=(16, 6), help="0: as many as possible.")
    promotion_ids = fields.Many2many(
        "loy.promotion",
        "loy_bench_case_promotions_rel",
        "case_id",
        "promotion_id",
        string="Drafts that take part",
        check_company=True,
        domain=["|", ("state", "!=", "active"), ("version_of_id", "!=", False)],
        help="Promotions that are not active and take part in this calculation as they are now, and in no other.",
    )
    line_ids = fields.One2many("loy.bench.line", "case_id", string="Basket", copy=True)
    payment_ids = fields.One2many("loy.bench.payment", "case_id", string="Payments", copy=True)
    reward_ids = fields.One2many("loy.bench.reward", "case_id", string="Rewards of the catalogue", copy=True)
    return_of_id = BigMany2one(
        "loy.purchase",
        string="Receipt that comes back",
        check_company=True,
        domain=[("kind", "=", "sale"), ("state", "=", "confirmed")],
        ondelete="cascade",
        index="btree_not_null",
        help="Goods of it come back together with the basket, or alone.",
    )
    return_ids = fields.One2many(
        "loy.bench.return",
        "case_id",
        string="Lines that come back",
        compute="_compute_return_ids",
        store=True,
        readonly=False,
        copy=True,
    )
    result = fields.Json(readonly=True, copy=False, help="What a till would have been answered.")
    calculated_at = fields.Datetime(string="Calculated", readonly=True, copy=False)
    expected = fields.Json(readonly=True, copy=False, help="The result that was kept.")
    state = fields.Selection(
        [("open", "Not kept"), ("unchecked", "Not checked"), ("ok", "As kept"), ("differs", "Differs")],
        required=True,
        readonly=True,
        default="open",
        copy=False,
        index=True,
    )
    problem = fields.Char(readonly=True, copy=False, help="Why it could not be calculated when it was checked.")
    shown = fields.Json(string="Result in words", compute="_compute_shown")

    @api.constrains("at_time")
    def _check_at_time(self):
        for case in self.filtered("at_time"):
            if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", case.at_time):
                raise LoyaltyError(
                    "bad_time", self.env._("“%s” is not a time. Write it as 08:30.", case.at_time)
                )

    @api.constrains("return_of_id")
    def _check_return_of_id(self):
        if self.return_of_id:
            self.return_of_id.check_access("read")

    @api.depends("return_of_id")
    def _compute_return_ids(self):
        """All that can come back still, until somebody says less."""
        for case in self:
            left = self.env["loy.returns"]._left(case.return_of_id._origin) if case.return_of_id else ()
            case.return_ids = [
                fields.Command.clear(),
                *(
                    fields.Command.create(
                        {"line_ref": ref, "sku": sku, "product_id": product, "left": rest, "quantity": rest}
                    )
                    for ref, sku, product, rest in left
                ),
            ]

    @api.depends("result", "expected", "line_ids")
    @api.depends_context("lang")
    def _compute_shown(self):
        for case in self:
            case.shown = self.env["loy.bench"]._show(case)

    def write(self, vals):
        written = super().write(vals)
        if INPUTS & vals.keys():
            self._outdate()
        return written

    def _outdate(self) -> None:
        """A result goes with the basket that it is of."""
        stale = self.filtered(lambda case: case.result or case.problem)
        stale.write({"result": False, "calculated_at": False, "problem": False})
        self.filtered("expected").write({"state": "unchecked"})

    @api.onchange("store_id")
    def _onchange_store_id(self):
        if self.register_id.store_id != self.store_id:
            self.register_id = False

    def _moment(self) -> str:
        """When it is bought, by the clock of the store; empty: now."""
        return f"{self.at_on.isoformat()}T{self.at_time or NOON}:00" if self.at_on else ""

    @api.model
    def _of_purchase(self, purchase):
        """A case with the basket of a receipt: its lines as they were rung up, its member, its place and its time, and
        how it was paid."""
        moment = purchase.store_id._to_local(purchase.purchased_at)
        return self.create(
            {
                "name": self.env._("Receipt %s", purchase.number),
                "store_id": purchase.store_id.id,
                "register_id": purchase.register_id.id,
                "channel": purchase.channel or "pos",
                "at_on": moment.date(),
                "at_time": moment.strftime("%H:%M"),
                "member_id": purchase.member_id.id,
                "codes_text": " ".join((purchase.basket or {}).get("codes", ())),
                "line_ids": [
                    fields.Command.create(
                        {
                            "product_id": line.product_id.id,
                            "sku": line.sku,
                            "quantity": line.quantity,
                            "price": line.price,
                        }
                    )
                    for line in purchase.line_ids.sorted("id")
                    if line.quantity > 0
                ],
                **self.env["loy.bench"]._paid(purchase),
            }
        )

    def _open(self) -> dict:
        """The form of the case, under its own address."""
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_bench_case_action")
        return {**action, "view_mode": "form", "views": [(False, "form")], "res_id": self.id, "context": {}}

    # ------------------------------------------------------------------ what people do with it

    def action_loy_calculate(self):
        """What the basket comes to now."""
        self.ensure_one()
        self._settle(self.env["loy.bench"]._try(self))

    def action_loy_keep(self):
        """The result is how it shall be from now on."""
        for case in self:
            if not case.result:
                case.action_loy_calculate()
            case.write({"expected": case.result, "state": "ok"})
        return True

    def _keep_anew(self):
        """The results as they are now are how they shall be: whoever published what changed them has said so."""
        for case in self:
            try:
                result = self.env["loy.bench"]._result_of(case, case.promotion_ids)
            except UserError:
                continue  # it cannot be calculated any more, and says so when it is checked
            values = {"result": result, "expected": result, "state": "ok", "problem": False}
            case.write({**values, "calculated_at": fields.Datetime.now()})

    def action_loy_forget(self):
        self.write({"expected": False, "state": "open"})

    def action_loy_check(self):
        """Every case is calculated again and compared with what was kept."""
        for case in self:
            try:
                result = self.env["loy.bench"]._try(case)
            except UserError as error:
                case.write({"problem": str(error), "result": False, "state": "differs" if case.expected else "open"})
            else:
                case._settle(result)
        differing = len(self.filtered(lambda case: case.state == "differs"))
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if differing else "success",
                "message": self.env._(
                    "Checked: %(count)s. Different from what was kept: %(differing)s.",
                    count=len(self),
                    differing=differing,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _settle(self, result: dict) -> None:
        differs = self.env["loy.bench"]._compare(self, result)
        self.write(
            {
                "result": result,
                "calculated_at": fields.Datetime.now(),
                "problem": False,
                "state": "differs" if differs else "ok" if self.expected else "open",
            }
        )
