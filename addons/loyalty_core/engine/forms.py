"""What an editor of documents must know, made from the declarations of every registered kind: plain JSON.

``kinds``: sort of kind → name → its label, help, topic, example and fields; ``objects``: class that fields name → its
fields; ``topics``: sort of kind → its topics in their order. A sort that has branches (conditions) lists them with
their one key. What people read is in English, under the keys ``SAID``; whole documents stand under ``DOCUMENTS``.
"""

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from . import schema, words
from .expiry import POLICIES
from .promotion import Option
from .registry import CONDITIONS, REWARDS, TRIGGERS, Kinds
from .schema import Form
from .select import Target

SORTS: dict[str, Kinds[Any]] = {kinds.word: kinds for kinds in (CONDITIONS, REWARDS, TRIGGERS, POLICIES)}
SAID = frozenset({"label", "help", "topic", "topics", "labels"})
DOCUMENTS = frozenset({"example", "default"})


def forms() -> Form:
    """All of it."""
    return {
        "kinds": {
            sort: {name: _kind(sort, name, kinds.leaves[name]) for name in _in_order(sort, kinds)}
            for sort, kinds in SORTS.items()
        },
        "branches": {sort: list(kinds.branches) for sort, kinds in SORTS.items() if kinds.branches},
        "topics": {sort: [*words.TOPICS.get(sort, ()), words.OTHER] for sort in SORTS},
        "objects": {name: list(fields_of(name, of)) for name, of in objects().items()},
    }


def objects() -> dict[str, type]:
    """The declared classes of which parameters of kinds consist, by name."""
    kinds = [of for sort in SORTS.values() for of in sort.leaves.values()]
    return {of.__name__: of for of in schema.documented([*kinds, Target, Option]) if of not in kinds}


def _in_order(sort: str, kinds: Kinds[Any]) -> list[str]:
    """Names of kinds as their topics have them, then those without a topic."""
    ours = [name for names in words.TOPICS.get(sort, {}).values() for name in names if name in kinds.leaves]
    return [*ours, *(name for name in kinds.leaves if name not in ours)]


def _kind(sort: str, name: str, of: Any) -> Form:
    known = words.KINDS.get(sort, {}).get(name)
    return {
        "label": known.label if known else _capitalised(name),
        "help": known.help if known else " ".join(cleandoc(of.__doc__ or "").split("\n\n")[0].split()),
        "topic": next((topic for topic, names in words.TOPICS.get(sort, {}).items() if name in names), words.OTHER),
        "example": of.example,
        "fields": list(fields_of(name, of)),
    }


def fields_of(owner: str, of: type) -> Iterator[Form]:
    is_ours = of.__module__.startswith(f"{__package__}.")
    for member in schema.members(of).values():
        hint = words.find(words.HINTS, owner, member.key)
        yield {
            "key": member.key,
            "label": label_of(owner, member),
            "help": hint if is_ours else member.help or hint,
            "required": member.is_required,
            "default": None if member.is_required else _default(member),
            "form": told(member.type.to_form(), member.key),
        }


def label_of(owner: str, member: schema.Member) -> str:
    """What it says of itself goes first."""
    is_said = member.label != _capitalised(member.key)
    return (not is_said and words.find(words.LABELS, owner, member.key)) or member.label


def told(form: Any, key: str) -> Form:
    """The form of a value with words for all that there is to choose from."""
    if form["type"] == "choice":
        return {**form, "labels": {value: _choice(key, value) for value in form["values"]}}
    if form["type"] == "either":
        return {**form, "of": [{**told(way, key), "label": _choice(key, _way(way))} for way in form["of"]]}
    if "item" in form:
        return {**form, "item": told(form["item"], key)}
    return dict(form)


def _way(form: Any) -> str:
    """What one way of giving a value is known by."""
    return str(form.get("word") or form.get("of") or form["type"])


def _choice(key: str, value: str) -> str:
    return words.find(words.CHOICES, key, value) or _capitalised(value)


def _capitalised(word: str) -> str:
    return word.replace("_", " ").capitalize()


def _default(member: schema.Member) -> object:
    if member.default is None or member.default in ((), frozenset(), {}, ""):
        return None
    return member.type.write(member.default, 2)
