"""``basket_quantity``: how many units the selected lines are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, selection
from .bounds import keys_if, needs_a_bound, outside


@CONDITIONS.register("basket_quantity")
@dataclass(frozen=True, slots=True)
class BasketQuantity(Condition):
    """The quantities of the selected lines sum to something from `min` to `max`, both included."""

    example: ClassVar[Mapping[str, object]] = {"target": {"category": ["COFFEE"]}, "min": 2}

    target: Target = selection()
    min: int | None = schema.micro(min=0, default=None)
    max: int | None = schema.micro(min=0, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    @property
    def is_late(self) -> bool:
        return not self.target.is_static

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        quantity = sum(receipt.lines[i].quantity_micro for i in receipt.pick(self.target))
        return outside(self.kind, "_micro", quantity, self.min, self.max)

    def keys(self) -> Keys:
        return keys_if(self.min, self.target)
