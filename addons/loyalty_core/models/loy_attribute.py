from odoo import api, fields, models

from ..services.errors import LoyaltyError


class LoyAttribute(models.Model):
    """What the shop wants to know of its members beside what every contact has. Promotions, the API and documents call
    it by its code; members' values are kept under it in ``res.partner.loy_attributes``."""

    _name = "loy.attribute"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.code.mixin"]
    _description = "Attribute of members"
    _order = "sequence, id"

    code = fields.Char(help="The name in promotions, programme documents and the API: small Latin letters, digits, _.")
    name = fields.Char(string="Label", translate=True)
    kind = fields.Selection(
        [
            ("text", "Text"),
            ("integer", "Whole number"),
            ("number", "Number"),
            ("boolean", "Yes or no"),
            ("date", "Date"),
            ("one", "One of a directory"),
            ("several", "Several of a directory"),
        ],
        string="Kind of value",
        required=True,
        default="text",
    )
    directory_id = fields.Many2one(
        "loy.directory", index="btree_not_null", ondelete="restrict", help="The values to choose from."
    )
    minimum = fields.Float(string="From", digits=(16, 6))
    maximum = fields.Float(string="To", digits=(16, 6), help="Included. Both 0: any number.")
    sequence = fields.Integer(default=10)
    section = fields.Char(translate=True, help="Attributes of a section stand together in the form of a member.")
    help = fields.Char(translate=True, help="Shown beside the label.")

    @api.constrains("code", "kind", "directory_id", "minimum", "maximum", "company_id")
    def _check_definition(self):
        """The document's own laws, and that of whom it speaks fits it already."""
        problems = self.env["loy.programme"]._problems_of_attributes(self)
        if problems:
            raise LoyaltyError("bad_attribute_definition", "\n".join(problems))
        for attribute in self:
            self.env["loy.attributes"]._check_stored(attribute)

    @api.onchange("kind")
    def _onchange_kind(self):
        if self.kind not in ("one", "several"):
            self.directory_id = False
        if self.kind not in ("integer", "number"):
            self.minimum = self.maximum = 0

    def write(self, vals):
        if "code" in vals:
            for attribute in self.filtered(lambda one: one.code != vals["code"]):
                self.env["loy.attributes"]._check_unheld(attribute)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        for attribute in self:
            self.env["loy.attributes"]._check_unheld(attribute)

    def action_loy_members(self):
        """Whoever has a value of it."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_member_action"),
            "name": self.env._("Members with %s", self.name),
            "domain": [("is_loyalty_member", "=", True), ("loy_attribute_search", "=", self.code)],
        }
