"""The laws of the parameter language."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from engine import Basket, DocumentError, Problem, compile_programme, schema
from hypothesis import given, settings
from hypothesis import strategies as st


@dataclass(frozen=True, slots=True)
class Item:
    sku: str = schema.text(max_length=8)
    quantity: int = schema.micro(above=0, default=1_000_000)
    price: int | None = schema.money(min=0, default=None)


@dataclass(frozen=True, slots=True)
class Request:
    key: str = schema.text(max_length=64)
    lines: tuple[Item, ...] = schema.list_of(schema.nested(Item), max_length=3, default=())
    state: str = schema.choice("active", "paused", default="active")
    rate: int | None = schema.percent(default=None)
    exact: Decimal | None = schema.decimal(default=None)
    count: int | None = schema.integer(min=1, default=None)
    is_live: bool = schema.flag(default=False)
    at: datetime | None = schema.instant(default=None)
    from_: datetime | None = schema.start(default=None)
    to: datetime | None = schema.end(default=None)
    on: date | None = schema.day(default=None)
    opens: int | None = schema.clock(default=None)
    tags: frozenset[str] = schema.set_of(schema.text(max_length=5))
    names: dict[str, str] = schema.map_of(schema.text(), default={})
    data: dict[str, Any] | None = schema.json_object(default=None)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.count is not None and self.count > len(self.lines):
            yield "count", "conflict", "is more than there are lines"


def read(**values: Any) -> Request:
    return schema.read(Request, {"key": "K", **values})


def problems(**values: Any) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read(**values)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_are_told_at_once_each_with_its_path() -> None:
    assert problems(lines=[{"sku": "A", "qty": 2}, {"quantity": -1}], state="actve", rate=True) == [
        "lines[0].qty is not known; did you mean quantity?",
        "lines[1].sku is required",
        "lines[1].quantity must be more than 0",
        "state must be one of active, paused; did you mean active?",
        "rate must be a number",
    ]


def test_a_problem_has_a_path_a_code_and_a_text() -> None:
    with pytest.raises(DocumentError) as caught:
        read(count=0)
    assert caught.value.problems == (Problem("count", "range", "must be at least 1"),)


def test_null_equals_absent() -> None:
    assert read(rate=None, lines=None, state=None) == read()
    assert problems(key=None) == ["key is required"]


@pytest.mark.parametrize("number", [12.1, "12.10", Decimal("12.1"), "12.1"])
def test_numbers_are_exact_in_whatever_way_they_come(number: Any) -> None:
    assert read(lines=[{"sku": "A", "price": number}]).lines[0].price == 1210


def test_amounts_are_integers_of_the_currency_that_is_read() -> None:
    assert schema.read(Item, {"sku": "A", "price": 12}, decimals=0).price == 12
    assert schema.read(Item, {"sku": "A", "price": 1.234}, decimals=3).price == 1234
    assert read(rate=12.5).rate == 125_000
    assert read(exact="0.1").exact == Decimal("0.1")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"rate": float("nan")}, "rate must be a number"),
        ({"rate": float("inf")}, "rate must be a number"),
        ({"rate": "1e5"}, "rate must be a number"),
        ({"rate": "१२"}, "rate must be a number"),
        ({"rate": 101}, "rate must be at most 100"),
        ({"rate": 10**5000}, "rate is too large"),
        ({"rate": 0.00001}, "rate has more than 4 decimals"),
        ({"rate": 1e-300}, "rate has more than 4 decimals"),
        ({"lines": [{"sku": "A", "price": 0.001}]}, "lines[0].price has more than 2 decimals"),
        ({"count": 1.5}, "count must be a whole number"),
        ({"count": "1"}, "count must be a whole number"),
        ({"count": False}, "count must be a whole number"),
        ({"is_live": 1}, "is_live must be true or false"),
        ({"key": ""}, "key must not be empty"),
        ({"key": 5}, "key must be a text"),
        ({"key": "x" * 65}, "key is longer than 64 characters"),
        ({"key": "a\0b"}, "key contains characters that cannot be stored"),
        ({"key": "\ud800"}, "key contains characters that cannot be stored"),
        ({"lines": {}}, "lines must be a list"),
        ({"lines": [1]}, "lines[0] must be an object"),
        ({"lines": [{"sku": "A"}] * 4}, "lines must have 0 to 3 items"),
        ({"at": "2026-13-01T00:00:00"}, "at must be a moment like 2026-11-23T08:30:00"),
        ({"at": "9999-01-01T00:00:00"}, "at must be a moment like 2026-11-23T08:30:00"),
        ({"from": "2026-11-23T08:30:00Z"}, "from must be the store's wall clock, without an offset"),
        ({"on": "2026-02-30"}, "on must be a date like 2026-11-23"),
        ({"on": "20261123"}, "on must be a date like 2026-11-23"),
        ({"opens": "25:00"}, "opens must be a time of the day like 07:30"),
        ({"tags": ["toolong"]}, "tags[0] is longer than 5 characters"),
        ({"names": {"a": 1}}, "names.a must be a text"),
        ({"names": {"": "x"}}, "names.'' must not be empty"),
        ({"data": {"a": [float("nan")]}}, "data has a number that is not finite"),
        ({"data": []}, "data must be an object"),
        ({"count": 2}, "count is more than there are lines"),
    ],
)
def test_what_is_not_meant_is_refused(values: dict[str, Any], text: str) -> None:
    assert problems(**values) == [text]


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(DocumentError, match="the document must be an object"):
        schema.read(Request, [])


def test_moments() -> None:
    found = read(**{"from": "2026-11-23", "to": "2026-11-23", "at": "2026-11-23T08:30:00Z", "opens": "07:30"})
    assert (found.from_, found.to) == (datetime(2026, 11, 23), datetime(2026, 11, 24))
    assert found.at is not None
    assert found.at.utcoffset() is not None
    assert found.opens == 7 * 3600 + 30 * 60
    assert read(to=date(2026, 11, 23)).to == datetime(2026, 11, 24)


def test_one_value_may_stand_for_a_list_of_one() -> None:
    assert read(tags="a") == read(tags=["a", "a"])


def test_what_is_written_reads_as_the_same() -> None:
    given = read(
        lines=[{"sku": "A", "quantity": 1.5, "price": 2}],
        rate=12.5,
        tags=["b", "a"],
        names={"a": "x"},
        opens="07:30",
    )
    written = schema.write(given)
    assert written["lines"] == [{"sku": "A", "quantity": 1.5, "price": 2}]
    assert written["tags"] == ["a", "b"]
    assert "state" not in written
    assert schema.read(Request, json.loads(json.dumps(written))) == given


def test_too_deep_is_refused() -> None:
    when: dict[str, Any] = {"kind": "identified"}
    for _ in range(5000):
        when = {"not": when}
    promotion = {"code": "A", "when": when, "rewards": [{"kind": "percent", "value": 1}]}
    with pytest.raises(DocumentError, match="nested too deeply"):
        compile_programme({"promotions": [promotion]})


def test_references_and_duplicates_are_told_with_their_paths() -> None:
    points = {"kind": "points", "unit": "STARS", "amount": 1}
    promotion = {"code": "A", "group": "g", "rewards": [points]}
    with pytest.raises(DocumentError) as caught:
        compile_programme({"promotions": [promotion, promotion]})
    assert [problem.path for problem in caught.value.problems] == [
        "promotions[0].group",
        "promotions[0].rewards[0].unit",
        "promotions[1].group",
        "promotions[1].rewards[0].unit",
        "promotions[1].code",
    ]


def test_declarations_document_themselves() -> None:
    rows = {row.key: row for row in schema.describe(Request)}
    assert (rows["key"].type, rows["key"].limits, rows["key"].default) == (
        "text",
        "at most 64 characters",
        "required",
    )
    assert (rows["state"].limits, rows["state"].default) == ("`active`, `paused`", "active")
    assert schema.documented([Request]) == [Request, Item]


garbage = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(["percent", "all"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.text(max_size=4),
                st.sampled_from(
                    [
                        "promotions",
                        "units",
                        "code",
                        "rewards",
                        "when",
                        "kind",
                        "all",
                        "not",
                        "target",
                        "lines",
                        "at",
                    ]
                ),
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=25,
)


@settings(max_examples=200)
@given(garbage)
def test_garbage_is_refused_and_nothing_else_happens(document: Any) -> None:
    for reader in (compile_programme, Basket.from_document):
        try:
            reader(document)
        except DocumentError as error:
            assert error.problems
