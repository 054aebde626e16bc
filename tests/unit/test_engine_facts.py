"""Periods, and figures of what a member has bought before."""

from datetime import date, timedelta
from typing import Any

import pytest
from engine import Basket, Bought, FirstUse, History, Line, Profile, compile_programme, needed, schema
from engine.facts import Period
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(date(1990, 1, 1), date(2100, 1, 1))


def period(**values: Any) -> Period:
    return schema.read(Period, values)


@pytest.mark.parametrize(
    ("values", "day", "first", "end"),
    [
        ({"days": 1}, "2026-11-28", "2026-11-28", "2026-11-29"),
        ({"days": 30}, "2026-11-28", "2026-10-30", "2026-11-29"),
        ({"months": 1}, "2026-03-31", "2026-03-01", "2026-04-01"),
        ({"months": 3}, "2026-11-28", "2026-08-29", "2026-11-29"),
        ({"calendar": "day"}, "2026-11-28", "2026-11-28", "2026-11-29"),
        ({"calendar": "week"}, "2026-11-28", "2026-11-23", "2026-11-30"),
        ({"calendar": "week", "ago": 1}, "2026-11-28", "2026-11-16", "2026-11-23"),
        ({"calendar": "month"}, "2026-11-28", "2026-11-01", "2026-12-01"),
        ({"calendar": "month", "ago": 11}, "2026-11-28", "2025-12-01", "2026-01-01"),
        ({"calendar": "quarter"}, "2026-11-28", "2026-10-01", "2027-01-01"),
        ({"calendar": "year", "ago": 1}, "2026-11-28", "2025-01-01", "2026-01-01"),
        ({"from": "2026-01-01", "to": "2026-06-30"}, "2026-11-28", "2026-01-01", "2026-07-01"),
        ({"from": "2026-01-01"}, "2026-11-28", "2026-01-01", "2026-11-29"),
        ({}, "2026-11-28", "0001-01-01", "2026-11-29"),
    ],
)
def test_a_period_is_these_days(values: dict[str, Any], day: str, first: str, end: str) -> None:
    window = period(**values).window(date.fromisoformat(day))
    assert window == (date.fromisoformat(first), date.fromisoformat(end))


@pytest.mark.parametrize(
    "values",
    [
        {"days": 3, "months": 1},
        {"calendar": "week", "from": "2026-01-01"},
        {"ago": 1},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"days": 0},
    ],
)
def test_a_period_is_given_in_one_sound_way(values: dict[str, Any]) -> None:
    with pytest.raises(schema.DocumentError):
        period(**values)


@given(DAYS, st.sampled_from(["day", "week", "month", "quarter", "year"]), st.integers(0, 30))
def test_calendar_periods_follow_each_other_without_a_gap(day: date, calendar: str, ago: int) -> None:
    first, end = period(calendar=calendar, ago=ago).window(day)
    before = period(calendar=calendar, ago=ago + 1).window(day)
    assert first < end == period(calendar=calendar).window(first)[1]
    assert before[1] == first


@given(DAYS, st.integers(1, 500))
def test_days_on_end_are_so_many_with_today(day: date, days: int) -> None:
    first, end = period(days=days).window(day)
    assert (end - first).days == days
    assert first <= day == end - timedelta(days=1)


def bought(day: str, amount: int = 100, purchase: int = 0, sku: str | None = None, store: str = "S1") -> Bought:
    line = None if sku is None else Line(id="1", sku=sku, price_minor=amount)
    return Bought(
        day=date.fromisoformat(day),
        store=store,
        count=1,
        quantity_micro=schema.MICRO,
        base_minor=amount + 10,
        amount_minor=amount,
        purchase=purchase,
        line=line,
    )


TODAY = date(2026, 11, 28)


def answer(facts: list[Bought], **values: Any) -> int:
    return schema.read(History, values).answer(facts, TODAY)


def test_only_the_days_of_the_period_and_the_stores_named_count() -> None:
    elsewhere = bought("2026-11-20", 5, store="S2")
    facts = [bought("2026-11-01"), bought("2026-11-28", 30), bought("2026-11-29", 7), elsewhere]
    assert answer(facts, measure="amount") == 135
    assert answer(facts, measure="base") == 165
    assert answer(facts, measure="amount", period={"days": 10}) == 35
    assert answer(facts, measure="amount", where={"store": ["S2"]}) == 5
    assert answer(facts, measure="count", where={"store": ["S1"]}) == 2


def test_what_came_back_of_a_purchase_is_not_one() -> None:
    facts = [
        bought("2026-11-01", purchase=1, sku="A"),
        Bought(
            day=date(2026, 11, 1),
            quantity_micro=-schema.MICRO,
            amount_minor=-90,
            purchase=1,
            line=Line(id="1", sku="A", price_minor=90),
        ),
        bought("2026-11-02", purchase=2, sku="A"),
        bought("2026-11-02", purchase=2, sku="B"),
    ]
    assert answer(facts, measure="count", target={"sku": ["A"]}) == 1
    assert answer(facts, measure="amount", target={"sku": ["A"]}) == 110
    assert answer(facts, measure="quantity", target={"sku": ["A", "B"]}) == 2 * schema.MICRO


