from odoo import fields, models
from odoo.tools import SQL

from ..services.errors import LoyaltyError
from .loy_series_mixin import SERIES_MAX


class LoyCodeSeries(models.Model):
    """Promo codes of a pool that are made, and may be printed, together."""

    _name = "loy.code.series"
    _inherit = ["loy.series.mixin"]
    _description = "Series of promo codes"
    _order = "id desc"
    _order_fields = {"pool_id", "count"}
    _right = "code.generate"

    pool_id = fields.Many2one(
        "loy.code.pool", required=True, index=True, ondelete="restrict",
        domain=[("kind", "=", "one_time"), ("pattern", "!=", False)],
    )  # fmt: skip
    count = fields.Integer(string="How many codes")
    company_id = fields.Many2one(related="pool_id.company_id", store=True, index="btree_not_null")
    code_ids = fields.One2many("loy.code", "series_id", string="Codes")
    example = fields.Char(related="pool_id.example")

    _count_sound = models.Constraint(
        f"CHECK (count BETWEEN 1 AND {SERIES_MAX} AND made_count BETWEEN 0 AND count)",
        f"A series has from 1 to {SERIES_MAX} codes; make several series for more.",
    )
    _being_made = models.Index("(id) WHERE state = 'making'")

    def _check_capacity(self, missing):
        self.env["loy.codes"]._check_capacity(self.pool_id, missing)

    def _make(self, missing):
        made = self.env["loy.codes"]._make(self.pool_id, missing, series=self)
        self.invalidate_recordset(["code_ids"])
        return made

    def _void_all(self):
        """A code that is given out at this very moment is waited for."""
        self.env.cr.execute(
            SQL("UPDATE loy_code SET state = 'void' WHERE series_id = %s AND state = 'new'", self.id)
        )
        if used := self.env.execute_query(
            SQL("SELECT code FROM loy_code WHERE series_id = %s AND state != 'void' LIMIT 1", self.id)
        ):
            raise LoyaltyError(
                "series_in_use",
                self.env._("Code %s of this series is given out or used; make the others void one by one", used[0][0]),
            )
        self.env["loy.code"].invalidate_model(["state"])

    def _cron(self):
        return self.env.ref("loyalty_core.loy_code_series_cron")

    def action_loy_codes(self):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("loyalty_core.loy_code_action")
        return {**action, "domain": [("series_id", "=", self.id)]}

    def action_loy_export_csv(self):
        return self._export_url("csv")

    def action_loy_export_xlsx(self):
        return self._export_url("xlsx")

    def _export_url(self, file_format):
        self.ensure_one()
        url = f"/loy/code-pool/{self.pool_id.id}/export?file_format={file_format}&series={self.id}"
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}
