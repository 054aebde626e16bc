from odoo import api, fields, models

from ..services.errors import LoyaltyError
from ..services.sections import UNITS_OF_PROGRAMME, section_of


class LoyExpiryPolicy(models.Model):
    """When points of a unit are lost beside the terms of their lots: by inactivity, once a year, or with the year."""

    _name = "loy.expiry.policy"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin"]
    _description = "Expiry policy"
    _refusal = "bad_expiry_policy"
    _order = "unit_id, id"

    unit_id = fields.Many2one(
        "loy.unit", required=True, ondelete="restrict", index=True, domain=UNITS_OF_PROGRAMME
    )
    kind = fields.Selection(
        [("inactivity", "Inactivity"), ("yearly", "Once a year"), ("calendar_year", "With the calendar year")],
        required=True,
        default="inactivity",
    )
    days = fields.Integer("Days without activity", help="The last of them is still a day of the lot.")
    is_by_purchase = fields.Boolean("Purchases count", default=True)
    is_by_accrual = fields.Boolean("Accruals count", default=True)
    is_by_spend = fields.Boolean("Spending counts", default=True)
    on_day = fields.Char("On", size=5, help="Month and day, as 09-30. Points are lost at the end of this day.")
    older_than_count = fields.Integer("Older than", help="Only points that are so old by then. 0: all.")
    older_than_period = fields.Selection([("days", "Days"), ("months", "Months")], default="months", required=True)
    grace = fields.Integer("Days of grace", help="After the end of the year in which the points became usable.")
    when_text = fields.Text(
        string="When",
        help="Conditions on the member as JSON, judged for the last day of the points; empty: always. The kinds are "
        "described in docs/promotions.md.",
    )

    @api.constrains(
        "code", "unit_id", "kind", "days", "is_by_purchase", "is_by_accrual", "is_by_spend", "on_day",
        "older_than_count", "older_than_period", "grace", "when_text", "active",
    )  # fmt: skip
    def _check_document(self):
        """The engine itself is the judge, of all policies together."""
        section = section_of(self._name)
        for company in self.company_id or [self.env.company]:
            policies = self.search([("company_id", "in", [company.id, False])]) | self.filtered("active")
            problems = self.env["loy.programme"]._problems_of_policies(
                [section.document_of(policy) for policy in policies]
            )
            if problems:
                raise LoyaltyError(self._refusal, "\n".join(map(str, problems)))

    def _cron_run(self):
        self.env["loy.expiry"]._run()
