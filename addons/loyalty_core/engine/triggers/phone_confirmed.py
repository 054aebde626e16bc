"""``phone_confirmed``: the member has shown that the phone is theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..registry import TRIGGERS, Trigger


@TRIGGERS.register("phone_confirmed")
@dataclass(frozen=True, slots=True)
class PhoneConfirmed(Trigger):
    """The member has shown that the phone on file is theirs, for the first time: whoever confirms phones tells it as
    `member.phone_confirmed`."""

    example: ClassVar[Mapping[str, object]] = {"offset_days": 0}
    stream: ClassVar[frozenset[str]] = frozenset({"member.phone_confirmed"})
    is_once: ClassVar[bool] = True

    offset_days: int = schema.integer(min=0, max=3_650, default=0, help="So many days after it.")
