"""Requests that no client should send: near to right ones, so that they come as far as they can.

Plain Python, so that tests inside Odoo and from outside send the same. ``mutations`` spoils examples of the API,
``garbage_of`` makes requests of a declared class from nothing but its fields.
"""

import copy
import random
from decimal import Decimal

DEEP: list = []
for _ in range(60):
    DEEP = [DEEP]
DEEP_OBJECT: dict = {}
for _ in range(60):
    DEEP_OBJECT = {"kind": "not", "all": [DEEP_OBJECT]}

#: Values that are wrong nearly everywhere, each in a way of its own; all of them travel over JSON.
GARBAGE = [
    None, True, False, 0, -1, 1, 2, 0.1, -0.0, 1e-7, 1e308, 2**31, -(2**31) - 1, 2**63, 10**30, 12345678901234567890,
    "", " ", "0", "-1", "1e5", "NaN", "null", "x" * 65, "x" * 300, "x" * 20_000,
    "\0",
    "a\0b", "\ud800", "\udfff\ud800", "😀", "ключ", "\u202e\u0000", "\r\n\t", "%s %(x)s {0} {x}",
    "'; DROP TABLE x; --",
    "\\", "\x1f", "\x7f", "\ufffe", "１２", "٣", "1" * 50, "+380000000000000000", "a@b", "@",
    "2026-02-30", "2026-11-23", "0001-01-01T00:00:00", "1900-01-01T00:00:00+14:00", "2200-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59Z", "2026-11-23T08:30:00", "2026-11-23T24:00:00", "2026-11-23T08:30:00+99:99",
    [], {}, [[]], [None], [{}], {"": ""}, {"\ud800": 1}, {"\0": "\0"}, {"x" * 300: 1}, {"a": {"b": [1, {"c": None}]}},
    ["x"] * 3000, [{}] * 3000, {str(n): n for n in range(3000)}, DEEP, DEEP_OBJECT,
]  # fmt: skip
UNKNOWN = ["qty", "Key", "", " ", "\0", "\ud800", "__class__", "x" * 300, "id", "company_id", "😀", "context", "%s"]
#: What only a caller in the same process or over XML-RPC can send.
UNSENT = [float("nan"), float("inf"), Decimal("NaN"), b"\xff", object(), {1: 1}, {None: 1}, (1, 2), {1, 2}]


def paths(value, path=()):
    """All places of a document, the whole of it first."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*path, key))


def _parent(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def mutation(chance: random.Random, request: dict, others: list) -> dict:
    """The request with one to three faults."""
    request = copy.deepcopy(request)
    for _ in range(chance.choice((1, 1, 2, 3))):
        places = [path for path in paths(request) if path]
        if not places:
            return {"unheard_of": 1}
        path = chance.choice(places)
        parent, key = _parent(request, path), path[-1]
        match chance.choice(("replace", "replace", "replace", "other", "drop", "unknown", "double", "wrap", "edge")):
            case "replace":
                parent[key] = copy.deepcopy(chance.choice(GARBAGE))  # the next fault may change it
            case "other":
                parent[key] = copy.deepcopy(chance.choice(others))
            case "drop":
                del parent[key]
            case "unknown" if isinstance(parent, dict):
                parent[chance.choice(UNKNOWN)] = copy.deepcopy(chance.choice(GARBAGE))
            case "double" if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[key]))
            case "wrap":
                parent[key] = chance.choice(([parent[key]], {"value": parent[key]}, str(parent[key])))
            case "edge":
                parent[key] = _edge(chance, parent[key])
    return request


def _edge(chance, value):
    """Another value of the same sort, at the end of what may be."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return chance.choice((0, -value, value * 10, value + 0.001, value * 1e6, 10**10, 10**12, 1e-6, 0.01))
    if isinstance(value, str):
        more = (value * 2, value + " ", value + "\n", "0" + value)
        return chance.choice((*more, value[:-1], value.upper(), value[::-1]))
    return value


def mutations(chance: random.Random, steps: list, count: int):
    """(method, request) of spoiled examples; ``others`` are values from all over them."""
    others = [one for step in steps for one in _leaves(step["request"])]
    for _ in range(count):
        step = chance.choice(steps)
        yield step["method"], mutation(chance, step["request"], others)


def _leaves(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    yield value


def garbage_of(chance: random.Random, schema, of: type, words: list, depth: int = 0):
    """A request of the declared class: each field absent, garbage, or of its own sort."""
    if depth == 0 and chance.random() < 0.03:
        return chance.choice([*GARBAGE, *UNSENT])
    document = {}
    for key, member in schema.members(of).items():
        luck = chance.random()
        if luck < 0.12:
            document[key] = chance.choice(GARBAGE if luck < 0.11 else UNSENT)
        elif member.is_required or luck < 0.5:
            document[key] = _of_type(chance, schema, member.type, words, depth)
    if chance.random() < 0.05:
        document[chance.choice(UNKNOWN)] = chance.choice(GARBAGE)
    return document


def _of_type(chance, schema, kind, words, depth):
    match type(kind).__name__:
        case "Text":
            return chance.choice(words)[: kind.max_length]
        case "Choice":
            return chance.choice(kind.values)
        case "Flag":
            return chance.random() < 0.5
        case "Integer" | "Number" | "Money":
            bounds = [edge for edge in (kind.range.min, kind.range.max, kind.range.above) if edge is not None]
            return chance.choice([0, 1, 2, 5, 10, 100, 0.5, 12.34, 1e-6, *bounds, *(edge + 1 for edge in bounds)])
        case "Instant" | "Day":
            days = ("2026-11-23", "1900-01-01", "2200-12-31", "2024-02-29", "2026-03-29", "1970-01-01")
            clocks = ("T00:00:00", "T03:30:00", "T23:59:59Z", "T12:00:00.123456+02:00", "T02:30:00", "")
            return chance.choice(days) + (chance.choice(clocks) if type(kind).__name__ == "Instant" else "")
        case "Nested":
            return garbage_of(chance, schema, next(kind.parts()), words, depth + 1)
        case "ListOf" | "SetOf":
            count = chance.choice((0, 1, 1, 2, 3))
            return [_of_type(chance, schema, kind.item, words, depth + 1) for _ in range(count)]
        case "MapOf":
            return {chance.choice(words)[:60]: _of_type(chance, schema, kind.item, words, depth) for _ in range(2)}
        case "JsonObject":
            return {chance.choice(words): chance.choice([*GARBAGE, *words]) for _ in range(chance.choice((0, 1, 3)))}
        case _:
            return chance.choice([0, 1, 10, 12.5, "rest", "max", *words])
