"""Statements of replays: the next receipts of a period, what was found added up, the members that were met."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from odoo.models import BaseModel
from odoo.tools import SQL, json_default

#: Receipts of earlier versions kept no day of their own.
_DAY = SQL("COALESCE(purchase.purchased_on, purchase.purchased_at::date)")


class Period(NamedTuple):
    """Which receipts are replayed; of those made after the replay began none."""

    company_id: int
    store_ids: tuple[int, ...]
    first: date
    last: date
    until_id: int


def _receipts(period: Period) -> SQL:
    """Sales that were kept. The store's day differs from that of its instant by less than a day."""
    return SQL(
        """
          FROM loy_purchase AS purchase
         WHERE purchase.company_id = %(company)s AND purchase.kind = 'sale' AND purchase.state = 'confirmed'
           AND purchase.purchased_at >= %(first)s::date - 1 AND purchase.purchased_at < %(last)s::date + 2
           AND %(day)s BETWEEN %(first)s AND %(last)s AND purchase.id <= %(until)s
           AND %(stores)s
        """,
        company=period.company_id,
        day=_DAY,
        first=period.first,
        last=period.last,
        until=period.until_id,
        stores=SQL("purchase.store_id = ANY(%s)", list(period.store_ids)) if period.store_ids else SQL("true"),
    )


def newest() -> SQL:
    return SQL("SELECT COALESCE(MAX(id), 0) FROM loy_purchase")


def any_of(period: Period) -> SQL:
    """A row where there is a receipt, whichever."""
    return SQL("SELECT 1 %s LIMIT 1", _receipts(period))


def count(period: Period) -> SQL:
    return SQL("SELECT COUNT(*) %s", _receipts(period))


def following(period: Period, mark: Sequence[Any] | None, limit: int) -> SQL:
    """The next receipts in the order in which they were made: rows (id, moment, day, store, member, number, programme,
    basket, categories by line)."""
    return SQL(
        """
        SELECT batch.*, (SELECT jsonb_object_agg(line.line_ref, line.categ_id)
                           FROM loy_purchase_line AS line
                          WHERE line.purchase_id = batch.id AND line.categ_id IS NOT NULL)
          FROM (SELECT purchase.id, purchase.purchased_at, %s, purchase.store_id,
                       purchase.member_id, purchase.number, purchase.programme_number, purchase.basket
                       %s AND %s
                 ORDER BY purchase.purchased_at, purchase.id LIMIT %s) AS batch
         ORDER BY batch.purchased_at, batch.id
        """,
        SQL("%s AS day", _DAY),
        _receipts(period),
        SQL("(purchase.purchased_at, purchase.id) > (%s, %s)", *mark) if mark else SQL("true"),
        limit,
    )


def add(model: BaseModel, keys: Sequence[str], rows: Collection[Mapping[str, Any]]) -> SQL:
    """Rows of what was found: the first with its keys is kept, further ones are added to it. ``keys`` are the columns
    of the unique index ``_once``, of which a category may be empty; what is no number stays as it was."""
    columns = list(next(iter(rows)))
    types = {name: model._fields[name].column_type[0] for name in columns}
    sums = [name for name in columns if name not in keys and types[name] in ("int4", "int8", "numeric", "float8")]
    sums = [name for name in sums if not name.endswith("_id")]
    return SQL(
        """
        INSERT INTO %(table)s AS known (%(columns)s)
        SELECT %(columns)s FROM json_to_recordset(%(rows)s) AS found (%(types)s)
            ON CONFLICT (%(keys)s) DO UPDATE SET %(sums)s
        """,
        table=SQL.identifier(model._table),
        columns=SQL(", ").join(map(SQL.identifier, columns)),
        types=SQL(", ").join(SQL("%s %s", SQL.identifier(name), SQL(type_)) for name, type_ in types.items()),
        rows=json.dumps(list(rows), default=_plain),
        keys=SQL(", ").join(
            SQL("COALESCE(categ_id, 0)") if name == "categ_id" else SQL.identifier(name) for name in keys
        ),
        sums=SQL(", ").join(
            SQL("%(name)s = known.%(name)s + EXCLUDED.%(name)s", name=SQL.identifier(name)) for name in sums
        ),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else json_default(value)


def meet(replay_id: int, member_ids: Iterable[int]) -> SQL:
    """Rows: the members of these that were not met before."""
    return SQL(
        """
        INSERT INTO loy_replay_member (replay_id, member_id) SELECT %s, unnest(%s::int[])
            ON CONFLICT DO NOTHING RETURNING member_id
        """,
        replay_id,
        list(member_ids),
    )


def used(replay_id: int, side: str, member_ids: Iterable[int]) -> SQL:
    """Rows (member, meter, day, uses, base) of what these members have used."""
    return SQL(
        "SELECT member_id, meter, day, uses, base FROM loy_replay_use"
        " WHERE replay_id = %s AND side = %s AND member_id = ANY(%s)",
        replay_id,
        side,
        list(member_ids),
    )


def keep_extremes(replay_id: int, count: int) -> SQL:
    """Of all receipts that were noted those stay on which customers gain most, and those on which they lose most."""
    return SQL(
        """
        DELETE FROM loy_replay_receipt
         WHERE replay_id = %(replay)s AND id NOT IN (
               (SELECT id FROM loy_replay_receipt WHERE replay_id = %(replay)s AND cost > 0
                 ORDER BY cost DESC, purchase_id LIMIT %(count)s)
                UNION ALL
               (SELECT id FROM loy_replay_receipt WHERE replay_id = %(replay)s AND cost < 0
                 ORDER BY cost, purchase_id LIMIT %(count)s))
        """,
        replay=replay_id,
        count=count,
    )


def forget(table: str, replay_id: int) -> SQL:
    return SQL("DELETE FROM %s WHERE replay_id = %s", SQL.identifier(table), replay_id)


def totals(replay_id: int) -> SQL:
    """All days and stores together: one row."""
    return SQL(
        """
        SELECT COALESCE(SUM(receipt_count), 0)::int AS receipt_count,
               COALESCE(SUM(touched_count), 0)::int AS touched_count,
               COALESCE(SUM(base - discount_a - spent_a), 0)::float8 AS amount_a,
               COALESCE(SUM(discount_change), 0)::float8 AS discount_change,
               COALESCE(SUM(points_change), 0)::float8 AS points_change,
               COALESCE(SUM(spent_change), 0)::float8 AS spent_change,
               COALESCE(SUM(cost), 0)::float8 AS cost
          FROM loy_replay_day WHERE replay_id = %s
        """,
        replay_id,
    )
