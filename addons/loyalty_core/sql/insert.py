"""Immutable rows go in by one statement, however many there are."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from typing import Any

from odoo.models import BaseModel
from odoo.tools import SQL, json_default


def _to_json(value: Any) -> Any:
    # Odoo's own cuts the microseconds off, and a lot made this second would not be active yet.
    return value.isoformat() if isinstance(value, date) else json_default(value)


@lru_cache(maxsize=256)
def _statement(table: str, columns: tuple[tuple[str, str], ...]) -> str:
    """The insert of rows with these columns; what it takes is the table's name and the rows as JSON.
    Composing it costs more than running it, so it is kept.
    """
    statement = SQL(
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
        table="",
        rows="",
        types=SQL(", ").join(SQL("%s %s", SQL.identifier(name), SQL(type_)) for name, type_ in columns),
        columns=SQL(", ").join(SQL.identifier(name) for name, _type in columns),
        into=SQL.identifier(table),
    )
    return statement.code


def insert_rows(model: BaseModel, rows: list[dict[str, Any]]) -> list[int]:
    """Insert the rows and return their ids in the order of the rows.

    All rows have the same keys: stored fields of the model, with the values of their columns (ids, datetimes,
    numbers). The ids are drawn before the insert, so that the order does not depend on how PostgreSQL plans
    it. Neither defaults nor computes nor access rules of the ORM apply: that is for services that have
    checked what they write.
    """
    if not rows:
        return []
    columns = tuple((name, model._fields[name].column_type[0]) for name in rows[0])
    query = SQL(_statement(model._table, columns), model._table, json.dumps(rows, default=_to_json))
    return [row[0] for row in model.env.execute_query(query)]
