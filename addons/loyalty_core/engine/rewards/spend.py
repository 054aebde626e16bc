"""``spend``: payment with points."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..money import allocate, half_up
from ..receipt import PointsPayment, Turn
from ..registry import REWARDS, Phase, Reward
from ..schema import MICRO
from ..select import Target, selection


@REWARDS.register("spend")
@dataclass(frozen=True, slots=True)
class Spend(Reward):
    """Points may pay for the selected lines, up to every limit that is given.

    Limits of money are floored to whole steps of points. The customer gets what was asked for as far as
    limits allow.
    """

    example: ClassVar[Mapping[str, object]] = {"unit": "BONUS", "max_percent": 30, "min_points": 10}

    phase: ClassVar[Phase] = Phase.SPEND
    for_member: ClassVar[bool] = True

    unit: str = schema.reference("units")
    max_percent: int | None = schema.percent(default=None, help="Of the amount of the lines before spending.")
    line_max_percent: int | None = schema.percent(
        default=None, help="Of the amount of each line before spending."
    )
    max_points: int | None = schema.micro(min=0, default=None)
    min_points: int | None = schema.micro(min=0, default=None, help="Fewer are not taken.")
    min_balance: int | None = schema.micro(
        min=0,
        default=None,
        help="Nothing is taken from a smaller balance; points count that are good on other receipts only.",
    )
    step: int | None = schema.micro(above=0, default=None, help="Only whole multiples are taken.")
    whole: bool = schema.flag(default=False, help="Only the entire sum of the lines, or nothing.")
    target: Target = selection()
    as_: str = schema.choice(
        "discount", "payment", default="discount", help="How it is written on the receipt."
    )
    cap_percent: int | None = schema.percent(
        default=None, help="Points and discounts together, of the shelf amount of the lines."
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.min_points is not None and self.max_points is not None and self.min_points > self.max_points:
            yield "max_points", "range", "must not be less than min_points"

    def apply(self, turn: Turn) -> None:
        rooms = self._rooms(turn)
        most = self._most(turn, rooms)
        asked = turn.receipt.asked.get(self.unit, 0)
        points = self._in_steps(turn, most if asked is None else min(asked, most))
        numerator, denominator = self._worth(turn)
        money = half_up(points * numerator, denominator)
        if points < self._minor(turn, self.min_points) or not money:
            return
        if self.whole and money < sum(turn.current(turn.pick(self.target)).values()):
            turn.decline("whole")
            return
        weights = [turn.receipt.current[i] for i in rooms]
        parts = dict(zip(rooms, allocate(money, weights, list(rooms.values())), strict=True))
        turn.pay(PointsPayment(turn.promotion.code, self.unit, points, self.as_, parts))

    def _rooms(self, turn: Turn) -> dict[int, int]:
        """How much money of each line points may pay."""
        receipt = turn.receipt
        floors = receipt.floor if receipt.programme.settings.caps_include_points else receipt.least
        rooms = {}
        for i in turn.pick(self.target):
            room = receipt.left[i]
            if self.as_ == "discount":
                room = min(room, receipt.current[i] - receipt.spent[i] - floors[i])
            if self.line_max_percent is not None:
                room = min(room, receipt.current[i] * self.line_max_percent // MICRO)
            rooms[i] = max(0, room)
        return rooms

    def _most(self, turn: Turn, rooms: Mapping[int, int]) -> int:
        """How many points may be spent at most; nothing, with the reason, where the account is too small."""
        receipt = turn.receipt
        if receipt.balance(self.unit) < self._minor(turn, self.min_balance):
            turn.decline("min_balance", unit=self.unit)
            return 0
        numerator, denominator = self._worth(turn)
        points = min(self._money(turn, rooms) * denominator // numerator, receipt.spendable(self.unit))
        if self.max_points is not None:
            points = min(points, self._minor(turn, self.max_points))
        points = self._in_steps(turn, max(0, points))
        if not points or points < self._minor(turn, self.min_points):
            turn.decline("points_limit", unit=self.unit)
        return points

    def _money(self, turn: Turn, rooms: Mapping[int, int]) -> int:
        receipt = turn.receipt
        limits = [sum(rooms.values())]
        if self.as_ == "discount" and receipt.programme.settings.caps_include_points:
            limits.append(receipt.room)
        if self.max_percent is not None:
            limits.append(sum(receipt.current[i] for i in rooms) * self.max_percent // MICRO)
        if self.cap_percent is not None:
            taken = sum(receipt.base[i] - receipt.left[i] for i in rooms)
            limits.append(sum(receipt.base[i] for i in rooms) * self.cap_percent // MICRO - taken)
        return max(0, min(limits))

    def _in_steps(self, turn: Turn, points: int) -> int:
        step = max(1, self._minor(turn, self.step))
        return points - points % step

    def _minor(self, turn: Turn, micro: int | None) -> int:
        return 0 if micro is None else turn.receipt.unit(self.unit).minor(micro)

    def _worth(self, turn: Turn) -> tuple[int, int]:
        return turn.receipt.worth(turn.receipt.unit(self.unit))
