"""``profile_filled``: all that is asked for is on file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..conditions.attribute import AttributeIs
from ..conditions.tree import AllOf
from ..registry import TRIGGERS, Condition, Trigger


@TRIGGERS.register("profile_filled")
@dataclass(frozen=True, slots=True)
class ProfileFilled(Trigger):
    """All of these is on file of the member, for the first time."""

    example: ClassVar[Mapping[str, object]] = {"attributes": ["birth_date", "city"]}
    stream: ClassVar[frozenset[str]] = frozenset({"member.registered", "member.updated"})
    is_once: ClassVar[bool] = True
    is_prompt: ClassVar[bool] = True

    offset_days: int = schema.integer(min=0, max=3_650, default=0, help="So many days after it.")
    attributes: tuple[str, ...] = schema.list_of(
        schema.code_of("attributes", "profile", max_length=64),
        min_length=1,
        max_length=50,
        help="Names as the condition `attribute` knows them.",
    )

    @property
    def condition(self) -> Condition:
        return AllOf(all=tuple(AttributeIs(name=name, op="known") for name in self.attributes))
