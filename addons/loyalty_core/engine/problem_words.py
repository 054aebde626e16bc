"""What is wrong with a document, as people read it at the place where they edit it: problems of ``schema`` are for
whoever writes documents, and name the keys of the language. Texts are terms, as in ``words``."""

import re
from collections.abc import Mapping
from typing import Final

from .words import _

#: What problems say, with a name for each part that differs → the sentence.
SENTENCES: Final[Mapping[str, str]] = {
    "is required": _("Fill this in."),
    "is not known": _("This is not known here."),
    "is not known; did you mean {meant}?": _("This is not known here; is %(meant)s meant?"),
    "must be one of {values}": _("Choose one of these: %(values)s."),
    "must be one of {values}; did you mean {meant}?": _("Choose one of these: %(values)s. Is %(meant)s meant?"),
    "must be a text": _("Write a text."),
    "must be a number": _("Write a number."),
    "must be a whole number": _("Write a whole number."),
    "must be a list": _("Several values are needed."),
    "must be an object": _("This is not complete."),
    "must be true or false": _("Say yes or no."),
    "must be a discount": _("Only a discount can be taken here."),
    "must be a date like {example}": _("Write a date like %(example)s."),
    "must be a moment like {example}": _("Write a date and a time like %(example)s."),
    "must be a month and a day like {example}": _("Write a month and a day like %(example)s."),
    "must be a time of the day like {example}": _("Write a time like %(example)s."),
    "must be the store's wall clock, without an offset": _("Write the time on the clock of the store."),
    "must be more than {bound}": _("It must be more than %(bound)s."),
    "must be at least {bound}": _("It must be at least %(bound)s."),
    "must be at most {bound}": _("It must be at most %(bound)s."),
    "is too large": _("This number is too large."),
    "has more than {places} decimals": _("At most %(places)s decimals are possible."),
    "must not be empty": _("Fill this in."),
    "is longer than {count} characters": _("At most %(count)s characters are possible."),
    "contains characters that cannot be stored": _("There are signs in it that cannot be kept."),
    "must look like {example}": _("Write it like %(example)s."),
    "must have {least} to {most} items": _("From %(least)s to %(most)s of them are possible."),
    "must have at most {most} keys": _("At most %(most)s names are possible."),
    "is nested too deeply": _("There are too many levels in it."),
    "names {code}, which is not among {section}": _("There is no %(code)s. Choose one that is there, or make it."),
    "is before from": _("The end is before the beginning."),
    "must differ from from": _("The beginning and the end must differ."),
    "must not be less than min": _("At most is less than at least."),
    "must not be less than min_points": _("At most is less than at least."),
    "must not be more than every": _("There are not so many units in the group."),
    "or max is required": _("Say at least how much, or at most how much."),
    "or not_in is required": _("Say which ones, or which ones not."),
    "or every is required, and only one of them": _("Say either which purchase it is, or every so-many-th."),
    "or sku is required, and only one of them": _("Say either a discount or a product."),
    "needs exactly one of {keys}": _("Say exactly one of these: %(keys)s."),
    "needs at least one of {keys}": _("Say at least one of these: %(keys)s."),
    "is only for calendar periods": _("This is for calendar periods only."),
    "is only for first_use": _("This is for the first use only."),
    "is needed by plus and grace": _("Periods later and days of grace need the end of a period."),
    "must be given in one way: days, months, calendar or from and to": _(
        "Give the period in one way: days, months, a calendar period, or dates."
    ),
    "goes with amount_reached, and only with it": _("An amount is for purchases that reach it, and for nothing else."),
    "is required for {op}": _("Say with what it is compared."),
    "says nothing with {op}": _("Nothing is compared here: leave the value out."),
    "names no place": _("Say at least one place."),
    "may be quantity only with amount or by_product": _(
        "Fractions of units count only with a number of points, or with the product's own."
    ),
    "must be order where the code says how much": _("The value of a code comes off the receipt as a whole."),
    "must be at least 1 for discounts: a discount is not taken back": _(
        "A discount is not taken back: the factor is at least 1."
    ),
    "has no variable {name}; there are {names}": _("There is no variable %(name)s; there are: %(names)s."),
    "must be the same for all members, whatever was discounted": _(
        "The goods must be the same for all members, whatever was discounted."
    ),
    "has two options with the same code": _("Two options have the same code."),
    "must count earlier purchases without choice, offer and favourite": _(
        "Earlier purchases cannot be counted by what members choose, are offered or buy most."
    ),
    "is the window of per_member, which is missing": _("Days for one member go with a number of times for one member."),
    "is only for groups that choose the best": _("This is only for groups that choose the best."),
    "needs a condition that finds sets, for a reward per set": _(
        "A reward for each set needs a condition that finds sets."
    ),
    "needs a reward per set or per unit, of n-th units, or of points by steps": _(
        "Times within one receipt need a reward for each set or unit, for every so-many-th unit, or points by steps."
    ),
    "needs a reward of points for what is bought": _("This limit needs a reward of points for what is bought."),
    "looks at what is left to pay, so the rewards can only be points and messages": _(
        "The condition looks at what is left to pay: only points and messages can be given."
    ),
    "needs a condition promo_code, for a reward that pays out a code": _(
        "A reward that pays out a code needs a condition with a promo code."
    ),
    "must not give per set what is offered by name": _("What is offered by name cannot be given for each set."),
    "has a condition that needs a purchase, {why}": _("There is no purchase here: choose a condition that needs none."),
    "needs a purchase, {why}": _("There is no purchase here: choose a reward that needs none."),
    "comes back to itself: {way}": _("It comes back to itself: %(way)s."),
    "differs from another policy of {unit}": _("Another policy of %(unit)s says something else here."),
    "is used twice: {code}": _("The code %(code)s is used twice."),
    "leaves no room for a period": _("All that was ever bought leaves no room for a period."),
    "is only for conditions": _("This is for conditions only."),
    "must not look at what is left to pay or at points that pay": _(
        "When points may be used cannot depend on what is left to pay, or on points that pay."
    ),
    "must not ask for promo codes, which nothing would use up": _(
        "When points may be used cannot depend on promo codes: nothing would use them up."
    ),
    "must count earlier purchases without choice and offer": _(
        "Earlier purchases cannot be counted here by what members choose or are offered."
    ),
    "needs kind": _("Choose what it is."),
    "needs kind{others}": _("Choose what it is."),
    "must be purchase, the name of an event, or an object with its event": _("Choose what sets it off."),
    "needs event": _("Choose what sets it off."),
    "has two lines with the same id": _("Two lines have the same number."),
    "has a certificate twice": _("A certificate stands here twice."),
    "is more than the line comes to": _("It is more than the line comes to."),
    "needs a target, or products to include or exclude": _(
        "Say which goods, or name products to include or to leave out."
    ),
    "must be of products, whoever buys them and whatever was discounted": _(
        "Goods are chosen here by what they are, whoever buys them and whatever was discounted."
    ),
    "has a key that is not a text": _("Names in it must be texts."),
    "has a key with characters that cannot be stored": _("There are signs in it that cannot be kept."),
    "has a text with characters that cannot be stored": _("There are signs in it that cannot be kept."),
    "has a number that is not finite": _("There is a number in it that cannot be kept."),
    "has a number that is too large": _("There is a number in it that cannot be kept."),
    "has a value that JSON does not know": _("There is a value in it that cannot be kept."),
    "must be a number, as {name} is": _("“%(name)s” is compared with a number."),
    "must be true or false, with eq or ne, as {name} is": _("“%(name)s” is compared with yes or no."),
    "must be of its directory, with eq, ne, in or not_in, as {name} is": _(
        "“%(name)s” is compared with values of its directory, which it is or is not."
    ),
    "must be a day like {example}, as {name} is": _("“%(name)s” is compared with a day like %(example)s."),
    "must be a text, as {name} is": _("“%(name)s” is compared with a text."),
}


def _compiled(said: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", said)
    return re.compile("".join(f"(?P<{one}>.+)" if place % 2 else re.escape(one) for place, one in enumerate(parts)))


def _said_for_sure(said: str) -> int:
    return len(re.sub(r"\{\w+\}", "", said))


#: Those that leave less open come first.
_PATTERNS: Final = [(_compiled(said), said) for said in sorted(SENTENCES, key=_said_for_sure, reverse=True)]


def sentence_of(text: str) -> tuple[str, dict[str, str]]:
    """The sentence of what a problem says, with what stands in it; a problem without one as it is."""
    for pattern, said in _PATTERNS:
        if found := pattern.fullmatch(text):
            return SENTENCES[said], found.groupdict()
    return "%(text)s", {"text": text}
