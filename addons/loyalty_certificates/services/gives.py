"""Certificates for points: by conversions on a schedule and from the catalogue of rewards."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from odoo import models
from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.gives import GIFTS, Grant
from odoo.addons.loyalty_core.services.money import to_minor
from odoo.addons.loyalty_core.services.posting import Source

from .certificate_giving import GIVEN

#: What of a gift whoever reads of it later is not told.
SECRETS = ("number", "pin")


@dataclass(frozen=True, slots=True)
class CertificateGift:
    """A certificate without a body that is the member's. Of a type of free value it is one, worth so much for each
    time; of a type of fixed value it is one for each time."""

    certificate_type: str = schema.reference("certificate_types", label="Type of certificates")
    value: object = schema.decimal(above=0, max=10**9, default=None, help="For a type whose value is free.")


GIFTS["certificate_type"] = CertificateGift


class LoyGives(models.AbstractModel):
    _inherit = "loy.gives"

    def _kept(self, given: dict) -> dict:
        kept = super()._kept(given)
        if "certificates" not in kept:
            return kept
        service = self.env["loy.certificates"]
        shown = [
            {"certificate": service._masked(one["number"]), **{key: one[key] for key in one if key not in SECRETS}}
            for one in kept["certificates"]
        ]
        return {**kept, "certificates": shown}

    def _lacks_certificate_type(self, given: CertificateGift, compiled) -> LoyaltyError | None:
        of = self.env["loy.certificates"]._type_named(given.certificate_type, self.env.company.id)
        if not of or not of.is_virtual:
            return LoyaltyError(
                "certificate_type_not_found",
                self.env._("There is no type %s of certificates without a body.", given.certificate_type),
            )
        return None

    def _give_certificate_type(self, grant: Grant, given: CertificateGift, *, at: datetime, source: Source) -> dict:
        service = self.env["loy.certificates"]
        company = self.env["res.company"].browse(source.company_id)
        if lack := self.with_company(company)._lacks_certificate_type(given, None):
            raise lack
        of = service._type_named(given.certificate_type, company.id)
        # First the points, which tell when there are too few.
        transaction = self.env["loy.ledger"]._spend({grant.account_id: grant.points_minor}, at=at, source=source)
        values = [of._minor(of.value)] * grant.times
        if of.value_kind == "free":
            values = [to_minor(Decimal(str(given.value or 0)), of.currency_id.decimal_places) * grant.times]
        gift = Source(GIVEN, document=source.document, company_id=company.id, member_id=grant.member_id)
        made = [service._give(of, value, at=at, source=gift, origin="conversion") for value in values]
        return {
            "certificates": [service._shown(one) for one in made],
            "expires_at": made[0].expires_at or None,
            "transaction": transaction,
        }


class LoyEditor(models.AbstractModel):
    _inherit = "loy.editor"

    def _gift_labels(self) -> dict[str, str]:
        return {**super()._gift_labels(), "certificate_type": self.env._("A certificate")}
