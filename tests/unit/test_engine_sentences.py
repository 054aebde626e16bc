"""Rules in words: short where there is a pattern, and never less than what the document says."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from engine import schema
from engine.forms import SORTS
from engine.limits import Limits
from engine.registry import KindOf
from engine.sentences import LIMITS, Pattern, limited, patterns, sentence, sentences

EXAMPLES = [(sort, name) for sort in ("condition", "reward") for name in SORTS[sort].leaves]
TOLD = {"all": [{"kind": "time", "weekdays": [1, 2]}, {"any": [
    {"kind": "place", "store": ["A", "B"]}, {"not": {"kind": "tier", "in": ["GOLD"]}},
]}]}  # fmt: skip


class English:
    def term(self, text: str, /, **slots: str) -> str:
        return text % slots if slots else text

    def name(self, section: str, code: str) -> str:
        return f"{section}:{code}"

    def money(self, amount: Any) -> str:
        return f"${amount}"

    def number(self, number: Any) -> str:
        return str(number)

    def day(self, day: str) -> str:
        return day

    def weekdays(self, days: list[int]) -> str:
        return "+".join(map(str, days))


def sound(sort: str, document: Any) -> Any:
    """As it is written anew."""
    reading = schema.Reading(2)
    of = KindOf(SORTS[sort])
    value = of.read(document, "", reading)
    assert not reading.problems, reading.problems
    return of.write(value, 2)


def tell(sort: str, document: Any) -> str:
    return sentence(sort, sound(sort, document), English())


@pytest.mark.parametrize(("sort", "document", "words"), [
    ("reward", {"kind": "percent", "value": 10}, "10\N{NO-BREAK SPACE}% off"),
    ("reward", {"kind": "percent", "value": 10, "target": {"category": ["COFFEE"]}},
     "10\N{NO-BREAK SPACE}% off “categories:COFFEE”"),
    ("reward", {"kind": "percent", "value": "offer"}, "a discount in per cent as each was offered"),
    ("reward", {"kind": "amount", "value": 5, "per": "unit"}, "$5 off each unit"),
    ("reward", {"kind": "amount", "value": 5, "target": {"not": {"brand": "ACME"}}},
     "$5 off everything except “brands:ACME”"),
    ("reward", {"kind": "percent", "value": 5, "target": {"brand": "ACME", "tag": ["new", "own"]}},
     "5\N{NO-BREAK SPACE}% off (on which goods: (brands: “brands:ACME”, tags: “new” or “own”))"),
    ("condition", {"kind": "basket_amount", "min": 50}, "the basket comes to at least $50"),
    ("condition", {"kind": "basket_amount", "min": 50, "max": 60, "basis": "paid"},
     "the basket comes to from $50 to $60 (which amount: what is left to pay)"),
    ("condition", {"kind": "identified"}, "the customer is a member"),
    ("condition", {"kind": "identified", "value": False}, "the customer is a guest"),
    ("condition", {"kind": "attribute", "name": "vip", "value": True}, "“attributes|profile:vip” is yes"),
    ("condition", {"kind": "purchases_count", "max": 0, "include_current": True},
     "earlier purchases are at most 0 (this purchase counts too)"),
    ("condition", TOLD,
     "it is 1+2 and (the store is “stores:A” or “stores:B” or not (the tier is “tiers:GOLD”))"),
    ("condition", {"all": []}, ""),
])  # fmt: skip
def test_a_document_in_words(sort: str, document: Any, words: str) -> None:
    assert tell(sort, document) == words


def test_several_rewards_follow_one_another() -> None:
    rewards = [{"kind": "percent", "value": 10}, {"kind": "message", "text": "Hello"}]
    assert sentences("reward", rewards, English()) == "10\N{NO-BREAK SPACE}% off; a message: “Hello”"


@pytest.mark.parametrize(("sort", "name"), EXAMPLES)
def test_no_words_hide_a_rule(sort: str, name: str) -> None:
    document = sound(sort, {"kind": name, **SORTS[sort].leaves[name].example})
    told = tell(sort, document)
    for value in said(document):
        assert value in told, told


@pytest.mark.parametrize(("sort", "kind", "pattern"), list(patterns()))
def test_a_pattern_tells_parameters_of_its_kind(sort: str, kind: str, pattern: Pattern) -> None:
    known = schema.members(SORTS[sort].leaves[kind]).keys()
    assert pattern.keys - {"range"} <= known
    assert set(re.findall(r"%\((\w+)\)s", pattern.text)) == pattern.slots


LIMITED = {
    "per_receipt": 3, "per_member": 2, "per_member_days": 7, "per_day": 500, "total": 9000, "budget": 1234.5,
    "budget_points": 777, "share": "TOGETHER", "base_per_member": {"amount": {"day": 50, "month": 600}},
}  # fmt: skip


@pytest.mark.parametrize(("limits", "words"), [
    ({"per_receipt": 1, "per_member": 1}, "once for each member; once in a receipt"),
    ({"per_member": 1, "per_member_days": 7}, "once within 7 days for each member"),
    ({"total": 100, "base_per_member": {"quantity": {"week": 40}}},
     "at most 100 times in all; what earns for each member is limited (how many: a week: 40)"),
    ({}, ""),
])  # fmt: skip
def test_limits_in_words(limits: Any, words: str) -> None:
    assert set(limited(limits, English()).split("; ")) == set(words.split("; "))


def test_no_words_hide_a_limit() -> None:
    told = limited(LIMITED, English())
    for value in said(LIMITED):
        assert value in told, told


def test_a_clause_tells_limits_that_there_are() -> None:
    assert set().union(*(pattern.keys for pattern in LIMITS)) <= schema.members(Limits).keys()


def said(document: Any) -> Iterator[str]:
    """Codes, texts and numbers of a document; choices, flags and weekdays are told in words of their own."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key not in ("kind", "weekdays"):
                yield from said(value)
    elif isinstance(document, list):
        for one in document:
            yield from said(one)
    elif isinstance(document, str):
        yield from [document] if document.isupper() or " " in document else []
    elif not isinstance(document, bool):
        yield str(document)
