"""``round_total``: a round sum to pay."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Turn
from ..registry import REWARDS, Phase, Reward
from ..select import Target, selection


@REWARDS.register("round_total")
@dataclass(frozen=True, slots=True)
class RoundTotal(Reward):
    """After all groups and before points pay, the receipt's total is rounded down; the difference comes off one of
    the selected lines.

    It is the dearest line by its amount, the first of equals; where that cannot take the difference whole, the next
    that can.
    """

    example: ClassVar[Mapping[str, object]] = {"to": 1}

    phase: ClassVar[Phase] = Phase.TOTAL

    to: int = schema.money(above=0, help="The total becomes a multiple of this.")
    target: Target = selection()
    choose: str = schema.choice("dearest", "cheapest", default="dearest", help="Which line is tried first.")

    def apply(self, turn: Turn) -> None:
        difference = sum(turn.receipt.current) % self.to
        if not difference:
            return
        sign = -1 if self.choose == "dearest" else 1
        lines = turn.discountable(self.target)
        for i in sorted(lines, key=lambda i: (sign * turn.receipt.current[i], i)):
            if difference <= min(turn.room(i), turn.receipt.room):
                turn.discount({i: difference})
                return
        if lines:
            turn.decline("no_room")
