"""``attribute``: something that is known of the member."""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from .. import schema
from ..facts import Need, Profile
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..schema import Value
from ..select import Keys, keys_of


def _texts(value: Value) -> tuple[Value, ...]:
    return value if isinstance(value, tuple) else (value,)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Value, Value], bool]:
    """Numbers with numbers, texts (so dates too) with texts; what cannot be compared does not hold."""

    def holds(known: Value, wanted: Value) -> bool:
        numbers = isinstance(known, Decimal) and isinstance(wanted, Decimal)
        return (numbers or (isinstance(known, str) and isinstance(wanted, str))) and bool(compare(known, wanted))

    return holds


_HOLDS: Mapping[str, Callable[[Value, Value], bool]] = {
    "eq": operator.eq,
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
    "in": lambda known, wanted: not set(_texts(known)).isdisjoint(_texts(wanted)),
    "known": lambda known, wanted: True,
}
_NEGATIONS = {"ne": "eq", "not_in": "in", "unknown": "known"}


@CONDITIONS.register("attribute")
@dataclass(frozen=True, slots=True)
class AttributeIs(Condition):
    """What is known of the member under a name compares to `value`.

    Names are those of the member's own attributes, and `birth_date`, `sex`, `age`, `language`, `city`, `store`, and
    `card_years`, how many years lie between that of the first card and this one. What is not known is `unknown`, `ne`
    and `not_in` anything, and nothing else; `in` of several values needs one of them.
    """

    example: ClassVar[Mapping[str, object]] = {"name": "children", "op": "ge", "value": 1}
    is_of_member: ClassVar[bool] = True

    name: str = schema.code_of("attributes", "profile", max_length=64)
    op: str = schema.choice(*_HOLDS, *_NEGATIONS, default="eq")
    value: Value | None = schema.value(default=None)
    known_days: int = schema.integer(
        min=0, max=36_500, default=0, help="It has been on file for so many days, whatever it was."
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.value is None and self.op not in ("known", "unknown"):
            yield "value", "missing", f"is required for {self.op}"
        if self.known_days and self.op in _NEGATIONS:
            yield "known_days", "conflict", f"says nothing with {self.op}"

    def needs(self) -> Iterator[Need]:
        yield Profile("attributes", self.name)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        member = receipt.basket.member
        known = member.attributes.get(self.name) if member else None
        holds = known is not None and _HOLDS[_NEGATIONS.get(self.op, self.op)](known.value, self._wanted)
        if known is not None and self.known_days:
            days = (receipt.basket.at.date() - known.since).days if known.since else 0
            holds = holds and days >= self.known_days
        # What is known of a person stays out of the answer.
        if member is None or holds == (self.op in _NEGATIONS):
            yield Reason(self.kind, {"name": self.name})

    @property
    def _wanted(self) -> Value:
        return "" if self.value is None else self.value

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])
