"""Expiry policies of a unit: when lots are lost beside their own terms.

A policy works by calendar days of the programme's time zone. What it answers is the first day on which a lot is no
longer there. Of several dates, those of the lot itself among them, the earliest counts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import ClassVar

from . import schema
from .conditions import ALWAYS
from .facts import Need
from .lots import add_months
from .registry import CONDITIONS, Condition, KindOf, Kinds

POLICIES: "Kinds[Policy]" = Kinds("expiry policy")
ACTIVITIES = ("purchase", "accrual", "spend")
#: A policy whose `when` does not hold on so many of its dates in a row is taken not to concern the lot.
DATES_MAX = 5


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy of one unit; of members for whom ``when`` holds."""

    kind: ClassVar[str]
    example: ClassVar[Mapping[str, object]] = {}

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    unit: str = schema.reference("units")
    when: Condition = schema.declare(
        KindOf(CONDITIONS), ALWAYS, help="Of the member on the last day of the lot; always without it."
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.when.needs_basket:
            yield "when", "conflict", "has a condition that needs a purchase, and there is none when points expire"

    @property
    def has_when(self) -> bool:
        return self.when != ALWAYS

    def needs(self) -> Iterator[Need]:
        """What must be known of the member to judge it."""
        return self.when.needs()

    def dates(self, day: date) -> Iterator[date]:
        """The days from which on a lot that is usable since ``day`` is gone, if the policy concerns it by then; none
        where that is not a matter of the calendar."""
        return iter(())

    @property
    def activity(self) -> frozenset[str]:
        """What keeps lots alive."""
        return frozenset()

    def idle_until(self, day: date) -> date | None:
        """The day from which on lots are gone after the last activity on ``day``."""
        return None


@POLICIES.register("inactivity")
@dataclass(frozen=True, slots=True)
class Inactivity(Policy):
    """Lots are lost when nothing has happened on the account for so many days. What happens keeps all lots alive that
    have something left then; what comes back later to a lot that was used up finds it with its old date."""

    example: ClassVar[Mapping[str, object]] = {"code": "IDLE", "unit": "BONUS", "days": 365}

    days: int = schema.integer(min=1, max=36_500)
    activity_: tuple[str, ...] = schema.list_of(
        schema.choice(*ACTIVITIES), default=(), help="What counts as activity; all of it where nothing is named."
    )

    @property
    def activity(self) -> frozenset[str]:
        return frozenset(self.activity_ or ACTIVITIES)

    def idle_until(self, day: date) -> date:
        return day + timedelta(days=self.days + 1)


@dataclass(frozen=True, slots=True)
class Age:
    """How old a lot must be."""

    days: int | None = schema.integer(min=1, max=36_500, default=None)
    months: int | None = schema.integer(min=1, max=1_200, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if (self.days is None) == (self.months is None):
            yield "", "conflict", "needs exactly one of days, months"

    def reached(self, day: date) -> date:
        """The day on which what began on ``day`` is so old."""
        if self.days is not None:
            return day + timedelta(days=self.days)
        return add_months(datetime.combine(day, datetime.min.time()), self.months or 0).date()


@POLICIES.register("yearly")
@dataclass(frozen=True, slots=True)
class Yearly(Policy):
    """Every year, at the end of a day, all lots are lost, or those that are old enough by then."""

    example: ClassVar[Mapping[str, object]] = {
        "code": "SEPTEMBER", "unit": "BONUS", "on": "09-30", "older_than": {"months": 36},
    }  # fmt: skip

    on: str = schema.text(max_length=5, help="Month and day, as 09-30; 02-29 is the 28th in common years.")
    older_than: Age | None = schema.nested(Age, default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        yield from Policy.check(self)
        if _day_in(self.on, 2000) is None:
            yield "on", "format", "must be a month and a day like 09-30"

    def dates(self, day: date) -> Iterator[date]:
        ripe = self.older_than.reached(day) if self.older_than else day
        for year in range(ripe.year, date.max.year):
            last = _day_in(self.on, year)
            if last is not None and last >= ripe:
                yield last + timedelta(days=1)


@POLICIES.register("calendar_year")
@dataclass(frozen=True, slots=True)
class CalendarYear(Policy):
    """What became usable in a calendar year is lost at its end, or so many days of grace later."""

    example: ClassVar[Mapping[str, object]] = {"code": "YEAR", "unit": "BONUS", "grace": 31}

    grace: int = schema.integer(min=0, max=3_650, default=0, help="Days after the end of the year.")

    def dates(self, day: date) -> Iterator[date]:
        for year in range(day.year + 1, date.max.year - 10):
            yield date(year, 1, 1) + timedelta(days=self.grace)


#: Whether a policy concerns the member on a day.
Judge = Callable[[Policy, date], bool]


@dataclass(frozen=True, slots=True)
class Policies:
    """All policies of one unit."""

    of: tuple[Policy, ...] = field(default=())

    @property
    def has_when(self) -> bool:
        """Whether any asks for more than the lot tells."""
        return any(one.has_when for one in self.of)

    def calendar(self, day: date, judge: Judge) -> date | None:
        """The first day on which a lot that is usable since ``day`` is gone by the calendar."""
        found = [until for one in self.of if (until := self._first(one, day, judge)) is not None]
        return min(found, default=None)

    def _first(self, policy: Policy, day: date, judge: Judge) -> date | None:
        dates = islice(policy.dates(day), DATES_MAX)
        return next((until for until in dates if judge(policy, until - timedelta(days=1))), None)

    def idle(self, last: Mapping[str, date], day: date, today: date, judge: Judge) -> date | None:
        """The first day on which lots are gone that were given on ``day``, if nothing more happens; ``last``: when each
        activity was last."""
        found = []
        for one in self.of:
            since = max([day, *(last[name] for name in one.activity if name in last)])
            until = one.idle_until(since)
            if until is not None and judge(one, today):
                found.append(until)
        return min(found, default=None)

    def keeping(self, activity: str) -> "Policies":
        """Those for which this activity keeps lots alive."""
        return Policies(tuple(one for one in self.of if activity in one.activity))


def by_unit(policies: Sequence[Policy]) -> dict[str, Policies]:
    """Unit → its policies."""
    units = dict.fromkeys(one.unit for one in policies)
    return {unit: Policies(tuple(one for one in policies if one.unit == unit)) for unit in units}


def _day_in(on: str, year: int) -> date | None:
    try:
        month, day = (int(part) for part in on.split("-"))
        if (month, day) == (2, 29):
            return date(year, 3, 1) - timedelta(days=1)
        return date(year, month, day) if len(on) == 5 else None
    except ValueError:
        return None
