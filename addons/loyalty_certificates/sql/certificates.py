"""SQL of certificates: any number of them is drawn, numbered and stored by one statement."""

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
