"""The calculation of a basket, step by step.

Base, choice, discounts group after group, payment with points, accrual on what is left to pay, messages: the
steps of promotions.md section 6. ``evaluate`` looks only at promotions that the index finds and stops at the
first reason against each; ``explain`` looks at all and tells every reason. Both give the same effects.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice

from .basket import Basket, Line
from .combine import Combination, Hear
from .facts import Needs, gather
from .money import allocate
from .promotion import Programme, Promotion
from .receipt import Accrual, PointsPayment, Receipt, Turn
from .registry import PURCHASE, Condition, Phase, Reason
from .result import Base, Code, CodeUse, Earned, LineResult, Refusal, Result, Spendable, Spent, Totals, Use
from .select import basket_keys

#: What stands in the basket where there is no purchase.
NOTHING = Line(id="event", sku="", price_minor=0, no_discount=True)


def evaluate(programme: Programme, basket: Basket, named: Collection[str] = ()) -> Result:
    """What the programme does to the basket; one refusal for each promotion that was looked at in vain.

    ``named`` are codes of promotions that count although they are not active, for the test bench.
    """
    candidates = programme.candidates(basket_keys(basket.goods), named)
    return _calculate(programme, basket, candidates, named, lambda reasons: list(islice(reasons, 1)))


def limited(programme: Programme, basket: Basket, *, all_of_them: bool = False) -> list[Promotion]:
    """The promotions with limits that ``evaluate`` may look at (``explain``: all of them): what has been used of
    theirs belongs into ``Basket.used`` and ``Basket.used_shared``."""
    if not programme.has_limits:
        return []
    if all_of_them:
        return [one for one in programme.promotions if programme.meters[one.code]]
    return programme.limited(basket_keys(basket.goods))


def needed(programme: Programme, basket: Basket, *, all_of_them: bool = False) -> Needs:
    """What ``evaluate`` (``explain``: all of them) must know of the member of the basket beyond what it tells: for the
    promotions, and for the terms of the member's points and of certificates."""
    if basket.member is None:
        return Needs()
    looked_at: Sequence[Promotion] = programme.promotions if all_of_them else ()
    if programme.is_curious and not all_of_them:
        looked_at = programme.curious(basket_keys(basket.goods))
    of_certificates = (one.when for one in basket.certificates if one.when is not None)
    terms = chain((one.when for one in basket.member.conditional), of_certificates)
    of_terms = (need for when in terms for need in programme.needs_of_terms(when))
    return gather(chain((need for one in looked_at for need in programme.needs[one.code]), of_terms))


def set_off(programme: Programme, code: str, basket: Basket) -> Result:
    """What a promotion that something other than a purchase sets off gives the member of the basket at its moment.

    The basket has one line, of nothing: what is given stands on it. One refusal where the promotion gives nothing; it
    is `happened` where its event needs more of the member than it finds.
    """
    promotion = programme.promotion(code)
    receipt = Receipt(programme, replace(basket, lines=(NOTHING,)))
    against = list(islice(_unmoved(promotion, receipt), 1))
    turn = Turn(receipt, promotion)
    if not against:
        for phase in Phase:
            turn.run(phase)
        if code not in receipt.effective:
            against = receipt.declined.get(code) or [Reason("no_effect")]
    refusals = _refusals([promotion], {code: against}, lambda reasons: list(islice(reasons, 1)))
    return _result(receipt, (), refusals, _uses(receipt, {code}), ())


def holds(programme: Programme, condition: Condition, basket: Basket) -> bool:
    """Whether a condition that needs no purchase holds for the member of the basket at its moment."""
    return next(condition.judge(Receipt(programme, basket)), None) is None


def _unmoved(promotion: Promotion, receipt: Receipt) -> Iterator[Reason]:
    """Why what has happened does not set it off."""
    if promotion.on is None:
        yield Reason("event", {"event": PURCHASE})
    elif promotion.on.condition is not None:
        yield from (Reason("happened") for _reason in promotion.on.condition.judge(receipt))
    member = receipt.basket.member
    if member is not None and promotion.is_control(member.id):
        yield Reason("control")
    yield from promotion.dates(receipt.basket.at)
    yield from receipt.reached(promotion)
    yield from promotion.when.judge(receipt)


def explain(programme: Programme, basket: Basket, named: Collection[str] = ()) -> Result:
    """The same effects, with every reason why any promotion of the programme had none."""
    return _calculate(programme, basket, programme.promotions, named, list)


