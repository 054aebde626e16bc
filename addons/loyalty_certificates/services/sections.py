"""Types of certificates in a programme document."""

import json
from dataclasses import dataclass

from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.sections import CodedDocument, Section, add_section

VALIDITY = ("days", "months", "years")
NUMBER = {"prefix": "number_prefix", "length": "number_length", "check": "number_check"}


@dataclass(frozen=True, slots=True)
class ValidityDocument:
    """So long from the day of sale, to the end of the last day."""

    days: int | None = schema.integer(min=1, max=36_500, default=None)
    months: int | None = schema.integer(min=1, max=1_200, default=None)
    years: int | None = schema.integer(min=1, max=100, default=None)

    def check(self):
        if sum(getattr(self, name) is not None for name in VALIDITY) != 1:
            yield "", "conflict", "needs exactly one of days, months, years"


@dataclass(frozen=True, slots=True)
class NumberDocument:
    """The template of numbers. No number is of a card too, so it differs from all card types by prefix or length."""

    prefix: str = schema.text(max_length=20, default="99")
    length: int = schema.integer(min=4, max=32, default=13)
    check_: str | None = schema.choice("luhn", "ean13", default=None)


@dataclass(frozen=True, slots=True)
class CertificateTypeDocument(CodedDocument):
    """A kind of certificate: what it is worth, how long and where it is good, how its numbers look."""

    value: object = schema.decimal(above=0, max=10**9, default=None, help="What each is worth; or `value_min` to.")
    value_min: object = schema.decimal(min=0, max=10**9, default=None, help="The buyer chooses the value.")
    value_max: object = schema.decimal(above=0, max=10**9, default=None, help="Absent: as much as the buyer likes.")
    virtual: bool = schema.flag(default=False, help="Nothing is printed: the number goes out by e-mail or SMS.")
    single_use: bool = schema.flag(default=False, help="What is not used at once is lost.")
    validity: ValidityDocument | None = schema.nested(ValidityDocument, default=None, help="For ever where absent.")
    when: dict | None = schema.json_object(default=None, help="On which receipts it is good.")
    product: str | None = schema.reference("products", default=None, help="By which tills sell it.")
    number: NumberDocument = schema.nested(NumberDocument, default=NumberDocument())
    pin_length: int = schema.integer(min=0, max=8, default=4, help="0: no PIN.")
    refund_grace_days: int = schema.integer(
        min=0, max=3_650, default=30, help="What comes back when its time is over is good for so many days."
    )
    greeting: str | None = schema.text(max_length=2_000, default=None)
    color: int = schema.integer(min=0, max=11, default=0)

    def check(self):
        if (self.value is None) == (self.value_min is None):
            yield "value", "conflict", "or value_min is required, and not both"
        elif self.value is not None and self.value_max is not None:
            yield "value_max", "conflict", "is for types whose value the buyer chooses"
        elif self.value_max is not None and self.value_max < self.value_min:
            yield "value_max", "range", "is less than value_min"


class CertificateTypeSection(Section):
    """The kind of value is told by the keys, validity and numbers are objects, the tree is the text people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        for name in ("validity", "number", "when"):
            values.pop(name)
        is_fixed = document.value is not None
        values |= {name: float(getattr(document, name) or 0) for name in ("value", "value_min", "value_max")}
        values["value_kind"] = "fixed" if is_fixed else "free"
        unit = next((name for name in VALIDITY if document.validity and getattr(document.validity, name)), None)
        values["validity_count"] = getattr(document.validity, unit) if unit else 0
        values["validity_unit"] = unit or "years"
        values |= {name: getattr(document.number, f"{key}_" if key == "check" else key) or False
                   for key, name in NUMBER.items()}  # fmt: skip
        values["when_text"] = json.dumps(document.when, ensure_ascii=False, indent=2) if document.when else False
        return values

    def document_of(self, record) -> dict[str, object]:
        document = Section.document_of(self, record)
        for name in ("value", "value_min", "value_max"):
            document.pop(name, None)
        for name in ("value",) if record.value_kind == "fixed" else ("value_min", "value_max"):
            if record[name] or name == "value_min":
                document[name] = _number(record[name])
        if record.validity_count:
            document["validity"] = {record.validity_unit: record.validity_count}
        plain = NumberDocument()
        number = {key: record[name] or "" for key, name in NUMBER.items()}
        number = {
            key: value
            for key, value in number.items()
            if value != (getattr(plain, f"{key}_" if key == "check" else key) or "")
        }
        if number:
            document["number"] = number
        if when := record._document_in("when_text"):
            document["when"] = when
        return document


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


add_section(
    CertificateTypeSection(
        "certificate_types",
        "loy.certificate.type",
        CertificateTypeDocument,
        {"virtual": "is_virtual", "single_use": "is_single_use", "product": "product_id"},
        is_named=True,
    )
)
