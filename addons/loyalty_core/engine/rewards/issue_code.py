"""``issue_code``: a promo code for later."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from .. import schema
from ..lots import Expiry
from ..receipt import Turn
from ..registry import REWARDS, Phase, Reward
from ..result import CodeIssue
from ..select import EVERY_LINE, Keys, Target, selection

_SUM: Final = schema.money(above=0)


@dataclass(frozen=True, slots=True)
class Worth:
    """An amount, or so much for every full so much of what is paid."""

    amount: int = schema.money(above=0)
    every: int | None = schema.money(above=0, default=None, help="Of what is left to pay on the target.")
    max: int | None = schema.money(above=0, default=None, help="At most so much.")

    def of(self, paid_minor: int) -> int:
        worth = self.amount if self.every is None else paid_minor // self.every * self.amount
        return worth if self.max is None else min(worth, self.max)


@dataclass(frozen=True, slots=True)
class MoneyOrWorth(schema.Type):
    """A plain number is an amount."""

    name = "money"

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        if isinstance(value, dict):
            return schema.read_object(Worth, value, path, reading)
        amount = schema.type_of(_SUM).read(value, path, reading)
        return Worth(amount=amount) if isinstance(amount, int) else amount

    def write(self, value: Any, decimals: int) -> object:
        document = schema.write(value, decimals)
        return document["amount"] if len(document) == 1 else document

    def limits(self) -> str:
        return "an amount, or see Worth"

    def parts(self) -> Iterator[type]:
        yield Worth

    def to_form(self) -> schema.Form:
        return schema.either(schema.type_of(_SUM), schema.type_of(schema.nested(Worth)))


@REWARDS.register("issue_code")
@dataclass(frozen=True, slots=True)
class IssueCode(Reward):
    """A code of a pool, that the customer can use later; the confirmed purchase answers it. One that an event gives is
    the member's; it has no purchase to be worth so much of."""

    example: ClassVar[Mapping[str, object]] = {
        "pool": "COUPON",
        "bind": "member",
        "value": {"amount": 5, "every": 100},
        "expires": {"after_days": 30},
    }

    phase: ClassVar[Phase] = Phase.ACCRUE

    pool: str = schema.reference("code_pools")
    bind: str = schema.choice(
        "bearer", "member", default="bearer", help="Who may use it; where the pool says `member`, only the member."
    )
    value: Worth | None = schema.declare(
        MoneyOrWorth(), default=None, help="What it will pay out; for a pool of codes with a value."
    )
    expires: Expiry | None = schema.nested(Expiry, default=None, help="As the pool says where absent.")
    target: Target = selection()

    @property
    def needs_basket(self) -> bool:
        is_by_step = self.value is not None and self.value.every is not None
        return is_by_step or self.target != EVERY_LINE

    def apply(self, turn: Turn) -> None:
        receipt = turn.receipt
        pool = receipt.programme.code_pools[self.pool]
        is_bound = turn.promotion.on is not None or "member" in (self.bind, pool.bind)
        bind = "member" if is_bound else "bearer"
        if bind == "member" and receipt.basket.member is None:
            turn.decline("identified")
            return
        paid = receipt.amounts("paid")
        value = None if self.value is None else self.value.of(sum(paid[i] for i in turn.pick(self.target)))
        if value == 0:
            turn.decline("no_value")
            return
        expiry = self.expires or pool.valid
        expires_at = None if expiry is None else expiry.moment(receipt.basket.at)
        turn.issue(CodeIssue(turn.promotion.code, self.pool, bind, value, expires_at))

    def keys(self) -> Keys:
        return self.target.keys() or (frozenset({("member", "yes")}) if self.bind == "member" else None)
