"""What the engine is given: a basket as plain values, the same for a till, a web shop and an API request.

Every type is frozen and declared in the schema's language, so its JSON form is lossless: it is kept with the
purchase and calculated anew from it. Amounts are integers of minor units, quantities of millionths. ``at`` is
the store's own wall clock.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self

from . import schema
from .money import half_up
from .schema import MICRO

_CODE = schema.text(max_length=128)
AMOUNT_MINOR_MAX = 10**12
_MINOR_MAX = AMOUNT_MINOR_MAX


@dataclass(frozen=True, slots=True)
class Given:
    """A discount that the till has given already, under the code of a promotion."""

    promotion: str = schema.text(max_length=128)
    discount_minor: int = schema.integer(min=0, max=_MINOR_MAX)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what is bought, how much of it, at which shelf price.

    ``categories`` are the product's own and all their ancestors. ``amount_minor``, where given, is the line's
    base instead of price × quantity. ``min_price_minor`` is the floor of one unit. ``points`` are what the
    product itself earns, by unit, in minor units. A line that is ``no_discount`` still counts in conditions
    and earns points. One that is ``prepaid`` sells money in another form, a gift certificate: no promotion sees it, and
    nothing but money pays for it. Where lines say what was ``given``, the discounts of the whole basket are a fact:
    none is worked out, and points are earned on what those have left.
    """

    id: str = schema.text(max_length=64)
    sku: str = schema.text(max_length=128, min_length=0)
    quantity_micro: int = schema.integer(min=0, max=_MINOR_MAX, default=MICRO)
    price_minor: int = schema.integer(min=0, max=_MINOR_MAX)
    amount_minor: int | None = schema.integer(min=0, max=_MINOR_MAX, default=None)
    categories: frozenset[str] = schema.set_of(_CODE)
    brand: str = schema.text(max_length=128, default="")
    suppliers: frozenset[str] = schema.set_of(_CODE)
    tags: frozenset[str] = schema.set_of(_CODE)
    attributes: Mapping[str, frozenset[str]] = schema.map_of(schema.set_of(_CODE), default={})
    min_price_minor: int = schema.integer(min=0, max=_MINOR_MAX, default=0)
    points: Mapping[str, int] = schema.map_of(schema.integer(min=0, max=_MINOR_MAX), default={})
    no_discount: bool = schema.flag(default=False)
    prepaid: bool = schema.flag(default=False)
    given: tuple[Given, ...] | None = schema.list_of(schema.nested(Given), max_length=100, default=None)
    chosen: frozenset[str] = frozenset()  # not of the document: see marks.marked
    offered: frozenset[str] = frozenset()
    favourite: frozenset[str] = frozenset()

    @property
    def base_minor(self) -> int:
        """The shelf amount."""
        if self.amount_minor is not None:
            return self.amount_minor
        return half_up(self.price_minor * self.quantity_micro, MICRO)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the purchase happens; an empty text is "unknown"."""

    partner: str = schema.text(max_length=128, default="")
    network: str = schema.text(max_length=128, default="")
    store: str = schema.text(max_length=128, default="")
    store_attributes: Mapping[str, str] = schema.map_of(schema.text(min_length=0), default={})
    register: str = schema.text(max_length=128, default="")
    channel: str = schema.text(max_length=128, default="")


@dataclass(frozen=True, slots=True)
class Attribute:
    """What is known of a member under a name, and since which day."""

    value: schema.Value = schema.value()
    since: date | None = schema.day(default=None)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a member was offered by name in a promotion: so much, for a product, or without one for all that the
    promotion is for."""

    promotion: str = schema.text(max_length=64)
    sku: str = schema.text(max_length=128, default="")
    value: int | None = schema.micro(min=0, default=None)


@dataclass(frozen=True, slots=True)
class Conditional:
    """Points that are good only on receipts on which ``when`` holds, a condition as promotions write it. Whoever keeps
    them knows it by the name ``terms``."""

    terms: str = schema.text(max_length=64)
    unit: str = schema.text(max_length=64)
    amount_minor: int = schema.integer(min=0)
    when: Mapping[str, object] = schema.json_object()


@dataclass(frozen=True, slots=True)
class Member:
    """Who buys: the card in hand, and what each unit's account has available, in minor units: ``balances`` for every
    receipt, ``conditional`` beside them for some only.

    All the rest is known only as far as a promotion that may apply needs it. ``history`` are figures of what was
    bought before, by the key of the need (``facts``); ``choices`` the options that hold of each choice, ``favourites``
    the products, categories or brands of each favourite.
    """

    id: str = schema.text(max_length=64)
    card_type: str = schema.text(max_length=128, default="")
    balances: Mapping[str, int] = schema.map_of(schema.integer(), default={})
    conditional: tuple[Conditional, ...] = schema.list_of(schema.nested(Conditional), max_length=10_000, default=())
    tier: str = schema.text(max_length=128, default="")
    tags: frozenset[str] = schema.set_of(_CODE)
    segments: frozenset[str] = schema.set_of(_CODE)
    brands: frozenset[str] = schema.set_of(_CODE)
    birth_date: date | None = schema.day(default=None)
    registered_on: date | None = schema.day(default=None)
    attributes: Mapping[str, Attribute] = schema.map_of(schema.nested(Attribute), max_length=1_000, default={})
    history: Mapping[str, int] = schema.map_of(schema.integer(), max_length=1_000, key_length=10_000, default={})
    offers: tuple[Offer, ...] = schema.list_of(schema.nested(Offer), max_length=100_000, default=())
    choices: Mapping[str, frozenset[str]] = schema.map_of(schema.set_of(_CODE), max_length=1_000, default={})
    favourites: Mapping[str, frozenset[str]] = schema.map_of(schema.set_of(_CODE), max_length=1_000, default={})

    def balance(self, unit: str) -> int:
        """All that there is of a unit, whatever it is good for."""
        return self.balances.get(unit, 0) + sum(one.amount_minor for one in self.conditional if one.unit == unit)

    def unbound(self) -> Self:
        """The same where all points are good on every receipt."""
        units = dict.fromkeys([*self.balances, *(one.unit for one in self.conditional)])
        return replace(self, balances={unit: self.balance(unit) for unit in units}, conditional=())


