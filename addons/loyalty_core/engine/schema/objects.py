"""Declared classes: reading a JSON object into one, with every problem, and writing it back."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, Final, Protocol, TypedDict, TypeVar, runtime_checkable

from .problems import INVALID, DocumentError, Invalid, Reading, hint, join
from .types import Form, Type

T = TypeVar("T")

_DEPTH_MAX = 32
_DECLARATION = "schema"


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


class About(TypedDict, total=False):
    """What may be said of every field; one without a default is required."""

    default: object
    label: str
    help: str


def type_of(declared: Any) -> Type:
    """The sort of a declared field, for declarations made of others: ``list_of(text(max_length=64))``."""
    declaration: Declaration = declared.metadata[_DECLARATION]
    return declaration.type


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
            reading.refuse(join(path, key), "unknown", f"is not known{hint(key, known)}")
    values = {}
    for key, member in known.items():
        given = value.get(key)
        if given is not None:
            values[member.name] = member.type.read(given, join(path, key), reading)
        elif member.is_required:
            values[member.name] = reading.refuse(join(path, key), "missing", "is required")
    if any(one is INVALID for one in values.values()):
        return INVALID
    return _checked(of(**values), path, reading)


def _checked(made: T, path: str, reading: Reading) -> T | Invalid:
    check = getattr(made, "check", None)  # isinstance of Checked would cost more than all the reading
    problems = list(check()) if check is not None else []
    for key, code, text in problems:
        reading.refuse(join(path, key) if key else path, code, text)
    return INVALID if problems else made


def write(value: object, decimals: int = 2) -> dict[str, object]:
    """The document that reads as this object; what equals its default is left out."""
    found = {}
    for key, member in members(type(value)).items():
        one = getattr(value, member.name)
        if one is not None and (member.is_required or one != member.default):
            found[key] = member.type.write(one, decimals)
    return found


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

    def to_form(self) -> Form:
        return {"type": "object", "of": self._class().__name__}
