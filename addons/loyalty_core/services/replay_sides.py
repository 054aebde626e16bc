"""A side of a replay: by which programme its receipts are judged, what it must know of members, what it has used of
limits so far."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from odoo import models

from ..engine import Basket, FirstUse, Member, Needs, Result, Use, Used, limited, needed
from ..engine.limits import Meter
from ..sql import member_days as sql
from ..sql.member_days import Moment
from .counters import SAME_PERIOD, most_within
from .programme import CompiledProgramme, _Cache

#: A replay goes through time, so it needs two programmes at once; several may be at work.
_compiled = _Cache(8)

#: What makes something of a receipt by itself: only what was valid then counts. Of all other sections drafts may name
#: what was made since.
GIVING = frozenset({"settings", "promotions", "rewards", "expiry_policies", "conversions", "scheduled_conversions"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What one side is judged by: the programme of each receipt's moment as it was known at revision ``number``, with
    ``drafts`` (record, document) in it and the promotions ``without`` out of it. No other terms have the same
    ``name``."""

    name: tuple
    number: int
    at: datetime
    drafts: tuple[tuple[int, dict], ...]
    without: frozenset[int]

    @property
    def codes(self) -> frozenset[str]:
        return frozenset(document["code"] for _id, document in self.drafts)


class LoyReplayProgramme(models.AbstractModel):
    """The programme service, of a programme that nobody has published."""

    _name = "loy.replay.programme"
    _inherit = "loy.programme"
    _description = "Programme of a replay"

    def _of(self, company, at: datetime, terms: Terms) -> CompiledProgramme:
        """The programme of a moment as ``terms`` have it."""
        stretch = self._stretch(terms.number, at)
        key = (*self._era(), self.env.registry.registry_sequence, company.id, terms.name, stretch)
        service = self.with_context(loy_replay_terms=terms)
        return _compiled.get(key, lambda: service._compile(company, terms.number, stretch, terms.drafts))

    def _documents(self, company, number: int, at: datetime | None) -> dict[str, list[tuple[int, dict]]]:
        terms: Terms = self.env.context["loy_replay_terms"]
        sections, latest = super()._documents(company, number, at), super()._documents(company, number, terms.at)
        for name in latest.keys() - GIVING:
            own = sections.get(name, [])
            codes = {document.get("code") for _id, document in own}
            made_since = [row for row in latest[name] if row[1].get("code") not in codes]
            sections[name] = sorted([*own, *made_since], key=lambda row: row[0])
        sections["promotions"] = [row for row in sections.get("promotions", []) if row[0] not in terms.without]
        return sections


class LoyReplayFacts(models.AbstractModel):
    """What must be known of members at the moment of a receipt that was long ago: what they had bought before it."""

    _name = "loy.replay.facts"
    _inherit = "loy.member.facts"
    _description = "Facts of members in a replay"

    def _with_more(
        self,
        basket: Basket,
        asked: Collection[str],
        compiled: CompiledProgramme,
        member,
        receipt,
        tally: Tally,
        past: Past,
    ) -> Basket:
        """The basket with what its promotions need and the receipt was not ``asked`` for."""
        needs = needed(compiled.programme, basket).by_key
        told = {key: tally.first_use(need, basket) for key, need in needs.items() if tally.tells(need)}
        missing = Needs({key: need for key, need in needs.items() if key not in asked and key not in told})
        if not missing.by_key and not told:
            return basket
        kept = basket.member
        bare = replace(basket, member=Member(id=kept.id, card_type=kept.card_type))
        service = self.with_context(loy_replay_before=Moment(receipt.at, receipt.id), loy_replay_past=past)
        found = service._answered(bare, compiled, member, receipt.company_id, missing).member
        parts = {part: _joined(getattr(kept, part), getattr(found, part)) for part in missing.parts()}
        history = {**kept.history, **found.history, **told}
        parts["history"] = {key: figure for key, figure in history.items() if figure}
        return replace(basket, member=replace(kept, **parts))

    def _before(self) -> Moment:
        return self.env.context["loy_replay_before"]

    def _day_rows(self, member_id: int, company_id: int, since: date) -> list[tuple]:
        past: Past = self.env.context["loy_replay_past"]
        if since < past.since:
            past.know(since, self.env.execute_query(sql.bought(past.member_ids, company_id, since)))
        return past.rows(member_id, since, self._before())


class Past:
    """What the members of a batch have bought: all of them by one query, when it is first asked for."""

    def __init__(self, member_ids: list[int]):
        self.member_ids = member_ids
        self.since = date.max
        self._by_member: dict[int, list[tuple]] = {}

    def know(self, since: date, rows: Iterable[tuple]) -> None:
        """Everything from a day on."""
        self.since, self._by_member = since, defaultdict(list)
        for member_id, at, purchase_id, *row in rows:
            self._by_member[member_id].append((Moment(at or datetime.min, purchase_id), tuple(row)))

    def rows(self, member_id: int, since: date, before: Moment) -> list[tuple]:
        """The rows of ``sql.days`` as they were before a moment, each purchase by itself."""
        return [
            row for moment, row in self._by_member.get(member_id, ()) if moment < before and row[0] >= since
        ]


def _joined(kept, found):
    """A part of the profile: of what is known by names, what was told then and what is found now."""
    if isinstance(kept, Mapping):
        return {**kept, **found}
    return (*kept, *found) if isinstance(kept, tuple) else found


