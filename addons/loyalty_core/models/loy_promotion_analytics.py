from odoo import api, fields, models


class LoyPromotion(models.Model):
    _inherit = "loy.promotion"

    @api.readonly
    def loy_analytics(self, from_on=None, to_on=None, population="customers"):
        """What it did from one day to another (both included), by promotion days and its control group."""
        self.ensure_one()
        self.check_access("read")
        return self.env["loy.promotion.analytics"]._of(
            self, fields.Date.to_date(from_on), fields.Date.to_date(to_on), population
        )

    def action_loy_analytics(self):
        self.ensure_one()
        return {
            **self.env["ir.actions.client"]._for_xml_id("loyalty_core.loy_promotion_analytics_action"),
            "context": {"active_id": self.id, "active_model": self._name},
        }
