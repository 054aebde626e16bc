"""SQL of certificates at purchases."""

from collections.abc import Collection, Sequence
from datetime import datetime

from odoo.addons.loyalty_core.sql.ledger import ids
from odoo.tools import SQL


def reserve(rows: Sequence[tuple[int, str]], purchase_id: int, until: datetime) -> SQL:
    """Keep new certificates for the lines of a purchase, as far as nobody else has them; answers those that are kept.
    ``rows``: (certificate, line)."""
    certificate_ids, lines = (list(column) for column in zip(*sorted(rows), strict=True))
    return SQL(
        """
        WITH wanted AS (
            SELECT certificate.id, asked.line_ref
              FROM unnest(%(ids)s::int4[], %(lines)s::varchar[]) AS asked (id, line_ref)
              JOIN loy_certificate AS certificate ON certificate.id = asked.id
             WHERE certificate.state = 'new'
               AND (certificate.reserved_by_id IS NULL OR certificate.reserved_by_id = %(purchase)s
                    OR certificate.reserved_until_at <= now() AT TIME ZONE 'UTC')
             ORDER BY certificate.id FOR UPDATE OF certificate
        )
        UPDATE loy_certificate AS certificate
           SET reserved_by_id = %(purchase)s, reserved_until_at = %(until)s, sold_line_ref = wanted.line_ref
          FROM wanted WHERE certificate.id = wanted.id
        RETURNING certificate.id
        """,
        ids=certificate_ids,
        lines=lines,
        purchase=purchase_id,
        until=until,
    )


def free(purchase_id: int) -> SQL:
    """What was kept for a purchase that will not happen is anybody's."""
    return SQL(
        "UPDATE loy_certificate SET reserved_by_id = NULL, reserved_until_at = NULL, sold_line_ref = NULL"
        " WHERE reserved_by_id = %s AND state = 'new'",
        purchase_id,
    )


def activations(account_ids: Collection[int]) -> SQL:
    """Rows (transaction, account, amount) by which something came on these accounts when they were opened."""
    return SQL(
        """
        SELECT entry.transaction_id, entry.account_id, SUM(entry.delta_minor)::int8
          FROM loy_entry AS entry JOIN loy_transaction AS header ON header.id = entry.transaction_id
         WHERE entry.account_id = ANY(%s) AND header.kind = 'accrue'
         GROUP BY entry.transaction_id, entry.account_id ORDER BY entry.transaction_id
        """,
        ids(account_ids),
    )


def payments(purchase_id: int, account_ids: Collection[int]) -> SQL:
    """Rows (account, transaction) by which a purchase was paid from these accounts."""
    return SQL(
        """
        SELECT DISTINCT entry.account_id, entry.transaction_id
          FROM loy_transaction AS header JOIN loy_entry AS entry ON entry.transaction_id = header.id
         WHERE header.purchase_id = %s AND header.kind IN ('spend', 'settle') AND entry.account_id = ANY(%s)
        """,
        purchase_id,
        ids(account_ids),
    )


def ends(account_ids: Collection[int]) -> SQL:
    """Rows (account, the last moment until which something on it is good; nothing: for ever)."""
    return SQL(
        """
        SELECT account_id, CASE WHEN bool_and(expires_at IS NOT NULL) THEN MAX(expires_at) END
          FROM loy_lot WHERE account_id = ANY(%s) AND is_open GROUP BY account_id
        """,
        ids(account_ids),
    )


def movements(account_ids: Collection[int]) -> SQL:
    """Rows (moment, kind, amount, number of the purchase) of what came on accounts and went off, by their time; what
    only passes from one lot to the next is none."""
    return SQL(
        """
        SELECT header.occurred_at, header.kind, SUM(entry.delta_minor)::int8, purchase.number
          FROM loy_entry AS entry
          JOIN loy_transaction AS header ON header.id = entry.transaction_id
          LEFT JOIN loy_purchase AS purchase ON purchase.id = header.purchase_id
         WHERE entry.account_id = ANY(%s)
         GROUP BY header.id, header.occurred_at, header.kind, purchase.number
        HAVING SUM(entry.delta_minor) <> 0
         ORDER BY header.occurred_at, header.id
        """,
        ids(account_ids),
    )
