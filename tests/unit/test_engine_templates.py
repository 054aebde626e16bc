"""Templates of promotions: each comes to the receipt that stands in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from engine import DocumentError, compile_programme, schema
from engine.template_words import PARAMETERS, TEXTS
from engine.templates import SORTS, Template, filled, gaps, read_goods, read_template, receipt_of

FOLDER = Path(__file__).parents[2] / "addons" / "loyalty_core" / "templates"
COMMON = json.loads((FOLDER / "common.json").read_text())
GOODS = read_goods(COMMON["goods"])
DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json")) if path.stem != "common"}
TEMPLATES = pytest.mark.parametrize("name", DOCUMENTS)
#: What a marketer chooses where a template asks for it.
CHOSEN = {"goods": {"sku": ["cake"]}}


def template(name: str) -> Template:
    return read_template(DOCUMENTS[name])


def test_there_are_as_many_as_were_promised() -> None:
    assert len(DOCUMENTS) >= 45


@TEMPLATES
def test_the_example_comes_to_its_receipt(name: str) -> None:
    one = template(name)
    assert receipt_of(one.example(COMMON["programme"], GOODS)) == one.receipt


@TEMPLATES
def test_the_example_shows_what_it_is_an_example_of(name: str) -> None:
    """Something is cheaper, given, said or suggested by one of its own promotions."""
    one = template(name)
    own = {promotion["code"] for promotion in one.promotions}
    lines = [part["code"] for line in one.receipt["lines"] for part in line["promotions"]]
    told = [part["promotion"] for key in ("earned", "spent", "messages", "issued", "suggestions")
            for part in one.receipt.get(key, ())]  # fmt: skip
    multiplied = any(reward["kind"] == "multiply" for promotion in one.promotions for reward in promotion["rewards"])
    assert own & {*lines, *told} or multiplied or one.receipt["totals"]["discount"]


@TEMPLATES
def test_gaps_are_the_parameters_and_the_example_fills_those_that_are_required(name: str) -> None:
    one = template(name)
    assert set(gaps(one.promotions)) == set(one.parameters)
    assert set(one.values) <= set(one.parameters)
    assert not one.missing(one.values)
    assert set(one.missing({})) == {key for key, parameter in one.parameters.items() if parameter.required}
    for key, value in one.values.items():
        reading = schema.Reading()
        SORTS[one.parameters[key].sort].read(value, key, reading)
        assert not reading.problems, name


@TEMPLATES
def test_what_is_not_required_may_stay_empty(name: str) -> None:
    one = template(name)
    required = {key: value for key, value in one.values.items() if one.parameters[key].required}
    base = {**COMMON["programme"], "promotions": one.filled(required)}
    assert len(compile_programme(base).promotions) == len(one.promotions)


@TEMPLATES
def test_its_texts_are_terms_to_translate(name: str) -> None:
    one = template(name)
    said = {promotion["name"] for promotion in (*one.promotions, *one.beside.get("promotions", ()))
            if "name" in promotion}  # fmt: skip
    said |= {one.values[key] for key, parameter in one.parameters.items() if parameter.sort == "message"}
    assert said <= TEXTS
    assert set(one.parameters) <= set(PARAMETERS)
    assert len(one.promotions) == 1 or all("name" in promotion for promotion in one.promotions)


def test_the_names_of_the_goods_are_terms_too() -> None:
    assert {good.name for good in GOODS} <= TEXTS


def test_a_gap_that_is_left_empty_goes_with_its_key() -> None:
    document: Any = {"kind": "percent", "value": {"$": "percent"}, "target": {"$": "goods"}, "of": [{"$": "percent"}]}
    assert filled(document, {"percent": 5, "goods": {}}) == {"kind": "percent", "value": 5, "of": [5]}
    assert filled(document, {"percent": 5, **CHOSEN})["target"] == CHOSEN["goods"]


def test_a_template_that_asks_for_an_unknown_sort_is_refused() -> None:
    with pytest.raises(DocumentError):
        read_template({"parameters": {"a": {"sort": "colour"}}, "promotions": [{}], "basket": {}})
