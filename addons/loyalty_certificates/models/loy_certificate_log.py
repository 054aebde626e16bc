from odoo import fields, models
from odoo.addons.loyalty_core.fields import BigMany2one

from .loy_certificate import STATES


class LoyCertificateLog(models.Model):
    """What happened to a certificate. Written once by the service, changed by nobody."""

    _name = "loy.certificate.log"
    _inherit = ["loy.fact.mixin"]
    _description = "History of a certificate"
    _order = "id desc"
    _personal_columns = ("note",)

    certificate_id = fields.Many2one("loy.certificate", required=True, index=True, ondelete="restrict", readonly=True)
    from_state = fields.Selection(STATES, string="From", readonly=True)
    to_state = fields.Selection(STATES, string="To", required=True, readonly=True)
    purchase_id = BigMany2one("loy.purchase", readonly=True, ondelete="restrict", index="btree_not_null")
    reason_id = fields.Many2one("loy.reason", readonly=True, ondelete="restrict")
    note = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="By", required=True, readonly=True, ondelete="restrict")
    at = fields.Datetime(required=True, readonly=True)
    company_id = fields.Many2one(related="certificate_id.company_id")
