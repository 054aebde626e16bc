from odoo import fields, models
from odoo.tools import SQL


class LoyMoneyMixin(models.AbstractModel):
    """Amounts of several currencies are added up in the currency of the company in hand.

    Graphs and pivots ask for ``sum_currency`` wherever currencies may meet, and show it with the sign of the company's
    currency; Odoo's own is an amount in the currency whose rate is 1, which that of the company need not be.
    """

    _name = "loy.money.mixin"
    _description = "Amounts in a currency"

    def _read_group_select(self, aggregate_spec, query):
        told = super()._read_group_select(aggregate_spec, query)
        if not aggregate_spec.endswith(":sum_currency"):
            return told
        return SQL("(%s * %s)", told, self._rate_of_company())

    def _rate_of_company(self) -> float:
        company = self.env.company
        return company.currency_id._get_rates(company, fields.Date.context_today(self))[company.currency_id.id]
