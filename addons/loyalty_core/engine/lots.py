"""When an accrual becomes active and when it expires: the vocabulary of lots.

Moments are the store's wall clock. A lot lives in the half-open interval from ``active_from`` to
``expires_at``; a date names a whole day, so what expires ``on`` a date still lives on that day.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from . import schema

_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True, slots=True)
class Activation:
    """When points become usable; at once without it."""

    after_days: int | None = schema.integer(
        min=0, max=36_500, default=None, help="So many days after the purchase."
    )
    on: date | None = schema.day(default=None, help="At the beginning of this day.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        yield from _exactly_one(self, ("after_days", "on"))

    def moment(self, at: datetime) -> datetime | None:
        """The moment from which a lot of a purchase is active; None: at once."""
        start = _midnight(self.on) if self.on is not None else at + timedelta(days=self.after_days or 0)
        return start if start > at else None


@dataclass(frozen=True, slots=True)
class Expiry:
    """When points are lost; never without it."""

    after_days: int | None = schema.integer(
        min=1, max=36_500, default=None, help="So many days after activation."
    )
    after_months: int | None = schema.integer(
        min=1,
        max=1200,
        default=None,
        help="So many months after activation; the 31st becomes the month's last day.",
    )
    on: date | None = schema.day(default=None, help="At the end of this day.")
    end_of: str | None = schema.choice(
        "month", "quarter", "year", default=None, help="At the end of the period."
    )
    plus: int = schema.integer(min=0, max=1200, default=0, help="So many periods later than `end_of`.")
    grace: int = schema.integer(min=0, max=36_500, default=0, help="So many days after the end of `end_of`.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        yield from _exactly_one(self, ("after_days", "after_months", "on", "end_of"))
        if self.end_of is None and (self.plus or self.grace):
            yield "end_of", "missing", "is needed by plus and grace"

    def moment(self, start: datetime) -> datetime:
        """The moment at which a lot that counts from ``start`` is no longer there."""
        if self.after_days is not None:
            return start + timedelta(days=self.after_days)
        if self.after_months is not None:
            return add_months(start, self.after_months)
        if self.on is not None:
            return _midnight(self.on) + timedelta(days=1)
        return end_of_period(start, self.end_of or "month", self.plus) + timedelta(days=self.grace)


def add_months(moment: datetime, months: int) -> datetime:
    """The same day and time so many months later; a day that the month lacks becomes its last."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def end_of_period(moment: datetime, period: str, plus: int) -> datetime:
    """The midnight at which the moment's calendar period ends, ``plus`` periods later."""
    months = _MONTHS[period]
    count = moment.year * 12 + moment.month - 1
    first = count - count % months + months * (plus + 1)
    return datetime(first // 12, first % 12 + 1, 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def _exactly_one(declared: object, names: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    if sum(getattr(declared, name) is not None for name in names) != 1:
        yield "", "conflict", f"needs exactly one of {', '.join(names)}"