def _calculate(
    programme: Programme, basket: Basket, looked_at: Sequence[Promotion], named: Collection[str], hear: Hear
) -> Result:
    goods = basket.goods
    receipt = Receipt(programme, goods)
    if not goods.lines and basket.lines:
        looked_at = ()  # who buys nothing but money in another form buys nothing that a promotion is for
    looked_at = [
        one.offered_to(basket.member, programme.decimals) if one.code in programme.personal else one
        for one in looked_at
    ]
    against = {one.code: hear(_objections(one, receipt, named)) for one in looked_at}
    combination = Combination(receipt, hear)
    combination.work(one for one in looked_at if not against[one.code])
    turns = combination.turns
    _run(turns, Phase.TOTAL)
    receipt.settle_terms(hear)
    spendable = _spendable(receipt, turns)
    _run(turns, Phase.SPEND)
    receipt.settle_certificates(hear)
    turns = [turn for turn in turns if _holds_in_the_end(turn, hear)]
    _run(turns, Phase.FACTOR)
    _run(turns, Phase.ACCRUE)
    substantial = set(receipt.effective)
    _run([turn for turn in turns if _has_tale(turn)], Phase.TELL)
    used = substantial | {turn.promotion.code for turn in turns if _only_tells(turn)}
    in_vain = {
        turn.promotion.code: receipt.declined.get(turn.promotion.code) or [Reason("no_effect")]
        for turn in combination.turns
        if turn.promotion.code not in receipt.effective | receipt.offered
    }
    refused = {**against, **combination.refused, **in_vain}
    codes_used = _codes_used(receipt, [turn.promotion for turn in turns if turn.promotion.code in used])
    result = _result(receipt, spendable, _refusals(looked_at, refused, hear), _uses(receipt, used), codes_used)
    return result if goods is basket else _with_prepaid(result, basket)


def _objections(promotion: Promotion, receipt: Receipt, named: Collection[str]) -> Iterator[Reason]:
    """Every reason why a promotion is not eligible, as far as it does not depend on other promotions."""
    if promotion.on is not None:
        yield Reason("event", {"event": promotion.on.kind})
    if promotion.state != "active" and promotion.code not in named:
        yield Reason("state", {"state": promotion.state})
    yield from promotion.dates(receipt.basket.at)
    if promotion.control_percent and receipt.basket.member and promotion.is_control(receipt.basket.member.id):
        yield Reason("control")
    yield from receipt.reached(promotion)
    if not promotion.when.is_late:
        yield from promotion.when.judge(receipt)
    if not promotion.rewards:
        yield Reason("no_offer")
    objections = [receipt.objection(one) if one.target.is_static else None for one in promotion.substance]
    if all(objections):
        codes = dict.fromkeys(objection.code for objection in objections if objection)
        yield from map(Reason, codes)


def _holds_in_the_end(turn: Turn, hear: Hear) -> bool:
    """Whether a condition on what is left to pay holds, once that is known."""
    when = turn.promotion.when
    reasons = hear(when.judge(turn.receipt)) if when.is_last else []
    for reason in reasons:
        turn.decline(reason.code, **reason.params)
    return not reasons


def _run(turns: Iterable[Turn], phase: Phase) -> None:
    for turn in turns:
        turn.run(phase)


def _has_tale(turn: Turn) -> bool:
    """What only tells goes with what it tells of."""
    receipt = turn.receipt
    return _only_tells(turn) or turn.promotion.code in receipt.effective | receipt.offered


def _only_tells(turn: Turn) -> bool:
    return all(one.acts_in is Phase.TELL for one in turn.promotion.rewards)


def _uses(receipt: Receipt, codes: Collection[str]) -> tuple[Use, ...]:
    """What a promotion gave is a use of it, also where that is but a factor or a message; an offer to pay with
    points that was not taken is none."""
    return tuple(
        Use(code, receipt.discount_of(code), receipt.points_of(code), _bases(receipt, code))
        for code in sorted(receipt.effective.intersection(codes))
    )


def _bases(receipt: Receipt, code: str) -> tuple[Base, ...]:
    return tuple(
        Base(meter.code, meter.bounds.base_per_member.is_quantity, _by_id(receipt, receipt.bases[code, meter.code]))
        for meter in receipt.programme.meters.get(code, ())
        if meter.bounds.base_per_member is not None and (code, meter.code) in receipt.bases
    )


def _codes_used(receipt: Receipt, promotions: Iterable[Promotion]) -> tuple[CodeUse, ...]:
    """The codes that promotions with an effect have taken: those that paid, or else the first that was good enough. A
    code that none of them took is not used up."""
    uses: dict[tuple[str, str], CodeUse] = {}
    for promotion in promotions:
        for codes in promotion.when.codes(receipt):
            paid = {one.code: receipt.paid_out.get((promotion.code, one.code), {}) for one in codes}
            for code in [code for code, parts in paid.items() if parts] or [codes[0].code]:
                total, by_line = sum(paid[code].values()), _by_id(receipt, paid[code])
                uses[code, promotion.code] = CodeUse(code, promotion.code, total, by_line)
    return tuple(uses.values())


