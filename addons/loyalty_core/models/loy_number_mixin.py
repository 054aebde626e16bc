from odoo import api, fields, models
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from ..services.errors import LoyaltyError
from ..sql.cards import card_number
from ..tools import check_digits


class LoyNumberMixin(models.AbstractModel):
    """A template of numbers that are printed and scanned: prefix, serial, check digit. Of cards, and of what other
    addons number."""

    _name = "loy.number.mixin"
    _description = "Template of numbers"
    #: The code under which a template is refused that makes no numbers.
    _template_refusal = "bad_number_template"

    number_prefix = fields.Char(string="Prefix", default="29", help="What every number starts with.")
    number_length = fields.Integer(
        string="Length", default=13, required=True, help="Prefix and check digit included."
    )
    number_check = fields.Selection(
        [("luhn", "Luhn, as on bank cards"), ("ean13", "EAN-13, as on goods: any scanner reads it")],
        string="Check digit",
        default="ean13",
        help="Catches a mistyped number. Empty: none.",
    )
    number_example = fields.Char(string="Example", compute="_compute_number_example")
    number_capacity = fields.Char(string="Numbers possible", compute="_compute_number_example")

    @api.depends("number_prefix", "number_length", "number_check")
    def _compute_number_example(self):
        for template in self:
            is_sound = not template._template_problem()
            template.number_example = template._number(template._serial_first()) if is_sound else False
            template.number_capacity = formatLang(self.env, template._capacity(), digits=0) if is_sound else False

    @api.constrains("number_prefix", "number_length", "number_check")
    def _check_template(self):
        for template in self:
            if problem := template._template_problem():
                raise LoyaltyError(self._template_refusal, problem)

    def _serial_width(self) -> int:
        """How many digits tell one number from another."""
        return self.number_length - len(self.number_prefix or "") - bool(self.number_check)

    def _serial_first(self) -> int:
        return 0

    def _serial_last(self) -> int:
        return 10 ** self._serial_width() - 1

    def _capacity(self) -> int:
        """How many numbers there can be."""
        return self._serial_last() - self._serial_first() + 1

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
        if not 0 <= self._serial_first() <= self._serial_last() < 10 ** self._serial_width():
            return self.env._(
                "the range from %(first)s to %(last)s does not fit into %(width)s digits",
                first=self._serial_first(),
                last=self._serial_last(),
                width=self._serial_width(),
            )
        return None

    def _number_sql(self) -> SQL:
        """The number at ``place`` of the range, in SQL."""
        serial = SQL("(%s::bigint + place)", self._serial_first())
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
            and self._serial_first() <= int(serial[: self._serial_width()]) <= self._serial_last()
            and (not self.number_check or check_digits.is_valid(self.number_check, number))
        )
