from odoo import fields, models


class ResUsers(models.Model):
    """A user of the API may be bound to stores."""

    _inherit = "res.users"

    loy_store_ids = fields.Many2many(
        "loy.store",
        "loy_store_users_rel",
        "user_id",
        "store_id",
        string="Loyalty stores",
        groups="loyalty_core.group_cashier",
        help="The stores this user may sell in through the loyalty API. Empty: all.",
    )
