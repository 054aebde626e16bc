"""Promotions as documents, and the programme that is compiled from them.

The declared classes are the documents: what is read is what the engine works with. Compiling reads a whole
document, collects every problem, and files the promotions in the index.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Self, TypeVar

from . import schema
from .basket import Member
from .conditions import ALWAYS
from .expiry import POLICIES, Policy, by_unit
from .facts import History, Need, Profile, needs_of, targets_in, with_targets
from .limits import NO_LIMITS, Limits, Meter, SharedLimit
from .lots import Expiry
from .offers import by_offer, given_as_offered
from .registry import CONDITIONS, REWARDS, Condition, KindOf, Phase, Reason, Reward, SetOff, Trigger
from .schema import MICRO, DocumentError, Problem
from .segments import ProductSegment, circles, written_out
from .select import Index, Key, Keys, Target, narrowest, selection, union
from .terms import check_terms, needs_of_terms, read_terms

T = TypeVar("T")

#: What a programme document names by codes.
SECTIONS = (
    "groups", "units", "calendars", "code_pools", "product_segments", "choices", "favourites", "limits",
    "expiry_policies", "promotions",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of points or of prepaid money; one of it is worth ``rate`` currency units."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    decimals: int = schema.integer(min=0, max=6, default=0)
    rate: int = schema.micro(above=0, default=MICRO, help="What one point is worth in currency units.")
    kind: str = schema.choice("points", "money", default="points")

    def minor(self, micro: int) -> int:
        """So many millionths of a point in minor units, rounded down."""
        return micro * int(10**self.decimals) // MICRO

    def worth(self, currency_decimals: int) -> tuple[int, int]:
        """The ratio by which minor units of points are multiplied to become minor units of money."""
        return self.rate * 10**currency_decimals, MICRO * 10**self.decimals


@dataclass(frozen=True, slots=True)
class Group:
    """Promotions that are combined by one rule; groups work in order of ``sequence``."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    sequence: int = schema.integer(default=10)
    choose: str = schema.choice("all", "best", "first", default="all")
    per: str = schema.choice(
        "receipt", "line", default="receipt", help="`line`: the best for each line by itself."
    )
    exclusive: bool = schema.flag(default=False, help="Closes the lines that it touched to later groups.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.per == "line" and self.choose != "best":
            yield "per", "conflict", "is only for groups that choose the best"


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days that have a name together: public holidays, market days."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    dates: frozenset[date] = schema.set_of(schema.day())


@dataclass(frozen=True, slots=True)
class CodePool:
    """Promo codes that are made and used together; which codes there are, is kept elsewhere."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    bind: str = schema.choice(
        "bearer", "member", default="bearer", help="`member`: only who was given a code may use it."
    )
    valid: Expiry | None = schema.nested(Expiry, default=None, help="How long a code is good after it was given.")


@dataclass(frozen=True, slots=True)
class Option:
    """What a member may choose: these lines."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    target: Target = selection()

    def check(self) -> Iterator[tuple[str, str, str]]:
        if not self.target.is_static or any(needs_of(self.target)):
            yield "target", "conflict", "must be the same for all members, whatever was discounted"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something of which members choose: a favourite category, say. How and when is said elsewhere; promotions refer to
    it in selections of lines."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    options: tuple[Option, ...] = schema.list_of(schema.nested(Option), min_length=1, max_length=1_000)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if len({option.code for option in self.options}) < len(self.options):
            yield "options", "duplicate", "has two options with the same code"


@dataclass(frozen=True, slots=True)
class Favourite:
    """What members buy most: each member has own ones. How they are found is said elsewhere; promotions refer to them
    in selections of lines."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    of: str = schema.choice("product", "category", "brand", default="product")


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the whole programme."""

    timezone: str = schema.text(default="UTC", help="Where no store says another.")
    backdate_days: int = schema.integer(min=0, default=0, help="How far back a purchase may be dated.")
    forward_days: int = schema.integer(min=0, default=0, help="How far ahead a purchase may be dated.")
    line_cap_percent: int | None = schema.percent(default=None, help="Largest total discount of a line.")
    receipt_cap_percent: int | None = schema.percent(
        default=None, help="Largest total discount of a receipt."
    )
    caps_include_points: bool = schema.flag(
        default=False, help="Points spent as a discount count in the caps."
    )
    spend_order: str = schema.choice("expires_first", "oldest_first", default="expires_first")
    expiry_from: str = schema.choice(
        "activation", "purchase", default="activation", help="What expiry counts from."
    )


@dataclass(frozen=True, slots=True)
class Promotion:
    """What is given, to whom, when; ``position`` is its place in the order of creation."""

    position: int = 0
    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    state: str = schema.choice("draft", "active", "paused", "ended", default="draft")
    from_: datetime | None = schema.start(default=None)
    to: datetime | None = schema.end(default=None)
    group: str = schema.reference("groups", default="default")
    priority: int = schema.integer(default=0, help="Higher goes first.")
    weight: int = schema.integer(default=0, help="Higher goes first among equal priorities.")
    exclusive: bool = schema.flag(
        default=False,
        help="What it touches is closed to other discounts, and it takes only what none has touched.",
    )
    basis: str = schema.choice("current", "base", default="current", help="What rates work on.")
    when: Condition = schema.declare(KindOf(CONDITIONS), ALWAYS, help="Always without it.")
    rewards: tuple[Reward, ...] = schema.list_of(schema.declare(KindOf(REWARDS)), min_length=1, max_length=50)
    limits: Limits = schema.nested(Limits, default=NO_LIMITS, help="How often and how much it gives.")
    control_percent: int = schema.percent(
        default=0, help="So many of the members never get it, always the same ones, so that its effect can be measured."
    )
    on: Trigger | None = schema.declare(
        SetOff(),
        None,
        help="What sets it off: `purchase`, which goes without saying, or something that happens to a member.",
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.from_ is not None and self.to is not None and self.to <= self.from_:
            yield "to", "conflict", "is before from"
        if any(reward.per == "set" for reward in self.rewards) and not self.when.finds_sets:
            yield "when", "missing", "needs a condition that finds sets, for a reward per set"
        if self.limits.per_receipt is not None and not any(reward.is_repeated for reward in self.rewards):
            text = "needs a reward per set or per unit, of n-th units, or of points by steps"
            yield "limits.per_receipt", "conflict", text
        if self.limits.base_per_member is not None and not self.earns_by_basket:
            yield "limits.base_per_member", "conflict", "needs a reward of points for what is bought"
        if self.when.is_last and any(reward.acts_in < Phase.FACTOR for reward in self.rewards):
            yield "when", "conflict", "looks at what is left to pay, so the rewards can only be points and messages"
        if any(reward.pays_codes for reward in self.rewards) and not self.when.takes_codes:
            yield "when", "missing", "needs a condition promo_code, for a reward that pays out a code"
        if any(reward.per == "set" and by_offer(reward) for reward in self.rewards):
            yield "rewards", "conflict", "must not give per set what is offered by name"
        if any(isinstance(need, History) and any(needs_of(need.target)) for need in self.when.needs()):
            yield "when", "conflict", "must count earlier purchases without choice, offer and favourite"
        if self.on is not None:
            yield from self._beside_baskets(f"and there is none on {self.on.kind}")

    def _beside_baskets(self, why: str) -> Iterator[tuple[str, str, str]]:
        if self.when.needs_basket:
            yield "when", "conflict", f"has a condition that needs a purchase, {why}"
        for index, reward in enumerate(self.rewards):
            if reward.needs_basket:
                yield f"rewards[{index}]", "conflict", f"needs a purchase, {why}"

    def is_control(self, member: str) -> bool:
        """Whether a member is of those who never get it: chosen by a hash of the promotion and the member, so that it
        is the same ones on every till and for ever, and other ones for other promotions."""
        digest = hashlib.sha256(f"{self.code}\0{member}".encode()).digest()
        return int.from_bytes(digest[:8], "big") * MICRO < self.control_percent << 64

    def keys(self) -> Keys:
        """Keys of which every basket on which it has an effect has at least one."""
        return narrowest(
            (self.when.keys(), self.limits.keys(), union(reward.keys() for reward in self.substance))
        )

    def needs(self) -> Iterator[Need]:
        """What must be known of the member to judge and to give it."""
        yield from self.when.needs()
        if self.on is not None and self.on.condition is not None:
            yield from self.on.condition.needs()
        for reward in self.rewards:
            yield from reward.needs()
        for target in targets_in((self.when, *self.rewards)):
            yield from needs_of(target)
        if self.is_personal:
            yield Profile("offers", self.code)

    @property
    def is_personal(self) -> bool:
        """Whether it gives what members were offered by name."""
        return any(by_offer(reward) for reward in self.rewards)

    def offered_to(self, member: Member | None, decimals: int) -> Self:
        """The same where each member is given what was offered by name: each offer is a reward of its own."""
        offers = [one for one in member.offers if one.promotion == self.code] if member else []
        given = (given_as_offered(reward, offers, decimals) for reward in self.rewards)
        return replace(self, rewards=tuple(one for rewards in given for one in rewards))

    @property
    def substance(self) -> list[Reward]:
        """The rewards that decide whether it has an effect: what only tells goes with what it tells of."""
        return [one for one in self.rewards if one.acts_in is not Phase.TELL] or list(self.rewards)

    @property
    def earns_by_basket(self) -> bool:
        """Whether it earns points by what is bought."""
        return any(reward.earns_on for reward in self.rewards)

    def dates(self, at: datetime) -> Iterator[Reason]:
        """Why it is not valid at a moment of the store's clock."""
        if self.from_ is not None and at < self.from_:
            yield Reason("not_started", {"from": self.from_.isoformat()})
        if self.to is not None and at >= self.to:
            yield Reason("ended", {"to": self.to.isoformat()})


@dataclass(frozen=True, slots=True)
class ProgrammeDocument:
    """Everything that a calculation needs to know beside the basket."""

    v: int = schema.integer(min=1, max=1, default=1)
    currency_decimals: int = schema.integer(min=0, max=6, default=2)
    units: tuple[Unit, ...] = schema.list_of(schema.nested(Unit), default=())
    groups: tuple[Group, ...] = schema.list_of(schema.nested(Group), default=())
    calendars: tuple[Calendar, ...] = schema.list_of(schema.nested(Calendar), default=())
    code_pools: tuple[CodePool, ...] = schema.list_of(schema.nested(CodePool), max_length=10_000, default=())
    product_segments: tuple[ProductSegment, ...] = schema.list_of(
        schema.nested(ProductSegment), max_length=10_000, default=()
    )
    choices: tuple[Choice, ...] = schema.list_of(schema.nested(Choice), default=())
    limits: tuple[SharedLimit, ...] = schema.list_of(schema.nested(SharedLimit), max_length=10_000, default=())
    favourites: tuple[Favourite, ...] = schema.list_of(schema.nested(Favourite), default=())
    settings: Settings = schema.nested(Settings, default=Settings())
    named: Mapping[str, frozenset[str]] = schema.map_of(
        schema.set_of(schema.text(max_length=64)), default={}, help="By section, what kinds of add-ons may name."
    )
    expiry_policies: tuple[Policy, ...] = schema.list_of(
        schema.declare(KindOf(POLICIES)), default=(), help="When points are lost beside the terms of their lots."
    )
    promotions: tuple[Promotion, ...] = schema.list_of(
        schema.nested(Promotion), max_length=100_000, default=()
    )

    def check(self) -> Iterator[tuple[str, str, str]]:
        """What keeps lots of a unit alive is one thing for all of its policies: each lot has one date by inactivity. A
        segment never stands for itself."""
        for place, way in circles(self.product_segments):
            yield f"product_segments[{place}].target", "conflict", f"comes back to itself: {way}"
        activities: dict[str, frozenset[str]] = {}
        for index, policy in enumerate(self.expiry_policies):
            if policy.activity and activities.setdefault(policy.unit, policy.activity) != policy.activity:
                yield f"expiry_policies[{index}].activity", "conflict", f"differs from another policy of {policy.unit}"


class Programme:
    """A compiled programme: immutable, shared by any number of calculations."""

    def __init__(self, document: ProgrammeDocument):
        self.decimals = document.currency_decimals
        self.settings = document.settings
        self.units = {unit.code: unit for unit in document.units}
        self.calendars = {calendar.code: calendar.dates for calendar in document.calendars}
        self.code_pools = {pool.code: pool for pool in document.code_pools}
        self.segments = written_out(document.product_segments)
        self.expiry = by_unit(tuple(map(self._written_out, document.expiry_policies)))
        self.choices = {
            choice.code: {option.code: option.target for option in self._written_out(choice.options)}
            for choice in document.choices
        }
        self.favourites = {favourite.code: favourite.of for favourite in document.favourites}
        self.groups = tuple(sorted(document.groups, key=lambda group: group.sequence))
        self.promotions = tuple(
            replace(
                promotion,
                position=position,
                when=promotion.when.within(promotion.code),
                rewards=tuple(reward.within(promotion.code) for reward in promotion.rewards),
            )
            for position, promotion in enumerate(map(self._written_out, document.promotions))
        )
        self.personal = frozenset(promotion.code for promotion in self.promotions if promotion.is_personal)
        self._positions = {promotion.code: promotion.position for promotion in self.promotions}
        self.shared_limits = {limit.code: limit for limit in document.limits}
        self.meters = self._meters()
        live = [one for one in self.promotions if one.state == "active"]
        active = [one for one in live if one.on is None]
        self.beside_purchases = tuple(one for one in live if one.on is not None)
        self._index = Index((one.position, one.keys()) for one in active)
        self._limited = Index((one.position, one.keys()) for one in active if self.meters[one.code])
        self.needs = {one.code: tuple(one.needs()) for one in self.promotions}
        self._curious = Index((one.position, one.keys()) for one in active if self.needs[one.code])
        own = {name: [one.code for one in getattr(document, name)] for name in SECTIONS}
        self._known: Mapping[str, Iterable[str]] = {**document.named, **own}
        self._terms: dict[str, Condition | None] = {}

    def _written_out(self, of: T) -> T:
        """The same with what the segments stand for that its selections name."""
        return with_targets(of, lambda target: target.within(self.segments)) if self.segments else of

    def read_terms(self, document: object) -> Condition:
        """The condition under which points are good, of its document; DocumentError with every problem."""
        reading = schema.Reading(self.decimals)
        found = read_terms(document, reading)
        problems = [*reading.problems, *_unknown(reading.references, self._known)]
        if not problems and isinstance(found, Condition):
            problems += (Problem(*problem) for problem in check_terms(found))
        if problems or not isinstance(found, Condition):
            raise DocumentError(problems)
        return self._written_out(found)

    def terms(self, document: Mapping[str, object]) -> Condition | None:
        """The same of points that a member has; None where it names what the programme no longer has."""
        key = json.dumps(document, sort_keys=True)
        if key not in self._terms:
            try:
                self._terms[key] = self.read_terms(document)
            except DocumentError:
                self._terms[key] = None
        return self._terms[key]

    def needs_of_terms(self, document: Mapping[str, object]) -> Iterator[Need]:
        """What must be known of the member to judge the terms of points."""
        when = self.terms(document)
        return iter(()) if when is None else needs_of_terms(when)

    def _meters(self) -> dict[str, tuple[Meter, ...]]:
        """Promotion → the limits on which it draws: its own, then those that it shares."""
        sharing: dict[str, set[str]] = {}
        for one in self.promotions:
            if one.limits.share is not None:
                sharing.setdefault(one.limits.share, set()).add(one.code)
        shared = {
            code: Meter(code, self.shared_limits[code], frozenset(promotions))
            for code, promotions in sharing.items()
            if self.shared_limits[code].is_any
        }
        return {
            one.code: (
                *((Meter("", one.limits, frozenset({one.code})),) if one.limits.is_any else ()),
                *((shared[one.limits.share],) if one.limits.share in shared else ()),
            )
            for one in self.promotions
        }

    def promotion(self, code: str) -> Promotion:
        return self.promotions[self._positions[code]]

    def names_of(self, code: str) -> tuple[str, ...]:
        """By what the promotion may be named together with others: its code and its group's."""
        position = self._positions.get(code)
        return (code,) if position is None else (code, self.promotions[position].group)

    def candidates(self, keys: Collection[Key], named: Collection[str]) -> list[Promotion]:
        """Promotions that may apply to a basket with these keys, and those named, in order of creation."""
        found = self._index.find(keys)
        found.update(self._positions[code] for code in named if code in self._positions)
        return [self.promotions[position] for position in sorted(found)]

    def limited(self, keys: Collection[Key]) -> list[Promotion]:
        """Those of the promotions that may apply to a basket with these keys that have limits."""
        return [self.promotions[position] for position in sorted(self._limited.find(keys))]

    def curious(self, keys: Collection[Key]) -> list[Promotion]:
        """Those of the promotions that may apply to a basket with these keys that must know more of the member."""
        return [self.promotions[position] for position in sorted(self._curious.find(keys))]

    @property
    def is_curious(self) -> bool:
        """Whether any promotion that is active must know more of the member than a purchase tells."""
        return not self._curious.is_empty

    @property
    def has_limits(self) -> bool:
        """Whether any promotion that is active has limits."""
        return not self._limited.is_empty


def compile_programme(document: object) -> Programme:
    """The programme of a document; DocumentError with every problem and its path."""
    decimals = document.get("currency_decimals") if isinstance(document, dict) else None
    reading = schema.Reading(decimals if type(decimals) is int and 0 <= decimals <= 6 else 2)
    found = schema.read_object(ProgrammeDocument, document, "", reading)
    sections = _codes_of(document)
    named = found.named if isinstance(found, ProgrammeDocument) else {}
    problems = [*reading.problems, *_unknown(reading.references, {**named, **sections}), *_duplicates(sections)]
    if problems or not isinstance(found, ProgrammeDocument):
        raise DocumentError(problems)
    if "default" not in {group.code for group in found.groups}:
        found = replace(found, groups=(*found.groups, Group(code="default")))
    return Programme(found)


def _codes_of(document: object) -> dict[str, list[str]]:
    """The codes that each section declares, read leniently: other problems are told by the reading itself."""
    sections: dict[str, list[str]] = {name: [] for name in SECTIONS}
    for section, codes in sections.items():
        records = document.get(section) if isinstance(document, dict) else None
        for record in records if isinstance(records, (list, tuple)) else ():
            code = record.get("code") if isinstance(record, dict) else None
            codes.append(code if isinstance(code, str) else "")
    return sections


def _unknown(references: Sequence[schema.Reference], sections: Mapping[str, Iterable[str]]) -> Iterator[Problem]:
    known = {
        section: {*codes, "default"} if section == "groups" else set(codes)
        for section, codes in sections.items()
    }
    for one in references:
        if one.code not in known.get(one.section, ()):
            yield Problem(one.path, "reference", f"names {one.code}, which is not among {one.section}")


def _duplicates(sections: dict[str, list[str]]) -> Iterator[Problem]:
    for section, codes in sections.items():
        seen = Counter[str]()
        for position, code in enumerate(codes):
            seen[code] += 1
            if code and seen[code] > 1:
                yield Problem(f"{section}[{position}].code", "duplicate", f"is used twice: {code}")
