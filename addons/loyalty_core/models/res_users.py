from odoo import api, fields, models, tools

#: What processes keep of a user (`_loy_bound_store_ids`, `loy.rates`).
CACHED = {"loy_store_ids", "loy_partner_ids", "loy_brand_ids", "loy_calls_minute"}


class ResUsers(models.Model):
    """A user of the API may be bound to stores."""

    _name = "res.users"
    _inherit = ["res.users", "loy.audited.mixin"]
    _audit_fields = (
        "login",
        "active",
        "group_ids",
        "company_ids",
        "loy_store_ids",
        "loy_partner_ids",
        "loy_brand_ids",
        "loy_guess_misses",
        "loy_calls_minute",
    )

    loy_store_ids = fields.Many2many(
        "loy.store",
        "loy_store_users_rel",
        "user_id",
        "store_id",
        string="Loyalty stores",
        groups="loyalty_core.group_staff",
        help="The stores this user may sell in through the loyalty API. Empty: all.",
    )

    loy_partner_ids = fields.Many2many(
        "loy.partner",
        "loy_partner_users_rel",
        "user_id",
        "partner_id",
        string="Loyalty partners",
        groups="loyalty_core.group_staff",
        help="The partners of the coalition that this user works for: their stores count like the user's own. Empty: "
        "all.",
    )

    loy_brand_ids = fields.Many2many(
        "loy.brand",
        "loy_brand_users_rel",
        "user_id",
        "brand_id",
        string="Loyalty brands",
        groups="loyalty_core.group_staff",
        help="The brands whose products this user sees. Empty: all.",
    )

    loy_guess_misses = fields.Integer(
        string="Wrong numbers allowed",
        groups="loyalty_core.group_admin",
        help="Cards, phones and members that are not there, at one till, before the user is stopped. 0: as many as the"
        " programme settings say. A web shop that looks up each visitor needs more than a till.",
    )

    loy_calls_minute = fields.Integer(
        string="API calls a minute",
        groups="loyalty_core.group_admin",
        help="What is beyond is refused until the next minute, by all servers together. 0: no limit.",
    )

    _loy_calls_minute_positive = models.Constraint(
        "CHECK (COALESCE(loy_calls_minute, 0) >= 0)", "A limit of calls cannot be below zero."
    )

    @api.model
    @tools.ormcache("self.env.uid")
    def _loy_bound_store_ids(self) -> frozenset[int]:
        """The stores the user is bound to, by himself or through partners; none: all are open. An archived store binds
        like any other, and a partner without stores opens none."""
        # A user's own bounds, which the user need not be able to read.
        user = self.env.user.sudo().with_context(active_test=False)
        stores = user.loy_store_ids
        if user.loy_partner_ids:
            stores |= stores.search([("partner_id", "in", user.loy_partner_ids.ids)])
            return frozenset(stores.ids or [0])
        return frozenset(stores.ids)

    @api.model
    @tools.ormcache("self.env.uid")
    def _loy_bound_partner_ids(self) -> frozenset[int]:
        """The partners the user is bound to; none: all are open."""
        user = self.env.user.sudo()  # as for the stores
        return frozenset(user.with_context(active_test=False).loy_partner_ids.ids)

    @api.model
    @tools.ormcache("self.env.uid")
    def _loy_bound_brand_ids(self) -> frozenset[int]:
        """The brands the user is bound to; none: all are open."""
        user = self.env.user.sudo()  # as for the stores
        return frozenset(user.with_context(active_test=False).loy_brand_ids.ids)

    def action_loy_rights(self):
        """What this user may do, and by which role."""
        self.ensure_one()
        rights = self.env["loy.roles"]._of_user(self).right_ids
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_right_user_action")
        return action | {
            "name": self.env._("What %s may do", self.name),
            "domain": [("id", "in", rights.ids)],
            "context": {"loy_user_id": self.id, "search_default_group_section": 1},
        }

    @api.model
    def _check_uid_passwd(self, uid, passwd):
        """XML-RPC opens its database by itself, here first, and a password that was right is kept like anything."""
        self.env["loy.era"]._meet()
        return super()._check_uid_passwd(uid, passwd)

    def write(self, vals):
        result = super().write(vals)
        if CACHED & vals.keys():
            self.env.registry.clear_cache()
        return result

    def _audit_concerned(self):
        """People and programs that have a role of the suite."""
        of_roles = self.env["loy.roles"]._groups()
        return self.filtered(lambda one: one.sudo().all_group_ids & of_roles)  # rights are read of whoever has them
