"""``promo_code``: a code that the customer presents."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import basket, schema
from ..codes import normal_code
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of


@CONDITIONS.register("promo_code")
@dataclass(frozen=True, slots=True)
class PromoCode(Condition):
    """The customer presents a code of the pool, or this very code, and it can be used. If the promotion has an effect,
    the code is used up; of several codes that would do, the first."""

    example: ClassVar[Mapping[str, object]] = {"pool": "SPRING"}

    pool: str | None = schema.reference("code_pools", default=None)
    code: str | None = schema.text(
        max_length=64, min_length=1, default=None, help="Small letters, spaces and hyphens make no difference."
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if (self.pool is None) == (self.code is None):
            yield "", "conflict", "needs exactly one of pool, code"

    def _fits(self, one: basket.PromoCode) -> bool:
        return one.pool == self.pool if self.code is None else one.code == normal_code(self.code)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if not any(map(self._fits, receipt.basket.promo_codes)):
            yield Reason(self.kind, {"pool": self.pool} if self.code is None else {"code": self.code})

    @property
    def takes_codes(self) -> bool:
        return True

    def codes(self, receipt: Receipt) -> Iterator[tuple[basket.PromoCode, ...]]:
        if fitting := tuple(filter(self._fits, receipt.basket.promo_codes)):
            yield fitting

    def keys(self) -> Keys:
        if self.code is not None:
            return keys_of("code", [normal_code(self.code)])
        return keys_of("pool", [self.pool or ""])
