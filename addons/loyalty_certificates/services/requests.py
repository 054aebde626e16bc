"""What the API's methods of certificates take, declared: validation and documentation are one."""

from dataclasses import dataclass

from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.requests import new_key


@dataclass(frozen=True, slots=True)
class CertificateOf:
    """A certificate somebody holds in hands."""

    certificate: str = schema.text(max_length=64, help="Its number; spaces and hyphens make no difference.")
    pin: str | None = schema.text(max_length=16, default=None, help="Needed where the type has PINs.")
    at: object = schema.instant(default=None, help="When it would be used; now where absent.")


@dataclass(frozen=True, slots=True)
class CertificateDelivery:
    """To whom a virtual certificate goes, by e-mail or SMS."""

    email: str | None = schema.text(max_length=255, default=None)
    phone: str | None = schema.text(max_length=32, default=None)
    name: str | None = schema.text(max_length=128, default=None, help="Of whoever it is for.")
    from_: str | None = schema.text(max_length=128, default=None, help="The name of whoever gives it.")
    greeting: str | None = schema.text(max_length=1000, default=None, help="Plain text; else what the type says.")
    at: object = schema.instant(default=None, help="When it goes out; at once where absent or past.")
    lang: str | None = schema.text(max_length=16, default=None, help="Such as uk; else that of the member.")

    def check(self):
        if bool(self.email) == bool(self.phone):
            yield "", "conflict", "must name exactly one of email, phone"


@dataclass(frozen=True, slots=True)
class CertificateIssue:
    """A certificate without a sale: to make up for something, as a prize."""

    key: str = new_key()
    type: str = schema.text(max_length=64, help="The code of its type.")
    certificate: str | None = schema.text(
        max_length=64, default=None, help="The number of one that is printed; one without a body is made."
    )
    value: object = schema.decimal(above=0, max=10**9, default=None, help="For a type of free value.")
    member: str | None = schema.text(max_length=20, default=None, help="Who gets it; it then stands in their cabinet.")
    reason: str | None = schema.text(max_length=255, default=None, help="The code of a reason, or a free text.")
    deliver: CertificateDelivery | None = schema.nested(
        CertificateDelivery, default=None, help="A virtual one also goes out by e-mail or SMS."
    )
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class CertificateCancel:
    """The end of a certificate."""

    key: str = new_key()
    certificate: str = schema.text(max_length=64)
    reason: str | None = schema.text(max_length=255, default=None, help="The code of a reason, or a free text.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")
