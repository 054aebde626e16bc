"""``bundle``: whole sets of things bought together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, narrowest, selection


@dataclass(frozen=True, slots=True)
class Part:
    """So many whole units of a selection."""

    target: Target = selection()
    quantity: int = schema.integer(min=1, max=1000, default=1)


@CONDITIONS.register("bundle")
@dataclass(frozen=True, slots=True)
class Bundle(Condition):
    """At least one whole set, all the parts in `sets` together, can be made of the units in the basket.

    As many sets are made as can be, no unit is in two of them or in two parts. The parts are filled in the order
    listed, each with the dearest units that leave enough for the other parts and sets. With a reward `per` `set` the
    units of each set that gets something are consumed, so that no other set, n-th unit or gift uses them.
    """

    example: ClassVar[Mapping[str, object]] = {
        "sets": [
            {"target": {"category": ["COFFEE"]}},
            {"target": {"category": ["CAKE"]}, "quantity": 2},
        ]
    }

    sets_: tuple[Part, ...] = schema.list_of(schema.nested(Part), min_length=1, max_length=8)

    @property
    def is_late(self) -> bool:
        return True

    @property
    def finds_sets(self) -> bool:
        return True

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        shelf = Shelf(receipt, self.sets_)
        told: list[int] = []
        for parts in sorted(shelf.needs, key=lambda parts: (parts.bit_count(), parts)):
            has, needs = shelf.supply(parts), shelf.needs[parts]
            if has < needs and not any(parts & known == known for known in told):
                told.append(parts)
                yield Reason(self.kind, {"parts": _numbers(parts), "value": has, "min": needs})

    def sets(self, receipt: Receipt, most: int) -> tuple[Mapping[int, int], ...]:
        shelf = Shelf(receipt, self.sets_)
        return tuple(shelf.fill(min(most, shelf.count())))

    def keys(self) -> Keys:
        return narrowest(part.target.keys() for part in self.sets_)


@dataclass(slots=True)
class Stack:
    """Units of a line that are alike; ``parts`` are those which they fit, as bits."""

    line: int
    value: int
    count: int
    parts: int


class Shelf:
    """The free units that fit some part of a set, the dearest first.

    For whole sets it is needed and, by Hall's theorem, enough that any parts taken together have as many units
    that fit at least one of them as they need; so ``count`` and ``fill`` look at the parts' groups, never at
    arrangements of units.
    """

    def __init__(self, receipt: Receipt, parts: Sequence[Part]):
        self.parts = parts
        fits: dict[int, int] = {}
        for number, part in enumerate(parts):
            for i in receipt.pick(part.target):
                fits[i] = fits.get(i, 0) | 1 << number
        stacks = [
            Stack(i, value, count, fits[i]) for i in fits for value, count in receipt.free_units(i)
        ]
        self.stacks = sorted(stacks, key=lambda one: (-one.value, one.line))
        self.needs = {
            group: sum(part.quantity for number, part in enumerate(parts) if group >> number & 1)
            for group in range(1, 1 << len(parts))
        }
        self._counts: dict[int, int] = {}
        for one in stacks:
            self._counts[one.parts] = self._counts.get(one.parts, 0) + one.count

    def supply(self, group: int) -> int:
        """How many units fit at least one part of the group."""
        return sum(count for parts, count in self._counts.items() if parts & group)

    def count(self) -> int:
        """How many whole sets there are."""
        return min(self.supply(group) // needs for group, needs in self.needs.items())

    def fill(self, times: int) -> Iterator[Mapping[int, int]]:
        """So many sets: of each the number of units by line."""
        spare = {group: self.supply(group) - times * needs for group, needs in self.needs.items()}
        queues = [[one for one in self.stacks if one.parts >> number & 1] for number in range(len(self.parts))]
        positions = [0] * len(self.parts)
        for _ in range(times):
            units: dict[int, int] = {}
            for number, part in enumerate(self.parts):
                missing = part.quantity
                while missing:
                    stack = queues[number][positions[number]]
                    others = [group for group in spare if group & stack.parts and not group >> number & 1]
                    taken = min(missing, stack.count, *(spare[group] for group in others))
                    if taken:
                        stack.count -= taken
                        missing -= taken
                        units[stack.line] = units.get(stack.line, 0) + taken
                        for group in others:
                            spare[group] -= taken
                    if missing:
                        positions[number] += 1  # what others need, or what is used up, stays so
            yield units


def _numbers(group: int) -> list[int]:
    """The parts of a group as people count them."""
    return [number + 1 for number in range(group.bit_length()) if group >> number & 1]
