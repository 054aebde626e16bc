"""How often and how much a promotion may give, and what of that is used up.

The engine does not count: what has been used before comes with the basket (``Basket.used``) and is kept with
it, so that a purchase calculated anew gets the same answer. Whoever counts gets from the result what each
promotion gave (``Result.uses``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from . import schema
from .basket import AMOUNT_MINOR_MAX, Used
from .registry import Reason
from .select import Keys, keys_of

USES_MAX = 10**9
POINTS_MAX = 10**9
SETS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Limits:
    """Counted in uses: a use is a confirmed purchase in which the promotion had an effect; it comes back when
    the whole purchase does.

    Within one receipt, which is one use, a reward is given once for each set or unit (`per`), group of n-th units or
    step of points: at most `per_receipt` times, the dearest first, n-th units `overall` as they are chosen. Units to
    which it does not come are free for other promotions. Without it a receipt has at most 10000 sets.

    What would pass what is left of a budget is not given at all, rather than in part. With `per_member` only
    known members get the promotion.
    """

    per_receipt: int | None = schema.integer(
        min=1,
        max=SETS_MAX,
        default=None,
        help="How many times each reward is given within one receipt.",
    )
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

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.per_member_days is not None and self.per_member is None:
            yield "per_member_days", "conflict", "is the window of per_member, which is missing"
        if self.budget is not None and self.budget > AMOUNT_MINOR_MAX:
            yield "budget", "range", "is too large"

    @property
    def is_any(self) -> bool:
        """Whether there is something to count from purchase to purchase."""
        counted = (self.per_member, self.per_day, self.total)
        return self.has_budget or any(limit is not None for limit in counted)

    @property
    def sets(self) -> int:
        """How many sets one receipt may have."""
        return SETS_MAX if self.per_receipt is None else self.per_receipt

    @property
    def has_budget(self) -> bool:
        return self.budget is not None or self.budget_points is not None

    def keys(self) -> Keys:
        return keys_of("member", ["yes"] if self.per_member is not None else ())

    def reached(self, used: Used, is_identified: bool) -> Iterator[Reason]:
        """Every limit that leaves nothing for one more use."""
        if self.per_member is not None and not is_identified:
            yield Reason("identified")
        for which, limit, count in (
            ("per_member", self.per_member, used.per_member),
            ("per_day", self.per_day, used.per_day),
            ("total", self.total, used.total),
        ):
            if limit is not None and count >= limit:
                yield Reason("limit", {"which": which, "limit": limit, "used": count})
        yield from self.passed(used, discount_minor=1, points_micro=1)

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


NO_LIMITS = Limits()
