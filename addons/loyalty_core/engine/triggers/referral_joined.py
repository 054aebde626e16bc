"""``referral_joined``: somebody joins by a member's code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..registry import TRIGGERS, Trigger


@TRIGGERS.register("referral_joined")
@dataclass(frozen=True, slots=True)
class ReferralJoined(Trigger):
    """Somebody becomes a member by the referral code of another one: for both, or for one of them."""

    example: ClassVar[Mapping[str, object]] = {"role": "sender"}
    stream: ClassVar[frozenset[str]] = frozenset({"referral.joined"})

    offset_days: int = schema.integer(min=0, max=3_650, default=0, help="So many days after it.")
    role: str = schema.choice(
        "both", "sender", "friend", default="both", help="Whom it is given: who sent, who was sent."
    )

    def fits(self, data: Mapping[str, object]) -> bool:
        return self.role in ("both", data.get("role"))
