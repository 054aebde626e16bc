from odoo import fields, models


class LoyDuplicateScan(models.Model):
    """One search through the whole base, and how far it has come."""

    _name = "loy.duplicate.scan"
    _description = "Search for duplicates"
    _order = "id desc"
    _rec_name = "started_at"

    started_at = fields.Datetime(string="Started", required=True, readonly=True, default=fields.Datetime.now)
    finished_at = fields.Datetime(string="Finished", readonly=True)
    last_id = fields.Integer(string="Last contact", readonly=True)
    contact_count = fields.Integer(string="Contacts read", readonly=True)
    pair_count = fields.Integer(string="Pairs found or changed", readonly=True)
