"""What conditions on earlier purchases have in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..facts import ANYWHERE, EVER, History, Need, Period, Where
from ..receipt import Receipt
from ..registry import Condition, Reason
from ..select import Keys, Target, keys_of, selection
from .bounds import needs_a_bound, outside


def figure(receipt: Receipt, history: History) -> int | None:
    """A figure of what the member has bought before; None without a member."""
    member = receipt.basket.member
    return None if member is None else member.history.get(history.key, 0)


@dataclass(frozen=True, slots=True)
class EarlierPurchases(Condition):
    """A figure of the member's earlier purchases lies within bounds, both included."""

    is_of_member: ClassVar[bool] = True
    measure: ClassVar[str]
    suffix: ClassVar[str] = ""

    target: Target = selection("Which products; whole purchases without it.")
    period: Period = schema.nested(Period, default=EVER)
    place: Where = schema.nested(Where, default=ANYWHERE, help="Where they were made.")
    include_current: bool = schema.flag(default=False, help="The purchase in hand counts too.")

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        """The least and the most."""
        raise NotImplementedError

    def current(self, receipt: Receipt) -> int:
        """The figure of the purchase in hand."""
        raise NotImplementedError

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(*self.bounds)

    @property
    def _history(self) -> History:
        return History(measure=self.measure, period=self.period, target=self.target, where=self.place)

    def needs(self) -> Iterator[Need]:
        yield self._history

    @property
    def is_late(self) -> bool:
        return self.include_current

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        value = figure(receipt, self._history)
        if value is None:
            yield Reason("identified")
            return
        if self.include_current:
            value += self.current(receipt)
        yield from outside(self.kind, self.suffix, value, *self.bounds)

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])
