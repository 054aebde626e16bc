"""``purchases_amount``: for how much the member has bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS
from .bought import EarlierPurchases


@CONDITIONS.register("purchases_amount")
@dataclass(frozen=True, slots=True)
class PurchasesAmount(EarlierPurchases):
    """The member's purchases of the period came to an amount from `min` to `max`, both included: after discounts, and
    without what points paid for; less what came back."""

    example: ClassVar[Mapping[str, object]] = {"period": {"days": 30}, "min": 500}
    measure: ClassVar[str] = "amount"
    suffix: ClassVar[str] = "_minor"

    min: int | None = schema.money(min=0, default=None)
    max: int | None = schema.money(min=0, default=None)

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        return self.min, self.max

    def current(self, receipt: Receipt) -> int:
        return sum(receipt.current[i] for i in receipt.pick(self.target))
