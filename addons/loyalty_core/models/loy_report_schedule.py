from odoo import api, fields, models

from ..reports.due import Rhythm
from ..reports.periods import PERIODS
from ..reports.registry import REPORTS
from ..services.errors import LoyaltyError

WEEKDAYS = [
    ("0", "Monday"),
    ("1", "Tuesday"),
    ("2", "Wednesday"),
    ("3", "Thursday"),
    ("4", "Friday"),
    ("5", "Saturday"),
    ("6", "Sunday"),
]
#: The period that is over when a report of the frequency is due.
USUAL = {"daily": "yesterday", "weekly": "last_week", "monthly": "last_month"}


class LoyReportSchedule(models.Model):
    """A ready report that is sent by e-mail, again and again, with what its owner may see.

    ``next_at`` is the due moment that comes next; whoever sends a moment moves it in the same transaction, so that each
    is sent once.
    """

    _name = "loy.report.schedule"
    _inherit = ["mail.thread"]
    _description = "Report by e-mail"
    _order = "name, id"

    name = fields.Char(required=True, help="The subject of the letters.")
    active = fields.Boolean(default=True, tracking=True)
    code = fields.Selection(
        lambda self: [(report.code, self.env._(report.name)) for report in REPORTS], string="Report", required=True
    )
    params = fields.Json(string="What was chosen", default=dict)
    chosen_text = fields.Char("Chosen", compute="_compute_chosen_text", help="As it was on the screen of the report.")
    period = fields.Selection(
        lambda self: [(code, self.env._(words)) for code, (words, _period) in PERIODS.items()],
        compute="_compute_period",
        store=True,
        readonly=False,
        precompute=True,
        help="As of the day on which the report is sent.",
    )
    has_period = fields.Boolean("Has a period", compute="_compute_has_period")
    frequency = fields.Selection(
        [("daily", "Every day"), ("weekly", "Every week"), ("monthly", "Every month")],
        string="How often",
        required=True,
        default="weekly",
        tracking=True,
    )
    weekday = fields.Selection(WEEKDAYS, string="On", required=True, default="0")
    month_day = fields.Integer(
        "On day", required=True, default=1, help="1 to 31; in a shorter month its last day."
    )
    hour = fields.Integer("At hour", required=True, default=8, help="0 to 23, by the clock of the programme.")
    partner_ids = fields.Many2many(
        "res.partner", "loy_report_schedule_partner_rel", "schedule_id", "partner_id", string="To",
        domain=[("email", "!=", False)],
    )  # fmt: skip
    emails = fields.Char("Other addresses", help="Separated by commas.")
    lang = fields.Selection(
        lambda self: self.env["res.lang"].get_installed(),
        string="Language",
        required=True,
        default=lambda self: self.env.lang or "en_US",
    )
    user_id = fields.Many2one(
        "res.users", string="Owner", required=True, readonly=True, index=True, ondelete="cascade",
        default=lambda self: self.env.user, help="The report shows what the owner may see.",
    )  # fmt: skip
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    next_at = fields.Datetime("Next", compute="_compute_next_at", store=True, copy=False)
    retry_at = fields.Datetime("Tried again", readonly=True, copy=False)
    attempts = fields.Integer("Attempts in vain", readonly=True, copy=False)
    sent_at = fields.Datetime("Last sent", readonly=True, copy=False)
    sent_for_at = fields.Datetime("Sent for", readonly=True, copy=False, help="The due moment of the last letter.")
    mail_ids = fields.Many2many(
        "mail.mail", "loy_report_schedule_mail_rel", "schedule_id", "mail_id", string="Letters on their way",
        readonly=True, copy=False,
    )  # fmt: skip

    _moment = models.Constraint(
        "CHECK (month_day BETWEEN 1 AND 31 AND hour BETWEEN 0 AND 23)",
        "The day of the month is 1 to 31, the hour 0 to 23.",
    )
    _due = models.Index("(next_at) WHERE active")

    @api.depends("frequency", "code")
    def _compute_period(self):
        for one in self:
            report = REPORTS.get(one.code or "")
            one.period = USUAL[one.frequency or "weekly"] if report and report.is_compared else False

    @api.depends("code")
    def _compute_has_period(self):
        for one in self:
            report = REPORTS.get(one.code or "")
            one.has_period = bool(report and report.is_compared)

    @api.depends("code", "params")
    @api.depends_context("lang")
    def _compute_chosen_text(self):
        for one in self:
            one.chosen_text = self.env["loy.report.mails"]._chosen_in_words(one)

    @api.depends("frequency", "weekday", "month_day", "hour", "active")
    def _compute_next_at(self):
        now = fields.Datetime.now()
        for one in self:
            one.next_at = one._rhythm().next_after(now)

    def _rhythm(self) -> Rhythm:
        timezone = self.env["loy.programme"]._timezone(self.company_id or self.env.company)
        month_day, hour = min(max(self.month_day, 1), 31), min(max(self.hour, 0), 23)
        return Rhythm(self.frequency or "weekly", int(self.weekday or 0), month_day, hour, timezone)

    @api.constrains("partner_ids", "emails")
    def _check_receivers(self):
        for one in self:
            addresses = self.env["loy.report.mails"]._addresses(one)
            if not one.partner_ids and not addresses:
                raise LoyaltyError("receiver_missing", self.env._("Name somebody to whom the report is sent."))

    def write(self, vals):
        """One's own rights can be lent to a report, those of somebody else cannot."""
        if not self.env.su and vals.get("user_id", self.env.uid) != self.env.uid:
            raise LoyaltyError("right_missing", self.env._("A report is sent with your own rights only."))
        return super().write(vals)

    @api.constrains("code", "params", "period", "user_id", "company_id")
    def _check_report(self):
        """What its owner cannot ask is not sent."""
        for one in self:
            self.env["loy.report.mails"]._check(one)

    def action_loy_send(self):
        """A letter of this moment, to all receivers; the next one comes all the same."""
        for one in self:
            one.check_access("write")
            self.env["loy.report.mails"]._send(one, fields.Datetime.now())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("The report is on its way."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def action_loy_open(self):
        """The report on the screen, as it is sent."""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "loy_report",
            "name": self.name,
            "params": {"report": self.code, "with": self.env["loy.report.mails"]._params_text(self)},
        }

    def _cron_send(self):
        """Every ten minutes: sends what is due."""
        self.env["loy.report.mails"]._run()
