"""``payment_method``: how the customer pays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of


@CONDITIONS.register("payment_method")
@dataclass(frozen=True, slots=True)
class PaymentMethod(Condition):
    """One of the payments is by one of these methods."""

    example: ClassVar[Mapping[str, object]] = {"in": ["card"]}

    in_: frozenset[str] = schema.set_of(schema.text(max_length=128), default=schema.REQUIRED)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if not any(payment.method in self.in_ for payment in receipt.basket.payments):
            yield Reason(self.kind)

    def keys(self) -> Keys:
        return keys_of("payment", self.in_)
