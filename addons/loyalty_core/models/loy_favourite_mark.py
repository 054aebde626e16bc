from odoo import fields, models
from odoo.tools import SQL

from ..fields import BigInteger


class LoyFavouriteMark(models.Model):
    """What ``loy.favourites`` knows of a member in a company, and until when; one row without a member tells how far it
    has read the stream of events."""

    _name = "loy.favourite.mark"
    _inherit = ["loy.bigint.mixin"]
    _description = "Mark of favourites"
    _log_access = False

    member_id = fields.Many2one("res.partner", readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    changes_on = fields.Date(readonly=True, help="The day from which it is to be worked out anew.")
    version = fields.Integer(readonly=True, help="How many changes of the favourites it knows.")
    read_id = BigInteger("Read up to", readonly=True)

    _one = models.UniqueIndex("(COALESCE(member_id, 0), COALESCE(company_id, 0))")
    _by_change = models.Index("(company_id, changes_on, member_id) WHERE changes_on IS NOT NULL")
    _by_version = models.Index("(company_id, version, member_id)")

    def init(self):
        """Who has bought before is found by what was bought, not by the stream."""
        super().init()
        self.env.cr.execute(
            SQL(
                "INSERT INTO loy_favourite_mark (read_id)"
                " SELECT COALESCE(MAX(id), 0) FROM loy_event ON CONFLICT DO NOTHING"
            )
        )

    def _cron_run(self):
        self.env["loy.favourites"]._run()
