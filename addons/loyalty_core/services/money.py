"""Between amounts as people write them and the minor units that engine and ledger count in."""

from decimal import ROUND_HALF_UP, Decimal


def to_minor(amount: Decimal, decimals: int) -> int:
    """Half a minor unit is rounded away from zero.

    >>> to_minor(Decimal("1.005"), 2)
    101
    """
    return int(amount.scaleb(decimals).quantize(Decimal(1), ROUND_HALF_UP))


def from_minor(amount_minor: int, decimals: int) -> Decimal:
    """
    >>> from_minor(1250, 2)
    Decimal('12.50')
    """
    return Decimal(amount_minor).scaleb(-decimals)
