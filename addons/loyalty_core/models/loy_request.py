from odoo import fields, models


class LoyRequest(models.Model):
    """The answer that a key got: whoever sends the same key and body again is told the same, and nothing happens."""

    _name = "loy.request"
    _inherit = "loy.bigint.mixin"
    _description = "Answered API request"
    _order = "id desc"
    _rec_name = "key"
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, readonly=True, ondelete="cascade")
    key = fields.Char(required=True, readonly=True, size=64)
    method = fields.Char(required=True, readonly=True)
    body_hash = fields.Char(required=True, readonly=True)
    answer = fields.Text(readonly=True, help="The JSON of the answer, to the byte.")
    answered_at = fields.Datetime(required=True, readonly=True, index=True)

    _key_unique = models.UniqueIndex("(user_id, key)")
