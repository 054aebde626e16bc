"""``points_balance``: how many points the member has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..schema import MICRO
from ..select import Keys, keys_of
from .bounds import needs_a_bound, outside


@CONDITIONS.register("points_balance")
@dataclass(frozen=True, slots=True)
class PointsBalance(Condition):
    """What the member has of a unit before this purchase is from `min` to `max`, both included. Points count that are
    good on other receipts only."""

    example: ClassVar[Mapping[str, object]] = {"unit": "BONUS", "min": 100}
    is_of_member: ClassVar[bool] = True

    unit: str = schema.reference("units")
    min: int | None = schema.micro(min=0, default=None)
    max: int | None = schema.micro(min=0, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if receipt.basket.member is None:
            yield Reason("identified")
            return
        scale: int = 10 ** receipt.unit(self.unit).decimals
        yield from outside(self.kind, "_micro", receipt.balance(self.unit) * MICRO // scale, self.min, self.max)

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])
