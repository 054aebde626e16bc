"""What promotions must know of a member beyond the basket, and how it follows from what the member has bought.

A condition names its *needs*. Whoever makes the basket answers the needs of the promotions that may apply to it, and
no others; the answers are kept with the purchase, so it is calculated anew to the same answer. The answer to a need
of the member's history is one integer under the need's ``key``: an amount in minor units, a quantity in millionths, a
number of purchases, or a day as its ordinal (0: none).
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, is_dataclass, replace
from datetime import date, timedelta
from typing import Any

from . import schema
from .basket import Line
from .select import EVERY_LINE, Target

_CALENDAR_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Profile:
    """A part of what is known of the member, by the field of ``Member`` that holds it; of attributes, choices,
    favourites and offers those named."""

    part: str
    name: str = ""

    @property
    def key(self) -> str:
        return f"{self.part}:{self.name}"


@dataclass(frozen=True, slots=True)
class FirstUse:
    """The day on which the member first used a promotion, as an ordinal."""

    promotion: str

    @property
    def key(self) -> str:
        return f"first_use:{self.promotion}"


@dataclass(frozen=True, slots=True)
class Period:
    """Days up to the day of the purchase: `days` or `months` on end, a `calendar` one, or from a date to a date; since
    ever where nothing is given. Weeks begin on Monday."""

    days: int | None = schema.integer(min=1, max=36_500, default=None, help="The day of the purchase is one of them.")
    months: int | None = schema.integer(min=1, max=1_200, default=None)
    calendar: str | None = schema.choice("day", "week", "month", "quarter", "year", default=None)
    ago: int = schema.integer(min=0, max=1_000, default=0, help="1: the calendar period before the current one.")
    from_: date | None = schema.day(default=None)
    to: date | None = schema.day(default=None, help="Included.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        dated = self.from_ is not None or self.to is not None
        ways = [self.days is not None, self.months is not None, self.calendar is not None, dated]
        if sum(ways) > 1:
            yield "", "conflict", "must be given in one way: days, months, calendar or from and to"
        if self.ago and self.calendar is None:
            yield "ago", "conflict", "is only for calendar periods"
        if self.from_ is not None and self.to is not None and self.to < self.from_:
            yield "to", "range", "is before from"

    def window(self, day: date) -> tuple[date, date]:
        """The first day, and the first day after the last, of the period of a purchase on ``day``."""
        tomorrow = day + timedelta(days=1)
        if self.days is not None:
            return tomorrow - timedelta(days=self.days), tomorrow
        if self.months is not None:
            return _months_before(day, self.months) + timedelta(days=1), tomorrow
        if self.calendar is not None:
            return self._calendar_window(day)
        end = tomorrow if self.to is None else min(tomorrow, self.to + timedelta(days=1))
        return self.from_ or date.min, end

    def _calendar_window(self, day: date) -> tuple[date, date]:
        if self.calendar in ("day", "week"):
            width = 1 if self.calendar == "day" else 7
            offset = day.weekday() if width == 7 else 0
            first = day - timedelta(days=offset + width * self.ago)
            return first, first + timedelta(days=width)
        width = _CALENDAR_MONTHS[self.calendar or "month"]
        number = day.year * 12 + day.month - 1
        first_number = number - number % width - width * self.ago
        return _first_of(first_number), _first_of(first_number + width)


EVER = Period()


@dataclass(frozen=True, slots=True)
class Where:
    """Stores by code, by their network or by the partner whose they are; every parameter that is given must fit."""

    partner: frozenset[str] = schema.set_of(schema.code_of("partners"))
    network: frozenset[str] = schema.set_of(schema.code_of("networks"))
    store: frozenset[str] = schema.set_of(schema.code_of("stores"))

    def keep(self, one: "Bought") -> bool:
        return (
            (not self.partner or one.partner in self.partner)
            and (not self.network or one.network in self.network)
            and (not self.store or one.store in self.store)
        )


ANYWHERE = Where()


@dataclass(frozen=True, slots=True)
class Bought:
    """What a member has bought and kept in a store on a day. With a ``line``: of one product and price in one purchase;
    without: all of the day."""

    day: date
    store: str = ""
    network: str = ""
    partner: str = ""
    count: int = 0
    quantity_micro: int = 0
    base_minor: int = 0
    amount_minor: int = 0
    purchase: int = 0
    line: Line | None = None


@dataclass(frozen=True, slots=True)
class History:
    """A figure of what the member has bought before: of the target's lines, or else of whole purchases."""

    measure: str = schema.choice("amount", "base", "count", "quantity", "reached")
    period: Period = schema.nested(Period, default=EVER)
    target: Target = schema.nested(Target, default=EVERY_LINE)
    where: Where = schema.nested(Where, default=ANYWHERE)
    sum_minor: int = schema.integer(min=0, default=0)

    @property
    def key(self) -> str:
        return json.dumps(schema.write(self), sort_keys=True, separators=(",", ":"))

    @property
    def is_by_line(self) -> bool:
        """Whether it is a figure of products, and not of whole purchases."""
        return self.target != EVERY_LINE or self.measure == "quantity"

    def answer(self, bought: Iterable[Bought], day: date) -> int:
        """The figure for a purchase on ``day``; ``bought`` are lines or days, whichever it is a figure of."""
        first, end = self.period.window(day)
        kept = [one for one in bought if first <= one.day < end and self.where.keep(one)]
        if self.is_by_line:
            picked = self.target.pick([one.line for one in kept if one.line is not None], frozenset())
            kept = [kept[i] for i in picked]
        return self._figure(kept)

    def _figure(self, kept: Sequence[Bought]) -> int:
        if self.measure == "count":
            return _purchases(kept) if self.is_by_line else sum(one.count for one in kept)
        if self.measure == "reached":
            return _reached(kept, self.sum_minor)
        name = "quantity_micro" if self.measure == "quantity" else f"{self.measure}_minor"
        return sum(getattr(one, name) for one in kept)


