"""What an editor of documents must know, made from the declarations of every registered kind: plain JSON.

``kinds``: sort of kind → name → its label, help, example and fields; ``objects``: class that fields name → its fields.
A sort that has branches (conditions) lists them with their one key.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from . import schema
from .expiry import POLICIES
from .registry import CONDITIONS, REWARDS, TRIGGERS, Kinds
from .schema import Form
from .select import Target

SORTS: dict[str, Kinds[Any]] = {kinds.word: kinds for kinds in (CONDITIONS, REWARDS, TRIGGERS, POLICIES)}


def forms() -> Form:
    """All of it."""
    kinds = [of for sort in SORTS.values() for of in sort.leaves.values()]
    return {
        "kinds": {sort: {name: _kind(name, of) for name, of in kinds.leaves.items()} for sort, kinds in SORTS.items()},
        "branches": {sort: list(kinds.branches) for sort, kinds in SORTS.items() if kinds.branches},
        "objects": {of.__name__: list(_fields(of)) for of in schema.documented([*kinds, Target]) if of not in kinds},
    }


def _kind(name: str, of: Any) -> Form:
    return {
        "label": name.replace("_", " ").capitalize(),
        "help": " ".join(cleandoc(of.__doc__ or "").split("\n\n")[0].split()),
        "example": of.example,
        "fields": list(_fields(of)),
    }


def _fields(of: type) -> Iterator[Form]:
    for member in schema.members(of).values():
        yield {
            "key": member.key,
            "label": member.label,
            "help": member.help,
            "required": member.is_required,
            "default": None if member.is_required else _default(member),
            "form": member.type.to_form(),
        }


def _default(member: schema.Member) -> object:
    if member.default is None or member.default in ((), frozenset(), {}, ""):
        return None
    return member.type.write(member.default, 2)
