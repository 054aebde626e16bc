from odoo import fields, models


class LoyUnitRate(models.Model):
    """What a unit of all companies is worth in one more currency. Receipts are judged by the versions of the unit."""

    _name = "loy.unit.rate"
    _inherit = ["loy.audited.mixin"]
    _description = "Worth of a unit in a currency"
    _order = "unit_id, currency_id"

    unit_id = fields.Many2one("loy.unit", required=True, ondelete="cascade")
    currency_id = fields.Many2one("res.currency", required=True, ondelete="restrict")
    rate = fields.Float("Worth", digits=(16, 6), required=True, help="Money of this currency for one of the unit.")

    _once = models.UniqueIndex("(unit_id, currency_id)", "The unit has a worth in this currency already.")
    _positive = models.Constraint("CHECK (rate > 0)", "The rate of a unit must be greater than zero.")
