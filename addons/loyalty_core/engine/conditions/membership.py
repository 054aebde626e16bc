"""What conditions on belonging to something have in common: ``in`` and ``not_in``."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any

from .. import schema
from ..registry import Reason
from ..select import Keys, keys_of

_CODES = schema.text(max_length=128)


def codes(help: str = "") -> Any:
    """The declaration of codes of which one is wanted, or none."""
    return schema.set_of(_CODES, help=help)


def needs_one(in_: AbstractSet[str], not_in: AbstractSet[str]) -> Iterator[tuple[str, str, str]]:
    """in, not_in or both."""
    if not in_ and not not_in:
        yield "in", "missing", "or not_in is required"


def apart(kind: str, has: AbstractSet[str], in_: AbstractSet[str], not_in: AbstractSet[str]) -> Iterator[Reason]:
    """Why somebody who ``has`` these codes has none of ``in_``, or one of ``not_in``."""
    if (in_ and in_.isdisjoint(has)) or not not_in.isdisjoint(has):
        yield Reason(kind, {kind: sorted(has)})


def keys_if_in(in_: AbstractSet[str]) -> Keys:
    """Who must have something must be known."""
    return keys_of("member", ["yes"] if in_ else ())
