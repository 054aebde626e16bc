"""docs/promotions.md, made from the declarations of every registered kind."""

import json
from collections.abc import Iterator, Mapping, Sequence
from inspect import cleandoc
from typing import Any, Final

from .expiry import POLICIES
from .limits import Limits, SharedLimit
from .promotion import Calendar, Choice, CodePool, Favourite, Group, ProgrammeDocument, Promotion, Settings, Unit
from .registry import CONDITIONS, REWARDS, TRIGGERS, Kinds
from .schema import describe, documented
from .segments import ProductSegment
from .select import Target

REFUSALS: Final[Mapping[str, str]] = {
    "any": "`any` of nothing never holds",
    "closed": "its lines are closed to discounts, by an exclusive promotion or group or by themselves",
    "control": "the member is of those who never get it (`control_percent`)",
    "ended": "it is over",
    "event": "something else sets it off: `event`",
    "happened": "what sets it off has not happened: something is missing of the member",
    "identified": "there is no member",
    "limit": "the limit `which` allows no more: `used` of `limit`; `share` names one that promotions "
    "share, `period` that of `base_per_member`",
    "min_balance": "the account is smaller than `min_balance`",
    "no_effect": "there was nothing for it to do",
    "no_lines": "no line fits its target",
    "no_offer": "the member was offered nothing by name in it that is in the basket",
    "no_points": "the points come to nothing",
    "no_value": "the promo code has nothing left to pay, or the new one would be worth nothing",
    "no_room": "minimum prices and caps leave no room",
    "no_units": "too few whole units are left that no set, n-th unit or gift has used",
    "not": "what must not hold does; `kind` says what",
    "not_chosen": "its group chose another promotion, `chosen`",
    "not_redeemed": "the customer did not take it",
    "not_started": "it has not begun",
    "points_short": "the account has too few points for it",
    "points_limit": "limits and balance leave too few points to spend",
    "state": "it is not active",
    "unknown": "the terms of points name what the programme no longer has",
    "whole": "points cannot pay the entire sum",
}

_HEAD = """# Promotion documents: reference

Made from the engine's declarations; `bin/test unit` tells when it is out of date. Money is in currency units,
rates are in per cent, moments are the store's own wall clock. Keys that are not listed here are refused."""

_TREE = """Conditions form a tree: `{"all": […]}` holds when every one holds, `{"any": […]}` when at least one
does, `{"not": …}` when the other does not. A leaf is of one of these kinds:"""

_POLICIES = """Beside the terms of each lot a unit may have policies; of all dates the earliest counts. Days are those
of the programme's time zone. A lot tells its date from the beginning, judged by what is known of the member; where
`when` asks for more than the lot tells it is judged anew every night until the date has come, and then it is final."""

_TRIGGERS = """A promotion that no purchase sets off names its event in `on`: `{"event": NAME, …}`, or `NAME` alone.
It is judged once for each happening, of the member alone: conditions that need a purchase are refused, and so are
rewards but fixed `points`, `issue_code` and messages to the customer. Days that come back every year begin at midnight
of the programme's time zone. Addons register further events."""

_REFUSALS = """A promotion that was looked at and had no effect is answered with a code, and so are points that are not
good on the receipt (`usable_when`). The name of a kind of condition means that this condition does not hold; the others
are:"""


def promotions_markdown() -> str:
    """The whole page."""
    return "\n\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    yield _HEAD
    yield "## The programme"
    yield from classes_markdown(
        ProgrammeDocument,
        known=(
            Unit, Group, Calendar, Choice, Favourite, SharedLimit, CodePool, ProductSegment, Settings, Promotion
        ),
    )
    for title, of in (
        ("A unit", Unit),
        ("A group", Group),
        ("A calendar", Calendar),
        ("A pool of promo codes", CodePool),
        ("A segment of products", ProductSegment),
        ("A choice", Choice),
        ("A shared limit", SharedLimit),
        ("A favourite", Favourite),
        ("Settings", Settings),
        ("A promotion", Promotion),
        ("Limits of a promotion", Limits),
        ("A selection of lines", Target),
    ):
        yield f"## {title}"
        yield from classes_markdown(of, known=(Target, Limits) if of not in (Target, Limits) else ())
    yield "## Conditions"
    yield _TREE
    yield from _kinds(CONDITIONS)
    yield "## Rewards"
    yield from _kinds(REWARDS)
    yield "## What sets promotions off"
    yield _TRIGGERS
    yield from _kinds(TRIGGERS, "event")
    yield "## Expiry policies"
    yield _POLICIES
    yield from _kinds(POLICIES)
    yield "## Refusals"
    yield _REFUSALS
    yield table_markdown(("code", "why"), ((f"`{code}`", why) for code, why in REFUSALS.items()))


def _kinds(kinds: Kinds[Any], key: str = "kind") -> Iterator[str]:
    for name in kinds.names:
        of = kinds.leaves[name]
        yield f"### `{name}`"
        yield from classes_markdown(of, known=(Target,))
        example = json.dumps({key: name, **of.example}, ensure_ascii=False)
        yield f"```json\n{example}\n```"


def classes_markdown(of: type, known: Sequence[type]) -> Iterator[str]:
    """A class and the classes that only its own fields consist of."""
    for part in documented([of], known):
        if part is not of:
            yield f"`{part.__name__}`:"
        yield cleandoc(part.__doc__ or "")
        yield _parameters(part)


def _parameters(of: type) -> str:
    rows = (
        (f"`{row.key}`", f"{row.type}, {row.limits}".removesuffix(", "), row.default, row.help)
        for row in describe(of)
    )
    return table_markdown(("key", "value", "default", "meaning"), rows)


def table_markdown(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
