from odoo import fields, models

from ..services.errors import LoyaltyError

SERIES_MAX = 1_000_000


class LoyCardSeriesWizard(models.TransientModel):
    """Makes a series of new cards to be printed."""

    _name = "loy.card.series.wizard"
    _description = "Generate a series of cards"

    type_id = fields.Many2one(
        "loy.card.type",
        required=True,
        default=lambda self: self.env["loy.card.type"].search([("is_default", "=", True)], limit=1),
    )
    number_example = fields.Char(related="type_id.number_example")
    number_capacity = fields.Char(related="type_id.number_capacity")
    count = fields.Integer(string="How many cards", default=100, required=True)

    def action_loy_generate(self):
        self.ensure_one()
        self.env["loy.card"].check_access("create")
        if not 1 <= self.count <= SERIES_MAX:
            raise LoyaltyError(
                "bad_request",
                self.env._("a series has from 1 to %s cards", f"{SERIES_MAX:,}".replace(",", "\u00a0")),
            )
        ids = [card_id for card_id, _number in self.env["loy.cards"]._draw(self.type_id, self.count)]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Series of %(count)s: %(type)s", count=self.count, type=self.type_id.name),
            "res_model": "loy.card",
            "view_mode": "list,form",
            "domain": [("type_id", "=", self.type_id.id), ("id", ">=", min(ids)), ("id", "<=", max(ids))],
        }
