"""Laws of the calculation, on random programmes and baskets."""

import json
from collections import Counter
from dataclasses import replace
from typing import Any

from engine import (
    Basket,
    Certificate,
    Given,
    Line,
    Result,
    Used,
    allocate,
    compile_programme,
    evaluate,
    explain,
    limited,
    schema,
)
from engine.money import half_up, units_of
from engine.promotion import Promotion
from engine.terms import write_terms
from hypothesis import given
from hypothesis import strategies as st
from strategies import baskets, programmes


def effects(result: Result) -> dict[str, Any]:
    """Without reasons: of those ``evaluate`` tells the first, ``explain`` all."""
    document = result.to_document()
    del document["refusals"]
    for one in (*document.get("conditional", ()), *document.get("certificates", ())):
        one.pop("reasons", None)
    return document


@given(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)), max_size=8),
)
def test_parts_sum_to_the_amount_or_to_all_the_room(amount: int, lines: list[tuple[int, int]]) -> None:
    weights, rooms = [weight for weight, _ in lines], [room for _, room in lines]
    parts = allocate(amount, weights, rooms)
    assert sum(parts) == min(amount, sum(rooms))
    assert all(0 <= part <= room for part, room in zip(parts, rooms, strict=True))


@given(st.integers(0, 10**6), st.lists(st.integers(1, 10**6), min_size=1, max_size=8))
def test_without_limits_no_part_is_a_whole_unit_from_its_share(amount: int, weights: list[int]) -> None:
    for part, weight in zip(allocate(amount, weights), weights, strict=True):
        assert abs(part * sum(weights) - amount * weight) < sum(weights)


@given(st.integers(0, 10**6), st.integers(1, 20_000_000))
def test_units_are_a_fair_division_of_their_line(amount: int, quantity: int) -> None:
    runs = units_of(amount, quantity)
    count, fraction = divmod(quantity, 1_000_000)
    assert sum(times for _, times in runs) == count
    rest = amount - sum(value * times for value, times in runs)
    assert allocate(amount, [1_000_000] * count + [fraction])[count:] == [rest]


@given(programmes(), baskets())
def test_a_calculation_repeated_is_identical_to_the_byte(document: dict[str, Any], basket: Basket) -> None:
    first = evaluate(compile_programme(document), basket).to_document()
    again = evaluate(compile_programme(json.loads(json.dumps(document))), basket).to_document()
    assert json.dumps(first) == json.dumps(again)


@given(programmes(), baskets())
def test_discounts_that_were_given_stand(document: dict[str, Any], basket: Basket) -> None:
    """A till that gave offline what the programme gives comes to the same; whatever it gave is a fact."""
    programme = compile_programme(document)
    basket = replace(basket, spend=())
    result = evaluate(programme, basket)
    given = tuple(
        replace(line, given=tuple(Given(promotion=code, discount_minor=minor) for code, minor in answered.promotions))
        for line, answered in zip(basket.lines, result.lines, strict=True)
    )
    for other in (programme, compile_programme({"units": document["units"]})):
        again = evaluate(other, replace(basket, lines=given))
        assert [line.discount_minor for line in again.lines] == [line.discount_minor for line in result.lines]
        assert again.totals == result.totals


@given(programmes(), baskets())
def test_what_falls_on_lines_sums_to_the_whole(document: dict[str, Any], basket: Basket) -> None:
    result = evaluate(compile_programme(document), basket)
    by_line: dict[str, Any] = result.by_line()
    assert [sum(part["points"].values()) for part in by_line["earned"]] == [one.amount_minor for one in result.earned]
    assert [sum(part["points"].values()) for part in by_line["spent"]] == [one.points_minor for one in result.spent]
    assert [sum(part["money"].values()) for part in by_line["spent"]] == [one.money_minor for one in result.spent]
    given = sum(sum(part["money"].values()) for part in by_line["given"])
    assert given == result.totals.discount_minor
    certificates = [sum(part["money"].values()) for part in by_line["certificates"]]
    assert certificates == [one.value_minor for one in result.certificates]
    assert sum(certificates) == result.totals.certificates_minor


@given(programmes(), baskets())
def test_the_index_leaves_out_nothing_that_has_an_effect(document: dict[str, Any], basket: Basket) -> None:
    programme = compile_programme(document)
    assert effects(evaluate(programme, basket)) == effects(explain(programme, basket))


