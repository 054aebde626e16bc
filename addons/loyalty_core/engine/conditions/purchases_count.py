"""``purchases_count``: how often the member has bought."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS
from .bought import EarlierPurchases


@CONDITIONS.register("purchases_count")
@dataclass(frozen=True, slots=True)
class PurchasesCount(EarlierPurchases):
    """The member made from `min` to `max` purchases in the period, both included, with something of the target. What
    came back whole does not count."""

    example: ClassVar[Mapping[str, object]] = {"period": {"calendar": "month"}, "max": 0}
    measure: ClassVar[str] = "count"

    min: int | None = schema.integer(min=0, default=None)
    max: int | None = schema.integer(min=0, default=None)

    @property
    def bounds(self) -> tuple[int | None, int | None]:
        return self.min, self.max

    def current(self, receipt: Receipt) -> int:
        return int(bool(receipt.pick(self.target)))
