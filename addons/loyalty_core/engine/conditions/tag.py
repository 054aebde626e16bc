"""``tag``: tags of the member."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from ..basket import Member
from ..registry import CONDITIONS
from .membership import Membership


@CONDITIONS.register("tag")
@dataclass(frozen=True, slots=True)
class Tag(Membership):
    """The member has a tag in `in` and none in `not_in`; who is not known has none."""

    example: ClassVar[Mapping[str, object]] = {"in": ["VIP"]}
    part: ClassVar[str] = "tags"

    def has(self, member: Member) -> AbstractSet[str]:
        return member.tags
