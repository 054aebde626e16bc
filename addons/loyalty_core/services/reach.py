"""Which members a user who is bound to stores may change."""

from odoo import models
from odoo.tools import SQL

from .errors import LoyaltyError


class LoyReach(models.AbstractModel):
    """A till finds, registers and serves anybody; but whoever is bound to stores changes, hands out, merges, erases
    and books by hand only members of these stores, who prefer one or have bought in one."""

    _name = "loy.reach"
    _description = "Reach of users bound to stores"

    def _check(self, members) -> None:
        """`member_out_of_reach` for the first who is not of the user's stores; who is no member does not count."""
        bound = self.env["res.users"]._loy_bound_store_ids()
        if not bound:
            return
        # Whose member it is, is asked whether or not the user may read the contact.
        members = members.sudo().filtered("is_loyalty_member")
        others = members.filtered(lambda member: member.loy_store_id.id not in bound)
        if not others:
            return
        self.env["loy.purchase"].flush_model(["member_id", "store_id"])
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT member_id FROM loy_purchase WHERE member_id = ANY(%s) AND store_id = ANY(%s)",
                others.ids,
                list(bound),
            )
        )
        if strangers := others - others.browse(member_id for (member_id,) in rows):
            raise LoyaltyError(
                "member_out_of_reach",
                self.env._(
                    "Member %s neither prefers nor has bought in a store that you work for. Ask somebody who is not "
                    "bound to stores.",
                    strangers[0].id,
                ),
            )
