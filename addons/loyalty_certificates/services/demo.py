"""Certificates of the demo chain, made and changed by the service that tills call."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.addons.loyalty_core.services.posting import Source
from odoo.addons.loyalty_core.sql.journals import PREPAID_SALE


class LoyCertificateDemo(models.AbstractModel):
    """Some certificates of each state."""

    _name = "loy.certificate.demo"
    _description = "Certificates of the demo chain"

    @api.model
    def _show(self) -> None:
        """The series is made, sold in part, and what happens to certificates happens to some."""
        service = self.env["loy.certificates"]
        series, now = self.env.ref("loyalty_certificates.loy_certificate_series_demo"), fields.Datetime.now()
        self.env["loy.series"]._start(series)
        koval = self.env.ref("loyalty_core.loy_member_koval")
        source = Source(PREPAID_SALE, company_id=series.company_id.id)
        minor = 10**series.company_id.currency_id.decimal_places
        sold = series.certificate_ids.sorted("serial")[:8]
        for days, certificate in enumerate(sold, start=1):
            at = now - timedelta(days=7 * days)
            service._activate(certificate, [500 * minor], at=at, source=source, member=koval if days == 1 else None)
        service._transition(sold[1], "blocked", note="Stolen, the buyer called")
        service._change_validity(sold[2], now + timedelta(days=500), note="The store was closed for repairs")
        service._cancel(sold[3], note="Printed twice")
        old = now - timedelta(days=400)
        service._activate(series.certificate_ids.sorted("serial")[8:10], [500 * minor] * 2, at=old, source=source)
        self.env["loy.ledger"]._expire(now)
        service._expire_ended(now)
        virtual = self.env.ref("loyalty_certificates.loy_certificate_type_virtual")
        prizes = service._issue(virtual, 250 * minor, 3, member=koval, note="A prize of the anniversary")
        self._show_deliveries(prizes, now)

    def _show_deliveries(self, certificates, now) -> None:
        """One that waits for the New Year, one that was stopped."""
        service, eve = self.env["loy.certificate.deliveries"], now + timedelta(days=30)
        told = {"sender_name": "Kolo Market", "greeting": "A happy New Year!", "at": eve}
        service._queue(certificates[0], "email", "olha@example.com", recipient_name="Olha", **told)
        service._cancel(service._queue(certificates[1], "sms", "+380671110009", recipient_name="Ivan", **told))
