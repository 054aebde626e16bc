from odoo import fields, models


class LoyBenchPayment(models.Model):
    """A means of payment of a basket that is tried."""

    _name = "loy.bench.payment"
    _inherit = ["loy.bench.part.mixin"]
    _description = "Payment of a case of the test bench"

    method = fields.Char(
        "Means of payment", required=True, size=64, help="As the till names it in the API: cash, card …"
    )
    amount = fields.Float(digits=(16, 2), help="0: all that is left to pay.")

    _amount_not_negative = models.Constraint("CHECK (amount >= 0)", "Nobody pays less than nothing.")
