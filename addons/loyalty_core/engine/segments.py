"""Segments of products: saved selections that others name.

What they stand for is settled when a programme is compiled, so a calculation knows no segments: a promotion on one is
the promotion on the selection written out, filed under the same keys.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from . import schema
from .facts import needs_of
from .select import EVERY_LINE, Target

PRODUCTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class ProductSegment:
    """Products by a selection, and by their codes: those of `target` and of `include`, without those of `exclude`.
    Without a target they are the included ones; where nothing is included either, all but the excluded."""

    code: str = schema.text(max_length=64)
    name: str = schema.text(default="")
    target: Target | None = schema.nested(Target, default=None, help="May name other segments.")
    include: frozenset[str] = schema.set_of(schema.code_of("products"), max_length=PRODUCTS_MAX)
    exclude: frozenset[str] = schema.set_of(schema.code_of("products"), max_length=PRODUCTS_MAX)

    def check(self) -> Iterator[tuple[str, str, str]]:
        if self.target is None and not self.include and not self.exclude:
            yield "", "missing", "needs a target, or products to include or exclude"
        if self.target is not None and (not self.target.is_static or any(needs_of(self.target))):
            yield "target", "conflict", "must be of products, whoever buys them and whatever was discounted"

    @property
    def named(self) -> frozenset[str]:
        """The segments that it names."""
        return frozenset() if self.target is None else self.target.segments

    def written_out(self, segments: Mapping[str, Target]) -> Target:
        """What it stands for, of what those that it names stand for."""
        parts = [] if self.target is None and self.include else [(self.target or EVERY_LINE).within(segments)]
        if self.include:
            parts.append(Target(sku=self.include))
        return Target(among=tuple(parts), not_=Target(sku=self.exclude) if self.exclude else None)


def written_out(segments: Sequence[ProductSegment]) -> dict[str, Target]:
    """Code → what the segment stands for; each that is named is there, and none comes back to itself."""
    by_code = {one.code: one for one in segments}
    found: dict[str, Target] = {}
    for code in _sorted(by_code).static_order():
        found[code] = by_code[code].written_out(found)
    return found


def circles(segments: Sequence[ProductSegment]) -> Iterator[tuple[int, str]]:
    """Places of segments that come back to themselves, and by which way; those of one circle."""
    by_code = {one.code: one for one in segments}
    try:
        _sorted(by_code).prepare()
    except CycleError as error:
        codes = error.args[1]
        way = ", ".join(reversed(codes))
        yield from ((place, way) for place, one in enumerate(segments) if one.code in codes)


def _sorted(by_code: Mapping[str, ProductSegment]) -> TopologicalSorter[str]:
    return TopologicalSorter({code: [name for name in one.named if name in by_code] for code, one in by_code.items()})
