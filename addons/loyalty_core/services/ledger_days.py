"""The ledger by days: folded at night, told up to this moment at any time."""

import logging
from collections.abc import Collection
from datetime import date, timedelta

from odoo import models
from odoo.tools import SQL
from psycopg2.errors import LockNotAvailable

from ..sql import ledger_days as sql

_logger = logging.getLogger(__name__)

BATCH = 200_000


class LoyLedgerDays(models.AbstractModel):
    """Law: folded days and the entries after the mark are together all entries, each once, whatever commits when."""

    _name = "loy.ledger.days"
    _description = "Ledger by days"

    def _run(self) -> None:
        """Seal, then fold in batches, each a transaction; stopped anywhere it goes on where it was."""
        cron = self.env["ir.cron"]
        try:
            self._seal_next()
        except LockNotAvailable:
            self.env.cr.rollback()
            _logger.info("Somebody books for long: the days of the ledger are folded next time")
            return
        cron._commit_progress()
        while self._fold():
            if not cron._commit_progress(1, remaining=1):
                return
        cron._commit_progress(remaining=0)

    def _seal_next(self) -> None:
        """Seal where all is folded that was sealed before: what is far behind is caught up with first."""
        ((folded, sealed),) = self.env.execute_query(sql.mark())
        if folded >= sealed:
            self._seal()

    def _seal(self) -> None:
        """Note the latest number. Tills wait for that instant only, not until the transaction ends: the lock goes with
        the savepoint.
        """
        with self.env.cr.savepoint(flush=False) as savepoint:
            for statement in sql.quiet():
                self.env.cr.execute(statement)
            ((latest,),) = self.env.execute_query(sql.latest())
            savepoint.rollback()
        self.env.cr.execute(sql.seal(latest))

    def _fold(self, limit: int = BATCH) -> bool:
        """The next entries, so many at most; False when nothing is left."""
        ((folded, sealed),) = self.env.execute_query(sql.mark())
        if folded >= sealed:
            return False
        ((until,),) = self.env.execute_query(sql.end_of_batch(folded, sealed, limit))
        self.env.cr.execute(sql.fold(folded, until))
        return True

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
