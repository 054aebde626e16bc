"""``purchases_quantity``: how many units the member has bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS
from .bought import EarlierPurchases


@CONDITIONS.register("purchases_quantity")
@dataclass(frozen=True, slots=True)
class PurchasesQuantity(EarlierPurchases):
    """The member bought from `min` to `max` units in the period, both included; less what came back."""

    example: ClassVar[Mapping[str, object]] = {"target": {"category": ["COFFEE"]}, "min": 10}
    measure: ClassVar[str] = "quantity"
    suffix: ClassVar[str] = "_micro"

    min: int | None = schema.micro(min=0, default=None)
    max: int | None = schema.micro(min=0, default=None)

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        return self.min, self.max

    def current(self, receipt: Receipt) -> int:
        return sum(receipt.lines[i].quantity_micro for i in receipt.pick(self.target))
