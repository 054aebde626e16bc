"""What the engine answers: effects and refusals as plain frozen values.

Amounts are integers of minor units: of the currency for money, of the unit for points. ``to_document`` writes
them as numbers in whole units, which is the answer of the API.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from .registry import Reason
from .schema import MICRO, write
from .select import Target


@dataclass(frozen=True, slots=True)
class LineResult:
    """One line after the calculation: ``amount`` = base − discount − points spent as a discount.

    ``promotions`` are (code, discount_minor) in the order in which they were given; they sum to the discount.
    """

    id: str
    base_minor: int
    discount_minor: int
    spent_minor: int
    amount_minor: int
    promotions: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """The receipt as a whole: ``to_pay`` = base − discount − spent − certificates. ``prepaid`` is what of the base
    sells certificates: it is no turnover yet."""

    base_minor: int
    discount_minor: int
    spent_minor: int
    certificates_minor: int
    to_pay_minor: int
    prepaid_minor: int = 0


@dataclass(frozen=True, slots=True)
class Earned:
    """One accrual, one lot. ``by_line`` (line id, points) sums to the amount.

    Without ``active_from`` it is active at once; without ``expires_at`` for ever; both are the store's wall
    clock, and the lot is no longer there at ``expires_at``. ``usable_when`` is the document of the condition that must
    hold on receipts for which the lot pays; without it it pays for every one.
    """

    unit: str
    amount_minor: int
    promotion: str
    active_from: datetime | None
    expires_at: datetime | None
    by_line: tuple[tuple[str, int], ...]
    usable_when: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """Points that pay: as a ``discount`` of lines or as a ``payment``. Both ``by_line`` sum to their
    wholes."""

    unit: str
    promotion: str
    points_minor: int
    money_minor: int
    as_: str
    by_line: tuple[tuple[str, int], ...]
    points_by_line: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Spendable:
    """How many points of a unit could pay for this basket."""

    unit: str
    max_minor: int


@dataclass(frozen=True, slots=True)
class Usability:
    """Whether points that are good on some receipts only are good on this one: ``reasons`` say why they are not."""

    terms: str
    unit: str
    amount_minor: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A text for the ``receipt``, the ``cashier`` or the ``customer``."""

    to: str
    text: str
    promotion: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What the customer could still take: so many units of the selection would become a gift. It is no use of the
    promotion."""

    promotion: str
    target: Target
    quantity: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a promotion had no effect. Names of amounts in ``params`` end in ``_minor`` (money) or
    ``_micro``."""

    promotion: str
    code: str
    params: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Base:
    """What a promotion has earned by, as far as it counts on a limit: on its own, or on shared ones (``limit``).

    ``by_line`` are amounts, or quantities where the limit measures those.
    """

    limit: str
    is_quantity: bool
    by_line: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(part for _line, part in self.by_line)


