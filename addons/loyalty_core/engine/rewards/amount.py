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

    @property
    def is_repeated(self) -> bool:
        return self.per in ("set", "unit")

    def apply(self, turn: Turn) -> None:
        lines = turn.discountable(self.target)
        if self.per == "order":
            turn.spread(self.value, turn.current(lines))
        elif self.per == "set":
            turn.spread_over_sets(self.target, lambda cost: self.value)
        elif self.per == "unit":
            wanted = dict.fromkeys(lines, 0)
            for units in turn.units(lines):
                wanted[units.line] += min(self.value, units.value) * units.times
            turn.discount(wanted)
        else:
            turn.discount({i: self._off(turn, i) for i in lines})

    def _off(self, turn: Turn, i: int) -> int:
        if self.per == "quantity":
            return half_up(self.value * turn.receipt.lines[i].quantity_micro, MICRO)
        return self.value