def _codes(basket: Basket) -> tuple[Code, ...]:
    known = {one.code: one for one in basket.promo_codes}
    return tuple(
        Code(code, known[code].pool, "", known[code].value_minor)
        if code in known
        else Code(code, "", basket.refused_codes.get(code, "unknown"), None)
        for code in basket.codes
    )


def _spendable(receipt: Receipt, turns: Sequence[Turn]) -> tuple[Spendable, ...]:
    """Of each unit, as many points as would be spent if all were asked for."""
    units = dict.fromkeys(
        one.unit for turn in turns for one in turn.promotion.rewards if one.acts_in is Phase.SPEND
    )
    return tuple(_spendable_of(receipt, turns, unit) for unit in units)


def _spendable_of(receipt: Receipt, turns: Sequence[Turn], unit: str) -> Spendable:
    trial = receipt.fork()
    trial.asked[unit] = None
    _run([turn.on(trial) for turn in turns], Phase.SPEND)
    payments = [one for one in trial.payments if one.unit == unit]
    receipt.offered.update(one.promotion for one in payments)
    return Spendable(unit, sum(one.points_minor for one in payments))


def _refusals(
    looked_at: Iterable[Promotion], refused: dict[str, list[Reason]], hear: Hear
) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(one.code, reason.code, reason.params)
        for one in looked_at
        for reason in hear(iter(refused.get(one.code, ())))
    )


def _result(
    receipt: Receipt,
    spendable: tuple[Spendable, ...],
    refusals: tuple[Refusal, ...],
    uses: tuple[Use, ...],
    codes_used: tuple[CodeUse, ...],
) -> Result:
    programme = receipt.programme
    return Result(
        lines=tuple(_line(receipt, i) for i in range(len(receipt.lines))),
        totals=_totals(receipt),
        earned=tuple(_earned(receipt, one) for one in receipt.accruals),
        spent=tuple(_spent(receipt, one) for one in receipt.payments),
        spendable=spendable,
        messages=tuple(receipt.messages),
        issued=tuple(receipt.issues),
        suggestions=tuple(receipt.suggestions),
        refusals=refusals,
        certificates=receipt.certificates,
        decimals=programme.decimals,
        unit_decimals={code: unit.decimals for code, unit in programme.units.items()},
        uses=uses,
        codes=_codes(receipt.basket),
        codes_used=codes_used,
        conditional=receipt.judged,
    )


def _with_prepaid(result: Result, basket: Basket) -> Result:
    """The lines that sell money in another form stand in their places, at what they are."""
    goods = {line.id: line for line in result.lines}
    prepaid = {line.id: line.base_minor for line in basket.lines if line.prepaid}
    lines = (
        goods.get(line.id) or LineResult(line.id, prepaid[line.id], 0, 0, prepaid[line.id], ()) for line in basket.lines
    )
    total = sum(prepaid.values())
    totals = replace(
        result.totals,
        base_minor=result.totals.base_minor + total,
        to_pay_minor=result.totals.to_pay_minor + total,
        prepaid_minor=total,
    )
    return replace(result, lines=tuple(lines), totals=totals)


def _line(receipt: Receipt, i: int) -> LineResult:
    base, current, spent = receipt.base[i], receipt.current[i], receipt.spent[i]
    given = tuple((code, parts[i]) for code, parts in receipt.given.items() if parts.get(i))
    return LineResult(receipt.lines[i].id, base, base - current, spent, current - spent, given)


def _totals(receipt: Receipt) -> Totals:
    base, current = sum(receipt.base), sum(receipt.current)
    spent = current - sum(receipt.left) - receipt.certificates_minor
    return Totals(
        base_minor=base,
        discount_minor=base - current,
        spent_minor=spent,
        certificates_minor=receipt.certificates_minor,
        to_pay_minor=current - spent - receipt.certificates_minor,
    )


def _earned(receipt: Receipt, one: Accrual) -> Earned:
    total = sum(one.parts.values())
    parts = _by_id(receipt, one.parts)
    return Earned(one.unit, total, one.promotion, one.active_from, one.expires_at, parts, one.usable_when)


def _spent(receipt: Receipt, one: PointsPayment) -> Spent:
    money = 0 if one.as_ == "reward" else sum(one.parts.values())
    points = dict(zip(one.parts, allocate(one.points_minor, list(one.parts.values())), strict=True))
    by_line, points_by_line = _by_id(receipt, one.parts) if money else (), _by_id(receipt, points)
    return Spent(one.unit, one.promotion, one.points_minor, money, one.as_, by_line, points_by_line)


def _by_id(receipt: Receipt, parts: Mapping[int, int]) -> tuple[tuple[str, int], ...]:
    return tuple((receipt.lines[i].id, part) for i, part in sorted(parts.items()) if part)
