"""What each method of the API takes: the declaration is the validation and the documentation."""

from dataclasses import dataclass

from ..engine import schema
from .sections import TimeZone

LINES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class AmountOr(schema.Type):
    """A number, or a word that leaves it to the programme (read as None)."""

    word: str
    name = "number"

    def read(self, value, path, reading):
        if value == self.word:
            return None
        return schema.Number("number", schema.Range(min=0), 6, None).read(value, path, reading)

    def limits(self) -> str:
        return f"at least 0, or `{self.word}`"


def amount_or(word: str, **kwargs):
    return schema.declare(AmountOr(word), default=None, **kwargs)


def new_key():
    return schema.text(
        max_length=64, help="Made by the client, once for each new request; repeated, the first answer comes again."
    )


@dataclass(frozen=True, slots=True)
class Empty:
    """No parameters."""


@dataclass(frozen=True, slots=True)
class JobsRun:
    """Up to when the scheduled work is done."""

    key: str = new_key()
    until: object = schema.instant(
        default=None, help="Also a moment that has not come, three years ahead at most; now where absent."
    )


@dataclass(frozen=True, slots=True)
class MemberKey:
    """Who: exactly one of these."""

    member: str | None = schema.text(max_length=20, default=None, help="The member's id.")
    card: str | None = schema.text(max_length=64, default=None, help="The number of a card.")
    phone: str | None = schema.text(max_length=32, default=None)
    email: str | None = schema.text(max_length=254, default=None)
    external_id: str | None = schema.text(max_length=128, default=None, help="The id in another system.")

    def given(self) -> dict[str, str]:
        return {key: value for key in schema.members(MemberKey) if (value := getattr(self, key)) is not None}

    def check(self):
        if len(self.given()) != 1:
            names = "member, card, phone, email, external_id" + (", code" if isinstance(self, MemberFind) else "")
            yield "", "conflict", f"must name exactly one of {names}"


# ---------------------------------------------------------------------------------------------- programme


@dataclass(frozen=True, slots=True)
class ProgrammeApply:
    """A whole programme or a part of it, by codes."""

    key: str = new_key()
    programme: dict = schema.json_object(help="Sections as in docs/api.md.")
    replace: tuple[str, ...] = schema.list_of(
        schema.text(), default=(), help="Sections of which the document is the whole truth: what it does not name ends."
    )
    at: object = schema.instant(default=None, help="Valid from this moment; now by default.")
    dry_run: bool = schema.flag(default=False, help="Only tell what would change.")
    cases: str = schema.choice(
        "ignore",
        "tell",
        "refuse",
        default="ignore",
        help="The kept cases of the test bench that come out different by it: told in the answer, or reason to refuse.",
    )


# ---------------------------------------------------------------------------------------- members and cards


@dataclass(frozen=True, slots=True)
class MemberRegister:
    """A new member; a phone or an e-mail is needed."""

    key: str = new_key()
    phone: str | None = schema.text(max_length=32, default=None)
    email: str | None = schema.text(max_length=254, default=None)
    first_name: str | None = schema.text(max_length=128, default=None)
    last_name: str | None = schema.text(max_length=128, default=None)
    birth_date: object = schema.day(default=None)
    sex: str | None = schema.choice("female", "male", "other", default=None)
    timezone: str | None = schema.declare(TimeZone(), None, help="Where the member lives.")
    external_id: str | None = schema.text(max_length=128, default=None)
    attributes: dict = schema.json_object(
        default={}, help="As the section `attributes` defines them; of other names anything is kept as it comes."
    )
    brands: tuple[str, ...] | None = schema.list_of(
        schema.text(max_length=64), max_length=100, default=None, help="All brands whose clubs the member has joined."
    )
    card: str | None = schema.text(max_length=64, default=None, help="The number of a card in hand; else one is made.")
    store: str | None = schema.text(max_length=64, default=None)
    referral_code: str | None = schema.text(
        max_length=64, default=None, help="Of the member who has sent this one; see `referral_code`."
    )
    at: object = schema.instant(default=None, help="When the member registered; now by default.")

    def check(self):
        if not self.phone and not self.email:
            yield "", "missing", "needs a phone or an email"


