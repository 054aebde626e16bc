"""SQL of card numbers: a series is drawn, numbered and stored by one statement."""

from odoo.tools import SQL

from ..tools.check_digits import SCHEMES, weighted_sum

# 60 random bits of a version 4 UUID, which PostgreSQL draws from the system's strong source (random() is
# guessable from a few earlier results); places 13 and 17 are skipped, as they hold the version and the
# variant.
RANDOM_BITS = SQL("('x0' || substr(u, 1, 12) || substr(u, 14, 3))::bit(64)::bigint")


def card_number(prefix: str, width: int, scheme: str | None, serial: SQL) -> SQL:
    """The text of a number: prefix, ``serial`` padded to ``width`` digits, check digit."""
    padded = SQL("lpad((%s)::text, %s, '0')", serial, width)
    if not scheme:
        return SQL("%s || %s", prefix, padded)
    # The prefix adds a constant; every digit of the serial is one look-up in its row.
    terms = [SQL("%s", weighted_sum(scheme, prefix, place=width))]
    terms += [
        SQL("substr(%s, ((%s) / %s %% 10)::int + 1, 1)::int", SCHEMES[scheme][place % 2], serial, 10**place)
        for place in range(width)
    ]
    return SQL("%s || %s || ((10 - (%s) %% 10) %% 10)::text", prefix, padded, SQL(" + ").join(terms))


def random_serials(count: int, capacity: int) -> SQL:
    """``count`` places below ``capacity``, any of them possibly twice."""
    return SQL(
        "SELECT %s %% %s AS place FROM (SELECT replace(gen_random_uuid()::text, '-', '') AS u"
        " FROM generate_series(1, %s)) AS draws",
        RANDOM_BITS,
        capacity,
        count,
    )


def next_serials(sequence: str, count: int) -> SQL:
    """The next ``count`` places of a sequence: nobody waits for anybody, gaps are allowed."""
    return SQL("SELECT nextval(%s) AS place FROM generate_series(1, %s)", sequence, count)


def free_serials(count: int, capacity: int, number: SQL, is_sequential: bool) -> SQL:
    """``count`` of the places whose ``number`` nobody has, in order or in no order.

    Exact, but reads the whole capacity.
    """
    return SQL(
        "SELECT place FROM generate_series(0::bigint, %s) AS place"
        " WHERE NOT EXISTS (SELECT FROM loy_card WHERE loy_card.number = %s) ORDER BY %s LIMIT %s",
        capacity - 1,
        number,
        SQL("place") if is_sequential else SQL("random()"),
        count,
    )
