"""``birthday``: the member's birthday."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..registry import TRIGGERS, Trigger


@TRIGGERS.register("birthday")
@dataclass(frozen=True, slots=True)
class Birthday(Trigger):
    """The member's birthday, or a day before or after it: once for the birthday of each year, also when the date on
    file is changed. Who was born on 29 February has it on the 28th in common years."""

    example: ClassVar[Mapping[str, object]] = {"offset_days": -3}
    yearly: ClassVar[str] = "birth_date"

    offset_days: int = schema.integer(min=-180, max=180, default=0, help="So many days later; below zero: before.")
