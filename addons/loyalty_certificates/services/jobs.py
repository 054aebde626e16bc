from functools import partial

from odoo import models


class LoyJobs(models.AbstractModel):
    _inherit = "loy.jobs"

    def _jobs(self, at):
        yield from super()._jobs(at)
        yield "certificate_series", self._series("loy.certificate.series")
        yield "certificate_expire", [partial(self.env["loy.certificates"]._expire_ended, at)]
        yield "certificate_deliver", [partial(self.env["loy.certificate.deliveries"]._send_due, at)]
