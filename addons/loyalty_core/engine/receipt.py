"""A receipt while it is being calculated, and a promotion's turn at it.

The receipt keeps what is true of every line by position; the turn is the only way in which rewards change it,
so that floors, caps, closed lines and the choice of the group hold for every kind of reward, also for those
of other addons.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from .basket import NOTHING_USED, Basket, Certificate, Line, PromoCode, Used
from .limits import Meter
from .marks import marked
from .money import Runs, allocate, cut, half_up, units_of
from .registry import Condition, Phase, Reason, Reward
from .result import CertificateUse, Issue, Message, Suggestion, Usability
from .schema import MICRO
from .select import Target

if TYPE_CHECKING:
    from .promotion import Programme, Promotion, Unit


@dataclass(frozen=True, slots=True)
class Factor:
    """A further factor on the points of the named promotions and groups, for some lines."""

    promotion: str
    of: frozenset[str]
    factor_micro: int
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Accrual:
    """Points that a promotion gives as one lot; ``parts`` are of lines by position."""

    promotion: str
    unit: str
    parts: Mapping[int, int]
    active_from: datetime | None
    expires_at: datetime | None
    usable_when: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class PointsPayment:
    """Points that pay for lines, as a ``discount`` or as a ``payment``; ``parts`` are money of lines by
    position. Or they pay for a ``reward``, which has taken these parts off already."""

    promotion: str
    unit: str
    points_minor: int
    as_: str
    parts: Mapping[int, int]


class Units(NamedTuple):
    """So many units of a line that are alike: what one costs now, and what rates work on."""

    line: int
    value: int
    amount: int
    times: int


# What a fork has for itself; the rest belongs to the basket.
_CHANGING = (
    "current", "left", "spent", "consumed", "touched", "closed", "given", "asked",
    "accruals", "payments", "messages", "suggestions", "factors", "effective", "offered", "paid_out", "issues",
    "bases",
)  # fmt: skip


class Receipt:
    """What every line of a basket has left, and what promotions have given so far.

    base      shelf amounts
    current   what discounts have left
    floor     what no discount may pass: minimum price, line cap, the whole base where discounts are barred
    least     the floor without the cap
    left      what points and certificates have left to pay, too
    spent     what points have paid and is written as a discount of the line
    room      what the receipt's cap still allows
    touched   positions that a discount has touched
    closed    by position who closed it to the discounts of others: promotions and groups
    consumed  units by position that no other set, n-th unit or gift may use
    effective promotions that have given something; ``offered`` are those that would: points may pay, a gift is missing
    paid_out  what codes have paid for promotions, (promotion, code) → money of lines by position
    bases     what promotions have earned by and limits count, (promotion, shared limit) → measures by position
    usable    terms under which points are good on this receipt: as long as discounts are given, of those that do not
              look at them
    judged    what came of all terms, once discounts are given
    """

    def __init__(self, programme: "Programme", basket: Basket):
        settings = programme.settings
        lines = marked(basket.lines, basket.member, programme.choices, programme.favourites)
        self.programme = programme
        self.basket = basket
        self.lines = lines
        self.base = [line.base_minor for line in lines]
        self.current = list(self.base)
        self.least = [_least(line, base) for line, base in zip(lines, self.base, strict=True)]
        self.floor = [
            max(least, base - _share(base, settings.line_cap_percent))
            for least, base in zip(self.least, self.base, strict=True)
        ]
        self.room = _share(sum(self.base), settings.receipt_cap_percent)
        self.left = list(self.base)
        self.spent = [0] * len(lines)
        self.consumed = [0] * len(lines)
        self.certificates: tuple[CertificateUse, ...] = ()
        self.touched: set[int] = set()
        self.closed: dict[int, frozenset[tuple[str, str]]] = {}
        self.open = frozenset(i for i, line in enumerate(lines) if not line.no_discount)
        self.given: dict[str, dict[int, int]] = {}
        self.accruals: list[Accrual] = []
        self.payments: list[PointsPayment] = []
        self.messages: list[Message] = []
        self.suggestions: list[Suggestion] = []
        self.factors: list[Factor] = []
        self.paid_out: dict[tuple[str, str], dict[int, int]] = {}
        self.issues: list[Issue] = []
        self.bases: dict[tuple[str, str], dict[int, int]] = {}
        self.effective: set[str] = set()
        self.offered: set[str] = set()
        self.declined: dict[str, list[Reason]] = {}
        self.asked = {request.unit: request.amount_minor for request in basket.spend}
        self._picked: dict[int, tuple[int, ...]] = {}
        self.is_given = any(line.given is not None for line in lines)
        self._take_given()
        conditional = () if basket.member is None else basket.member.conditional
        self.terms = {one.terms: programme.terms(one.when) for one in conditional}
        self.judged: tuple[Usability, ...] = ()
        self.usable = frozenset(
            name
            for name, when in self.terms.items()
            if not (when is not None and when.is_late) and next(self._against(when), None) is None
        )

    def _against(self, when: Condition | None) -> Iterator[Reason]:
        """Why points with such terms are not good on this receipt."""
        return iter([Reason("unknown")]) if when is None else when.judge(self)

    def settle_terms(self, hear: Callable[[Iterator[Reason]], list[Reason]]) -> None:
        """Discounts are given: say of all points that are good on some receipts only whether they are good on this."""
        member = self.basket.member
        against = {name: tuple(hear(self._against(when))) for name, when in self.terms.items()}
        self.judged = tuple(
            Usability(one.terms, one.unit, one.amount_minor, against[one.terms])
            for one in (() if member is None else member.conditional)
            if one.unit in self.programme.units
        )
        self.usable = frozenset(name for name, reasons in against.items() if not reasons)

    def _take_given(self) -> None:
        """The discounts that the till has given stand, whatever the programme says of them."""
        for i, line in enumerate(self.lines):
            for one in line.given or ():
                if one.discount_minor:
                    parts = self.given.setdefault(one.promotion, {})
                    parts[i] = parts.get(i, 0) + one.discount_minor
                    self.current[i] -= one.discount_minor
                    self.left[i] -= one.discount_minor
                    self.touched.add(i)
                    self.effective.add(one.promotion)

    def fork(self) -> "Receipt":
        """A copy on which something can be tried; what it learns of the basket serves both."""
        other = object.__new__(Receipt)
        other.__dict__.update(self.__dict__)
        for name in _CHANGING:
            setattr(other, name, getattr(self, name).copy())
        other.declined = {}
        return other

    def pick(self, target: Target) -> tuple[int, ...]:
        """Positions of the selected lines."""
        found = self._picked.get(id(target))
        if found is None:
            found = target.pick(self.lines, self.touched)
            if target.is_static:
                self._picked[id(target)] = found
        return found

    def amounts(self, which: str) -> Sequence[int]:
        """``base``; ``current``, after discounts; or ``paid``, after points and certificates too."""
        if which == "base":
            return self.base
        if which == "current":
            return self.current
        return self.left

    def objection(self, reward: Reward) -> Reason | None:
        """Why a reward has nobody or nothing to act on."""
        if reward.for_member and self.basket.member is None:
            return Reason("identified")
        return None if not reward.needs_lines or self.pick(reward.target) else Reason("no_lines")

    def close(self, lines: Iterable[int], who: tuple[str, str]) -> None:
        """Close lines to the discounts of all others than this promotion, or the promotions of this group."""
        for i in lines:
            self.closed[i] = self.closed.get(i, frozenset()) | {who}

    def units(self, i: int) -> Runs:
        """What a line's whole units cost now, as (value, how many), the dearer first."""
        return units_of(self.current[i], self.lines[i].quantity_micro)

    def has_free(self, units: Mapping[int, int]) -> bool:
        """Whether so many whole units of these lines are not consumed."""
        return all(
            count <= self.lines[i].quantity_micro // MICRO - self.consumed[i] for i, count in units.items()
        )

    def free_units(self, i: int) -> Runs:
        """Those of them that are not consumed. Units of a line are alike: the first ones count as consumed."""
        return cut(self.units(i), self.consumed[i], self.lines[i].quantity_micro // MICRO)

    def balance(self, unit: str) -> int:
        """What the member's account of a unit had available before this purchase, whatever it is good for."""
        member = self.basket.member
        return 0 if member is None else member.balance(unit)

    def spendable(self, unit: str) -> int:
        """What of it is good on this receipt and does not pay for it yet."""
        member = self.basket.member
        if member is None:
            return 0
        usable = sum(one.amount_minor for one in member.conditional if one.unit == unit and one.terms in self.usable)
        return member.balances.get(unit, 0) + usable - self.paid_in(unit)

    def paid_in(self, unit: str) -> int:
        """How many points of a unit pay for this purchase already."""
        return sum(one.points_minor for one in self.payments if one.unit == unit)

    def used(self, meter: Meter, promotion: str) -> Used:
        """What other purchases have used of the limits that a promotion meets."""
        if meter.code:
            return self.basket.used_shared.get(meter.code, NOTHING_USED)
        return self.basket.used.get(promotion, NOTHING_USED)

    def reached(self, promotion: "Promotion") -> Iterator[Reason]:
        """Every limit that leaves nothing for one more use of a promotion."""
        is_identified = self.basket.member is not None
        for meter in self.programme.meters[promotion.code]:
            used, base = self.used(meter, promotion.code), meter.bounds.base_per_member
            yield from meter.told(meter.bounds.reached(used, is_identified))
            if base is not None and promotion.earns_by_basket:
                yield from meter.told(base.reached(used))

    def passed(self, meter: Meter, promotion: str) -> Iterator[Reason]:
        """Every limit that does not allow what a promotion has given so far, after the others of this receipt."""
        used = self.used(meter, promotion)
        # A factor has its effect later, on points of others: it is a use from now on.
        acting = self.effective | {factor.promotion for factor in self.factors}
        if others := acting & meter.promotions - {promotion}:
            used = replace(
                used,
                per_member=used.per_member + len(others),
                per_day=used.per_day + len(others),
                total=used.total + len(others),
                budget_minor=used.budget_minor + sum(map(self.discount_of, others)),
                budget_points_micro=used.budget_points_micro + sum(map(self.points_of, others)),
            )
        if meter.code:
            yield from meter.bounds.used_up(used)
        yield from meter.bounds.passed(used, self.discount_of(promotion), self.points_of(promotion))

    def counted(self, meter: Meter) -> dict[int, int]:
        """What has earned so far in this receipt and counts on limits, by line."""
        found: dict[int, int] = {}
        for promotion in meter.promotions:
            for i, part in self.bases.get((promotion, meter.code), {}).items():
                found[i] = found.get(i, 0) + part
        return found

    def discount_of(self, promotion: str) -> int:
        """The money that a promotion has taken off so far."""
        return sum(self.given.get(promotion, {}).values())

    def points_of(self, promotion: str) -> int:
        """The points that a promotion has given so far, of all units, in millionths of a point."""
        return sum(
            sum(one.parts.values()) * MICRO // 10 ** self.unit(one.unit).decimals
            for one in self.accruals
            if one.promotion == promotion
        )

    def paid_by(self, code: str) -> int:
        """The money that a promo code has paid so far."""
        return sum(sum(parts.values()) for (_promotion, one), parts in self.paid_out.items() if one == code)

    def unit(self, code: str) -> "Unit":
        return self.programme.units[code]

    def worth(self, unit: "Unit") -> tuple[int, int]:
        """The ratio of minor units of money to minor units of points."""
        return unit.worth(self.programme.decimals)

    @property
    def certificates_minor(self) -> int:
        return sum(one.value_minor for one in self.certificates)

    def settle_certificates(self, hear: Callable[[Iterator[Reason]], list[Reason]]) -> None:
        """One after another they pay for all lines in proportion, as far as there is something left to pay."""
        self.certificates = tuple(self._settle(one, hear) for one in self.basket.certificates)

    def _settle(self, one: Certificate, hear: Callable[[Iterator[Reason]], list[Reason]]) -> CertificateUse:
        reasons = () if one.when is None else tuple(hear(self._against(self.programme.terms(one.when))))
        paid = 0 if reasons else min(one.amount_minor, sum(self.left))
        parts = allocate(paid, self.left, self.left)
        self.left = [left - part for left, part in zip(self.left, parts, strict=True)]
        by_line = tuple((line.id, part) for line, part in zip(self.lines, parts, strict=True) if part)
        return CertificateUse(one.id, paid, reasons, by_line)


class Turn:
    """One promotion at work on a receipt, perhaps on some lines only."""

    def __init__(self, receipt: Receipt, promotion: "Promotion", lines: frozenset[int] | None = None):
        self.receipt = receipt
        self.promotion = promotion
        self._lines = lines
        self._sets: list[Mapping[int, int]] = []
        self._open: frozenset[int] | None = None
        self._shares: dict[int, Fraction] = {}

    def on(self, receipt: Receipt) -> "Turn":
        """The same turn at another receipt."""
        turn = Turn(receipt, self.promotion, self._lines)
        turn._sets = list(self._sets)
        return turn

    def run(self, phase: Phase) -> bool:
        """Apply the promotion's rewards of a phase, in their order, where there is somebody and something.

        False, and nothing of it, where that is more than its budget has left.
        """
        rewards = [reward for reward in self.promotion.rewards if reward.acts_in is phase]
        return not rewards or self.attempt(lambda turn: turn._apply(rewards))

    def attempt(self, act: Callable[["Turn"], object]) -> bool:
        """Let it act, unless it would give more than is left of a budget, or others of this receipt have taken the last
        use: then nothing, and that is why."""
        code = self.promotion.code
        meters = [one for one in self.receipt.programme.meters[code] if one.code or one.bounds.has_budget]
        if meters:
            trial = self.on(self.receipt.fork())
            act(trial)
            reasons = [reason for one in meters for reason in one.told(trial.receipt.passed(one, code))]
            for reason in reasons:
                self.decline(reason.code, **reason.params)
            if reasons:
                return False
        act(self)
        return True

    def _apply(self, rewards: Iterable[Reward]) -> None:
        self._open = None
        judged = [(reward, self.receipt.objection(reward)) for reward in rewards]
        measured = self._cut([reward for reward, objection in judged if objection is None and reward.earns_on])
        if measured is None:
            return
        for reward, objection in judged:
            if objection is None:
                reward.apply(self)
            else:
                self.decline(objection.code)
        self._count(measured)

    def _cut(self, earning: Sequence[Reward]) -> list[tuple[Meter, dict[int, int]]] | None:
        """Of the lines by which these rewards earn, leave what limits let earn: of each the same share, to the last
        unit by largest remainder. What others of this receipt have earned by counts already, and is free.

        Answers what each limit measures; None, and the reason is told, where one leaves nothing.
        """
        self._shares = {}
        found = []
        for meter in self.receipt.programme.meters[self.promotion.code] if earning else ():
            if meter.bounds.base_per_member is None:
                continue
            measures = self._measures(earning, meter.bounds.base_per_member.is_quantity)
            wanted = {i: part for i, measure in measures.items() if (part := self._share(i, measure))}
            kept = self._kept(meter, wanted)
            if wanted and not any(kept.values()):
                used, before = self.receipt.used(meter, self.promotion.code), self.receipt.counted(meter)
                for reason in meter.told(meter.bounds.base_per_member.reached(used, sum(before.values()))):
                    self.decline(reason.code, **reason.params)
                return None
            for i, part in wanted.items():
                self._shares[i] = self._shares.get(i, Fraction(1)) * Fraction(kept[i], part)
            found.append((meter, measures))
        return found

    def _kept(self, meter: Meter, wanted: Mapping[int, int]) -> dict[int, int]:
        """Of what would earn, what a limit of the base lets earn, by line."""
        receipt, base = self.receipt, meter.bounds.base_per_member
        counted = receipt.counted(meter)
        free = {i: min(part, counted.get(i, 0)) for i, part in wanted.items()}
        rest = {i: part - free[i] for i, part in wanted.items()}
        # Of equal remainders the same ones get the last units, however the lines are ordered.
        order = sorted(rest, key=lambda i: (-rest[i], receipt.lines[i].sku, i))
        weights = [rest[i] for i in order]
        left = sum(weights)
        if base is not None:
            left = min(left, max(0, base.left(receipt.used(meter, self.promotion.code)) - sum(counted.values())))
        parts = dict(zip(order, allocate(left, weights, weights), strict=True))
        return {i: free[i] + parts[i] for i in wanted}

    def _measures(self, earning: Iterable[Reward], is_quantity: bool) -> dict[int, int]:
        """Line → how much of it earns, before any limit: its quantity, or the largest of its amounts."""
        found: dict[int, int] = {}
        for reward in earning:
            amounts = self.receipt.amounts(reward.earns_on)
            for i in self.pick(reward.target):
                measure = self.receipt.lines[i].quantity_micro if is_quantity else amounts[i]
                found[i] = max(found.get(i, 0), measure)
        return found

    def _count(self, measured: Iterable[tuple[Meter, Mapping[int, int]]]) -> None:
        """What has earned counts on the limits that measure it, as far as it does not count already."""
        receipt, code = self.receipt, self.promotion.code
        if not any(one.promotion == code for one in receipt.accruals):
            return
        for meter, measures in measured:
            counted = receipt.counted(meter)
            parts = {i: self._share(i, measure) - counted.get(i, 0) for i, measure in measures.items()}
            receipt.bases[code, meter.code] = {i: part for i, part in parts.items() if part > 0}

    def _share(self, i: int, measure: int) -> int:
        """Of a measure of a line what limits let earn."""
        share = self._shares.get(i)
        return measure if share is None else half_up(measure * share.numerator, share.denominator)

    def _open_lines(self) -> frozenset[int]:
        """The lines that no other has closed to this promotion; for an exclusive one, that no other has touched."""
        receipt, promotion = self.receipt, self.promotion
        found = receipt.open
        if receipt.closed:
            own = {("promotion", promotion.code), ("group", promotion.group)}
            found -= {i for i, who in receipt.closed.items() if not who <= own}
        if promotion.exclusive:
            found -= receipt.touched - receipt.given.get(promotion.code, {}).keys()
        return found

    # what a reward may know

    def pick(self, target: Target) -> list[int]:
        """Selected lines that are this promotion's."""
        found = self.receipt.pick(target)
        return [i for i in found if self._lines is None or i in self._lines]

    def discountable(self, target: Target) -> list[int]:
        """Selected lines that this promotion may discount."""
        picked = self.pick(target)
        if self._open is None:
            self._open = self._open_lines()
        found = [i for i in picked if i in self._open]
        if not found:
            self.decline("closed" if picked else "no_lines")
        return found

    def current(self, lines: Iterable[int]) -> dict[int, int]:
        """What earlier discounts left of these lines: the weights by which an amount is spread over them."""
        return {i: self.receipt.current[i] for i in lines}

    def units(self, lines: Iterable[int]) -> list[Units]:
        """The whole units of these lines: of so many as the promotion may give to, the dearest."""
        found = [
            Units(i, value, value, times) for i in lines for value, times in self.receipt.units(i)
        ]
        most = self.promotion.limits.per_receipt
        return found if most is None else first_units(sorted(found, key=_dearest), most)

    def free_units(self, lines: Iterable[int]) -> list[Units]:
        """The whole units of these lines that no set, n-th unit or gift has consumed."""
        found = []
        for i in lines:
            passed = self.receipt.consumed[i]
            rated = units_of(self.amount(i), self.receipt.lines[i].quantity_micro)
            for value, times in self.receipt.free_units(i):
                for amount, alike in cut(rated, passed, passed + times):
                    found.append(Units(i, value, amount, alike))
                passed += times
        return found

    def room(self, i: int) -> int:
        """How much may still be taken off a line."""
        return max(0, self.receipt.current[i] - self.receipt.floor[i])

    def amount(self, i: int) -> int:
        """What rates work on: what earlier discounts left, or the shelf amount."""
        return (self.receipt.base if self.promotion.basis == "base" else self.receipt.current)[i]

    def factors(self, lines: Collection[int]) -> tuple[dict[int, int], int]:
        """The product of the factors on this promotion's points: a numerator for each line, and a
        denominator."""
        numerators, denominator = dict.fromkeys(lines, 1), 1
        for factor in self.receipt.factors:
            if not factor.of.isdisjoint((self.promotion.code, self.promotion.group)):
                for i in lines:
                    numerators[i] *= factor.factor_micro if i in factor.lines else MICRO
                denominator *= MICRO
                self.receipt.effective.add(factor.promotion)
        return numerators, denominator

    def given(self, of: frozenset[str]) -> list[int]:
        """What the named promotions and groups have taken off each line so far."""
        given = [0] * len(self.receipt.lines)
        for code, parts in self.receipt.given.items():
            if not of.isdisjoint(self.receipt.programme.names_of(code)):
                for i, part in parts.items():
                    given[i] += part
        return given

    def earning(self, measures: Sequence[int]) -> Sequence[int]:
        """Of measures of all lines what limits let earn."""
        return [self._share(i, measure) for i, measure in enumerate(measures)] if self._shares else measures

    # what a reward may do

    def discount(self, wanted: Mapping[int, int], most: int | None = None) -> int:
        """Take these amounts off lines, none below its floor; of more than ``most`` or the cap each gets its
        share. Returns what was taken off."""
        rooms = {i: min(part, self.room(i)) for i, part in wanted.items() if part}
        limit = self.receipt.room if most is None else min(most, self.receipt.room)
        if sum(rooms.values()) > limit:
            parts = list(rooms.values())
            rooms = dict(zip(rooms, allocate(limit, parts, parts), strict=True))
        return self._give(rooms)

    def spread(self, amount: int, weights: Mapping[int, int]) -> int:
        """Take an amount off lines in proportion to weights; what one cannot take passes to the others. Returns
        what was taken off."""
        rooms = [min(weight, self.room(i)) for i, weight in weights.items()]
        parts = allocate(min(amount, self.receipt.room), list(weights.values()), rooms)
        return self._give(dict(zip(weights, parts, strict=True)))

    def spread_over_sets(self, target: Target, off: Callable[[int], int]) -> None:
        """Take an amount, which ``off`` tells from the cost of its selected units, off each whole set.

        The promotion's condition finds the sets. The units of a set that gets something are consumed; the
        promotion's other rewards per set get this set again.
        """
        lines = set(self.discountable(target))
        counted = set(self.pick(target))
        kept = len(self._sets)
        sets = [*self._sets, *self._further_sets()]
        for number, (units, costs) in enumerate(zip(sets, self._costs(sets), strict=True)):
            amount = off(sum(cost for i, cost in costs.items() if i in counted))
            given = amount and self.spread(amount, {i: cost for i, cost in costs.items() if i in lines})
            if given and number >= kept:
                self._sets.append(units)
                self.consume(units)

    def _further_sets(self) -> tuple[Mapping[int, int], ...]:
        most = self.promotion.limits.sets - len(self._sets)
        return self.promotion.when.sets(self.receipt, most) if most else ()

    def _costs(self, sets: Iterable[Mapping[int, int]]) -> list[dict[int, int]]:
        """What the units of each set cost now, by line; those of the first set are the dearest."""
        passed = list(self.receipt.consumed)
        for units in self._sets:
            for i, count in units.items():
                passed[i] -= count
        found = []
        for units in sets:
            costs = {}
            for i, count in sorted(units.items()):
                runs = cut(self.receipt.units(i), passed[i], passed[i] + count)
                costs[i] = sum(value * times for value, times in runs)
                passed[i] += count
            found.append(costs)
        return found

    def consume(self, units: Mapping[int, int]) -> None:
        """Let no other set, n-th unit or gift of the receipt use so many units of these lines."""
        for i, count in units.items():
            self.receipt.consumed[i] += count

    def _give(self, parts: Mapping[int, int]) -> int:
        receipt, code = self.receipt, self.promotion.code
        if receipt.is_given:
            return 0
        given = dict(receipt.given.get(code, ()))
        for i, part in parts.items():
            if part:
                receipt.current[i] -= part
                receipt.left[i] -= part
                receipt.room -= part
                receipt.touched.add(i)
                given[i] = given.get(i, 0) + part
        receipt.given[code] = given
        total = sum(parts.values())
        if total:
            receipt.effective.add(code)
        elif parts:
            self.decline("no_room")
        if self.promotion.exclusive:
            receipt.close(given, ("promotion", code))
        return total

    def pay_out(self, lines: Sequence[int]) -> None:
        """Take off what the presented codes are worth, one after another, as far as there is room."""
        receipt = self.receipt
        weights = self.current(lines)
        for code in self._valued():
            left = (code.value_minor or 0) - receipt.paid_by(code.code)
            before = self._taken()
            if left and not receipt.is_given:
                self.spread(left, weights)
            parts = {i: part - before.get(i, 0) for i, part in self._taken().items() if part > before.get(i, 0)}
            if receipt.is_given:
                parts = self._given_by_till(left)
            if parts:
                receipt.paid_out[self.promotion.code, code.code] = parts
        if not self._paid():
            self.decline("no_value")

    def keep_paid(self, paid: Mapping[str, Mapping[int, int]]) -> None:
        """Of what codes would pay (code → money of lines), that much is paid which was given."""
        taken = dict(self._taken())
        for code, wanted in paid.items():
            parts = {i: min(part, taken.get(i, 0)) for i, part in wanted.items() if taken.get(i)}
            for i, part in parts.items():
                taken[i] -= part
            if parts:
                self.receipt.paid_out[self.promotion.code, code] = parts

    def _valued(self) -> list[PromoCode]:
        """The codes with a value by which the promotion's condition holds, each once."""
        found = {one.code: one for codes in self.promotion.when.codes(self.receipt) for one in codes}
        return [one for one in found.values() if one.value_minor is not None]

    def _taken(self) -> Mapping[int, int]:
        return self.receipt.given.get(self.promotion.code, {})

    def _paid(self) -> dict[int, int]:
        """What codes have paid for this promotion, by line."""
        paid: dict[int, int] = {}
        for (promotion, _code), parts in self.receipt.paid_out.items():
            if promotion == self.promotion.code:
                for i, part in parts.items():
                    paid[i] = paid.get(i, 0) + part
        return paid

    def _given_by_till(self, left: int) -> dict[int, int]:
        """Of what the till has given under this promotion, that which a code with so much left has paid."""
        paid = self._paid()
        open_ = {i: part - paid.get(i, 0) for i, part in self._taken().items() if part > paid.get(i, 0)}
        parts = allocate(min(left, sum(open_.values())), list(open_.values()), list(open_.values()))
        return {i: part for i, part in zip(open_, parts, strict=True) if part}

    def issue(self, issue: Issue) -> None:
        """Let the customer have something for later."""
        self.receipt.issues.append(issue)
        self.receipt.effective.add(self.promotion.code)

    def earn(self, accrual: Accrual) -> None:
        """Accrue points, as one lot."""
        self.receipt.accruals.append(accrual)
        self.receipt.effective.add(self.promotion.code)

    def pay(self, payment: PointsPayment) -> None:
        """Let points pay for lines."""
        receipt, is_discount = self.receipt, payment.as_ == "discount"
        for i, part in payment.parts.items():
            receipt.left[i] -= part
            receipt.spent[i] += part if is_discount else 0
        if is_discount and receipt.programme.settings.caps_include_points:
            receipt.room -= sum(payment.parts.values())
        receipt.payments.append(payment)
        asked = receipt.asked[payment.unit]
        receipt.asked[payment.unit] = None if asked is None else asked - payment.points_minor
        receipt.effective.add(self.promotion.code)

    def redeem(self, payment: PointsPayment) -> None:
        """Let points pay for a discount that was given."""
        self.receipt.payments.append(payment)

    def say(self, message: Message) -> None:
        """Tell somebody something."""
        self.receipt.messages.append(message)
        self.receipt.effective.add(self.promotion.code)

    def suggest(self, target: Target, quantity: int) -> None:
        """Tell what the customer could still take and would get; of a receipt that is a fact nothing."""
        if not self.receipt.is_given:
            self.receipt.suggestions.append(Suggestion(self.promotion.code, target, quantity))
            self.receipt.offered.add(self.promotion.code)

    def multiply(self, factor: Factor) -> None:
        """Let a factor work on points that are accrued later in this calculation."""
        self.receipt.factors.append(factor)

    def decline(self, code: str, **params: object) -> None:
        """Note why a reward has no effect; it is told when the whole promotion has none."""
        reasons = self.receipt.declined.setdefault(self.promotion.code, [])
        if (reason := Reason(code, params)) not in reasons:
            reasons.append(reason)


def first_units(units: Iterable[Units], count: int) -> list[Units]:
    """The first so many."""
    found = []
    for one in units:
        taken = min(one.times, count)
        if taken:
            found.append(one._replace(times=taken))
        count -= taken
    return found


def _dearest(units: Units) -> tuple[int, int]:
    return -units.value, units.line


def _least(line: Line, base: int) -> int:
    if line.no_discount:
        return base
    return min(base, half_up(line.min_price_minor * line.quantity_micro, MICRO))


def _share(amount: int, percent: int | None) -> int:
    """A cap never lets more through than its per cent say; without one it is the whole amount."""
    return amount if percent is None else amount * percent // MICRO
