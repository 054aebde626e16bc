"""When a report is due: moments on the clock of the programme."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ..services import clock

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Daily, weekly on a day of the week (0 Monday), monthly on a day, or the last one of a shorter month; at an
    hour."""

    frequency: str
    weekday: int
    month_day: int
    hour: int
    timezone: str

    def next_after(self, instant: datetime) -> datetime:
        """The first due moment later than the instant; both in UTC.

        >>> Rhythm("monthly", 0, 31, 8, "Europe/Kyiv").next_after(datetime(2026, 2, 1))
        datetime.datetime(2026, 2, 28, 6, 0)
        """
        day = clock.to_local(instant, self.timezone).date()
        while not (self._is_due(day) and self._moment(day) > instant):
            day += DAY
        return self._moment(day)

    def latest_until(self, first: datetime, instant: datetime) -> datetime:
        """The last due moment that has come by the instant, counting from a due one."""
        day = clock.to_local(instant, self.timezone).date()
        while not (self._is_due(day) and self._moment(day) <= instant):
            if self._moment(day) <= first:
                return first
            day -= DAY
        return max(self._moment(day), first)

    def _is_due(self, day: date) -> bool:
        if self.frequency == "weekly":
            return day.weekday() == self.weekday
        if self.frequency == "monthly":
            return day.day == min(self.month_day, monthrange(day.year, day.month)[1])
        return True

    def _moment(self, day: date) -> datetime:
        return clock.to_utc(datetime.combine(day, time(self.hour)), self.timezone)
