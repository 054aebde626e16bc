"""Sorts of values: how each is read from JSON, written back and described."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from .problems import INVALID, Reading, Reference, hint, join

T = TypeVar("T")

Form = dict[str, object]

_NUMBER_MAX = Decimal(10) ** 12
_EXACT_MAX = 2**53  # JSON's numbers are exact up to here
_JSON_DEPTH_MAX = 32
_DAY = r"\d{4}-\d\d-\d\d"
_INSTANT = _DAY + r"[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?"


class Type:
    """How one sort of value is read from JSON, written back and described."""

    name: str

    def read(self, value: object, path: str, reading: Reading) -> object:
        """The value, or INVALID after a problem has been noted."""
        raise NotImplementedError

    def write(self, value: Any, decimals: int) -> object:
        """The JSON form: read(write(value)) is the value."""
        return value

    def limits(self) -> str:
        """What a person should know about permitted values."""
        return ""

    def parts(self) -> Iterator[type]:
        """Declared classes that values of this type consist of."""
        return iter(())

    def to_form(self) -> Form:
        """What a form must know to ask for a value, as plain JSON: its ``type``, and what that needs."""
        return {"type": self.name}


def either(*ways: "Type | str") -> Form:
    """The form of a value that may be given in several ways; a text stands for itself, a word of the language."""
    forms: list[Any] = []
    for way in ways:
        form: Any = {"type": "word", "word": way} if isinstance(way, str) else way.to_form()
        forms += form["of"] if form["type"] == "either" else [form]
    return {"type": "either", "of": forms}


@dataclass(frozen=True, slots=True)
class Text(Type):
    min_length: int
    max_length: int
    pattern: str = ""
    form: str = ""
    section: str = ""
    of: str = ""  # the section whose records it is likely to name; of several they stand between "|"
    name = "text"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, str):
            return reading.refuse(path, "type", "must be a text")
        if len(value) > self.max_length:
            return reading.refuse(path, "length", f"is longer than {self.max_length} characters")
        if len(value) < self.min_length:
            return reading.refuse(path, "length", "must not be empty")
        if not _is_storable(value):
            return reading.refuse(path, "format", "contains characters that cannot be stored")
        if self.pattern and not re.fullmatch(self.pattern, value):
            return reading.refuse(path, "format", f"must look like {self.form or self.pattern}")
        if self.section:
            reading.references.append(Reference(path, self.section, value))
        return value

    def limits(self) -> str:
        if self.section:
            return f"code of {self.section}"
        return self.form or f"at most {self.max_length} characters"

    def to_form(self) -> Form:
        return {"type": "text", "max": self.max_length, "hint": self.form, "section": self.section or self.of}


@dataclass(frozen=True, slots=True)
class Choice(Type):
    values: tuple[str, ...]
    name = "choice"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if isinstance(value, str) and value in self.values:
            return value
        meant = hint(value, self.values) if isinstance(value, str) else ""
        return reading.refuse(path, "choice", f"must be one of {', '.join(self.values)}{meant}")

    def limits(self) -> str:
        return ", ".join(f"`{value}`" for value in self.values)

    def to_form(self) -> Form:
        return {"type": "choice", "values": list(self.values)}


@dataclass(frozen=True, slots=True)
class Flag(Type):
    name = "flag"

    def read(self, value: object, path: str, reading: Reading) -> object:
        return value if isinstance(value, bool) else reading.refuse(path, "type", "must be true or false")


@dataclass(frozen=True, slots=True)
class Range:
    """Permitted numbers: from ``min`` to ``max``, both included; above ``above``, which is not."""

    min: int | None = None
    max: int | None = None
    above: int | None = None

    def objection(self, number: Decimal) -> str | None:
        if abs(number) > _NUMBER_MAX:
            return "is too large"
        if self.above is not None and number <= self.above:
            return f"must be more than {self.above}"
        if self.min is not None and number < self.min:
            return f"must be at least {self.min}"
        if self.max is not None and number > self.max:
            return f"must be at most {self.max}"
        return None

    def __str__(self) -> str:
        least = self.min if self.above is None else None
        bounds = (("more than", self.above), ("at least", least), ("at most", self.max))
        return ", ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)

    def to_form(self) -> Form:
        return {"min": self.min, "max": self.max, "above": self.above}


@dataclass(frozen=True, slots=True)
class Integer(Type):
    range: Range
    name = "integer"

    def read(self, value: object, path: str, reading: Reading) -> object:
        number = _number(value) if not isinstance(value, str) else None
        if number is None or number != number.to_integral_value():
            return reading.refuse(path, "type", "must be a whole number")
        if objection := self.range.objection(number):
            return reading.refuse(path, "range", objection)
        return int(number)

    def limits(self) -> str:
        return str(self.range)

    def to_form(self) -> Form:
        return {"type": "integer", **self.range.to_form()}


@dataclass(frozen=True, slots=True)
class Weekday(Integer):
    """A day of the week as ISO 8601 numbers it."""

    range: Range = Range(1, 7)

    def limits(self) -> str:
        return "from 1, Monday, to 7"

    def to_form(self) -> Form:
        return {"type": "weekday"}


@dataclass(frozen=True, slots=True)
class Number(Type):
    """An exact decimal number, kept as it is (``scale`` None) or as an integer of ``10 ** -scale``."""

    name: str
    range: Range
    places: int | None
    scale: int | None

    def read(self, value: object, path: str, reading: Reading) -> object:
        number = _number(value)
        if number is None:
            return reading.refuse(path, "type", "must be a number")
        if objection := self.range.objection(number):
            return reading.refuse(path, "range", objection)
        places = reading.decimals if self.places is None else self.places
        if number != round(number, places):
            return reading.refuse(path, "decimals", f"has more than {places} decimals")
        return number if self.scale is None else int(number.scaleb(self.scale))

    def write(self, value: Any, decimals: int) -> object:
        number = value if self.scale is None else Decimal(value).scaleb(-self.scale)
        return int(number) if number == number.to_integral_value() else float(number)

    def limits(self) -> str:
        return str(self.range)

    def to_form(self) -> Form:
        return {"type": self.name, **self.range.to_form(), "places": self.places}


@dataclass(frozen=True, slots=True)
class Money(Type):
    """An amount in currency units, kept in minor units of the document's currency."""

    range: Range
    name = "money"

    def _number(self, decimals: int) -> Number:
        return Number(self.name, self.range, decimals, decimals)

    def read(self, value: object, path: str, reading: Reading) -> object:
        return self._number(reading.decimals).read(value, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        return self._number(decimals).write(value, decimals)

    def limits(self) -> str:
        return str(self.range)

    def to_form(self) -> Form:
        return {"type": "money", **self.range.to_form()}


@dataclass(frozen=True, slots=True)
class Instant(Type):
    """A moment in ISO 8601. A wall clock knows no offset; a bare date is its first moment, or as an end its
    last."""

    has_offset: bool
    day_as: str = ""
    name = "instant"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if self.day_as and ((isinstance(value, str) and re.fullmatch(_DAY, value)) or _is_day(value)):
            day = Day().read(value, path, reading)
            return _midnight(day, self.day_as) if isinstance(day, date) else day
        moment = value if isinstance(value, datetime) else _iso(value, _INSTANT, datetime.fromisoformat)
        if moment is None or not 1900 <= moment.year <= 2200:
            return reading.refuse(path, "format", "must be a moment like 2026-11-23T08:30:00")
        if moment.tzinfo is not None and not self.has_offset:
            return reading.refuse(path, "format", "must be the store's wall clock, without an offset")
        return moment

    def write(self, value: Any, decimals: int) -> object:
        return value.isoformat()

    def limits(self) -> str:
        clock = "ISO 8601" if self.has_offset else "ISO 8601, the store's wall clock"
        return f"{clock}; a bare date is the whole day" if self.day_as else clock

    def to_form(self) -> Form:
        return {"type": "instant", "day_as": self.day_as}


@dataclass(frozen=True, slots=True)
class Day(Type):
    name = "day"

    def read(self, value: object, path: str, reading: Reading) -> object:
        day = value if _is_day(value) else _iso(value, _DAY, date.fromisoformat)
        if not isinstance(day, date) or not 1900 <= day.year <= 2200:
            return reading.refuse(path, "format", "must be a date like 2026-11-23")
        return day

    def write(self, value: Any, decimals: int) -> object:
        return value.isoformat()

    def limits(self) -> str:
        return "like 2026-11-23"


@dataclass(frozen=True, slots=True)
class Clock(Type):
    """A time of the day, kept in seconds since midnight; 24:00 is the end of the day."""

    name = "clock"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if value == "24:00":
            return 24 * 3600
        moment = _iso(value, r"\d\d:\d\d(:\d\d)?", time.fromisoformat)
        if moment is None:
            return reading.refuse(path, "format", "must be a time of the day like 07:30")
        return moment.hour * 3600 + moment.minute * 60 + moment.second

    def write(self, value: Any, decimals: int) -> object:
        clock = f"{value // 3600:02}:{value // 60 % 60:02}"
        return f"{clock}:{value % 60:02}" if value % 60 else clock

    def limits(self) -> str:
        return "like 07:30, to 24:00"


@dataclass(frozen=True, slots=True)
class JsonObject(Type):
    """Any JSON object of modest depth, kept as it is; numbers in it must be finite."""

    name = "object"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict):
            return reading.refuse(path, "type", "must be an object")
        if objection := _json_objection(value, _JSON_DEPTH_MAX):
            return reading.refuse(path, "format", objection)
        return value


