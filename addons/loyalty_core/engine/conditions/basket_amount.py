"""``basket_amount``: how much money the selected lines are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, selection
from .bounds import keys_if, needs_a_bound, outside


@CONDITIONS.register("basket_amount")
@dataclass(frozen=True, slots=True)
class BasketAmount(Condition):
    """The selected lines come to an amount from `min` to `max`, both included."""

    example: ClassVar[Mapping[str, object]] = {"target": {"category": ["COFFEE"]}, "min": 50}

    target: Target = selection()
    min: int | None = schema.money(min=0, default=None)
    max: int | None = schema.money(min=0, default=None)
    basis: str = schema.choice(
        "base",
        "current",
        "paid",
        default="base",
        help="`current`: judged in its turn, on what earlier promotions left; `paid`: when points are given, on what is"
        " left to pay.",
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    @property
    def is_late(self) -> bool:
        return self.basis != "base" or not self.target.is_static

    @property
    def is_last(self) -> bool:
        return self.basis == "paid"

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        amounts = receipt.amounts(self.basis)
        amount = sum(amounts[i] for i in receipt.pick(self.target))
        return outside(self.kind, "_minor", amount, self.min, self.max)

    def keys(self) -> Keys:
        return keys_if(self.min, self.target)
