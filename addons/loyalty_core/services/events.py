"""The stream of business events that other addons read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta
from odoo import fields, models
from odoo.tools import SQL

from ..sql.insert import insert_rows

MONTHS_AHEAD = 3


class LoyEvents(models.AbstractModel):
    """An event is written in the transaction of what it tells: both exist, or neither."""

    _name = "loy.events"
    _description = "Business events"

    def _emit(
        self,
        kind: str,
        *,
        at: datetime,
        member_id: int | None = None,
        store_id: int | None = None,
        purchase_id: int | None = None,
        company_id: int | None = None,
        data: dict[str, Any] | None = None,
    ) -> int:
        """Write one event; ``kind`` is a noun and a verb: ``purchase.confirmed``. Returns its id."""
        return self._emit_many(
            [
                {
                    "kind": kind,
                    "at": at,
                    "member_id": member_id,
                    "store_id": store_id,
                    "purchase_id": purchase_id,
                    "company_id": company_id,
                    "data": data,
                }
            ]
        )[0]

    def _emit_many(self, rows: list[dict[str, Any]]) -> list[int]:
        """Write many events in one statement: rows with ``kind``, ``at`` and any of the other keys of
        `_emit`.
        """
        names = ("kind", "at", "member_id", "store_id", "purchase_id", "company_id", "data")
        ids = insert_rows(self.env["loy.event"], [{name: row.get(name) or None for name in names} for row in rows])
        self.env["loy.triggers"]._hear(rows, ids)
        return ids

    def _make_partitions_ahead(self, at: datetime) -> int:
        """Those that are missing for the months that follow the moment."""
        return self._make_partitions(at.date().replace(day=1) + relativedelta(months=MONTHS_AHEAD))

    def _make_partitions(self, until: date | None = None) -> int:
        """Make the monthly partitions from this month to some months ahead, those that are missing. Returns
        how many.

        A month that has rows in the default partition already keeps them there: moving them would lock the
        stream.
        """
        first = fields.Date.today().replace(day=1)
        until = until or first + relativedelta(months=MONTHS_AHEAD)
        months = []
        while first <= until:
            months.append(first)
            first += relativedelta(months=1)
        missing = self.env.execute_query(
            SQL(
                """
                SELECT 'loy_event_' || to_char(month, 'YYYY_MM'), month, (month + interval '1 month')::date
                  FROM unnest(%s::date[]) AS month
                 WHERE to_regclass('loy_event_' || to_char(month, 'YYYY_MM')) IS NULL
                   AND NOT EXISTS (SELECT FROM loy_event_default
                                    WHERE at >= month AND at < month + interval '1 month')
                """,
                months,
            )
        )
        statements = [
            SQL(
                "CREATE TABLE %s PARTITION OF loy_event FOR VALUES FROM (%s) TO (%s)",
                SQL.identifier(name),
                str(month),
                str(following),
            )
            for name, month, following in missing
        ]
        if statements:
            self.env.cr.execute(SQL("; ").join(statements))
        return len(statements)
