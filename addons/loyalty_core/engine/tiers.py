"""Tiers: which one a member has on a day, since when and until when, and what is missing to the next.

A tier is *due* on a day if the figure of its window comes to its threshold that day. It is *held* from the day on which
it is due (or from the next period), and kept past the last such day as its rule says. A member has the highest tier
that is held. So the answer is a function of what was bought and of what was given by hand: the order of receipts of a
day does not matter, buying more never lowers a tier, and working it out again comes to the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

from . import schema
from .facts import Bought, Period
from .select import EVERY_LINE, Target

#: What was gained on which day, in order of days: one row a day.
Series = Sequence[tuple[date, int]]
#: The first and the last day, as ordinals.
Span = tuple[int, int]

_NEVER = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Window(Period):
    """What counts for a tier: all of the past, or a period up to the day in question."""

    lifetime: bool = schema.flag(default=False, help="All that the member ever bought.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        yield from Period.check(self)
        is_period = any((self.days, self.months, self.calendar, self.from_, self.to))
        if self.lifetime and is_period:
            yield "lifetime", "conflict", "leaves no room for a period"
        if self.ago:
            yield "ago", "conflict", "is only for conditions"

    def counts(self, day: date) -> bool:
        """Whether what was gained on ``day`` ever counts."""
        return (self.from_ is None or self.from_ <= day) and (self.to is None or day <= self.to)

    def last_day(self, day: date) -> int:
        """The last day on which what was gained on ``day`` counts still."""
        if self.days is not None:
            return day.toordinal() + self.days - 1
        if self.months is not None:
            return _months_after(day, self.months) - 1
        if self.calendar is not None:
            return _period_end(self.calendar, day)
        return _NEVER


LIFETIME = Window(lifetime=True)


@dataclass(frozen=True, slots=True)
class Tier:
    """One step of a ladder. ``threshold`` is in the minor units of what is measured: millionths of a quantity."""

    code: str
    threshold: int = 0
    measure: str = "amount"
    window: Window = LIFETIME
    target: Target = EVERY_LINE
    unit: str = ""
    rise: str = "at_once"
    keep: str = "window"
    fall: str = "due"
    #: Tiers with the same key count the same.
    key: str = field(init=False, compare=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", f"{self.measure}:{self.unit}:{schema.write(self.target)}")

    @property
    def is_by_line(self) -> bool:
        """Whether it counts products, and not whole purchases or points."""
        return self.measure == "quantity" or (self.measure != "points" and self.target != EVERY_LINE)

    @property
    def is_base(self) -> bool:
        """Whether every member has it, of whoever has none higher."""
        return self.threshold <= 0

    def series(self, bought: Iterable[Bought]) -> Series:
        """What it counts, by days; ``bought`` are lines if it counts products, else days."""
        kept = list(bought)
        if self.is_by_line:
            picked = self.target.pick([one.line for one in kept if one.line is not None], frozenset())
            kept = [kept[i] for i in picked]
        gained: dict[date, int] = defaultdict(int)
        if self.measure == "count" and self.is_by_line:
            quantities: dict[tuple[int, date], int] = defaultdict(int)
            for one in kept:
                quantities[one.purchase, one.day] += one.quantity_micro
            for (_purchase, day), quantity in quantities.items():
                gained[day] += quantity > 0
        else:
            for one in kept:
                gained[one.day] += self._gain(one)
        return sorted(gained.items())

    def figure(self, series: Series, day: date) -> int:
        """What the window holds at the end of ``day``."""
        first, end = self.window.window(day)
        return sum(gain for one, gain in series if first <= one < end and one <= day)

    def due(self, series: Series, first: int, last: int) -> Iterator[Span]:
        """The days from ``first`` to ``last`` on which it is due, if nothing is gained that is not in ``series``.

        What was gained enters the figure on its day, and leaves it after the last day on which it counts.
        """
        if self.is_base:
            yield first, last
            return
        changes: dict[int, int] = defaultdict(int)
        for day, gain in series:
            if self.window.counts(day):
                changes[day.toordinal()] += gain
                changes[self.window.last_day(day) + 1] -= gain
        figure = 0
        since: int | None = None
        for mark in sorted(changes):
            figure += changes[mark]
            if since is None and figure >= self.threshold:
                since = mark
            elif since is not None and figure < self.threshold:
                if max(since, first) <= min(mark - 1, last):
                    yield max(since, first), min(mark - 1, last)
                since = None
        if since is not None and max(since, first) <= last:
            yield max(since, first), last

    def starts(self, day: int) -> int:
        """The day from which it is held if it is due from ``day`` on."""
        return day if self.rise == "at_once" or self.is_base else self._period_end(day) + 1

    def ends(self, day: int) -> int:
        """The last day on which it is held if ``day`` is the last on which it is due."""
        if day >= _NEVER or self.keep == "window":
            return min(day, _NEVER)
        if self.keep == "this_and_next":
            return date(date.fromordinal(day).year + 1, 12, 31).toordinal()
        return self._period_end(self._period_end(day) + 1)

    def ends_after_fall(self, day: int) -> int:
        """The last day on which it is held by who has come down to it on ``day``: one term of its own."""
        if self.keep == "window":
            return min(self.window.last_day(date.fromordinal(day)), _NEVER)
        return self.ends(day)

    def _period_end(self, day: int) -> int:
        """Periods are those of the window; of one that is not of the calendar, months."""
        return _period_end(self.window.calendar or "month", date.fromordinal(day))

    def _gain(self, one: Bought) -> int:
        if self.measure == "count":
            return one.count
        return one.quantity_micro if self.measure == "quantity" else one.amount_minor


@dataclass(frozen=True, slots=True)
class Edition:
    """The ladder, the lowest tier first, as it is from a day on."""

    first_day: date
    tiers: tuple[Tier, ...]

    def rank(self, code: str) -> int:
        """The place of a tier; below all of them where it is none of them."""
        return next((rank for rank, tier in enumerate(self.tiers) if tier.code == code), -1)


@dataclass(frozen=True, slots=True)
class Given:
    """A tier that somebody has set from a day on, ``until`` a day included or for good.

    ``instead_of``: what the member had by the rules at that moment. Who is lowered stays there until a tier that is
    higher than that is reached.
    """

    tier: str
    day: date
    until: date | None = None
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The tier of a member on a day: since when, and until when as things are (none: no end). ``changes_on``: the next
    day on which the answer is another if nothing more happens."""

    tier: str = ""
    since: date | None = None
    until: date | None = None
    changes_on: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a member is on the way to the next tier."""

    tier: Tier
    value: int


def timeline(
    editions: Sequence[Edition], gained: Mapping[str, Series], given: Sequence[Given], begin: date, day: date
) -> list[Standing]:
    """The standings up to ``day`` of who is on the ladder since ``begin``; the last one is that of the day itself.

    ``editions`` are in order of days, ``gained`` is by the key of what is counted, ``given`` in the order in which it
    was given. Each day has the ladder of its time.
    """
    today = day.toordinal()
    line: list[Standing] = []
    codes = {tier.code for edition in editions for tier in edition.tiers}
    earned = {code: list(_earned(editions, code, gained, begin.toordinal())) for code in codes}
    for i, edition in enumerate(editions):
        first = max(edition.first_day, begin).toordinal()
        last = editions[i + 1].first_day.toordinal() - 1 if i + 1 < len(editions) else _NEVER
        if first > min(today, last):
            continue
        held = _held(edition, earned, given)
        for start, rank in _tops(held, first, last):
            if start > today:
                line[-1] = replace(line[-1], changes_on=_date(start))
                break
            tier = edition.tiers[rank].code if rank >= 0 else ""
            until = next((_date(b) for a, b in held[rank] if a <= start <= b), None) if rank >= 0 else None
            if line and line[-1].tier == tier:
                line[-1] = replace(line[-1], until=until)
            elif line:
                since = date.fromordinal(start)
                line[-1] = replace(line[-1], until=since - timedelta(days=1))
                line.append(Standing(tier, since, until))
            else:
                line.append(Standing(tier, date.fromordinal(start) if tier else None, until))
    return line


def stand(
    editions: Sequence[Edition], gained: Mapping[str, Series], given: Sequence[Given], begin: date, day: date
) -> Standing:
    """The standing on ``day``: the last of the ``timeline``."""
    line = timeline(editions, gained, given, begin, day)
    return line[-1] if line else Standing()


def progress(
    editions: Sequence[Edition], gained: Mapping[str, Series], standing: Standing, day: date
) -> Progress | None:
    """The next tier above the one that is held, and how much of its threshold is there; none at the top."""
    edition = edition_of(editions, day)
    rank = edition.rank(standing.tier) + 1 if edition else 0
    if edition is None or rank >= len(edition.tiers):
        return None
    tier = edition.tiers[rank]
    return Progress(tier, tier.figure(gained.get(tier.key, ()), day))


def edition_of(editions: Sequence[Edition], day: date) -> Edition | None:
    """The ladder of a day."""
    return next((one for one in reversed(editions) if one.first_day <= day), None)


# ---------------------------------------------------------------------------------------------- spans of days


def _held(edition: Edition, earned: Mapping[str, Sequence[Span]], given: Sequence[Given]) -> list[list[Span]]:
    """Of each tier of ``edition`` the days on which it is held, the lowest tier first.

    From the highest down: who falls by one step comes down to the next tier for a term of its own.
    """
    terms = list(_terms(edition, given))
    held: list[list[Span]] = [[] for _tier in edition.tiers]
    above: list[Span] = []
    for rank in reversed(range(len(edition.tiers))):
        tier = edition.tiers[rank]
        own = [*earned[tier.code]]
        own += [(end + 1, tier.ends_after_fall(end + 1)) for _start, end in above if end < _NEVER]
        covered = [span for low, high, span in terms if low < rank <= high]
        left = [part for span in _merged(own) for part in _without(span, covered)]
        held[rank] = _merged([*left, *(span for low, _high, span in terms if low == rank)])
        cut = {start - 1 for start, _end in covered}
        above = [span for span in held[rank] if span[1] not in cut] if tier.fall == "one" else []
    return held


def _earned(editions: Sequence[Edition], code: str, gained: Mapping[str, Series], begin: int) -> Iterator[Span]:
    """The days on which a tier is held by its rules, each day's by those of its own edition."""
    due: list[tuple[int, int, Tier, Tier]] = []
    for i, one in enumerate(editions):
        first = max(one.first_day.toordinal(), begin)
        last = editions[i + 1].first_day.toordinal() - 1 if i + 1 < len(editions) else _NEVER
        rank = one.rank(code)
        if rank < 0 or first > last:
            continue
        tier = one.tiers[rank]
        for start, end in tier.due(gained.get(tier.key, ()), first, last):
            if due and due[-1][1] + 1 == start:
                due[-1] = (due[-1][0], end, due[-1][2], tier)
            else:
                due.append((start, end, tier, tier))
    for start, end, tier_then, tier_now in due:
        span = tier_then.starts(start), tier_now.ends(end)
        if span[0] <= span[1]:
            yield span


