from odoo import api, fields, models


class LoyDirectory(models.Model):
    """A list of values that members' attributes are chosen from: kinds of coffee, hobbies."""

    _name = "loy.directory"
    _inherit = ["loy.audited.mixin", "loy.code.mixin"]
    _description = "Directory of values"

    name = fields.Char(translate=True)
    value_ids = fields.One2many("loy.directory.value", "directory_id", string="Values", copy=True)
    attribute_ids = fields.One2many("loy.attribute", "directory_id", string="Attributes")
    values = fields.Json(
        string="Values as a document", compute="_compute_values", inverse="_inverse_values", copy=False
    )

    @api.depends("value_ids.code", "value_ids.name", "value_ids.sequence", "value_ids.active")
    @api.depends_context("lang")
    def _compute_values(self):
        for directory in self:
            rows = directory.value_ids.filtered("active").sorted(lambda value: (value.sequence, value._origin.id))
            directory.values = [{"code": value.code, "name": value.name} for value in rows]

    def _inverse_values(self):
        """In the order of the document; what it does not name is archived, as members may have it."""
        for directory in self:
            values = directory.with_context(active_test=False).value_ids
            there = {value.code: value for value in values}
            wanted = directory.values or []
            for place, row in enumerate(wanted, start=1):
                says = {"name": row["name"], "sequence": place, "active": True}
                if value := there.pop(row["code"], None):
                    value.write({name: one for name, one in says.items() if value[name] != one})
                else:
                    self.env["loy.directory.value"].create({"directory_id": directory.id, "code": row["code"], **says})
            if gone := values.browse([value.id for value in there.values() if value.active]):
                gone.active = False
            directory.invalidate_recordset(["value_ids"])
