from odoo import fields, models
from odoo.addons.loyalty_core.models.loy_series_mixin import SERIES_MAX
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tools import SQL

from ..sql import certificates as sql


class LoyCertificateSeries(models.Model):
    """Certificates that are made and printed together."""

    _name = "loy.certificate.series"
    _inherit = ["loy.series.mixin"]
    _description = "Series of certificates"
    _order = "id desc"
    _order_fields = {"type_id", "count"}
    _right = "certificate.series"

    type_id = fields.Many2one(
        "loy.certificate.type", string="Certificate type", required=True, index=True, ondelete="restrict"
    )
    number_example = fields.Char(related="type_id.number_example")
    number_capacity = fields.Char(related="type_id.number_capacity")
    count = fields.Integer(string="How many certificates")
    company_id = fields.Many2one(related="type_id.company_id", store=True, index="btree_not_null")
    certificate_ids = fields.One2many("loy.certificate", "series_id", string="Certificates")
    export_ids = fields.One2many("loy.certificate.export", "series_id", string="Exports")
    sold_count = fields.Integer(string="Sold", compute="_compute_sold_count")

    _count_sound = models.Constraint(
        f"CHECK (count BETWEEN 1 AND {SERIES_MAX} AND made_count BETWEEN 0 AND count)",
        f"A series has from 1 to {SERIES_MAX} certificates; make several series for more.",
    )
    _being_made = models.Index("(id) WHERE state = 'making'")

    def _compute_sold_count(self):
        counts = dict(
            self.env["loy.certificate"]._read_group(
                [("series_id", "in", self.ids), ("activated_at", "!=", False)], ["series_id"], ["__count"]
            )
        )
        for series in self:
            series.sold_count = counts.get(series, 0)

    def _check_capacity(self, missing):
        if missing > self.type_id._capacity():
            raise self.env["loy.certificates"]._exhausted(self.type_id)

    def _make(self, missing):
        service, certificate_type = self.env["loy.certificates"], self.type_id

        def insert(serials: SQL) -> int:
            self.env.cr.execute(service._insert_sql(certificate_type, serials, {"series_id": self.id}))
            return self.env.cr.rowcount

        made = service._fill(certificate_type, missing, insert)
        self.invalidate_recordset(["certificate_ids"])
        return made

    def _void_all(self):
        """Their numbers are never given again. One that is sold at this very moment is waited for."""
        self.env["loy.certificate"].flush_model()
        self.env.cr.execute(sql.void(self.id, self.env.uid, fields.Datetime.now()))
        used = self.env.execute_query(
            SQL(
                "SELECT masked_number FROM loy_certificate WHERE series_id = %s"
                " AND (state != 'cancelled' OR account_id IS NOT NULL) LIMIT 1",
                self.id,
            )
        )
        if used:
            raise LoyaltyError(
                "series_in_use",
                self.env._(
                    "Certificate %s of this series is sold or kept for a sale; cancel the misprinted ones one by one",
                    used[0][0],
                ),
            )
        self.env["loy.certificate"].invalidate_model(["state"])

    def _cron(self):
        return self.env.ref("loyalty_certificates.loy_certificate_series_cron")

    def action_loy_export(self):
        """The wizard asks for format and columns."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Numbers for the printer"),
            "res_model": "loy.certificate.export.wizard",
            "view_mode": "form",
            "target": "new",
            "context": {"default_series_id": self.id},
        }

    def action_loy_certificates(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Certificates of %s", self.name),
            "res_model": "loy.certificate",
            "view_mode": "list,form",
            "domain": [("series_id", "=", self.id)],
        }
