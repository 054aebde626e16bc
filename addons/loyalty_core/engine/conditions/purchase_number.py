"""``purchase_number``: which of the member's purchases this one is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..facts import ANYWHERE, EVER, History, Need, Period, Where
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, keys_of, selection
from .bought import figure


@CONDITIONS.register("purchase_number")
@dataclass(frozen=True, slots=True)
class PurchaseNumber(Condition):
    """It is the member's purchase of this number (1: the first), or each such one, counted within the period, with
    something of the target. Purchases that came back whole do not count."""

    example: ClassVar[Mapping[str, object]] = {"every": 6}

    equals: int | None = schema.integer(min=1, default=None)
    every: int | None = schema.integer(min=1, default=None)
    target: Target = selection()
    period: Period = schema.nested(Period, default=EVER)
    place: Where = schema.nested(Where, default=ANYWHERE)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if (self.equals is None) == (self.every is None):
            yield "equals", "conflict", "or every is required, and only one of them"

    @property
    def _history(self) -> History:
        return History(measure="count", period=self.period, target=self.target, where=self.place)

    def needs(self) -> Iterator[Need]:
        yield self._history

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        before = figure(receipt, self._history)
        if before is None:
            yield Reason("identified")
            return
        number = before + 1
        holds = number == self.equals if self.equals is not None else number % (self.every or 1) == 0
        if not holds or not receipt.pick(self.target):
            yield Reason(self.kind, {"number": number})

    def keys(self) -> Keys:
        return self.target.keys() or keys_of("member", ["yes"])
