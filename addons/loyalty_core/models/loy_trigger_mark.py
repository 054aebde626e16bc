from odoo import fields, models
from odoo.tools import SQL

from ..fields import BigInteger, FactMany2one


class LoyTriggerMark(models.Model):
    """How far ``loy.triggers`` has come: one row for the stream of events, one for the days of each company."""

    _name = "loy.trigger.mark"
    _inherit = ["loy.bigint.mixin"]
    _description = "Mark of what sets promotions off"
    _log_access = False

    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    sealed_id = BigInteger("Sealed up to", default=0, readonly=True)
    read_id = BigInteger("Read up to", default=0, readonly=True)
    done_on = fields.Date("Last day done", readonly=True)
    promotion_id = FactMany2one(
        "loy.promotion", string="Promotion in hand", readonly=True, help="Of the day after the last one that is done."
    )
    after_id = BigInteger("Done up to", default=0, readonly=True, help="The last member or event of this promotion.")
    name = fields.Char(compute="_compute_name")

    _one = models.UniqueIndex("(COALESCE(company_id, 0))")

    def init(self):
        """What happened before promotions could be set off by it sets none off."""
        super().init()
        self.env.cr.execute(
            SQL(
                "INSERT INTO loy_trigger_mark (sealed_id, read_id, promotion_id, after_id) SELECT last, last, 0, 0"
                " FROM (SELECT COALESCE(MAX(id), 0) AS last FROM loy_event) AS event ON CONFLICT DO NOTHING"
            )
        )

    def _compute_name(self):
        for mark in self:
            mark.name = mark.company_id.name or self.env._("Events")

    def _cron_run(self):
        self.env["loy.triggers"]._run()
