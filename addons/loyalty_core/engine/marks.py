"""What a member's choices, offers and favourites say of the lines of a basket."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from .basket import Line, Member, Offer
from .select import Target

#: By what a favourite of each kind knows a line; a product is of all the categories above its own.
_KEYS: Mapping[str, Callable[[Line], frozenset[str]]] = {
    "product": lambda line: frozenset((line.sku,)),
    "category": lambda line: line.categories,
    "brand": lambda line: frozenset((line.brand,)),
}
Choices = Mapping[str, Mapping[str, Target]]


def mark_of(offer: Offer) -> str:
    """What the lines of one offer are known by."""
    return f"{offer.promotion}\x1f{offer.sku}"


def marked(
    lines: Sequence[Line], member: Member | None, choices: Choices, favourites: Mapping[str, str]
) -> Sequence[Line]:
    """The lines as they are for this member.

    ``chosen`` are the choices of which the line fits an option that the member has chosen, ``offered`` the promotions
    in which the member was offered it by name, and the marks of the offers: a product's own goes before one for all.
    ``favourite`` are the favourites (``favourites``: of what each is) that the line is one of.
    """
    if member is None or not (member.offers or member.choices or member.favourites):
        return lines
    chosen = _chosen(lines, member, choices)
    by_promotion: dict[str, dict[str, Offer]] = {}
    for offer in member.offers:
        by_promotion.setdefault(offer.promotion, {})[offer.sku] = offer
    return tuple(
        replace(
            line,
            chosen=frozenset(chosen[i]),
            offered=frozenset(_offered(line, by_promotion)),
            favourite=frozenset(
                code
                for code, keys in member.favourites.items()
                if code in favourites and not keys.isdisjoint(_KEYS[favourites[code]](line))
            ),
        )
        for i, line in enumerate(lines)
    )


def _chosen(lines: Sequence[Line], member: Member, choices: Choices) -> list[set[str]]:
    chosen: list[set[str]] = [set() for _line in lines]
    for code, options in member.choices.items():
        for option in options:
            target = choices.get(code, {}).get(option)
            for i in target.pick(lines, frozenset()) if target else ():
                chosen[i].add(code)
    return chosen


def _offered(line: Line, by_promotion: Mapping[str, Mapping[str, Offer]]) -> set[str]:
    offered: set[str] = set()
    for promotion, by_sku in by_promotion.items():
        if offer := by_sku.get(line.sku) or by_sku.get(""):
            offered |= {promotion, mark_of(offer)}
    return offered