@given(programmes(), baskets())
def test_everything_that_is_looked_at_has_effects_or_a_refusal(
    document: dict[str, Any], basket: Basket
) -> None:
    result = explain(compile_programme(document), basket)
    told = {code for line in result.lines for code, _ in line.promotions}
    tellers = (*result.earned, *result.spent, *result.messages, *result.suggestions, *result.issued)
    told |= {one.promotion for one in tellers}
    refused = {one.promotion for one in result.refusals}
    assert not told & refused
    silent = {one["code"] for one in document["promotions"]} - told - refused
    kinds = {
        reward["kind"] for one in document["promotions"] if one["code"] in silent for reward in one["rewards"]
    }
    assert not silent or kinds & {"multiply", "spend"}  # a factor, or an offer that was not taken


@given(programmes(), baskets())
def test_sums_agree(document: dict[str, Any], basket: Basket) -> None:
    result = evaluate(compile_programme(document), basket)
    totals = result.totals
    for line in result.lines:
        assert line.discount_minor == sum(part for _, part in line.promotions)
        assert line.amount_minor == line.base_minor - line.discount_minor - line.spent_minor
    assert totals.base_minor == sum(line.base_minor for line in result.lines)
    assert totals.discount_minor == sum(line.discount_minor for line in result.lines)
    assert totals.spent_minor == sum(one.money_minor for one in result.spent)
    as_payment = sum(one.money_minor for one in result.spent if one.as_ == "payment")
    amounts = sum(line.amount_minor for line in result.lines)
    assert totals.to_pay_minor == amounts - as_payment - totals.certificates_minor >= 0


@given(programmes(), baskets())
def test_what_is_earned_and_spent_by_line_sums_to_the_whole(document: dict[str, Any], basket: Basket) -> None:
    result = evaluate(compile_programme(document), basket)
    for earned in result.earned:
        assert earned.amount_minor == sum(part for _, part in earned.by_line) > 0
    for spent in result.spent:
        assert spent.money_minor == sum(part for _, part in spent.by_line) > 0
        assert spent.points_minor == sum(part for _, part in spent.points_by_line)


@given(programmes(), baskets())
def test_no_line_goes_below_its_floor(document: dict[str, Any], basket: Basket) -> None:
    result = evaluate(compile_programme(document), basket)
    caps = document["settings"]
    for line, answer in zip(basket.lines, result.lines, strict=True):
        minimum = half_up(line.min_price_minor * line.quantity_micro, 1_000_000)
        assert answer.amount_minor >= min(minimum, answer.base_minor)
        assert not line.no_discount or answer.amount_minor == answer.base_minor
        assert 100 * answer.discount_minor <= answer.base_minor * (caps["line_cap_percent"] or 100) or (
            caps["line_cap_percent"] == 0 and answer.discount_minor == 0
        )
    cap = caps["receipt_cap_percent"]
    if cap is not None:
        assert 100 * result.totals.discount_minor <= result.totals.base_minor * cap


@given(programmes(), baskets())
def test_nobody_spends_more_than_the_balance(document: dict[str, Any], basket: Basket) -> None:
    result = evaluate(compile_programme(document), basket)
    balances = basket.member.balances if basket.member else {}
    for unit in ("BONUS", "STAR"):
        spent = sum(one.points_minor for one in result.spent if one.unit == unit)
        possible = {one.unit: one.max_minor for one in result.spendable}
        usable = sum(one.amount_minor for one in result.conditional if one.unit == unit and one.terms in result.usable)
        assert spent <= balances.get(unit, 0) + usable
        assert spent <= possible.get(unit, 0)


@given(programmes(), baskets())
def test_points_whose_terms_do_not_hold_are_as_good_as_none_and_others_as_good_as_any(
    document: dict[str, Any], basket: Basket
) -> None:
    programme, member = compile_programme(document), basket.member
    if member is None:
        return
    result = evaluate(programme, basket)
    usable = tuple(one for one in member.conditional if one.terms in result.usable)
    without = evaluate(programme, replace(basket, member=replace(member, conditional=usable).unbound()))
    assert {**effects(result), "conditional": []} == {**effects(without), "conditional": []}
    assert len(result.conditional) == len(member.conditional)