Need = Profile | FirstUse | History


def needs_of(target: Target) -> Iterator[Need]:
    """What must be known of the member to select lines."""
    yield from (Profile("choices", code) for code in sorted(target.choice))
    yield from (Profile("offers", code) for code in sorted(target.offer))
    yield from (Profile("favourites", code) for code in sorted(target.favourite))
    if target.not_ is not None:
        yield from needs_of(target.not_)


def targets_in(of: object) -> Iterator[Target]:
    """Every selection of lines that a condition or a reward has, however deep."""
    if isinstance(of, Target):
        yield of
    elif isinstance(of, tuple):
        for one in of:
            yield from targets_in(one)
    elif is_dataclass(of):
        for member in schema.members(type(of)).values():
            yield from targets_in(getattr(of, member.name))


def with_targets(of: Any, change: Callable[[Target], Target]) -> Any:
    """The same condition or reward with every selection of lines changed, however deep."""
    if isinstance(of, Target):
        return change(of)
    if isinstance(of, tuple):
        return tuple(with_targets(one, change) for one in of)
    if is_dataclass(of) and not isinstance(of, type):
        names = [member.name for member in schema.members(type(of)).values()]
        return replace(of, **{name: with_targets(getattr(of, name), change) for name in names})
    return of


@dataclass(frozen=True, slots=True)
class Needs:
    """What some promotions need, each thing once."""

    by_key: dict[str, Need] = field(default_factory=dict)

    def parts(self) -> set[str]:
        """The parts of the profile."""
        return {need.part for need in self.by_key.values() if isinstance(need, Profile)}

    def names(self, part: str = "attributes") -> set[str]:
        """What of a part."""
        return {need.name for need in self.by_key.values() if isinstance(need, Profile) and need.part == part}

    def of(self, kind: type[Any]) -> list[Any]:
        return [need for need in self.by_key.values() if isinstance(need, kind)]


def gather(needs: Iterable[Need]) -> Needs:
    """Needs of several promotions, each once."""
    return Needs({need.key: need for need in needs})


def _purchases(lines: Collection[Bought]) -> int:
    """In how many purchases something of it was kept."""
    quantities: dict[int, int] = defaultdict(int)
    for line in lines:
        quantities[line.purchase] += line.quantity_micro
    return sum(quantity > 0 for quantity in quantities.values())


def _reached(bought: Iterable[Bought], sum_minor: int) -> int:
    """The day on which amounts came to a sum, as an ordinal."""
    total = 0
    for one in sorted(bought, key=lambda one: one.day):
        total += one.amount_minor
        if total >= sum_minor:
            return one.day.toordinal()
    return 0


def _first_of(month_number: int) -> date:
    return date(month_number // 12, month_number % 12 + 1, 1)


def _months_before(day: date, months: int) -> date:
    """The same day so many months before, or the last of that month."""
    number = max(day.year * 12 + day.month - 1 - months, 12)
    last = (_first_of(number + 1) - timedelta(days=1)).day
    return _first_of(number).replace(day=min(day.day, last))
