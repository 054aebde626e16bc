"""SQL of certificates: any number of them is drawn, numbered and stored by one statement."""

from datetime import datetime

from odoo.addons.loyalty_core.sql.serials import RANDOM_BITS
from odoo.tools import SQL

#: What is shown of a number: enough to tell two certificates in a hand apart, nothing to pay with.
MASK = "•••• "


def insert(template, serials: SQL, values: dict[str, object]) -> SQL:
    """New certificates of a type (``template``) with the numbers of ``serials`` that are free; a number of a card never
    becomes one.
    """
    columns = SQL(", ").join(SQL.identifier(name) for name in values)
    return SQL(
        """
        INSERT INTO loy_certificate (number, masked_number, pin, serial, %(columns)s)
        SELECT number, %(mask)s || right(number, 4), %(pin)s, nextval(%(sequence)s), %(values)s
          FROM (SELECT %(number)s AS number, replace(gen_random_uuid()::text, '-', '') AS u
                  FROM (%(serials)s) AS drawn
                 WHERE place < %(capacity)s) AS numbered
         WHERE NOT EXISTS (SELECT FROM loy_card WHERE loy_card.number = numbered.number)
            ON CONFLICT (number) DO NOTHING
        """,
        columns=columns,
        mask=MASK,
        pin=_pin(template.pin_length),
        sequence=template._serial_sequence(),
        values=SQL(", ").join(SQL("%s", value) for value in values.values()),
        number=template._number_sql(),
        serials=serials,
        capacity=template._capacity(),
    )


def _pin(length: int) -> SQL:
    """So many digits of the system's strong source, as of numbers."""
    if not length:
        return SQL("NULL")
    return SQL("lpad((%s %% %s)::text, %s, '0')", RANDOM_BITS, 10**length, length)


def taken(template) -> SQL:
    """Whatever has the number of ``place``."""
    number = template._number_sql()
    return SQL(
        "SELECT FROM loy_certificate WHERE number = %s UNION ALL SELECT FROM loy_card WHERE number = %s", number, number
    )


def left(certificate_ids: list[int]) -> SQL:
    """(certificate, minor units that can still be spent, without what is held; decimals)."""
    return SQL(
        """
        SELECT certificate.id, account.total_minor - account.held_minor - account.debt_minor, unit.decimals
          FROM loy_certificate AS certificate
          JOIN loy_account AS account ON account.id = certificate.account_id
          JOIN loy_unit AS unit ON unit.id = account.unit_id
         WHERE certificate.id = ANY(%s)
        """,
        certificate_ids,
    )


def lots(account_id: int) -> SQL:
    """Rows (lot, remaining, expired, active_from, promotion_code, company_id, terms_id) of the account's lots of which
    something is left or has expired. What a purchase has lost, of one that is good once, has not.
    """
    return SQL(
        """
        SELECT lot.id, lot.remaining_minor, COALESCE(lost.amount, 0)::int8, lot.active_from, lot.promotion_code,
               lot.company_id, lot.terms_id
          FROM loy_lot AS lot
          LEFT JOIN LATERAL (
                   SELECT -SUM(entry.delta_minor) AS amount
                     FROM loy_entry AS entry
                     JOIN loy_transaction AS header ON header.id = entry.transaction_id
                     JOIN loy_account AS other
                       ON other.id IN (entry.from_account_id, entry.to_account_id) AND other.role = 'expired'
                     LEFT JOIN loy_purchase AS purchase ON purchase.id = header.purchase_id
                    WHERE entry.lot_id = lot.id AND purchase.kind IS DISTINCT FROM 'sale'
               ) AS lost ON true
         WHERE lot.account_id = %s AND lot.remaining_minor + COALESCE(lost.amount, 0) > 0
         ORDER BY lot.id
        """,
        account_id,
    )


def ended(until: datetime, limit: int) -> SQL:
    """Rows (certificate, end) of those whose time is over and whose state does not say so, the first to end first;
    what somebody else works on is left for the next time.
    """
    return SQL(
        """
        SELECT id, expires_at FROM loy_certificate
         WHERE state = 'active' AND expires_at <= %s
         ORDER BY expires_at, id LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        until,
        limit,
    )


def void(series_id: int, user_id: int, now: datetime) -> SQL:
    """Those of a series that nobody has bought, and that no sale keeps, are cancelled, with a line of history each."""
    return SQL(
        """
        WITH gone AS (
            UPDATE loy_certificate SET state = 'cancelled', write_uid = %(user)s, write_date = %(now)s
             WHERE series_id = %(series)s AND state = 'new'
               AND (reserved_by_id IS NULL OR reserved_until_at <= %(now)s)
         RETURNING id
        )
        INSERT INTO loy_certificate_log (certificate_id, from_state, to_state, user_id, at)
        SELECT id, 'new', 'cancelled', %(user)s, %(now)s FROM gone ORDER BY id
        """,
        series=series_id,
        user=user_id,
        now=now,
    )


#: So many wrong PINs cost nothing; the next one closes the certificate for a minute, each further one twice as long, up
#: to a day.
FREE_MISSES = 3


def count_pin_miss(certificate_id: int) -> SQL:
    """One more wrong PIN: (misses, closed until, company, what is shown of the number)."""
    return SQL(
        """
        UPDATE loy_certificate
           SET pin_misses = COALESCE(pin_misses, 0) + 1,
               pin_locked_until_at = CASE WHEN COALESCE(pin_misses, 0) >= %(free)s
                    THEN now() AT TIME ZONE 'UTC'
                         + LEAST(interval '1 day', interval '1 minute' * 2 ^ LEAST(pin_misses - %(free)s, 12)) END
         WHERE id = %(id)s
        RETURNING pin_misses, pin_locked_until_at, company_id, masked_number
        """,
        free=FREE_MISSES,
        id=certificate_id,
    )


def forget_pin_misses(certificate_id: int) -> SQL:
    """The right PIN: what was wrong before counts no more."""
    return SQL(
        """
        UPDATE loy_certificate SET pin_misses = 0, pin_locked_until_at = NULL WHERE id = %s
        RETURNING 0, NULL::timestamp, company_id, masked_number
        """,
        certificate_id,
    )
