"""Segments of products: a promotion on one is the promotion on the selection written out."""

import json
from typing import Any

import pytest
from engine import Basket, DocumentError, compile_programme, explain
from hypothesis import given
from hypothesis import strategies as st
from strategies import baskets, programmes, targets

SELECTIONS = ("target", "of")


class Saving:
    """Puts segments into the place of the selections of a document."""

    def __init__(self) -> None:
        self.segments: dict[str, dict[str, Any]] = {}

    def saved(self, document: Any) -> Any:
        if isinstance(document, list):
            return [self.saved(one) for one in document]
        if not isinstance(document, dict):
            return document
        return {
            key: self.named(one) if key in SELECTIONS and isinstance(one, dict) else self.saved(one)
            for key, one in document.items()
        }

    def named(self, target: dict[str, Any]) -> dict[str, Any]:
        if "discounted" in target:
            return target
        code = f"S{len(self.segments)}"
        self.segments[code] = {"code": code, "target": target}
        return {"segment": [code]}


def effects(document: dict[str, Any], basket: Basket) -> dict[str, Any]:
    """Without the terms of points, which are told as they are written."""
    result = json.loads(json.dumps(explain(compile_programme(document), basket).to_document()))
    for one in result["earned"]:
        one.pop("usable_when", None)
    return dict(result)


@given(programmes(), baskets())
def test_a_segment_gives_what_its_selection_gives(document: dict[str, Any], basket: Basket) -> None:
    saving = Saving()
    promotions = saving.saved(document["promotions"])
    by_name = {**document, "promotions": promotions, "product_segments": list(saving.segments.values())}
    assert effects(by_name, basket) == effects(document, basket)
    written_out, named = compile_programme(document), compile_programme(by_name)
    assert [one.keys() for one in named.promotions] == [one.keys() for one in written_out.promotions]


@given(st.lists(targets.filter(lambda target: "discounted" not in target), min_size=1, max_size=3), baskets())
def test_several_segments_are_lines_of_any_of_them(chosen: list[dict[str, Any]], basket: Basket) -> None:
    segments = [{"code": f"S{number}", "target": target} for number, target in enumerate(chosen)]
    codes = [one["code"] for one in segments]
    both = {"code": "BOTH", "target": {"segment": codes}}
    programme = compile_programme({"product_segments": [*segments, both]})

    def picked(code: str) -> set[int]:
        return set(programme.segments[code].pick(basket.lines, frozenset()))

    assert picked("BOTH") == set.union(*map(picked, codes))


def problems(*segments: dict[str, Any], **sections: Any) -> set[tuple[str, str]]:
    with pytest.raises(DocumentError) as refused:
        compile_programme({"product_segments": list(segments), **sections})
    return {(one.path, one.code) for one in refused.value.problems}


def test_a_segment_that_is_not_there_is_refused() -> None:
    promotion = {"code": "A", "rewards": [{"kind": "percent", "value": 1, "target": {"segment": ["NO"]}}]}
    assert problems(promotions=[promotion]) == {("promotions[0].rewards[0].target.segment[0]", "reference")}
    assert problems({"code": "S", "target": {"not": {"segment": ["NO"]}}}) == {
        ("product_segments[0].target.not.segment[0]", "reference")
    }


def test_a_segment_never_comes_back_to_itself() -> None:
    circle = [
        {"code": "A", "target": {"segment": ["B"]}},
        {"code": "B", "target": {"not": {"segment": ["C"]}}},
        {"code": "C", "target": {"segment": ["A"]}},
        {"code": "D", "target": {"segment": ["A"]}},
    ]
    assert problems(*circle) == {(f"product_segments[{place}].target", "conflict") for place in range(3)}
    assert problems({"code": "A", "target": {"segment": ["A"]}}) == {("product_segments[0].target", "conflict")}


@pytest.mark.parametrize(
    "target",
    [{"discounted": False}, {"offer": ["P"]}, {"choice": ["C"]}, {"favourite": ["F"]}, {"not": {"favourite": ["F"]}}],
)
def test_a_segment_is_the_same_for_everybody(target: dict[str, Any]) -> None:
    sections = {
        "choices": [{"code": "C", "options": [{"code": "o"}]}],
        "favourites": [{"code": "F"}],
        "promotions": [{"code": "P", "rewards": [{"kind": "percent", "value": 1}]}],
    }
    assert problems({"code": "S", "target": target}, **sections) == {("product_segments[0].target", "conflict")}


def test_a_segment_names_something() -> None:
    assert problems({"code": "S"}) == {("product_segments[0]", "missing")}


def test_terms_of_points_are_judged_by_what_their_segments_stand_for() -> None:
    programme = compile_programme({"product_segments": [{"code": "S", "include": ["a"]}]})
    terms = programme.terms({"kind": "basket_quantity", "target": {"segment": ["S"]}, "min": 1})
    assert terms is not None and terms.keys() == frozenset({("sku", "a")})
    assert programme.terms({"kind": "basket_quantity", "target": {"segment": ["GONE"]}, "min": 1}) is None
