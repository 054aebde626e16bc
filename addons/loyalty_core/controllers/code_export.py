from odoo.http import Controller, request, route

from .card_export import sent


class CodeExport(Controller):
    @route(
        "/loy/code-pool/<model('loy.code.pool'):pool>/export",
        type="http",
        auth="user",
        methods=["GET"],
        readonly=False,
    )
    def export(self, pool, file_format="csv", series=None, **_ignored):
        """The codes of a pool that nobody has yet, for whoever may take them out; each time is logged."""
        pool.check_access("write")
        request.env["loy.rights"]._check("code.export")
        found = pool.series_ids.filtered(lambda one: str(one.id) == series) if series else None
        if series and not found:
            raise request.not_found()
        return sent(request.env["loy.codes"]._export(pool, file_format, found), pool.code, file_format)
