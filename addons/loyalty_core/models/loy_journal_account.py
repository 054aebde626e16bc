from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..fields import BigInteger

CODES = ("liability_code", "expense_code", "revenue_code", "breakage_code", "cash_code", "settlement_code")


class LoyJournalAccount(models.Model):
    """In which accounts of the company's books the movements of a unit are written. Where there is none, points leave
    no trace in the journal."""

    _name = "loy.journal.account"
    _inherit = ["loy.audited.mixin"]
    _description = "Accounts of a unit"
    _order = "company_id, unit_id"
    _audit_fields = ("unit_id", "company_id", "active", "journal_code", *CODES)

    unit_id = fields.Many2one("loy.unit", required=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    currency_id = fields.Many2one(related="company_id.currency_id")
    active = fields.Boolean(default=True)
    liability_code = fields.Char("Owed to members", required=True, help="Liability: what was given and not used yet.")
    expense_code = fields.Char(
        "Given to members",
        required=True,
        help="Expense, or a deduction of revenue: what was given, less what was taken.",
    )
    revenue_code = fields.Char(
        "Paid with points", required=True, help="Revenue: goods that were paid with points or prepaid money."
    )
    breakage_code = fields.Char("Expired", required=True, help="Income: what nobody used in time.")
    cash_code = fields.Char("Paid in", help="Clearing: money that members paid into their accounts.")
    settlement_code = fields.Char(
        "Other companies", help="Settlement: what one company gave and another one took as payment."
    )
    journal_code = fields.Char("Journal", help="Code of the journal in Odoo's accounting, where that is installed.")
    entry_ids = fields.One2many("loy.journal.entry", "journal_account_id")
    until_id = BigInteger("Journalled up to", default=0, required=True, readonly=True)
    owed_minor = BigInteger("Owed (minor units)", default=0, required=True, readonly=True)
    booked_minor = BigInteger("Owed (minor units of the currency)", default=0, required=True, readonly=True)
    owed = fields.Float("Owed, units", compute="_compute_owed")
    booked = fields.Monetary("Owed", compute="_compute_owed", help="What the account of the liability shows.")

    _once = models.UniqueIndex("(unit_id, company_id)", "The unit has its accounts in this company already.")

    @api.depends("owed_minor", "booked_minor", "unit_id", "company_id")
    def _compute_owed(self):
        for known in self:
            known.owed = known.owed_minor / 10 ** (known.unit_id.decimals or 0)
            known.booked = known.booked_minor / 10 ** (known.currency_id.decimal_places or 0)

    @api.depends("unit_id", "company_id")
    def _compute_display_name(self):
        for known in self:
            known.display_name = known.unit_id.display_name

    @api.constrains("unit_id", "company_id")
    def _check_worth(self):
        for known in self:
            unit, company = known.unit_id, known.company_id
            if unit.company_id and unit.company_id != company:
                raise ValidationError(self.env._("%s is a unit of another company.", unit.display_name))
            if not unit.company_id and company.currency_id not in unit.currency_id | unit.rate_ids.currency_id:
                raise ValidationError(
                    self.env._(
                        "%(unit)s has no worth in %(currency)s: name it in the unit first.",
                        unit=unit.display_name,
                        currency=company.currency_id.name,
                    )
                )

    def write(self, vals):
        """What was written in the journal is of this unit and company for ever."""
        changed = [name for name in ("unit_id", "company_id") if name in vals]
        if any(known.until_id and known[name].id != vals[name] for known in self for name in changed):
            raise ValidationError(
                self.env._("The journal of these accounts has begun: archive them, and make others for another unit.")
            )
        return super().write(vals)

    def action_loy_make(self):
        """Writes the journal entry of what has been booked since the last one."""
        self.env["loy.journals"]._make_now()
        return self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_journal_entry_action")

    def _cron_make(self):
        """Nightly: writes the journal."""
        self.env["loy.journals"]._run()
