"""The functions by which fields are declared.

Each makes a field of one sort. Beside its own limits it takes ``default`` (without it the field is required),
``label`` and ``help``.
"""

from collections.abc import Callable
from typing import Any, Unpack

from .objects import About, Nested, declare, type_of
from .types import (
    AnyValue,
    Choice,
    Clock,
    Day,
    Flag,
    Instant,
    Integer,
    JsonObject,
    ListOf,
    MapOf,
    Money,
    Number,
    Range,
    SetOf,
    Text,
    Weekday,
)


def text(
    *,
    max_length: int = 255,
    min_length: int | None = None,
    pattern: str = "",
    form: str = "",
    **about: Unpack[About],
) -> Any:
    """A text; a required one is not empty. ``form`` tells a person what ``pattern`` wants."""
    least = min_length if min_length is not None else int("default" not in about)
    return declare(Text(least, max_length, pattern, form), **about)


def reference(section: str, **about: Unpack[About]) -> Any:
    """The code of a record of a section; whether there is one is known when the whole document has been
    read."""
    return declare(Text(1, 64, section=section), **about)


def code_of(*sections: str, max_length: int = 128, **about: Unpack[About]) -> Any:
    """The code of a record of one of the sections, which need not be there: a store that is still to be opened, say."""
    return declare(Text(int("default" not in about), max_length, of="|".join(sections)), **about)


def choice(*values: str, **about: Unpack[About]) -> Any:
    """One of a few words."""
    return declare(Choice(values), **about)


def flag(**about: Unpack[About]) -> Any:
    """True or false."""
    return declare(Flag(), **about)


def integer(*, min: int | None = None, max: int | None = None, **about: Unpack[About]) -> Any:
    """A whole number (2.0 is one)."""
    return declare(Integer(Range(min, max)), **about)


def weekday(**about: Unpack[About]) -> Any:
    """A day of the week, 1 is Monday."""
    return declare(Weekday(), **about)


def decimal(
    *,
    min: int | None = None,
    max: int | None = None,
    above: int | None = None,
    places: int = 6,
    **about: Unpack[About],
) -> Any:
    """An exact number as a Decimal, for amounts whose currency or unit is not known yet while reading."""
    return declare(Number("decimal", Range(min, max, above), places, None), **about)


def micro(
    *, min: int | None = None, max: int | None = None, above: int | None = None, **about: Unpack[About]
) -> Any:
    """A number with up to six decimals, kept as an integer of millionths: quantities, points, factors."""
    return declare(Number("decimal", Range(min, max, above), 6, 6), **about)


def percent(
    *, min: int | None = 0, max: int | None = 100, above: int | None = None, **about: Unpack[About]
) -> Any:
    """A rate in per cent with up to four decimals, kept in millionths of the whole."""
    return declare(Number("percent", Range(min, max, above), 4, 4), **about)


def money(
    *, min: int | None = None, max: int | None = None, above: int | None = None, **about: Unpack[About]
) -> Any:
    """An amount in currency units, kept in minor units of the currency that is being read."""
    return declare(Money(Range(min, max, above)), **about)


def instant(**about: Unpack[About]) -> Any:
    """A moment in ISO 8601, with or without an offset, as a datetime."""
    return declare(Instant(has_offset=True), **about)


def wall_clock(**about: Unpack[About]) -> Any:
    """A moment of the store's own clock, as a naive datetime."""
    return declare(Instant(has_offset=False), **about)


def start(**about: Unpack[About]) -> Any:
    """The first moment of a half-open interval; a bare date begins at its midnight."""
    return declare(Instant(has_offset=False, day_as="start"), **about)


def end(**about: Unpack[About]) -> Any:
    """The moment after a half-open interval; a bare date is included whole."""
    return declare(Instant(has_offset=False, day_as="end"), **about)


def day(**about: Unpack[About]) -> Any:
    """A date."""
    return declare(Day(), **about)


def clock(**about: Unpack[About]) -> Any:
    """A time of the day, in seconds since midnight."""
    return declare(Clock(), **about)


def json_object(**about: Unpack[About]) -> Any:
    """Any JSON object, unread."""
    return declare(JsonObject(), **about)


def nested(of: type | Callable[[], type], **about: Unpack[About]) -> Any:
    """An object of a declared class."""
    return declare(Nested(of), **about)


def list_of(item: Any, *, max_length: int = 1000, min_length: int = 0, **about: Unpack[About]) -> Any:
    """Values in their order, as a tuple: ``list_of(text(max_length=64))``, ``list_of(nested(Line))``."""
    return declare(ListOf(type_of(item), max_length, min_length), **about)


def set_of(item: Any, *, max_length: int = 10_000, **about: Unpack[About]) -> Any:
    """Values whose order says nothing, as a frozenset; one value may stand for a list of one."""
    about.setdefault("default", frozenset())
    return declare(SetOf(type_of(item), max_length), **about)


def map_of(item: Any, *, max_length: int = 100, key_length: int = 64, **about: Unpack[About]) -> Any:
    """Names and values, as a dict."""
    return declare(MapOf(type_of(item), max_length, key_length), **about)


def value(**about: Unpack[About]) -> Any:
    """A text, a number, yes or no, or several texts: what may be known of a person."""
    return declare(AnyValue(), **about)
