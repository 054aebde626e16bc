from odoo import api, fields, models, tools
from odoo.tools import SQL

from ..fields import BigInteger


class LoyCardType(models.Model):
    """A kind of card and the template of its numbers: prefix, serial, check digit."""

    _name = "loy.card.type"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.code.mixin", "loy.number.mixin"]
    _description = "Card type"
    _template_refusal = "bad_card_template"

    color = fields.Integer(string="Colour")
    is_default = fields.Boolean(
        string="Default", help="New members get a card of this type by themselves. One per company."
    )
    serial_from = BigInteger(
        string="From", default=1, help="The first of the digits between the prefix and the check digit."
    )
    serial_to = BigInteger(string="To", help="The last of them. Zero: as far as the digits go.")
    number_mode = fields.Selection(
        [("random", "Random: cannot be guessed"), ("sequential", "One after another")],
        string="Order of numbers",
        default="random",
        required=True,
    )
    is_template_strict = fields.Boolean(
        string="Only numbers of this template",
        help="Refuse to issue a card with a number that does not fit. Off while old cards are taken over.",
    )
    card_count = fields.Integer(string="Cards", compute="_compute_card_count")

    _default_unique = models.UniqueIndex(
        "((COALESCE(company_id, 0))) WHERE is_default", "The company already has a default card type."
    )

    @api.model
    @tools.ormcache("type_id")
    def _code_of(self, type_id: int) -> str:
        """The code of a type; every receipt with a card asks for it."""
        return self.browse(type_id).code

    @api.depends("serial_from", "serial_to")
    def _compute_number_example(self):
        return super()._compute_number_example()

    def _compute_card_count(self):
        counts = dict(
            self.env["loy.card"]._read_group([("type_id", "in", self.ids)], ["type_id"], ["__count"])
        )
        for card_type in self:
            card_type.card_count = counts.get(card_type, 0)

    @api.constrains("number_prefix", "number_length", "number_check", "serial_from", "serial_to")
    def _check_template(self):
        return super()._check_template()

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("is_default"):
                self._unset_default(vals.get("company_id"))
        card_types = super().create(vals_list)
        for card_type in card_types:
            self.env.cr.execute(
                SQL(
                    "CREATE SEQUENCE IF NOT EXISTS %s MINVALUE 0 START 0",
                    SQL.identifier(card_type._serial_sequence()),
                )
            )
        return card_types

    def write(self, vals):
        if vals.get("is_default"):
            for card_type in self:
                card_type._unset_default(vals.get("company_id", card_type.company_id.id))
        return super().write(vals)

    def unlink(self):
        sequences = [card_type._serial_sequence() for card_type in self]
        result = super().unlink()
        for sequence in sequences:
            self.env.cr.execute(SQL("DROP SEQUENCE IF EXISTS %s", SQL.identifier(sequence)))
        return result

    def _unset_default(self, company_id):
        """The new default takes the place of the old one: the person meant just that."""
        others = self.search([("is_default", "=", True), ("company_id", "=", company_id or False)]) - self
        others.is_default = False
        others.flush_recordset(["is_default"])

    def _serial_sequence(self) -> str:
        return f"loy_card_type_serial_{self.id}"

    def _serial_first(self) -> int:
        return self.serial_from

    def _serial_last(self) -> int:
        return self.serial_to or super()._serial_last()

    def action_loy_cards(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Cards: %s", self.name),
            "res_model": "loy.card",
            "view_mode": "list,form",
            "domain": [("type_id", "=", self.id)],
        }

    def action_loy_generate(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Generate a series of cards"),
            "res_model": "loy.card.series",
            "view_mode": "form",
            "context": {"default_type_id": self.id},
        }
