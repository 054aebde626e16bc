from odoo import api, fields, models


class LoyDirectoryValue(models.Model):
    """One value of a directory. Members are known by its code, so it stays; an archived one is not given any more."""

    _name = "loy.directory.value"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin"]
    _description = "Value of a directory"
    _order = "sequence, id"
    _rec_names_search = ["name", "code"]

    directory_id = fields.Many2one("loy.directory", required=True, index=True, ondelete="cascade")
    sequence = fields.Integer(default=1000)
    code = fields.Char(required=True, help="Identity in programme documents, in promotions and in the API.")
    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex("(directory_id, code)", "The directory has this code already.")

    def write(self, vals):
        if "code" in vals or "directory_id" in vals:
            for value in self.filtered(lambda one: one.code != vals.get("code", one.code) or "directory_id" in vals):
                self.env["loy.attributes"]._check_value_unheld(value)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_held(self):
        for value in self:
            self.env["loy.attributes"]._check_value_unheld(value)
