"""``points_spent``: how many points pay for the purchase."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..schema import MICRO
from .bounds import needs_a_bound, outside


@CONDITIONS.register("points_spent")
@dataclass(frozen=True, slots=True)
class PointsSpent(Condition):
    """From `min` to `max` points of a unit pay for the purchase, both included: with `max` 0 one either pays with them
    or earns. It is judged when points are given."""

    example: ClassVar[Mapping[str, object]] = {"unit": "BONUS", "max": 0}

    unit: str = schema.reference("units")
    min: int | None = schema.micro(min=0, default=None)
    max: int | None = schema.micro(min=0, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    @property
    def is_late(self) -> bool:
        return True

    @property
    def is_last(self) -> bool:
        return True

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        scale: int = 10 ** receipt.unit(self.unit).decimals
        return outside(self.kind, "_micro", receipt.paid_in(self.unit) * MICRO // scale, self.min, self.max)
