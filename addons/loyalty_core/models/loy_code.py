from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import normal_code
from ..fields import BigInteger, BigMany2one, FactMany2one
from ..services.errors import LoyaltyError

STATES = [
    ("new", "New"),
    ("issued", "Given out"),
    ("reserved", "Reserved"),
    ("used", "Used"),
    ("void", "Void"),
]


class LoyCode(models.Model):
    """A promo code. Only ``loy.codes`` writes it, by statements over as many rows as there are."""

    _name = "loy.code"
    _inherit = ["loy.audited.mixin", "loy.bigint.mixin"]
    _description = "Promo code"
    _order = "id desc"
    _rec_name = "shown"
    _log_access = False
    _audit_fields = ("state",)

    code = fields.Char(required=True, readonly=True, help="In capitals, without hyphens: as it is compared.")
    shown = fields.Char(string="Promo code", compute="_compute_shown", search="_search_shown")
    pool_id = fields.Many2one("loy.code.pool", required=True, readonly=True, index=True, ondelete="restrict")
    series_id = fields.Many2one("loy.code.series", readonly=True, ondelete="restrict")
    company_id = FactMany2one("res.company", readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True, default="new")
    member_id = fields.Many2one("res.partner", readonly=True, index="btree_not_null", ondelete="restrict")
    value_minor = BigInteger(readonly=True, required=True, default=0)
    left_minor = BigInteger(readonly=True, required=True, default=0)
    currency_id = fields.Many2one(related="pool_id.currency_id")
    value = fields.Monetary(compute="_compute_amounts")
    left = fields.Monetary(compute="_compute_amounts", help="What it still pays out.")
    made_at = fields.Datetime(string="Made", readonly=True, required=True)
    issued_at = fields.Datetime(string="Given out at", readonly=True)
    issued_in_id = BigMany2one(
        "loy.purchase", string="Given with", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    valid_from_at = fields.Datetime(string="Good from", readonly=True)
    valid_until_at = fields.Datetime(string="Good until", readonly=True)
    purchase_id = BigMany2one(
        "loy.purchase", string="Last used in", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    use_ids = fields.One2many("loy.code.use", "code_id")
    use_count = fields.Integer(string="Uses", compute="_compute_use_count")

    _fresh_of_series = models.Index("(series_id, id) WHERE state = 'new'")
    _fresh_of_pool = models.Index("(pool_id, id) WHERE state = 'new' AND series_id IS NULL")

    def init(self):
        super().init()
        self.env.cr.execute(
            SQL("CREATE UNIQUE INDEX IF NOT EXISTS loy_code_code_unique ON loy_code (code, COALESCE(company_id, 0))")
        )

    @api.depends("code", "pool_id.pattern", "pool_id.codes_text")
    def _compute_shown(self):
        for code in self:
            code.shown = self.env["loy.codes"]._shown(code.pool_id, code.code)

    def _search_shown(self, operator, value):
        if isinstance(value, str):
            return [("code", operator, normal_code(value))]
        return [("code", operator, [normal_code(one) if isinstance(one, str) else one for one in value])]

    @api.depends("value_minor", "left_minor")
    def _compute_amounts(self):
        for code in self:
            scale = 10**code.currency_id.decimal_places
            code.value, code.left = code.value_minor / scale, code.left_minor / scale

    def _compute_use_count(self):
        counts = dict(
            self.env["loy.code.use"]._read_group([("code_id", "in", self.ids)], ["code_id"], ["uses:sum"])
        )
        for code in self:
            code.use_count = counts.get(code, 0)

    def write(self, vals):
        if not self.env.su:
            raise LoyaltyError("code_by_service", self.env._("A promo code is changed by what is done with it."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_uninstall(self):
        raise LoyaltyError("code_in_use", self.env._("A promo code is made void, never deleted."))

    def action_loy_void(self):
        """Nobody can use these any more."""
        self.check_access("read")
        self.env["loy.rights"]._check("code.generate")
        self.env["loy.codes"]._void(self)
