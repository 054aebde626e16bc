"""``registered``: somebody becomes a member."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..registry import TRIGGERS, Trigger


@TRIGGERS.register("registered")
@dataclass(frozen=True, slots=True)
class Registered(Trigger):
    """Somebody becomes a member; not one who is brought along from another system."""

    example: ClassVar[Mapping[str, object]] = {"offset_days": 0}
    stream: ClassVar[frozenset[str]] = frozenset({"member.registered"})
    is_once: ClassVar[bool] = True
    is_prompt: ClassVar[bool] = True

    offset_days: int = schema.integer(min=0, max=3_650, default=0, help="So many days after it.")