@dataclass(frozen=True, slots=True)
class OpeningCard:
    """A card that the member has already."""

    number: str = schema.text(max_length=64)
    issued_on: object = schema.day(default=None, help="The day of registration where absent.")


@dataclass(frozen=True, slots=True)
class OpeningLot:
    """Points or money that the member has already."""

    unit: str = schema.text(max_length=64)
    amount: object = schema.decimal(above=0, max=10**10)
    active_from: object = schema.instant(default=None, help="When they became usable, or will.")
    expires_at: object = schema.instant(default=None, help="When they are no longer there; never where absent.")


@dataclass(frozen=True, slots=True)
class OpeningTotal:
    """What the member bought in a time before; conditions and reports count it on its last day."""

    from_: object = schema.day(default=None)
    to: object = schema.day()
    amount: object = schema.decimal(min=0, max=10**10, help="After discounts.")
    count: int = schema.integer(min=0, max=10**6, default=0, help="How many purchases it was.")
    store: str | None = schema.text(max_length=64, default=None)

    def check(self):
        if self.from_ is not None and self.to < self.from_:
            yield "to", "range", "is before from"


@dataclass(frozen=True, slots=True)
class MemberOpening:
    """A member as another system knows it; one of phone, email, external_id or a card is needed."""

    phone: str | None = schema.text(max_length=32, default=None)
    email: str | None = schema.text(max_length=254, default=None)
    external_id: str | None = schema.text(max_length=128, default=None)
    first_name: str | None = schema.text(max_length=128, default=None)
    last_name: str | None = schema.text(max_length=128, default=None)
    birth_date: object = schema.day(default=None)
    sex: str | None = schema.choice("female", "male", "other", default=None)
    timezone: str | None = schema.declare(TimeZone(), None, help="Where the member lives.")
    attributes: dict = schema.json_object(default={})
    brands: tuple[str, ...] = schema.list_of(schema.text(max_length=64), max_length=100, default=())
    store: str | None = schema.text(max_length=64, default=None, help="The preferred store.")
    registered: object = schema.instant(default=None, help="When the member registered; now where absent.")
    cards: tuple[OpeningCard, ...] = schema.list_of(
        schema.nested(OpeningCard),
        max_length=20,
        default=(),
        help="The first is the main one; where there is none, one is made.",
    )
    lots: tuple[OpeningLot, ...] = schema.list_of(schema.nested(OpeningLot), max_length=200, default=())
    totals: tuple[OpeningTotal, ...] = schema.list_of(schema.nested(OpeningTotal), max_length=500, default=())
    tier: str | None = schema.text(max_length=64, default=None)
    tier_since: object = schema.day(default=None, help="The day of `at` where absent.")
    tier_until: object = schema.day(default=None, help="Included; for good where absent.")

    def check(self):
        if self.tier is None and (self.tier_since or self.tier_until):
            yield "tier", "missing", "is needed to say since when or until when"
        if self.tier_since and self.tier_until and self.tier_until < self.tier_since:
            yield "tier_until", "range", "is before tier_since"
        if not (self.phone or self.email or self.external_id or self.cards):
            yield "", "missing", "needs a phone, an email, an external_id or a card"


@dataclass(frozen=True, slots=True)
class MembersImport:
    """Members of another system with all that they have; a thousand at once at most."""

    key: str = new_key()
    members: tuple[MemberOpening, ...] = schema.list_of(schema.nested(MemberOpening), min_length=1, max_length=1_000)
    dry_run: bool = schema.flag(default=False, help="Only tell what is wrong.")
    at: object = schema.instant(default=None, help="When what they have was brought over; now where absent.")


@dataclass(frozen=True, slots=True)
class MemberFind(MemberKey):
    """Who: exactly one of these."""

    code: str | None = schema.text(max_length=64, default=None, help="A promo code that was given to the member.")

    def given(self) -> dict[str, str]:
        return MemberKey.given(self) | ({} if self.code is None else {"code": self.code})


