"""Templates of promotions: documents with gaps to fill in, each with a basket and the receipt that it makes.

A gap is written as ``{"$": NAME}`` and filled with a parameter of that name; one that is left empty goes, with its key.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from . import schema
from .basket import Basket
from .evaluate import evaluate, needed, set_off
from .facts import FirstUse, History
from .promotion import Programme, compile_programme
from .result import Result
from .select import Target

GAP: Final = "$"
TARGET: Final = "target"

#: Sorts of parameters: what the editor asks for.
SORTS: Final[Mapping[str, schema.Type]] = {
    name: schema.type_of(declared)
    for name, declared in {
        TARGET: schema.nested(Target),
        "percent": schema.percent(above=0),
        "money": schema.money(above=0),
        "number": schema.decimal(above=0),
        "count": schema.integer(min=1, max=1000),
        "text": schema.text(max_length=128),
        "message": schema.text(max_length=1000),
        "clock": schema.clock(),
        "weekdays": schema.set_of(schema.weekday()),
        "unit": schema.reference("units"),
        "pool": schema.reference("code_pools"),
        "choice": schema.reference("choices"),
        "favourite": schema.reference("favourites"),
        "calendar": schema.reference("calendars"),
        "tier": schema.code_of("tiers"),
        "stores": schema.set_of(schema.code_of("stores")),
        "promotions": schema.set_of(schema.code_of("promotions")),
    }.items()
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What fills a gap; one that is required is never left empty."""

    sort: str = schema.choice(*SORTS)
    required: bool = schema.flag(default=False)


@dataclass(frozen=True, slots=True)
class Good:
    """A product of the baskets, by what selections know it."""

    sku: str = schema.text(max_length=64)
    name: str = schema.text()
    price: int = schema.money(min=0)
    categories: tuple[str, ...] = schema.list_of(schema.text(), default=())
    brand: str = schema.text(default="")
    tags: tuple[str, ...] = schema.list_of(schema.text(), default=())


@dataclass(frozen=True, slots=True)
class Template:
    """``promotions`` with gaps, ``values`` that fill them in the example, what else of a programme the example needs
    (``beside``), the ``basket``, the figures of what was bought before (``history``, in the order of the needs), and
    the ``receipt`` that it comes to."""

    parameters: Mapping[str, Parameter] = schema.map_of(schema.nested(Parameter), default={})
    values: Mapping[str, Any] = schema.json_object(default={})
    promotions: tuple[Mapping[str, Any], ...] = schema.list_of(schema.json_object(), min_length=1, max_length=20)
    beside: Mapping[str, Any] = schema.json_object(default={})
    basket: Mapping[str, Any] = schema.json_object()
    history: tuple[int, ...] = schema.list_of(schema.integer(), default=())
    receipt: Mapping[str, Any] = schema.json_object(default={})

    def filled(self, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The promotions with these values in the gaps."""
        return [filled(one, values) for one in self.promotions]

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Required parameters that are left empty."""
        return [name for name, one in self.parameters.items() if one.required and _is_empty(values.get(name))]

    def programme(self, base: Mapping[str, Any]) -> Programme:
        """The example's: ``base`` are sections that examples share."""
        promotions = [{**one, "state": "active"} for one in self.filled(self.values)]
        sections = {key: [*base.get(key, ()), *self.beside.get(key, ())] for key in {*base, *self.beside}}
        return compile_programme({**sections, "promotions": [*sections.pop("promotions", ()), *promotions]})

    def bought(self, goods: Iterable[Good]) -> dict[str, Any]:
        """The basket as the engine reads it: what is known of its goods is said."""
        known = {good.sku: good for good in goods}
        lines = [self._line(number, line, known[line["sku"]]) for number, line in enumerate(self.basket["lines"], 1)]
        return {**self.basket, "lines": lines}

    @staticmethod
    def _line(number: int, line: Mapping[str, Any], good: Good) -> dict[str, Any]:
        return {
            "id": str(number),
            "sku": good.sku,
            "price_minor": good.price,
            "quantity_micro": int(line.get("quantity", 1) * schema.MICRO),
            "categories": list(good.categories),
            "brand": good.brand,
            "tags": list(good.tags),
        }

    def example(self, base: Mapping[str, Any], goods: Iterable[Good]) -> Result:
        """What the example comes to."""
        programme = self.programme(base)
        basket = Basket.from_document(self.bought(goods))
        if basket.member is not None:
            needs = needed(programme, basket, all_of_them=True)
            keys = [need.key for kind in (History, FirstUse) for need in needs.of(kind)]
            history = dict(zip(keys, self.history, strict=True))
            basket = replace(basket, member=replace(basket.member, history=history))
        if programme.beside_purchases:
            return set_off(programme, programme.beside_purchases[0].code, basket)
        return evaluate(programme, basket)


def read_template(document: object) -> Template:
    """The template of a document; DocumentError with every problem."""
    return schema.read(Template, document)


def read_goods(document: object) -> tuple[Good, ...]:
    """The goods of the baskets."""
    return tuple(schema.read(Good, one) for one in document) if isinstance(document, list) else ()


def filled(document: Any, values: Mapping[str, Any]) -> Any:
    """The document with these values in its gaps; what is left empty goes."""
    if isinstance(document, list):
        return [filled(one, values) for one in document]
    if not isinstance(document, Mapping):
        return document
    if GAP in document:
        return values.get(document[GAP])
    whole = {key: (one, filled(one, values)) for key, one in document.items()}
    return {key: made for key, (one, made) in whole.items() if not (_is_gap(one) and _is_empty(made))}


def gaps(document: Any) -> Iterator[str]:
    """The names of all gaps of a document."""
    if isinstance(document, (list, tuple)):
        for one in document:
            yield from gaps(one)
    elif isinstance(document, Mapping):
        if GAP in document:
            yield document[GAP]
        else:
            yield from gaps(list(document.values()))


def receipt_of(result: Result) -> dict[str, Any]:
    """What a receipt shows of a result, and a template says of it: what is not there is not said."""
    answer = json.loads(json.dumps(result.to_document()))
    lines = [{key: one[key] for key in ("base", "amount", "spent", "promotions")} for one in answer["lines"]]
    kept = ("totals", "earned", "spent", "messages", "issued", "suggestions")
    return {"lines": lines, **{key: answer[key] for key in kept if answer[key]}}


def _is_gap(value: Any) -> bool:
    return isinstance(value, Mapping) and GAP in value


def _is_empty(value: Any) -> bool:
    return value is None or value in ({}, [], "")
