"""``purchases_quantity``: how many units the member has bought."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..facts import ANYWHERE, EVER, History, Need, Period, Where
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, keys_of, selection
from .bought import figure
from .bounds import needs_a_bound, outside


@CONDITIONS.register("purchases_quantity")
@dataclass(frozen=True, slots=True)
class PurchasesQuantity(Condition):
    """The member bought from `min` to `max` units in the period, both included; less what came back."""

    example: ClassVar[Mapping[str, object]] = {"target": {"category": ["COFFEE"]}, "min": 10}
    is_of_member: ClassVar[bool] = True

    target: Target = selection("Which products; whole purchases without it.")
    period: Period = schema.nested(Period, default=EVER)
    place: Where = schema.nested(Where, default=ANYWHERE, help="Where they were made.")
    min: int | None = schema.micro(min=0, default=None)
    max: int | None = schema.micro(min=0, default=None)
    include_current: bool = schema.flag(default=False, help="The purchase in hand counts too.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_a_bound(self.min, self.max)

    @property
    def _history(self) -> History:
        return History(measure="quantity", period=self.period, target=self.target, where=self.place)

    def needs(self) -> Iterator[Need]:
        yield self._history

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        value = figure(receipt, self._history)
        if value is None:
            yield Reason("identified")
            return
        if self.include_current:
            value += sum(receipt.lines[i].quantity_micro for i in receipt.pick(self.target))
        yield from outside(self.kind, "_micro", value, self.min, self.max)

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])
