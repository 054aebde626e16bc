"""``nth``: of so many units some are cheaper, or free."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..money import half_up
from ..receipt import Turn, Units, first_units
from ..registry import REWARDS, Phase, Reward
from ..schema import MICRO
from ..select import Target, selection


@REWARDS.register("nth")
@dataclass(frozen=True, slots=True)
class Nth(Reward):
    """Of every so many whole units, some get so many per cent off. Each unit's discount is rounded half up.

    The units of whole groups are consumed, those that are paid too: no set, other n-th unit or gift uses them. What
    no whole group is made of is free.
    """

    example: ClassVar[Mapping[str, object]] = {"every": 3, "percent": 50, "target": {"category": ["WINE"]}}

    phase: ClassVar[Phase] = Phase.DISCOUNT

    every: int = schema.integer(min=1, max=1000)
    free: int = schema.integer(min=1, max=1000, default=1, help="How many of them get the discount.")
    percent: int = schema.percent(above=0, default=MICRO)
    target: Target = selection()
    choose: str = schema.choice("cheapest", "dearest", default="cheapest")
    grouping: str = schema.choice(
        "overall",
        "descending",
        default="overall",
        help="`overall`: of all units together; `descending`: units are sorted dear to cheap and cut into groups, of"
        " each of which some are chosen.",
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.free > self.every:
            yield "free", "range", "must not be more than every"

    @property
    def is_repeated(self) -> bool:
        return True

    def apply(self, turn: Turn) -> None:
        lines = turn.discountable(self.target)
        units = turn.free_units(lines)
        count = sum(one.times for one in units)
        times = count // self.every
        if turn.promotion.limits.per_receipt is not None:
            times = min(times, turn.promotion.limits.per_receipt)
        if not times:
            turn.decline("no_units", value=count, min=self.every)
            return
        used, wanted = dict.fromkeys(lines, 0), dict.fromkeys(lines, 0)
        for group, free, repeated in self._groups(units, times):
            for one in group:
                used[one.line] += one.times * repeated
            for one in first_units(sorted(group, key=self._order), free):
                wanted[one.line] += self._off(one) * one.times * repeated
        if turn.discount(wanted):
            turn.consume(used)

    def _groups(self, units: list[Units], times: int) -> Iterator[tuple[list[Units], int, int]]:
        """Units that belong together, how many of them get the discount, and how many such groups there are."""
        if self.grouping == "overall":
            chosen = first_units(sorted(units, key=self._order), self.every * times)
            yield chosen, self.free * times, 1
        else:
            for group, repeated in _cut(sorted(units, key=_dear_to_cheap), self.every, times):
                yield group, self.free, repeated

    def _order(self, units: Units) -> tuple[int, int]:
        """Who gets the discount first; of equals the earlier line."""
        return (units.value if self.choose == "cheapest" else -units.value), units.line

    def _off(self, units: Units) -> int:
        return min(units.value, half_up(units.amount * self.percent, MICRO))


def _dear_to_cheap(units: Units) -> tuple[int, int]:
    return -units.value, units.line


def _cut(units: list[Units], every: int, times: int) -> Iterator[tuple[list[Units], int]]:
    """Units in their order cut into groups: each with how many times it repeats."""
    left = deque(first_units(units, every * times))
    group: list[Units] = []
    missing = every
    while left:
        one = left.popleft()
        if missing == every and one.times >= every:
            yield [one._replace(times=every)], one.times // every
            taken = one.times - one.times % every
        else:
            taken = min(one.times, missing)
            group.append(one._replace(times=taken))
            missing -= taken
            if not missing:
                yield group, 1
                group, missing = [], every
        if taken < one.times:
            left.appendleft(one._replace(times=one.times - taken))
