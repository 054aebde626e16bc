"""Limits over many receipts: whoever counts what results tell, and tells it to the next basket, passes none."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from engine import Basket, DocumentError, Line, Member, Programme, Result, Used, compile_programme, evaluate
from hypothesis import given
from hypothesis import strategies as st

MONDAY = date(2026, 6, 29)  # its week lies in two months
SAME = {
    "day": lambda one, other: one == other,
    "week": lambda one, other: one - timedelta(one.weekday()) == other - timedelta(other.weekday()),
    "month": lambda one, other: one.replace(day=1) == other.replace(day=1),
}
PERCENT_100 = {"kind": "points", "unit": "P", "percent": 100}
limits_of_base = st.dictionaries(st.sampled_from(list(SAME)), st.integers(1, 120), min_size=1)
shelf = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 5_000), st.sampled_from([1, 2, 0.35, 7])), min_size=1, max_size=4
)
receipts = st.lists(st.tuples(st.integers(0, 12), shelf), min_size=1, max_size=12)


def programme_of(*promotions: dict[str, Any], **sections: Any) -> Programme:
    rows = [{"code": f"A{number}", "state": "active", **one} for number, one in enumerate(promotions)]
    return compile_programme({"units": [{"code": "P", "decimals": 2}], "promotions": rows, **sections})


def lines_of(shelf: Sequence[tuple[str, int, float]]) -> tuple[Line, ...]:
    return tuple(
        Line(id=f"{number}", sku=sku, price_minor=price, quantity_micro=round(quantity * 10**6))
        for number, (sku, price, quantity) in enumerate(shelf)
    )


class Book:
    """What one member has used, receipt by receipt, as whoever keeps the books counts it."""

    def __init__(self, programme: Programme):
        self.programme = programme
        self.bases: dict[tuple[str, str], Counter[date]] = {}
        self.uses: Counter[tuple[str, str]] = Counter()
        self.money: Counter[tuple[str, str]] = Counter()
        self.points: Counter[tuple[str, str]] = Counter()

    def used(self, key: tuple[str, str], day: date) -> Used:
        days = self.bases.get(key, Counter())
        base = {
            f"base_{period}": sum(part for one, part in days.items() if is_same(one, day))
            for period, is_same in SAME.items()
        }
        return Used(
            per_member=self.uses[key],
            total=self.uses[key],
            budget_minor=self.money[key],
            budget_points_micro=self.points[key],
            **base,
        )

    def buy(self, day: date, lines: tuple[Line, ...]) -> Result:
        basket = Basket(at=datetime(day.year, day.month, day.day, 12), lines=lines, member=Member(id="7"))
        meters = {(meter.code, "" if meter.code else code) for code, found in self.programme.meters.items()
                  for meter in found}  # fmt: skip
        basket = replace(
            basket,
            used={promotion: self.used((shared, promotion), day) for shared, promotion in meters if promotion},
            used_shared={shared: self.used((shared, promotion), day) for shared, promotion in meters if shared},
        )
        result = evaluate(self.programme, basket)
        for use in result.uses:
            for meter in self.programme.meters[use.promotion]:
                key = (meter.code, "" if meter.code else use.promotion)
                self.uses[key] += 1
                self.money[key] += use.discount_minor
                self.points[key] += use.points_micro
            for base in use.bases:
                key = (base.limit, "" if base.limit else use.promotion)
                self.bases.setdefault(key, Counter())[day] += base.total
        return result


def most(days: Counter[date], period: str) -> int:
    return max((sum(part for one, part in days.items() if SAME[period](one, day)) for day in days), default=0)


@given(limits_of_base, st.sampled_from(["amount", "quantity"]), st.booleans(), receipts)
def test_no_more_of_a_members_shopping_earns_than_a_period_allows(
    limits: dict[str, int], measure: str, is_shared: bool, bought: list[tuple[int, Any]]
) -> None:
    bounds = {"base_per_member": {measure: limits}}
    own = {"share": "S"} if is_shared else bounds
    promotions = [
        {"rewards": [PERCENT_100, {**PERCENT_100, "percent": 1}], "limits": own},
        {"rewards": [{**PERCENT_100, "target": {"sku": ["a", "b"]}, "on": "base"}], "limits": own},
    ]
    book = Book(programme_of(*promotions, limits=[{"code": "S", **bounds}] if is_shared else []))
    for days, shelf in bought:
        book.buy(MONDAY + timedelta(days), lines_of(shelf))
    scale = 100 if measure == "amount" else 10**6
    for counted in book.bases.values():
        for period, limit in limits.items():
            assert most(counted, period) <= limit * scale


@given(limits_of_base, receipts)
def test_what_counts_is_what_earns_to_the_cent(limits: dict[str, int], bought: list[tuple[int, Any]]) -> None:
    """At 100 % each cent that counts is a cent that earns, and all that is left of the limit is used."""
    book = Book(programme_of({"rewards": [PERCENT_100], "limits": {"base_per_member": {"amount": limits}}}))
    for days, shelf in bought:
        day, lines = MONDAY + timedelta(days), lines_of(shelf)
        used = book.used(("", "A0"), day)
        left = min(limit * 100 - getattr(used, f"base_{period}") for period, limit in limits.items())
        earned = sum(one.amount_minor for one in book.buy(day, lines).earned)
        assert earned == min(left, sum(line.base_minor for line in lines))
        after = book.used(("", "A0"), day)
        assert after.base_day - used.base_day == earned


@given(st.integers(1, 100), st.permutations(range(4)), st.tuples(*[st.integers(0, 4_000)] * 4))
def test_the_order_of_lines_does_not_matter(limit: int, order: list[int], prices: tuple[int, ...]) -> None:
    reward = {**PERCENT_100, "per": "line", "percent": 33}
    programme = programme_of({"rewards": [reward], "limits": {"base_per_member": {"amount": {"day": limit}}}})
    lines = tuple(Line(id=sku, sku=sku, price_minor=price) for sku, price in zip("abcd", prices, strict=True))
    first, second = (
        Book(programme).buy(MONDAY, one) for one in (lines, tuple(lines[position] for position in order))
    )
    earned = [[(one.amount_minor, dict(one.by_line)) for one in result.earned] for result in (first, second)]
    assert earned[0] == earned[1]
    bases = [[dict(base.by_line) for use in result.uses for base in use.bases] for result in (first, second)]
    assert bases[0] == bases[1]


@given(
    st.integers(1, 40),
    st.integers(1, 8),
    st.integers(1, 30),
    st.lists(st.tuples(st.integers(1, 15), st.integers(1, 15), st.integers(1, 10)), min_size=1, max_size=8),
)
def test_promotions_that_share_limits_do_not_pass_them_together(
    budget: int, total: int, points: int, offers: list[tuple[int, int, int]]
) -> None:
    bounds = {"budget": budget, "total": total, "budget_points": points}
    for first, second, third in offers:
        promotions: list[dict[str, Any]] = [
            {"rewards": [{"kind": "amount", "value": first}], "limits": {"share": "S"}},
            {"rewards": [{"kind": "percent", "value": second}], "limits": {"share": "S"}, "group": "best"},
            {"rewards": [{"kind": "points", "unit": "P", "amount": third}], "limits": {"share": "S"}},
            {"rewards": [{"kind": "multiply", "what": "points", "of": ["A2"], "factor": 2}], "limits": {"share": "S"}},
            {"rewards": [{"kind": "message", "text": "hello"}], "limits": {"share": "S"}},
        ]
        groups = [{"code": "best", "choose": "best", "sequence": 20}]
        book = Book(programme_of(*promotions, groups=groups, limits=[{"code": "S", **bounds}]))
        for _time in range(5):
            book.buy(MONDAY, lines_of([("a", 10_000, 1)]))
        key = ("S", "")
        assert book.money[key] <= budget * 100
        assert book.uses[key] <= total
        assert book.points[key] <= points * 10**6


@pytest.mark.parametrize(
    ("promotion", "sections", "problem"),
    [
        ({"limits": {"share": "S"}}, {}, "limits.share names S, which is not among limits"),
        ({"limits": {"base_per_member": {"amount": {"day": 5}}}}, {}, "base_per_member needs a reward of points"),
        (
            {"rewards": [{**PERCENT_100}], "limits": {"base_per_member": {}}},
            {},
            "base_per_member needs exactly one of amount, quantity",
        ),
        (
            {"rewards": [{**PERCENT_100}], "limits": {"base_per_member": {"amount": {}}}},
            {},
            "amount needs at least one of day, week, month",
        ),
        ({}, {"limits": [{"code": "S", "per_receipt": 1}]}, "per_receipt is not known"),
        ({}, {"limits": [{"code": "S"}, {"code": "S"}]}, "is used twice: S"),
        ({}, {"limits": [{"code": "S", "per_member_days": 1}]}, "is the window of per_member, which is missing"),
    ],
)
def test_what_cannot_be_is_refused(promotion: dict[str, Any], sections: dict[str, Any], problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        programme_of({"rewards": [{"kind": "percent", "value": 5}], **promotion}, **sections)


def test_what_an_event_gives_has_no_base() -> None:
    gift = {"on": "registered", "rewards": [{"kind": "points", "unit": "P", "amount": 5}]}
    with pytest.raises(DocumentError, match="needs a reward of points"):
        programme_of({**gift, "limits": {"base_per_member": {"amount": {"day": 5}}}})
    programme_of({**gift, "limits": {"share": "S"}}, limits=[{"code": "S", "base_per_member": {"amount": {"day": 5}}}])
