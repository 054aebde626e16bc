"""What conditions on belonging to something have in common: ``in`` and ``not_in``."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..basket import Member
from ..facts import Need, Profile
from ..receipt import Receipt
from ..registry import Condition, Reason
from ..select import Keys, keys_of

_CODES = schema.text(max_length=128)


@dataclass(frozen=True, slots=True)
class Membership(Condition):
    """The member has one of the codes in `in` and none in `not_in`; who is not known has none. ``part`` is the part of
    the profile that tells them."""

    is_of_member: ClassVar[bool] = True
    part: ClassVar[str]

    in_: frozenset[str] = schema.set_of(_CODES)
    not_in: frozenset[str] = schema.set_of(_CODES)

    def has(self, member: Member) -> AbstractSet[str]:
        """The codes that a member has."""
        raise NotImplementedError

    def check(self) -> Iterator[tuple[str, str, str]]:
        if not self.in_ and not self.not_in:
            yield "in", "missing", "or not_in is required"

    def needs(self) -> Iterator[Need]:
        yield Profile(self.part)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        member = receipt.basket.member
        has = frozenset[str]() if member is None else self.has(member)
        if (self.in_ and self.in_.isdisjoint(has)) or not self.not_in.isdisjoint(has):
            yield Reason(self.kind, {self.kind: sorted(has)})

    def keys(self) -> Keys:
        """Who must have something must be known."""
        return keys_of("member", ["yes"] if self.in_ else ())
