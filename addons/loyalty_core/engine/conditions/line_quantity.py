"""``line_quantity``: how many units a single line has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, selection
from .bounds import needs_a_bound


@CONDITIONS.register("line_quantity")
@dataclass(frozen=True, slots=True)
class LineQuantity(Condition):
    """At least one of the selected lines by itself has a quantity from `min` to `max`, both included."""

    example: ClassVar[Mapping[str, object]] = {"target": {"category": ["WINE"]}, "min": 6}

    target: Target = selection()
    min: int | None = schema.micro(min=0, default=None)
    max: int | None = schema.micro(min=0, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    @property
    def is_late(self) -> bool:
        return not self.target.is_static

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        quantities = [receipt.lines[i].quantity_micro for i in receipt.pick(self.target)]
        if not any(map(self._fits, quantities)):
            bounds = {"min_micro": self.min, "max_micro": self.max}
            given = {name: bound for name, bound in bounds.items() if bound is not None}
            yield Reason(self.kind, {"value_micro": max(quantities, default=0), **given})

    def _fits(self, quantity: int) -> bool:
        return (self.min is None or self.min <= quantity) and (self.max is None or quantity <= self.max)

    def keys(self) -> Keys:
        return self.target.keys()
