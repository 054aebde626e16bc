from odoo import Command, models

from .loy_replay import RIGHT


class LoyPromotion(models.Model):
    _inherit = "loy.promotion"

    def action_loy_replay(self):
        """A replay of the last month: what a draft would have cost, what an active promotion does cost, or what a
        change would add to what it is a change of. Both are then taken as they are now, for the whole month."""
        self.ensure_one()
        self.env["loy.rights"]._check(RIGHT)
        if self.version_of_id:
            sides = {"draft_a_ids": self.version_of_id, "draft_b_ids": self}
        else:
            sides = {"without_a_ids" if self.state == "active" else "draft_b_ids": self}
        replays = self.env["loy.replay"]
        # One that the same person has begun to ask is asked further.
        begun = replays.search([("state", "=", "draft"), ("create_uid", "=", self.env.uid)])
        same = begun.filtered(lambda one: one._sides() == {**dict.fromkeys(one._sides(), self.browse()), **sides})
        return (
            same[:1]
            or replays.create(
                {
                    "name": self.display_name,
                    "company_id": (self.company_id or self.env.company).id,
                    **{side: [Command.set(promotions.ids)] for side, promotions in sides.items()},
                }
            )
        )._form()
