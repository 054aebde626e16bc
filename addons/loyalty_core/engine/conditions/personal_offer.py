"""``personal_offer``: the member was offered something in the basket by name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from .. import schema
from ..facts import Need, Profile
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of


@CONDITIONS.register("personal_offer")
@dataclass(frozen=True, slots=True)
class PersonalOffer(Condition):
    """The member was offered something in the basket by name: in this promotion, or in the one that `of` names. Offers
    are loaded in bulk; rewards may take their value from them (`"value": "offer"`), selections their products
    (`"offer": ["CODE"]`)."""

    example: ClassVar[Mapping[str, object]] = {}

    of: str = schema.code_of("promotions", max_length=64, default="", help="Another promotion.")

    def within(self, promotion: str) -> Self:
        return self if self.of else replace(self, of=promotion)

    def needs(self) -> Iterator[Need]:
        yield Profile("offers", self.of)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if receipt.basket.member is None:
            yield Reason("identified")
        elif not any(self.of in line.offered for line in receipt.lines):
            yield Reason(self.kind)

    def keys(self) -> Keys:
        return keys_of("member", ["yes"])
