from odoo import api, fields, models

from ..services.ledger_days import MOVEMENTS

OTHER = [role for role in MOVEMENTS if role not in ("issued", "redeemed", "expired")]


class LoyLiabilityWizard(models.TransientModel):
    """What the company owed to its members at the beginning, what came and went, what it owes at the end."""

    _name = "loy.liability.wizard"
    _description = "Liability statement"
    _rec_name = "to_on"

    from_on = fields.Date("From", required=True, default=lambda self: self._default_period()[0])
    to_on = fields.Date("To", required=True, default=lambda self: self._default_period()[1], help="Included.")
    line_ids = fields.One2many(
        "loy.liability.wizard.line", "wizard_id", compute="_compute_line_ids", store=True, readonly=True
    )

    @api.model
    def _default_period(self):
        return self.env["loy.ledger.days"]._this_month(fields.Date.context_today(self))

    @api.depends("from_on", "to_on")
    def _compute_line_ids(self):
        for wizard in self:
            is_period = wizard.from_on and wizard.to_on and wizard.from_on <= wizard.to_on
            lines = self._lines(wizard.from_on, wizard.to_on) if is_period else []
            wizard.line_ids = [fields.Command.clear(), *map(fields.Command.create, lines)]

    @api.model
    def _action_open(self):
        """The statement of this month, made before it is shown: there is nothing to save when it is left."""
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_liability_wizard_action")
        return action | {"res_id": self.create({}).id}

    def _lines(self, from_on, to_on):
        self.env["loy.rights"]._check("report.liability")
        # The right to the report is checked; entries and days are for services.
        rows = self.env["loy.ledger.days"].sudo()._statement(from_on, to_on, self.env.companies.ids)
        lines = []
        for row in rows:
            scale = 10 ** row["decimals"]
            lines.append(
                {
                    "company_id": row["company_id"],
                    "unit_id": row["unit_id"],
                    "opening": row["opening"] / scale,
                    "other": sum(row[role] for role in OTHER) / scale,
                    "closing": row["closing"] / scale,
                    "worth": row["closing"] / scale * float(row["worth"]),
                    **{role: row[role] / scale for role in ("issued", "redeemed", "expired")},
                }
            )
        return lines


class LoyLiabilityWizardLine(models.TransientModel):
    """One unit of one company."""

    _name = "loy.liability.wizard.line"
    _description = "Line of the liability statement"

    wizard_id = fields.Many2one("loy.liability.wizard", required=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    unit_id = fields.Many2one("loy.unit", readonly=True)
    opening = fields.Float("Owed before", readonly=True)
    issued = fields.Float("Earned", readonly=True, help="Less what was taken back with goods.")
    redeemed = fields.Float("Paid with", readonly=True, help="Less what was given back with goods.")
    expired = fields.Float(readonly=True)
    other = fields.Float(readonly=True, help="Given and taken by hand, forgiven, turned into other units.")
    closing = fields.Float("Owed after", readonly=True)
    worth = fields.Monetary(readonly=True, help="What is owed after, at what a unit is worth today.")
