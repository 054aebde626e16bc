from odoo.addons.portal.controllers.portal import CustomerPortal
from odoo.http import request, route


class CertificatePortal(CustomerPortal):
    """Whoever is logged in sees their own certificates, and no address names anybody else."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if "certificate_count" in counters:
            values["certificate_count"] = len(request.env["loy.certificate.portal"]._own())
        return values

    @route("/my/certificates", type="http", auth="user", methods=["GET"], website=True)
    def loy_certificates(self, **_ignored):
        return self._loy_page(None)

    @route("/my/certificates/<int:certificate_id>", type="http", auth="user", methods=["POST"], website=True)
    def loy_certificate_number(self, certificate_id, **_ignored):
        """Number and PIN, asked for by a button: no link and no picture on another page can do that."""
        shown = request.env["loy.certificate.portal"]._show_own(certificate_id)
        if not shown:
            raise request.not_found()
        return self._loy_page(shown)

    def _loy_page(self, shown):
        values = {
            **self._prepare_portal_layout_values(),
            "page_name": "loy_certificates",
            "cards": request.env["loy.certificate.portal"]._own_cards(),
            "shown": shown,
        }
        response = request.render("loyalty_certificates.portal_certificates", values)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Frame-Options"] = "DENY"
        return response
