from odoo.http import Controller, Response, content_disposition, request, route
from werkzeug.wsgi import wrap_file

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class CardExport(Controller):
    @route(
        "/loy/card-series/<model('loy.card.series'):series>/export",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def export(self, series, file_format="csv", columns="number", **_ignored):
        """The numbers of a series as a file, for whoever may make series; each time is logged."""
        series.check_access("write")
        request.env["loy.rights"]._check("card.export")
        file = request.env["loy.card.exports"]._export(series, file_format, columns.split(","))
        return sent(file, series.name, file_format)


def sent(file, name, file_format):
    """A file of secrets: saved by the browser, and kept nowhere on its way."""
    size = file.seek(0, 2)
    file.seek(0)
    return Response(
        wrap_file(request.httprequest.environ, file),
        headers=[
            ("Content-Type", TYPES[file_format]),
            ("Content-Disposition", content_disposition(f"{name}.{file_format}")),
            ("Content-Length", str(size)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ],
        direct_passthrough=True,
    )
