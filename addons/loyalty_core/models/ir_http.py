from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    """No request is served from what the process keeps of a database that was there before a restore."""

    _inherit = "ir.http"

    @classmethod
    def _match(cls, path_info):
        request.env["loy.era"]._meet()
        return super()._match(path_info)
