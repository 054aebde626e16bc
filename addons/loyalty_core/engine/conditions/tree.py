"""The tree: ``{"all": […]}``, ``{"any": […]}``, ``{"not": …}``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from .. import schema
from ..basket import PromoCode
from ..facts import Need
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, KindOf, Reason
from ..select import Keys, narrowest, union


def _children() -> Any:
    return schema.list_of(schema.declare(KindOf(CONDITIONS)), max_length=200)


@CONDITIONS.branch("all")
@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """Holds when every one of them holds; an empty one always does."""

    all: tuple[Condition, ...] = _children()

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        for child in self.all:
            yield from child.judge(receipt)

    @property
    def is_late(self) -> bool:
        return any(child.is_late for child in self.all)

    @property
    def is_last(self) -> bool:
        return any(child.is_last for child in self.all)

    @property
    def needs_basket(self) -> bool:
        return any(child.needs_basket for child in self.all)

    def needs(self) -> Iterator[Need]:
        for child in self.all:
            yield from child.needs()

    def within(self, promotion: str) -> Self:
        return replace(self, all=tuple(child.within(promotion) for child in self.all))

    @property
    def finds_sets(self) -> bool:
        return any(child.finds_sets for child in self.all)

    def keys(self) -> Keys:
        return narrowest(child.keys() for child in self.all)

    @property
    def takes_codes(self) -> bool:
        return any(child.takes_codes for child in self.all)

    def codes(self, receipt: Receipt) -> Iterator[tuple[PromoCode, ...]]:
        for child in self.all:
            yield from child.codes(receipt)

    def sets(self, receipt: Receipt, most: int) -> tuple[Mapping[int, int], ...]:
        return next((sets for child in self.all if (sets := child.sets(receipt, most))), ())


@CONDITIONS.branch("any")
@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """Holds when at least one of them holds; an empty one never does."""

    any: tuple[Condition, ...] = _children()

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        reasons: list[Reason] = []
        for child in self.any:
            against = list(child.judge(receipt))
            if not against:
                return
            reasons += against
        yield from reasons or [Reason("any")]

    @property
    def is_late(self) -> bool:
        return any(child.is_late for child in self.any)

    @property
    def is_last(self) -> bool:
        return any(child.is_last for child in self.any)

    @property
    def needs_basket(self) -> bool:
        return any(child.needs_basket for child in self.any)

    def needs(self) -> Iterator[Need]:
        for child in self.any:
            yield from child.needs()

    def within(self, promotion: str) -> Self:
        return replace(self, any=tuple(child.within(promotion) for child in self.any))

    @property
    def finds_sets(self) -> bool:
        return any(child.finds_sets for child in self.any)

    def keys(self) -> Keys:
        return union(child.keys() for child in self.any)

    @property
    def takes_codes(self) -> bool:
        return any(child.takes_codes for child in self.any)

    def codes(self, receipt: Receipt) -> Iterator[tuple[PromoCode, ...]]:
        """Those of the first that holds: one is enough, so no more are used up."""
        holds = next((child for child in self.any if next(child.judge(receipt), None) is None), None)
        return iter(()) if holds is None else holds.codes(receipt)

    def sets(self, receipt: Receipt, most: int) -> tuple[Mapping[int, int], ...]:
        return next((sets for child in self.any if (sets := child.sets(receipt, most))), ())


@CONDITIONS.branch("not")
@dataclass(frozen=True, slots=True)
class Not(Condition):
    """Holds when the other does not."""

    not_: Condition = schema.declare(KindOf(CONDITIONS))

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if next(self.not_.judge(receipt), None) is None:
            yield Reason("not", {"kind": self.not_.kind})

    @property
    def is_late(self) -> bool:
        return self.not_.is_late

    @property
    def is_last(self) -> bool:
        return self.not_.is_last

    @property
    def needs_basket(self) -> bool:
        return self.not_.needs_basket

    def needs(self) -> Iterator[Need]:
        return self.not_.needs()

    def within(self, promotion: str) -> Self:
        return replace(self, not_=self.not_.within(promotion))


ALWAYS = AllOf(all=())
