from odoo import api, fields, models
from odoo.exceptions import ValidationError


class LoyGroup(models.Model):
    """Promotions of a group are chosen together; groups work one after another in their sequence."""

    _name = "loy.group"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Promotion group"
    _order = "sequence, id"

    sequence = fields.Integer(default=10)
    choose = fields.Selection(
        [
            ("all", "All that apply"),
            ("best", "The best for the customer"),
            ("first", "The first by priority"),
        ],
        required=True,
        default="all",
        help="Which of the promotions that apply work.",
    )
    per = fields.Selection(
        [("receipt", "For the receipt"), ("line", "For each line by itself")],
        required=True,
        default="receipt",
        string="Best is chosen",
    )
    is_exclusive = fields.Boolean(
        string="Closes its lines", help="Lines that this group has touched are closed to the groups after it."
    )
    promotion_ids = fields.One2many("loy.promotion", "group_id")

    @api.constrains("active")
    def _check_unused(self):
        """A promotion that works without its group would work in an order that nobody has chosen."""
        archived = self.filtered(lambda group: not group.active)
        live = archived.promotion_ids.filtered(lambda promotion: promotion.state == "active")
        if live:
            raise ValidationError(
                self.env._(
                    "%(group)s has promotions that are running: %(promotions)s. End them or move them first.",
                    group=live[0].group_id.display_name,
                    promotions=", ".join(live.mapped("code")),
                )
            )
