"""A document in words: "10 % off “Coffee”, if the store is “Centre”".

A kind has patterns, each a sentence with slots for its parameters; the fullest that fits is taken, and what it
leaves unsaid follows it, parameter by parameter, so that no words ever hide a rule. A kind without a pattern is told
wholly so. Texts are terms, as in ``words``; whoever asks brings the language.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import schema, words
from .forms import SORTS, label_of
from .limits import Limits
from .registry import KindOf
from .select import Target
from .words import _

#: A promotion whole: with its condition, with the event that sets it off, with its limits.
GIVES_IF = _("%(gives)s, if %(when)s")
SET_OFF = _("%(told)s (event: %(event)s)")
WITHIN = _("%(told)s; %(limits)s")

_NAMES = ("sku", "category", "brand", "segment")
_SLOT = re.compile(r"%\((\w+)\)s")


class Language(Protocol):
    """What a language must know."""

    def term(self, text: str, /, **slots: str) -> str: ...
    def name(self, section: str, code: str) -> str: ...
    def money(self, amount: Any) -> str: ...
    def number(self, number: Any) -> str: ...
    def day(self, day: str) -> str: ...
    def weekdays(self, days: list[int]) -> str: ...


@dataclass(frozen=True, slots=True)
class Pattern:
    """A sentence of a kind, for documents that say all of its slots, and just this of some other keys."""

    text: str
    where: Mapping[str, object] = field(default_factory=dict)

    @property
    def slots(self) -> frozenset[str]:
        return frozenset(_SLOT.findall(self.text))

    @property
    def keys(self) -> frozenset[str]:
        """The parameters that it tells."""
        bounds = ("min", "max") if "range" in self.slots else ()
        return self.slots | self.where.keys() | frozenset(bounds)

    def fits(self, document: Mapping[str, object]) -> bool:
        said = {key for key, value in document.items() if key != "target" or _are_named(value)}
        said |= {"range"} if document.keys() & {"min", "max"} else set()
        return self.slots <= said and all(document.get(key) == value for key, value in self.where.items())


def sentence(sort: str, document: Mapping[str, Any], language: Language) -> str:
    """A sound document, as it is written anew: without what goes without saying."""
    return _Teller(language).tell(sort, document)


def selected(target: Mapping[str, Any], language: Language) -> str:
    """What a selection of lines picks."""
    return _Teller(language).selected(target)


def limited(limits: Mapping[str, Any], language: Language) -> str:
    """How often and how much, one clause after another."""
    return _Teller(language).limited(limits)


def sentences(sort: str, documents: Iterable[Mapping[str, Any]], language: Language) -> str:
    """Several, one after another."""
    return "; ".join(filter(None, (sentence(sort, one, language) for one in documents)))


def capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


class _Teller:
    def __init__(self, language: Language):
        self.language = language

    def tell(self, sort: str, document: Mapping[str, Any], is_inner: bool = False) -> str:
        if "not" in document and "kind" not in document:
            return self.language.term(_("not (%(what)s)"), what=self.tell(sort, document["not"]))
        for key in ("all", "any"):
            if key in document and "kind" not in document:
                return self._branch(key, [self.tell(sort, one, True) for one in document[key]], is_inner)
        return self._kind(sort, document["kind"], {key: one for key, one in document.items() if key != "kind"})

    def selected(self, target: Mapping[str, Any]) -> str:
        return self._object(Target, target)

    def limited(self, limits: Mapping[str, Any]) -> str:
        told, left = [], dict(limits)
        while fitting := [pattern for pattern in LIMITS if pattern.fits(left)]:
            pattern = _fullest(fitting)
            told.append(self._said(pattern, Limits, left))
            left = {key: one for key, one in left.items() if key not in pattern.keys}
        return "; ".join(filter(None, (*told, self._parameters("Limits", Limits, left))))

    def _branch(self, key: str, told: list[str], is_inner: bool) -> str:
        text = _("%(first)s and %(last)s") if key == "all" else _("%(first)s or %(last)s")
        joined = self._joined(text, told)
        return f"({joined})" if is_inner and len(told) > 1 else joined

    def _joined(self, text: str, told: list[str]) -> str:
        if len(told) < 2:
            return "".join(told)
        *first, last = told
        return self.language.term(text, first=", ".join(first), last=last)

    def _kind(self, sort: str, kind: str, document: Mapping[str, Any]) -> str:
        of = SORTS[sort].leaves[kind]
        fitting = [pattern for pattern in PATTERNS[sort].get(kind, ()) if pattern.fits(document)]
        if not fitting:
            known = words.KINDS[sort].get(kind)
            label = self.language.term(known.label) if known else kind.replace("_", " ")
            rest = self._parameters(kind, of, document)
            return f"{_small(label)} ({rest})" if rest else _small(label)
        pattern = _fullest(fitting)
        said = self._said(pattern, of, document)
        rest = self._parameters(kind, of, {key: one for key, one in document.items() if key not in pattern.keys})
        return f"{said} ({rest})" if rest else said

    def _said(self, pattern: Pattern, of: type, document: Mapping[str, Any]) -> str:
        slots = {key: self._value(of, key, document[key]) for key in pattern.slots - {"range"}}
        if "range" in pattern.slots:
            slots["range"] = self._range(of, document)
        return self.language.term(pattern.text, **slots)

    def _range(self, of: type, document: Mapping[str, Any]) -> str:
        bounds = {key: self._value(of, key, document[key]) for key in ("min", "max") if key in document}
        text = {
            ("min",): _("at least %(min)s"),
            ("max",): _("at most %(max)s"),
            ("min", "max"): _("from %(min)s to %(max)s"),
        }[tuple(bounds)]
        return self.language.term(text, **bounds)

    def _parameters(self, owner: str, of: type, document: Mapping[str, Any]) -> str:
        members = schema.members(of)
        return ", ".join(
            f"{_small(self.language.term(label_of(owner, members[key])))}{self._after_label(of, key, value)}"
            for key, value in document.items()
        )

    def _after_label(self, of: type, key: str, value: Any) -> str:
        return "" if value is True else f": {self._value(of, key, value)}"

    def _value(self, of: type, key: str, value: Any) -> str:
        member = schema.members(of)[key]
        return self._told(member.type, member.type.to_form(), key, value)

    def _told(self, of: schema.Type, form: Any, key: str, value: Any) -> str:
        if isinstance(value, bool):
            return self.language.term(_("yes") if value else _("no"))
        if isinstance(of, KindOf):
            return self.tell(of.kinds.word, value, True)
        if form["type"] == "either":
            return self._way(of, form, key, value)
        if form["type"] == "object":
            return self._object(next(of.parts()), value)
        if form["type"] == "map":
            return ", ".join(f"{name}: {self._listed(of, form, key, one)}" for name, one in value.items())
        if "item" in form:
            return self._several(of, form, key, value)
        return self._plain(form, key, value)

    def _listed(self, of: schema.Type, form: Any, key: str, value: Any) -> str:
        return self._several(of, form["item"], key, value) if isinstance(value, list) else str(value)

    def _several(self, of: schema.Type, form: Any, key: str, value: Any) -> str:
        several = value if isinstance(value, list) else [value]
        if form["item"]["type"] == "weekday":
            return self.language.weekdays(several)
        if form["item"]["type"] == "object":
            part = next(of.parts())
            return " + ".join(self._object(part, one) for one in several)
        told = [self._plain(form["item"], key, one) for one in several]
        return self._joined(_("%(first)s or %(last)s"), told) if form["type"] == "set" else ", ".join(told)

    def _way(self, of: schema.Type, form: Any, key: str, value: Any) -> str:
        if isinstance(value, dict):
            return self._object(next(of.parts()), value)
        if isinstance(value, str):
            return _small(self.language.term(words.find(words.CHOICES, key, value) or value))
        return self._plain(form["of"][0], key, value)

    def _object(self, of: type, document: Mapping[str, Any]) -> str:
        """A selection that names its goods is told by their names alone."""
        if of is Target and _are_named(document):
            ((key, value),) = document.items()
            goods = self._value(of, key, value)
            return self.language.term(_("everything except %(goods)s"), goods=goods) if key == "not" else goods
        parameters = self._parameters(of.__name__, of, document)
        return f"({parameters})" if len(document) > 1 else parameters

    def _plain(self, form: Any, key: str, value: Any) -> str:
        sort = form["type"]
        if sort == "choice":
            return _small(self.language.term(words.find(words.CHOICES, key, value) or value))
        if sort == "money":
            return self.language.money(value)
        if sort == "percent":
            return f"{self.language.number(value)}\N{NO-BREAK SPACE}%"
        if sort == "day":
            return self.language.day(value)
        if sort == "clock" or not isinstance(value, str):
            return str(value) if isinstance(value, str) else self.language.number(value)
        name = self.language.name(form["section"], value) if form.get("section") else value
        return self.language.term(_("“%(name)s”"), name=name)


def _fullest(fitting: Iterable[Pattern]) -> Pattern:
    return max(fitting, key=lambda one: (len(one.keys), len(one.where)))


def _are_named(target: Any) -> bool:
    """Whether a selection is of goods by their names, or of all the others: what a sentence can hold."""
    if not isinstance(target, dict) or len(target) != 1:
        return False
    ((key, value),) = target.items()
    return key in _NAMES or (key == "not" and "not" not in value and _are_named(value))


def _small(text: str) -> str:
    """Without the capital of a label; of an abbreviation it stays."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def patterns() -> Iterator[tuple[str, str, Pattern]]:
    """Every one, with its sort and kind."""
    for sort, kinds in PATTERNS.items():
        for kind, several in kinds.items():
            for one in several:
                yield sort, kind, one


