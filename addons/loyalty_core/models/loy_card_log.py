from odoo import fields, models
from odoo.tools import SQL

from ..services.errors import LoyaltyError
from .loy_card import STATES


class LoyCardLog(models.Model):
    """What happened to a card. Written once: nobody, the database's owner included, changes a line by accident."""

    _name = "loy.card.log"
    _description = "History of a card"
    _order = "id desc"
    _log_access = False

    card_id = fields.Many2one("loy.card", required=True, index=True, ondelete="restrict", readonly=True)
    from_state = fields.Selection(STATES, string="From", readonly=True)
    to_state = fields.Selection(STATES, string="To", required=True, readonly=True)
    note = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    at = fields.Datetime(required=True, readonly=True)
    company_id = fields.Many2one(related="card_id.company_id")

    def init(self):
        super().init()
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE FUNCTION loy_card_log_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'loy_card_log is immutable';
                END $$;
                CREATE OR REPLACE TRIGGER loy_card_log_immutable BEFORE UPDATE OR DELETE ON loy_card_log
                FOR EACH ROW EXECUTE FUNCTION loy_card_log_is_immutable();
                """
            )
        )

    def write(self, vals):
        raise LoyaltyError("card_log_immutable", self.env._("the history of a card cannot be changed"))

    def unlink(self):
        raise LoyaltyError("card_log_immutable", self.env._("the history of a card cannot be deleted"))
