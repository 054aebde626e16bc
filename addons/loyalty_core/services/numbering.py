"""Numbers of cards and promo codes: drawn until there are enough, none of them twice."""

from collections.abc import Callable

from odoo.tools import SQL

from ..sql import serials as sql

BATCH = 100_000
#: After so many rounds that found most numbers taken, the free ones of a small template are listed instead.
BARREN_ROUNDS = 20
EXACT_CAPACITY = 2_000_000


def fill(
    count: int,
    capacity: int,
    insert: Callable[[SQL], int],
    *,
    taken: SQL,
    exhausted: Callable[[], Exception],
    sequence: str | None = None,
    is_past_end: Callable[[], bool] = lambda: False,
) -> int:
    """``insert`` takes serials and answers how many of their numbers were free, until ``count`` are made, or
    ``exhausted()``. Serials are random, or the next ones of a ``sequence``.

    A number that somebody already has is skipped by the unique index and drawn anew, so numbers never repeat, also
    between templates and between transactions that run at once.
    """
    is_sequential = sequence is not None
    if count > capacity:
        raise exhausted()
    made, barren, exact = 0, 0, False
    while (missing := min(count - made, BATCH)) > 0:
        if exact:
            serials = sql.free_serials(missing, capacity, taken, is_sequential)
        elif sequence is not None:
            serials = sql.next_serials(sequence, missing)
        else:
            serials = sql.random_serials(missing, capacity)
        new = insert(serials)
        made += new
        barren = 0 if new * 2 >= missing else barren + 1
        is_over = is_sequential and not new and is_past_end()
        is_small = capacity <= EXACT_CAPACITY
        if (exact and not new) or barren >= 10 * BARREN_ROUNDS or (is_over and not is_small):
            raise exhausted()
        # What refused series have passed over is found again, where looking for it is affordable.
        exact = exact or (is_small and (is_over or barren >= BARREN_ROUNDS))
    return made
