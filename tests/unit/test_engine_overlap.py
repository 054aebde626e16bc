"""Two promotions meet, or it is proven that they cannot."""

import pytest
from engine import compile_programme
from engine.basket import Line
from engine.overlap import Shelf, meet, named_categories, named_products
from hypothesis import given
from hypothesis import strategies as st

SHELF = Shelf(
    products={
        "COLA": Line(id="1", sku="COLA", price_minor=300, categories=frozenset({"DRINKS", "COLD"}), brand="FIZZ"),
        "TEA": Line(id="2", sku="TEA", price_minor=500, categories=frozenset({"DRINKS", "HOT"}), brand="LEAF"),
    },
    lineage={
        "DRINKS": frozenset({"DRINKS"}),
        "COLD": frozenset({"COLD", "DRINKS"}),
        "HOT": frozenset({"HOT", "DRINKS"}),
        "BREAD": frozenset({"BREAD"}),
    },
)


def offer(code, target=None, kind="percent", **more):
    reward = {"kind": "points", "unit": "B", "percent": 1} if kind == "points" else {"kind": kind, "value": 10}
    return {
        "code": code,
        "state": "active",
        "group": "G",
        "rewards": [{**reward, **({"target": target} if target else {})}],
        **more,
    }


def lanes(one, other):
    programme = compile_programme(
        {"groups": [{"code": "G"}], "units": [{"code": "B"}], "promotions": [offer("A", **one), offer("B", **other)]}
    )
    found = meet(programme.promotion("A"), programme.promotion("B"), SHELF)
    assert found == meet(programme.promotion("B"), programme.promotion("A"), SHELF), "it is a matter of both"
    return found


def on(**target):
    return {"target": target}


def when(*conditions):
    return {"when": {"all": list(conditions)}}


def at(first, last):
    return when({"kind": "time", "from": first, "to": last})


WEEKEND = {"kind": "time", "weekdays": [6, 7]}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {}),
        ({}, on(sku=["COLA"])),
        (on(category=["DRINKS"]), on(category=["COLD"])),
        (on(category=["COLD"]), on(sku=["COLA", "TEA"])),
        (on(brand=["FIZZ"]), on(category=["HOT"])),
        (on(sku=["TEA"]), on(price={"max": 3})),  # a till may sell it for less
        (on(sku=["TEA"]), on(**{"not": {"price": {"min": 4}}})),
        (on(sku=["TEA"]), on(**{"not": {"discounted": False}})),
        (on(category=["DRINKS"]), on(**{"not": {"category": ["COLD"]}})),
        (at("07:00", "11:00"), at("10:00", "12:00")),
        (at("22:00", "02:00"), at("01:00", "03:00")),
        (when({"kind": "tier", "in": ["GOLD"]}), when({"kind": "tier", "in": ["SILVER"]})),
        ({"from": "2026-01-01", "to": "2026-01-31"}, {"from": "2026-01-31"}),
    ],
)
def test_they_may_meet(one, other):
    assert lanes(one, other) == {"discount"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (on(sku=["COLA"]), on(sku=["TEA"])),
        (on(category=["COLD"]), on(category=["HOT"])),
        (on(category=["BREAD"]), on(sku=["COLA"])),
        (on(brand=["FIZZ"]), on(brand=["LEAF"])),
        (on(brand=["LEAF"]), on(sku=["COLA"])),
        (on(category=["COLD"]), on(**{"not": {"category": ["DRINKS"]}})),
        (on(sku=["COLA"]), on(**{"not": {"brand": ["FIZZ"]}})),
        (on(price={"max": 2}), on(price={"min": 3})),
        (at("07:00", "11:00"), at("11:00", "12:00")),
        (when(WEEKEND), when({"kind": "time", "weekdays": [1]})),
        (when({"kind": "place", "store": ["S1"]}), when({"kind": "place", "store": ["S2"]})),
        (when({"kind": "place", "channel": "pos"}), when(WEEKEND, {"kind": "place", "channel": "web"})),
        ({"from": "2026-01-01", "to": "2026-01-31"}, {"from": "2026-02-01"}),
        ({}, {"kind": "points"}),
        ({}, {"on": "registered", "kind": "points"}),
    ],
)
def test_it_is_proven_that_they_do_not_meet(one, other):
    if other.get("on"):
        other = {**other, "rewards": [{"kind": "points", "unit": "B", "amount": 5}]}
    assert lanes(one, other) == frozenset()


def test_points_meet_points():
    assert lanes({"kind": "points"}, {"kind": "points", "target": {"sku": ["COLA"]}}) == {"points"}


codes = {
    "sku": st.lists(st.sampled_from(["COLA", "TEA"]), max_size=2, unique=True),
    "category": st.lists(st.sampled_from(["DRINKS", "COLD", "HOT", "BREAD"]), max_size=2, unique=True),
    "brand": st.lists(st.sampled_from(["FIZZ", "LEAF"]), max_size=1),
    "price": st.sampled_from([{"max": 4}, {"min": 4}]),
}
targets = st.fixed_dictionaries({}, optional={**codes, "not": st.fixed_dictionaries({}, optional=codes)})


@given(targets, targets)
def test_what_is_on_the_shelf_of_both_is_never_denied(one, other):
    """A line that both select is proof enough; the shelf holds all there is in this world."""
    found = lanes(on(**one), on(**other))
    programme = compile_programme({"groups": [{"code": "G"}], "promotions": [offer("A", one), offer("B", other)]})
    mine, theirs = (programme.promotion(code).rewards[0].target for code in "AB")
    lines = list(SHELF.products.values())
    if set(mine.pick(lines, frozenset())) & set(theirs.pick(lines, frozenset())):
        assert found == {"discount"}


def test_what_documents_name_is_looked_up():
    promotions = compile_programme(
        {"groups": [{"code": "G"}], "promotions": [offer("A", {"sku": ["COLA"], "not": {"category": ["HOT"]}})]}
    ).promotions
    assert list(named_products(promotions)) == ["COLA"]
    assert list(named_categories(promotions)) == ["HOT"]