@given(programmes(), baskets())
def test_terms_that_are_handed_over_can_be_read_again(document: dict[str, Any], basket: Basket) -> None:
    programme = compile_programme(document)
    for one in evaluate(programme, basket).earned:
        if one.usable_when is not None:
            when = programme.read_terms(json.loads(json.dumps(one.usable_when)))
            assert write_terms(when, programme.decimals) == one.usable_when


@given(programmes(), baskets())
def test_a_promotion_that_is_not_eligible_changes_nothing(document: dict[str, Any], basket: Basket) -> None:
    never = {
        "code": "NEVER",
        "state": "active",
        "priority": 100,
        "when": {"kind": "place", "store": ["NOWHERE"]},
        "rewards": [{"kind": "percent", "value": 50}],
    }
    with_it = {**document, "promotions": [never, *document["promotions"]]}
    assert effects(evaluate(compile_programme(document), basket)) == effects(
        evaluate(compile_programme(with_it), basket)
    )


@given(programmes(), baskets())
def test_nothing_is_given_beyond_a_limit(document: dict[str, Any], basket: Basket) -> None:
    programme = compile_programme(document)
    for use in evaluate(programme, basket).uses:
        limits, used = programme.promotion(use.promotion).limits, basket.used.get(use.promotion, Used())
        assert limits.per_member is None or (basket.member and used.per_member < limits.per_member)
        assert limits.per_day is None or used.per_day < limits.per_day
        assert limits.total is None or used.total < limits.total
        assert limits.budget is None or use.discount_minor <= limits.budget - used.budget_minor
        points_left = (limits.budget_points or 0) - used.budget_points_micro
        assert limits.budget_points is None or use.points_micro <= points_left
        for base in use.bases:
            bounds = programme.shared_limits[base.limit] if base.limit else limits
            used = basket.used_shared.get(base.limit, Used()) if base.limit else used
            assert bounds.base_per_member is not None and base.total <= bounds.base_per_member.left(used)


@given(programmes(), baskets())
def test_promotions_together_give_nothing_beyond_a_limit_that_they_share(
    document: dict[str, Any], basket: Basket
) -> None:
    programme = compile_programme(document)
    bounds, used = programme.shared_limits["S"], basket.used_shared.get("S", Used())
    result = evaluate(programme, basket)
    uses = [one for one in result.uses if programme.promotion(one.promotion).limits.share == "S"]
    if not uses:
        return
    assert bounds.per_member is None or (basket.member and used.per_member + len(uses) <= bounds.per_member)
    assert bounds.per_day is None or used.per_day + len(uses) <= bounds.per_day
    assert bounds.total is None or used.total + len(uses) <= bounds.total
    budget, budget_points = bounds.budget, bounds.budget_points
    assert budget is None or used.budget_minor + sum(one.discount_minor for one in uses) <= budget
    assert budget_points is None or used.budget_points_micro + sum(one.points_micro for one in uses) <= budget_points
    if bounds.base_per_member is not None:
        counted = [base for one in uses for base in one.bases if base.limit]
        assert sum(base.total for base in counted) <= bounds.base_per_member.left(used)
        by_line = Counter[str]()
        for base in counted:
            by_line.update(dict(base.by_line))
        for line in basket.lines:
            whole = line.quantity_micro if bounds.base_per_member.is_quantity else line.base_minor
            assert by_line[line.id] <= whole


@given(programmes(), baskets())
def test_limits_that_are_not_reached_change_nothing(document: dict[str, Any], basket: Basket) -> None:
    wide = {"per_day": 10, "total": 10, "budget": 10**6, "budget_points": 10**6}
    base = {"base_per_member": {"amount": {"day": 10**6}}}
    shared = {"limits": [{"code": "S", **wide, **base}]}
    basket = replace(basket, used={}, used_shared={})
    without = {**document, "promotions": [{**one, "limits": {}} for one in document["promotions"]]}
    within = {
        **document, **shared,
        "promotions": [{**one, "limits": {**wide, "share": "S"}} for one in document["promotions"]],
    }  # fmt: skip
    first, second = (evaluate(compile_programme(one), basket) for one in (without, within))
    bare = replace(second, uses=tuple(replace(one, bases=()) for one in second.uses))
    assert first == bare


