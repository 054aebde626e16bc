"""``brand_member``: clubs of brands that the member has joined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..facts import Need, Profile
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys
from .membership import apart, codes, keys_if_in, needs_one


@CONDITIONS.register("brand_member")
@dataclass(frozen=True, slots=True)
class BrandMember(Condition):
    """The member has joined the club of a brand in `in` and of none in `not_in`; who is not known has joined
    none."""

    example: ClassVar[Mapping[str, object]] = {"in": ["ACME"]}
    is_of_member: ClassVar[bool] = True

    in_: frozenset[str] = codes()
    not_in: frozenset[str] = codes()

    def check(self) -> Iterator[tuple[str, str, str]]:
        return needs_one(self.in_, self.not_in)

    def needs(self) -> Iterator[Need]:
        yield Profile("brands")

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        member = receipt.basket.member
        return apart(self.kind, member.brands if member else frozenset(), self.in_, self.not_in)

    def keys(self) -> Keys:
        return keys_if_in(self.in_)
