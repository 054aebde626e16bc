"""The sections of a programme document: what a record of each kind says, and where Odoo keeps it.

A section is a declared class and a table of columns; reading, applying, exporting and documenting follow from it.
Addons insert their own into ``SECTIONS``, before "promotions" if these name them (``add_section``): later sections may
refer to earlier ones.
"""

import json
import re
import zoneinfo
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from ..engine import normal_code, schema
from ..engine.codes import SIGNS
from ..engine.expiry import ACTIVITIES, Age
from ..engine.facts import needs_of
from ..engine.limits import PERIODS, POINTS_MAX, QUANTITY_MAX, SETS_MAX, USES_MAX
from ..engine.lots import Expiry
from ..engine.registry import PURCHASE, SetOff
from ..engine.schema import INVALID, Reading
from ..engine.segments import PRODUCTS_MAX
from ..engine.select import Target
from ..engine.tiers import LIFETIME, Window
from .attributes import KINDS, NUMBERS, OF_DIRECTORY, TAKEN_NAMES
from .gives import IN_PURCHASE, gift


@dataclass(frozen=True, slots=True)
class Section:
    """Records of one kind: known by ``key``, kept in ``model``; ``columns`` maps document keys to fields."""

    name: str
    model: str
    document: type
    columns: Mapping[str, str] = field(default_factory=dict)
    key: tuple[str, ...] = ("code",)  # none: there is one record in a company, and the section is an object
    is_company_bound: bool = True
    hides: tuple[str, ...] = ("code",)  # a company's own record takes the place of a shared one with the same of these
    beside: str = ""  # the section under whose name its records stand in documents, known by keys of their own
    marks: tuple[str, ...] = ()  # these keys
    only: tuple = ()  # a domain: other records of the model are none of the programme
    is_named: bool = False  # kinds of condition and reward of an addon name its records; the engine knows their codes

    @property
    def is_single(self) -> bool:
        return not self.key

    @property
    def told_as(self) -> str:
        """The name of the section in documents."""
        return self.beside or self.name

    def column(self, key: str) -> str:
        return self.columns.get(key, key)

    def rows(self, programme: Mapping[str, object], reading: Reading) -> dict[int, object]:
        """The rows of a programme that are of this section, by their places in it."""
        said = programme.get(self.told_as, [])
        if self.is_single:
            return {0: said} if said else {}
        if isinstance(said, list):
            return {place: row for place, row in enumerate(said) if told_of(self.told_as, row) is self}
        if not self.beside:
            reading.refuse(self.name, "type", "must be a list")
        return {}

    def read(self, programme: Mapping[str, object], reading: Reading) -> list:
        """What a programme says in this section, parsed; problems go to ``reading``."""
        parsed, seen = [], set()
        for place, row in self.rows(programme, reading).items():
            path = self.name if self.is_single else f"{self.told_as}[{place}]"
            document = self.read_one(row, path, reading)
            if document is INVALID:
                continue
            key = self.key_of(document)
            if key in seen:
                reading.refuse(path, "duplicate", f"{' / '.join(key)} stands twice")
            seen.add(key)
            parsed.append(document)
        return parsed

    def read_one(self, row: object, path: str, reading: Reading) -> object:
        return schema.read_object(self.document, row, path, reading)

    def key_of(self, document) -> tuple[str, ...]:
        return tuple(getattr(document, key) for key in self.key)

    def values_of(self, document) -> dict[str, object]:
        """Field → value; a reference to another record is still its code."""
        values = {
            self.column(key): _storable(getattr(document, member.name))
            for key, member in schema.members(self.document).items()
        }
        if values.get("name") is False:
            values["name"] = self.key_of(document)[-1]
        return values

    def document_of(self, record) -> dict[str, object]:
        """What ``record`` says, without what goes without saying."""
        document = {}
        for key, member in schema.members(self.document).items():
            if self.column(key) not in record._fields:
                continue  # told by the section itself
            value = _plain(record, self.column(key))
            if member.is_required or (value is not None and value != _default(member.default)):
                document[key] = value
        return document


