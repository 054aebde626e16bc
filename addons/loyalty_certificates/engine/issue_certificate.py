"""``issue_certificate``: a gift certificate for later."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.engine.receipt import Turn
from odoo.addons.loyalty_core.engine.registry import REWARDS, Phase, Reward
from odoo.addons.loyalty_core.engine.result import Issue, in_whole
from odoo.addons.loyalty_core.engine.rewards.issue_code import MoneyOrWorth, Worth
from odoo.addons.loyalty_core.engine.select import EVERY_LINE, Keys, Target, selection


@dataclass(frozen=True, slots=True)
class CertificateIssue(Issue):
    """A certificate of a type; without a value it is worth what its type says."""

    sort: ClassVar[str] = "certificate"

    type: str
    value_minor: int | None

    def to_document(self, decimals: int) -> dict[str, object]:
        return {
            "certificate_type": self.type,
            "promotion": self.promotion,
            **({} if self.value_minor is None else {"value": in_whole(self.value_minor, decimals)}),
        }


@REWARDS.register("issue_certificate")
@dataclass(frozen=True, slots=True)
class IssueCertificate(Reward):
    """A virtual certificate that the customer can pay with later; the confirmed purchase answers its number and PIN.
    One that an event gives stands in the member's cabinet; it has no purchase to be worth so much of."""

    example: ClassVar[Mapping[str, object]] = {"type": "GIFT", "value": {"amount": 10, "every": 50}}

    phase: ClassVar[Phase] = Phase.ACCRUE

    type: str = schema.reference("certificate_types", label="Type of certificates")
    value: Worth | None = schema.declare(
        MoneyOrWorth(), default=None, help="What it is worth, for a type whose value is free."
    )
    target: Target = selection()

    @property
    def needs_basket(self) -> bool:
        return self.target != EVERY_LINE or (self.value is not None and self.value.every is not None)

    def apply(self, turn: Turn) -> None:
        paid = turn.receipt.amounts("paid")
        value = None if self.value is None else self.value.of(sum(paid[i] for i in turn.pick(self.target)))
        if value == 0:
            turn.decline("no_value")
            return
        turn.issue(CertificateIssue(turn.promotion.code, self.type, value))

    def keys(self) -> Keys:
        return self.target.keys()
