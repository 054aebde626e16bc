from odoo import api, fields, models

from ..fields import BigInteger
from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME
from ..services.transaction import run_with_retry


class LoyConversion(models.Model):
    """On a schedule points of all members become something else, in whole steps; what is left over is carried on."""

    _name = "loy.conversion"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Conversion on a schedule"
    _refusal = "bad_conversion"

    unit_id = fields.Many2one(
        "loy.unit", required=True, ondelete="restrict", index=True, domain=UNITS_OF_PROGRAMME
    )
    months = fields.Integer("Every so many months", required=True, default=1)
    month = fields.Integer(
        "One of the months", required=True, default=1, help="From 1 to 12: the months are counted from it."
    )
    day = fields.Integer("Day of the month", required=True, default=1, help="In shorter months the last one.")
    minimum = fields.Float(digits=(16, 6), help="Whoever has less keeps it until the next time.")
    step = fields.Float(digits=(16, 6), required=True, default=1.0, help="Only whole steps are converted.")
    gives_text = fields.Text(
        "What a step gives",
        required=True,
        default='{"unit": "", "amount": 1}',
        help='As JSON: another unit {"unit": "STAR", "amount": 1}, or a promo code {"pool": "COUPON", "value": 10}.',
    )
    run_ids = fields.One2many("loy.conversion.run", "conversion_id", string="Days")

    @api.constrains("unit_id", "months", "month", "day", "minimum", "step", "gives_text")
    def _check_document(self):
        problems = self.env["loy.conversions"]._problems(self)
        if problems:
            raise LoyaltyError(self._refusal, "\n".join(problems))

    def action_open_gifts(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_conversion_gift_action")
        return {**action, "domain": [("conversion_id", "=", self.id)], "context": {}}

    @api.model
    def _cron_convert(self):
        """What is due, a batch at a time: killed in the middle it goes on after the last batch."""
        service, cron, now = self.env["loy.conversions"], self.env["ir.cron"], fields.Datetime.now()
        for one in self.search([("active", "=", True)], order="id"):
            while done := run_with_retry(self.env, lambda one=one: service._continue(one, now)):
                if not cron._commit_progress(done):
                    return


class LoyConversionRun(models.Model):
    """A day on which a conversion was due, and how far it has come."""

    _name = "loy.conversion.run"
    _description = "Day of a conversion"
    _order = "due_on desc, id desc"
    _log_access = False

    conversion_id = fields.Many2one("loy.conversion", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    due_on = fields.Date(required=True, readonly=True)
    last_account = BigInteger(readonly=True, required=True, default=0, help="How far it has come.")
    member_count = fields.Integer("Members", readonly=True)
    done_at = fields.Datetime("Done", readonly=True)

    _once = models.UniqueIndex("(conversion_id, due_on)")

    def _compute_display_name(self):
        for one in self:
            one.display_name = f"{one.conversion_id.display_name} · {fields.Date.to_string(one.due_on)}"
