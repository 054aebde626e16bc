"""SQL of serials: places within the capacity of a template, of which each becomes a number or a code."""

from odoo.tools import SQL

# 60 random bits of a version 4 UUID, which PostgreSQL draws from the system's strong source (random() is
# guessable from a few earlier results); places 13 and 17 are skipped, as they hold the version and the
# variant.
RANDOM_BITS = SQL("('x0' || substr(u, 1, 12) || substr(u, 14, 3))::bit(64)::bigint")


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


def free_serials(count: int, capacity: int, taken: SQL, is_sequential: bool) -> SQL:
    """``count`` of the places that are not ``taken`` (a query of what has the number of ``place``), in order or in no
    order.

    Exact, but reads the whole capacity.
    """
    return SQL(
        "SELECT place FROM generate_series(0::bigint, %s) AS place"
        " WHERE NOT EXISTS (%s) ORDER BY %s LIMIT %s",
        capacity - 1,
        taken,
        SQL("place") if is_sequential else SQL("random()"),
        count,
    )
