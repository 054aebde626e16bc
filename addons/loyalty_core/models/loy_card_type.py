from odoo import api, fields, models, tools
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ..fields import BigInteger
from ..services.errors import LoyaltyError
from ..sql.cards import card_number
from ..tools import check_digits


class LoyCardType(models.Model):
    """A kind of card and the template of its numbers: prefix, serial, check digit."""

    _name = "loy.card.type"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.code.mixin"]
    _description = "Card type"

    color = fields.Integer(string="Colour")
    is_default = fields.Boolean(
        string="Default", help="New members get a card of this type by themselves. One per company."
    )
    number_prefix = fields.Char(string="Prefix", default="29", help="What every number starts with.")
    number_length = fields.Integer(
        string="Length", default=13, required=True, help="Prefix and check digit included."
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
    number_check = fields.Selection(
        [("luhn", "Luhn, as on bank cards"), ("ean13", "EAN-13, as on goods: any scanner reads it")],
        string="Check digit",
        default="ean13",
        help="Catches a mistyped number. Empty: none.",
    )
    is_template_strict = fields.Boolean(
        string="Only numbers of this template",
        help="Refuse to issue a card with a number that does not fit. Off while old cards are taken over.",
    )
    number_example = fields.Char(string="Example", compute="_compute_number_example")
    number_capacity = fields.Char(string="Numbers possible", compute="_compute_number_example")
    card_count = fields.Integer(string="Cards", compute="_compute_card_count")

    _default_unique = models.UniqueIndex(
        "((COALESCE(company_id, 0))) WHERE is_default", "The company already has a default card type."
    )

    @api.model
    @tools.ormcache("type_id")
    def _code_of(self, type_id: int) -> str:
        """The code of a type; every receipt with a card asks for it."""
        return self.browse(type_id).code

    @api.depends("number_prefix", "number_length", "number_check", "serial_from", "serial_to")
    def _compute_number_example(self):
        for card_type in self:
            is_sound = not card_type._template_problem()
            card_type.number_example = card_type._number(card_type.serial_from) if is_sound else False
            card_type.number_capacity = (
                formatLang(self.env, card_type._capacity(), digits=0) if is_sound else False
            )

    def _compute_card_count(self):
        counts = dict(
            self.env["loy.card"]._read_group([("type_id", "in", self.ids)], ["type_id"], ["__count"])
        )
        for card_type in self:
            card_type.card_count = counts.get(card_type, 0)

    @api.constrains("number_prefix", "number_length", "number_check", "serial_from", "serial_to")
    def _check_template(self):
        for card_type in self:
            if problem := card_type._template_problem():
                raise LoyaltyError("bad_card_template", problem)

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

    def _serial_width(self) -> int:
        """How many digits tell one card from another."""
        return self.number_length - len(self.number_prefix or "") - bool(self.number_check)

    def _serial_last(self) -> int:
        return self.serial_to or 10 ** self._serial_width() - 1

    def _capacity(self) -> int:
        """How many numbers there can be."""
        return self._serial_last() - self.serial_from + 1

    def _template_problem(self) -> str | None:
        """What is wrong with the template, in words."""
        prefix = self.number_prefix or ""
        if self.number_check and prefix and not (prefix.isascii() and prefix.isdigit()):
            return self.env._("a check digit needs a prefix of digits")
        if not prefix.isascii() or (prefix and not prefix.isalnum()):
            return self.env._("the prefix may have Latin letters and digits only")
        if self.number_check == "ean13" and self.number_length != 13:
            return self.env._("a number with an EAN-13 check digit is 13 digits long")
        if not 1 <= self._serial_width() <= 15:
            return self.env._(
                "length %(length)s leaves %(width)s digits besides prefix and check digit; 1 to 15 can be",
                length=self.number_length,
                width=self._serial_width(),
            )
        if not 0 <= self.serial_from <= self._serial_last() < 10 ** self._serial_width():
            return self.env._(
                "the range from %(first)s to %(last)s does not fit into %(width)s digits",
                first=self.serial_from,
                last=self._serial_last(),
                width=self._serial_width(),
            )
        return None

    def _number_sql(self) -> SQL:
        """The number at ``place`` of the range, in SQL."""
        serial = SQL("(%s::bigint + place)", self.serial_from)
        return card_number(self.number_prefix or "", self._serial_width(), self.number_check or None, serial)

    def _number(self, serial: int) -> str:
        """The number with this serial."""
        payload = f"{self.number_prefix or ''}{serial:0{self._serial_width()}d}"
        return payload + (check_digits.check_digit(self.number_check, payload) if self.number_check else "")

    def _fits(self, number: str) -> bool:
        """Whether the template could have made this number."""
        prefix = self.number_prefix or ""
        serial = number[len(prefix) :]
        return (
            len(number) == self.number_length
            and number.startswith(prefix)
            and serial.isascii()
            and serial.isdigit()
            and self.serial_from <= int(serial[: self._serial_width()]) <= self._serial_last()
            and (not self.number_check or check_digits.is_valid(self.number_check, number))
        )

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