@dataclass(frozen=True, slots=True)
class Payment:
    """A means of payment that the customer has chosen; an absent amount is the rest."""

    method: str = schema.text(max_length=128)
    amount_minor: int | None = schema.integer(min=0, max=_MINOR_MAX, default=None)


@dataclass(frozen=True, slots=True)
class SpendRequest:
    """The wish to pay with points of a unit; an absent amount is as many as possible."""

    unit: str = schema.text(max_length=64)
    amount_minor: int | None = schema.integer(min=0, max=_MINOR_MAX, default=None)


@dataclass(frozen=True, slots=True)
class PromoCode:
    """A code that was presented and can be used; ``value_minor`` is what it still pays out, if it pays."""

    code: str = schema.text(max_length=128)
    pool: str = schema.text(max_length=128)
    value_minor: int | None = schema.integer(min=0, max=_MINOR_MAX, default=None)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A gift certificate that is presented: so much of it may pay, on receipts on which ``when`` holds, a condition as
    promotions write it. Whoever keeps it knows it by ``id``."""

    id: str = schema.text(max_length=64)
    amount_minor: int = schema.integer(min=0, max=_MINOR_MAX)
    when: Mapping[str, object] | None = schema.json_object(default=None)


@dataclass(frozen=True, slots=True)
class Redemption:
    """A reward of the catalogue that the customer takes for points, so many times."""

    reward: str = schema.text(max_length=64)
    times: int = schema.integer(min=1, max=1_000, default=1)


@dataclass(frozen=True, slots=True)
class Used:
    """What other purchases have used of limits: uses of the member within the window, of all on the day of the
    purchase, of all ever, what has been given in money and in points, and how much of the member's shopping has earned
    in the calendar periods around the purchase (minor units, or millionths of a quantity, as the limit measures)."""

    per_member: int = schema.integer(min=0, default=0)
    per_day: int = schema.integer(min=0, default=0)
    total: int = schema.integer(min=0, default=0)
    budget_minor: int = schema.integer(min=0, max=_MINOR_MAX, default=0)
    budget_points_micro: int = schema.micro(min=0, default=0)
    base_day: int = schema.integer(min=0, default=0)
    base_week: int = schema.integer(min=0, default=0)
    base_month: int = schema.integer(min=0, default=0)


NOTHING_USED = Used()


@dataclass(frozen=True, slots=True)
class Basket:
    """A whole purchase before it is calculated.

    ``at`` is by the store's clock, or by that of ``timezone``. ``codes`` are those that the customer presented, in the
    form of ``normal_code``. Whoever knows codes says which of them can be used (``promo_codes``), and why the others
    cannot (``refused_codes``). ``certificates`` pay in their order, each as far as there is something left to pay. What
    others have used of limits is told by the codes of promotions (``used``), and by those of limits that they share
    (``used_shared``).
    """

    at: datetime = schema.wall_clock()
    timezone: str = schema.text(max_length=64, default="")
    lines: tuple[Line, ...] = schema.list_of(schema.nested(Line), max_length=10_000)
    place: Place = schema.nested(Place, default=Place())
    member: Member | None = schema.nested(Member, default=None)
    codes: tuple[str, ...] = schema.list_of(_CODE, default=())
    promo_codes: tuple[PromoCode, ...] = schema.list_of(schema.nested(PromoCode), default=())
    refused_codes: Mapping[str, str] = schema.map_of(schema.text(max_length=64), default={})
    payments: tuple[Payment, ...] = schema.list_of(schema.nested(Payment), default=())
    spend: tuple[SpendRequest, ...] = schema.list_of(schema.nested(SpendRequest), default=())
    redeem: tuple[Redemption, ...] = schema.list_of(schema.nested(Redemption), default=())
    certificates: tuple[Certificate, ...] = schema.list_of(schema.nested(Certificate), default=())
    used: Mapping[str, Used] = schema.map_of(schema.nested(Used), max_length=10_000, default={})
    used_shared: Mapping[str, Used] = schema.map_of(schema.nested(Used), max_length=10_000, default={})

    def check(self) -> Iterator[tuple[str, str, str]]:
        if len({line.id for line in self.lines}) < len(self.lines):
            yield "lines", "duplicate", "has two lines with the same id"
        if len({one.id for one in self.certificates}) < len(self.certificates):
            yield "certificates", "duplicate", "has a certificate twice"
        for index, line in enumerate(self.lines):
            if sum(one.discount_minor for one in line.given or ()) > line.base_minor:
                yield f"lines[{index}].given", "conflict", "is more than the line comes to"

    @property
    def goods(self) -> Self:
        """What promotions see of it."""
        if not any(line.prepaid for line in self.lines):
            return self
        return replace(self, lines=tuple(line for line in self.lines if not line.prepaid))

    def redeemed(self, reward: str) -> int:
        """How many times the customer takes a reward of the catalogue."""
        return sum(one.times for one in self.redeem if one.reward == reward)

    def to_document(self) -> dict[str, object]:
        """The JSON form; from_document() of it is this very basket."""
        return schema.write(self)

    @classmethod
    def from_document(cls, document: object) -> Self:
        """The basket of a JSON form; DocumentError lists all that is wrong."""
        return schema.read(cls, document)
