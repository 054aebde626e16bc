"""``brand_member``: clubs of brands that the member has joined."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..basket import Member
from ..registry import CONDITIONS
from .membership import Membership

_CODES = schema.code_of("brands")


@CONDITIONS.register("brand_member")
@dataclass(frozen=True, slots=True)
class BrandMember(Membership):
    """The member has joined the club of a brand in `in` and of none in `not_in`; who is not known has joined
    none."""

    example: ClassVar[Mapping[str, object]] = {"in": ["ACME"]}
    part: ClassVar[str] = "brands"

    in_: frozenset[str] = schema.set_of(_CODES)
    not_in: frozenset[str] = schema.set_of(_CODES)

    def has(self, member: Member) -> AbstractSet[str]:
        return member.brands