def _terms(edition: Edition, given: Sequence[Given]) -> Iterator[tuple[int, int, Span]]:
    """(rank given, rank instead of which, days): each to its end, or until the next is given."""
    ordered = sorted(given, key=lambda one: one.day)
    for i, one in enumerate(ordered):
        rank = edition.rank(one.tier)
        end = one.until.toordinal() if one.until else _NEVER
        if i + 1 < len(ordered):
            end = min(end, ordered[i + 1].day.toordinal() - 1)
        if rank >= 0 and one.day.toordinal() <= end:
            yield rank, edition.rank(one.instead_of), (one.day.toordinal(), end)


def _tops(held: Sequence[Sequence[Span]], first: int, last: int) -> list[tuple[int, int]]:
    """(day, rank of the highest tier that is held from it on) from ``first`` to ``last``: a row for each change."""
    marks = {first, *(mark for spans in held for start, end in spans for mark in (start, end + 1))}
    tops: list[tuple[int, int]] = []
    for mark in sorted(mark for mark in marks if first <= mark <= last):
        rank = max((i for i, spans in enumerate(held) if any(a <= mark <= b for a, b in spans)), default=-1)
        if not tops or tops[-1][1] != rank:
            tops.append((mark, rank))
    return tops


def _merged(spans: Iterable[Span]) -> list[Span]:
    """The same days in as few spans as can be."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _without(span: Span, covered: Iterable[Span]) -> list[Span]:
    """What is left of a span."""
    parts = [span]
    for first, last in covered:
        parts = [
            part
            for start, end in parts
            for part in ((start, min(end, first - 1)), (max(start, last + 1), end))
            if part[0] <= part[1]
        ]
    return parts


def _date(day: int) -> date | None:
    return None if day >= _NEVER else date.fromordinal(day)


@lru_cache(maxsize=10_000)
def _period_end(calendar: str, day: date) -> int:
    """The last day of the calendar period of a day."""
    return Period(calendar=calendar).window(day)[1].toordinal() - 1


@lru_cache(maxsize=10_000)
def _months_after(day: date, months: int) -> int:
    """The same day so many months later; the first of the month after where that month has no such day."""
    number = day.year * 12 + day.month - 1 + months
    if number // 12 >= date.max.year:
        return _NEVER
    first = date(number // 12, number % 12 + 1, 1)
    following = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following).toordinal()
