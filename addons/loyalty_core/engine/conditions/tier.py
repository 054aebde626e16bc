"""``tier``: the tier that the member has."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..basket import Member
from ..registry import CONDITIONS
from .membership import Membership

_CODES = schema.code_of("tiers")


@CONDITIONS.register("tier")
@dataclass(frozen=True, slots=True)
class Tier(Membership):
    """The member is of a tier in `in` and of none in `not_in`; who is not known has no tier."""

    example: ClassVar[Mapping[str, object]] = {"in": ["GOLD"]}
    part: ClassVar[str] = "tier"

    in_: frozenset[str] = schema.set_of(_CODES)
    not_in: frozenset[str] = schema.set_of(_CODES)

    def has(self, member: Member) -> AbstractSet[str]:
        return {member.tier} if member.tier else set()
