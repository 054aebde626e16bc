from odoo import fields, models

from ..fields import BigInteger, FactMany2one


class LoyDuplicateKey(models.Model):
    """What a member is compared by, as hashes: the finder's own table, written by its statements only."""

    _name = "loy.duplicate.key"
    _description = "What duplicates are found by"
    _log_access = False

    member_id = FactMany2one("res.partner", required=True, readonly=True)
    company_id = FactMany2one("res.company", readonly=True)
    phone_key = BigInteger(readonly=True)
    email_key = BigInteger(readonly=True)
    name_key = BigInteger(readonly=True)
    born_on = fields.Date(readonly=True)
    seen_at = fields.Datetime(required=True, readonly=True, help="When the contact was last changed, as of then.")

    _member_unique = models.UniqueIndex("(member_id)")
    _phone = models.Index("(phone_key) WHERE phone_key IS NOT NULL")
    _email = models.Index("(email_key) WHERE email_key IS NOT NULL")
    _name_birth = models.Index("(name_key) WHERE name_key IS NOT NULL")
