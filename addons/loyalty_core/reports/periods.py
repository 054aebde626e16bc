"""Periods by their names, and what they are compared with. Days are included at both ends."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

Period = tuple[date, date]
DAY = timedelta(days=1)


def _add_months(day: date, months: int) -> date:
    """The same day of another month, or its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _last_days(days: int) -> Callable[[date], Period]:
    return lambda today: (today - days * DAY, today - DAY)


def _months(back: int, months: int) -> Callable[[date], Period]:
    """So many whole months, of which the first began so many months ago."""

    def period(today: date) -> Period:
        begin = _add_months(today.replace(day=1), -back)
        return begin, _add_months(begin, months) - DAY

    return period


def _monday(today: date) -> date:
    return today - today.weekday() * DAY


def _quarter(today: date) -> date:
    return today.replace(month=today.month - (today.month - 1) % 3, day=1)


#: Name → (words, the period as of a day). A period that has begun lasts until today.
PERIODS: dict[str, tuple[object, Callable[[date], Period]]] = {
    "today": (_lt("Today"), lambda today: (today, today)),
    "yesterday": (_lt("Yesterday"), _last_days(1)),
    "last_7_days": (_lt("Last 7 days"), _last_days(7)),
    "last_30_days": (_lt("Last 30 days"), _last_days(30)),
    "last_90_days": (_lt("Last 90 days"), _last_days(90)),
    "this_week": (_lt("This week"), lambda today: (_monday(today), today)),
    "last_week": (_lt("Last week"), lambda today: (_monday(today) - 7 * DAY, _monday(today) - DAY)),
    "this_month": (_lt("This month"), lambda today: (today.replace(day=1), today)),
    "last_month": (_lt("Last month"), _months(1, 1)),
    "this_quarter": (_lt("This quarter"), lambda today: (_quarter(today), today)),
    "last_quarter": (_lt("Last quarter"), lambda today: (_add_months(_quarter(today), -3), _quarter(today) - DAY)),
    "this_year": (_lt("This year"), lambda today: (today.replace(month=1, day=1), today)),
    "last_year": (
        _lt("Last year"),
        lambda today: (date(today.year - 1, 1, 1), date(today.year - 1, 12, 31)),
    ),
    "last_12_months": (_lt("Last 12 months"), lambda today: (_add_months(today, -12), today - DAY)),
}


def before(period: Period) -> Period:
    """The period before: as many months where it begins with a month, as many days where not.

    >>> before((date(2026, 3, 1), date(2026, 3, 31)))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    >>> before((date(2026, 3, 1), date(2026, 3, 10)))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 10))
    >>> before((date(2026, 3, 5), date(2026, 3, 6)))
    (datetime.date(2026, 3, 3), datetime.date(2026, 3, 4))
    """
    begin, end = period
    if begin.day != 1:
        days = (end - begin).days + 1
        return begin - days * DAY, end - days * DAY
    return _shifted(period, (end.year - begin.year) * 12 + end.month - begin.month + 1)


def year_before(period: Period) -> Period:
    """The same days of the year before.

    >>> year_before((date(2024, 2, 1), date(2024, 2, 29)))
    (datetime.date(2023, 2, 1), datetime.date(2023, 2, 28))
    """
    return _shifted(period, 12)


def _shifted(period: Period, months: int) -> Period:
    begin, end = period
    is_last = (end + DAY).day == 1
    return (
        _add_months(begin, -months),
        _add_months((end + DAY), -months) - DAY if is_last else _add_months(end, -months),
    )
