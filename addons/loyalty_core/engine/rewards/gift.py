"""``gift``: something for nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Turn, Units, first_units
from ..registry import REWARDS, Phase, Reward
from ..select import Keys, Target, selection


@REWARDS.register("gift")
@dataclass(frozen=True, slots=True)
class Gift(Reward):
    """So many whole units in the basket become free, once in a receipt, the cheapest first. They are consumed: no
    set, n-th unit or other gift uses them.

    What is not in the basket is suggested, unless selected lines are closed to this discount or may not become
    cheaper. A gift that is only suggested is no use of the promotion, and its group may choose another.
    """

    example: ClassVar[Mapping[str, object]] = {"target": {"sku": ["2001", "2002"]}, "quantity": 1}

    phase: ClassVar[Phase] = Phase.DISCOUNT
    needs_lines: ClassVar[bool] = False

    target: Target = selection()
    quantity: int = schema.integer(min=1, max=1_000_000, default=1)

    def apply(self, turn: Turn) -> None:
        lines = turn.discountable(self.target)
        free = sorted(turn.free_units(lines), key=_cheap_to_dear)
        roomy = [one for one in free if turn.room(one.line)]
        units = first_units(roomy, self.quantity)
        used, wanted = dict.fromkeys(lines, 0), dict.fromkeys(lines, 0)
        for one in units:
            used[one.line] += one.times
            wanted[one.line] += one.value * one.times
        if turn.discount(wanted):
            turn.consume(used)
        missing = self.quantity - sum(used.values())
        if len(roomy) < len(free):
            turn.decline("no_room")
        elif missing and len(lines) == len(turn.pick(self.target)):
            turn.suggest(self.target, missing)

    def keys(self) -> Keys:
        return None


def _cheap_to_dear(units: Units) -> tuple[int, int]:
    return units.value, units.line
