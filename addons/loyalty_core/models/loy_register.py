from odoo import api, fields, models


class LoyRegister(models.Model):
    """A till of a store; its code is unique in the store, as tills are numbered there."""

    _name = "loy.register"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin"]
    _description = "Register"
    _order = "store_id, code, id"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, copy=False, help="As the till names itself in the API.")
    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    store_id = fields.Many2one("loy.store", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="store_id.company_id", store=True, index=True)
    equipment = fields.Text(
        help="What stands here: model and serial number of the till, printer, scanner, terminal."
    )

    _code_unique = models.UniqueIndex("(store_id, code)", "The store already has a register with this code.")

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        self.env["loy.catalogue"]._check_unsold("register_id", self, [("store_id", "in", self.store_id.ids)])
