from odoo import api, models

from ..services.errors import LoyaltyError


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    """Odoo's merge of contacts deletes the others and the rows that cannot follow. Members are merged by our own
    service, which loses nothing; plain contacts go into the member, whatever destination was chosen.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    @api.model
    def _get_fk_on(self, table):
        """Two columns belong to the merge service, and the finder drops pairs by itself."""
        own = {("res_partner", "loy_merged_into_id"), ("loy_duplicate", "member_id"), ("loy_duplicate", "other_id")}
        return [pair for pair in super()._get_fk_on(table) if pair not in own]

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids).exists()
        members = self.env["loy.merges"]._with_history(partners)
        if not members or len(partners) < 2 or len(partners) > 3:
            return super()._merge(partner_ids, dst_partner, extra_checks)  # also refuses too many
        if extra_checks and not self.env.is_admin() and len(set(partners.mapped("email"))) > 1:
            return super()._merge(partner_ids, dst_partner, extra_checks)  # which says why it refuses
        survivor = dst_partner if dst_partner in members else self._get_ordered_partner(members.ids)[-1]
        if others := members - survivor:
            self.env["loy.merges"]._check_right()
            self.env["loy.merges"]._merge(survivor, others, reason=self.env._("Merge of contacts"))
        elif not survivor.is_loyalty_member:
            raise LoyaltyError(
                "member_left",
                self.env._(
                    "%s was a member and has a loyalty history; register the contact as a member again first",
                    survivor.display_name,
                ),
            )
        if plain := partners - members:
            return super()._merge((plain | survivor).ids, survivor, extra_checks)
        return None
