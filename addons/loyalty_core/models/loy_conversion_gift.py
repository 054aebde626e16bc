from odoo import api, fields, models

from ..fields import BigInteger, BigMany2one


class LoyConversionGift(models.Model):
    """What one account has turned into something else on a day on which a conversion was due: once."""

    _name = "loy.conversion.gift"
    _inherit = ["loy.bigint.mixin", "loy.amount.mixin"]
    _description = "Converted on a schedule"
    _order = "id desc"
    _log_access = False
    _amount_fields = {"taken": "taken_minor"}

    conversion_id = fields.Many2one("loy.conversion", required=True, readonly=True, ondelete="restrict")
    due_on = fields.Date(required=True, readonly=True)
    account_id = BigMany2one("loy.account", required=True, readonly=True, ondelete="restrict")
    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="restrict", index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    unit_id = fields.Many2one(related="conversion_id.unit_id")
    taken_minor = BigInteger(string="Taken (minor units)", required=True, readonly=True)
    taken = fields.Float(compute="_compute_amounts", aggregator="sum")
    given = fields.Json(readonly=True, help="As the API tells it.")
    transaction_id = BigMany2one(
        "loy.transaction", string="Booked as", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    given_at = fields.Datetime(required=True, readonly=True)

    _once = models.UniqueIndex("(conversion_id, due_on, account_id)")

    @api.depends("taken_minor")
    def _compute_amounts(self):
        return super()._compute_amounts()
