from odoo import api, fields, models

from ..reports.registry import REPORTS
from ..services.errors import LoyaltyError


class LoyReport(models.Model):
    """A ready report with what was chosen, under a name of its own: of its owner, or shared with all."""

    _name = "loy.report"
    _description = "Own report"
    _order = "name, id"

    name = fields.Char(required=True)
    code = fields.Selection(
        lambda self: [(report.code, self.env._(report.name)) for report in REPORTS], string="Report", required=True
    )
    params = fields.Json(string="What was chosen", default=dict)
    user_id = fields.Many2one(
        "res.users", string="Owner", required=True, readonly=True, index=True, ondelete="cascade",
        default=lambda self: self.env.user,
    )  # fmt: skip
    is_shared = fields.Boolean("Shared", help="Everybody who may see the report finds it in the list.")
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, default=lambda self: self.env.company, ondelete="cascade"
    )

    _name_once = models.UniqueIndex("(user_id, company_id, name)", "You have a report with this name already.")

    @api.constrains("code", "params")
    def _check_params(self):
        """What cannot be asked is not kept."""
        for one in self:
            if not isinstance(one.params or {}, dict):
                raise LoyaltyError("bad_parameter", self.env._("The parameters of the report are no document."))
            reports = self.env["loy.reports"]
            reports._chosen(reports._report(one.code), one.params or {})

    def action_loy_open(self):
        """The report on the screen."""
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "loy_report",
            "name": self.name,
            "params": {"saved": self.id},
        }
