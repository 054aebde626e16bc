"""Combination: in which order promotions of a group work, and which of them.

Groups work in order of sequence. Within a group the order is priority, weight, benefit to the customer on the
basket as the group finds it (each high first), then creation. ``all`` lets every promotion work in that
order, ``first`` the first that has an effect, ``best`` the one with the greatest benefit, for the receipt or
for each line by itself.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from .promotion import Group, Promotion
from .receipt import Receipt, Turn
from .registry import Phase, Reason
from .schema import MICRO

Hear = Callable[[Iterator[Reason]], list[Reason]]


@dataclass(frozen=True, slots=True)
class Gain:
    """What a promotion would do on the basket as its group finds it, in millionths of minor units of
    money."""

    promotion: Promotion
    discounts: dict[int, int]
    by_line: dict[int, int]
    consumed: dict[int, int]
    paid: dict[str, dict[int, int]]  # by promo codes, of the discounts

    @property
    def total(self) -> int:
        return sum(self.by_line.values())


class Combination:
    """The discounts of a receipt: ``turns`` are the chosen promotions in order, ``refused`` the others with
    reasons."""

    def __init__(self, receipt: Receipt, hear: Hear):
        self.receipt = receipt
        self.turns: list[Turn] = []
        self.refused: dict[str, list[Reason]] = {}
        self._hear = hear

    def work(self, eligible: Iterable[Promotion]) -> None:
        """Let every group work on its eligible promotions."""
        members: dict[str, list[Promotion]] = defaultdict(list)
        for promotion in eligible:
            members[promotion.group].append(promotion)
        for group in self.receipt.programme.groups:
            if members[group.code]:
                self._work_group(group, members[group.code])

    def _work_group(self, group: Group, members: Sequence[Promotion]) -> None:
        before = list(self.receipt.current)
        _CHOICES[group.choose, group.per](self, group, members)
        if group.exclusive:
            touched = (i for i, amount in enumerate(before) if self.receipt.current[i] < amount)
            self.receipt.close(touched, ("group", group.code))

    def _all(self, group: Group, members: Sequence[Promotion]) -> None:
        for promotion in self._in_order(members):
            self._act(promotion)

    def _first(self, group: Group, members: Sequence[Promotion]) -> None:
        self._only_one(group, self._in_order(members))

    def _best(self, group: Group, members: Sequence[Promotion]) -> None:
        gains = {one.code: self._gain(one).total for one in members}
        self._only_one(group, sorted(members, key=lambda one: (-gains[one.code], *_rank(one))))

    def _best_by_line(self, group: Group, members: Sequence[Promotion]) -> None:
        ready = [one for one in sorted(members, key=_rank) if self._is_ready(one)]
        gains = [self._gain(one) for one in ready]
        won: dict[str, set[int]] = defaultdict(set)
        for i in range(len(self.receipt.lines)):
            best = max(gains, key=lambda gain: gain.by_line.get(i, 0), default=None)
            if best is not None and best.by_line.get(i):
                won[best.promotion.code].add(i)
        for gain in gains:
            self._act_on(gain, frozenset(won[gain.promotion.code]), group)

    def _only_one(self, group: Group, ordered: Sequence[Promotion]) -> None:
        chosen = next((one for one in ordered if self._act(one)), None)
        settled = {*self.refused, *self.receipt.offered}
        for promotion in ordered:
            if chosen is not None and promotion is not chosen and promotion.code not in settled:
                self._refuse(promotion, [Reason("not_chosen", {"group": group.code, "chosen": chosen.code})])

    def _act(self, promotion: Promotion) -> bool:
        """The promotion's turn; whether it has an effect."""
        return self._is_ready(promotion) and self._finish(*self._discounting(promotion))

    def _act_on(self, gain: Gain, lines: frozenset[int], group: Group) -> None:
        """The turn of a promotion that won these lines: each gets the discount with which it was won."""
        if not lines:
            self._refuse(gain.promotion, [Reason("not_chosen", {"group": group.code})])
            return
        if not self.receipt.has_free(gain.consumed):
            self._refuse(gain.promotion, [Reason("no_units")])
            return
        turn = Turn(self.receipt, gain.promotion, lines)
        parts = {i: part for i, part in gain.discounts.items() if i in lines}
        paid = {code: {i: part for i, part in one.items() if i in lines} for code, one in gain.paid.items()}
        is_within_budget = turn.attempt(lambda one: one.discount(parts))
        turn.keep_paid(paid)
        if self._finish(turn, is_within_budget):
            turn.consume(gain.consumed)

    def _discounting(self, promotion: Promotion) -> tuple[Turn, bool]:
        turn = Turn(self.receipt, promotion)
        return turn, turn.run(Phase.DISCOUNT)

    def _finish(self, turn: Turn, is_within_budget: bool) -> bool:
        promotion = turn.promotion
        touched = self.receipt.given.get(promotion.code)
        later = any(
            one.acts_in is not Phase.DISCOUNT and self.receipt.objection(one) is None
            for one in promotion.substance
        )
        if not is_within_budget or (not touched and not later):
            if promotion.code not in self.receipt.offered:
                return self._refuse(promotion, self.receipt.declined.get(promotion.code, []))
            self.turns.append(turn)  # what tells of the offer is told; another may still be chosen
            return False
        self.turns.append(turn)
        return True

    def _is_ready(self, promotion: Promotion) -> bool:
        """Whether a condition on what earlier promotions left holds now."""
        is_judged_now = promotion.when.is_late and not promotion.when.is_last
        reasons = self._hear(promotion.when.judge(self.receipt)) if is_judged_now else []
        return not reasons or self._refuse(promotion, reasons)

    def _refuse(self, promotion: Promotion, reasons: list[Reason]) -> bool:
        self.refused[promotion.code] = reasons or [Reason("no_effect")]
        return False

    def _in_order(self, members: Sequence[Promotion]) -> list[Promotion]:
        """By priority, weight, benefit, creation; the benefit is worked out only where it decides."""
        ties = Counter((one.priority, one.weight) for one in members)
        gains = {one.code: self._gain(one).total for one in members if ties[one.priority, one.weight] > 1}
        return sorted(
            members, key=lambda one: (-one.priority, -one.weight, -gains.get(one.code, 0), one.position)
        )

    def _gain(self, promotion: Promotion) -> Gain:
        """The benefit of a promotion, tried by itself on the basket as it is now, without points spent."""
        fork = self.receipt.fork()
        turn = Turn(fork, promotion)
        turn.run(Phase.ACCRUE)
        turn.run(Phase.DISCOUNT)
        discounts = fork.given.get(promotion.code, {})
        by_line = {i: part * MICRO for i, part in discounts.items()}
        for accrual in fork.accruals:
            numerator, denominator = fork.worth(fork.unit(accrual.unit))
            for i, points in accrual.parts.items():
                by_line[i] = by_line.get(i, 0) + points * numerator * MICRO // denominator
        before, after = self.receipt.consumed, fork.consumed
        consumed = {} if after == before else {i: after[i] - count for i, count in enumerate(before)}
        paid = {code: parts for (one, code), parts in fork.paid_out.items() if one == promotion.code}
        return Gain(promotion, discounts, by_line, consumed, paid)


def _rank(promotion: Promotion) -> tuple[int, int, int]:
    return -promotion.priority, -promotion.weight, promotion.position


_CHOICES: dict[tuple[str, str], Callable[[Combination, Group, Sequence[Promotion]], None]] = {
    ("all", "receipt"): Combination._all,
    ("first", "receipt"): Combination._first,
    ("best", "receipt"): Combination._best,
    ("best", "line"): Combination._best_by_line,
}
