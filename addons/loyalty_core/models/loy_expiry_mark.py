from odoo import fields, models

from ..fields import BigInteger, FactMany2one


class LoyExpiryMark(models.Model):
    """How far ``loy.expiry`` has dated the lots of a unit, and by which policies."""

    _name = "loy.expiry.mark"
    _description = "Mark of expiry policies"
    _log_access = False
    _rec_name = "unit_id"

    company_id = FactMany2one("res.company", required=True, readonly=True)
    unit_id = FactMany2one("loy.unit", required=True, readonly=True)
    told = fields.Text("Policies", readonly=True, help="What they said when the job last began.")
    after_id = BigInteger("Done up to", readonly=True)
    is_fresh = fields.Boolean("Worked out anew", readonly=True, help="What is idle, from all that has happened.")
    done_on = fields.Date("Last day done", readonly=True)

    _one = models.UniqueIndex("(company_id, unit_id)")
