from odoo import fields, models
from odoo.tools import SQL

from ..sql import ledger_days as sql


class LoyBreakageReport(models.Model):
    """What became of the points by the month in which they became usable: used, expired, or still there.

    A share of several rows is the share of their sums, never a mean of shares.
    """

    _name = "loy.breakage.report"
    _description = "What became of points"
    _auto = False
    _order = "month desc, unit_id"
    _rec_name = "month"

    month = fields.Date("Usable since", readonly=True)
    unit_id = fields.Many2one("loy.unit", readonly=True)
    company_id = fields.Many2one("res.company", string="Given by company", readonly=True)
    given = fields.Float(readonly=True, help="Earned, given by hand and got by conversion, less what was taken back.")
    used = fields.Float(readonly=True, help="Paid with, and turned into other units.")
    expired = fields.Float(readonly=True)
    remaining = fields.Float("Still there", readonly=True)
    used_share = fields.Float("Used, %", readonly=True, aggregator="avg", digits=(16, 1))
    share = fields.Float("Expired, %", readonly=True, aggregator="avg", digits=(16, 1), help="The breakage so far.")

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT %s AS id, *,
                   (100 * used / NULLIF(given, 0))::float8 AS used_share,
                   (100 * expired / NULLIF(given, 0))::float8 AS share
              FROM (
                   SELECT fact.month, fact.unit_id, fact.issuer_id AS company_id,
                          (COALESCE(SUM(fact.delta_minor) FILTER (WHERE fact.role IN (
                              'issued', 'adjusted', 'forgiven', 'settlement')), 0)
                           + COALESCE(SUM(fact.delta_minor) FILTER (
                              WHERE fact.role = 'converted' AND fact.delta_minor > 0), 0)) / unit.scale AS given,
                          -(COALESCE(SUM(fact.delta_minor) FILTER (WHERE fact.role IN ('redeemed', 'clearing')), 0)
                            + COALESCE(SUM(fact.delta_minor) FILTER (
                              WHERE fact.role = 'converted' AND fact.delta_minor < 0), 0)) / unit.scale AS used,
                          -COALESCE(SUM(fact.delta_minor) FILTER (WHERE fact.role = 'expired'), 0) / unit.scale
                              AS expired,
                          SUM(fact.delta_minor) / unit.scale AS remaining
                     FROM (%s) AS fact
                     JOIN (SELECT id, POWER(10::numeric, decimals) AS scale FROM loy_unit) AS unit
                       ON unit.id = fact.unit_id
                    WHERE fact.month IS NOT NULL
                    GROUP BY fact.month, fact.unit_id, fact.issuer_id, unit.scale
              ) AS fact
            """,
            sql.row_id("month", "unit_id", "company_id"),
            sql.days(),
        )

    def _read_group_select(self, aggregate_spec, query):
        parts = {"share:avg": "expired", "used_share:avg": "used"}
        if aggregate_spec not in parts:
            return super()._read_group_select(aggregate_spec, query)
        return SQL(
            "(100.0 * SUM(%s) / NULLIF(SUM(%s), 0))::float8",
            self._field_to_sql(self._table, parts[aggregate_spec], query),
            self._field_to_sql(self._table, "given", query),
        )
