"""Integer arithmetic of money: one way to round, one way to divide an amount over lines.

No float and no Decimal: amounts are integers of minor units, rates are ratios of integers.
"""

from collections.abc import Sequence

Runs = tuple[tuple[int, int], ...]


def half_up(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator rounded half up; both are not negative.

    >>> [half_up(n, 10) for n in (14, 15, 25)]
    [1, 2, 3]
    """
    return (2 * numerator + denominator) // (2 * denominator)


def down(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator rounded down."""
    return numerator // denominator


def up(numerator: int, denominator: int) -> int:
    """numerator ÷ denominator rounded up."""
    return -(-numerator // denominator)


def allocate(amount: int, weights: Sequence[int], rooms: Sequence[int] | None = None) -> list[int]:
    """Parts of an amount in proportion to weights, none above its room; they sum to the amount or to all the
    room.

    Each round divides what is left by largest remainder over the parts that have room, ties to the earlier
    one; what a part cannot take is left for the next round. Weights that are all zero count as equal.

    >>> allocate(299, [1000, 1000, 1000])
    [100, 100, 99]
    >>> allocate(2000, [5000, 2000], [500, 2000])
    [500, 1500]
    """
    room = [amount] * len(weights) if rooms is None else list(rooms)
    parts = [0] * len(weights)
    left = amount
    while left > 0 and (open_ := [i for i, space in enumerate(room) if space > 0]):
        for i, share in zip(open_, _largest_remainder(left, [weights[i] for i in open_]), strict=True):
            taken = min(share, room[i])
            parts[i] += taken
            room[i] -= taken
            left -= taken
    return parts


def _largest_remainder(amount: int, weights: Sequence[int]) -> list[int]:
    total = sum(weights)
    if not total:
        return _largest_remainder(amount, [1] * len(weights))
    shares = [amount * weight // total for weight in weights]
    missing = amount - sum(shares)
    if missing:
        remainders = [amount * weight % total for weight in weights]
        for i in sorted(range(len(weights)), key=lambda i: -remainders[i])[:missing]:
            shares[i] += 1
    return shares


def units_of(amount: int, quantity_micro: int) -> Runs:
    """The values of a line's whole units as (value, how many), the dearer first.

    The amount is divided over the units by largest remainder; a fraction of a unit at the end takes its part
    and is not answered.

    >>> units_of(1000, 3_000_000)
    ((334, 1), (333, 2))
    >>> units_of(1500, 1_500_000)
    ((1000, 1),)
    """
    count, fraction = divmod(quantity_micro, 1_000_000)
    if not count:
        return ()
    value, remainder = divmod(amount * 1_000_000, quantity_micro)
    fraction_value, fraction_remainder = divmod(amount * fraction, quantity_micro)
    extra = amount - value * count - fraction_value
    if extra and fraction_remainder > remainder:
        extra -= 1  # the fraction has the largest remainder and is served first
    extra = min(extra, count)
    runs = ((value + 1, extra), (value, count - extra))
    return tuple(run for run in runs if run[1])


def cut(runs: Runs, start: int, stop: int) -> Runs:
    """Of units as (value, how many) those from ``start`` up to but not including ``stop``.

    >>> cut(((334, 1), (333, 2)), 0, 2)
    ((334, 1), (333, 1))
    """
    found, passed = [], 0
    for value, times in runs:
        kept = min(passed + times, stop) - max(passed, start)
        if kept > 0:
            found.append((value, kept))
        passed += times
    return tuple(found)
