"""``since``: days from something that happened to the member."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from .. import schema
from ..facts import EVER, FirstUse, History, Need, Period, Profile
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, Target, keys_of, selection
from .bought import figure


@CONDITIONS.register("since")
@dataclass(frozen=True, slots=True)
class Since(Condition):
    """It is one of the first `days` days from the day of an event, that day included: dynamic validity.

    `first_use` is the member's first purchase in the promotion, or in the one that `of` names; who has had none has the
    first one now. `registered` is the day of registration. `amount_reached` is the day on which purchases (of the
    target, within the period) came to `amount`; before it nothing holds.
    """

    example: ClassVar[Mapping[str, object]] = {"event": "registered", "days": 30}
    is_of_member: ClassVar[bool] = True

    event: str = schema.choice("first_use", "registered", "amount_reached")
    days: int = schema.integer(min=1, max=36_500)
    of: str = schema.code_of("promotions", max_length=64, default="", help="Another promotion, for `first_use`.")
    amount: int | None = schema.money(above=0, default=None, help="For `amount_reached`.")
    target: Target = selection("Whose amount, for `amount_reached`.")
    period: Period = schema.nested(Period, default=EVER, help="For `amount_reached`.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        if (self.event == "amount_reached") != (self.amount is not None):
            yield "amount", "conflict", "goes with amount_reached, and only with it"
        if self.of and self.event != "first_use":
            yield "of", "conflict", "is only for first_use"

    def within(self, promotion: str) -> Self:
        return replace(self, of=promotion) if self.event == "first_use" and not self.of else self

    @property
    def _need(self) -> Need:
        if self.event == "registered":
            return Profile("registered_on")
        if self.event == "first_use":
            return FirstUse(self.of)
        return History(measure="reached", period=self.period, target=self.target, sum_minor=self.amount or 0)

    def needs(self) -> Iterator[Need]:
        yield self._need

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        day = self._day(receipt)
        today = receipt.basket.at.date().toordinal()
        if day is None or not day <= today < day + self.days:
            yield Reason(self.kind, {"event": self.event})

    def _day(self, receipt: Receipt) -> int | None:
        """The day of the event as an ordinal."""
        member, need = receipt.basket.member, self._need
        if member is None:
            return None
        if isinstance(need, Profile):
            return member.registered_on.toordinal() if member.registered_on else None
        if isinstance(need, FirstUse):
            return member.history.get(need.key) or receipt.basket.at.date().toordinal()
        return figure(receipt, need) or None

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])
