"""``place``: where the purchase happens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from .. import schema
from ..receipt import Receipt
from ..registry import CONDITIONS, Condition, Reason
from ..select import Keys, keys_of, narrowest

_CODES = schema.text(max_length=128)


@CONDITIONS.register("place")
@dataclass(frozen=True, slots=True)
class Place(Condition):
    """The purchase happens at one of the named places; every parameter that is given must fit."""

    example: ClassVar[Mapping[str, object]] = {
        "network": "N1",
        "store_attribute": {"format": ["express"]},
        "channel": "pos",
    }

    partner: frozenset[str] = schema.set_of(schema.code_of("partners"))
    network: frozenset[str] = schema.set_of(schema.code_of("networks"))
    store: frozenset[str] = schema.set_of(schema.code_of("stores"))
    store_attribute: Mapping[str, frozenset[str]] = schema.map_of(
        schema.set_of(_CODES), default={}, help="Names with permitted values; every name must fit."
    )
    register: frozenset[str] = schema.set_of(schema.code_of("registers"))
    channel: frozenset[str] = schema.set_of(_CODES, help="`pos`, `web` and so on.")

    def check(self) -> Iterator[tuple[str, str, str]]:
        if not any(values for _, values in self._codes()) and not self.store_attribute:
            yield "", "missing", "names no place"

    def _codes(self) -> Iterator[tuple[str, frozenset[str]]]:
        yield "partner", self.partner
        yield "network", self.network
        yield "store", self.store
        yield "register", self.register
        yield "channel", self.channel

    def judge(self, receipt: Receipt) -> Iterator[Reason]:
        place = receipt.basket.place
        for name, values in self._codes():
            if values and getattr(place, name) not in values:
                yield Reason(self.kind, {name: getattr(place, name)})
        for name, values in self.store_attribute.items():
            if place.store_attributes.get(name) not in values:
                yield Reason(self.kind, {"store_attribute": name})

    def keys(self) -> Keys:
        attributes = (
            frozenset(("store_attribute", name, value) for value in values)
            for name, values in self.store_attribute.items()
        )
        return narrowest((*(keys_of(name, values) for name, values in self._codes()), *attributes))
