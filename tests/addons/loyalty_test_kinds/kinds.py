"""Kinds that the suite itself has not: each is a declared class, and all that reads documents knows it."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import ClassVar

from odoo.addons.loyalty_core.engine import Profile, schema
from odoo.addons.loyalty_core.engine.basket import Member
from odoo.addons.loyalty_core.engine.conditions.membership import Membership
from odoo.addons.loyalty_core.engine.receipt import Turn
from odoo.addons.loyalty_core.engine.registry import CONDITIONS, REWARDS, Phase, Reward
from odoo.addons.loyalty_core.engine.result import Issue, in_whole


@CONDITIONS.register("segment")
@dataclass(frozen=True, slots=True)
class InSegment(Membership):
    """The member is in a segment in `in` and in none in `not_in`."""

    example: ClassVar[Mapping[str, object]] = {"in": ["LOYAL"]}
    part: ClassVar[str] = "segments"

    def has(self, member: Member) -> AbstractSet[str]:
        return member.segments


@CONDITIONS.register("external_programme")
@dataclass(frozen=True, slots=True)
class InExternalProgramme(Membership):
    """The member takes part in a programme of somebody else."""

    example: ClassVar[Mapping[str, object]] = {"in": ["AIRLINE"]}
    part: ClassVar[str] = "attributes"

    in_: frozenset[str] = schema.set_of(schema.reference("external_programmes"))

    def needs(self):
        yield Profile(self.part, self.kind)

    def has(self, member: Member) -> AbstractSet[str]:
        known = member.attributes.get(self.kind)
        return frozenset(known.value if known else ())


@dataclass(frozen=True, slots=True)
class VoucherIssue(Issue):
    """A voucher of a type, worth so much."""

    sort: ClassVar[str] = "voucher"

    type: str
    value_minor: int

    def to_document(self, decimals: int) -> dict[str, object]:
        return {
            "voucher_type": self.type,
            "promotion": self.promotion,
            "value": in_whole(self.value_minor, decimals),
        }


@REWARDS.register("issue_voucher")
@dataclass(frozen=True, slots=True)
class IssueVoucher(Reward):
    """A voucher for later."""

    example: ClassVar[Mapping[str, object]] = {"type": "GIFT", "value": 10}
    phase: ClassVar[Phase] = Phase.ACCRUE

    type: str = schema.reference("voucher_types")
    value: int = schema.money(above=0)

    def apply(self, turn: Turn) -> None:
        turn.issue(VoucherIssue(turn.promotion.code, self.type, self.value))
