from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..services.sections import UNITS_OF_PROGRAMME


class LoyConversionRate(models.Model):
    """What members may turn one unit into: so much of another for each whole step, within limits.

    A conversion that is dated back goes by the rate of its own time.
    """

    _name = "loy.conversion.rate"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Conversion rate"
    _order = "unit_id, to_unit_id, id"

    unit_id = fields.Many2one(
        "loy.unit", string="From", required=True, ondelete="restrict", index=True, domain=UNITS_OF_PROGRAMME
    )
    to_unit_id = fields.Many2one(
        "loy.unit", string="Into", required=True, ondelete="restrict", index=True, domain=UNITS_OF_PROGRAMME
    )
    rate = fields.Float(
        digits=(16, 6), required=True, default=1.0, help="So much of the other unit for one; what is less than its "
        "smallest part is not given.",
    )  # fmt: skip
    step = fields.Float(digits=(16, 6), help="Only multiples of it are converted. 0: any amount.")
    minimum = fields.Float("Least at once", digits=(16, 6))
    day_max = fields.Float(
        "Most in a day", digits=(16, 6), help="Of one account, by the time zone of the programme. 0: any."
    )
    expire_days = fields.Integer("Expires after days", help="The life of what is got. 0: it never expires.")

    _positive = models.Constraint(
        "CHECK (rate > 0 AND COALESCE(step, 0) >= 0 AND COALESCE(minimum, 0) >= 0 AND COALESCE(day_max, 0) >= 0"
        " AND COALESCE(expire_days, 0) >= 0)",
        "The rate of a conversion is above zero, its limits are not below.",
    )
    _pair = models.UniqueIndex(
        "(unit_id, to_unit_id, COALESCE(company_id, 0)) WHERE active", "These units have a rate already."
    )

    @api.constrains("unit_id", "to_unit_id")
    def _check_units(self):
        if any(rate.unit_id == rate.to_unit_id for rate in self):
            raise ValidationError(self.env._("A unit is converted into another one: choose two different units."))
