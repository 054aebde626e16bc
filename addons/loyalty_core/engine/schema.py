"""The one language in which parameters are declared.

A frozen dataclass whose fields are made by the functions below *is* the declaration: the reader turns plain
JSON into it, the writer turns it back, and documentation and forms are made from the same fields.

    @dataclass(frozen=True, slots=True)
    class Sale:
        key: str = text(max_length=64)
        price: int = money(min=0)
        note: str | None = text(default=None)

    read(Sale, {"key": "K1", "price": 12.5})            -> Sale(key="K1", price=1250, note=None)
    read(Sale, {"key": "K1", "prise": 12.5})            -> DocumentError: prise is not known; did you mean
    price?

Laws:

- A field without ``default`` is required; null equals absent.
- A reading collects every problem, each with the path of the value that it is about; it never guesses.
- Numbers are exact: ``12.1`` is 12.10 and nothing else. They are kept as integers: money in minor units of
  the currency, other decimals in millionths (``micro``), rates in millionths of the whole (``percent``: 10 ->
  100000).
- A field's key is its name; a trailing underscore, which Python's own words need, is dropped (``from_`` is
  ``from``).
- A class may have ``check()``, which yields ``(key, code, text)`` for what no single field can know.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, Field, dataclass, field, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, Protocol, TypeVar, runtime_checkable

MICRO: Final = 1_000_000

_PROBLEMS_MAX = 100
_DEPTH_MAX = 32
_NUMBER_MAX = Decimal(10) ** 12
_DECLARATION = "schema"

T = TypeVar("T")


# --------------------------------------------------------------------------------------------- problems


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a document: where, what kind, and what to do.

    Codes: ``missing unknown type length range decimals choice format duplicate reference conflict``.

    >>> str(Problem("lines[2].qty", "unknown", "is not known; did you mean quantity?"))
    'lines[2].qty is not known; did you mean quantity?'
    """

    path: str
    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.path or 'the document'} {self.text}"


class DocumentError(ValueError):
    """A document was refused; ``problems`` lists everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Reference:
    """A value that names a record of another section: ``promotions[0].group`` names a group."""

    path: str
    section: str
    code: str


class Reading:
    """One reading of one document: its currency, what is wrong so far and whom it names."""

    def __init__(self, decimals: int = 2):
        self.decimals = decimals
        self.problems: list[Problem] = []
        self.references: list[Reference] = []
        self.depth = 0

    def refuse(self, path: str, code: str, text: str) -> "Invalid":
        """Note a problem; the answer stands in place of the value."""
        if len(self.problems) < _PROBLEMS_MAX:
            self.problems.append(Problem(path, code, text))
        return INVALID


class Invalid:
    """What stands where a value could not be read."""


INVALID: Final = Invalid()


# ------------------------------------------------------------------------------------------------- types


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


@dataclass(frozen=True, slots=True)
class Text(Type):
    min_length: int
    max_length: int
    pattern: str = ""
    form: str = ""
    section: str = ""
    name = "text"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, str):
            return reading.refuse(path, "type", "must be a text")
        if len(value) > self.max_length:
            return reading.refuse(path, "length", f"is longer than {self.max_length} characters")
        if len(value) < self.min_length:
            return reading.refuse(path, "length", "must not be empty")
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
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


@dataclass(frozen=True, slots=True)
class Choice(Type):
    values: tuple[str, ...]
    name = "choice"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if isinstance(value, str) and value in self.values:
            return value
        return reading.refuse(
            path, "choice", f"must be one of {', '.join(self.values)}{_hint(value, self.values)}"
        )

    def limits(self) -> str:
        return ", ".join(f"`{value}`" for value in self.values)


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
        bounds = (("more than", self.above), ("at least", self.min), ("at most", self.max))
        return ", ".join(f"{word} {bound}" for word, bound in bounds if bound is not None)


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


@dataclass(frozen=True, slots=True)
class Instant(Type):
    """A moment in ISO 8601. A wall clock knows no offset; a bare date is its first moment, or as an end its
    last."""

    has_offset: bool
    day_as: str = ""
    name = "instant"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if self.day_as and (isinstance(value, str) and re.fullmatch(_DAY, value) or _is_day(value)):
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
        if objection := _json_objection(value, _DEPTH_MAX):
            return reading.refuse(path, "format", objection)
        return value


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


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    item: Type
    max_length: int
    name = "map"

    def read(self, value: object, path: str, reading: Reading) -> object:
        if not isinstance(value, dict):
            return reading.refuse(path, "type", "must be an object")
        if len(value) > self.max_length:
            return reading.refuse(path, "length", f"must have at most {self.max_length} keys")
        key = Text(1, 64)
        names = [key.read(name, _join(path, name), reading) for name in value]
        items = [
            self.item.read(item, _join(path, name), reading)
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


@dataclass(frozen=True, slots=True)
class Nested(Type):
    """An object of a declared class, which may be given as a function where it is not defined yet."""

    of: type | Callable[[], type]
    name = "object"

    def _class(self) -> type:
        return self.of if isinstance(self.of, type) else self.of()

    def read(self, value: object, path: str, reading: Reading) -> object:
        return read_object(self._class(), value, path, reading)

    def write(self, value: Any, decimals: int) -> object:
        return write(value, decimals)

    def limits(self) -> str:
        return f"see {self._class().__name__}"

    def parts(self) -> Iterator[type]:
        yield self._class()


# -------------------------------------------------------------------------------------------- declaring


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known about one field besides its name."""

    type: Type
    label: str
    help: str


