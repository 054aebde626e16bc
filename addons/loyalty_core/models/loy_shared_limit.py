from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..services.errors import LoyaltyError
from ..services.sections import COUNTED_LIMIT_FIELDS


class LoySharedLimit(models.Model):
    """Limits on which several promotions draw together: a budget of a campaign, the litres of a member that earn."""

    _name = "loy.shared.limit"
    _inherit = ["loy.audited.mixin", "loy.revisioned.mixin", "loy.limited.mixin"]
    _description = "Shared limit"

    promotion_ids = fields.One2many("loy.promotion", "limit_share_id")
    promotion_count = fields.Integer(compute="_compute_promotion_count")

    @api.constrains("code", *COUNTED_LIMIT_FIELDS)
    def _check_document(self):
        """The engine itself is the judge."""
        problems = self.env["loy.programme"]._problems_of_limits(self)
        if problems:
            raise LoyaltyError("bad_limit", "\n".join(problems))

    @api.constrains("active")
    def _check_unused(self):
        """A promotion that works without its limit would give more than anybody has promised."""
        live = self.filtered(lambda limit: not limit.active).promotion_ids.filtered(
            lambda promotion: promotion.state == "active"
        )
        if live:
            raise ValidationError(
                self.env._(
                    "%(limit)s is shared by running promotions: %(promotions)s. End them or take it off first.",
                    limit=live[0].limit_share_id.display_name,
                    promotions=", ".join(live.mapped("code")),
                )
            )

    def _compute_promotion_count(self):
        counts = dict(
            self.env["loy.promotion"]._read_group(
                [("limit_share_id", "in", self.ids)], ["limit_share_id"], ["__count"]
            )
        )
        for limit in self:
            limit.promotion_count = counts.get(limit, 0)

    def action_open_promotions(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_promotion_action")
        context = {"default_limit_share_id": self.id}
        return {**action, "domain": [("limit_share_id", "=", self.id)], "context": context}

    def action_open_draws(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_counter_draw_action")
        return {
            **action,
            "name": self.env._("Use of the limits of %s", self.display_name),
            "domain": [("limit_id", "=", self.id)],
            "context": {},
        }
