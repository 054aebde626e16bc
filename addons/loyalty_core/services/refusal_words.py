"""Refusals of the engine in words: what a person reads who asks why a promotion did nothing."""

import re
from collections.abc import Mapping

from odoo import models
from odoo.tools import LazyTranslate, format_date, formatLang

_lt = LazyTranslate(__name__)

_NAMED = re.compile(r"%\((\w+)\)s")

#: Code of a refusal → its sentences; the first counts of whose parameters all are known.
WORDS = {
    "any": [_lt("None of its alternatives holds.")],
    "attribute": [_lt("The attribute “%(name)s” of the customer is not as it must be.")],
    "basket_amount": [
        _lt("The goods that count come to %(value)s; it takes at least %(min)s."),
        _lt("The goods that count come to %(value)s; it takes at most %(max)s."),
    ],
    "basket_distinct": [
        _lt("There are %(value)s different products that count; it takes at least %(min)s."),
        _lt("There are %(value)s different products that count; it takes at most %(max)s."),
    ],
    "basket_quantity": [
        _lt("There are %(value)s of the goods that count; it takes at least %(min)s."),
        _lt("There are %(value)s of the goods that count; it takes at most %(max)s."),
    ],
    "basket_share": [_lt("The goods that count come to %(part)s of %(whole)s, which is not the share that it takes.")],
    "birthday": [_lt("It is not around the customer's birthday, or the birthday is not known.")],
    "brand_member": [
        _lt("The customer belongs to other clubs of brands than it takes: %(brand_member)s."),
        _lt("The customer belongs to no club of a brand."),
    ],
    "bundle": [
        _lt("The set is not complete: of part %(parts)s there are %(value)s, and it takes %(min)s."),
    ],
    "card_type": [
        _lt("It takes a card of another type than %(card_type)s."),
        _lt("It takes a card of a certain type, and there is none."),
    ],
    "closed": [_lt("Its goods are closed to further discounts.")],
    "control": [_lt("The customer is in the control group, which never gets it.")],
    "ended": [_lt("It ended on %(to)s.")],
    "event": [_lt("A purchase does not set it off: another event does.")],
    "happened": [_lt("What sets it off has not happened.")],
    "identified": [_lt("It takes a member.")],
    "identified.known": [_lt("It is for customers whom nobody knows.")],
    "identified.nobody": [_lt("It takes a member.")],
    "limit": [_lt("One of its limits allows no more: %(used)s of %(limit)s are used.")],
    "limit.base_per_member": [
        _lt("What the customer may earn by in a period is used up: %(used)s of %(limit)s."),
    ],
    "limit.budget": [_lt("Its budget does not suffice: %(used)s of %(limit)s are given.")],
    "limit.budget_points": [_lt("Its budget of points does not suffice: %(used)s of %(limit)s are given.")],
    "limit.per_day": [_lt("It was used %(used)s times today, and may be %(limit)s times.")],
    "limit.per_member": [_lt("The customer has used it %(used)s times, and may use it %(limit)s times.")],
    "limit.total": [_lt("It was used %(used)s times, and may be %(limit)s times in all.")],
    "line_quantity": [
        _lt("The largest line that counts has %(value)s; it takes from %(min)s to %(max)s in one line."),
        _lt("The largest line that counts has %(value)s; it takes at least %(min)s in one line."),
        _lt("The largest line that counts has %(value)s; it takes at most %(max)s in one line."),
    ],
    "min_balance": [_lt("The account in %(unit)s is smaller than it must be to pay with.")],
    "no_effect": [_lt("There was nothing for it to do.")],
    "no_lines": [_lt("No product in the basket is one of those that it is for.")],
    "no_offer": [_lt("Nothing in the basket is among what the customer was offered by name.")],
    "no_points": [_lt("The points come to nothing.")],
    "no_room": [_lt("Minimum prices and caps on discounts leave no room for it.")],
    "no_units": [
        _lt("Too few units are left: %(value)s of %(min)s."),
        _lt("Too few units are left that other promotions have not used."),
    ],
    "no_value": [_lt("The promo code has nothing left to pay, or a new one would be worth nothing.")],
    "not": [_lt("What must not be is so: %(kind)s.")],
    "not_chosen": [
        _lt("Its group chose another promotion: %(chosen)s."),
        _lt("Its group chose another promotion."),
    ],
    "not_redeemed": [_lt("The customer has not asked for this reward.")],
    "not_started": [_lt("It begins on %(from)s.")],
    "payment_method": [_lt("It takes another means of payment.")],
    "personal_offer": [_lt("The customer was offered nothing by name in it.")],
    "place": [
        _lt("It does not hold in the store %(store)s."),
        _lt("It does not hold at the register “%(register)s”."),
        _lt("It does not hold in the channel “%(channel)s”."),
        _lt("It does not hold in the network “%(network)s”."),
        _lt("It does not hold in stores of the partner “%(partner)s”."),
        _lt("The attribute “%(store_attribute)s” of the store is not as it must be."),
        _lt("It does not hold at this place."),
    ],
    "points_balance": [
        _lt("The customer has %(value)s points; it takes at least %(min)s."),
        _lt("The customer has %(value)s points; it takes at most %(max)s."),
    ],
    "points_limit": [_lt("Limits and balance leave too few points to pay with.")],
    "points_short": [_lt("The customer has too few points for it.")],
    "points_spent": [
        _lt("The customer pays with %(value)s points; it takes at least %(min)s."),
        _lt("The customer pays with %(value)s points; it takes at most %(max)s."),
    ],
    "promo_code": [
        _lt("It takes a promo code of the pool %(pool)s."),
        _lt("It takes the promo code %(code)s."),
    ],
    "purchase_number": [_lt("This is purchase number %(number)s of the customer, and it is for another one.")],
    "purchases_amount": [
        _lt("The customer has bought for %(value)s before; it takes at least %(min)s."),
        _lt("The customer has bought for %(value)s before; it takes at most %(max)s."),
    ],
    "purchases_count": [
        _lt("The customer has made %(value)s purchases before; it takes at least %(min)s."),
        _lt("The customer has made %(value)s purchases before; it takes at most %(max)s."),
    ],
    "purchases_quantity": [
        _lt("The customer has bought %(value)s of these goods before; it takes at least %(min)s."),
        _lt("The customer has bought %(value)s of these goods before; it takes at most %(max)s."),
    ],
    "since": [_lt("It is outside the number of days after the event that it counts from.")],
    "state": [_lt("It is not active.")],
    "tag": [
        _lt("The customer has other tags than it takes: %(tag)s."),
        _lt("The customer has none of the tags that it takes."),
    ],
    "tier": [
        _lt("The customer is in another tier than it takes: %(tier)s."),
        _lt("The customer is in no tier that it takes."),
    ],
    "time": [_lt("It does not hold at this time: by weekday, hour, date or calendar.")],
    "unknown": [_lt("The terms of the points name what the programme no longer has.")],
    "whole": [_lt("Points cannot pay the entire sum.")],
}

