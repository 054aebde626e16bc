from odoo.addons.loyalty_core.controllers.card_export import sent
from odoo.http import Controller, request, route


class CertificateExport(Controller):
    @route(
        "/loy/certificate-series/<model('loy.certificate.series'):series>/export",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def export(self, series, file_format="csv", columns="number", **_ignored):
        """The numbers of a series as a file, for whoever may make series and see numbers; each time is logged."""
        series.check_access("write")
        for right in ("certificate.series", "certificate.numbers"):
            request.env["loy.rights"]._check(right)
        file = request.env["loy.certificate.exports"]._export(series, file_format, columns.split(","))
        return sent(file, series.name, file_format)
