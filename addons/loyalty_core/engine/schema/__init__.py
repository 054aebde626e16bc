"""The one language in which parameters are declared.

A frozen dataclass whose fields are made by the functions below *is* the declaration: the reader turns plain
JSON into it, the writer turns it back, and documentation and forms are made from the same fields.

    @dataclass(frozen=True, slots=True)
    class Sale:
        key: str = text(max_length=64)
        price: int = money(min=0)
        note: str | None = text(default=None)

    read(Sale, {"key": "K1", "price": 12.5})    gives Sale(key="K1", price=1250, note=None)
    read(Sale, {"key": "K1", "prise": 12.5})    raises "prise is not known; did you mean price?" and
                                                "price is required"

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

from typing import Final

from .describe import Row, describe, documented
from .fields import (
    choice,
    clock,
    code_of,
    day,
    decimal,
    end,
    flag,
    instant,
    integer,
    json_object,
    list_of,
    map_of,
    micro,
    money,
    nested,
    percent,
    reference,
    set_of,
    start,
    text,
    value,
    wall_clock,
    weekday,
)
from .objects import REQUIRED, About, Checked, Member, Nested, declare, members, read, read_object, type_of, write
from .problems import INVALID, DocumentError, Invalid, Problem, Reading, Reference, join
from .types import (
    AnyValue,
    Choice,
    Clock,
    Day,
    Flag,
    Form,
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
    Type,
    Value,
    Weekday,
    either,
)

MICRO: Final = 1_000_000

__all__ = [
    "INVALID",
    "MICRO",
    "REQUIRED",
    "About",
    "AnyValue",
    "Checked",
    "Choice",
    "Clock",
    "Day",
    "DocumentError",
    "Flag",
    "Form",
    "Instant",
    "Integer",
    "Invalid",
    "JsonObject",
    "ListOf",
    "MapOf",
    "Member",
    "Money",
    "Nested",
    "Number",
    "Problem",
    "Range",
    "Reading",
    "Reference",
    "Row",
    "SetOf",
    "Text",
    "Type",
    "Value",
    "Weekday",
    "choice",
    "clock",
    "code_of",
    "day",
    "decimal",
    "declare",
    "describe",
    "documented",
    "either",
    "end",
    "flag",
    "instant",
    "integer",
    "join",
    "json_object",
    "list_of",
    "map_of",
    "members",
    "micro",
    "money",
    "nested",
    "percent",
    "read",
    "read_object",
    "reference",
    "set_of",
    "start",
    "text",
    "type_of",
    "value",
    "wall_clock",
    "weekday",
    "write",
]
