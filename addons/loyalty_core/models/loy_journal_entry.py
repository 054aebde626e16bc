from odoo import api, fields, models

from ..fields import BigInteger


class LoyJournalEntry(models.Model):
    """What a run of the journal has written of one unit in one company. Written once, by ``loy.journals``."""

    _name = "loy.journal.entry"
    _description = "Journal entry of points"
    _order = "id desc"
    _rec_name = "name"

    name = fields.Char(compute="_compute_name")
    journal_account_id = fields.Many2one(
        "loy.journal.account", string="Accounts", required=True, readonly=True, ondelete="restrict", index=True
    )
    unit_id = fields.Many2one(related="journal_account_id.unit_id", store=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, readonly=True, help="The day of booking: what was dated back is in it too.")
    after_id = BigInteger("After movement", required=True, readonly=True)
    until_id = BigInteger("Up to movement", required=True, readonly=True)
    worth = fields.Float("Worth of one", digits=(16, 6), readonly=True)
    line_ids = fields.One2many("loy.journal.line", "entry_id", readonly=True)
    amount = fields.Monetary("Change of what is owed", readonly=True)
    move_id = fields.Integer("Number in Odoo's accounting", readonly=True, copy=False)
    is_posted = fields.Boolean("In accounting", compute="_compute_is_posted", search="_search_is_posted")
    has_accounting = fields.Boolean("Accounting is installed", compute="_compute_has_accounting")

    _once = models.UniqueIndex("(journal_account_id, until_id, date)")

    @api.depends("unit_id", "until_id")
    def _compute_name(self):
        for entry in self:
            entry.name = f"{entry.unit_id.code}/{entry.until_id}"

    @api.depends("move_id")
    def _compute_is_posted(self):
        for entry in self:
            entry.is_posted = bool(entry.move_id)

    def _search_is_posted(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("move_id", "not in" if True in value else "in", (0, False))]

    def _compute_has_accounting(self):
        self.has_accounting = "account.move" in self.env

    def action_loy_make(self):
        """Writes the entries of all units, of what has been booked since the last ones."""
        self.env["loy.journals"]._make_now()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_loy_post(self):
        """Posts the entries in Odoo's accounting, each once."""
        self.env["loy.journals"]._post(self)

    def action_loy_open_move(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id,
            "view_mode": "form",
        }
