"""Whether two promotions can meet: on the same goods, at the same time and place.

"No" is proven by what documents say; where nothing proves it, the answer is "they may". What only members, codes or
earlier purchases tell apart, does not tell promotions apart: one customer can have it all.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from .basket import Line
from .conditions.place import Place
from .conditions.time import Time
from .conditions.tree import AllOf
from .promotion import Promotion
from .registry import Condition, Phase
from .select import Prices, Target

#: Of what kind of thing two promotions can give on the same goods.
LANES: Mapping[Phase, str] = {Phase.DISCOUNT: "discount", Phase.TOTAL: "discount", Phase.ACCRUE: "points"}
_DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Shelf:
    """What must be known of the goods that documents name: each product as a line of a basket, each category with all
    above it."""

    products: Mapping[str, Line] = field(default_factory=dict)
    lineage: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def above(self, category: str) -> frozenset[str]:
        return self.lineage.get(category, frozenset({category}))

    def related(self, one: str, other: str) -> bool:
        """Whether one category is the other, or below it."""
        return one in self.above(other) or other in self.above(one)


def meet(one: Promotion, other: Promotion, shelf: Shelf) -> frozenset[str]:
    """The lanes ("discount", "points") in which both can give something on the same goods of the same receipt."""
    if one.on is not None or other.on is not None or not _same_time(one, other):
        return frozenset()
    mine, theirs = _targets(one), _targets(other)
    return frozenset(
        lane
        for lane in mine.keys() & theirs.keys()
        if any(touch(target, another, shelf) for target in mine[lane] for another in theirs[lane])
    )


def touch(one: Target, other: Target, shelf: Shelf) -> bool:
    """Whether there can be a line that both select."""
    for mine, theirs in ((one, other), (other, one)):
        if mine.sku and mine.sku <= shelf.products.keys():
            lines = [shelf.products[sku] for sku in sorted(mine.sku)]
            picked = set(_picked(mine, lines)) & set(_picked(theirs, lines))
            return bool(picked)
        if theirs.not_ is not None and _is_within(mine, theirs.not_, shelf):
            return False
    if one.sku and other.sku and one.sku.isdisjoint(other.sku):
        return False
    if one.category and other.category and not _any_related(one.category, other.category, shelf):
        return False
    if one.brand and other.brand and one.brand.isdisjoint(other.brand):
        return False
    return _prices_meet(one.price, other.price)


def named_products(promotions: Iterable[Promotion]) -> Iterator[str]:
    """The products that selections of goods name."""
    for target in _all_targets(promotions):
        yield from target.sku


def named_categories(promotions: Iterable[Promotion]) -> Iterator[str]:
    """The categories that they name."""
    for target in _all_targets(promotions):
        yield from target.category


def _all_targets(promotions: Iterable[Promotion]) -> Iterator[Target]:
    for promotion in promotions:
        for targets in _targets(promotion).values():
            for target in targets:
                yield target
                if target.not_ is not None:
                    yield target.not_


def _targets(promotion: Promotion) -> dict[str, list[Target]]:
    """Lane → selections of goods on which the promotion gives something."""
    found: dict[str, list[Target]] = {}
    for reward in promotion.rewards:
        if reward.acts_in in LANES and reward.needs_basket:
            found.setdefault(LANES[reward.acts_in], []).append(reward.target)
    return found


def _picked(target: Target, lines: list[Line]) -> tuple[int, ...]:
    return _certain(target).pick(lines, frozenset())


def _certain(target: Target) -> Target:
    """The selection by what the catalogue decides: prices are those of tills, the rest is up to members and
    receipts."""
    return replace(
        target,
        price=None,
        choice=frozenset(),
        offer=frozenset(),
        favourite=frozenset(),
        discounted=None,
        not_=None if target.not_ is None or _depends(target.not_) else _certain(target.not_),
        among=tuple(map(_certain, target.among)),
    )


def _depends(target: Target) -> bool:
    """Whether more than the catalogue decides what it selects."""
    own = target.price or target.choice or target.offer or target.favourite or target.discounted is not None
    return bool(own) or any(map(_depends, target.among)) or (target.not_ is not None and _depends(target.not_))


def _is_within(one: Target, other: Target, shelf: Shelf) -> bool:
    """Whether all that the one selects is selected by the other, by what both say."""
    if other.sku and not (one.sku and one.sku <= other.sku):
        return False
    if other.category and not (
        one.category and all(shelf.above(category) & other.category for category in one.category)
    ):
        return False
    if any(theirs and not (mine and mine <= theirs) for mine, theirs in _codes(one, other)):
        return False
    return other.not_ is None and not _depends(other)


def _codes(one: Target, other: Target) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for name in ("brand", "supplier", "tag", "segment"):
        yield getattr(one, name), getattr(other, name)
    for name, values in other.attribute.items():
        yield one.attribute.get(name, frozenset()), values


def _any_related(some: Iterable[str], others: frozenset[str], shelf: Shelf) -> bool:
    return any(shelf.related(one, another) for one in some for another in others)


def _prices_meet(one: Prices | None, other: Prices | None) -> bool:
    if one is None or other is None:
        return True
    return not (
        (one.max is not None and other.min is not None and one.max < other.min)
        or (other.max is not None and one.min is not None and other.max < one.min)
    )


# ---------------------------------------------------------------------------------------------- time and place


def _same_time(one: Promotion, other: Promotion) -> bool:
    if one.to is not None and other.from_ is not None and one.to <= other.from_:
        return False
    if other.to is not None and one.from_ is not None and other.to <= one.from_:
        return False
    mine, theirs = list(_must(one.when)), list(_must(other.when))
    return all(_can_both(condition, another) for condition in mine for another in theirs)


def _must(condition: Condition) -> Iterator[Condition]:
    """The conditions that hold whenever it holds."""
    if isinstance(condition, AllOf):
        for child in condition.all:
            yield from _must(child)
    else:
        yield condition


def _can_both(one: Condition, other: Condition) -> bool:
    if isinstance(one, Place) and isinstance(other, Place):
        names = ("partner", "network", "store", "register", "channel")
        pairs = [(getattr(one, name), getattr(other, name)) for name in names]
        pairs += [
            (one.store_attribute[name], other.store_attribute[name])
            for name in one.store_attribute.keys() & other.store_attribute.keys()
        ]
        return not any(mine and theirs and mine.isdisjoint(theirs) for mine, theirs in pairs)
    if isinstance(one, Time) and isinstance(other, Time):
        return _hours_meet(one, other)
    return True


def _hours_meet(one: Time, other: Time) -> bool:
    """Windows that pass midnight may meet: their days are two."""
    if one.to < one.from_ or other.to < other.from_:
        return True
    if one.weekdays and other.weekdays and one.weekdays.isdisjoint(other.weekdays):
        return False
    if one.dates and other.dates and one.dates.isdisjoint(other.dates):
        return False
    return one.from_ < min(other.to, _DAY) and other.from_ < min(one.to, _DAY)
