import json

from odoo import api, fields, models

from ..services.errors import LoyaltyError


class LoyPromotionTemplateWizard(models.TransientModel):
    """Fills a template in and makes drafts of it; the receipt follows what is typed."""

    _name = "loy.promotion.template.wizard"
    _description = "Use of a template"

    template_id = fields.Many2one("loy.promotion.template", required=True, ondelete="cascade")
    description = fields.Text(related="template_id.description")
    parameters = fields.Json(compute="_compute_parameters")
    values_text = fields.Text("What it needs")
    group_id = fields.Many2one(
        "loy.group",
        required=True,
        default=lambda self: self.env.ref("loyalty_core.loy_group_default", raise_if_not_found=False),
        help="Which promotions it works together with.",
    )
    receipt = fields.Json(string="The receipt it makes", compute="_compute_receipt")

    @api.depends("template_id")
    @api.depends_context("lang")
    def _compute_parameters(self):
        for wizard in self:
            wizard.parameters = self.env["loy.templates"]._form(wizard.template_id) if wizard.template_id else []

    @api.depends("template_id", "values_text")
    @api.depends_context("lang", "company")
    def _compute_receipt(self):
        for wizard in self:
            known = wizard.template_id
            wizard.receipt = known and self.env["loy.templates"]._receipt(known, wizard._values())

    def _values(self) -> dict:
        try:
            return json.loads(self.values_text or "{}")
        except ValueError as error:
            raise LoyaltyError("bad_request", self.env._("This is no JSON: %s", error)) from None

    def action_loy_use(self):
        """The drafts, opened."""
        self.ensure_one()
        promotions = self.env["loy.templates"]._use(self.template_id, self._values(), self.group_id)
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_promotion_action")
        if len(promotions) == 1:
            return {**action, "view_mode": "form", "views": [(False, "form")], "res_id": promotions.id, "context": {}}
        return {**action, "domain": [("id", "in", promotions.ids)], "context": {}}