class _Required:
    """Stands for "there is no default"."""


REQUIRED: Final = _Required()


def declare(of: Type, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """A field of a sort; the functions below call it, and so do addons with sorts of their own."""
    metadata = {_DECLARATION: Declaration(of, label, help)}
    if default is REQUIRED:
        return field(metadata=metadata, kw_only=True)
    if type(default).__hash__ is None:  # a list, a dict: each object gets its own
        return field(default_factory=lambda: copy(default), metadata=metadata, kw_only=True)
    return field(default=default, metadata=metadata, kw_only=True)


def text(
    *, max_length: int = 255, min_length: int | None = None, pattern: str = "", form: str = "",
    default: object = REQUIRED, label: str = "", help: str = "",
) -> Any:  # fmt: skip
    """A text; a required one is not empty. ``form`` tells a person what ``pattern`` wants."""
    least = min_length if min_length is not None else int(default is REQUIRED)
    return declare(Text(least, max_length, pattern, form), default, label, help)


def reference(section: str, *, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """The code of a record of a section; whether there is one is known when the whole document has been
    read."""
    return declare(Text(1, 64, section=section), default, label, help)


def choice(*values: str, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """One of a few words."""
    return declare(Choice(values), default, label, help)


def flag(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """True or false."""
    return declare(Flag(), default, label, help)


def integer(
    *,
    min: int | None = None,
    max: int | None = None,
    default: object = REQUIRED,
    label: str = "",
    help: str = "",
) -> Any:
    """A whole number (2.0 is one)."""
    return declare(Integer(Range(min, max)), default, label, help)


def decimal(
    *, min: int | None = None, max: int | None = None, above: int | None = None, places: int = 6,
    default: object = REQUIRED, label: str = "", help: str = "",
) -> Any:  # fmt: skip
    """An exact number as a Decimal, for amounts whose currency or unit is not known yet while reading."""
    return declare(Number("decimal", Range(min, max, above), places, None), default, label, help)


def micro(
    *, min: int | None = None, max: int | None = None, above: int | None = None,
    default: object = REQUIRED, label: str = "", help: str = "",
) -> Any:  # fmt: skip
    """A number with up to six decimals, kept as an integer of millionths: quantities, points, factors."""
    return declare(Number("decimal", Range(min, max, above), 6, 6), default, label, help)


def percent(
    *, min: int | None = 0, max: int | None = 100, above: int | None = None,
    default: object = REQUIRED, label: str = "", help: str = "",
) -> Any:  # fmt: skip
    """A rate in per cent with up to four decimals, kept in millionths of the whole."""
    return declare(Number("percent", Range(min, max, above), 4, 4), default, label, help)


def money(
    *, min: int | None = None, max: int | None = None, above: int | None = None,
    default: object = REQUIRED, label: str = "", help: str = "",
) -> Any:  # fmt: skip
    """An amount in currency units, kept in minor units of the currency that is being read."""
    return declare(Money(Range(min, max, above)), default, label, help)


def instant(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """A moment in ISO 8601, with or without an offset, as a datetime."""
    return declare(Instant(has_offset=True), default, label, help)


def wall_clock(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """A moment of the store's own clock, as a naive datetime."""
    return declare(Instant(has_offset=False), default, label, help)


def start(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """The first moment of a half-open interval; a bare date begins at its midnight."""
    return declare(Instant(has_offset=False, day_as="start"), default, label, help)


def end(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """The moment after a half-open interval; a bare date is included whole."""
    return declare(Instant(has_offset=False, day_as="end"), default, label, help)


def day(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """A date."""
    return declare(Day(), default, label, help)


def clock(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """A time of the day, in seconds since midnight."""
    return declare(Clock(), default, label, help)


def json_object(*, default: object = REQUIRED, label: str = "", help: str = "") -> Any:
    """Any JSON object, unread."""
    return declare(JsonObject(), default, label, help)


def nested(
    of: type | Callable[[], type], *, default: object = REQUIRED, label: str = "", help: str = ""
) -> Any:
    """An object of a declared class."""
    return declare(Nested(of), default, label, help)


def list_of(
    item: Any, *, max_length: int = 1000, min_length: int = 0,
    default: object = REQUIRED, label: str = "", help: str = "",
) -> Any:  # fmt: skip
    """Values in their order, as a tuple: ``list_of(text(max_length=64))``, ``list_of(nested(Line))``."""
    return declare(ListOf(_type_of(item), max_length, min_length), default, label, help)


def set_of(
    item: Any, *, max_length: int = 10_000, default: object = frozenset(), label: str = "", help: str = ""
) -> Any:
    """Values whose order says nothing, as a frozenset; one value may stand for a list of one."""
    return declare(SetOf(_type_of(item), max_length), default, label, help)


def map_of(
    item: Any, *, max_length: int = 100, default: object = REQUIRED, label: str = "", help: str = ""
) -> Any:
    """Names and values, as a dict."""
    return declare(MapOf(_type_of(item), max_length), default, label, help)


def _type_of(item: Field[object]) -> Type:
    declaration: Declaration = item.metadata[_DECLARATION]
    return declaration.type


# ---------------------------------------------------------------------------------- reading and writing


@dataclass(frozen=True, slots=True)
class Member:
    """A declared field of a class, by the key under which documents know it."""

    key: str
    name: str
    type: Type
    is_required: bool
    default: object
    label: str
    help: str


def members(of: type) -> Mapping[str, Member]:
    """The declared fields of a class by key, in their order."""
    return _members(of)


@cache
def _members(of: Any) -> Mapping[str, Member]:
    found = {}
    for one in fields(of):
        if _DECLARATION in one.metadata:
            made: Declaration = one.metadata[_DECLARATION]
            default = one.default if one.default_factory is MISSING else one.default_factory()
            key = one.name.removesuffix("_")
            label = made.label or key.replace("_", " ").capitalize()
            found[key] = Member(key, one.name, made.type, default is MISSING, default, label, made.help)
    return found


@runtime_checkable
class Checked(Protocol):
    """A class with laws that no single field can know."""

    def check(self) -> Iterable[tuple[str, str, str]]: ...


def read(of: type[T], value: object, *, decimals: int = 2) -> T:
    """The document as an object of the class; DocumentError with every problem."""
    reading = Reading(decimals)
    found = read_object(of, value, "", reading)
    if not isinstance(found, of) or reading.problems:
        raise DocumentError(reading.problems)
    return found


def read_object(of: type[T], value: object, path: str, reading: Reading) -> T | Invalid:
    """One object within a document; its problems go to the reading."""
    if not isinstance(value, dict):
        return reading.refuse(path, "type", "must be an object")
    if reading.depth == _DEPTH_MAX:
        return reading.refuse(path, "length", "is nested too deeply")
    reading.depth += 1
    found = _read_fields(of, value, path, reading)
    reading.depth -= 1
    return found


def _read_fields(of: type[T], value: Mapping[object, object], path: str, reading: Reading) -> T | Invalid:
    known = members(of)
    for key in value:
        if key not in known:
            reading.refuse(_join(path, key), "unknown", f"is not known{_hint(key, known)}")
    values = {}
    for key, member in known.items():
        given = value.get(key)
        if given is not None:
            values[member.name] = member.type.read(given, _join(path, key), reading)
        elif member.is_required:
            values[member.name] = reading.refuse(_join(path, key), "missing", "is required")
    if any(one is INVALID for one in values.values()):
        return INVALID
    return _checked(of(**values), path, reading)


def _checked(made: T, path: str, reading: Reading) -> T | Invalid:
    problems = list(made.check()) if isinstance(made, Checked) else []
    for key, code, text in problems:
        reading.refuse(_join(path, key) if key else path, code, text)
    return INVALID if problems else made


def write(value: object, decimals: int = 2) -> dict[str, object]:
    """The document that reads as this object; what equals its default is left out."""
    found = {}
    for key, member in members(type(value)).items():
        one = getattr(value, member.name)
        if one is not None and (member.is_required or one != member.default):
            found[key] = member.type.write(one, decimals)
    return found


# ------------------------------------------------------------------------------------------- describing


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter as its documentation shows it."""

    key: str
    type: str
    limits: str
    default: str
    label: str
    help: str


def describe(of: type) -> list[Row]:
    """The parameters of a declared class as rows of documentation, in order of declaration."""
    return [
        Row(one.key, one.type.name, one.type.limits(), _default_text(one), one.label, one.help)
        for one in members(of).values()
    ]


def _default_text(member: Member) -> str:
    if member.is_required:
        return "required"
    if member.default is None or member.default in ((), frozenset(), {}, ""):
        return ""
    if isinstance(member.type, Nested):
        return ""
    written = member.type.write(member.default, 2)
    return str(written).lower() if isinstance(written, bool) else str(written)


# ---------------------------------------------------------------------------------------------- helpers

_DAY = r"\d{4}-\d\d-\d\d"
_INSTANT = _DAY + r"[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?"


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


def _json_objection(value: object, depth: int) -> str | None:
    if depth == 0:
        return "is nested too deeply"
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "has a key that is not a text"
        return next(filter(None, (_json_objection(item, depth - 1) for item in value.values())), None)
    if isinstance(value, (list, tuple)):
        return next(filter(None, (_json_objection(item, depth - 1) for item in value)), None)
    if isinstance(value, float) and _number(value) is None:
        return "has a number that is not finite"
    if value is None or isinstance(value, (str, bool, int, float)):
        return None
    return "has a value that JSON does not know"


def _join(path: str, key: object) -> str:
    name = str(key)[:64]
    return f"{path}.{name}" if path else name


def _hint(value: object, known: Iterable[str]) -> str:
    close = get_close_matches(str(value)[:64], list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""


def documented(parts: Sequence[type]) -> list[type]:
    """These declared classes and all that their fields consist of, each once, in order of first mention."""
    found: list[type] = []
    queue = list(parts)
    while queue:
        one = queue.pop(0)
        if one not in found:
            found.append(one)
            queue.extend(part for member in members(one).values() for part in member.type.parts())
    return found