class MemberUse(NamedTuple):
    """Whose use of which meter, on which day."""

    member_id: int
    meter: str
    day: date


@dataclass(slots=True)
class Tally:
    """What the drafts of a side have used of their limits, receipt after receipt. Of limits that they share with
    promotions that were live, what those had used then is what the receipts tell.

    ``counts`` are those that all share, by meter, kind and day; ``members`` those of members: uses, and what earned.
    """

    drafts: frozenset[str]
    counts: Counter = field(default_factory=Counter)
    members: dict[tuple[int, str], dict[date, list[int]]] = field(default_factory=lambda: defaultdict(dict))
    new: dict[MemberUse, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def know(self, rows: Iterable[tuple[int, str, date, int, int]]) -> None:
        """What members have used in earlier batches."""
        for member_id, meter, day, uses, base in rows:
            self.members[member_id, meter][day] = [uses, base]

    # ------------------------------------------------------------------ before the calculation

    def with_used(self, basket: Basket, compiled: CompiledProgramme) -> Basket:
        """The basket with what is used of the limits of the drafts."""
        if not self.drafts:
            return basket
        used = {code: one for code, one in basket.used.items() if code not in self.drafts}
        shared = dict(basket.used_shared)
        counted = set()
        for promotion in limited(compiled.programme, basket):
            for meter in compiled.programme.meters[promotion.code]:
                name = meter_of(promotion.code, meter)
                if name in counted or self.drafts.isdisjoint(meter.promotions):
                    continue
                counted.add(name)
                found = self._used(name, meter, basket)
                if meter.code:
                    shared[meter.code] = _sum(basket.used_shared.get(meter.code, Used()), found)
                else:
                    used[promotion.code] = found
        return replace(basket, used=used, used_shared=shared)

    def _used(self, name: str, meter: Meter, basket: Basket) -> Used:
        day, bounds, member_id = basket.at.date(), meter.bounds, _member_id(basket)
        days = self.members.get((member_id, name), {}) if member_id else {}
        return Used(
            per_member=most_within({one: uses for one, (uses, _base) in days.items()}, day, bounds.per_member_days),
            per_day=self.counts[name, "per_day", day.isoformat()],
            total=self.counts[name, "total", ""],
            budget_minor=self.counts[name, "budget", ""],
            budget_points_micro=self.counts[name, "budget_points", ""],
            **{
                f"base_{period}": sum(base for one, (_uses, base) in days.items() if is_same(one, day))
                for period, is_same in SAME_PERIOD.items()
            },
        )

    def tells(self, need) -> bool:
        """Whether a need is of a draft, so that only the replay itself can answer it."""
        return isinstance(need, FirstUse) and need.promotion in self.drafts

    def first_use(self, need: FirstUse, basket: Basket) -> int:
        days = self.members.get((_member_id(basket) or 0, first_use_of(need.promotion)), {})
        return min((day.toordinal() for day in days), default=0)

    # ------------------------------------------------------------------ after it

    def draw(self, result: Result, compiled: CompiledProgramme, basket: Basket) -> None:
        """What the drafts have given on a receipt is used."""
        for use in result.uses if self.drafts else ():
            if use.promotion in self.drafts:
                self._draw(use, compiled, basket)

    def _draw(self, use: Use, compiled: CompiledProgramme, basket: Basket) -> None:
        day, member_id = basket.at.date(), _member_id(basket)
        bases = {base.limit: base.total for base in use.bases}
        for meter in compiled.programme.meters[use.promotion]:
            name, bounds = meter_of(use.promotion, meter), meter.bounds
            for kind, amount, of_day in (
                ("per_day", 1, day.isoformat()),
                ("total", 1, ""),
                ("budget", use.discount_minor, ""),
                ("budget_points", use.points_micro, ""),
            ):
                if getattr(bounds, kind) is not None:
                    self.counts[name, kind, of_day] += amount
            if member_id and bounds.is_of_member:
                self._add(MemberUse(member_id, name, day), 1, bases.get(meter.code, 0))
        if member_id and use.promotion in _asked_for_first_use(compiled):
            self._add(MemberUse(member_id, first_use_of(use.promotion), day), 1, 0)

    def _add(self, key: MemberUse, uses: int, base: int) -> None:
        known = self.members[key.member_id, key.meter].setdefault(key.day, [0, 0])
        for row in (known, self.new[key]):
            row[0] += uses
            row[1] += base


@lru_cache(maxsize=16)
def _asked_for_first_use(compiled: CompiledProgramme) -> frozenset[str]:
    """Promotions of which others ask when a member first used them."""
    needs = (need for needs in compiled.programme.needs.values() for need in needs)
    return frozenset(need.promotion for need in needs if isinstance(need, FirstUse))


def meter_of(code: str, meter: Meter) -> str:
    """The name of a promotion's own limits, or of those that it shares."""
    return f"limit:{meter.code}" if meter.code else f"promotion:{code}"


def first_use_of(code: str) -> str:
    return f"first_use:{code}"


def _member_id(basket: Basket) -> int | None:
    return int(basket.member.id) if basket.member else None


def _sum(one: Used, other: Used) -> Used:
    return Used(**{name: getattr(one, name) + getattr(other, name) for name in Used.__slots__})
