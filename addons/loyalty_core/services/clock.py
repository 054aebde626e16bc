"""Between instants and the wall clock of a place. Both are naive: the database keeps UTC, receipts the store's time."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def to_utc(moment: datetime, timezone: str) -> datetime:
    """The instant at which the clock there shows ``moment``; of an hour that comes twice, the first. An offset of its
    own counts, wherever the clock hangs.

    >>> to_utc(datetime(2026, 11, 23, 8, 30), "Europe/Kyiv")
    datetime.datetime(2026, 11, 23, 6, 30)
    """
    aware = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(timezone), fold=0)
    return aware.astimezone(UTC).replace(tzinfo=None)


def to_local(instant: datetime, timezone: str) -> datetime:
    """What the clock there shows at ``instant``.

    >>> to_local(datetime(2026, 11, 23, 6, 30), "Europe/Kyiv")
    datetime.datetime(2026, 11, 23, 8, 30)
    """
    return with_offset(instant, timezone).replace(tzinfo=None)


def with_offset(instant: datetime, timezone: str) -> datetime:
    """The same with its distance from UTC, by which the hour that comes twice is told apart.

    >>> with_offset(datetime(2026, 11, 23, 6, 30), "Europe/Kyiv").isoformat()
    '2026-11-23T08:30:00+02:00'
    """
    return instant.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone))
