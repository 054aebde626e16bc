from odoo import Command, models

from .loy_replay import RIGHT


class LoyPromotion(models.Model):
    _inherit = "loy.promotion"

    def action_loy_replay(self):
        """A replay of the last month: what the promotion would have cost, or what an active one does."""
        self.ensure_one()
        self.env["loy.rights"]._check(RIGHT)
        side = "without_a_ids" if self.state == "active" else "draft_b_ids"
        return (
            self.env["loy.replay"]
            .create(
                {
                    "name": self.display_name,
                    "company_id": (self.company_id or self.env.company).id,
                    side: [Command.set(self.ids)],
                }
            )
            ._form()
        )
