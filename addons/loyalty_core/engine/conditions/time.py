"""``time``: weekdays, hours, dates and calendars by the store's own clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of, narrowest

_DAY = 24 * 3600


@CONDITIONS.register("time")
@dataclass(frozen=True, slots=True)
class Time(Condition):
    """It is one of the weekdays, dates and days of the calendar, from `from` up to but not including `to`.

    A window that passes midnight belongs to the day on which it starts.
    """

    example: ClassVar[Mapping[str, object]] = {"weekdays": [5, 6], "from": "22:00", "to": "02:00"}
    is_of_member: ClassVar[bool] = True

    weekdays: frozenset[int] = schema.set_of(schema.weekday())
    from_: int = schema.clock(default=0)
    to: int = schema.clock(default=_DAY)
    dates: frozenset[date] = schema.set_of(schema.day(), help="Calendar days.")
    calendar: str | None = schema.reference("calendars", default=None, help="One of its days, a holiday say.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.from_ == self.to:
            yield "to", "range", "must differ from from"

    @property
    def _passes_midnight(self) -> bool:
        return self.to < self.from_

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        at = receipt.basket.at
        seconds = at.hour * 3600 + at.minute * 60 + at.second
        day = at.date()
        if self._passes_midnight and seconds < self.to:
            day -= timedelta(days=1)
            is_in_hours = True
        else:
            is_in_hours = self.from_ <= seconds and (self._passes_midnight or seconds < self.to)
        is_on_day = not self.weekdays or day.isoweekday() in self.weekdays
        is_on_date = not self.dates or day in self.dates
        is_in_calendar = self.calendar is None or day in receipt.programme.calendars[self.calendar]
        if not (is_in_hours and is_on_day and is_on_date and is_in_calendar):
            yield Reason(self.kind)

    def keys(self) -> Keys:
        later = (0, 1) if self._passes_midnight else (0,)
        weekdays = {(day + days - 1) % 7 + 1 for day in self.weekdays for days in later}
        dates = {day + timedelta(days=days) for day in self.dates for days in later}
        return narrowest(
            (keys_of("weekday", map(str, weekdays)), keys_of("date", (one.isoformat() for one in dates)))
        )