def _storable(value: object) -> object:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dict):
        return {key: _storable(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(one.isoformat() if isinstance(one, date) else one for one in value)
    return value if value is not None else False


def _plain(record, name: str) -> object:
    """The value of a field as documents write it."""
    value = record[name]
    match record._fields[name].type:
        case "many2one":
            return _code(value)
        case "integer" | "boolean":
            return value
        case "float" | "monetary":
            return int(value) if value == int(value) else value
        case _:
            return value or None


def _code(record) -> str | None:
    if not record:
        return None
    section = section_of(record._name)
    return record[section.column(section.key[-1])]


def _default(value: object) -> object:
    value = _storable(value)
    if value is False or value == "" or value == [] or value == {}:
        return None if not isinstance(value, bool) else value
    return value


@dataclass(frozen=True, slots=True)
class TimeZone(schema.Type):
    """A name of the tz database."""

    name = "time zone"

    def read(self, value, path, reading):
        if isinstance(value, str) and value in zoneinfo.available_timezones():
            return value
        return reading.refuse(path, "choice", "must be a time zone like Europe/Kyiv")

    def limits(self) -> str:
        return "like Europe/Kyiv"


@dataclass(frozen=True, slots=True)
class CodedDocument:
    """A record with a code and a name."""

    code: str = schema.text(max_length=64)
    name: str | None = schema.text(max_length=255, default=None, help="The code where absent.")


@dataclass(frozen=True, slots=True)
class UnitDocument(CodedDocument):
    """A bonus currency or money."""

    kind: str = schema.choice("points", "money", default="points")
    decimals: int = schema.integer(min=0, max=6, default=0)
    rate: object = schema.decimal(above=0, max=10**6, default=Decimal(1), help="Money that one unit is worth.")
    currency: str | None = schema.text(
        max_length=3, default=None, help="The currency of `rate`, for a unit of all companies."
    )
    rates: dict = schema.map_of(
        schema.decimal(above=0, max=10**6),
        default={},
        help="What such a unit is worth in other currencies, by code; it is not used where its worth is not known.",
    )
    spend_order: str = schema.choice(
        "expires_first", "oldest_first", default="expires_first", help="Which lots are spent first."
    )
    transfers: bool = schema.flag(default=False, help="Members may give each other of it.")
    transfer_min: object = schema.decimal(min=0, max=10**9, default=Decimal(0), help="The least at once.")
    transfer_day_max: object = schema.decimal(
        min=0, max=10**9, default=Decimal(0), help="The most that one account gives in a day; 0: any."
    )


@dataclass(frozen=True, slots=True)
class ConversionDocument(CodedDocument):
    """What members may turn one unit into."""

    from_: str = schema.reference("units")
    to: str = schema.reference("units")
    rate: object = schema.decimal(above=0, max=10**6, default=Decimal(1), help="So much of `to` for one of `from`.")
    step: object = schema.decimal(min=0, max=10**9, default=Decimal(0), help="Only multiples of it; 0: any amount.")
    minimum: object = schema.decimal(min=0, max=10**9, default=Decimal(0), help="The least at once, of `from`.")
    day_max: object = schema.decimal(min=0, max=10**9, default=Decimal(0), help="The most in a day; 0: any.")
    expire_days: int = schema.integer(min=0, max=36_500, default=0, help="The life of what is got; 0: for ever.")


@dataclass(frozen=True, slots=True)
class ScheduleDocument:
    """A day in every so many months."""

    months: int = schema.integer(min=1, max=120, default=1)
    day: int = schema.integer(min=1, max=31, default=1, help="In shorter months the last one.")
    month: int = schema.integer(min=1, max=12, default=1, help="One of the months, from which the others are counted.")


@dataclass(frozen=True, slots=True)
class ScheduledConversionDocument(CodedDocument):
    """What points of all members become on a schedule, in whole steps; what is left over is carried on. It stands among
    the conversions, and is known by `schedule` and `gives`."""

    unit: str = schema.reference("units")
    schedule: ScheduleDocument = schema.nested(ScheduleDocument)
    minimum: object = schema.decimal(min=0, max=10**9, default=Decimal(0), help="Whoever has less keeps it.")
    step: object = schema.decimal(above=0, max=10**9, default=Decimal(1))
    gives: object = gift(help="For each step.")


@dataclass(frozen=True, slots=True)
class PointsRange:
    """As many points as the member likes: each step of them gives the gift once."""

    min: object = schema.decimal(above=0, max=10**9)
    max: object = schema.decimal(above=0, max=10**9)
    step: object = schema.decimal(above=0, max=10**9)

    def check(self):
        if self.max < self.min:
            yield "max", "range", "is less than min"


@dataclass(frozen=True, slots=True)
class Price(schema.Type):
    """A number of points, or a range of them."""

    name = "number"

    def read(self, value, path, reading):
        if isinstance(value, dict):
            return schema.read_object(PointsRange, value, path, reading)
        return schema.Number("number", schema.Range(above=0, max=10**9), 6, None).read(value, path, reading)

    def write(self, value, decimals):
        if isinstance(value, PointsRange):
            return schema.write(value, decimals)
        return schema.Number("number", schema.Range(), 6, None).write(value, decimals)

    def limits(self) -> str:
        return "above 0, or `{min, max, step}`"

    def parts(self):
        yield PointsRange


@dataclass(frozen=True, slots=True)
class RewardDocument(CodedDocument):
    """A reward of the catalogue: what members get for points when they ask for it. Discounts and products are taken
    with a purchase (`redeem`), all else by `reward_redeem`."""

    unit: str = schema.reference("units")
    points: object = schema.declare(Price())
    gives: object = gift(is_in_purchase=True)
    group: str = schema.reference("groups", default="default", help="Of promotions, for what a purchase gives.")
    per_purchase: int = schema.integer(min=1, max=1_000, default=1, help="At most so many times with one purchase.")

    def check(self):
        if isinstance(self.points, PointsRange) and isinstance(self.gives, tuple(IN_PURCHASE.values())):
            yield "points", "conflict", "must be a number for what a purchase gives"


@dataclass(frozen=True, slots=True)
class GroupDocument(CodedDocument):
    """How the promotions of a group are chosen; promotions.md, section 4."""

    sequence: int = schema.integer(min=0, max=10**6, default=10)
    choose: str = schema.choice("all", "best", "first", default="all")
    per: str = schema.choice("receipt", "line", default="receipt")
    exclusive: bool = schema.flag(default=False)


@dataclass(frozen=True, slots=True)
class TierDocument(CodedDocument):
    """A step of the ladder of members; promotions.md, section 5a."""

    measure: str = schema.choice("amount", "count", "quantity", "points", default="amount")
    unit: str | None = schema.reference("units", default=None, help="Whose points are counted, for `points`.")
    target: dict = schema.json_object(default={}, help="Of which products: a selection as in promotions.")
    threshold: object = schema.decimal(
        min=0, max=10**12, default=Decimal(0), help="Ladders go by it; a tier from 0 is everybody's."
    )
    window: Window = schema.nested(Window, default=LIFETIME, help="What was bought when counts.")
    rise: str = schema.choice(
        "at_once", "next_period", default="at_once", help="Periods are those of `window`, else calendar months."
    )
    keep: str = schema.choice(
        "period",
        "this_and_next",
        "window",
        default="window",
        help="From the last day on which it is due: to the end of the next period; of the next calendar year; no more.",
    )
    fall: str = schema.choice("one", "due", default="due", help="By one tier for a term of it, or to what is due.")
    color: int = schema.integer(min=0, max=11, default=0)

    def check(self):
        if (self.measure == "points") != (self.unit is not None):
            yield "unit", "conflict", "is for the measure points, and only for it"
        if self.measure == "points" and self.target:
            yield "target", "conflict", "is not for points"
        reading = schema.Reading()
        target = schema.read_object(Target, self.target, "target", reading)
        yield from ((problem.path, problem.code, problem.text) for problem in reading.problems)
        if target is not INVALID and target.segments:
            yield "target", "conflict", "must not name segments, which change"
        if self.rise == "next_period" and self.keep == "window" and self.window.calendar:
            yield "keep", "conflict", "is over before the next period begins; keep it longer or rise at once"


@dataclass(frozen=True, slots=True)
class CalendarDocument(CodedDocument):
    """Days that promotions name together: public holidays, say."""

    dates: frozenset = schema.set_of(schema.day(), max_length=5_000)


@dataclass(frozen=True, slots=True)
class Selection(schema.Type):
    """A selection of products as promotions write it, kept as it is."""

    name = "object"

    def read(self, value, path, reading):
        return INVALID if schema.read_object(Target, value, path, reading) is INVALID else value

    def limits(self) -> str:
        return "a selection as in promotions"


@dataclass(frozen=True, slots=True)
class ProductSegmentDocument(CodedDocument):
    """Products that selections name together: those of `target` and `include`, without those of `exclude`
    (docs/promotions.md)."""

    target: dict | None = schema.declare(Selection(), None)
    include: frozenset[str] = schema.set_of(schema.text(max_length=128), max_length=PRODUCTS_MAX)
    exclude: frozenset[str] = schema.set_of(schema.text(max_length=128), max_length=PRODUCTS_MAX)


@dataclass(frozen=True, slots=True)
class OptionDocument:
    """One thing to choose: lines of baskets, as a promotion selects them (docs/promotions.md)."""

    code: str = schema.text(max_length=64)
    name: str | None = schema.text(max_length=255, default=None, help="The code where absent.")
    target: dict = schema.json_object(default={})


@dataclass(frozen=True, slots=True)
class ChoiceDocument(CodedDocument):
    """What members choose of, and how: a choice holds `days` from the day of choosing, to the end of a calendar period,
    or until it is changed. Promotions select its lines with `"choice": [CODE]`."""

    options: tuple[OptionDocument, ...] = schema.list_of(schema.nested(OptionDocument), min_length=1, max_length=1_000)
    pick: int = schema.integer(min=1, max=1_000, default=1, help="How many options at once.")
    days: int = schema.integer(
        min=0, max=36_500, default=0, help="The day of choosing is one of them; 0: see calendar."
    )
    calendar: str | None = schema.choice("week", "month", "quarter", "year", default=None)
    starts: str = schema.choice(
        "at_once", "next_period", default="at_once", help="`next_period`: with the next calendar period."
    )
    renews: bool = schema.flag(default=False, help="It goes on in the next calendar periods until it is changed.")
    changes_max: int = schema.integer(
        min=0, max=10**6, default=0, help="How often one that holds may be changed in its days or period; 0: never."
    )
    opens: int = schema.integer(min=0, max=31, default=0, help="Members choose from this day of the month on; 0: any.")
    closes: int = schema.integer(min=0, max=31, default=0, help="To this day of the month, included; 0: to the last.")

    def check(self):
        if self.days and self.calendar:
            yield "days", "conflict", "must not be given with calendar"
        if not self.calendar and (self.starts == "next_period" or self.renews):
            yield "calendar", "missing", "is required with next_period and renews"
        if self.closes and self.closes < self.opens:
            yield "closes", "range", "is before opens"


@dataclass(frozen=True, slots=True)
class FavouriteDocument(CodedDocument):
    """What members buy most, each of them something else: the first so many in the last days. It is worked out at
    night; promotions select its lines with `"favourite": [CODE]`."""

    of: str = schema.choice("product", "category", "brand", default="product")
    measure: str = schema.choice("amount", "quantity", "count", default="amount", help="`count`: of purchases.")
    days: int = schema.integer(min=1, max=3_660, default=90, help="Today is one of them.")
    top: int = schema.integer(min=1, max=1_000, default=3, help="How many each member has.")
    minimum: object = schema.decimal(min=0, max=10**12, default=Decimal(0), help="At least so much of it.")
    target: dict = schema.json_object(default={}, help="Of which products: a selection as in promotions.")

    def check(self):
        reading = schema.Reading()
        target = schema.read_object(Target, self.target, "target", reading)
        yield from ((problem.path, problem.code, problem.text) for problem in reading.problems)
        if target is not INVALID and (not target.is_static or any(needs_of(target)) or target.price):
            yield "target", "conflict", "must be of products, whoever buys them and at whatever price"
        elif target is not INVALID and target.segments:
            yield "target", "conflict", "must not name segments, which change"


@dataclass(frozen=True, slots=True)
class DirectoryDocument(CodedDocument):
    """Values that attributes of members are chosen from, in the order in which they are shown."""

    values: tuple[CodedDocument, ...] = schema.list_of(schema.nested(CodedDocument), max_length=5_000, default=())

    def check(self):
        seen = Counter(value.code for value in self.values)
        for index, value in enumerate(self.values):
            if seen[value.code] > 1:
                yield f"values[{index}]", "duplicate", "stands twice"


@dataclass(frozen=True, slots=True)
class AttributeDocument(CodedDocument):
    """What the shop wants to know of members. Values are given under its code; of names that are not defined anything
    is taken."""

    code: str = schema.text(max_length=64, pattern=r"[a-z][a-z0-9_]*", form="favourite_coffee")
    kind: str = schema.choice(*KINDS, default="text", help="`one` and `several` are of a directory.")
    directory: str | None = schema.reference("directories", default=None)
    min: object = schema.decimal(min=-(10**9), max=10**9, default=Decimal(0), help="Of numbers; min and max 0: any.")
    max: object = schema.decimal(min=-(10**9), max=10**9, default=Decimal(0), help="Included.")
    sequence: int = schema.integer(min=0, max=10**6, default=10)
    section: str | None = schema.text(max_length=128, default=None, help="Those of a section are shown together.")
    help: str | None = schema.text(max_length=255, default=None)

    def check(self):
        if self.code in TAKEN_NAMES:
            yield "code", "conflict", "is known of every member; take another one"
        if (self.kind in OF_DIRECTORY) != (self.directory is not None):
            yield "directory", "conflict", "is for the kinds one and several, and only for them"
        if (self.min or self.max) and self.kind not in NUMBERS:
            yield "min", "conflict", "and max are for numbers"
        elif (self.min or self.max) and self.max <= self.min:
            yield "max", "range", "is not more than min"


@dataclass(frozen=True, slots=True)
class CardTypeDocument(CodedDocument):
    """A kind of card and the template of its numbers."""

    default: bool = schema.flag(default=False)
    prefix: str = schema.text(max_length=20, default="29")
    length: int = schema.integer(min=4, max=32, default=13)
    mode: str = schema.choice("random", "sequential", default="random")
    check_: str | None = schema.choice("luhn", "ean13", default=None)
    first: int = schema.integer(min=0, max=10**15, default=0, help="Numbers are made from this serial on.")
    last: int = schema.integer(min=0, max=10**15, default=0, help="To this one; 0: as far as the digits go.")
    strict: bool = schema.flag(default=False, help="Only numbers of this template are issued.")


@dataclass(frozen=True, slots=True)
class StoreDocument(CodedDocument):
    """A place of sale."""

    timezone: str | None = schema.declare(TimeZone(), None, help="The programme's where absent.")
    clock: str = schema.choice(
        "store", "member", default="store", help="By whose clock promotions are judged: a web shop's by the member's."
    )
    network: str | None = schema.reference("networks", default=None)
    partner: str | None = schema.reference("partners", default=None)
    attributes: dict = schema.map_of(schema.text(max_length=128), default={})
    tax_included: bool = schema.flag(default=True, help="Whether prices come with tax.")


@dataclass(frozen=True, slots=True)
class RegisterDocument(CodedDocument):
    """A till of a store."""

    store: str = schema.reference("stores")


@dataclass(frozen=True, slots=True)
class CategoryDocument(CodedDocument):
    """A product category."""

    parent: str | None = schema.reference("categories", default=None)


@dataclass(frozen=True, slots=True)
class ProductDocument:
    """A product."""

    sku: str = schema.text(max_length=128)
    name: str | None = schema.text(max_length=255, default=None, help="The SKU where absent.")
    category: str | None = schema.reference("categories", default=None)
    brand: str | None = schema.reference("brands", default=None)
    price: object = schema.decimal(min=0, max=10**10, default=Decimal(0))
    min_price: object = schema.decimal(min=0, max=10**10, default=Decimal(0))
    barcode: str | None = schema.text(max_length=64, default=None)
    no_discount: bool = schema.flag(default=False)
    points: dict = schema.map_of(
        schema.decimal(min=0, max=10**9), default={}, help="What one of it earns by itself, by unit."
    )
    tags: frozenset[str] = schema.set_of(schema.text(max_length=128))


#: Signs of a pattern, the check sign included: what 62 random bits can tell apart, and what cannot be tried through.
CODE_SIGNS_MIN, CODE_SIGNS_MAX = 5, 13
#: Of the codes that a pattern can make, one in so many may be good: who tries, finds none before being stopped.
CODE_RARITY = 1_000
CODES_MAX = 10_000
AMOUNT_MAX = 10**9


def code_capacity(pattern: str) -> int:
    """How many codes a pattern can make.

    >>> code_capacity("SPRING-###-##")
    923521
    """
    return len(SIGNS) ** (pattern.count("#") - 1)


@dataclass(frozen=True, slots=True)
class CodePoolDocument(CodedDocument):
    """Promo codes that are made and used together."""

    state: str = schema.choice("active", "ended", default="active")
    kind: str = schema.choice("one_time", "multi", default="one_time", help="Each code once, or many times.")
    codes: tuple[str, ...] = schema.list_of(
        schema.text(max_length=64), max_length=CODES_MAX, default=(), help="Codes that somebody thought of."
    )
    pattern: str | None = schema.text(
        max_length=64,
        default=None,
        pattern=r"[A-Za-z0-9#-]+",
        form="SPRING-####-####",
        help="Of codes that are made: each `#` is a sign, the last one checks the others.",
    )
    size: int = schema.integer(min=0, max=10**8, default=0, help="So many are made in advance, by the pattern.")
    valued: bool = schema.flag(default=False, help="Its codes are worth money.")
    value: object = schema.decimal(
        min=0, max=10**9, default=Decimal(0), help="What a code is worth, unless something else is said with it."
    )
    remainder: str = schema.choice("lost", "kept", default="lost", help="What a purchase leaves of a code's value.")
    bind: str = schema.choice(
        "bearer", "member", default="bearer", help="`member`: only who was given a code may use it."
    )
    valid: Expiry | None = schema.nested(Expiry, default=None, help="How long a code is good after it was given.")
    uses: int = schema.integer(
        min=0, max=USES_MAX, default=0, help="Uses of each code that may be used many times; 0: any number."
    )
    from_: date | None = schema.day(default=None)
    to: date | None = schema.day(default=None, help="The day is included.")

    def check(self):
        if self.kind == "multi":
            yield from self._check_multi()
        elif not self.pattern and not self.codes:
            yield "pattern", "missing", "or codes is required"
        elif self.uses:
            yield "uses", "conflict", "is only for kind multi"
        yield from self._check_pattern()
        if not self.valued and (self.value or self.remainder == "kept"):
            yield "valued", "missing", "is required with a value or a remainder"
        if self.from_ and self.to and self.to < self.from_:
            yield "to", "conflict", "is before from"
        seen = Counter(normal_code(code) for code in self.codes)
        for index, code in enumerate(self.codes):
            if not normal_code(code):
                yield f"codes[{index}]", "format", "needs letters or digits"
            elif seen[normal_code(code)] > 1:
                yield f"codes[{index}]", "duplicate", "stands twice"

    def _check_multi(self):
        if not self.codes:
            yield "codes", "missing", "is required for kind multi"
        for key in ("pattern", "size"):
            if getattr(self, key):
                yield key, "conflict", "is only for kind one_time"
        if self.bind == "member" or self.remainder == "kept":
            yield "kind", "conflict", "must be one_time for codes of members, and where the remainder is kept"

    def _check_pattern(self):
        signs = (self.pattern or "").count("#")
        if not self.pattern:
            if self.size:
                yield "pattern", "missing", "is required with size"
        elif not CODE_SIGNS_MIN <= signs <= CODE_SIGNS_MAX:
            yield "pattern", "range", f"must have {CODE_SIGNS_MIN} to {CODE_SIGNS_MAX} signs #"
        elif self.size * CODE_RARITY > code_capacity(self.pattern):
            yield "pattern", "range", f"is too short for {self.size} codes that nobody guesses: add signs #"


@dataclass(frozen=True, slots=True)
class ReturnsDocument:
    """What happens when goods come back; promotions.md, section 5a."""

    points_back: str = schema.choice(
        "share", "whole", "never", default="share", help="When points that paid come back: with parts, with the whole."
    )
    earned: str = schema.choice(
        "share", "re_earn", default="share", help="Earned points go in proportion, or what is kept earns anew."
    )
    codes_back: str = schema.choice(
        "share",
        "whole",
        "never",
        default="share",
        help="When promo codes come back: their value with parts, the code itself with the whole.",
    )
    offers: str = schema.choice(
        "keep", "recheck", default="keep", help="`recheck`: discounts that what is kept does not earn leave the refund."
    )
    coupon: str = schema.choice(
        "keep",
        "cut",
        "reduce_refund",
        "cut_or_refund",
        default="keep",
        help="A code that the purchase gave: stays until all comes back; is cut to what the kept goods give; stays, and"
        " the refund is less; is cut, and the refund bears what was used.",
    )
    negative: bool = schema.flag(default=True, help="Whether a balance may go below zero; else the rest is forgiven.")
    without_purchase: bool = schema.flag(default=False, help="Whether goods are taken without their purchase.")
    elsewhere: bool = schema.flag(default=True, help="Whether goods may come back in another store.")
    grace_days: int = schema.integer(
        min=0, max=3_650, default=0, help="Points that come back expired live so many days; 0: they expire at once."
    )


@dataclass(frozen=True, slots=True)
class SettingsDocument:
    """The rules for the whole programme of a company."""

    timezone: str | None = schema.declare(TimeZone(), None)
    backdate_days: int = schema.integer(min=0, max=100_000, default=31)
    forward_days: int = schema.integer(min=0, max=100_000, default=1)
    offline_days: int = schema.integer(
        min=0, max=100_000, default=31, help="How late a receipt made offline may be sent."
    )
    hold_minutes: int = schema.integer(min=1, max=100_000, default=30)
    line_cap_percent: object = schema.decimal(min=0, max=100, default=Decimal(100))
    receipt_cap_percent: object = schema.decimal(min=0, max=100, default=Decimal(100))
    caps_include_points: bool = schema.flag(default=False)
    guess_misses: int = schema.integer(
        min=0, max=100_000, default=30, help="Wrong cards or members a user may name at one till; 0: any number."
    )
    guess_minutes: int = schema.integer(min=1, max=100_000, default=15, help="Within so long, and stopped for so long.")
    confirm_minutes: int = schema.integer(
        min=1, max=1_440, default=10, help="So long a code sent to a phone or an e-mail is good."
    )
    confirm_hour_max: int = schema.integer(
        min=1, max=1_000, default=5, help="Codes sent to a contact of a member within an hour."
    )
    confirm_day_max: int = schema.integer(
        min=1, max=1_000, default=10, help="Codes sent to a phone or an e-mail within a day."
    )
    expiry_from: str = schema.choice("activation", "purchase", default="activation", help="What expiry counts from.")
    crossing: str = schema.choice(
        "old", "new", default="old", help="At which tier a purchase is judged that lifts its member to a higher one."
    )
    returns: ReturnsDocument = schema.nested(ReturnsDocument, default=ReturnsDocument())
    second_person: bool = schema.flag(
        default=False, help="Promotions go live only as a second person has agreed to them."
    )
    incomplete_percent: object = schema.decimal(
        min=0,
        max=100,
        default=Decimal("0.06"),
        help="Above this share of a day's receipts that a store leaves open, people are written to.",
    )

@dataclass(frozen=True, slots=True)
class AmountByPeriodDocument:
    """So much money within each calendar period; weeks begin on Monday."""

    day: object = schema.decimal(above=0, max=AMOUNT_MAX, default=None)
    week: object = schema.decimal(above=0, max=AMOUNT_MAX, default=None)
    month: object = schema.decimal(above=0, max=AMOUNT_MAX, default=None)


@dataclass(frozen=True, slots=True)
class QuantityByPeriodDocument:
    """So many units, litres, kilograms within each calendar period; weeks begin on Monday."""

    day: object = schema.decimal(above=0, max=QUANTITY_MAX, default=None)
    week: object = schema.decimal(above=0, max=QUANTITY_MAX, default=None)
    month: object = schema.decimal(above=0, max=QUANTITY_MAX, default=None)


@dataclass(frozen=True, slots=True)
class BasePerMemberDocument:
    """How much of what a member buys earns points: an amount or a quantity; of what is more, the rest earns nothing."""

    amount: AmountByPeriodDocument | None = schema.nested(AmountByPeriodDocument, default=None)
    quantity: QuantityByPeriodDocument | None = schema.nested(QuantityByPeriodDocument, default=None)

    def check(self):
        if (self.amount is None) == (self.quantity is None):
            yield "", "conflict", "needs exactly one of amount, quantity"


@dataclass(frozen=True, slots=True)
class BoundsDocument:
    """Limits that are counted from purchase to purchase."""

    per_member: int | None = schema.integer(min=1, max=USES_MAX, default=None)
    per_member_days: int | None = schema.integer(min=1, max=36_500, default=None)
    per_day: int | None = schema.integer(min=1, max=USES_MAX, default=None)
    total: int | None = schema.integer(min=1, max=USES_MAX, default=None)
    budget: object = schema.decimal(above=0, default=None)
    budget_points: object = schema.decimal(above=0, max=POINTS_MAX, default=None)
    base_per_member: BasePerMemberDocument | None = schema.nested(BasePerMemberDocument, default=None)


@dataclass(frozen=True, slots=True)
class LimitsDocument(BoundsDocument):
    """How often and how much a promotion gives; its laws are the engine's (docs/promotions.md)."""

    per_receipt: int | None = schema.integer(min=1, max=SETS_MAX, default=None)
    share: str | None = schema.reference("limits", default=None)


@dataclass(frozen=True, slots=True)
class SharedLimitDocument(BoundsDocument):
    """Limits on which promotions draw together: those that name it in `"limits": {"share": CODE}`."""

    code: str = schema.text(max_length=64)
    name: str | None = schema.text(max_length=255, default=None, help="The code where absent.")


@dataclass(frozen=True, slots=True)
class PromotionDocument(CodedDocument):
    """A promotion; conditions and rewards are read by the engine (docs/promotions.md)."""

    state: str = schema.choice("draft", "active", "paused", "ended", default="draft")
    from_: datetime | None = schema.start(default=None)
    to: datetime | None = schema.end(default=None)
    group: str = schema.reference("groups", default="default")
    priority: int = schema.integer(min=-(10**6), max=10**6, default=0)
    weight: int = schema.integer(min=-(10**6), max=10**6, default=0)
    exclusive: bool = schema.flag(default=False)
    basis: str = schema.choice("current", "base", default="current")
    when: dict | None = schema.json_object(default=None)
    rewards: tuple = schema.list_of(schema.json_object(), min_length=1, max_length=100)
    limits: LimitsDocument | None = schema.nested(LimitsDocument, default=None)
    control_percent: object = schema.decimal(min=0, max=100, places=4, default=Decimal(0))
    on: object = schema.declare(SetOff(), None, help="What sets it off: `purchase`, or an event.")


#: Numbers of limits and the fields that keep them.
BOUND_FIELDS = {key: f"limit_{key}" for key in schema.members(BoundsDocument) if key != "base_per_member"}
LIMIT_FIELDS = {"per_receipt": "limit_per_receipt", **BOUND_FIELDS}

#: Of the base that earns: what is measured, and how much of it by period.
BASE_FIELDS = {period: f"limit_base_{period}" for period in PERIODS}
BASE_MEASURE = "limit_base_measure"

#: All fields of limits that are counted from purchase to purchase.
COUNTED_LIMIT_FIELDS = [*BOUND_FIELDS.values(), BASE_MEASURE, *BASE_FIELDS.values()]


#: What members earn and spend; units of kinds that addons add are theirs to tell of, and nobody picks them.
UNITS_OF_PROGRAMME = [("kind", "in", ("points", "money"))]

#: Keys of `settings.returns` and the fields that keep them.
RETURNS = {
    "points_back": "return_points_back",
    "codes_back": "return_codes_back",
    "earned": "return_earned",
    "offers": "return_offers",
    "coupon": "return_coupon",
    "negative": "is_return_negative",
    "without_purchase": "is_return_without_purchase",
    "elsewhere": "is_return_elsewhere",
    "grace_days": "return_grace_days",
}


@dataclass(frozen=True, slots=True)
class ExpiryPolicyDocument(CodedDocument):
    """When points are lost beside the terms of their lots; what each kind takes is for the engine to say."""

    unit: str = schema.reference("units")
    kind: str = schema.choice("inactivity", "yearly", "calendar_year")
    days: int | None = schema.integer(min=1, max=36_500, default=None)
    activity: tuple = schema.list_of(schema.choice(*ACTIVITIES), default=())
    on: str | None = schema.text(max_length=5, default=None)
    older_than: Age | None = schema.nested(Age, default=None)
    grace: int = schema.integer(min=0, max=3_650, default=0)
    when: dict | None = schema.json_object(default=None)


class ExpiryPolicySection(Section):
    """Activities are fields of their own, an age is a number and its period, the tree the text that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        activity, age, when = values.pop("activity"), values.pop("older_than"), values.pop("when")
        values |= {f"is_by_{name}": not activity or name in activity for name in ACTIVITIES}
        values["older_than_count"] = (age.days or age.months) if age else 0
        values["older_than_period"] = "days" if age and age.days else "months"
        values["when_text"] = _json(when) if when else False
        return values

    def document_of(self, record) -> dict[str, object]:
        """Only what belongs to the kind."""
        said = Section.document_of(self, record)
        document = {key: said[key] for key in ("code", "name", "unit", "kind") if key in said}
        if record.kind == "inactivity":
            document["days"] = record.days
            activity = [name for name in ACTIVITIES if record[f"is_by_{name}"]]
            if len(activity) < len(ACTIVITIES):
                document["activity"] = activity
        elif record.kind == "yearly":
            document["on"] = record.on_day or ""
            if record.older_than_count:
                document["older_than"] = {record.older_than_period: record.older_than_count}
        elif record.grace:
            document["grace"] = record.grace
        if when := record._document_in("when_text"):
            document["when"] = when
        return document


class SettingsSection(Section):
    """The rules of returns are an object of the document and fields of the record."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        returns = values.pop("returns")
        return values | {name: getattr(returns, key) for key, name in RETURNS.items()}

    def document_of(self, record) -> dict[str, object]:
        document = Section.document_of(self, record)
        returns = {
            key: record[name]
            for key, name in RETURNS.items()
            if record[name] != schema.members(ReturnsDocument)[key].default
        }
        return {**document, "returns": returns} if returns else document


class CodePoolSection(Section):
    """The codes of a pool are kept as the text that people edit, its days and how long a code is good by fields."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        values["codes_text"] = "\n".join(document.codes) or False
        values["valid"] = schema.write(document.valid) if document.valid else False
        return values

    def document_of(self, record) -> dict[str, object]:
        document = Section.document_of(self, record)
        for key in ("from", "to"):
            if key in document:
                document[key] = document[key].isoformat()
        if codes := (record.codes_text or "").split("\n"):
            document["codes"] = [code.strip() for code in codes if code.strip()]
        return {key: value for key, value in document.items() if value != []}


class TierSection(Section):
    """The window is kept by its kind and numbers, the selection of products as the text that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        window, target = values.pop("window"), values.pop("target")
        values["target_text"] = _json(target) if target else False
        values["window_count"] = window.days or window.months or 0
        values["window_from"], values["window_to"] = window.from_ or False, window.to or False
        if window.from_ or window.to:
            values["window_kind"] = "dates"
        else:
            counted = next((name for name in WINDOW_COUNTS if getattr(window, name)), None)
            values["window_kind"] = counted or window.calendar or "lifetime"
        return values

    def document_of(self, record) -> dict[str, object]:
        document = Section.document_of(self, record)
        if target := record._document_in("target_text"):
            document["target"] = target
        if window := self._window(record):
            document["window"] = window
        return document

    def _window(self, record) -> dict[str, object] | None:
        kind = record.window_kind
        if kind == "dates":
            days = {"from": record.window_from, "to": record.window_to}
            return {key: day.isoformat() for key, day in days.items() if day}
        if kind in WINDOW_COUNTS:
            return {kind: record.window_count}
        return None if kind == "lifetime" else {"calendar": kind}


WINDOW_COUNTS = ("days", "months")


class ChoiceSection(Section):
    """The options of a choice are kept as the text that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        values["options_text"] = _json([schema.write(option) for option in values.pop("options")])
        return values

    def document_of(self, record) -> dict[str, object]:
        document = Section.document_of(self, record)
        return {**document, "options": record._document_in("options_text") or []}


class FavouriteSection(Section):
    """The selection of products is kept as the text that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        target = values.pop("target")
        return {**values, "target_text": _json(target) if target else False}

    def document_of(self, record) -> dict[str, object]:
        target = record._document_in("target_text")
        return {**Section.document_of(self, record), **({"target": target} if target else {})}


class ProductSegmentSection(Section):
    """The selection and the lists of products are kept as the texts that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        target, include, exclude = (values.pop(key) for key in ("target", "include", "exclude"))
        return {
            **values,
            "target_text": False if target is False else _json(target),
            "include_text": "\n".join(include) or False,
            "exclude_text": "\n".join(exclude) or False,
        }

    def document_of(self, record) -> dict[str, object]:
        document, target = Section.document_of(self, record), record._document_in("target_text")
        if target is not None:
            document["target"] = target
        lists = {key: skus_in(record[f"{key}_text"]) for key in ("include", "exclude")}
        return {**document, **{key: skus for key, skus in lists.items() if skus}}


def skus_in(text: str | bool) -> list[str]:
    """The codes of products in a text that somebody pasted, each once: a line for each, or separated by signs."""
    return sorted({code for one in re.split(r"[\n\r\t,;]", text or "") if (code := one.strip())})


class DirectorySection(Section):
    """The values of a directory are records of their own, told as a list."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        rows = [{"code": value.code, "name": value.name or value.code} for value in document.values]
        return {**Section.values_of(self, document), "values": rows or False}


class ScheduledConversionSection(Section):
    """The schedule is kept in columns, the gift as the text that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        values["gives_text"] = _json(schema.write(values.pop("gives")))
        schedule = values.pop("schedule")
        return values | {name: getattr(schedule, name) for name in schema.members(ScheduleDocument)}

    def document_of(self, record) -> dict[str, object]:
        members = schema.members(ScheduleDocument)
        schedule = {name: record[name] for name in members if record[name] != members[name].default}
        gives = record._document_in("gives_text") or {}
        return {**Section.document_of(self, record), "schedule": schedule, "gives": gives}


class RewardSection(Section):
    """The price is kept in columns, the gift as the text that people edit."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        values["gives_text"] = _json(schema.write(values.pop("gives")))
        points = values.pop("points")
        is_range = isinstance(points, PointsRange)
        values["points"] = 0.0 if is_range else float(points)
        for name in schema.members(PointsRange):
            values[f"points_{name}"] = float(getattr(points, name)) if is_range else 0.0
        return values

    def document_of(self, record) -> dict[str, object]:
        points = _plain(record, "points")
        if not points:
            points = {name: _plain(record, f"points_{name}") for name in schema.members(PointsRange)}
        return {**Section.document_of(self, record), "points": points, "gives": record._document_in("gives_text") or {}}


def _values_of_bounds(bounds) -> dict[str, object]:
    """Limits are kept by fields, those of the base by what they measure and the numbers of the periods."""
    values = {name: _storable(getattr(bounds, key)) if bounds else False for key, name in BOUND_FIELDS.items()}
    base = bounds and bounds.base_per_member
    by_period = base and (base.amount or base.quantity)
    values[BASE_MEASURE] = ("amount" if base.amount else "quantity") if base else False
    values |= {name: _storable(getattr(by_period, period)) if base else False for period, name in BASE_FIELDS.items()}
    return values


def _bounds_of(record) -> dict[str, object]:
    bounds = {key: _plain(record, name) for key, name in BOUND_FIELDS.items() if record[name]}
    if record[BASE_MEASURE]:
        by_period = {period: _plain(record, name) for period, name in BASE_FIELDS.items() if record[name]}
        bounds["base_per_member"] = {record[BASE_MEASURE]: by_period}
    return bounds


class SharedLimitSection(Section):
    """Its limits are kept by the same fields as those of a promotion."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        return {"code": document.code, "name": document.name or document.code, **_values_of_bounds(document)}

    def document_of(self, record) -> dict[str, object]:
        return {"code": record.code, "name": record.name, **_bounds_of(record)}


class PromotionSection(Section):
    """A promotion's period is kept by days and times, its trees as the text that people edit, its limits by fields."""

    __slots__ = ()

    def values_of(self, document) -> dict[str, object]:
        values = Section.values_of(self, document)
        starts, ends = values.pop("from"), values.pop("to")
        values["starts_on"], values["starts_time"] = _day_and_time(starts)
        values["ends_on"], values["ends_time"] = _last_day_and_time(ends)
        when, rewards = values.pop("when"), values.pop("rewards")
        values["when_text"] = _json(when) if when else False
        values["rewards_text"] = _json(list(rewards))
        values |= self._set_off_of(values.pop("on"))
        limits = values.pop("limits")
        values["limit_per_receipt"] = (limits and limits.per_receipt) or False
        values["limit_share_id"] = (limits and limits.share) or False
        return values | _values_of_bounds(limits)

    def document_of(self, record) -> dict[str, object]:
        # A change that is being prepared stands for what it is a change of.
        document = {"code": (record.version_of_id or record).code, "name": record.name, "state": record.state}
        if record.starts_on:
            document["from"] = _period_edge(record.starts_on, record.starts_time)
        if record.ends_on:
            document["to"] = _period_edge(record.ends_on, record.ends_time)
        document["group"] = record.group_id.code
        for key, name, default in (
            ("priority", "priority", 0),
            ("weight", "weight", 0),
            ("exclusive", "is_exclusive", False),
            ("basis", "basis", "current"),
            ("control_percent", "control_percent", 0),
        ):
            if record[name] != default:
                document[key] = record[name]
        when = record._document_in("when_text")
        if when:
            document["when"] = when
        document["rewards"] = record._document_in("rewards_text") or []
        if limits := self.limits_of(record):
            document["limits"] = limits
        if record.on_event != PURCHASE:
            further = record._document_in("on_text") or {}
            offset = {"offset_days": record.on_offset_days} if record.on_offset_days else {}
            document["on"] = {"event": record.on_event, **offset, **further} if offset or further else record.on_event
        return document

    def limits_of(self, record) -> dict[str, object]:
        limits = {"per_receipt": record.limit_per_receipt} if record.limit_per_receipt else {}
        limits |= _bounds_of(record)
        if record.limit_share_id:
            limits["share"] = record.limit_share_id.code
        return limits

    def _set_off_of(self, on) -> dict[str, object]:
        """An event is kept by its name and days, what else it takes as the text that people edit."""
        further = schema.write(on) if on else {}
        return {
            "on_event": on.kind if on else PURCHASE,
            "on_offset_days": further.pop("offset_days", 0),
            "on_text": _json(further) if further else False,
        }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _day_and_time(moment: datetime | None):
    if not moment:
        return False, False
    return moment.date(), moment.strftime("%H:%M:%S").removesuffix(":00") if moment.time() != time.min else False


def _last_day_and_time(moment: datetime | None):
    """The end is exclusive; at midnight it is the whole day before."""
    if moment and moment.time() == time.min:
        return (moment - timedelta(days=1)).date(), False
    return _day_and_time(moment)


def _period_edge(day, clock: str | bool) -> str:
    return f"{day.isoformat()}T{clock}" if clock else day.isoformat()


SECTIONS: list[Section] = [
    SettingsSection(
        "settings",
        "loy.settings",
        SettingsDocument,
        {"caps_include_points": "is_cap_with_points", "second_person": "is_second_person"},
        key=(),
    ),
    Section(
        "units",
        "loy.unit",
        UnitDocument,
        {"transfers": "is_transferable", "currency": "currency_code"},
        only=tuple(UNITS_OF_PROGRAMME),
    ),
    CodePoolSection(
        "code_pools",
        "loy.code.pool",
        CodePoolDocument,
        {"valued": "is_valued", "codes": "codes_text", "from": "starts_on", "to": "ends_on"},
    ),
    Section(
        "conversions",
        "loy.conversion.rate",
        ConversionDocument,
        {"from": "unit_id", "to": "to_unit_id"},
        hides=("from", "to"),
    ),
    ScheduledConversionSection(
        "scheduled_conversions",
        "loy.conversion",
        ScheduledConversionDocument,
        {"unit": "unit_id"},
        beside="conversions",
        marks=("schedule", "gives"),
    ),
    Section("groups", "loy.group", GroupDocument, {"exclusive": "is_exclusive"}),
    ProductSegmentSection("product_segments", "loy.product.segment", ProductSegmentDocument),
    TierSection("tiers", "loy.tier", TierDocument, {"unit": "unit_id"}),
    RewardSection("rewards", "loy.reward", RewardDocument, {"unit": "unit_id", "group": "group_id"}),
    Section("calendars", "loy.calendar", CalendarDocument),
    ChoiceSection("choices", "loy.choice", ChoiceDocument),
    FavouriteSection("favourites", "loy.favourite", FavouriteDocument),
    DirectorySection("directories", "loy.directory", DirectoryDocument),
    Section(
        "attributes",
        "loy.attribute",
        AttributeDocument,
        {"directory": "directory_id", "min": "minimum", "max": "maximum"},
    ),
    Section(
        "card_types",
        "loy.card.type",
        CardTypeDocument,
        {
            "default": "is_default",
            "prefix": "number_prefix",
            "length": "number_length",
            "mode": "number_mode",
            "check": "number_check",
            "first": "serial_from",
            "last": "serial_to",
            "strict": "is_template_strict",
        },
    ),
    Section("partners", "loy.partner", CodedDocument),
    Section("brands", "loy.brand", CodedDocument),
    Section("networks", "loy.network", CodedDocument),
    Section(
        "stores",
        "loy.store",
        StoreDocument,
        {"network": "network_id", "partner": "partner_id", "tax_included": "is_price_tax_included"},
    ),
    Section("registers", "loy.register", RegisterDocument, {"store": "store_id"}, ("store", "code"), False),
    Section(
        "categories",
        "product.category",
        CategoryDocument,
        {"code": "loy_code", "parent": "parent_id"},
        is_company_bound=False,
        only=(("loy_code", "!=", False),),
    ),
    Section(
        "products",
        "product.product",
        ProductDocument,
        {
            "sku": "default_code",
            "category": "categ_id",
            "brand": "loy_brand_id",
            "price": "list_price",
            "min_price": "loy_min_price",
            "no_discount": "loy_no_discount",
            "points": "loy_points",
            "tags": "loy_tags",
        },
        ("sku",),
        False,
        only=(("default_code", "!=", False),),
    ),
    ExpiryPolicySection(
        "expiry_policies",
        "loy.expiry.policy",
        ExpiryPolicyDocument,
        {"unit": "unit_id", "on": "on_day"},
    ),
    SharedLimitSection("limits", "loy.shared.limit", SharedLimitDocument),
    PromotionSection(
        "promotions",
        "loy.promotion",
        PromotionDocument,
        {"group": "group_id", "exclusive": "is_exclusive"},
        only=(("version_of_id", "=", False),),
    ),
]


def add_section(section: Section) -> None:
    """Make a section of an addon known: promotions may name its records if it ``is_named``."""
    SECTIONS.insert(SECTIONS.index(section_of("loy.expiry.policy")), section)


def told_of(name: str, row: object) -> Section | None:
    """The section of a row that documents tell under this name: some stand beside others, known by their own keys."""
    keys = row.keys() if isinstance(row, dict) else ()
    beside = (one for one in SECTIONS if one.beside == name and not set(one.marks).isdisjoint(keys))
    return next(beside, None) or section_named(name)


def section_named(name: str) -> Section | None:
    """The section of that name, unless the addon that had it is gone."""
    return next((section for section in SECTIONS if section.name == name), None)


def section_of(model: str) -> Section:
    """The section that describes a model."""
    return next(section for section in SECTIONS if section.model == model)
