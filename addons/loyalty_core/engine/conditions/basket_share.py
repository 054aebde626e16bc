"""``basket_share``: which part of an amount the selected lines are."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..schema import MICRO
from ..select import Keys, Target, selection


@CONDITIONS.register("basket_share")
@dataclass(frozen=True, slots=True)
class BasketShare(Condition):
    """The selected lines are at least so many per cent of the amount of `of`; of nothing nothing is a
    part."""

    example: ClassVar[Mapping[str, object]] = {"target": {"tag": ["own-brand"]}, "min_percent": 40}

    target: Target = selection()
    of: Target = selection("The lines that are the whole; every line without it.")
    min_percent: int = schema.percent(above=0)

    @property
    def is_late(self) -> bool:
        return not (self.target.is_static and self.of.is_static)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        positions = set(receipt.pick(self.of))
        whole = sum(receipt.base[i] for i in positions)
        part = sum(receipt.base[i] for i in receipt.pick(self.target) if i in positions)
        if not whole or part * MICRO < whole * self.min_percent:
            yield Reason(self.kind, {"part_minor": part, "whole_minor": whole})

    def keys(self) -> Keys:
        return self.target.keys() or self.of.keys()
