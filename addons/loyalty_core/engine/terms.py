"""Points that are good on some receipts only: their terms are a condition, kept with them as its document."""

from collections.abc import Iterator, Mapping
from typing import Any

from . import schema
from .conditions import ALWAYS
from .facts import History, Need, needs_of, targets_in
from .registry import CONDITIONS, Condition, KindOf

_KIND = KindOf(CONDITIONS)


def usable_when() -> Any:
    """The declaration of such terms."""
    return schema.declare(
        _KIND, ALWAYS, help="The points pay only for receipts on which this holds; for every receipt without it."
    )


def check_terms(when: Condition) -> Iterator[tuple[str, str, str]]:
    """Why points cannot have such terms: what they depend on must be settled before points pay, and is not used up."""
    if when.is_last:
        yield "usable_when", "conflict", "must not look at what is left to pay or at points that pay"
    if when.takes_codes:
        yield "usable_when", "conflict", "must not ask for promo codes, which nothing would use up"
    if any(isinstance(need, History) and any(needs_of(need.target)) for need in when.needs()):
        yield "usable_when", "conflict", "must count earlier purchases without choice and offer"


def needs_of_terms(when: Condition) -> Iterator[Need]:
    """What must be known of the member to judge them."""
    yield from when.needs()
    for target in targets_in(when):
        yield from needs_of(target)


def read_terms(document: object, reading: schema.Reading) -> object:
    """The condition of a document; or INVALID, after its problems have been noted."""
    return _KIND.read(document, "usable_when", reading)


def write_terms(when: Condition, decimals: int) -> Mapping[str, object] | None:
    """The document of terms; None: the points are good on every receipt."""
    document = None if when == ALWAYS else _KIND.write(when, decimals)
    return document if isinstance(document, dict) else None
