from odoo import api, fields, models

from ..services.rights import SECTIONS


class LoyRight(models.Model):
    """One thing that a role may allow. The list is made by the addons (services/rights.py); nobody edits it."""

    _name = "loy.right"
    _description = "Right"
    _order = "sequence, id"
    _log_access = False

    code = fields.Char(required=True, readonly=True)
    name = fields.Char(compute="_compute_name", search="_search_name")
    kind = fields.Selection(
        [("model", "Records"), ("function", "Function"), ("api", "API method")], required=True, readonly=True
    )
    section = fields.Selection(SECTIONS, required=True, readonly=True)
    model = fields.Char(readonly=True)
    model_name = fields.Char(string="Records", compute="_compute_name")
    operation = fields.Selection(
        [("read", "See"), ("write", "Change"), ("create", "Add"), ("unlink", "Delete")], readonly=True
    )
    sequence = fields.Integer(readonly=True)
    role_ids = fields.Many2many("loy.role", "loy_role_right_rel", "right_id", "role_id", string="Roles", readonly=True)

    via_role_ids = fields.Many2many(
        "loy.role",
        compute="_compute_via_role_ids",
        string="By the roles",
        help="The roles of the user in question that bring it.",
    )

    _code_unique = models.UniqueIndex("(code)", "This right is already there.")

    @api.depends("code")
    @api.depends_context("lang")
    def _compute_name(self):
        rights = self.env["loy.rights"]
        for right in self:
            right.name = rights._name_of(right.code)
            right.model_name = right.model and rights._name_of_model(right.model)

    @api.depends("name")
    def _compute_display_name(self):
        for right in self:
            right.display_name = right.name

    @api.depends("role_ids")
    @api.depends_context("loy_user_id")
    def _compute_via_role_ids(self):
        user = self.env["res.users"].browse(self.env.context.get("loy_user_id"))
        roles = self.env["loy.roles"]._of_user(user)
        for right in self:
            right.via_role_ids = roles.filtered(lambda role, right=right: right in role.right_ids)

    def _search_name(self, operator, value):
        """Names are made in the language of the reader, so they are searched one by one; there are a few hundred."""
        if operator not in ("=", "ilike", "=ilike", "in"):
            return NotImplemented
        wanted = value if operator == "in" else [value]
        texts = [text.lower() for text in wanted if text]
        is_part = operator == "ilike"
        found = self.search([("code", "!=", False)]).filtered(
            lambda right: any(
                text in right.name.lower() if is_part else text == right.name.lower() for text in texts
            )
            or (is_part and any(text in right.code for text in texts))
        )
        return [("id", "in", found.ids)]
