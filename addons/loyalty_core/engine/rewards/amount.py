"""``amount``: a fixed sum off."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..money import half_up
from ..receipt import Turn
from ..registry import REWARDS, Phase, Reward
from ..schema import MICRO
from ..select import Target, selection


@REWARDS.register("amount")
@dataclass(frozen=True, slots=True)
class Amount(Reward):
    """So much money off. Off the order, what one line cannot take passes to the others; otherwise it is
    lost."""

    example: ClassVar[Mapping[str, object]] = {"value": 3, "per": "order"}

    phase: ClassVar[Phase] = Phase.DISCOUNT

    value: int = schema.money(above=0)
    per: str = schema.choice(
        "order",
        "line",
        "unit",
        "quantity",
        "set",
        default="order",
        help="`unit` counts whole units, `quantity` fractions.",
    )
    target: Target = selection()

    def apply(self, turn: Turn) -> None:
        lines = turn.discountable(self.target)
        if self.per == "order":
            turn.spread(self.value, turn.current(lines))
        elif self.per == "set":
            for costs in turn.sets(lines):
                turn.spread(self.value, costs)
        else:
            turn.discount({i: self._off(turn, i) for i in lines})

    def _off(self, turn: Turn, i: int) -> int:
        if self.per == "unit":
            return sum(min(self.value, value) * count for value, count in turn.units(i))
        if self.per == "quantity":
            return half_up(self.value * turn.receipt.lines[i].quantity_micro, MICRO)
        return self.value