#: Why a promo code cannot be used.
CODES = {
    "expired": _lt("It has expired."),
    "not_yet": _lt("It is not good yet."),
    "other_member": _lt("It belongs to another customer."),
    "pool_ended": _lt("The codes of this pool are over."),
    "unknown": _lt("Nobody knows this code."),
    "used": _lt("It is used up."),
    "void": _lt("It was made void."),
}

#: What conditions ask for, in a word, where one must not hold.
KINDS = {
    "all": _lt("all of several conditions"),
    "any": _lt("one of several conditions"),
    "attribute": _lt("an attribute of the customer"),
    "basket_amount": _lt("the amount of the basket"),
    "basket_distinct": _lt("the number of different products"),
    "basket_quantity": _lt("the quantity of goods"),
    "basket_share": _lt("the share of the basket"),
    "birthday": _lt("the birthday"),
    "brand_member": _lt("the club of a brand"),
    "bundle": _lt("a set of goods"),
    "card_type": _lt("the type of the card"),
    "identified": _lt("whether the customer is known"),
    "line_quantity": _lt("the quantity in one line"),
    "not": _lt("a condition that must not hold"),
    "payment_method": _lt("the means of payment"),
    "personal_offer": _lt("a personal offer"),
    "place": _lt("the place of sale"),
    "points_balance": _lt("the balance of points"),
    "points_spent": _lt("points that pay"),
    "promo_code": _lt("a promo code"),
    "purchase_number": _lt("the number of the purchase"),
    "purchases_amount": _lt("the amount of earlier purchases"),
    "purchases_count": _lt("the number of earlier purchases"),
    "purchases_quantity": _lt("the quantity bought earlier"),
    "since": _lt("days since an event"),
    "tag": _lt("the tags of the customer"),
    "tier": _lt("the tier of the customer"),
    "time": _lt("the time"),
}

_OTHER = _lt("The condition “%(code)s” does not hold.")
_DAYS = ("from", "to")


class LoyRefusalWords(models.AbstractModel):
    """Words for the codes of refusals, in the language of whoever asks."""

    _name = "loy.refusal.words"
    _description = "Refusals in words"

    def _say(self, code: str, params: Mapping, names: Mapping[str, str] | None = None) -> str:
        """A sentence for a refusal; ``names`` tell promotions by their codes."""
        known = {name: self._text(name, value, names or {}) for name, value in params.items() if value not in ("", [])}
        told = {**known, "code": known.get("code", code)}
        for sentence in (*self._sentences(code, params), _OTHER):
            text = self.env._(sentence)
            if set(_NAMED.findall(text)) <= told.keys():
                return text % told
        return code

    def _say_code(self, reason: str) -> str:
        """Why a promo code cannot be used."""
        return self.env._(CODES[reason]) if reason in CODES else reason

    def _sentences(self, code: str, params: Mapping) -> list:
        """Those of the very case of it, ``which``, come first."""
        return [*WORDS.get(f"{code}.{params.get('which')}", ()), *WORDS.get(code, ())]

    def _text(self, name: str, value, names: Mapping[str, str]) -> str:
        if isinstance(value, bool):
            return self.env._("yes") if value else self.env._("no")
        if isinstance(value, int | float):
            return self._number(value)
        if isinstance(value, list | tuple):
            return ", ".join(self._text(name, one, names) for one in value)
        if name == "kind" and value in KINDS:
            return self.env._(KINDS[value])
        if name in _DAYS and isinstance(value, str):
            return self._moment(value)
        return names.get(value, str(value)) if name == "chosen" else str(value)

    def _moment(self, moment: str) -> str:
        """A moment of the store's wall clock, wherever the reader is; midnight goes without saying."""
        day, _separator, time = moment.partition("T")
        text = format_date(self.env, day)
        return text if not time or time.startswith("00:00") else f"{text} {time[:5]}"

    def _number(self, value: float) -> str:
        """With as many decimals as it has, of money two."""
        digits = next((one for one in (0, 2, 3) if abs(value - round(value, one)) < 1e-9), 6)
        return formatLang(self.env, value, digits=digits)
