"""Rewards that give each member what was offered by name: ``"value": "offer"``."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, Unpack

from . import schema
from .basket import Offer
from .marks import mark_of
from .registry import Reward

#: What the word is read as; no reward gives less than nothing.
BY_OFFER: Final = -1
_WORD: Final = "offer"


@dataclass(frozen=True, slots=True)
class OrOffer(schema.Type):
    """A value; or the word that leaves it to the offer, read as ``BY_OFFER``."""

    own: schema.Type
    name: str

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        return BY_OFFER if value == _WORD else self.own.read(value, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        return _WORD if value == BY_OFFER else self.own.write(value, decimals)

    def limits(self) -> str:
        return f"{self.own.limits()}, or `{_WORD}`".removeprefix(", or ")

    def to_form(self) -> schema.Form:
        return schema.either(self.own, _WORD)

    def offered(self, micro: int, decimals: int) -> object:
        """The value of an offer as this sort of value; INVALID where it cannot be one."""
        number = Decimal(micro).scaleb(-6)
        if isinstance(self.own, schema.Money):
            number = number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        return self.own.read(number, "", schema.Reading(decimals))


def or_offer(declared: Any, **about: Unpack[schema.About]) -> Any:
    """The declaration of a value that may be left to offers."""
    own = schema.type_of(declared)
    return schema.declare(OrOffer(own, own.name), **about)


def by_offer(reward: Reward) -> str:
    """The field of which offers say the value, if there is one."""
    for member in schema.members(type(reward)).values():
        if isinstance(member.type, OrOffer) and getattr(reward, member.name) == BY_OFFER:
            return member.name
    return ""


def given_as_offered(reward: Reward, offers: Sequence[Offer], decimals: int) -> Iterator[Reward]:
    """The reward itself; or one that leaves its value to offers, for each offer that has a value, on its lines."""
    name = by_offer(reward)
    if not name:
        yield reward
        return
    declared = schema.members(type(reward))[name].type
    for offer in offers:
        value: object = schema.INVALID
        if isinstance(declared, OrOffer) and offer.value is not None:
            value = declared.offered(offer.value, decimals)
        if value is not schema.INVALID:
            target = replace(reward.target, offer=frozenset({mark_of(offer)}))
            yield replace(reward, **{name: value, "target": target})  # type: ignore[type-var]