@dataclass(frozen=True, slots=True)
class MemberUpdate:
    """New values of a member; what is absent stays."""

    key: str = new_key()
    member: str = schema.text(max_length=20)
    phone: str | None = schema.text(max_length=32, default=None)
    email: str | None = schema.text(max_length=254, default=None)
    first_name: str | None = schema.text(max_length=128, default=None)
    last_name: str | None = schema.text(max_length=128, default=None)
    birth_date: object = schema.day(default=None)
    sex: str | None = schema.choice("female", "male", "other", default=None)
    timezone: str | None = schema.declare(TimeZone(), None, help="Where the member lives.")
    external_id: str | None = schema.text(max_length=128, default=None)
    attributes: dict | None = schema.json_object(default=None, help="Merged into what is known, name by name.")
    brands: tuple[str, ...] | None = schema.list_of(
        schema.text(max_length=64), max_length=100, default=None, help="All brands whose clubs the member has joined."
    )
    store: str | None = schema.text(max_length=64, default=None)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class MemberOf:
    """Which member."""

    member: str = schema.text(max_length=20, help="The member's id.")


@dataclass(frozen=True, slots=True)
class MemberPurchases:
    """The purchases of a member, the newest first, 80 a page."""

    member: str = schema.text(max_length=20, help="The member's id.")
    from_: object = schema.instant(default=None, help="Made then or later. Without an offset: UTC.")
    to: object = schema.instant(default=None, help="Made before it.")
    page: int = schema.integer(min=1, max=100_000, default=1)


@dataclass(frozen=True, slots=True)
class TierGet:
    """Whose tier."""

    member: str = schema.text(max_length=20, help="The member's id.")


@dataclass(frozen=True, slots=True)
class PersonalOffer(MemberKey):
    """What one member is offered by name in a promotion; who: exactly one of member, card, phone, email,
    external_id."""

    promotion: str = schema.text(max_length=64)
    sku: str | None = schema.text(
        max_length=128, default=None, help="A product; all that the promotion is for where absent."
    )
    value: object = schema.decimal(
        min=0, max=10**9, default=None, help="For rewards with `\"value\": \"offer\"`: per cent, money off or a price."
    )
    from_: object = schema.day(default=None, help="Today where absent.")
    to: object = schema.day(default=None, help="Included; as long as the promotion lasts where absent.")


@dataclass(frozen=True, slots=True)
class OffersImport:
    """Personal offers in bulk. The same member, promotion, product and first day are the same offer: loaded again it
    takes the new value and end."""

    key: str = new_key()
    batch: str | None = schema.text(max_length=128, default=None, help="What the load is called.")
    offers: tuple[PersonalOffer, ...] = schema.list_of(
        schema.nested(PersonalOffer), min_length=1, max_length=10_000
    )


@dataclass(frozen=True, slots=True)
class MemberOffers(MemberKey):
    """Who: exactly one of these; and when."""

    at: object = schema.instant(default=None, help="Now where absent.")


@dataclass(frozen=True, slots=True)
class MemberFavourites(MemberKey):
    """Who: exactly one of these."""


@dataclass(frozen=True, slots=True)
class MemberChoose:
    """What a member has chosen."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="The member's id.")
    choice: str = schema.text(max_length=64)
    options: tuple[str, ...] = schema.list_of(schema.text(max_length=64), min_length=1, max_length=1_000)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class RewardRedeem:
    """A reward of the catalogue for points, beside a purchase or without one."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="The member's id.")
    reward: str = schema.text(max_length=64)
    purchase: str | None = schema.text(max_length=64, default=None, help="With which purchase it is taken.")
    points: object = schema.decimal(
        above=0, max=10**9, default=None, help="How many, where the reward leaves it to the member."
    )
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class ReferralCode:
    """Whose code."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="The member's id.")


@dataclass(frozen=True, slots=True)
class MemberErase:
    """A person who is to be forgotten."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="The member's id.")
    confirm: str = schema.text(max_length=20, help="The same id again.")
    write_off: bool = schema.flag(default=False, help="What is on the accounts is written off; else it is refused.")
    reason: str | None = schema.text(max_length=255, default=None)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class MemberMerge:
    """One member becomes a part of another."""

    key: str = new_key()
    member: str = schema.text(max_length=9, help="The id of the member who goes.")
    into: str = schema.text(max_length=20, help="The id of the member who stays.")
    reason: str | None = schema.text(max_length=255, default=None)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class ContactConfirmStart:
    """Where a code is to be sent."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="The member's id.")
    contact: str = schema.choice("phone", "email")


@dataclass(frozen=True, slots=True)
class ContactConfirm:
    """The code that the member has received."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="The member's id.")
    contact: str = schema.choice("phone", "email")
    code: str = schema.text(max_length=6, pattern=r"[0-9]{6}", form="six digits")


