"""How often and how much a promotion may give, and what of that is used up.

The engine does not count: what has been used before comes with the basket (``Basket.used``, and
``Basket.used_shared`` of limits that promotions share) and is kept with it, so that a purchase calculated anew gets
the same answer. Whoever counts gets from the result what each promotion gave (``Result.uses``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import schema
from .basket import AMOUNT_MINOR_MAX, Used
from .registry import Reason
from .select import Keys, keys_of

USES_MAX = 10**9
POINTS_MAX = 10**9
QUANTITY_MAX = 10**9
SETS_MAX = 10_000
PERIODS = ("day", "week", "month")


@dataclass(frozen=True, slots=True)
class AmountByPeriod:
    """So much money within each calendar period; weeks begin on Monday."""

    day: int | None = schema.money(above=0, default=None)
    week: int | None = schema.money(above=0, default=None)
    month: int | None = schema.money(above=0, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        yield from _needs_one(self, PERIODS)
        for period in PERIODS:
            if (getattr(self, period) or 0) > AMOUNT_MINOR_MAX:
                yield period, "range", "is too large"


@dataclass(frozen=True, slots=True)
class QuantityByPeriod:
    """So many units, litres, kilograms within each calendar period; weeks begin on Monday."""

    day: int | None = schema.micro(above=0, max=QUANTITY_MAX, default=None)
    week: int | None = schema.micro(above=0, max=QUANTITY_MAX, default=None)
    month: int | None = schema.micro(above=0, max=QUANTITY_MAX, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        yield from _needs_one(self, PERIODS)


@dataclass(frozen=True, slots=True)
class BasePerMember:
    """How much of what a member buys earns points: of what is more, only that part earns that is left, the same share
    of every line. Periods are those of the calendar around the day of the purchase.

    What counts are the lines by which the promotion's `points` rewards earn, each once, however many rewards earn by
    it: their amounts (of several `on` the largest) or their quantities. A fixed number of points for the order is
    given whole as long as something is left.
    """

    amount: AmountByPeriod | None = schema.nested(AmountByPeriod, default=None)
    quantity: QuantityByPeriod | None = schema.nested(QuantityByPeriod, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if (self.amount is None) == (self.quantity is None):
            yield "", "conflict", "needs exactly one of amount, quantity"

    @property
    def is_quantity(self) -> bool:
        return self.quantity is not None

    def left(self, used: Used) -> int:
        """What may still earn, by the tightest period: in minor units, or millionths of a quantity."""
        return max(0, min(limit - count for _period, limit, count in self._periods(used)))

    def reached(self, used: Used, further: int = 0) -> Iterator[Reason]:
        """Every period that leaves nothing, when so much more has been used."""
        kind = "micro" if self.is_quantity else "minor"
        for period, limit, count in self._periods(used):
            if count + further >= limit:
                figures = {f"limit_{kind}": limit, f"used_{kind}": count + further}
                yield Reason("limit", {"which": "base_per_member", "period": period, **figures})

    def _periods(self, used: Used) -> list[tuple[str, int, int]]:
        limits = self.amount or self.quantity
        counts = {"day": used.base_day, "week": used.base_week, "month": used.base_month}
        found = ((period, getattr(limits, period)) for period in PERIODS)
        return [(period, limit, counts[period]) for period, limit in found if limit is not None]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits that are counted from purchase to purchase, for one promotion or for several together."""

    per_member: int | None = schema.integer(
        min=1, max=USES_MAX, default=None, help="Uses of one member, ever or within `per_member_days`."
    )
    per_member_days: int | None = schema.integer(
        min=1, max=36_500, default=None, help="Within so many days on end, the day of the purchase included."
    )
    per_day: int | None = schema.integer(
        min=1, max=USES_MAX, default=None, help="Uses by all together on one day of the store's calendar."
    )
    total: int | None = schema.integer(min=1, max=USES_MAX, default=None, help="Uses by all together, ever.")
    budget: int | None = schema.money(above=0, default=None, help="All discounts together.")
    budget_points: int | None = schema.micro(
        above=0, max=POINTS_MAX, default=None, help="All points together, of whichever unit."
    )
    base_per_member: BasePerMember | None = schema.nested(
        BasePerMember, default=None, help="How much of the shopping of one member earns points."
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.per_member_days is not None and self.per_member is None:
            yield "per_member_days", "conflict", "is the window of per_member, which is missing"
        if self.budget is not None and self.budget > AMOUNT_MINOR_MAX:
            yield "budget", "range", "is too large"

    @property
    def is_any(self) -> bool:
        """Whether there is something to count from purchase to purchase."""
        return self.has_uses or self.has_budget or self.base_per_member is not None

    @property
    def has_uses(self) -> bool:
        return any(limit is not None for limit in (self.per_member, self.per_day, self.total))

    @property
    def has_budget(self) -> bool:
        return self.budget is not None or self.budget_points is not None

    @property
    def is_of_member(self) -> bool:
        """Whether something is counted for each member."""
        return self.per_member is not None or self.base_per_member is not None

    def reached(self, used: Used, is_identified: bool) -> Iterator[Reason]:
        """Every number of uses and every budget that leaves nothing for one more use."""
        if self.per_member is not None and not is_identified:
            yield Reason("identified")
        yield from self.used_up(used)
        yield from self.passed(used, discount_minor=1, points_micro=1)

    def used_up(self, used: Used) -> Iterator[Reason]:
        """Every number of uses that leaves none."""
        for which, limit, count in (
            ("per_member", self.per_member, used.per_member),
            ("per_day", self.per_day, used.per_day),
            ("total", self.total, used.total),
        ):
            if limit is not None and count >= limit:
                yield Reason("limit", {"which": which, "limit": limit, "used": count})

    def passed(self, used: Used, discount_minor: int, points_micro: int) -> Iterator[Reason]:
        """Every budget that has not so much left."""
        if self.budget is not None and discount_minor > self.budget - used.budget_minor:
            yield Reason(
                "limit", {"which": "budget", "limit_minor": self.budget, "used_minor": used.budget_minor}
            )
        if self.budget_points is not None and points_micro > self.budget_points - used.budget_points_micro:
            yield Reason(
                "limit",
                {
                    "which": "budget_points",
                    "limit_micro": self.budget_points,
                    "used_micro": used.budget_points_micro,
                },
            )


@dataclass(frozen=True, slots=True)
class Limits(Bounds):
    """Counted in uses: a use is a confirmed purchase in which the promotion had an effect; it comes back when
    the whole purchase does.

    Within one receipt, which is one use, a reward is given once for each set or unit (`per`), group of n-th units or
    step of points: at most `per_receipt` times, the dearest first, n-th units `overall` as they are chosen. Units to
    which it does not come are free for other promotions. Without it a receipt has at most 10000 sets.

    What would pass what is left of a budget is not given at all, rather than in part. With `per_member` only
    known members get the promotion. Limits of its own hold beside those that it shares.
    """

    per_receipt: int | None = schema.integer(
        min=1,
        max=SETS_MAX,
        default=None,
        help="How many times each reward is given within one receipt.",
    )
    share: str | None = schema.reference(
        "limits", default=None, help="Limits on which it draws together with other promotions."
    )

    @property
    def sets(self) -> int:
        """How many sets one receipt may have."""
        return SETS_MAX if self.per_receipt is None else self.per_receipt

    def keys(self) -> Keys:
        return keys_of("member", ["yes"] if self.per_member is not None else ())


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class SharedLimit(Bounds):
    """Limits on which several promotions draw together: those that name it in `"limits": {"share": CODE}`.

    Each promotion that has an effect on a receipt is a use. Within a receipt a promotion finds what the earlier ones
    have left; of `base_per_member` a line counts once, also where several of the promotions earn by it.
    """

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")


@dataclass(frozen=True, slots=True)
class Meter:
    """Limits, and the promotions that draw on them: one on its own, or several on those that they share (``code``)."""

    code: str
    bounds: Bounds
    promotions: frozenset[str]

    def told(self, reasons: Iterator[Reason]) -> Iterator[Reason]:
        """Reasons that name the limit, where it is not the promotion's own."""
        for reason in reasons:
            yield Reason(reason.code, {**reason.params, "share": self.code}) if self.is_named(reason) else reason

    def is_named(self, reason: Reason) -> bool:
        return bool(self.code) and reason.code == "limit"


def _needs_one(of: object, names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    if all(getattr(of, name) is None for name in names):
        yield "", "missing", f"needs at least one of {', '.join(names)}"
