"""``amount``: a fixed sum off, or what a promo code is worth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from .. import schema
from ..money import half_up
from ..offers import or_offer
from ..receipt import Turn
from ..registry import REWARDS, Phase, Reward
from ..schema import MICRO
from ..select import Target, selection

OF_CODE: Final = 0
_WORD: Final = "code"


@dataclass(frozen=True, slots=True)
class MoneyOrCode(schema.Type):
    """A sum; or the word that leaves it to the code, read as ``OF_CODE``."""

    name = "money"

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        return OF_CODE if value == _WORD else schema.type_of(_SUM).read(value, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        return _WORD if value == OF_CODE else schema.type_of(_SUM).write(value, decimals)

    def limits(self) -> str:
        return f"{schema.type_of(_SUM).limits()}, or `{_WORD}`"

    def to_form(self) -> schema.Form:
        return schema.either(schema.type_of(_SUM), _WORD)


_SUM: Final = schema.money(above=0)


@REWARDS.register("amount")
@dataclass(frozen=True, slots=True)
class Amount(Reward):
    """So much money off. Off the order, what one line cannot take passes to the others; otherwise it is
    lost.

    With `code` it is what the presented code is worth (condition `promo_code`), off the order."""

    example: ClassVar[Mapping[str, object]] = {"value": 3, "per": "order"}

    phase: ClassVar[Phase] = Phase.DISCOUNT

    value: int = or_offer(schema.declare(MoneyOrCode()))
    per: str = schema.choice(
        "order",
        "line",
        "unit",
        "quantity",
        "set",
        default="order",
        help="`unit` counts whole units, `quantity` fractions.",
    )
    target: Target = selection()

    @property
    def is_repeated(self) -> bool:
        return self.per in ("set", "unit")

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.pays_codes and self.per != "order":
            yield "per", "conflict", "must be order where the code says how much"

    @property
    def pays_codes(self) -> bool:
        return self.value == OF_CODE

    def apply(self, turn: Turn) -> None:
        lines = turn.discountable(self.target)
        if self.pays_codes:
            turn.pay_out(lines)
        elif self.per == "order":
            turn.spread(self.value, turn.current(lines))
        elif self.per == "set":
            turn.spread_over_sets(self.target, lambda cost: self.value)
        elif self.per == "unit":
            wanted = dict.fromkeys(lines, 0)
            for units in turn.units(lines):
                wanted[units.line] += min(self.value, units.value) * units.times
            turn.discount(wanted)
        else:
            turn.discount({i: self._off(turn, i) for i in lines})

    def _off(self, turn: Turn, i: int) -> int:
        if self.per == "quantity":
            return half_up(self.value * turn.receipt.lines[i].quantity_micro, MICRO)
        return self.value