@dataclass(frozen=True, slots=True)
class Use:
    """What a promotion gave, for whoever counts its limits: money off, points of all units in millionths of a point,
    and what it earned by where that is limited."""

    promotion: str
    discount_minor: int
    points_micro: int
    bases: tuple[Base, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeUse:
    """A promotion with an effect that took a code, and what the code paid out for it: ``by_line`` sums to it."""

    code: str
    promotion: str
    value_minor: int
    by_line: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class CertificateUse:
    """What a certificate pays, ``by_line`` sums to it; ``reasons`` say why it does not pay for this purchase."""

    id: str
    value_minor: int
    reasons: tuple[Reason, ...]
    by_line: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Code:
    """What came of a code that was presented: ``reason`` says why it cannot be used, ``value_minor`` what it was worth
    before this purchase."""

    code: str
    pool: str
    reason: str
    value_minor: int | None


@dataclass(frozen=True, slots=True)
class Issue:
    """Something that the customer gets for later, by a promotion. Add-ons have sorts of their own; whoever books the
    purchase makes a thing of each ``sort``."""

    sort: ClassVar[str]

    promotion: str

    def to_document(self, decimals: int) -> dict[str, object]:
        """What is known of it before it is made; ``decimals`` are of the currency."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class CodeIssue(Issue):
    """A code of a pool. ``expires_at`` is the store's wall clock; without it the code is good for ever."""

    sort: ClassVar[str] = "code"

    pool: str
    bind: str
    value_minor: int | None
    expires_at: datetime | None

    def to_document(self, decimals: int) -> dict[str, object]:
        return {
            "pool": self.pool,
            "promotion": self.promotion,
            **({} if self.value_minor is None else {"value": in_whole(self.value_minor, decimals)}),
            **({} if self.expires_at is None else {"expires_at": self.expires_at.isoformat()}),
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The whole answer. ``decimals`` are of the currency, ``unit_decimals`` of each unit of points."""

    lines: tuple[LineResult, ...]
    totals: Totals
    earned: tuple[Earned, ...]
    spent: tuple[Spent, ...]
    spendable: tuple[Spendable, ...]
    messages: tuple[Message, ...]
    issued: tuple[Issue, ...]
    suggestions: tuple[Suggestion, ...]
    refusals: tuple[Refusal, ...]
    certificates: tuple[CertificateUse, ...]
    decimals: int
    unit_decimals: Mapping[str, int]
    uses: tuple[Use, ...] = ()
    codes: tuple[Code, ...] = ()
    codes_used: tuple[CodeUse, ...] = ()
    conditional: tuple[Usability, ...] = ()

    @property
    def usable(self) -> frozenset[str]:
        """The terms under which points are good on this receipt."""
        return frozenset(one.terms for one in self.conditional if not one.reasons)

    def to_document(self) -> dict[str, object]:
        """The answer of ``purchase_calculate``: numbers in whole units, absent instead of null, times in ISO
        8601."""
        return {
            "lines": [self._line(line) for line in self.lines],
            "totals": self._totals(),
            "earned": [self._earned(one) for one in self.earned],
            "spent": [self._spent(one) for one in self.spent],
            "spendable": [
                {"unit": one.unit, "max": self._points(one.unit, one.max_minor)} for one in self.spendable
            ],
            **({"conditional": [self._usability(one) for one in self.conditional]} if self.conditional else {}),
            "messages": [
                {"to": one.to, "text": one.text, "promotion": one.promotion} for one in self.messages
            ],
            **({"codes": [self._code(one) for one in self.codes]} if self.codes else {}),
            **({"certificates": [self._certificate(one) for one in self.certificates]} if self.certificates else {}),
            "issued": [one.to_document(self.decimals) for one in self.issued],
            "suggestions": [self._suggestion(one) for one in self.suggestions],
            "refusals": [self._refusal(one) for one in self.refusals],
        }

    def by_line(self) -> dict[str, list[dict[str, object]]]:
        """How what was given, earned and spent falls on the lines, in minor units: returns of parts work with it."""
        given: dict[str, dict[str, int]] = {}
        for line in self.lines:
            for code, minor in line.promotions:
                given.setdefault(code, {})[line.id] = minor
        return {
            "given": [{"promotion": code, "money": money} for code, money in given.items()],
            "earned": [
                {"promotion": one.promotion, "unit": one.unit, "points": dict(one.by_line)} for one in self.earned
            ],
            "spent": [
                {
                    "promotion": one.promotion,
                    "unit": one.unit,
                    "as": one.as_,
                    "money": dict(one.by_line),
                    "points": dict(one.points_by_line),
                }
                for one in self.spent
            ],
            "certificates": [{"certificate": one.id, "money": dict(one.by_line)} for one in self.certificates],
            "codes": [
                {"code": one.code, "promotion": one.promotion, "money": dict(one.by_line)} for one in self.codes_used
            ],
            "bases": [
                {"promotion": use.promotion, "limit": base.limit, "base": dict(base.by_line)}
                for use in self.uses
                for base in use.bases
            ],
        }

    def _money(self, minor: int) -> float:
        return in_whole(minor, self.decimals)

    def _points(self, unit: str, minor: int) -> float:
        return in_whole(minor, self.unit_decimals[unit])

    def _line(self, line: LineResult) -> dict[str, object]:
        return {
            "id": line.id,
            "base": self._money(line.base_minor),
            "discount": self._money(line.discount_minor),
            "spent": self._money(line.spent_minor),
            "amount": self._money(line.amount_minor),
            "promotions": [{"code": code, "discount": self._money(minor)} for code, minor in line.promotions],
        }

    def _totals(self) -> dict[str, object]:
        return {
            "base": self._money(self.totals.base_minor),
            "discount": self._money(self.totals.discount_minor),
            "spent": self._money(self.totals.spent_minor),
            "certificates": self._money(self.totals.certificates_minor),
            "to_pay": self._money(self.totals.to_pay_minor),
            **({"prepaid": self._money(self.totals.prepaid_minor)} if self.totals.prepaid_minor else {}),
        }

    def _earned(self, one: Earned) -> dict[str, object]:
        times = {"active_from": one.active_from, "expires_at": one.expires_at}
        return {
            "unit": one.unit,
            "amount": self._points(one.unit, one.amount_minor),
            "promotion": one.promotion,
            **{name: moment.isoformat() for name, moment in times.items() if moment is not None},
            **({} if one.usable_when is None else {"usable_when": dict(one.usable_when)}),
        }

    def _usability(self, one: Usability) -> dict[str, object]:
        return {
            "unit": one.unit,
            "amount": self._points(one.unit, one.amount_minor),
            **self._judged(one.reasons),
        }

    def _certificate(self, one: CertificateUse) -> dict[str, object]:
        return {"id": one.id, "paid": self._money(one.value_minor), **self._judged(one.reasons)}

    def _judged(self, reasons: Iterable[Reason]) -> dict[str, object]:
        told = [{"code": reason.code, "params": self._params(reason.params)} for reason in reasons]
        return {"usable": not told, **({"reasons": told} if told else {})}

    def _spent(self, one: Spent) -> dict[str, object]:
        return {
            "unit": one.unit,
            "amount": self._points(one.unit, one.points_minor),
            "money": self._money(one.money_minor),
            "as": one.as_,
            "promotion": one.promotion,
        }

    def _suggestion(self, one: Suggestion) -> dict[str, object]:
        return {
            "promotion": one.promotion,
            "target": write(one.target, self.decimals),
            "quantity": one.quantity,
        }

    def _code(self, one: Code) -> dict[str, object]:
        if one.reason:
            return {"code": one.code, "usable": False, "reason": one.reason}
        uses = [use for use in self.codes_used if use.code == one.code]
        paid = sum(use.value_minor for use in uses)
        return {
            "code": one.code,
            "usable": True,
            "pool": one.pool,
            **({} if one.value_minor is None else {"value": self._money(one.value_minor), "paid": self._money(paid)}),
            "promotions": [use.promotion for use in uses],
        }

    def _refusal(self, one: Refusal) -> dict[str, object]:
        return {"promotion": one.promotion, "code": one.code, "params": self._params(one.params)}

    def _params(self, params: Mapping[str, object]) -> dict[str, object]:
        return dict(_plain(name, value, self.decimals) for name, value in params.items())


def in_whole(minor: int, decimals: int) -> float:
    """An amount of minor units as people read it."""
    return minor / float(10**decimals)


def _plain(name: str, value: object, decimals: int) -> tuple[str, object]:
    """A parameter as people read it: ``missing_minor: 500`` is ``missing: 5.0``."""
    if isinstance(value, int) and name.endswith("_minor"):
        return name.removesuffix("_minor"), in_whole(value, decimals)
    if isinstance(value, int) and name.endswith("_micro"):
        return name.removesuffix("_micro"), value / MICRO
    return name, list(value) if isinstance(value, Iterable) and not isinstance(
        value, (str, Mapping)
    ) else value