def test_a_sum_is_reached_on_the_day_on_which_it_is() -> None:
    facts = [bought("2026-11-05"), bought("2026-11-01"), bought("2026-11-03", -50)]
    assert answer(facts, measure="reached", sum_minor=100) == date(2026, 11, 1).toordinal()
    assert answer(facts, measure="reached", sum_minor=150) == date(2026, 11, 5).toordinal()
    assert answer(facts, measure="reached", sum_minor=151) == 0


PROGRAMME = compile_programme(
    {
        "promotions": [
            {"code": code, "state": "active", "when": when, "rewards": [{"kind": "percent", "value": 1}]}
            for code, when in {
                "A": {
                    "any": [{"kind": "tier", "in": ["G"]}, {"not": {"kind": "since", "event": "first_use", "days": 1}}]
                },
                "B": {"all": [{"kind": "purchases_count", "min": 1}, {"kind": "place", "store": "S9"}]},
                "C": {"kind": "attribute", "name": "sex", "value": "female"},
            }.items()
        ]
    }
)


def needs_of(**values: Any) -> set[str]:
    basket = {"at": "2026-11-28T10:00:00", "lines": [{"id": "1", "sku": "A", "price_minor": 1}], **values}
    return set(needed(PROGRAMME, Basket.from_document(basket)).by_key)


def test_only_promotions_that_may_apply_are_curious() -> None:
    member = {"member": {"id": "7"}}
    assert needs_of() == set()
    assert needs_of(**member) == {"tier:", "attributes:sex", "first_use:A"}
    assert needs_of(**member, place={"store": "S9"}) == {
        "tier:", "attributes:sex", "first_use:A", History(measure="count").key
    }  # fmt: skip


def test_all_are_asked_for_where_all_are_explained() -> None:
    basket = Basket.from_document({"at": "2026-11-28T10:00:00", "lines": [], "member": {"id": "7"}})
    found = needed(PROGRAMME, basket, all_of_them=True)
    assert len(found.by_key) == 4
    assert (found.parts(), found.names()) == ({"tier", "attributes"}, {"sex"})
    assert [type(need) for need in found.of(FirstUse)] == [FirstUse]
    assert Profile("tier") in found.of(Profile)


def _reading(problem: str, **promotion: Any) -> None:
    document = {
        "choices": [{"code": "F", "options": [{"code": "tea", "target": {"category": ["TEA"]}}]}],
        "promotions": [{"code": "A", "rewards": [{"kind": "percent", "value": 10}], **promotion}],
    }
    with pytest.raises(schema.DocumentError, match=problem):
        compile_programme(document)


def test_choices_and_offers_are_asked_for_wherever_lines_are_selected() -> None:
    choices = [{"code": "F", "options": [{"code": "tea", "target": {"category": ["TEA"]}}]}]
    share = {"kind": "basket_share", "target": {}, "of": {"not": {"choice": ["F"]}}, "min_percent": 1}
    deep = {"any": [{"not": share}]}
    percent = {"kind": "percent", "value": 10}
    promotions = [
        {"code": "A", "state": "active", "when": deep, "rewards": [percent]},
        {"code": "B", "state": "active", "rewards": [{**percent, "value": "offer"}]},
        {"code": "C", "state": "active", "rewards": [{**percent, "target": {"offer": ["X"]}}]},
        {"code": "D", "state": "active", "when": {"kind": "personal_offer"}, "rewards": [percent]},
        {"code": "E", "state": "active", "rewards": [percent]},
    ]
    programme = compile_programme({"choices": choices, "promotions": promotions})
    basket = Basket.from_document({"at": "2026-11-23T08:30:00", "lines": [], "member": {"id": "7"}})
    needs = needed(programme, basket)
    assert needs.parts() == {"choices", "offers"}
    assert needs.names("choices") == {"F"}
    assert needs.names("offers") == {"B", "X", "D"}


def test_documents_of_choices_and_offers_are_sound() -> None:
    of_basket = {"kind": "basket_quantity", "target": {"choice": "G"}, "min": 1}
    _reading("names G, which is not among choices", when=of_basket)
    of_before = {"kind": "purchases_count", "target": {"choice": "F"}, "min": 1}
    _reading("earlier purchases without choice", when=of_before)
    _reading("per set what is offered", rewards=[{"kind": "amount", "value": "offer", "per": "set"}])
    for target in ({"discounted": True}, {"choice": ["F"]}, {"not": {"offer": ["A"]}}):
        with pytest.raises(schema.DocumentError, match="the same for all members"):
            compile_programme({"choices": [{"code": "F", "options": [{"code": "x", "target": target}]}]})
    with pytest.raises(schema.DocumentError, match="two options with the same code"):
        compile_programme({"choices": [{"code": "F", "options": [{"code": "x"}, {"code": "x"}]}]})


def test_what_is_left_to_the_offer_is_written_so() -> None:
    rewards = [{"kind": "percent", "value": "offer"}, {"kind": "price", "value": "offer", "target": {"offer": ["A"]}}]
    programme = compile_programme({"promotions": [{"code": "A", "rewards": rewards}]})
    assert schema.write(programme.promotions[0])["rewards"] == rewards
