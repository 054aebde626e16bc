"""SQL of card numbers: a series is drawn, numbered and stored by one statement."""

from odoo.tools import SQL

from ..tools.check_digits import SCHEMES, weighted_sum


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
