from babel.units import format_unit
from odoo import api, fields, models
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tools import SQL
from odoo.tools.misc import babel_locale_parse, get_lang

from ..services.templates import check_apart

#: What its unit says after the type.
SAID_BY_UNIT = {"code", "name", "company_id", "currency_id", "active"}
VALUE_KINDS = [("fixed", "Fixed"), ("free", "Chosen by the buyer")]


class LoyCertificateType(models.Model):
    """A kind of certificate: what it is worth, how long and where it is good, how its numbers look.

    What certificates of a type are worth is counted in a unit of its own, so that the ledger, its journals and reports
    tell types apart.
    """

    _name = "loy.certificate.type"
    _inherit = ["loy.audited.mixin", "loy.cached.mixin", "loy.revisioned.mixin", "loy.number.mixin"]
    _description = "Certificate type"
    _refusal = "bad_certificate_type"
    _template_refusal = "bad_certificate_template"
    _order = "sequence, code, id"

    name = fields.Char(translate=True)
    sequence = fields.Integer(default=10)
    unit_id = fields.Many2one("loy.unit", readonly=True, copy=False, ondelete="restrict", index=True)
    currency_id = fields.Many2one(
        "res.currency",
        compute="_compute_currency_id",
        store=True,
        readonly=False,
        precompute=True,
        ondelete="restrict",
        help="What its value is in; the company's own, for a type of one company.",
    )
    value_kind = fields.Selection(VALUE_KINDS, string="Value is", required=True, default="fixed")
    value = fields.Monetary(help="What each certificate of the type is worth.")
    value_min = fields.Monetary(string="Value from")
    value_max = fields.Monetary(string="Value to", help="0: as much as the buyer likes.")
    is_virtual = fields.Boolean("Virtual", help="Nothing is printed: the number goes out by e-mail or SMS.")
    is_single_use = fields.Boolean("Used at once", help="What is not used at once is lost.")
    validity_count = fields.Integer("Good for", default=1, help="From the day of sale. 0: for ever.")
    validity_unit = fields.Selection(
        [("days", "Days"), ("months", "Months"), ("years", "Years")], default="years", required=True
    )
    validity_text = fields.Char(string="Validity", compute="_compute_validity_text")
    when_text = fields.Text(
        string="When",
        help="Where and for what it is good: a condition on the receipt as JSON; empty: everywhere. The kinds are "
        "described in docs/promotions.md. What is sold keeps the condition that it was sold under.",
    )
    product_id = fields.Many2one(
        "product.product",
        string="Sold as",
        ondelete="restrict",
        index="btree_not_null",
        domain=[("default_code", "!=", False)],
        help="The product by which tills sell it. No promotion takes anything off its price.",
    )
    number_prefix = fields.Char(default="99")
    pin_length = fields.Integer(
        "Digits of the PIN", default=4, help="Under the scratch layer: whoever pays has to name it. 0: none."
    )
    color = fields.Integer(string="Colour")
    image = fields.Image(max_width=1024, max_height=1024, help="How it looks: on the screen and in letters.")
    greeting = fields.Text(translate=True, help="What stands on it, unless whoever buys it says something else.")
    refund_grace_days = fields.Integer(
        "Days after a refund",
        default=30,
        help="What comes back onto a certificate whose time is over can be used for so many days.",
    )
    certificate_count = fields.Integer(string="Certificates", compute="_compute_certificate_count")

    _product_unique = models.UniqueIndex(
        "(product_id, COALESCE(company_id, 0)) WHERE active AND product_id IS NOT NULL",
        "Another type of certificates is sold as this product.",
    )
    _pin_sound = models.Constraint("CHECK (pin_length BETWEEN 0 AND 8)", "A PIN has from 0 to 8 digits.")
    _validity_sound = models.Constraint(
        "CHECK (validity_count >= 0 AND refund_grace_days >= 0)", "A time cannot be less than nothing."
    )
    _value_sound = models.Constraint(
        "CHECK (CASE value_kind WHEN 'fixed' THEN value > 0"
        " ELSE value_min >= 0 AND (value_max = 0 OR value_max >= value_min) END)",
        "Say what a certificate is worth: a value above zero, or from how much to how much.",
    )

    @api.depends("company_id")
    def _compute_currency_id(self):
        for one in self:
            one.currency_id = one.company_id.currency_id or one.currency_id or self.env.company.currency_id

    @api.depends("validity_count", "validity_unit")
    @api.depends_context("lang")
    def _compute_validity_text(self):
        """As people say it: 1 year, 6 months."""
        locale = babel_locale_parse(get_lang(self.env).code)
        for one in self:
            unit = f"duration-{one.validity_unit.removesuffix('s')}" if one.validity_unit else ""
            count = one.validity_count
            one.validity_text = format_unit(count, unit, locale=locale) if count and unit else self.env._("for ever")

    def _compute_certificate_count(self):
        counts = dict(
            self.env["loy.certificate"]._read_group([("type_id", "in", self.ids)], ["type_id"], ["__count"])
        )
        for one in self:
            one.certificate_count = counts.get(one, 0)

    @api.constrains(
        "code", "value_kind", "value", "value_min", "value_max", "validity_count", "validity_unit", "when_text",
        "product_id", "pin_length",
    )  # fmt: skip
    def _check_document(self):
        """The engine itself is the judge."""
        if problems := self.env["loy.programme"]._problems_of_certificate_types(self):
            raise LoyaltyError(self._refusal, "\n".join(problems))

    @api.constrains("number_prefix", "number_length")
    def _check_apart_from_cards(self):
        """A certificate's number is never that of a card."""
        check_apart(self, self.env["loy.certificates"]._templates("loy.card.type"))

    @api.constrains("company_id", "currency_id")
    def _check_money_stays(self):
        """What has been booked of a type is money of one currency, of one company."""
        self.env["loy.certificates"]._check_unit(self)

    @api.model_create_multi
    def create(self, vals_list):
        types = super().create(vals_list)
        for one in types:
            self.env.cr.execute(
                SQL("CREATE SEQUENCE IF NOT EXISTS %s", SQL.identifier(one._serial_sequence()))
            )
        service = self.env["loy.certificates"]
        service._make_units(types)
        service._keep_price(types.product_id)
        return types

    def write(self, vals):
        result = super().write(vals)
        service = self.env["loy.certificates"]
        if SAID_BY_UNIT & vals.keys():
            service._tell_units(self)
        if vals.get("product_id"):
            service._keep_price(self.product_id)
        return result

    def _minor(self, amount: float) -> int:
        """An amount of its currency in minor units."""
        return round(amount * 10**self.currency_id.decimal_places)

    def _serial_sequence(self) -> str:
        return f"loy_certificate_type_serial_{self.id}"

    def action_loy_certificates(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Certificates: %s", self.name),
            "res_model": "loy.certificate",
            "view_mode": "list,form",
            "domain": [("type_id", "=", self.id)],
        }

    def action_loy_generate(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Make a series of certificates"),
            "res_model": "loy.certificate.series",
            "view_mode": "form",
            "context": {"default_type_id": self.id},
        }
