"""Documentation made from declarations."""

from collections.abc import Sequence
from dataclasses import dataclass

from .objects import Member, members


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
    written = member.type.write(member.default, 2)
    if isinstance(written, dict):
        return ""
    return str(written).lower() if isinstance(written, bool) else str(written)


def documented(parts: Sequence[type], known: Sequence[type] = ()) -> list[type]:
    """These declared classes and all that their fields consist of, but for the known ones, in order of
    mention."""
    found: list[type] = []
    queue = list(parts)
    while queue:
        one = queue.pop(0)
        if one not in found:
            found.append(one)
            queue += [
                part for member in members(one).values() for part in member.type.parts() if part not in known
            ]
    return found
