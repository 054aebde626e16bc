from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from ..fields import FactMany2one

WEEKDAYS = [
    ("1", "Monday"),
    ("2", "Tuesday"),
    ("3", "Wednesday"),
    ("4", "Thursday"),
    ("5", "Friday"),
    ("6", "Saturday"),
    ("7", "Sunday"),
]

#: What is asked of a ratio → how what is divided is added up: as it is, or in the currency of the company in hand.
RATIO_SUMS = {"avg": "sum", "sum_currency": "sum_currency"}


class LoySalesFactMixin(models.AbstractModel):
    """Sums of receipts, kept by ``loy.sales.facts``; nobody writes here.

    A ratio of several rows is the ratio of their sums, never a mean of ratios.
    """

    _name = "loy.sales.fact.mixin"
    _inherit = ["loy.money.mixin", "loy.bigint.mixin"]
    _description = "Sums of receipts"
    _log_access = False

    #: Field → (what is divided, by what, times).
    _ratios = {}

    day = fields.Date(required=True, readonly=True, help="The day that stands on the receipts.")
    company_id = FactMany2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.depends(lambda self: [name for parts in self._ratios.values() for name in parts[:2]])
    def _compute_ratios(self):
        for row in self:
            for name, (part, whole, times) in self._ratios.items():
                row[name] = times * row[part] / row[whole] if row[whole] else 0.0

    def _read_group_select(self, aggregate_spec, query):
        name, _, function = aggregate_spec.partition(":")
        if function not in RATIO_SUMS or name not in self._ratios:
            return super()._read_group_select(aggregate_spec, query)
        part, whole, times = self._ratios[name]
        return SQL(
            "(%s * %s / NULLIF(SUM(%s), 0))::float8",
            times,
            super()._read_group_select(f"{part}:{RATIO_SUMS[function]}", query),
            self._field_to_sql(self._table, whole, query),
        )

    @api.model
    def _action_told(self, xmlid: str) -> dict:
        """The report, with the moment up to which it tells in its title."""
        action = self.env["ir.actions.act_window"]._for_xml_id(xmlid)
        moment = self.env["loy.sales.facts"]._told_until()
        if moment:
            action["name"] = action["display_name"] = self.env._(
                "%(report)s, as of %(moment)s",
                report=action["name"],
                moment=format_datetime(self.env, moment, dt_format="short"),
            )
        return action
