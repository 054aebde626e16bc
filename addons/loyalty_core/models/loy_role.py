from odoo import api, fields, models

#: What a role keeps in its group, so that Odoo's own form of users gives the role too.
GROUP_FIELDS = ("name", "comment", "user_ids", "given_group_ids")


class LoyRole(models.Model):
    """A set of rights that people are given. Each has a group of Odoo behind it: whoever is in the group has the
    role, and the group alone decides. Standard roles come with the addons and are not edited, only copied."""

    _name = "loy.role"
    _inherit = ["loy.audited.mixin"]
    _description = "Role"
    _order = "sequence, id"

    group_id = fields.Many2one(
        "res.groups", string="Odoo group", required=True, readonly=True, ondelete="cascade", copy=False
    )
    name = fields.Char(related="group_id.name", readonly=False, required=True)
    comment = fields.Text(related="group_id.comment", string="What it is for", readonly=False)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=100)
    is_standard = fields.Boolean(string="Standard", readonly=True, copy=False)
    company_id = fields.Many2one(
        "res.company", index=True, help="Only who works for this company sees the role and can be given it. Empty: all."
    )
    right_ids = fields.Many2many("loy.right", "loy_role_right_rel", "role_id", "right_id", string="Rights")
    implied_ids = fields.Many2many(
        "loy.role",
        "loy_role_implied_rel",
        "role_id",
        "implied_id",
        string="Includes the roles",
        help="Whoever has this role may do all that those may.",
    )
    all_right_ids = fields.Many2many("loy.right", compute="_compute_all_right_ids", string="All rights", recursive=True)
    right_count = fields.Integer(compute="_compute_right_count", string="Number of rights")
    user_ids = fields.Many2many(related="group_id.user_ids", string="Users", readonly=False)
    user_count = fields.Integer(related="group_id.all_users_count", string="Number of users")
    given_group_ids = fields.Many2many(
        "res.groups",
        compute="_compute_given_group_ids",
        compute_sudo=True,
        readonly=False,
        string="Groups",
        help="Everybody in these groups of Odoo has the role.",
    )

    _group_unique = models.UniqueIndex("(group_id)", "This group has a role already.")

    @api.depends("right_ids", "implied_ids.all_right_ids")
    def _compute_all_right_ids(self):
        for role in self:
            role.all_right_ids = role.right_ids | role.implied_ids.all_right_ids

    @api.depends("all_right_ids")
    def _compute_right_count(self):
        for role in self:
            role.right_count = len(role.all_right_ids)

    @api.depends("group_id.implied_by_ids")
    def _compute_given_group_ids(self):
        backing = self.search([("group_id", "!=", False)]).group_id
        for role in self:
            role.given_group_ids = role.group_id.implied_by_ids - backing

    @api.model_create_multi
    def create(self, vals_list):
        return self.env["loy.roles"]._create(self, vals_list, super().create)

    def write(self, vals):
        return self.env["loy.roles"]._write(self, vals, super().write)

    def unlink(self):
        return self.env["loy.roles"]._unlink(self, super().unlink)

    def copy_data(self, default=None):
        """A copy has all rights by itself, so that single ones can be taken away from it."""
        default = default or {}
        return [
            {
                "comment": role.comment,
                "company_id": role.company_id.id,
                "right_ids": [fields.Command.set(role.all_right_ids.ids)],
                **default,
                "name": default.get("name") or self.env._("%s (copy)", role.name),
            }
            for role in self
        ]

    def action_loy_users(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Users with the role %s", self.name),
            "res_model": "res.users",
            "view_mode": "list,form",
            "domain": [("all_group_ids", "in", self.group_id.ids)],
        }
