"""``referral_first_purchase``: the first purchase of somebody who was sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..registry import TRIGGERS, Trigger


@TRIGGERS.register("referral_first_purchase")
@dataclass(frozen=True, slots=True)
class ReferralFirstPurchase(Trigger):
    """The first purchase of somebody who has joined by a referral code: for both, or for one of them. Who has sent
    oneself, or another of the same pool, is given nothing."""

    example: ClassVar[Mapping[str, object]] = {"role": "friend"}
    stream: ClassVar[frozenset[str]] = frozenset({"referral.first_purchase"})

    offset_days: int = schema.integer(min=0, max=3_650, default=0, help="So many days after it.")
    role: str = schema.choice(
        "both", "sender", "friend", default="both", help="Whom it is given: who sent, who was sent."
    )

    def fits(self, data: Mapping[str, object]) -> bool:
        return self.role in ("both", data.get("role"))
