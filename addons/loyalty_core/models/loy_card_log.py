from odoo import fields, models

from .loy_card import STATES


class LoyCardLog(models.Model):
    """What happened to a card. Written once by the card service, changed by nobody."""

    _name = "loy.card.log"
    _inherit = ["loy.fact.mixin"]
    _description = "History of a card"
    _order = "id desc"
    _personal_columns = ("note",)

    card_id = fields.Many2one("loy.card", required=True, index=True, ondelete="restrict", readonly=True)
    from_state = fields.Selection(STATES, string="From", readonly=True)
    to_state = fields.Selection(STATES, string="To", required=True, readonly=True)
    reason_id = fields.Many2one("loy.reason", readonly=True, ondelete="restrict")
    note = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    at = fields.Datetime(required=True, readonly=True)
    company_id = fields.Many2one(related="card_id.company_id")
