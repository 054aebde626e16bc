"""Laws of whole units: sets, n-th units, gifts, the rounded total."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from engine import Basket, DocumentError, Line, compile_programme, evaluate, schema
from engine.combine import Combination
from engine.conditions.bundle import Bundle, Part
from engine.money import cut, half_up, units_of
from engine.receipt import Receipt
from hypothesis import given
from hypothesis import strategies as st
from strategies import baskets, programmes

MICRO = schema.MICRO
SKUS = ["A", "B", "C"]
targets = st.sampled_from([{}, {"sku": ["A"]}, {"sku": ["B"]}, {"sku": ["A", "B"]}, {"sku": ["B", "C"]}])
parts = st.lists(st.tuples(targets, st.integers(1, 2)), min_size=1, max_size=3)
shelves = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 3), st.integers(1, 9)), min_size=1, max_size=4
)
in_sets = st.fixed_dictionaries(
    {
        "when": st.fixed_dictionaries(
            {
                "kind": st.just("bundle"),
                "sets": st.lists(
                    st.fixed_dictionaries({"target": targets, "quantity": st.integers(1, 2)}),
                    min_size=1,
                    max_size=2,
                ),
            }
        ),
        "rewards": st.just([{"kind": "price", "value": 0.09, "per": "set"}]),
    }
)
in_groups = st.fixed_dictionaries(
    {
        "kind": st.just("nth"),
        "every": st.integers(1, 3),
        "percent": st.just(50),
        "target": targets,
        "choose": st.sampled_from(["cheapest", "dearest"]),
        "grouping": st.sampled_from(["overall", "descending"]),
    }
)
as_gifts = st.fixed_dictionaries({"kind": st.just("gift"), "target": targets, "quantity": st.integers(1, 3)})
by_units = st.one_of(in_sets, st.one_of(in_groups, as_gifts).map(lambda reward: {"rewards": [reward]}))


def basket_of(*lines: tuple[str, int, int]) -> Basket:
    """Lines of (sku, whole units, price)."""
    return Basket(
        at=datetime(2026, 11, 23, 8, 30),
        lines=tuple(
            Line(id=str(n), sku=sku, price_minor=price, quantity_micro=count * MICRO)
            for n, (sku, count, price) in enumerate(lines)
        ),
    )


def programme_of(*promotions: Mapping[str, Any], **settings: Any) -> Any:
    rows = [{"code": f"P{n}", "state": "active", **one} for n, one in enumerate(promotions)]
    return compile_programme({"promotions": rows, **settings})


def discounts(result: Any) -> dict[str, int]:
    return {line.id: line.discount_minor for line in result.lines}


# ----------------------------------------------------------------------------------------------- units


@given(st.integers(0, 1000), st.integers(0, 9_500_000), st.integers(0, 10), st.integers(0, 10))
def test_units_that_are_cut_are_those_units(amount: int, quantity: int, start: int, stop: int) -> None:
    runs = units_of(amount, quantity)
    one_by_one = [value for value, times in runs for _ in range(times)]
    assert [value for value, times in cut(runs, start, stop) for _ in range(times)] == one_by_one[start:stop]


@given(programmes(), baskets())
def test_no_more_units_are_consumed_than_there_are(document: dict[str, Any], basket: Basket) -> None:
    receipt = Receipt(compile_programme(document), basket)
    Combination(receipt, list).work(one for one in receipt.programme.promotions if one.state == "active")
    for line, consumed in zip(basket.lines, receipt.consumed, strict=True):
        assert 0 <= consumed <= line.quantity_micro // MICRO


@given(
    st.lists(st.tuples(by_units, st.sampled_from(["one", "two"])), min_size=2, max_size=5),
    shelves,
    st.sampled_from([{"choose": "all"}, {"choose": "best", "per": "line"}]),
)
def test_no_unit_is_used_twice_whatever_the_order(
    promotions: list[tuple[dict[str, Any], str]], shelf: list[tuple[str, int, int]], choice: dict[str, str]
) -> None:
    """Each line is one unit, and what is given leaves something of it: no two promotions give something on it."""
    basket = basket_of(*((sku, 1, 50 + price) for sku, count, price in shelf for _ in range(count)))
    groups = [{"code": "one", "sequence": 1, **choice}, {"code": "two", "sequence": 2}]
    programme = programme_of(*({**one, "group": group} for one, group in promotions), groups=groups)
    for line in evaluate(programme, basket).lines:
        assert len(line.promotions) <= 1
    receipt = Receipt(programme, basket)
    Combination(receipt, list).work(programme.promotions)
    assert max(receipt.consumed) <= 1
    given = {i for parts in receipt.given.values() for i, part in parts.items() if part}
    assert all(receipt.consumed[i] for i in given)


@given(by_units, by_units, shelves)
def test_a_promotion_that_gives_nothing_consumes_nothing(
    first: dict[str, Any], second: dict[str, Any], shelf: list[tuple[str, int, int]]
) -> None:
    basket = basket_of(*shelf)
    nowhere = {"kind": "place", "store": ["NOWHERE"]}
    refused = {**first, "priority": 9, "when": {"all": [first.get("when", {"all": []}), nowhere]}}
    alone, after = evaluate(programme_of(second), basket), evaluate(programme_of(refused, second), basket)
    assert discounts(alone) == discounts(after)
    floors = replace(basket, lines=tuple(replace(one, min_price_minor=one.price_minor) for one in basket.lines))
    receipt = Receipt(programme_of(first), floors)
    Combination(receipt, list).work(receipt.programme.promotions)
    assert not any(receipt.consumed)


@given(by_units, st.permutations(range(4)), st.lists(st.integers(1, 3), min_size=4, max_size=4), st.randoms())
def test_the_order_of_lines_does_not_matter_where_no_tie_names_it(
    promotion: dict[str, Any], prices: list[int], counts: list[int], random: Any
) -> None:
    """Every line has another price."""
    basket = basket_of(
        *((SKUS[n % 3], count, 100 + 10 * price) for n, (price, count) in enumerate(zip(prices, counts, strict=True)))
    )
    mixed = replace(basket, lines=tuple(random.sample(basket.lines, len(basket.lines))))
    programme = programme_of(promotion)
    assert discounts(evaluate(programme, basket)) == discounts(evaluate(programme, mixed))


# ------------------------------------------------------------------------------------------------ sets


def slots_filled(slots: list[Any], units: list[Any]) -> bool:
    """Whether each slot gets a unit of its own that fits, by trying to move others away."""
    taken: dict[int, int] = {}

    def place(slot: int, seen: set[int]) -> bool:
        for number, unit in enumerate(units):
            if number not in seen and (not slots[slot] or unit in slots[slot]["sku"]):
                seen.add(number)
                if number not in taken or place(taken[number], seen):
                    taken[number] = slot
                    return True
        return False

    return all(place(slot, set()) for slot in range(len(slots)))


def slots_of(wanted: list[tuple[dict[str, Any], int]]) -> list[Any]:
    return [target for target, quantity in wanted for _ in range(quantity)]


def bundle_of(wanted: list[tuple[dict[str, Any], int]]) -> Bundle:
    return Bundle(
        sets_=tuple(
            schema.read(Part, {"target": target, "quantity": quantity}) for target, quantity in wanted
        )
    )


@given(parts, shelves, st.integers(1, 4))
def test_as_many_sets_as_can_be_made_and_each_is_whole(
    wanted: list[tuple[dict[str, Any], int]], shelf: list[tuple[str, int, int]], most: int
) -> None:
    receipt = Receipt(programme_of(), basket_of(*shelf))
    bundle = bundle_of(wanted)
    sets = bundle.sets(receipt, most)
    units = [sku for sku, count, _ in shelf for _ in range(count)]
    slots = slots_of(wanted)
    possible = max(times for times in range(most + 1) if slots_filled(slots * times, units))
    assert len(sets) == possible
    assert (not list(bundle.judge(receipt))) == slots_filled(slots, units)
    used: Counter[int] = Counter()
    for one in sets:
        used.update(one)
        assert sum(one.values()) == len(slots)
        assert slots_filled(slots, [shelf[i][0] for i, count in one.items() for _ in range(count)])
    assert all(count <= shelf[i][1] for i, count in used.items())


@given(shelves, st.integers(1, 3))
def test_a_set_of_one_part_has_the_dearest_units(shelf: list[tuple[str, int, int]], quantity: int) -> None:
    receipt = Receipt(programme_of(), basket_of(*shelf))
    found = [
        sorted((shelf[i][2] for i, count in one.items() for _ in range(count)), reverse=True)
        for one in bundle_of([({}, quantity)]).sets(receipt, 99)
    ]
    prices = sorted((price for _, count, price in shelf for _ in range(count)), reverse=True)
    assert [price for one in found for price in one] == prices[: len(prices) // quantity * quantity]


# ---------------------------------------------------------------------------------------- n-th, gifts


def nth_by_hand(reward: Mapping[str, Any], units: list[tuple[int, int]], most: int) -> Iterator[tuple[int, int]]:
    """(value, line) of each unit with the discount, one unit at a time."""
    sign = 1 if reward["choose"] == "cheapest" else -1
    every, free = reward["every"], reward["free"]
    times = min(most, len(units) // every)

    def order(unit: tuple[int, int]) -> tuple[int, int]:
        return sign * unit[0], unit[1]

    if reward["grouping"] == "overall":
        yield from sorted(units, key=order)[: times * free]
    else:
        falling = sorted(units, key=lambda unit: (-unit[0], unit[1]))
        for n in range(times):
            yield from sorted(falling[n * every : (n + 1) * every], key=order)[:free]


@given(
    st.fixed_dictionaries(
        {
            "kind": st.just("nth"),
            "every": st.integers(2, 5),
            "free": st.integers(1, 2),
            "percent": st.sampled_from([100, 50, 33]),
            "choose": st.sampled_from(["cheapest", "dearest"]),
            "grouping": st.sampled_from(["overall", "descending"]),
        }
    ),
    st.lists(st.tuples(st.just("A"), st.integers(1, 7), st.integers(1, 9)), max_size=5),
    st.one_of(st.none(), st.integers(1, 3)),
)
def test_nth_units_are_those_of_the_units_laid_out_one_by_one(
    reward: dict[str, Any], shelf: list[tuple[str, int, int]], most: int | None
) -> None:
    promotion = {"rewards": [reward], "limits": {} if most is None else {"per_receipt": most}}
    answer = discounts(evaluate(programme_of(promotion), basket_of(*shelf)))
    units = [(price, i) for i, (_, count, price) in enumerate(shelf) for _ in range(count)]
    expected = Counter({str(i): 0 for i in range(len(shelf))})
    for value, i in nth_by_hand(reward, units, 99 if most is None else most):
        expected[str(i)] += half_up(value * reward["percent"], 100)
    assert answer == dict(expected)


@given(targets, st.integers(1, 4), shelves)
def test_a_gift_is_in_the_basket_or_suggested(
    target: dict[str, Any], quantity: int, shelf: list[tuple[str, int, int]]
) -> None:
    reward = {"kind": "gift", "target": target, "quantity": quantity}
    result = evaluate(programme_of({"rewards": [reward], "limits": {"total": 5}}), basket_of(*shelf))
    prices = sorted(price for sku, count, price in shelf for _ in range(count) if not target or sku in target["sku"])
    assert result.totals.discount_minor == sum(prices[:quantity])
    assert sum(one.quantity for one in result.suggestions) == max(0, quantity - len(prices))
    assert bool(result.uses) == bool(prices)  # what is only suggested uses no limit
    assert not result.refusals


# --------------------------------------------------------------------------------------- round total


@given(shelves, st.sampled_from([5, 7, 10]), st.integers(0, 100), st.integers(0, 9))
def test_a_total_is_rounded_on_one_line_or_not_at_all(
    shelf: list[tuple[str, int, int]], step: int, percent: int, floor: int
) -> None:
    basket = basket_of(*shelf)
    basket = replace(basket, lines=tuple(replace(one, min_price_minor=floor) for one in basket.lines))
    first = {"group": "one", "rewards": [{"kind": "percent", "value": percent or 1}]}
    last = {"group": "one", "rewards": [{"kind": "round_total", "to": step / 100}]}
    groups = [{"code": "one"}]
    before = evaluate(programme_of(first, groups=groups), basket)
    after = evaluate(programme_of(first, last, groups=groups), basket)
    taken = [a.discount_minor - b.discount_minor for a, b in zip(after.lines, before.lines, strict=True)]
    difference = before.totals.to_pay_minor % step
    roomy = [
        (-one.amount_minor, i)
        for i, (one, line) in enumerate(zip(before.lines, basket.lines, strict=True))
        if one.amount_minor - min(one.base_minor, floor * line.quantity_micro // MICRO) >= difference
    ]
    expected = [0] * len(shelf)
    if roomy:
        expected[min(roomy)[1]] = difference
    assert taken == expected


# ----------------------------------------------------------------------------------------- documents


def test_a_limit_of_the_receipt_needs_something_to_count() -> None:
    with pytest.raises(DocumentError, match=r"limits\.per_receipt needs a reward per set"):
        programme_of({"rewards": [{"kind": "percent", "value": 5}], "limits": {"per_receipt": 2}})
    found = programme_of({"rewards": [{"kind": "nth", "every": 2}], "limits": {"per_receipt": 2}})
    assert not found.has_limits  # nothing to count from purchase to purchase


def test_not_more_units_are_free_than_there_are() -> None:
    with pytest.raises(DocumentError, match=r"free must not be more than every"):
        programme_of({"rewards": [{"kind": "nth", "every": 2, "free": 3}]})


def test_large_quantities_cost_no_more_than_small_ones() -> None:
    """Units are counted, not laid out: a lorry of them is no burden."""
    promotions = [
        {"rewards": [{"kind": "nth", "every": 3, "grouping": "descending"}]},
        {"rewards": [{"kind": "gift", "quantity": 1000}]},
        {"priority": 2, "rewards": [{"kind": "price", "value": 1, "per": "set"}], "when": {
            "kind": "bundle", "sets": [{"target": {"sku": ["A"]}, "quantity": 2}]}, "limits": {"per_receipt": 100}},
    ]  # fmt: skip
    result = evaluate(programme_of(*promotions), basket_of(("A", 900_000, 300), ("B", 600_000, 200)))
    # 200 units of A in sets of two, each for 1.00 instead of 6.00; of the other 1 499 800 units each third is free
    first, second = (dict(line.promotions) for line in result.lines)
    assert first["P2"] == 100 * 500
    assert "P0" in first and "P0" in second
