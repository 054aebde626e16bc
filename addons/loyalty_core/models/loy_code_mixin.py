from odoo import fields, models
from odoo.tools import SQL


class LoyCodeMixin(models.AbstractModel):
    """A record that programme documents name by its code: one code, one record in a company."""

    _name = "loy.code.mixin"
    _description = "Record with a code"
    _order = "code, id"
    _rec_names_search = ["code", "name"]

    code = fields.Char(required=True, index=True, copy=False, help="Identity in programme documents and in the API.")
    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: shared by all companies.")

    def init(self):
        """An absent company counts as a company of its own: NULLs would never collide in a plain constraint."""
        super().init()
        if self._abstract:
            return
        index = f"{self._table}_code_unique"
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS %s ON %s (code, COALESCE(company_id, 0))",
                SQL.identifier(index),
                SQL.identifier(self._table),
            )
        )
