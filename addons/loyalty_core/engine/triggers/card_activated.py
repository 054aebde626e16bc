"""``card_activated``: a card of the member comes into use."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..registry import TRIGGERS, Trigger


@TRIGGERS.register("card_activated")
@dataclass(frozen=True, slots=True)
class CardActivated(Trigger):
    """A card of the member comes into use, once for each card; not one that is brought along from another system."""

    example: ClassVar[Mapping[str, object]] = {"type": ["GOLD"]}
    stream: ClassVar[frozenset[str]] = frozenset({"card.issued"})
    is_prompt: ClassVar[bool] = True

    offset_days: int = schema.integer(min=0, max=3_650, default=0, help="So many days after it.")
    type: frozenset[str] = schema.set_of(
        schema.code_of("card_types", max_length=64), help="Codes of card types; any type where it is empty."
    )

    def fits(self, data: Mapping[str, object]) -> bool:
        return not data.get("imported") and (not self.type or data.get("type") in self.type)
