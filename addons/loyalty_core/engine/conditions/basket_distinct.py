"""``basket_distinct``: how many different products the selected lines have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, selection
from .bounds import keys_if, needs_a_bound, outside


@CONDITIONS.register("basket_distinct")
@dataclass(frozen=True, slots=True)
class BasketDistinct(Condition):
    """The selected lines have from `min` to `max` different products, both included."""

    example: ClassVar[Mapping[str, object]] = {"target": {"brand": ["ACME"]}, "min": 3}

    target: Target = selection()
    min: int | None = schema.integer(min=0, default=None)
    max: int | None = schema.integer(min=0, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    @property
    def is_late(self) -> bool:
        return not self.target.is_static

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        products = {receipt.lines[i].sku for i in receipt.pick(self.target)}
        return outside(self.kind, "", len(products), self.min, self.max)

    def keys(self) -> Keys:
        return keys_if(self.min, self.target)
