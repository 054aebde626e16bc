"""What one document of a promotion says otherwise than another, part by part.

Conditions and rewards are told apart node by node, everything else value by value. Two documents that say the same
have no differences, and two that do not have at least one.
"""

from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple

#: Keys whose values are nodes with a sort of their own, which people read as sentences.
TREES: Mapping[str, str] = {"when": "condition", "rewards": "reward"}


class Difference(NamedTuple):
    """Of one part: what it was and what it is, None where there was or is nothing. ``sort`` is that of a node, "" for
    a plain value; ``path`` are the keys that lead to a value, of a node the key of its tree."""

    path: tuple[str, ...]
    sort: str
    was: Any
    now: Any


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[Difference]:
    """All of them: values in the order in which documents say them, then conditions, then rewards."""
    return [*_values((), _plain(was), _plain(now)), *_nodes(was, now)]


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in TREES}


def _values(path: tuple[str, ...], was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for key in dict.fromkeys([*was, *now]):
        before, after = was.get(key), now.get(key)
        if before == after and (key in was) == (key in now):
            continue
        inner = [one for one in (before, after) if one is not None]
        if inner and all(isinstance(one, Mapping) for one in inner):
            told = list(_values((*path, key), before or {}, after or {}))
            yield from told or [Difference((*path, key), "", before, after)]
        else:
            yield Difference((*path, key), "", before, after)


def _nodes(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for key, sort in TREES.items():
        before, after = _parts(was.get(key)), _parts(now.get(key))
        pairs = list(_pairs(before, after))
        yield from (Difference((key,), sort, *pair) for pair in pairs)
        if not pairs and (was.get(key) or None) != (now.get(key) or None):
            yield Difference((key,), sort, was.get(key), now.get(key))  # written otherwise, and meant the same


def _parts(tree: Any) -> list[Any]:
    """The nodes that a reader sees one below another: rewards of a list, conditions that must all hold."""
    if not tree:
        return []
    if isinstance(tree, Sequence) and not isinstance(tree, str):
        return list(tree)
    if isinstance(tree, Mapping) and set(tree) == {"all"}:
        return list(tree["all"])
    return [tree]


def _pairs(was: list[Any], now: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Nodes that differ: one in the place of another of its kind, or one that came or went."""
    matcher = SequenceMatcher(None, [_frozen(one) for one in was], [_frozen(one) for one in now], autojunk=False)
    for action, start, end, other_start, other_end in matcher.get_opcodes():
        if action == "equal":
            continue
        gone, come = was[start:end], now[other_start:other_end]
        for node in gone:
            place = next((place for place, one in enumerate(come) if _kind(one) == _kind(node)), None)
            yield node, None if place is None else come.pop(place)
        yield from ((None, node) for node in come)


def _kind(node: Any) -> Any:
    return node.get("kind") or next(iter(node), None) if isinstance(node, Mapping) else node


def _frozen(value: Any) -> Any:
    """The same, fit to be compared by hash."""
    if isinstance(value, Mapping):
        return frozenset((key, _frozen(one)) for key, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_frozen, value))
    return value
