"""How a certificate looks on paper and in letters, with its number and PIN."""

import base64
from datetime import timedelta

from odoo import models
from odoo.addons.loyalty_core.tools.barcodes import grouped
from odoo.tools import format_date
from odoo.tools.image import image_data_uri

PRINTED = "loyalty_certificates.loy_certificate_report"
#: The type of a file that the report makes, by its ending.
FILE_TYPES = {"pdf": "application/pdf", "html": "text/html"}


class LoyCertificateLooks(models.AbstractModel):
    """What stands on certificates; with what whoever sends one has to say."""

    _name = "loy.certificate.looks"
    _description = "Look of certificates"

    def _look(self, certificate) -> dict:
        """In the language of whoever gets it. Whoever calls has checked that the number may be shown."""
        certificate = certificate.sudo()  # see above: number and PIN are shown to few
        lang, delivery = self._lang_of(certificate), self._delivery_of(certificate)
        certificate = certificate.with_context(lang=lang)
        of = certificate.type_id
        return {
            "certificate": certificate,
            "lang": lang,
            "company": certificate.company_id or self.env.company.sudo(),  # the name of the shop is no secret
            "name": of.name or of.code,
            "image": image_data_uri(of.image) if of.image else None,
            "value": self._money_text(certificate),
            "number": grouped(certificate.number),
            "barcode": self._barcode(certificate.number),
            "pin": certificate.pin or "",
            "until": self._until_text(certificate),
            "greeting": delivery.greeting or of.greeting or "",
            "from_name": delivery.sender_name or "",
            "to_name": delivery.recipient_name or certificate.member_id.name or "",
        }

    def _lang_of(self, certificate) -> str:
        # Of the shop, which is no secret, where neither says.
        shop = self.env.company.partner_id.sudo()
        return self._delivery_of(certificate).lang or certificate.member_id.lang or shop.lang or self.env.lang

    def _delivery_of(self, certificate):
        """The one that is made just now, else the last that was not cancelled."""
        deliveries = certificate.sudo().delivery_ids  # what stands on a certificate, for whoever may see it
        now = deliveries.filtered(lambda one: one.id == self.env.context.get("loy_delivery_id"))
        return now or deliveries.filtered(lambda one: one.state != "cancelled")[:1]

    def _money_text(self, certificate) -> str:
        """Without decimals that say nothing."""
        return certificate.currency_id.format(certificate.value)

    def _until_text(self, certificate) -> str:
        """The last day on which it is good; nothing for one that is good for ever."""
        if not certificate.expires_at:
            return ""
        end = certificate.env["loy.certificates"]._local(certificate, certificate.expires_at)
        return format_date(certificate.env, (end - timedelta(microseconds=1)).date())

    def _barcode(self, number: str) -> str:
        """A picture of Code 128, in the page itself: nobody else is asked for it."""
        # Any user may draw barcodes.
        picture = self.env["ir.actions.report"].sudo().barcode("Code128", number, width=900, height=180)
        return f"data:image/png;base64,{base64.b64encode(picture).decode()}"

    def _printed(self, certificate) -> tuple[str, str, bytes]:
        """(name, type, content) of the file that goes out with it."""
        # The service that delivers certificates is nobody in particular; its file goes to the recipient alone.
        report = self.env["ir.actions.report"].sudo().with_context(lang=self._lang_of(certificate.sudo()))
        content, ending = report._render_qweb_pdf(PRINTED, certificate.ids)
        return f"{certificate.sudo().serial}.{ending}", FILE_TYPES[ending], content


class CertificateReport(models.AbstractModel):
    """The printed look, for whoever may see numbers: one page for each certificate."""

    _name = "report.loyalty_certificates.certificate"
    _description = "Printed certificate"

    def _get_report_values(self, docids, data=None):
        certificates = self.env["loy.certificate"].browse(docids).exists()
        certificates.check_access("read")
        if not self.env.su:
            self.env["loy.rights"]._check("certificate.numbers")
        service = self.env["loy.certificate.looks"]
        return {"docs": certificates, "looks": [service._look(one) for one in certificates]}
