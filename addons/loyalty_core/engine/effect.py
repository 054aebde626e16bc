"""What a promotion did: the difference between members who could get it and members who never do.

Nothing here knows of promotions: two groups of members drawn by lot, what each member bought, and how far the
difference of their means can be chance.
"""

from dataclasses import dataclass
from math import ceil, copysign, exp, inf, isfinite, lgamma, log, log1p, sqrt
from statistics import NormalDist

#: How sure an interval is.
CONFIDENCE = 0.95
#: How often a difference that is there should be found by groups that are called large enough.
POWER = 0.8
#: Below it nothing is said: a mean of a few receipts is anything.
MEMBERS_MIN = 30


@dataclass(frozen=True, slots=True)
class Arm:
    """One group: how many members, the sum of what each had and the sum of its squares."""

    count: int
    total: float
    squares: float

    @property
    def mean(self) -> float:
        return self.total / self.count if self.count else 0.0

    @property
    def variance(self) -> float:
        """Of a member, as estimated from the group."""
        if self.count < 2:
            return 0.0
        return max(0.0, (self.squares - self.total**2 / self.count) / (self.count - 1))

    @property
    def error(self) -> float:
        """The square of the standard error of the mean."""
        return self.variance / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate and the interval in which the truth lies, as sure as CONFIDENCE."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> "Range":
        return Range(self.value * factor, self.low * factor, self.high * factor)

    def less(self, amount: float) -> "Range":
        return Range(self.value - amount, self.low - amount, self.high - amount)


@dataclass(frozen=True, slots=True)
class Effect:
    """``absolute`` is by member, ``relative`` a share of the control group's mean (None where that mean cannot be told
    from nothing). ``verdict``: ``up``, ``down``, ``unclear`` or ``few`` (members).

    ``times_needed`` says, where it is unclear, how many times as large both groups would have to be for a difference of
    this size to be found; ``seen_from`` is the smallest share that these groups can show.
    """

    absolute: Range
    relative: Range | None
    verdict: str
    times_needed: int | None
    seen_from: float | None


def effect_of(main: Arm, control: Arm) -> Effect:
    """What the main group has more than the control group, by Welch; in relation to it, by Fieller.

    Both intervals come of one test: the relative one holds 0 exactly where the absolute one does.
    """
    difference = main.mean - control.mean
    error = sqrt(main.error + control.error)
    reach = quantile_of_t((1 + CONFIDENCE) / 2, _freedom(main, control))
    absolute = Range(difference, difference - reach * error, difference + reach * error)
    if min(main.count, control.count) < MEMBERS_MIN:
        return Effect(absolute, _relative(main, control, reach), "few", None, None)
    power = NormalDist().inv_cdf(POWER)
    seen_from = (reach + power) * error / control.mean if control.mean > 0 else None
    if absolute.low > 0 or absolute.high < 0:
        verdict, times = ("up" if difference > 0 else "down"), None
    else:
        verdict = "unclear"
        times = ceil(((reach + power) * error / difference) ** 2) if difference else None
    return Effect(absolute, _relative(main, control, reach), verdict, times, seen_from)


def _freedom(main: Arm, control: Arm) -> float:
    """Degrees of freedom after Welch and Satterthwaite."""
    spread = sum(arm.error**2 / (arm.count - 1) for arm in (main, control) if arm.count > 1)
    return (main.error + control.error) ** 2 / spread if spread else inf


def _relative(main: Arm, control: Arm, reach: float) -> Range | None:
    """By how large a share the mean of the one is above that of the other (Fieller 1954)."""
    below = control.mean**2 - reach**2 * control.error
    if below <= 0:
        return None
    middle = main.mean * control.mean
    root = sqrt(max(0.0, middle**2 - below * (main.mean**2 - reach**2 * main.error)))
    low, high = ((middle - root) / below, (middle + root) / below)
    return Range(main.mean / control.mean - 1, low - 1, high - 1)


def quantile_of_t(share: float, freedom: float) -> float:
    """Below which a variable of Student's t lies so often."""
    if not isfinite(freedom) or freedom > 1e7:
        return NormalDist().inv_cdf(share)
    low, high = 0.0, 1.0
    tail = 2 * min(share, 1 - share)
    while _outside(high, freedom) > tail:
        low, high = high, high * 2
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _outside(middle, freedom) > tail else (low, middle)
    return copysign(high, share - 0.5)


def _outside(t: float, freedom: float) -> float:
    """How often such a variable is further than ``t`` from zero."""
    return _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t))


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularized; by Lentz's continued fraction."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - _incomplete_beta(b, a, 1 - x)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    tiny = 1e-300
    c, d = 1.0, 1 / max(1 - (a + b) * x / (a + 1), tiny)
    found = d
    for m in range(1, 10_000):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / (1 + step * d or tiny)
            c = 1 + step / c or tiny
            found *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return front * found
