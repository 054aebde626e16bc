"""``points``: an accrual, one lot for each reward."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

from .. import schema
from ..lots import Activation, Expiry
from ..money import allocate, down, half_up, units_of, up
from ..offers import or_offer
from ..receipt import Accrual, Turn
from ..registry import REWARDS, Condition, Phase, Reward
from ..schema import MICRO
from ..select import EVERY_LINE, Target, selection
from ..terms import check_terms, usable_when, write_terms

_ROUNDINGS: Final[Mapping[str, Callable[[int, int], int]]] = {"down": down, "up": up, "half_up": half_up}
_SOURCES: Final = ("percent", "amount", "step", "by_product")


@dataclass(frozen=True, slots=True)
class Step:
    """So many points for every full so much."""

    every: int = schema.micro(above=0, help="Money, or units of quantity.")
    points: int = schema.micro(above=0)
    of: str = schema.choice("amount", "quantity", default="amount")


@dataclass(frozen=True, slots=True)
class Portion:
    """What is rounded by itself: the order, a line, or ``times`` equal units; a measure for each of its
    lines."""

    measures: Mapping[int, int]
    times: int = 1


@REWARDS.register("points")
@dataclass(frozen=True, slots=True)
class Points(Reward):
    """Points for what is bought: a per cent of its value, a fixed number, so many a step, or the product's
    own.

    They are worked out exactly, multiplied by all factors, rounded for each portion (`per`), summed and
    capped.
    """

    example: ClassVar[Mapping[str, object]] = {
        "unit": "BONUS",
        "percent": 3,
        "cap": 500,
        "active": {"after_days": 14},
        "expires": {"end_of": "month", "plus": 6},
    }

    phase: ClassVar[Phase] = Phase.ACCRUE
    for_member: ClassVar[bool] = True

    unit: str = schema.reference("units")
    percent: int | None = or_offer(
        schema.percent(above=0, max=100_000),
        default=None,
        help="Of the value; points are the value divided by the unit's rate.",
    )
    amount: int | None = schema.micro(above=0, default=None, help="A fixed number of points.")
    step: Step | None = schema.nested(Step, default=None)
    by_product: bool | None = schema.flag(default=None, help="The points that are kept on each product.")
    per: str = schema.choice(
        "order",
        "line",
        "unit",
        "quantity",
        default="order",
        help="`unit` counts whole units, `quantity` fractions.",
    )
    target: Target = selection()
    on: str = schema.choice(
        "paid", "current", "base", default="paid",
        help="What is left after points and certificates, what discounts left, or shelf amounts.",
    )  # fmt: skip
    rounding: str = schema.choice("down", "up", "half_up", default="down")
    cap: int | None = schema.micro(above=0, default=None, help="At most so many points of a receipt.")
    active: Activation | None = schema.nested(Activation, default=None)
    expires: Expiry | None = schema.nested(Expiry, default=None)
    usable_when: Condition = usable_when()

    @property
    def is_repeated(self) -> bool:
        return self.step is not None

    def check(self) -> Iterator[tuple[str, str, str]]:
        if sum(bool(getattr(self, name)) for name in _SOURCES) != 1:
            yield "", "conflict", f"needs exactly one of {', '.join(_SOURCES)}"
        if self.per == "quantity" and (self.percent is not None or self.step is not None):
            yield "per", "conflict", "may be quantity only with amount or by_product"
        yield from check_terms(self.usable_when)

    def within(self, promotion: str) -> Self:
        return replace(self, usable_when=self.usable_when.within(promotion))

    @property
    def needs_basket(self) -> bool:
        """A fixed number of points needs none."""
        return self.amount is None or self.per != "order" or self.target != EVERY_LINE

    @property
    def earns_on(self) -> str:
        return self.on if self.needs_basket else ""

    def apply(self, turn: Turn) -> None:
        parts: dict[int, int] = {}
        factors, divisor = turn.factors(turn.pick(self.target))
        for numerators, denominator, times in self._exact(turn):
            weights = [numerator * factors[i] for i, numerator in numerators.items()]
            points = _ROUNDINGS[self.rounding](sum(weights), denominator * divisor)
            for i, part in zip(numerators, allocate(points, weights), strict=True):
                parts[i] = parts.get(i, 0) + part * times
        self._earn(turn, self._capped(turn, parts))

    def _exact(self, turn: Turn) -> Iterator[tuple[Mapping[int, int], int, int]]:
        """Of each portion the exact points in minor units by line, as numerators, a denominator, and how many
        times."""
        receipt = turn.receipt
        unit = receipt.unit(self.unit)
        amounts = turn.earning(receipt.amounts(self.on))
        quantities = turn.earning([line.quantity_micro for line in receipt.lines])
        if self.percent is not None:
            numerator, denominator = receipt.worth(unit)
            for portion in self._portions(turn, amounts, quantities):
                shares = {i: amount * self.percent * denominator for i, amount in portion.measures.items()}
                yield shares, MICRO * numerator, portion.times
        elif self.amount is not None and self.per == "quantity":
            fixed = self.amount * 10**unit.decimals
            for i in turn.pick(self.target):
                yield {i: quantities[i] * fixed}, MICRO * MICRO, 1
        elif self.amount is not None:
            for portion in self._portions(turn, amounts, quantities):
                yield _fixed(self.amount * 10**unit.decimals, portion)
        elif self.step is not None:
            of_amount = self.step.of == "amount"
            every = self.step.every * (10**receipt.programme.decimals if of_amount else MICRO)
            portions = self._portions(turn, amounts if of_amount else quantities, quantities)
            counted = [(sum(one.measures.values()) * MICRO // every, one) for one in portions]
            for steps, portion in _at_most(turn.promotion.limits.per_receipt, counted):
                yield _fixed(steps * self.step.points * 10**unit.decimals, portion)
        else:
            yield from self._products(turn, quantities)

    def _products(
        self, turn: Turn, quantities: Sequence[int]
    ) -> Iterator[tuple[Mapping[int, int], int, int]]:
        for i in turn.pick(self.target):
            quantity = quantities[i] if self.per == "quantity" else quantities[i] // MICRO * MICRO
            yield {i: turn.receipt.lines[i].points.get(self.unit, 0) * quantity}, MICRO, 1

    def _portions(self, turn: Turn, measures: Sequence[int], quantities: Sequence[int]) -> list[Portion]:
        lines = turn.pick(self.target)
        if self.per == "order":
            return [Portion({i: measures[i] for i in lines})]
        if self.per == "line":
            return [Portion({i: measures[i]}) for i in lines]
        runs = ((i, units_of(measures[i], quantities[i])) for i in lines)
        return [Portion({i: value}, times) for i, values in runs for value, times in values]

    def _capped(self, turn: Turn, parts: dict[int, int]) -> dict[int, int]:
        cap = None if self.cap is None else turn.receipt.unit(self.unit).minor(self.cap)
        if cap is None or sum(parts.values()) <= cap:
            return parts
        return dict(zip(parts, allocate(cap, list(parts.values())), strict=True))

    def _earn(self, turn: Turn, parts: dict[int, int]) -> None:
        if not any(parts.values()):
            turn.decline("no_points")
            return
        receipt = turn.receipt
        at = receipt.basket.at
        active_from = None if self.active is None else self.active.moment(at)
        counts_from_purchase = receipt.programme.settings.expiry_from == "purchase"
        start = at if counts_from_purchase or active_from is None else active_from
        expires_at = None if self.expires is None else self.expires.moment(start)
        terms = write_terms(self.usable_when, receipt.programme.decimals)
        turn.earn(Accrual(turn.promotion.code, self.unit, parts, active_from, expires_at, terms))


def _at_most(most: int | None, counted: Sequence[tuple[int, Portion]]) -> list[tuple[int, Portion]]:
    """Steps of portions, no more than so many together: those with the most steps come first."""
    if most is None:
        return list(counted)
    found = []
    for position in sorted(range(len(counted)), key=lambda position: -counted[position][0]):
        steps, portion = counted[position]
        times = min(portion.times, most // steps) if steps else 0
        found.append((position, steps, replace(portion, times=times)))
        most -= steps * times
        if steps and times < portion.times:
            found.append((position, most, replace(portion, times=1)))
            most = 0
    return [(steps, portion) for _, steps, portion in sorted(found, key=lambda one: one[0])]


def _fixed(micro: int, portion: Portion) -> tuple[Mapping[int, int], int, int]:
    """A number of points for a portion as a whole, by line in proportion to the measures."""
    whole = sum(portion.measures.values())
    weights = portion.measures if whole else dict.fromkeys(portion.measures, 1)
    return (
        {i: micro * weight for i, weight in weights.items()},
        MICRO * (whole or len(weights)),
        portion.times,
    )
