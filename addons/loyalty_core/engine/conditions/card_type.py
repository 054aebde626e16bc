"""``card_type``: the type of the card in hand."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of

_CODES = schema.code_of("card_types")


@CONDITIONS.register("card_type")
@dataclass(frozen=True, slots=True)
class CardType(Condition):
    """The card is of a type in `in` and of none in `not_in`; a purchase without a member has no card type."""

    example: ClassVar[Mapping[str, object]] = {"in": ["GOLD", "BLACK"]}
    is_of_member: ClassVar[bool] = True

    in_: frozenset[str] = schema.set_of(_CODES)
    not_in: frozenset[str] = schema.set_of(_CODES)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if not self.in_ and not self.not_in:
            yield "in", "missing", "or not_in is required"

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        member = receipt.basket.member
        card_type = "" if member is None else member.card_type
        if (self.in_ and card_type not in self.in_) or card_type in self.not_in:
            yield Reason(self.kind, {"card_type": card_type})

    def keys(self) -> Keys:
        return keys_of("card_type", self.in_)
