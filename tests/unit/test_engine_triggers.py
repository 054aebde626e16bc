"""Promotions that something other than a purchase sets off."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest
from engine import Attribute, Basket, DocumentError, Line, Member, Used, compile_programme, evaluate, schema, set_off
from engine.promotion import Promotion

GIFT = {"kind": "points", "unit": "BONUS", "amount": 500, "active": {"after_days": 1}, "expires": {"after_days": 7}}
NOON = datetime(2026, 9, 12, 12)
MEMBER = Member(id="1", attributes={"city": Attribute(value="Lviv", since=date(2026, 9, 1))})


def programme(**promotion: Any) -> Any:
    document = {"code": "GIFT", "state": "active", "on": "registered", "rewards": [GIFT], **promotion}
    return compile_programme({"units": [{"code": "BONUS"}], "promotions": [document]})


def given(of: Any, **basket: Any) -> Any:
    return set_off(of, "GIFT", replace(Basket(at=NOON, lines=(), member=MEMBER), **basket))


def test_it_gives_a_lot_that_lives_by_the_vocabulary_of_lots() -> None:
    (earned,) = given(programme()).earned
    assert (earned.amount_minor, earned.active_from) == (500, datetime(2026, 9, 13, 12))
    assert earned.expires_at == datetime(2026, 9, 20, 12)


def test_no_purchase_sets_it_off() -> None:
    basket = Basket(at=NOON, lines=(Line(id="1", sku="A", price_minor=100),), member=MEMBER)
    result = evaluate(programme(), basket)
    assert not result.earned and not result.refusals
    assert [one.code for one in evaluate(programme(), basket, named=["GIFT"]).refusals] == ["event"]


def test_the_first_reason_against_it_is_told() -> None:
    when = {"kind": "attribute", "name": "city", "op": "known", "known_days": 12}
    for of, basket, code in (
        (programme(when=when), {}, "attribute"),
        (programme(to="2026-09-11"), {}, "ended"),
        (programme(limits={"total": 3}), {"used": {"GIFT": Used(total=3)}}, "limit"),
        (programme(limits={"budget_points": 900}), {"used": {"GIFT": Used(budget_points_micro=401 * 10**6)}}, "limit"),
        (programme(on={"event": "profile_filled", "attributes": ["city", "pet"]}), {}, "happened"),
        (programme(on="purchase"), {}, "event"),
    ):
        result = given(of, **basket)
        assert [one.code for one in result.refusals] == [code]
        assert not result.earned and not result.uses


def test_a_use_is_what_it_gave() -> None:
    (use,) = given(programme(limits={"per_member": 1})).uses
    assert (use.promotion, use.points_micro) == ("GIFT", 500 * schema.MICRO)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"when": {"any": [{"kind": "identified"}, {"kind": "basket_amount", "min": 1}]}}, "promotions[0].when"),
        ({"rewards": [GIFT, {"kind": "percent", "value": 1}]}, "promotions[0].rewards[1]"),
        ({"rewards": [{**GIFT, "per": "line"}]}, "promotions[0].rewards[0]"),
        ({"rewards": [{"kind": "message", "to": "cashier", "text": "Hi"}]}, "promotions[0].rewards[0]"),
        ({"rewards": [{"kind": "message", "to": "customer", "text": "{to_pay}"}]}, "promotions[0].rewards[0]"),
        ({"on": {"offset_days": 1}}, "promotions[0].on"),
        ({"on": 5}, "promotions[0].on"),
        ({"on": {"event": "registered", "days": 1}}, "promotions[0].on.days"),
    ],
)
def test_what_needs_a_purchase_is_refused(change: dict[str, Any], path: str) -> None:
    with pytest.raises(DocumentError) as caught:
        programme(**change)
    assert [problem.path for problem in caught.value.problems] == [path]


@pytest.mark.parametrize("on", ["registered", {"event": "birthday", "offset_days": -3}])
def test_it_is_written_as_it_was_read(on: object) -> None:
    assert schema.write(schema.read(Promotion, {"code": "A", "on": on, "rewards": [GIFT]}))["on"] == on
