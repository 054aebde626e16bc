import json

from odoo import api, fields, models
from odoo.tools import SQL


class LoyPromotionTemplate(models.Model):
    """A mechanic that retailers use, ready to be filled in: found by words, shown by the receipt that it makes. Addons
    bring their own as data."""

    _name = "loy.promotion.template"
    _description = "Template of promotions"
    _order = "sequence, id"

    code = fields.Char(required=True)
    sequence = fields.Integer(default=1000)
    name = fields.Char(required=True, translate=True)
    description = fields.Text(required=True, translate=True)
    keywords = fields.Char(help="By what people look for it, in any languages.")
    topic = fields.Selection(
        [
            ("discounts", "Discounts"),
            ("sets", "Sets and gifts"),
            ("points", "Points"),
            ("codes", "Promo codes"),
            ("members", "Members"),
            ("place", "Time and place"),
            ("messages", "Messages"),
        ],
        required=True,
    )
    file = fields.Char(required=True, help="The document with its example, from the folder of addons.")
    receipt = fields.Json(string="The receipt it makes", compute="_compute_receipt")
    words = fields.Char(compute="_compute_words", search="_search_words")

    _code_unique = models.UniqueIndex("(code)", "Another template has this code.")

    @api.depends("name", "file")
    @api.depends_context("lang", "company")
    def _compute_receipt(self):
        for template in self:
            template.receipt = self.env["loy.templates"]._receipt(template)

    @api.depends("name", "keywords")
    def _compute_words(self):
        for template in self:
            template.words = f"{template.name} {template.keywords or ''}"

    def _search_words(self, operator, value):
        """All words, each anywhere in its texts, in whichever language."""
        if operator != "ilike" or not isinstance(value, str):
            return NotImplemented
        self.flush_model(["name", "description", "keywords"])
        said = SQL("concat_ws(' ', code, name::text, description::text, keywords)")
        wanted = SQL(" AND ").join(SQL("%s ILIKE %s", said, f"%{word}%") for word in value.split())
        return [("id", "in", SQL("SELECT id FROM %s WHERE %s", SQL.identifier(self._table), wanted or SQL("TRUE")))]

    def action_loy_use(self):
        """Asks for what it needs."""
        self.ensure_one()
        self.env["loy.promotion"].check_access("create")
        begun = self.env["loy.templates"]._begun(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.name,
            "res_model": "loy.promotion.template.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_template_id": self.id,
                "default_values_text": json.dumps(begun, ensure_ascii=False, indent=2) if begun else False,
            },
        }
