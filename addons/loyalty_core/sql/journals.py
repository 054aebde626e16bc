"""The ledger as a bookkeeper's journal."""

from __future__ import annotations

from odoo.tools import SQL

from .ledger_days import WORTH, WORTH_JOINS

#: The source of what is on a certificate that was sold.
PREPAID_SALE = "prepaid_sale"
#: Sources of what members have paid for with money.
PAID_IN = ("top_up", PREPAID_SALE)


def changes(company_id: int, unit_id: int, after: int, until: int, timezone: str) -> SQL:
    """Rows (day of booking on the clock of the time zone, role of the other side, is paid in, company that gave the
    lot, company that books, change in minor units) of the entries after one number, up to another, that concern the
    company: it has given the lot, or it books. What undoes a payment is paid in too, below zero.
    """
    return SQL(
        """
        SELECT (header.booked_at AT TIME ZONE 'UTC' AT TIME ZONE %(timezone)s)::date AS day,
               other.role, COALESCE(COALESCE(undone.source, header.source) = ANY(%(paid_in)s), false) AS is_paid_in,
               COALESCE(lot.company_id, entry.company_id) AS issuer_id,
               entry.company_id AS booker_id, SUM(entry.delta_minor)::int8
          FROM loy_entry AS entry
          JOIN loy_transaction AS header ON header.id = entry.transaction_id
          LEFT JOIN loy_transaction AS undone ON undone.id = header.reverses_id
          JOIN loy_account AS other
            ON other.id = CASE WHEN entry.delta_minor > 0 THEN entry.from_account_id ELSE entry.to_account_id END
          LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
         WHERE entry.id > %(after)s AND entry.id <= %(until)s AND entry.unit_id = %(unit)s
           AND (entry.company_id = %(company)s OR lot.company_id = %(company)s)
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        """,
        paid_in=list(PAID_IN),
        company=company_id,
        unit=unit_id,
        after=after,
        until=until,
        timezone=timezone,
    )


def worth(company_id: int, unit_id: int) -> SQL:
    """One row (text): what one of the unit is worth in the currency of the company."""
    return SQL(
        "SELECT (%s)::text FROM (SELECT %s::int4 AS unit_id, %s::int4 AS company_id) AS fact %s",
        WORTH,
        unit_id,
        company_id,
        WORTH_JOINS,
    )


# As the checks of the ledger: (law, table, a query of rows (id, expected, found) that break it).
CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "journalled_liability_is_fold_of_entries",
        "loy.journal.account",
        """
        SELECT known.id, COALESCE(fact.owed, 0)::int8, known.owed_minor
          FROM loy_journal_account AS known
          LEFT JOIN LATERAL (
                   SELECT SUM(entry.delta_minor) AS owed
                     FROM loy_entry AS entry LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
                    WHERE entry.id <= known.until_id AND entry.unit_id = known.unit_id
                      AND COALESCE(lot.company_id, entry.company_id) = known.company_id
               ) AS fact ON true
         WHERE COALESCE(fact.owed, 0) <> known.owed_minor
        """,
    ),
    (
        "journal_entry_is_balanced",
        "loy.journal.entry",
        """
        SELECT entry_id, SUM(debit_minor)::int8, SUM(credit_minor)::int8
          FROM loy_journal_line GROUP BY entry_id HAVING SUM(debit_minor) <> SUM(credit_minor)
        """,
    ),
)
