from odoo import models
from odoo.tools import SQL


class LoyAmountMixin(models.AbstractModel):
    """People see amounts of a unit, the ledger counts its minor units: amount = amount_minor / 10^decimals.

    A model names its pairs in ``_amount_fields`` ({shown: stored}); the shown ones are computed and never
    stored, yet lists, pivots and graphs sum them, because their sums are taken in SQL.
    """

    _name = "loy.amount.mixin"
    _description = "Amounts of a unit"
    _amount_fields = {}

    def _compute_amounts(self):
        for record in self:
            # sudo: who may read a balance may not always read the unit of another company
            scale = 10 ** record.unit_id.sudo().decimals
            for shown, stored in self._amount_fields.items():
                record[shown] = record[stored] / scale

    def _read_group_select(self, aggregate_spec, query):
        name, _colon, function = aggregate_spec.partition(":")
        stored = self._amount_fields.get(name)
        if stored is None or function not in ("sum", "avg", "min", "max"):
            return super()._read_group_select(aggregate_spec, query)
        alias = query.make_alias(self._table, "unit_scale")
        query.add_join(
            "LEFT JOIN",
            alias,
            "loy_unit",
            SQL("%s = %s", self._field_to_sql(self._table, "unit_id", query), SQL.identifier(alias, "id")),
        )
        return SQL(
            "%s(%s * power(10::numeric, -COALESCE(%s, 0)))::float8",
            SQL(function.upper()),
            self._field_to_sql(self._table, stored, query),
            SQL.identifier(alias, "decimals"),
        )
