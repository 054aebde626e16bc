"""``percent``: a share of the price off."""

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


@REWARDS.register("percent")
@dataclass(frozen=True, slots=True)
class Percent(Reward):
    """So many per cent off. By line each line is rounded half up; by order the sum is, and then allocated."""

    example: ClassVar[Mapping[str, object]] = {"value": 10, "target": {"category": ["COFFEE"]}, "max": 100}

    phase: ClassVar[Phase] = Phase.DISCOUNT

    value: int = or_offer(schema.percent(above=0))
    target: Target = selection()
    scope: str = schema.choice(
        "line", "order", default="line", help="Whether lines are rounded or their sum."
    )
    max: int | None = schema.money(above=0, default=None, help="At most so much off the receipt.")

    def apply(self, turn: Turn) -> None:
        amounts = {i: turn.amount(i) for i in turn.discountable(self.target)}
        if self.scope == "line":
            turn.discount({i: half_up(amount * self.value, MICRO) for i, amount in amounts.items()}, self.max)
        else:
            whole = half_up(sum(amounts.values()) * self.value, MICRO)
            turn.spread(whole if self.max is None else min(whole, self.max), turn.current(amounts))
