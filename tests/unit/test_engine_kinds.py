"""Adding a kind is one file: what an addon registers takes part in everything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, ClassVar

import pytest
from engine import Basket, DocumentError, Line, compile_programme, evaluate, schema
from engine.receipt import Receipt, Turn
from engine.registry import CONDITIONS, REWARDS, Condition, Kinds, Phase, Reason, Reward
from engine.select import Keys, Target, keys_of, selection


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kinds of this file are known only here."""
    for kinds in (CONDITIONS, REWARDS):
        monkeypatch.setattr(kinds, "leaves", dict(kinds.leaves))
    CONDITIONS.register("pairs")(Pairs)
    CONDITIONS.register("code")(Code)
    REWARDS.register("penny")(Penny)


@dataclass(frozen=True, slots=True)
class Pairs(Condition):
    """Two units of the target make a set, in the order of lines."""

    target: Target = selection()

    @property
    def is_late(self) -> bool:
        return True

    @property
    def finds_sets(self) -> bool:
        return True

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if not self.sets(receipt, 1):
            yield Reason(self.kind)

    def sets(self, receipt: Receipt, most: int) -> tuple[Mapping[int, int], ...]:
        units = [
            i
            for i in receipt.pick(self.target)
            for _ in range(receipt.lines[i].quantity_micro // schema.MICRO - receipt.consumed[i])
        ]
        pairs = zip(units[::2], units[1::2], strict=False)
        return tuple({a: 2} if a == b else {a: 1, b: 1} for a, b in islice(pairs, most))


@dataclass(frozen=True, slots=True)
class Code(Condition):
    """A code has been given."""

    code: str = schema.text(max_length=64)

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        if self.code not in receipt.basket.codes:
            yield Reason(self.kind)

    def keys(self) -> Keys:
        return keys_of("code", [self.code])


@dataclass(frozen=True, slots=True)
class Penny(Reward):
    """A penny off each selected line."""

    phase: ClassVar[Phase] = Phase.DISCOUNT
    target: Target = selection()

    def apply(self, turn: Turn) -> None:
        turn.discount(dict.fromkeys(turn.discountable(self.target), 1))


def calculate(*promotions: dict[str, Any], lines: list[tuple[int, int]], codes: tuple[str, ...] = ()) -> Any:
    document = {"promotions": [{"state": "active", **one} for one in promotions]}
    basket = Basket(
        at=datetime(2026, 11, 23, 8, 30),
        lines=tuple(
            Line(id=str(n), sku=f"s{n}", price_minor=price, quantity_micro=quantity * schema.MICRO)
            for n, (price, quantity) in enumerate(lines)
        ),
        codes=codes,
    )
    return evaluate(compile_programme(document), basket)


def discounts(result: Any) -> list[int]:
    return [line.discount_minor for line in result.lines]


def test_a_new_kind_is_declared_indexed_and_applied() -> None:
    promotion = {"code": "A", "when": {"kind": "code", "code": "X"}, "rewards": [{"kind": "penny"}]}
    assert discounts(calculate(promotion, lines=[(100, 1)], codes=("X",))) == [1]
    without = calculate(promotion, lines=[(100, 1)])
    assert (discounts(without), without.refusals) == ([0], ())  # it was not even looked at


def test_a_name_is_taken_once() -> None:
    kinds: Kinds[Condition] = Kinds("condition")
    kinds.register("code")(Code)
    with pytest.raises(ValueError, match="condition code is registered already"):
        kinds.register("code")(Pairs)


def test_an_amount_per_set_is_spread_over_each_sets_units() -> None:
    promotion = {
        "code": "A",
        "when": {"kind": "pairs"},
        "rewards": [{"kind": "amount", "value": 3, "per": "set"}],
    }
    # units 10, 10 | 10, 20 | 20 is left over: 3 off the first line, then 1 and 2
    assert discounts(calculate(promotion, lines=[(1000, 3), (2000, 2)])) == [400, 200]


def test_a_price_per_set_is_the_price_of_the_whole_set() -> None:
    promotion = {
        "code": "A",
        "when": {"kind": "pairs"},
        "rewards": [{"kind": "price", "value": 15, "per": "set"}],
    }
    # 20 -> 15 on the first line; 10 and 20 -> 15: 5 and 10 off
    assert discounts(calculate(promotion, lines=[(1000, 3), (2000, 2)])) == [1000, 1000]


def test_a_consumed_unit_is_not_in_another_set() -> None:
    reward = {"kind": "amount", "value": 1, "per": "set"}
    first, second = (
        {"code": code, "priority": priority, "when": {"all": [{"kind": "pairs"}]}, "rewards": [reward]}
        for code, priority in (("A", 2), ("B", 1))
    )
    result = calculate(first, second, lines=[(1000, 3)])
    assert discounts(result) == [100]
    assert [(one.promotion, one.code) for one in result.refusals] == [("B", "pairs")]


def test_a_reward_per_set_needs_a_condition_that_finds_sets() -> None:
    with pytest.raises(DocumentError, match=r"promotions\[0\]\.when needs a condition that finds sets"):
        calculate({"code": "A", "rewards": [{"kind": "price", "value": 1, "per": "set"}]}, lines=[])


def test_named_promotions_count_although_they_are_drafts() -> None:
    document = {"promotions": [{"code": "A", "rewards": [{"kind": "percent", "value": 10}]}]}
    basket = Basket(at=datetime(2026, 11, 23), lines=(Line(id="1", sku="s", price_minor=1000),))
    programme = compile_programme(document)
    assert discounts(evaluate(programme, basket)) == [0]
    assert discounts(evaluate(programme, basket, named=["A", "UNKNOWN"])) == [100]