@dataclass(frozen=True, slots=True)
class CardIssue:
    """A further card for a member."""

    key: str = new_key()
    member: str = schema.text(max_length=20)
    card: str | None = schema.text(max_length=64, default=None, help="The number of a card in hand; else one is made.")
    card_type: str | None = schema.text(max_length=64, default=None, help="The default type where absent.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class CardChange:
    """A change of a card's state."""

    key: str = new_key()
    card: str = schema.text(max_length=64)
    reason: str | None = schema.text(max_length=255, default=None, help="The code of a reason, or a free text.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class CardReplace:
    """Another card in the place of a lost one."""

    key: str = new_key()
    card: str = schema.text(max_length=64, help="The number of the card that is lost or worn.")
    new_card: str | None = schema.text(
        max_length=64, default=None, help="The number of the card that is handed out; else one is made."
    )
    reason: str | None = schema.text(max_length=255, default=None, help="The code of a reason, or a free text.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


# ------------------------------------------------------------------------------------------------ purchases


@dataclass(frozen=True, slots=True)
class GivenDiscount:
    """A discount that the till has given while it was offline."""

    promotion: str = schema.text(max_length=128)
    discount: object = schema.decimal(min=0, max=10**10)


@dataclass(frozen=True, slots=True)
class OriginLine:
    """The line of an earlier purchase that comes back."""

    purchase: str = schema.text(max_length=64)
    line: str = schema.text(max_length=64)


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line of the basket; a negative quantity comes back, as in an exchange."""

    id: str = schema.text(max_length=64)
    sku: str = schema.text(max_length=128)
    quantity: object = schema.decimal(min=-(10**6), max=10**6)
    price: object = schema.decimal(min=0, max=10**10, default=None, help="The list price where absent.")
    amount: object = schema.decimal(
        min=-(10**10),
        max=10**10,
        default=None,
        help="Instead of price × quantity, where the till rounds by itself; it has the sign of the quantity.",
    )
    no_discount: bool = schema.flag(default=False)
    given: tuple[GivenDiscount, ...] | None = schema.list_of(
        schema.nested(GivenDiscount),
        max_length=100,
        default=None,
        help="Offline only: the discounts of the line as they stand on the receipt.",
    )
    certificate: str | None = schema.text(
        max_length=64,
        default=None,
        help="The number of the gift certificate that the line sells; one without a body needs none.",
    )
    of: OriginLine | None = schema.nested(
        OriginLine, default=None, help="Of a line that comes back: where it was bought. Absent: nobody knows."
    )

    def check(self):
        if self.amount is not None and self.amount * self.quantity < 0:
            yield "amount", "conflict", "must have the sign of the quantity"
        if self.certificate is not None and self.quantity != 1:
            yield "certificate", "conflict", "is one: the quantity must be 1"
        if self.of is not None and self.quantity >= 0:
            yield "of", "conflict", "is only for a quantity below zero"


@dataclass(frozen=True, slots=True)
class PaymentWish:
    """A means of payment that the customer has chosen."""

    method: str = schema.text(max_length=64)
    amount: object = amount_or("rest")


@dataclass(frozen=True, slots=True)
class SpendWish:
    """Points that the customer wants to pay with."""

    unit: str = schema.text(max_length=64)
    amount: object = amount_or("max")


@dataclass(frozen=True, slots=True)
class CertificateWish:
    """A gift certificate that pays."""

    number: str = schema.text(max_length=64)
    pin: str | None = schema.text(max_length=16, default=None)
    amount: object = schema.decimal(above=0, max=10**10, default=None, help="At most so much of it; all where absent.")


@dataclass(frozen=True, slots=True)
class RewardWish:
    """A reward of the catalogue that the customer wants with the purchase."""

    reward: str = schema.text(max_length=64)
    times: int = schema.integer(min=1, max=1_000, default=1)


@dataclass(frozen=True, slots=True)
class BasketFields:
    """A basket at a moment and a place."""

    store: str = schema.text(max_length=64)
    register: str | None = schema.text(max_length=64, default=None)
    channel: str = schema.text(max_length=64, default="pos")
    at: object = schema.instant(default=None, help="Without an offset: the store's wall clock. Now where absent.")
    member: MemberKey | None = schema.nested(MemberKey, default=None)
    lines: tuple[PurchaseLine, ...] = schema.list_of(schema.nested(PurchaseLine), max_length=LINES_MAX)
    codes: tuple[str, ...] = schema.list_of(schema.text(max_length=64), max_length=50, default=())
    payments: tuple[PaymentWish, ...] = schema.list_of(schema.nested(PaymentWish), max_length=50, default=())
    spend: tuple[SpendWish, ...] = schema.list_of(schema.nested(SpendWish), max_length=20, default=())
    redeem: tuple[RewardWish, ...] = schema.list_of(schema.nested(RewardWish), max_length=50, default=())
    certificates: tuple[CertificateWish, ...] = schema.list_of(
        schema.nested(CertificateWish),
        max_length=50,
        default=(),
        help="Gift certificates that pay, one after another: the first is drained before the next one pays.",
    )

    def check(self):
        yield from _duplicates(self.lines or ())


@dataclass(frozen=True, slots=True)
class PurchaseCalculate(BasketFields):
    """A basket to be calculated."""

    purchase: str | None = schema.text(max_length=64, default=None, help="The till's own number of the receipt.")
    explain: bool = schema.flag(default=False, help="Every promotion's reason, not only of those looked at.")


@dataclass(frozen=True, slots=True)
class PurchaseHold(BasketFields):
    """A basket whose points are to be reserved."""

    key: str = new_key()
    purchase: str = schema.text(max_length=64)

    def check(self):
        yield from _duplicates(self.lines)
        for index, line in enumerate(self.lines):
            if line.quantity < 0:
                yield f"lines[{index}].quantity", "range", "comes back: confirm an exchange at once, without a hold"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the till has shown to the customer."""

    to_pay: object = schema.decimal(min=0, default=None)


@dataclass(frozen=True, slots=True)
class PurchaseConfirm(BasketFields):
    """A purchase that has happened: all of it, or only the number of one that is held."""

    key: str = new_key()
    purchase: str = schema.text(max_length=64)
    store: str | None = schema.text(max_length=64, default=None)
    lines: tuple[PurchaseLine, ...] | None = schema.list_of(
        schema.nested(PurchaseLine), max_length=LINES_MAX, default=None
    )
    expected: Expected | None = schema.nested(Expected, default=None)
    offline: bool = schema.flag(
        default=False, help="Printed while the till was offline: a fact, judged by the rules of its time."
    )

    def check(self):
        if self.lines is not None and self.store is None:
            yield "store", "missing", "is required with lines"
        if self.offline and self.lines is None:
            yield "lines", "missing", "is required with offline"
        for index, line in enumerate(self.lines or ()):
            if line.given is not None and not self.offline:
                yield f"lines[{index}].given", "conflict", "is only for what was sold offline"
        given = (self.store, self.member, self.codes, self.spend, self.payments, self.redeem, self.certificates)
        if self.lines is None and any(given):
            yield "lines", "missing", "is required, unless only a held purchase is named"
        yield from _duplicates(self.lines or ())


@dataclass(frozen=True, slots=True)
class PurchaseNumber:
    """Which purchase."""

    purchase: str = schema.text(max_length=64)


@dataclass(frozen=True, slots=True)
class PurchaseCancel:
    """A purchase that will not happen."""

    key: str = new_key()
    purchase: str = schema.text(max_length=64)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """How much of a line comes back; without its purchase also what it is and what is paid for it."""

    id: str = schema.text(max_length=64, help="The line of the purchase.")
    quantity: object = schema.decimal(above=0, max=10**6)
    sku: str | None = schema.text(max_length=128, default=None)
    price: object = schema.decimal(min=0, max=10**10, default=None)
    amount: object = schema.decimal(min=0, max=10**10, default=None, help="Instead of price × quantity.")

    def is_described(self) -> bool:
        return self.sku is not None or self.price is not None or self.amount is not None


@dataclass(frozen=True, slots=True)
class PurchaseReturn:
    """Goods that come back."""

    key: str = new_key()
    purchase: str | None = schema.text(
        max_length=64, default=None, help="Absent: nobody knows it. The settings say whether such goods are taken."
    )
    return_: str = schema.text(max_length=64, help="The till's own number of the return.")
    lines: tuple[ReturnLine, ...] | None = schema.list_of(
        schema.nested(ReturnLine), min_length=1, max_length=LINES_MAX, default=None, help="All that is left if absent."
    )
    store: str | None = schema.text(max_length=64, default=None, help="That of the purchase where absent.")
    register: str | None = schema.text(max_length=64, default=None)
    member: MemberKey | None = schema.nested(
        MemberKey, default=None, help="Whose goods they are; only without a purchase."
    )
    at: object = schema.instant(default=None)
    offline: bool = schema.flag(default=False, help="Made while the till was offline.")

    def check(self):
        yield from _duplicates(self.lines or ())
        if self.purchase is None:
            yield from self._check_unknown()
            return
        if self.member is not None:
            yield "member", "conflict", "is only for goods without their purchase"
        if self.register is not None and self.store is None:
            yield "store", "missing", "is required with a register"
        for index, line in enumerate(self.lines or ()):
            if line.is_described():
                yield f"lines[{index}]", "conflict", "is told by the purchase: send id and quantity"

    def _check_unknown(self):
        if self.store is None:
            yield "store", "missing", "is required without a purchase"
        if self.lines is None:
            yield "lines", "missing", "is required without a purchase"
        for index, line in enumerate(self.lines or ()):
            if line.sku is None or (line.price is None and line.amount is None):
                yield f"lines[{index}]", "missing", "needs sku, and price or amount"


def _duplicates(lines):
    seen = set()
    for index, line in enumerate(lines):
        if line.id in seen:
            yield f"lines[{index}].id", "duplicate", f"{line.id} stands twice"
        seen.add(line.id)


# ---------------------------------------------------------------------------------------------- promo codes


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """A promo code somebody asks about."""

    code: str = schema.text(max_length=64, help="Small letters, spaces and hyphens make no difference.")
    member: str | None = schema.text(max_length=20, default=None, help="Who would use it.")
    at: object = schema.instant(default=None, help="When it would be used; now where absent.")


@dataclass(frozen=True, slots=True)
class CodeIssue:
    """A promo code for somebody."""

    key: str = new_key()
    pool: str = schema.text(max_length=64)
    member: str | None = schema.text(max_length=20, default=None, help="Then nobody else may use it.")
    value: object = schema.decimal(
        above=0, max=10**9, default=None, help="What it is worth; for a pool of codes with a value."
    )
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class CodePoolExtend:
    """More codes, while the offer runs."""

    key: str = new_key()
    pool: str = schema.text(max_length=64)
    size: int = schema.integer(min=1, max=10**6, help="So many more.")


# ------------------------------------------------------------------------------------------------- accounts


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """Whose balance, of which unit (all where absent), at which moment (now where absent)."""

    member: str = schema.text(max_length=20)
    unit: str | None = schema.text(max_length=64, default=None)
    at: object = schema.instant(default=None)


@dataclass(frozen=True, slots=True)
class AccountStatement:
    """The movements of an account, the newest first, 80 a page."""

    member: str = schema.text(max_length=20)
    unit: str | None = schema.text(max_length=64, default=None, help="Needed where the member has several.")
    from_: object = schema.instant(default=None)
    to: object = schema.instant(default=None)
    page: int = schema.integer(min=1, max=100_000, default=1)


@dataclass(frozen=True, slots=True)
class AccountMove:
    """Points or money given or taken by hand."""

    key: str = new_key()
    member: str = schema.text(max_length=20)
    unit: str = schema.text(max_length=64)
    amount: object = schema.decimal(above=0, max=10**12)
    reason: str | None = schema.text(max_length=255, default=None, help="The code of a reason, or a free text.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")
    may_wait: bool = schema.flag(
        default=False,
        help="Above the user's limit ask a second person for approval, and answer `state` `waiting`; "
        "without it the call is refused with `approval_required`.",
    )


@dataclass(frozen=True, slots=True)
class AccountTransfer:
    """A member gives another one of a unit."""

    key: str = new_key()
    member: str = schema.text(max_length=20, help="Who gives.")
    to: str = schema.text(max_length=20, help="Who gets it: the id of a member.")
    unit: str = schema.text(max_length=64)
    amount: object = schema.decimal(above=0, max=10**12)
    reason: str | None = schema.text(max_length=255, default=None, help="The code of a reason, or a free text.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class PoolCreate:
    """Members share their accounts from now on."""

    key: str = new_key()
    owner: str = schema.text(max_length=20, help="The id of the member whose pool it is.")
    members: tuple[str, ...] = schema.list_of(
        schema.text(max_length=20), max_length=49, default=(), help="The ids of the others."
    )
    name: str | None = schema.text(max_length=64, default=None)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class PoolJoin:
    """A member joins a pool with all that is on the accounts."""

    key: str = new_key()
    pool: str = schema.text(max_length=9)
    member: str = schema.text(max_length=20)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class PoolShare:
    """What is given along to one who leaves."""

    unit: str = schema.text(max_length=64)
    amount: object = schema.decimal(above=0, max=10**12)


@dataclass(frozen=True, slots=True)
class PoolLeave:
    """A member leaves a pool."""

    key: str = new_key()
    pool: str = schema.text(max_length=9)
    member: str = schema.text(max_length=20)
    along: tuple[PoolShare, ...] = schema.list_of(
        schema.nested(PoolShare), max_length=20, default=(), help="What of the pool goes along; nothing where absent."
    )
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class PoolClose:
    """The pool ends; all in it is its owner's."""

    key: str = new_key()
    pool: str = schema.text(max_length=9)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class PoolOf:
    """Which pool: by its own id, or by that of a member who is in it."""

    pool: str | None = schema.text(max_length=9, default=None)
    member: str | None = schema.text(max_length=20, default=None)

    def check(self):
        if (self.pool is None) == (self.member is None):
            yield "", "conflict", "must name exactly one of pool and member"


@dataclass(frozen=True, slots=True)
class AccountConvert:
    """A member turns one unit into another."""

    key: str = new_key()
    member: str = schema.text(max_length=20)
    unit: str = schema.text(max_length=64)
    to_unit: str = schema.text(max_length=64)
    amount: object = schema.decimal(above=0, max=10**12, help="Of `unit`.")
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class TopUpPayment:
    """How money came in."""

    method: str = schema.text(max_length=64)
    reference: str = schema.text(max_length=128, help="Its number there; booked once for each method.")


@dataclass(frozen=True, slots=True)
class AccountTopUp:
    """Money paid into a money account."""

    key: str = new_key()
    member: str = schema.text(max_length=20)
    unit: str = schema.text(max_length=64)
    amount: object = schema.decimal(above=0, max=10**12)
    payment: TopUpPayment = schema.nested(TopUpPayment)
    store: str | None = schema.text(max_length=64, default=None, help="Where it was paid; online where absent.")
    register: str | None = schema.text(max_length=64, default=None)
    at: object = schema.instant(default=None, help="The moment of the fact; now where absent.")


@dataclass(frozen=True, slots=True)
class AccountAccrue(AccountMove):
    """Points or money given by hand, as one lot."""

    active_from: object = schema.instant(default=None)
    expires_at: object = schema.instant(default=None)
    usable_when: dict | None = schema.json_object(
        default=None, help="A condition as in promotions: the points pay only for purchases on which it holds."
    )
