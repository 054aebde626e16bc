"""Whoever puts a promotion together reads words, not the language's own names."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from engine import schema, words
from engine.forms import SORTS, forms, objects
from engine.limits import BasePerMember
from engine.registry import CONDITIONS, Condition

KINDS = [(sort, name) for sort, kinds in SORTS.items() for name in kinds.leaves]
OWNERS: dict[str, type] = {
    **{f"{sort}: {name}": SORTS[sort].leaves[name] for sort, name in KINDS},
    **objects(),
    **{of.__name__: of for of in schema.documented([BasePerMember])},  # sentences tell it
}


@pytest.mark.parametrize(("sort", "name"), KINDS)
def test_every_kind_has_words_and_a_topic(sort: str, name: str) -> None:
    assert name in words.KINDS[sort]
    topics = words.TOPICS.get(sort)
    assert topics is None or [name in names for names in topics.values()].count(True) == 1


@pytest.mark.parametrize("owner", OWNERS)
def test_every_parameter_has_a_label(owner: str) -> None:
    name = name_of(owner)
    for key in schema.members(OWNERS[owner]):
        assert words.find(words.LABELS, name, key), f"{name}.{key}"


@pytest.mark.parametrize("owner", OWNERS)
def test_every_value_to_choose_from_has_words(owner: str) -> None:
    for member in schema.members(OWNERS[owner]).values():
        for value in choices(member.type.to_form()):
            assert words.find(words.CHOICES, member.key, value), f"{member.key}.{value}"


def test_no_words_are_left_over() -> None:
    said = {(name_of(owner), key) for owner, of in OWNERS.items() for key in schema.members(of)}
    chosen = {
        (member.key, value)
        for of in OWNERS.values()
        for member in schema.members(of).values()
        for value in choices(member.type.to_form())
    }
    assert left_over(words.LABELS, said) == left_over(words.HINTS, said) == left_over(words.CHOICES, chosen) == []
    assert [(sort, name) for sort, named in words.KINDS.items() for name in named if (sort, name) not in KINDS] == []


def test_parameters_of_a_form_are_told_apart() -> None:
    told: Any = forms()
    kinds = [kind["fields"] for sort in told["kinds"].values() for kind in sort.values()]
    for fields in [*kinds, *told["objects"].values()]:
        labels = [field["label"] for field in fields]
        assert len(labels) == len(set(labels)), labels


def test_a_word_of_its_own_goes_first() -> None:
    assert words.find({"max": "At most", "percent.max": "Off the receipt"}, "percent", "max") == "Off the receipt"
    assert words.find({"max": "At most", "percent.max": "Off the receipt"}, "points", "max") == "At most"


def test_an_unknown_kind_speaks_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CONDITIONS, "leaves", dict(CONDITIONS.leaves))

    @CONDITIONS.register("full_moon")
    @dataclass(frozen=True, slots=True)
    class FullMoon(Condition):
        """The moon is full.

        Or nearly.
        """

        min: int = schema.integer(default=0, help="Hours.")
        hours: str = schema.choice("late", "early", label="When at night")

    described: Any = forms()
    told = described["kinds"]["condition"]["full_moon"]
    assert (told["label"], told["help"], told["topic"]) == ("Full moon", "The moon is full.", words.OTHER)
    labels = [(field["label"], field["help"]) for field in told["fields"]]
    assert labels == [("At least", "Hours."), ("When at night", "")]
    assert told["fields"][1]["form"]["labels"] == {"late": "Late", "early": "Early"}


def name_of(owner: str) -> str:
    return owner.rsplit(": ", maxsplit=1)[-1]


def choices(form: Any) -> Iterator[str]:
    """What a form of a value has to choose from."""
    if form["type"] == "choice":
        yield from form["values"]
    for way in form.get("of", ()) if form["type"] == "either" else ():
        yield way.get("word") or way.get("of") or way["type"]
    if "item" in form:
        yield from choices(form["item"])


def left_over(told: Any, used: set[tuple[str, str]]) -> list[str]:
    """Entries for what is nowhere, and general ones that every owner has a word of its own for."""
    needed = {f"{owner}.{key}" if f"{owner}.{key}" in told else key for owner, key in used}
    return [entry for entry in told if entry not in needed]
