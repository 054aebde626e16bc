from odoo.http import Controller, content_disposition, request, route


class AdjustmentList(Controller):
    @route(
        "/loy/adjustment-list/<model('loy.adjustment.list'):record>/faults",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def faults(self, record, **_ignored):
        """The lines of a list that cannot be booked, as a file to be corrected."""
        record.check_access("read")
        content = request.env["loy.adjustment.lists"]._export_faults(record)
        headers = [
            ("Content-Type", "text/csv; charset=utf-8"),
            ("Content-Disposition", content_disposition(f"{record.name.rpartition('.')[0] or record.name} faults.csv")),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        return request.make_response(content, headers)