@given(programmes(), baskets(), st.integers(0, 5))
def test_a_promotion_that_is_used_up_is_as_good_as_paused(
    document: dict[str, Any], basket: Basket, number: int
) -> None:
    def changed(**values: Any) -> dict[str, Any]:
        rows = [one | values if one["code"] == f"P{number}" else one for one in document["promotions"]]
        return {**document, "promotions": rows}

    basket = replace(basket, used={**basket.used, f"P{number}": Used(total=3)})
    used_up = compile_programme(changed(limits={"total": 3}))
    assert effects(evaluate(used_up, basket)) == effects(
        evaluate(compile_programme(changed(state="paused")), basket)
    )


@given(programmes(), baskets())
def test_uses_tell_what_was_given(document: dict[str, Any], basket: Basket) -> None:
    programme = compile_programme(document)
    result = evaluate(programme, basket)
    money, points = Counter[str](), Counter[str]()
    for line in result.lines:
        money.update(dict(line.promotions))
    for earned in result.earned:
        points[earned.promotion] += earned.amount_minor * 10**6 // 10 ** result.unit_decimals[earned.unit]
    assert {use.promotion: use.discount_minor for use in result.uses if use.discount_minor} == +money
    assert {use.promotion: use.points_micro for use in result.uses if use.points_micro} == +points
    assert {one.promotion for one in result.spent} <= {use.promotion for use in result.uses}
    found = {one.code for one in limited(programme, basket)}
    limits = {use.promotion for use in result.uses if programme.meters[use.promotion]}
    assert limits <= found


@given(programmes(), baskets())
def test_a_code_is_used_only_by_what_has_an_effect_and_pays_no_more_than_it_is_worth(
    document: dict[str, Any], basket: Basket
) -> None:
    result = evaluate(compile_programme(document), basket)
    worth = {one.code: one.value_minor or 0 for one in basket.promo_codes}
    paid: Counter[str] = Counter()
    for use in result.codes_used:
        assert use.code in worth
        assert use.promotion in {one.promotion for one in result.uses}
        paid[use.code] += use.value_minor
    assert all(paid[code] <= most for code, most in worth.items())
    given_by = {one.promotion: one.discount_minor for one in result.uses}
    by_promotion: Counter[str] = Counter()
    for use in result.codes_used:
        by_promotion[use.promotion] += use.value_minor
    assert all(minor <= given_by[code] for code, minor in by_promotion.items())


@given(programmes(), baskets())
def test_what_pays_out_codes_gives_just_what_they_pay(document: dict[str, Any], basket: Basket) -> None:
    result = evaluate(compile_programme(document), basket)
    coupons = {
        one["code"] for one in document["promotions"] if all(reward.get("value") == "code" for reward in one["rewards"])
    }
    given_by = {one.promotion: one.discount_minor for one in result.uses if one.promotion in coupons}
    paid: Counter[str] = Counter()
    for use in result.codes_used:
        paid[use.promotion] += use.value_minor
    assert {code: paid[code] for code in given_by} == given_by


@given(programmes(), baskets())
def test_a_code_that_nobody_presents_is_as_good_as_none(document: dict[str, Any], basket: Basket) -> None:
    programme = compile_programme(document)
    bare = replace(basket, codes=(), promo_codes=(), refused_codes={})
    spoiled = replace(basket, promo_codes=(), refused_codes=dict.fromkeys(basket.codes, "used"))
    without, refused = (effects(evaluate(programme, one)) for one in (bare, spoiled))
    assert all(one == {"code": one["code"], "usable": False, "reason": "used"} for one in refused.pop("codes"))
    assert without == refused


@given(baskets(), st.integers(1, 100), st.randoms())
def test_the_order_of_lines_does_not_matter_where_no_tie_names_it(
    basket: Basket, percent: int, random: Any
) -> None:
    programme = compile_programme(
        {
            "units": [{"code": "BONUS"}],
            "promotions": [
                {
                    "code": "A",
                    "state": "active",
                    "rewards": [
                        {"kind": "percent", "value": percent, "target": {"category": ["COFFEE", "FOOD"]}},
                        {"kind": "points", "unit": "BONUS", "percent": percent, "per": "line"},
                    ],
                }
            ],
        }
    )
    basket = replace(basket, certificates=(), spend=())
    mixed = replace(basket, lines=tuple(random.sample(basket.lines, len(basket.lines))))
    one, other = evaluate(programme, basket), evaluate(programme, mixed)
    assert {line.id: line for line in one.lines} == {line.id: line for line in other.lines}
    assert one.totals == other.totals
    assert {earned.amount_minor for earned in one.earned} == {earned.amount_minor for earned in other.earned}


