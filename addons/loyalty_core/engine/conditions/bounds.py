"""What conditions with ``min`` and ``max`` have in common."""

from collections.abc import Iterator

from ..registry import Reason
from ..select import Keys, Target


def needs_a_bound(least: int | None, most: int | None) -> Iterator[tuple[str, str, str]]:
    """min, max or both, in this order."""
    if least is None and most is None:
        yield "min", "missing", "or max is required"
    if least is not None and most is not None and most < least:
        yield "max", "range", "must not be less than min"


def outside(code: str, suffix: str, value: int, least: int | None, most: int | None) -> Iterator[Reason]:
    """Why a value is not from ``least`` to ``most``, both included."""
    if least is not None and value < least:
        yield Reason(code, {f"value{suffix}": value, f"min{suffix}": least})
    if most is not None and value > most:
        yield Reason(code, {f"value{suffix}": value, f"max{suffix}": most})


def keys_if(least: int | None, target: Target) -> Keys:
    """A basket of which something is wanted must have a line of the target."""
    return target.keys() if least else None
