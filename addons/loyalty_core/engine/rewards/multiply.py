"""``multiply``: a further factor on what other promotions gave."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..money import half_up
from ..receipt import Factor, Turn
from ..registry import REWARDS, Phase, Reward
from ..schema import MICRO
from ..select import Target, selection


@REWARDS.register("multiply")
@dataclass(frozen=True, slots=True)
class Multiply(Reward):
    """Points or discounts of the named promotions times a factor, on the selected lines.

    Points are multiplied before they are rounded and capped. Discounts are multiplied in this promotion's
    turn: what is given beyond them is its own discount.
    """

    example: ClassVar[Mapping[str, object]] = {"what": "points", "of": ["BASE"], "factor": 2}

    what: str = schema.choice("points", "discount")
    of: frozenset[str] = schema.set_of(
        schema.code_of("promotions", "groups", max_length=64), default=schema.REQUIRED, help="Promotions, groups."
    )
    factor: int = schema.micro(min=0, max=1000)
    target: Target = selection()

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.what == "discount" and self.factor < MICRO:
            yield "factor", "range", "must be at least 1 for discounts: a discount is not taken back"

    @property
    def acts_in(self) -> Phase:
        return Phase.FACTOR if self.what == "points" else Phase.DISCOUNT

    def apply(self, turn: Turn) -> None:
        if self.what == "points":
            lines = frozenset(turn.pick(self.target))
            turn.multiply(Factor(turn.promotion.code, self.of, self.factor, lines))
        else:
            given = turn.given(self.of)
            wanted = {
                i: half_up(given[i] * (self.factor - MICRO), MICRO) for i in turn.discountable(self.target)
            }
            turn.discount(wanted)
