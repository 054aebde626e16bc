"""Immutable rows go in by one statement, however many there are."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from odoo.models import BaseModel
from odoo.tools import SQL, json_default


def _to_json(value: Any) -> Any:
    # Odoo's own cuts the microseconds off, and a lot made this second would not be active yet.
    return value.isoformat() if isinstance(value, date) else json_default(value)


def insert_rows(model: BaseModel, rows: list[dict[str, Any]]) -> list[int]:
    """Insert the rows and return their ids in the order of the rows.

    All rows have the same keys: stored fields of the model, with the values of their columns (ids, datetimes,
    numbers). The ids are drawn before the insert, so that the order does not depend on how PostgreSQL plans
    it. Neither defaults nor computes nor access rules of the ORM apply: that is for services that have
    checked what they write.
    """
    if not rows:
        return []
    names = list(rows[0])
    columns = SQL(", ").join(map(SQL.identifier, names))
    types = SQL(", ").join(
        SQL("%s %s", SQL.identifier(name), SQL(model._fields[name].column_type[0])) for name in names
    )
    query = SQL(
        """
        WITH given AS (
            SELECT nextval(pg_get_serial_sequence(%(table)s, 'id')) AS id, r.*
              FROM ROWS FROM (json_to_recordset(%(rows)s) AS (%(types)s))
                   WITH ORDINALITY AS r (%(columns)s, position)
        ), done AS (
            INSERT INTO %(into)s (id, %(columns)s) SELECT id, %(columns)s FROM given ORDER BY position
        )
        SELECT id FROM given ORDER BY position
        """,
        table=model._table,
        rows=json.dumps(rows, default=_to_json),
        types=types,
        columns=columns,
        into=SQL.identifier(model._table),
    )
    return [row[0] for row in model.env.execute_query(query)]
