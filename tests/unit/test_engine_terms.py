"""Terms of points: what they may be, and what must be known of the member for them."""

from datetime import datetime
from typing import Any

import pytest
from engine import Basket, Conditional, DocumentError, Line, Member, compile_programme, needed

PROGRAMME: dict[str, Any] = {
    "units": [{"code": "BONUS"}],
    "calendars": [{"code": "FEASTS", "dates": ["2026-12-25"]}],
    "code_pools": [{"code": "FLYER"}],
    "promotions": [{"code": "S", "state": "active", "rewards": [{"kind": "spend", "unit": "BONUS"}]}],
}


def problems_of(usable_when: object) -> list[tuple[str, str]]:
    gift = {"kind": "points", "unit": "BONUS", "amount": 5, "usable_when": usable_when}
    document = {**PROGRAMME, "promotions": [{"code": "G", "state": "active", "rewards": [gift]}]}
    with pytest.raises(DocumentError) as refused:
        compile_programme(document)
    with pytest.raises(DocumentError) as same:
        compile_programme(PROGRAMME).read_terms(usable_when)
    assert [one.code for one in same.value.problems] == [one.code for one in refused.value.problems]
    return [(one.path, one.code) for one in refused.value.problems]


PATH = "promotions[0].rewards[0].usable_when"


@pytest.mark.parametrize(
    ("usable_when", "path", "code"),
    [
        ({"kind": "points_spent", "unit": "BONUS", "max": 0}, PATH, "conflict"),
        ({"any": [{"kind": "basket_amount", "min": 5, "basis": "paid"}]}, PATH, "conflict"),
        ({"kind": "promo_code", "pool": "FLYER"}, PATH, "conflict"),
        ({"kind": "time", "calendar": "NONE"}, f"{PATH}.calendar", "reference"),
        ({"kind": "basket_amount"}, f"{PATH}.min", "missing"),
        ("always", PATH, "type"),
    ],
)
def test_terms_that_cannot_be_kept_are_refused(usable_when: object, path: str, code: str) -> None:
    assert problems_of(usable_when) == [(path, code)]


def test_a_calendar_may_be_named_that_there_is() -> None:
    assert compile_programme(PROGRAMME).terms({"kind": "time", "calendar": "FEASTS"}) is not None
    assert compile_programme(PROGRAMME).terms({"kind": "time", "calendar": "NONE"}) is None


def test_what_terms_ask_of_the_member_is_needed_though_no_promotion_asks() -> None:
    programme = compile_programme(PROGRAMME)
    conditional = Conditional(terms="1", unit="BONUS", amount_minor=5, when={"kind": "tier", "in": ["GOLD"]})
    member = Member(id="7", conditional=(conditional,))
    basket = Basket(
        at=datetime(2026, 11, 23), lines=(Line(id="1", sku="A", price_minor=100),), member=member
    )
    assert needed(programme, basket).parts() == {"tier"}
    assert needed(programme, basket, all_of_them=True).parts() == {"tier"}


def test_a_member_whose_points_are_unbound_has_as_many() -> None:
    bound = Conditional(terms="1", unit="STAR", amount_minor=5, when={"all": []})
    member = Member(id="7", balances={"BONUS": 3}, conditional=(bound,))
    assert member.unbound().balances == {"BONUS": 3, "STAR": 5}
    assert not member.unbound().conditional