#: Of limits, each one clause.
LIMITS = (
    Pattern(_("once in a receipt"), {"per_receipt": 1}),
    Pattern(_("in a receipt at most %(per_receipt)s times")),
    Pattern(_("once for each member"), {"per_member": 1}),
    Pattern(_("for each member at most %(per_member)s times")),
    Pattern(_("once within %(per_member_days)s days for each member"), {"per_member": 1}),
    Pattern(_("within %(per_member_days)s days for each member at most %(per_member)s times")),
    Pattern(_("at most %(per_day)s times a day")),
    Pattern(_("at most %(total)s times in all")),
    Pattern(_("until %(budget)s have been given")),
    Pattern(_("until %(budget_points)s points have been given")),
    Pattern(_("what earns for each member is limited (%(base_per_member)s)")),
    Pattern(_("within the limits of %(share)s")),
)

#: By sort and kind.
PATTERNS: Mapping[str, Mapping[str, tuple[Pattern, ...]]] = {
    "condition": {
        "basket_amount": (
            Pattern(_("the basket comes to %(range)s")),
            Pattern(_("%(target)s in the basket come to %(range)s")),
            Pattern(_("%(target)s are in the basket")),
        ),
        "basket_quantity": (
            Pattern(_("the basket holds %(range)s units")),
            Pattern(_("the basket holds %(range)s units of %(target)s")),
            Pattern(_("%(target)s are in the basket")),
        ),
        "basket_distinct": (
            Pattern(_("the basket holds %(range)s different products")),
            Pattern(_("the basket holds %(range)s different products of %(target)s")),
        ),
        "basket_share": (
            Pattern(_("%(target)s are at least %(min_percent)s of the basket")),
        ),
        "line_quantity": (
            Pattern(_("one line holds %(range)s units")),
            Pattern(_("one line holds %(range)s units of %(target)s")),
        ),
        "identified": (
            Pattern(_("the customer is a member")),
            Pattern(_("the customer is a guest"), {"value": False}),
        ),
        "tier": (
            Pattern(_("the tier is %(in)s")),
            Pattern(_("the tier is not %(not_in)s")),
        ),
        "tag": (
            Pattern(_("the member has the tag %(in)s")),
            Pattern(_("the member has not the tag %(not_in)s")),
        ),
        "card_type": (
            Pattern(_("the card is of the type %(in)s")),
        ),
        "brand_member": (
            Pattern(_("the member is in the club of %(in)s")),
        ),
        "attribute": (
            Pattern(_("%(name)s is %(value)s")),
            Pattern(_("%(name)s: %(op)s %(value)s")),
            Pattern(_("%(name)s is known"), {"op": "known"}),
            Pattern(_("%(name)s is not known"), {"op": "unknown"}),
        ),
        "birthday": (
            Pattern(_("it is the member's birthday")),
        ),
        "points_balance": (
            Pattern(_("the member has %(range)s of %(unit)s")),
        ),
        "points_spent": (
            Pattern(_("%(range)s of %(unit)s pay")),
        ),
        "personal_offer": (
            Pattern(_("the member was offered something in the basket by name")),
        ),
        "purchases_amount": (
            Pattern(_("earlier purchases come to %(range)s")),
        ),
        "purchases_count": (
            Pattern(_("earlier purchases are %(range)s")),
        ),
        "purchases_quantity": (
            Pattern(_("earlier purchases are %(range)s units")),
        ),
        "purchase_number": (
            Pattern(_("it is purchase number %(equals)s")),
            Pattern(_("it is every purchase number %(every)s")),
        ),
        "place": (
            Pattern(_("the store is %(store)s")),
            Pattern(_("the network is %(network)s")),
            Pattern(_("the store has %(store_attribute)s")),
            Pattern(_("the channel is %(channel)s")),
        ),
        "time": (
            Pattern(_("it is %(weekdays)s")),
            Pattern(_("it is %(weekdays)s, from %(from)s until %(to)s")),
            Pattern(_("it is from %(from)s until %(to)s")),
            Pattern(_("it is a day of %(calendar)s")),
        ),
        "payment_method": (
            Pattern(_("some is paid by %(in)s")),
        ),
        "promo_code": (
            Pattern(_("a code of %(pool)s is presented")),
            Pattern(_("the code %(code)s is presented")),
        ),
    },
    "reward": {
        "percent": (
            Pattern(_("%(value)s off")),
            Pattern(_("%(value)s off %(target)s")),
            Pattern(_("a discount in per cent as each was offered"), {"value": "offer"}),
        ),
        "amount": (
            Pattern(_("%(value)s off the receipt")),
            Pattern(_("%(value)s off %(target)s")),
            Pattern(_("%(value)s off each line"), {"per": "line"}),
            Pattern(_("%(value)s off each line of %(target)s"), {"per": "line"}),
            Pattern(_("%(value)s off each unit"), {"per": "unit"}),
            Pattern(_("%(value)s off each unit of %(target)s"), {"per": "unit"}),
            Pattern(_("%(value)s off each unit, fractions too"), {"per": "quantity"}),
            Pattern(_("%(value)s off each unit of %(target)s, fractions too"), {"per": "quantity"}),
            Pattern(_("%(value)s off each set"), {"per": "set"}),
            Pattern(_("a sum off as each was offered"), {"value": "offer"}),
            Pattern(_("the value of the code off"), {"value": "code"}),
        ),
        "price": (
            Pattern(_("a price of %(value)s")),
            Pattern(_("a price of %(value)s for %(target)s")),
            Pattern(_("a price of %(value)s for the set"), {"per": "set"}),
            Pattern(_("a price as each was offered"), {"value": "offer"}),
        ),
        "gift": (
            Pattern(_("one unit free")),
            Pattern(_("one unit of %(target)s free")),
            Pattern(_("%(quantity)s units free")),
            Pattern(_("%(quantity)s units of %(target)s free")),
        ),
        "nth": (
            Pattern(_("of every %(every)s units one free")),
            Pattern(_("of every %(every)s units of %(target)s one free")),
            Pattern(_("of every %(every)s units %(free)s free")),
            Pattern(_("of every %(every)s units of %(target)s %(free)s free")),
            Pattern(_("of every %(every)s units one with %(percent)s off")),
            Pattern(_("of every %(every)s units of %(target)s one with %(percent)s off")),
            Pattern(_("of every %(every)s units %(free)s with %(percent)s off")),
            Pattern(_("of every %(every)s units of %(target)s %(free)s with %(percent)s off")),
        ),
        "points": (
            Pattern(_("%(percent)s of the value in %(unit)s")),
            Pattern(_("%(percent)s of the value of %(target)s in %(unit)s")),
            Pattern(_("a per cent of the value in %(unit)s as each was offered"), {"percent": "offer"}),
            Pattern(_("%(amount)s of %(unit)s")),
            Pattern(_("%(amount)s of %(unit)s for %(target)s")),
            Pattern(_("the product's own points in %(unit)s"), {"by_product": True}),
        ),
        "multiply": (
            Pattern(_("points of %(of)s times %(factor)s"), {"what": "points"}),
            Pattern(_("the discount of %(of)s times %(factor)s"), {"what": "discount"}),
        ),
        "spend": (
            Pattern(_("payment with %(unit)s")),
            Pattern(_("payment with %(unit)s up to %(max_percent)s")),
        ),
        "round_total": (
            Pattern(_("the total rounded down to a multiple of %(to)s")),
        ),
        "message": (
            Pattern(_("a message: %(text)s")),
        ),
        "issue_code": (
            Pattern(_("a code of %(pool)s")),
        ),
        "redeem": (
            Pattern(_("%(discount)s for %(points)s of %(unit)s")),
            Pattern(_("%(sku)s for %(points)s of %(unit)s")),
        ),
    },
}
