from odoo.http import Controller, content_disposition, request, route

from .card_export import TYPES


class ReportFile(Controller):
    @route("/loy/report/<string:code>/xlsx", type="http", auth="user", methods=["GET", "POST"], readonly=True)
    def report(self, code, params="{}", companies="", title="", **_ignored):
        """A report as a spreadsheet, for whoever may see it."""
        name, content = self._files(companies)._make_asked(code, params, title)
        headers = [
            ("Content-Type", TYPES["xlsx"]),
            ("Content-Disposition", content_disposition(name)),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)

    def _files(self, companies):
        """For the companies that the screen shows; those that are not the user's are refused."""
        chosen = [int(one) for one in companies.split("-") if one.isdecimal()]
        files = request.env["loy.report.files"]
        return files.with_context(allowed_company_ids=chosen) if chosen else files
