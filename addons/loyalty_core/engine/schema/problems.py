"""What can be wrong with a document, and the reading that collects it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

_PROBLEMS_MAX = 100


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


def join(path: str, key: object) -> str:
    """The path of a key within an object; one that could not be read or sent as it is stands in quotes.

    >>> join("lines[2]", "qty")
    'lines[2].qty'
    >>> print(join("", chr(0)), join("", " "))
    '\\x00' ' '
    """
    name = str(key)[:64]
    if not name.strip() or not name.isprintable():
        name = ascii(name)
    return f"{path}.{name}" if path else name


def hint(value: object, known: Iterable[str]) -> str:
    """What was probably meant, as the end of a sentence."""
    close = get_close_matches(str(value)[:64], list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""
