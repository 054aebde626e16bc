"""``price``: a fixed price."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..money import half_up
from ..offers import or_offer
from ..receipt import Turn
from ..registry import REWARDS, Phase, Reward
from ..schema import MICRO
from ..select import Target, selection


@REWARDS.register("price")
@dataclass(frozen=True, slots=True)
class Price(Reward):
    """A unit, or a whole set, costs just this; a price is never raised. Earlier discounts count: it is the
    price that is left to pay."""

    example: ClassVar[Mapping[str, object]] = {"value": 39.9, "target": {"sku": ["1001"]}}

    phase: ClassVar[Phase] = Phase.DISCOUNT

    value: int = or_offer(schema.money(min=0))
    per: str = schema.choice(
        "unit", "quantity", "set", default="unit", help="`unit` counts whole units, `quantity` fractions."
    )
    target: Target = selection()

    @property
    def is_repeated(self) -> bool:
        return self.per in ("set", "unit")

    def apply(self, turn: Turn) -> None:
        lines = turn.discountable(self.target)
        if self.per == "set":
            turn.spread_over_sets(self.target, lambda cost: max(0, cost - self.value))
        elif self.per == "unit":
            wanted = dict.fromkeys(lines, 0)
            for units in turn.units(lines):
                wanted[units.line] += max(0, units.value - self.value) * units.times
            turn.discount(wanted)
        else:
            turn.discount({i: self._off(turn, i) for i in lines})

    def _off(self, turn: Turn, i: int) -> int:
        quantity = turn.receipt.lines[i].quantity_micro
        return max(0, turn.receipt.current[i] - half_up(self.value * quantity, MICRO))
