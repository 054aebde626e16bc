"""The ledger by days: folded at night, told up to this moment at any time."""

from collections.abc import Collection
from datetime import date, timedelta

from odoo import models
from odoo.tools import SQL

from ..sql import ledger_days as sql


class LoyLedgerDays(models.AbstractModel):
    """Law: folded days and the entries after the mark are together all entries, each once, whatever commits when."""

    _name = "loy.ledger.days"
    _inherit = "loy.folding"
    _description = "Ledger by days"
    _statements = sql
    _batch = 200_000

    def _fold_between(self, after: int, until: int) -> None:
        """The entries of a range of numbers."""
        self.env.cr.execute(sql.fold(after, until))

    # ------------------------------------------------------------------ what it tells

    def _statement(self, from_: date, to: date, companies: Collection[int]) -> list[dict]:
        """What is owed to members, by company and unit: ``opening`` before ``from_``, what came and went until ``to``
        (included) by role of the other side, ``closing``; minor units, and the ``worth`` of one unit.

        What only passed between members and lots is in no column, since it comes to nothing.
        """
        query = SQL(
            """
            SELECT fact.company_id, fact.unit_id, unit.decimals, %(worth)s AS worth,
                   COALESCE(SUM(fact.delta_minor) FILTER (WHERE fact.day < %(from)s), 0)::int8 AS opening,
                   %(columns)s,
                   SUM(fact.delta_minor)::int8 AS closing
              FROM (%(days)s) AS fact %(joins)s
             WHERE fact.day <= %(to)s AND fact.company_id = ANY(%(companies)s)
             GROUP BY fact.company_id, fact.unit_id, unit.id, company.id, worth.id
             ORDER BY fact.company_id, unit.sequence, unit.code
            """,
            worth=sql.WORTH,
            columns=SQL(", ").join(
                SQL(
                    "COALESCE(SUM(fact.delta_minor) FILTER (WHERE fact.day >= %s AND fact.role = %s), 0)::int8 AS %s",
                    from_,
                    role,
                    SQL.identifier(role),
                )
                for role in MOVEMENTS
            ),
            days=sql.days(),
            joins=sql.WORTH_JOINS,
            to=to,
            companies=list(companies),
            **{"from": from_},
        )
        return self.env.execute_query_dict(query)

    def _this_month(self, today: date) -> tuple[date, date]:
        return today.replace(day=1), (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


#: Roles of the other side that change what is owed.
MOVEMENTS = ("issued", "redeemed", "expired", "adjusted", "forgiven", "converted", "settlement")

__all__ = ["MOVEMENTS"]
