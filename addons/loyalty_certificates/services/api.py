"""What the API tells and does of certificates."""

from decimal import Decimal

from odoo import models
from odoo.addons.loyalty_core.services.api import _to_utc
from odoo.addons.loyalty_core.services.endpoint import reads, tells, writes
from odoo.addons.loyalty_core.services.money import to_minor
from odoo.addons.loyalty_core.services.posting import Source
from odoo.addons.loyalty_core.services.requests import MemberOf

from . import requests


class LoyApi(models.AbstractModel):
    _inherit = "loy.api"

    @writes(requests.CertificateIssue)
    def certificate_issue(self, request):
        """A certificate that nobody pays for, good from now on; answers its number and PIN, this once. Codes:
        certificate_type_not_found, certificate_not_found, certificate_transition, certificate_value,
        certificate_number_missing, certificate_capacity, member_not_found, member_out_of_reach, at_out_of_range; with
        ``deliver`` also bad_email, bad_phone, bad_lang, certificate_printed, certificate_expired."""
        of = self._by_code("loy.certificate.type", request.type, "certificate_type_not_found")
        member = request.member and self._service("loy.members")._find({"member": request.member})
        if member:
            self._service("loy.reach")._check(member)
        value = Decimal(str(of.value)) if request.value is None else request.value
        reason, note = self._reason(request.reason)
        source = Source(
            "manual",
            reason_id=reason.id if reason else None,
            note=note,
            company_id=self._company().id,
            member_id=member.id if member else None,
        )
        certificate = self._service("loy.certificates")._give(
            of,
            to_minor(value, of.currency_id.decimal_places),
            number=request.certificate,
            at=self._moment(request.at),
            source=source,
            note=note,
        )
        if request.deliver:
            self._deliver(certificate, request.deliver)
        return self._service("loy.certificates")._shown(certificate)

    def _deliver(self, certificate, wish: requests.CertificateDelivery) -> None:
        self._service("loy.certificate.deliveries")._queue(
            certificate,
            "email" if wish.email else "sms",
            wish.email or wish.phone,
            at=_to_utc(wish.at),
            recipient_name=wish.name or "",
            sender_name=wish.from_ or "",
            greeting=wish.greeting or "",
            lang=wish.lang or "",
        )

    @reads(requests.CertificateOf)
    def certificate_check(self, request):
        """What is on a certificate and whether it can be used (``reason`` where it cannot: not_active, used, expired,
        blocked, cancelled). A wrong number and a wrong PIN are one refusal. Codes: certificate_not_found,
        at_out_of_range."""
        certificates = self._service("loy.certificates")
        return certificates._told(certificates._find(request.certificate, request.pin), self._moment(request.at))

    @tells(requests.CertificateOf)
    def certificate_get(self, request):
        """The same, with all states that it had, and what came on it and went off. Codes: certificate_not_found,
        at_out_of_range."""
        certificates = self._service("loy.certificates")
        certificate = certificates._find(request.certificate, request.pin)
        return {**certificates._told(certificate, self._moment(request.at)), **certificates._history(certificate)}

    @writes(requests.CertificateCancel)
    def certificate_cancel(self, request):
        """Nobody will ever use it, and what is left on it is written off. Codes: certificate_not_found,
        certificate_transition, certificate_held, at_out_of_range."""
        certificates, at = self._service("loy.certificates"), self._moment(request.at)
        certificate = certificates._get(request.certificate)
        reason, note = self._reason(request.reason)
        certificates._cancel(certificate, reason=reason, note=note, at=at)
        return certificates._told(certificate, at)

    @reads(MemberOf)
    def member_certificates(self, request):
        """The certificates of a member, by their last digits. Codes: member_not_found."""
        member = self._service("loy.members")._find({"member": request.member})
        return {"certificates": self._service("loy.certificates")._of_member(member, self._moment(None))}