Value = str | bool | Decimal | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnyValue(Type):
    """What a person may be asked for: a text (a date is one, as in ISO 8601), a number, yes or no, or several texts."""

    name = "value"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if isinstance(value, bool):
            return value
        if isinstance(value, str):
            return Text(0, 1000).read(value, path, reading)
        if isinstance(value, (list, tuple)):
            return ListOf(Text(0, 1000), 1000, 0).read(value, path, reading)
        return Number("decimal", Range(), 6, None).read(value, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        if isinstance(value, tuple):
            return list(value)
        return Number("decimal", Range(), 6, None).write(value, decimals) if isinstance(value, Decimal) else value

    def limits(self) -> str:
        return "a text, a number, true or false, or a list of texts"


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    item: Type
    max_length: int
    min_length: int
    name = "list"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, (list, tuple)):
            return reading.refuse(path, "type", "must be a list")
        if not self.min_length <= len(value) <= self.max_length:
            return reading.refuse(path, "length", f"must have {self.min_length} to {self.max_length} items")
        items = [self.item.read(item, f"{path}[{index}]", reading) for index, item in enumerate(value)]
        return INVALID if INVALID in items else tuple(items)

    def write(self, value: Any, decimals: int) -> object:
        return [self.item.write(item, decimals) for item in value]

    def limits(self) -> str:
        return f"of {self.item.name}" + (f": {limits}" if (limits := self.item.limits()) else "")

    def parts(self) -> Iterator[type]:
        return self.item.parts()

    def to_form(self) -> Form:
        return {"type": "list", "item": self.item.to_form(), "min": self.min_length, "max": self.max_length}


