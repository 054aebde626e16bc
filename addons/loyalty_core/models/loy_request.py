from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

KEPT_DAYS = 90
GC_BATCH = 100_000


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

    @api.autovacuum
    def _gc_old(self):
        """A client that repeats a call does so within days; older answers are not worth their space."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM loy_request WHERE id IN (SELECT id FROM loy_request WHERE answered_at < %s LIMIT %s)",
                fields.Datetime.now() - timedelta(days=KEPT_DAYS),
                GC_BATCH,
            )
        )
        done = self.env.cr.rowcount
        return done, int(done == GC_BATCH)
