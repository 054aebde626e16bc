"""Selections of lines, and the index that finds the promotions worth looking at.

A *key* is a fact of a basket: ``("sku", "1001")``, ``("store", "S1")``, ``("weekday", 1)``. *Necessary keys*
are a set of which the basket must have at least one, or else the thing that names them cannot hold; None is
"nothing is necessary". A promotion is filed under its narrowest necessary keys, and a calculation looks only
at promotions that are filed under a key of its basket: its cost does not depend on how many others there are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Self

from . import schema
from .basket import Basket, Line

Key = tuple[str, ...]
Keys = frozenset[Key] | None

# What is rarer in baskets comes first: of several necessary sets the rarest is the best to be filed under.
_RARITY = (
    "code", "pool", "sku", "register", "date", "supplier", "tag", "attribute", "brand", "category",
    "store", "card_type", "payment", "store_attribute", "network", "partner", "weekday", "channel", "member",
)  # fmt: skip
_RANK = {kind: rank for rank, kind in enumerate(_RARITY)}


def keys_of(kind: str, values: Iterable[str]) -> Keys:
    """Necessary keys of "one of these values"; no values ask for nothing."""
    return frozenset((kind, value) for value in values) or None


def narrowest(alternatives: Iterable[Keys]) -> Keys:
    """The best to be filed under, of sets that are all necessary."""
    return min(filter(None, alternatives), key=_breadth, default=None)


def union(alternatives: Iterable[Keys]) -> Keys:
    """Necessary keys of "at least one of these": all of their keys, or None when one of them needs
    nothing."""
    found: set[Key] = set()
    for keys in alternatives:
        if keys is None:
            return None
        found |= keys
    return frozenset(found)


def _breadth(keys: frozenset[Key]) -> tuple[int, int]:
    return max(_RANK.get(key[0], 0) for key in keys), len(keys)


# ---------------------------------------------------------------------------------------------- targets

_CODES = schema.text(max_length=128)


@dataclass(frozen=True, slots=True)
class Prices:
    """From ``min`` to ``max``, both included."""

    min: int | None = schema.money(min=0, default=None)
    max: int | None = schema.money(min=0, default=None)

    def keep(self, price_minor: int) -> bool:
        return (self.min is None or self.min <= price_minor) and (self.max is None or price_minor <= self.max)


@dataclass(frozen=True, slots=True)
class Target:
    """A selection of lines: keys are joined by AND, values of a list by OR; an empty one is every line."""

    sku: frozenset[str] = schema.set_of(schema.code_of("products"), help="Product codes.")
    category: frozenset[str] = schema.set_of(
        schema.code_of("categories"), help="Categories, with all below them."
    )
    brand: frozenset[str] = schema.set_of(schema.code_of("brands"))
    supplier: frozenset[str] = schema.set_of(_CODES)
    tag: frozenset[str] = schema.set_of(_CODES)
    attribute: Mapping[str, frozenset[str]] = schema.map_of(
        schema.set_of(_CODES), default={}, help="Names with permitted values; every name must fit."
    )
    segment: frozenset[str] = schema.set_of(
        schema.reference("product_segments"), help="Segments of products: lines of any of them."
    )
    price: Prices | None = schema.nested(Prices, default=None, help="Shelf price of one unit.")
    choice: frozenset[str] = schema.set_of(
        schema.reference("choices"), help="Choices of members: lines of an option that this member has chosen."
    )
    offer: frozenset[str] = schema.set_of(
        schema.code_of("promotions"), help="Promotions: lines of what this member was offered by name in them."
    )
    favourite: frozenset[str] = schema.set_of(
        schema.reference("favourites"), help="Favourites: lines of what this member buys most."
    )
    discounted: bool | None = schema.flag(
        default=None, help="False keeps lines that no discount has touched, true the others."
    )
    not_: "Target | None" = schema.nested(
        lambda: Target, default=None, help="Leaves out what fits this selection."
    )
    among: tuple["Target", ...] = ()  # not of the document: what ``segment`` stands for, see within

    @property
    def segments(self) -> frozenset[str]:
        """Every segment that it names."""
        return self.segment if self.not_ is None else self.segment | self.not_.segments

    def within(self, segments: Mapping[str, "Target"]) -> Self:
        """The same where it is known what its segments stand for."""
        if not self.segments:
            return self
        among = tuple(segments[code] for code in sorted(self.segment))
        return replace(self, among=among, not_=self.not_ and self.not_.within(segments))

    @property
    def is_static(self) -> bool:
        """Whether it selects the same lines throughout a calculation."""
        return self.discounted is None and (self.not_ is None or self.not_.is_static)

    def pick(self, lines: Sequence[Line], touched: AbstractSet[int]) -> tuple[int, ...]:
        """Positions of the selected lines in their order; ``touched`` are those that a discount has
        touched."""
        found: Iterable[int] = range(len(lines))
        if self.sku:
            found = [i for i in found if lines[i].sku in self.sku]
        if self.category:
            found = [i for i in found if not self.category.isdisjoint(lines[i].categories)]
        if self.brand:
            found = [i for i in found if lines[i].brand in self.brand]
        if self.supplier:
            found = [i for i in found if not self.supplier.isdisjoint(lines[i].suppliers)]
        if self.tag:
            found = [i for i in found if not self.tag.isdisjoint(lines[i].tags)]
        for name, values in self.attribute.items():
            found = [i for i in found if not values.isdisjoint(lines[i].attributes.get(name, ()))]
        if self.segment or self.among:
            either = {i for one in self.among for i in one.pick(lines, touched)}
            found = [i for i in found if i in either]
        if self.price is not None:
            found = [i for i in found if self.price.keep(lines[i].price_minor)]
        if self.choice:
            found = [i for i in found if not self.choice.isdisjoint(lines[i].chosen)]
        if self.offer:
            found = [i for i in found if not self.offer.isdisjoint(lines[i].offered)]
        if self.favourite:
            found = [i for i in found if not self.favourite.isdisjoint(lines[i].favourite)]
        if self.discounted is not None:
            found = [i for i in found if (i in touched) == self.discounted]
        if self.not_ is not None:
            excluded = set(self.not_.pick(lines, touched))
            found = [i for i in found if i not in excluded]
        return tuple(found)

    def keys(self) -> Keys:
        """Keys of which a basket with a selected line has at least one."""
        return narrowest(
            (
                keys_of("sku", self.sku),
                keys_of("category", self.category),
                keys_of("brand", self.brand),
                keys_of("supplier", self.supplier),
                keys_of("tag", self.tag),
                union(one.keys() for one in self.among) if self.among else None,
                keys_of("member", ["yes"] if self.choice or self.offer or self.favourite else ()),
                *(
                    frozenset(("attribute", name, value) for value in values) or None
                    for name, values in self.attribute.items()
                ),
            )
        )


EVERY_LINE = Target()


def selection(help: str = "Which lines; every line without it.") -> Any:
    """The declaration of a parameter that selects lines."""
    return schema.nested(Target, default=EVERY_LINE, help=help)


# ------------------------------------------------------------------------------------------------ index


class Index:
    """Positions filed under keys; those without necessary keys are always found."""

    def __init__(self, filed: Iterable[tuple[int, Keys]]):
        self._always: list[int] = []
        self._by_key: dict[Key, list[int]] = {}
        for position, keys in filed:
            if keys is None:
                self._always.append(position)
            for key in keys or ():
                self._by_key.setdefault(key, []).append(position)

    @property
    def is_empty(self) -> bool:
        return not self._always and not self._by_key

    def find(self, keys: Iterable[Key]) -> set[int]:
        """Positions under any of these keys."""
        found = set(self._always)
        for key in keys:
            if key in self._by_key:
                found.update(self._by_key[key])
        return found


def basket_keys(basket: Basket) -> set[Key]:
    """Every fact of the basket by which promotions may be filed."""
    keys = set(_place_keys(basket))
    for line in basket.lines:
        keys.update(_line_keys(line))
    return keys


def _line_keys(line: Line) -> Iterator[Key]:
    yield "sku", line.sku
    yield "brand", line.brand
    for kind, values in (
        ("category", line.categories),
        ("supplier", line.suppliers),
        ("tag", line.tags),
    ):
        for value in values:
            yield kind, value
    for name, named in line.attributes.items():
        for value in named:
            yield "attribute", name, value


def _place_keys(basket: Basket) -> Iterator[Key]:
    place, member = basket.place, basket.member
    for kind in ("partner", "network", "store", "register", "channel"):
        yield kind, getattr(place, kind)
    for name, value in place.store_attributes.items():
        yield "store_attribute", name, value
    yield "weekday", str(basket.at.isoweekday())
    yield "date", basket.at.date().isoformat()
    yield "member", "no" if member is None else "yes"
    yield "card_type", "" if member is None else member.card_type
    for code in basket.codes:
        yield "code", code
    for one in basket.promo_codes:
        yield "pool", one.pool
    for payment in basket.payments:
        yield "payment", payment.method
