"""``redeem``: a reward of the catalogue, for points."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import PointsPayment, Turn, first_units
from ..registry import REWARDS, KindOf, Phase, Reward
from ..select import EVERY_LINE, Keys


@dataclass(frozen=True, slots=True)
class Discounting(KindOf):
    """A reward that takes something off lines."""

    def read(self, value: object, path: str, reading: schema.Reading) -> object:
        found = KindOf.read(self, value, path, reading)
        if isinstance(found, Reward) and (found.acts_in is not Phase.DISCOUNT or isinstance(found, Redeem)):
            return reading.refuse(path, "conflict", "must be a discount")
        return found

    def to_form(self) -> schema.Form:
        kinds = REWARDS.leaves.items()
        own = [name for name, of in kinds if getattr(of, "phase", None) is Phase.DISCOUNT and of is not Redeem]
        return {**KindOf.to_form(self), "only": own}


@REWARDS.register("redeem")
@dataclass(frozen=True, slots=True)
class Redeem(Reward):
    """What the customer takes for points, naming this promotion: a discount, or a unit of a product for nothing. Each
    time costs as many points; it is given as long as the account has them, and nothing is paid for what has no
    effect."""

    example: ClassVar[Mapping[str, object]] = {"unit": "BONUS", "points": 50, "sku": "1001"}

    phase: ClassVar[Phase] = Phase.DISCOUNT
    for_member: ClassVar[bool] = True

    unit: str = schema.reference("units")
    points: int = schema.micro(above=0)
    discount: Reward | None = schema.declare(Discounting(REWARDS), None)
    sku: str | None = schema.code_of("products", default=None)
    per_purchase: int = schema.integer(min=1, max=1_000, default=1, help="At most so many times.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        if (self.discount is None) == (self.sku is None):
            yield "discount", "conflict", "or sku is required, and only one of them"

    def keys(self) -> Keys:
        return frozenset({("member", "yes")})

    def apply(self, turn: Turn) -> None:
        receipt = turn.receipt
        wanted = min(receipt.basket.redeemed(turn.promotion.code), self.per_purchase)
        # Where the best is chosen for each line by itself, nobody could say what the points have paid for.
        by_line = any(one.per == "line" for one in receipt.programme.groups if one.code == turn.promotion.group)
        if not wanted or by_line:
            turn.decline("not_redeemed")
            return
        points = receipt.unit(self.unit).minor(self.points)
        affordable = max(0, receipt.spendable(self.unit)) // points
        if not affordable:
            turn.decline("points_short", unit=self.unit)
            return
        before = {} if receipt.is_given else dict(receipt.given.get(turn.promotion.code, {}))
        times = self._give(turn, min(wanted, affordable))
        given = receipt.given.get(turn.promotion.code, {})
        parts = {i: part - before.get(i, 0) for i, part in given.items() if part > before.get(i, 0)}
        if parts:
            turn.redeem(PointsPayment(turn.promotion.code, self.unit, times * points, "reward", parts))

    def _give(self, turn: Turn, most: int) -> int:
        """So many times at most; how many it was."""
        if self.discount is None:
            return self._give_units(turn, most)
        for time in range(most):
            before = turn.receipt.discount_of(turn.promotion.code)
            self.discount.apply(turn)
            if turn.receipt.discount_of(turn.promotion.code) == before:
                return max(1, time)  # once where the till has given it
        return most

    def _give_units(self, turn: Turn, most: int) -> int:
        """Units of the product become free, each once."""
        lines = [i for i in turn.discountable(EVERY_LINE) if turn.receipt.lines[i].sku == self.sku]
        units = first_units([one for one in turn.free_units(lines) if one.value and turn.room(one.line)], most)
        used, wanted = dict.fromkeys(lines, 0), dict.fromkeys(lines, 0)
        for one in units:
            used[one.line] += one.times
            wanted[one.line] += one.value * one.times
        if turn.discount(wanted):
            turn.consume(used)
        if not units:
            turn.decline("no_lines")
        return sum(used.values())
