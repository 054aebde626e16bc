from odoo import api, fields, models

from ..fields import FactMany2one


class LoyContactCode(models.Model):
    """A code that was sent to a member's phone or e-mail; kept for a day, so that sends can be counted.

    Nobody has a right on them, and what is kept tells neither the code nor where it went.
    """

    _name = "loy.contact.code"
    _description = "Code sent to a contact of a member"
    _order = "id desc"
    _rec_name = "contact"
    _log_access = False

    member_id = fields.Many2one("res.partner", required=True, readonly=True, ondelete="cascade")
    contact = fields.Selection([("phone", "Phone"), ("email", "E-mail")], required=True, readonly=True)
    address_hash = fields.Char(required=True, readonly=True)
    salt = fields.Char(required=True, readonly=True)
    code_hash = fields.Char(readonly=True)  # none: the code has been used
    wrong_count = fields.Integer(required=True, readonly=True)
    started_at = fields.Datetime(required=True, readonly=True, index=True)
    expires_at = fields.Datetime(required=True, readonly=True)
    # Without foreign keys: a queue that deletes what it has sent must not meet whoever tries a code just then.
    mail_id = FactMany2one("mail.mail", readonly=True)
    sms_id = FactMany2one("sms.sms", readonly=True)

    _of_member = models.Index("(member_id, contact, started_at)")
    _of_address = models.Index("(address_hash, started_at)")

    @api.autovacuum
    def _gc_codes(self):
        """(how many went, whether more are to go)."""
        return self.env["loy.contact.codes"]._forget_old()