@dataclass(frozen=True, slots=True)
class SetOf(Type):
    """Values whose order says nothing; one value may stand for a list of one."""

    item: Type
    max_length: int
    name = "list"

    def _list(self) -> ListOf:
        return ListOf(self.item, self.max_length, 0)

    def read(self, value: object, path: str, reading: Reading) -> object:
        if isinstance(value, (str, int, float)):
            value = [value]
        items = self._list().read(value, path, reading)
        return frozenset(items) if isinstance(items, tuple) else items

    def write(self, value: Any, decimals: int) -> object:
        return self._list().write(sorted(value), decimals)

    def limits(self) -> str:
        return self._list().limits()

    def to_form(self) -> Form:
        return {"type": "set", "item": self.item.to_form(), "max": self.max_length}


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    item: Type
    max_length: int
    key_length: int = 64
    name = "map"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict):
            return reading.refuse(path, "type", "must be an object")
        if len(value) > self.max_length:
            return reading.refuse(path, "length", f"must have at most {self.max_length} keys")
        key = Text(1, self.key_length)
        names = [key.read(name, join(path, name), reading) for name in value]
        items = [
            self.item.read(item, join(path, name), reading)
            for name, item in value.items()
            if item is not None
        ]
        if INVALID in names or INVALID in items:
            return INVALID
        return dict(zip((name for name, item in value.items() if item is not None), items, strict=True))

    def write(self, value: Any, decimals: int) -> object:
        return {name: self.item.write(item, decimals) for name, item in sorted(value.items())}

    def limits(self) -> str:
        return f"name to {self.item.name}"

    def parts(self) -> Iterator[type]:
        return self.item.parts()

    def to_form(self) -> Form:
        return {"type": "map", "item": self.item.to_form()}


def _number(value: object) -> Decimal | None:
    """The number that a JSON value is, exactly; booleans and what is not finite are none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, Decimal)):
        number = Decimal(value)
    elif isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, str) and len(value) <= 40 and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        number = Decimal(value)
    else:
        return None
    return number if number.is_finite() else None


def _iso(value: object, pattern: str, parse: Callable[[str], T]) -> T | None:
    if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
        return None
    try:
        return parse(value)
    except ValueError:
        return None


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _midnight(day: date, day_as: str) -> datetime:
    return datetime.combine(day, time.min) + timedelta(days=int(day_as == "end"))


def _is_storable(text: str) -> bool:
    """PostgreSQL keeps neither NUL nor half of a character, in texts and in JSON alike."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def _json_objection(value: object, depth: int) -> str | None:
    if depth == 0:
        return "is nested too deeply"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "has a key that is not a text"
        if not all(map(_is_storable, value)):
            return "has a key with characters that cannot be stored"
        return next(filter(None, (_json_objection(item, depth - 1) for item in value.values())), None)
    if isinstance(value, (list, tuple)):
        return next(filter(None, (_json_objection(item, depth - 1) for item in value)), None)
    if isinstance(value, float) and _number(value) is None:
        return "has a number that is not finite"
    if isinstance(value, int) and abs(value) > _EXACT_MAX:
        return "has a number that is too large"
    if isinstance(value, str) and not _is_storable(value):
        return "has a text with characters that cannot be stored"
    if value is None or isinstance(value, (str, bool, int, float)):
        return None
    return "has a value that JSON does not know"
