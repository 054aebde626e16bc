"""Certificates that nobody pays for: by hand, by promotions and events, for points."""

from collections.abc import Mapping
from datetime import datetime

from odoo import models
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.posting import Source

from ..engine.issue_certificate import CertificateIssue

#: The source of what is on a certificate that is given: an expense, for the books.
GIVEN = "certificate"


class LoyCertificatesGiving(models.AbstractModel):
    """A chapter of `loy.certificates`."""

    _name = "loy.certificates.giving"
    _description = "Certificates: giving"

    def _give(
        self, of, value_minor: int, *, at: datetime, source: Source, origin: str = "hand", number: str | None = None,
        promotion_code: str = "", note: str = "",
    ):  # fmt: skip
        """A certificate of a type that is good from now on: the printed one of this number, or a new one where the type
        has no body. Codes: certificate_not_found, certificate_product, certificate_number_missing, certificate_value,
        certificate_transition, certificate_capacity."""
        self._check_value(of, value_minor)
        if number:
            certificate = self._get(number)
            if certificate.type_id != of:
                raise LoyaltyError(
                    "certificate_product", self.env._("That certificate is of another type; take one of %s", of.name)
                )
        elif not of.sudo().is_virtual:  # see _make
            raise LoyaltyError(
                "certificate_number_missing",
                self.env._("Certificates of type %s are printed: say which one is given", of.name),
            )
        else:
            certificate = self._make(of, 1)
        return self._activate(
            certificate,
            [value_minor],
            at=at,
            source=source,
            origin=origin,
            promotion_code=promotion_code,
            note=note,
        )

    def _type_named(self, code: str, company_id: int):
        """The type of a code; a company's own one takes the place of a shared one."""
        # What a promotion gives need not be seen by whoever sells.
        types = self.env["loy.certificate.type"].sudo()
        domain = [("code", "=", code), ("company_id", "in", [False, company_id])]
        return types.search(domain, order="company_id", limit=1)  # NULL, a shared one, comes last

    def _give_issue(self, issue: CertificateIssue, *, at: datetime, source: Source, company_id: int):
        """What a promotion gives; nothing but why, where the type has changed meanwhile."""
        of = self._type_named(issue.type, company_id)
        if not of:
            return None, "certificate_type_not_found"
        value = of._minor(of.value) if issue.value_minor is None else issue.value_minor
        try:
            with self.env.cr.savepoint():
                certificate = self._give(
                    of, value, at=at, source=source, origin="promotion", promotion_code=issue.promotion
                )
        except LoyaltyError as refusal:
            return None, refusal.code
        return certificate, ""


class LoyIssues(models.AbstractModel):
    _inherit = "loy.issues"

    def _make(self, purchase, scene, result) -> dict:
        """Whoever reads the purchase later does not learn the numbers."""
        document = super()._make(purchase, scene, result)
        if any("certificate" in one for one in document.get("issued", ())):
            purchase.result = {**document, "issued": [self._masked(one) for one in document["issued"]]}
        return document

    def _masked(self, issued: dict) -> dict:
        if "certificate" not in issued:
            return issued
        kept = {key: value for key, value in issued.items() if key not in ("certificate", "pin")}
        return {**kept, "certificate": self.env["loy.certificates"]._masked(issued["certificate"])}

    def _make_certificate(self, purchase, scene, issue: CertificateIssue) -> dict:
        source = self.env["loy.purchases"]._source(GIVEN, purchase)
        certificate, problem = self.env["loy.certificates"]._give_issue(
            issue, at=scene.at, source=source, company_id=purchase.company_id.id
        )
        if problem:
            return {"problem": problem}
        shown = self.env["loy.certificates"]._shown(certificate)
        shown["certificate"] = shown.pop("number")
        del shown["type"]
        return shown

    def _make_beside_certificate(self, company, compiled, zones: Mapping[int, str], wanted: list) -> None:
        """It is the member's, who finds it in the cabinet."""
        for one, issue, shown in wanted:
            source = Source(GIVEN, document=issue.promotion, company_id=company.id, member_id=one.member_id)
            certificate, problem = self.env["loy.certificates"]._give_issue(
                issue, at=one.at, source=source, company_id=company.id
            )
            shown |= {"problem": problem} if problem else {"number": certificate.masked_number}