@given(programmes(), baskets())
def test_certificates_pay_in_their_order_and_no_more_than_there_is(document: dict[str, Any], basket: Basket) -> None:
    """The first is drained before the next one pays; all together pay what one of their sum would."""
    programme = compile_programme(document)
    result = evaluate(programme, basket)
    good = [
        (one.amount_minor, used.value_minor)
        for one, used in zip(basket.certificates, result.certificates, strict=True)
        if not used.reasons
    ]
    is_drained = [paid == amount for amount, paid in good]
    assert all(paid <= amount for amount, paid in good)
    assert all(before or not paid for before, (_amount, paid) in zip(is_drained, good[1:], strict=False))
    whole = Certificate(id="ALL", amount_minor=sum(amount for amount, _paid in good))
    assert evaluate(programme, replace(basket, certificates=(whole,))).totals == result.totals


@given(programmes(), baskets(), st.integers(0, 5), st.integers(0, 10**6))
def test_what_sells_certificates_is_money_for_money(
    document: dict[str, Any], basket: Basket, place: int, price: int
) -> None:
    """The goods come to the same without it, and it to what it costs."""
    programme = compile_programme(document)
    sold = Line(id="GIFT", sku="GIFT", price_minor=price, prepaid=True)
    mixed = replace(basket, lines=(*basket.lines[:place], sold, *basket.lines[place:]))
    result, goods = evaluate(programme, mixed), evaluate(programme, basket)
    assert [line.id for line in result.lines] == [line.id for line in mixed.lines]
    assert tuple(line for line in result.lines if line.id != "GIFT") == goods.lines
    assert result.totals.to_pay_minor == goods.totals.to_pay_minor + price
    assert result.totals.prepaid_minor == price
    if basket.lines:
        assert (result.earned, result.spent, result.refusals) == (goods.earned, goods.spent, goods.refusals)
    else:
        assert not (result.earned or result.spent or result.messages or result.issued)


@given(baskets())
def test_a_basket_survives_its_document(basket: Basket) -> None:
    assert Basket.from_document(json.loads(json.dumps(basket.to_document()))) == basket


@given(programmes())
def test_a_promotion_survives_its_document(document: dict[str, Any]) -> None:
    for promotion in compile_programme(document).promotions:
        written = schema.write(promotion)
        again = schema.read(Promotion, json.loads(json.dumps(written)))
        assert replace(again, position=promotion.position) == promotion
        assert schema.write(again) == written


@given(st.integers(0, 100), st.sampled_from(["A", "B", "SPRING"]))
def test_the_control_group_is_as_large_as_it_is_to_be_and_always_the_same(percent: int, code: str) -> None:
    rewards = [{"kind": "percent", "value": 10}]
    document = {"code": code, "state": "active", "control_percent": percent, "rewards": rewards}
    (promotion,) = compile_programme({"promotions": [document]}).promotions
    control = {number for number in range(2000) if promotion.is_control(str(number))}
    assert abs(len(control) / 2000 - percent / 100) < 0.05
    larger = compile_programme({"promotions": [{**document, "control_percent": min(100, percent + 10)}]}).promotions[0]
    assert all(larger.is_control(str(number)) for number in control)


def test_the_control_group_gets_nothing_and_nobody_is_in_it_who_is_not_known() -> None:
    document = {"code": "A", "state": "active", "control_percent": 100, "rewards": [{"kind": "percent", "value": 10}]}
    programme = compile_programme({"promotions": [document]})
    basket = {"at": "2026-11-23T08:30:00", "lines": [{"id": "1", "sku": "A", "price_minor": 1000}]}
    assert evaluate(programme, Basket.from_document(basket)).totals.discount_minor == 100
    result = evaluate(programme, Basket.from_document({**basket, "member": {"id": "7"}}))
    assert (result.totals.discount_minor, [one.code for one in result.refusals]) == (0, ["control"])
