"""``message``: a text for the receipt, the cashier or the customer."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from .. import result, schema
from ..receipt import Turn
from ..registry import REWARDS, Phase, Reward
from ..select import Keys


def _discount(turn: Turn) -> str:
    given = turn.receipt.given.get(turn.promotion.code, {})
    return _decimal(sum(given.values()), turn.receipt.programme.decimals)


def _earned(turn: Turn) -> str:
    receipt = turn.receipt
    texts = (
        _decimal(sum(one.parts.values()), receipt.unit(one.unit).decimals)
        for one in receipt.accruals
        if one.promotion == turn.promotion.code
    )
    return ", ".join(texts) or "0"


def _to_pay(turn: Turn) -> str:
    return _decimal(sum(turn.receipt.amounts("paid")), turn.receipt.programme.decimals)


def _decimal(minor: int, decimals: int) -> str:
    whole, part = divmod(minor, 10**decimals)
    return f"{whole}.{part:0{decimals}}" if decimals else str(whole)


_VARIABLES: Final[Mapping[str, Callable[[Turn], str]]] = {
    "promotion": lambda turn: turn.promotion.name or turn.promotion.code,
    "discount": _discount,
    "earned": _earned,
    "to_pay": _to_pay,
}


@REWARDS.register("message")
@dataclass(frozen=True, slots=True)
class Message(Reward):
    """A text that is told together with what else the promotion gives; alone, whenever its conditions
    hold."""

    example: ClassVar[Mapping[str, object]] = {
        "to": "receipt",
        "text": "You saved {discount} with {promotion}",
    }

    phase: ClassVar[Phase] = Phase.TELL

    to: str = schema.choice("receipt", "cashier", "customer", default="receipt")
    text: str = schema.text(
        max_length=2000, help="May contain " + ", ".join(f"`{{{name}}}`" for name in _VARIABLES) + "."
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        for name in re.findall(r"\{(\w*)\}", self.text):
            if name not in _VARIABLES:
                yield "text", "unknown", f"has no variable {name}; there are {', '.join(_VARIABLES)}"

    @property
    def needs_basket(self) -> bool:
        """There is neither receipt nor cashier without a purchase, and nothing to pay."""
        return self.to != "customer" or not {"discount", "to_pay"}.isdisjoint(re.findall(r"\{(\w+)\}", self.text))

    def apply(self, turn: Turn) -> None:
        text = re.sub(r"\{(\w+)\}", lambda match: _VARIABLES[match[1]](turn), self.text)
        turn.say(result.Message(self.to, text, turn.promotion.code))

    def keys(self) -> Keys:
        return None
