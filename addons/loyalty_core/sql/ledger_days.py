"""The ledger by days: what reports read instead of a billion entries."""

from __future__ import annotations

from odoo.tools import SQL

COLUMNS = SQL("day, unit_id, company_id, issuer_id, partner_id, role, month")


def entries_by_day(condition: SQL) -> SQL:
    """Rows (day, unit_id, company_id, issuer_id, partner_id, role, month, delta_minor, entry_count) of the entries
    that satisfy the condition on ``entry``.

    The day is that of the fact, on the clock of the company; ``issuer_id`` the company that gave the lot, ``role`` the
    system account on the other side, ``month`` that in which the lot became usable, whoever has it now.
    """
    return SQL(
        """
        SELECT (entry.occurred_at AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(settings.timezone, 'UTC'))::date AS day,
               entry.unit_id, entry.company_id, COALESCE(lot.company_id, entry.company_id) AS issuer_id,
               store.partner_id, other.role, DATE_TRUNC('month', lot.active_from)::date AS month,
               SUM(entry.delta_minor)::int8 AS delta_minor, COUNT(*)::int8 AS entry_count
          FROM loy_entry AS entry
          JOIN loy_transaction AS header ON header.id = entry.transaction_id
          JOIN loy_account AS other
            ON other.id = CASE WHEN entry.delta_minor > 0 THEN entry.from_account_id ELSE entry.to_account_id END
          LEFT JOIN loy_store AS store ON store.id = header.store_id
          LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
          LEFT JOIN loy_settings AS settings ON settings.company_id = entry.company_id AND settings.active
         WHERE %s
         GROUP BY 1, 2, 3, 4, 5, 6, 7
        """,
        condition,
    )


def quiet() -> list[SQL]:
    """No entry is being written at this moment: who waits too long for writers to finish gives up."""
    return [SQL("SET LOCAL lock_timeout = '2s'"), SQL("LOCK TABLE loy_entry IN SHARE MODE")]


def latest() -> SQL:
    """One row (number): while it is quiet, a number below it that is missing will never come."""
    return SQL("SELECT COALESCE(MAX(id), 0) FROM loy_entry")


def seal(number: int) -> SQL:
    return SQL("UPDATE loy_ledger_mark SET sealed_id = %s", number)


def mark() -> SQL:
    """One row (folded, sealed), locked: one job folds at a time."""
    return SQL("SELECT folded_id, sealed_id FROM loy_ledger_mark FOR UPDATE")


def sealed() -> SQL:
    """One row (number): every entry up to it is there to be seen."""
    return SQL("SELECT sealed_id FROM loy_ledger_mark")


def end_of_batch(after: int, sealed: int, limit: int) -> SQL:
    """One row (number): so many entries lie after the one and up to it; numbers may have gaps of any width."""
    return SQL(
        """
        SELECT COALESCE((SELECT id FROM loy_entry WHERE id > %s AND id <= %s ORDER BY id OFFSET %s LIMIT 1), %s)
        """,
        after,
        sealed,
        limit - 1,
        sealed,
    )


def fold(after: int, until: int) -> SQL:
    """Add the entries of a range of numbers to their days."""
    return SQL(
        """
        WITH moved AS (UPDATE loy_ledger_mark SET folded_id = %(until)s)
        INSERT INTO loy_ledger_day AS known (%(columns)s, delta_minor, entry_count)
        SELECT %(columns)s, delta_minor, entry_count FROM (%(entries)s) AS fresh ORDER BY %(columns)s
            ON CONFLICT (day, unit_id, company_id, issuer_id, COALESCE(partner_id, 0), role,
                         COALESCE(month, '1900-01-01'::date))
            DO UPDATE SET delta_minor = known.delta_minor + EXCLUDED.delta_minor,
                          entry_count = known.entry_count + EXCLUDED.entry_count
        """,
        until=until,
        columns=COLUMNS,
        entries=entries_by_day(SQL("entry.id > %s AND entry.id <= %s", after, until)),
    )


def days() -> SQL:
    """The whole ledger by days, up to this moment: what is folded, and what has been booked since."""
    since = SQL("entry.id > (SELECT folded_id FROM loy_ledger_mark)")
    return SQL(
        "SELECT %(columns)s, delta_minor, entry_count, true AS is_folded FROM loy_ledger_day UNION ALL "
        "SELECT %(columns)s, delta_minor, entry_count, false FROM (%(tail)s) AS tail",
        columns=COLUMNS,
        tail=entries_by_day(since),
    )


def row_id(*columns: str) -> SQL:
    """A number for a row of a report: the same as long as what it is about is the same, and short enough for a
    browser's numbers (2^53).
    """
    names = SQL(", ").join(SQL("%s::text", SQL.identifier("fact", column)) for column in columns)
    return SQL("(hashtextextended(CONCAT_WS('|', %s), 0) & (1::int8 << 52) - 1)", names)


#: What one of the unit is worth in the currency of the company: joins ``unit``, ``company`` and ``worth``.
WORTH_JOINS = SQL(
    """
    JOIN loy_unit AS unit ON unit.id = fact.unit_id
    JOIN res_company AS company ON company.id = fact.company_id
    LEFT JOIN loy_unit_rate AS worth ON worth.unit_id = unit.id AND worth.currency_id = company.currency_id
    """
)
WORTH = SQL(
    "COALESCE(CASE WHEN unit.company_id IS NOT NULL OR unit.currency_id = company.currency_id THEN unit.rate END,"
    " worth.rate, 0)"
)


# As the checks of the ledger: (law, table, a query of rows (id, expected, found) that break it).
CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "days_are_fold_of_entries",
        "loy.unit",
        """
        SELECT unit.id, COALESCE(fact.delta, 0)::int8, COALESCE(day.delta, 0)::int8
          FROM loy_unit AS unit
          LEFT JOIN (SELECT entry.unit_id, SUM(entry.delta_minor) AS delta, COUNT(*) AS entries
                       FROM loy_entry AS entry, loy_ledger_mark AS mark
                      WHERE entry.id <= mark.folded_id GROUP BY entry.unit_id) AS fact ON fact.unit_id = unit.id
          LEFT JOIN (SELECT unit_id, SUM(delta_minor) AS delta, SUM(entry_count) AS entries
                       FROM loy_ledger_day GROUP BY unit_id) AS day ON day.unit_id = unit.id
         WHERE COALESCE(fact.delta, 0) <> COALESCE(day.delta, 0)
            OR COALESCE(fact.entries, 0) <> COALESCE(day.entries, 0)
        """,
    ),
)
