"""Words of the templates of promotions, which their documents hold in English: terms that ``_`` marks."""

from collections.abc import Mapping
from typing import Final


def _(text: str) -> str:
    """Marks a term to translate."""
    return text


#: Parameters, by name.
PARAMETERS: Final[Mapping[str, str]] = {
    "goods": _("Which goods"),
    "second": _("The other goods"),
    "gift": _("What is given"),
    "except": _("Except these goods"),
    "percent": _("Per cent"),
    "percent2": _("Per cent of the second step"),
    "sum": _("Sum"),
    "from_sum": _("From the amount"),
    "sum2": _("Second amount"),
    "price": _("Price"),
    "count": _("Number of units"),
    "count2": _("Number of units of the second step"),
    "every": _("Of every so many"),
    "step": _("For every"),
    "points": _("Points"),
    "unit": _("Unit of points"),
    "most": _("At most"),
    "budget": _("Budget"),
    "of": _("Which promotions"),
    "factor": _("Times"),
    "weekdays": _("Days of the week"),
    "after": _("Usable after days"),
    "days": _("Days"),
    "before": _("Days before"),
    "pool": _("Pool of codes"),
    "word": _("The word"),
    "choice": _("Choice of members"),
    "favourite": _("Favourites"),
    "tier": _("Lower tier"),
    "tier2": _("Higher tier"),
    "tag": _("Tag of members"),
    "times": _("Times"),
    "age": _("Age from"),
    "from": _("From"),
    "to": _("Until"),
    "calendar": _("Calendar"),
    "stores": _("Stores"),
    "channel": _("Channel"),
    "method": _("Means of payment"),
    "message": _("Text"),
}

#: What the baskets hold, what promotions of a template are called, and what they say.
TEXTS: Final[frozenset[str]] = frozenset(
    {
        _("Espresso"),
        _("Cappuccino"),
        _("Coffee beans"),
        _("Tea"),
        _("Juice"),
        _("Milk"),
        _("Yogurt"),
        _("Cheese"),
        _("Bread"),
        _("Croissant"),
        _("Cake"),
        _("Chocolate"),
        _("Apples"),
        _("Wine"),
        _("Washing powder"),
        _("Mug"),
        _("Shampoo"),
        _("Socks"),
        _("T-shirt"),
        _("Petrol"),
        _("First step"),
        _("Second step"),
        _("Pay with points"),
        _("Points where none are spent"),
        _("Points of the lower tier"),
        _("Points of the higher tier"),
        _("Points from each purchase"),
        _("Thank you! You have saved {discount}."),
        _("A little more, and there is a gift from 500."),
        _("The customer has no card yet: offer one."),
        _("Next week the second pack of coffee is at half price."),
    }
)
