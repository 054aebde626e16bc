"""Tiers of members: worked out with each purchase and return, at night where they change by themselves."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from odoo import fields, models

from ..engine import Basket, Bought, Edition, Line, Result, Standing, Tier, needed, progress, schema, stand, timeline
from ..engine.result import Totals
from ..engine.select import Target
from ..engine.tiers import Given, Series, edition_of
from ..sql import tiers as sql
from ..sql.insert import insert_rows
from . import clock
from .errors import LoyaltyError
from .money import from_minor, to_minor
from .programme import _Cache
from .sections import TierDocument
from .transaction import run_with_retry

BATCH = 1_000
LADDERS_KEPT = 32
#: Of what is counted, the digits behind the point that are kept; of amounts and points they are those of the currency.
DECIMALS = {"count": 0, "quantity": 6}

_ladders = _Cache(LADDERS_KEPT)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers of a company through all time. The engine knows a tier by its record, for codes may change."""

    editions: tuple[Edition, ...]
    codes: tuple[Mapping[str, str], ...]  # of each edition: tier → its code then
    changes: tuple[datetime, ...]  # the moments from which something that was said of its tiers holds
    units: Mapping[str, tuple[int, int]]  # code → (record, decimals)
    currency_decimals: int
    timezone: str

    def today(self, now: datetime) -> date:
        return clock.to_local(now, self.timezone).date()

    def version(self, now: datetime) -> int:
        """Grows with every change, also with one that was planned for now."""
        return sum(one <= now for one in self.changes)

    def code(self, tier: str, day: date) -> str:
        """What a tier is called on a day."""
        known = [codes for one, codes in zip(self.editions, self.codes, strict=True) if one.first_day <= day]
        return next((codes[tier] for codes in reversed(known) if tier in codes), "")

    def rank(self, tier: str, day: date) -> int:
        edition = edition_of(self.editions, day)
        return edition.rank(tier) if edition else -1

    def counted(self) -> dict[str, Tier]:
        """One tier for each thing that is counted."""
        return {tier.key: tier for edition in self.editions for tier in edition.tiers if not tier.is_base}

    def decimals(self, tier: Tier) -> int:
        if tier.measure == "points":
            return self.units[tier.unit][1]
        return DECIMALS.get(tier.measure, self.currency_decimals)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of ``loy.member.tier``."""

    id: int
    tier: str
    since: date | None
    until: date | None
    changes_on: date | None
    is_current: bool
    ladder_version: int


@dataclass(frozen=True, slots=True)
class Known:
    """What is told of a member: since when the ladder is there for it, its rows, and what was set by hand."""

    begin: date
    rows: tuple[Row, ...]
    grants: tuple[tuple[int, str, Given], ...]  # (record, kind, what was given)

    @property
    def current(self) -> Row | None:
        return next((row for row in self.rows if row.is_current), None)


class LoyTiers(models.AbstractModel):
    """Law: the rows of a member are the timeline that follows from what was bought and set by hand. They are kept so
    that lists and tills need not work them out; a day for which they do not speak is worked out.
    """

    _name = "loy.tiers"
    _description = "Tiers of members"

    # ------------------------------------------------------------------ what is asked

    def _code_on(self, member_id: int, company, day: date) -> str:
        """The code of the member's tier on a day, or nothing."""
        ladder = self._ladder(company)
        if ladder is None:
            return ""
        return ladder.code(self._standing(ladder, member_id, company, day).tier, day)

    def _risen_to(self, scene, result: Result) -> str:
        """The code of the tier to which a purchase that comes to this lifts its member on its day, under the setting
        `crossing: new`; nothing where it does not, or where no promotion asks for the tier."""
        compiled, basket = scene.compiled, scene.basket
        if compiled.settings.crossing != "new" or basket.member is None:
            return ""
        company = self.env["res.company"].browse(scene.place.company_id)
        ladder = self._ladder(company)
        if ladder is None or "tier" not in needed(compiled.programme, basket).parts():
            return ""
        day, member_id = basket.at.date(), scene.member.id
        known = self._known(ladder, [member_id], company)[member_id]
        gained = self._gained(ladder, [member_id], company)[member_id]
        before = self._stand(ladder, known, gained, day)
        after = self._stand(ladder, known, _with_purchase(ladder, gained, basket, result), day)
        is_higher = ladder.rank(after.tier, day) > ladder.rank(before.tier, day)
        return ladder.code(after.tier, day) if is_higher else ""

    def _today(self, member) -> str:
        """The code of the member's tier now, in the user's company."""
        company = self.env.company
        ladder = self._ladder(company)
        return self._code_on(member.id, company, ladder.today(fields.Datetime.now())) if ladder else ""

    def _get(self, member, company) -> dict:
        """As the API tells it: the tier today, and how far it is to the next."""
        ladder = self._ladder(company)
        unknown = dict.fromkeys(("tier", "since", "until", "next", "progress"))
        answer = {"member": str(member.id), **unknown}
        if ladder is None:
            return answer
        day = ladder.today(fields.Datetime.now())
        gained = self._gained(ladder, [member.id], company)[member.id]
        standing = self._stand(ladder, self._known(ladder, [member.id], company)[member.id], gained, day)
        if standing.tier:
            answer |= {
                "tier": ladder.code(standing.tier, day),
                "since": standing.since and standing.since.isoformat(),
                "until": standing.until and standing.until.isoformat(),
            }
        if step := progress(ladder.editions, gained, standing, day):
            decimals = ladder.decimals(step.tier)
            answer |= {
                "next": ladder.code(step.tier.code, day),
                "progress": {
                    "value": float(from_minor(step.value, decimals)),
                    "threshold": float(from_minor(step.tier.threshold, decimals)),
                },
            }
        return answer

    def _shown(self, member) -> dict:
        """The same for people: records of tiers, days, and how much is there in per cent."""
        # What the contact's form tells goes with the right to see the contact.
        told = self.sudo()._get(member, self.env.company)
        tiers = self.env["loy.tier"].sudo().with_context(active_test=False)
        domain = [("company_id", "in", [False, self.env.company.id])]
        by_code = {tier.code: tier for tier in tiers.search(domain, order="company_id desc")}
        step = told["progress"]
        return {
            **{name: by_code.get(told[name]) for name in ("tier", "next")},
            **{name: told[name] and date.fromisoformat(told[name]) for name in ("since", "until")},
            "progress": step,
            "percent": max(0, min(100, round(100 * step["value"] / step["threshold"]))) if step else 0,
        }

    def _standing(self, ladder: Ladder, member_id: int, company, day: date) -> Standing:
        known = self._known(ladder, [member_id], company)[member_id]
        row = known.current
        if (
            row
            and row.ladder_version == ladder.version(fields.Datetime.now())
            and (row.since is None or row.since <= day)
            and (row.changes_on is None or day < row.changes_on)
        ):
            return Standing(row.tier, row.since, row.until, row.changes_on)
        return self._stand(ladder, known, self._gained(ladder, [member_id], company)[member_id], day)

    def _stand(self, ladder: Ladder, known: Known, gained: Mapping[str, Series], day: date) -> Standing:
        given = [one for _id, _kind, one in known.grants]
        # Who has a receipt of that day was a member then.
        return stand(ladder.editions, gained, given, min(day, _begin(known, gained)), day)

    # ------------------------------------------------------------------ what is set by hand

    def _set(self, members, tier, until: date | None = None, reason=None, note: str = "") -> None:
        """Staff say which tier these members have from today, until a day included or for good."""
        self.env["loy.rights"]._check("tier.set")
        self.env["loy.reach"]._check(members)
        company, now = self.env.company, fields.Datetime.now()
        ladder = self._ladder(company)
        if ladder is None or ladder.rank(str(tier.id), ladder.today(now)) < 0:
            raise LoyaltyError("tier_not_found", self.env._("There is no tier %s here now.", tier.display_name))
        if until and until < ladder.today(now):
            raise LoyaltyError("bad_period", self.env._("The last day of the tier is over; name a later one."))

        def work():
            self._grant(members, tier, company, "manual", until=until, reason=reason, note=note)
            self._work_out(company, members.ids)

        run_with_retry(self.env, work)
        for member in members:
            member.message_post(body=self.env._("Tier set to %(tier)s. %(note)s", tier=tier.name, note=note or ""))

    def _grant(
        self, members, tier, company, kind: str, *, since: date | None = None, until: date | None = None, reason=None,
        note: str = "",
    ) -> None:  # fmt: skip
        ladder, now = self._ladder(company), fields.Datetime.now()
        today = ladder.today(now)
        instead = {member.id: self._standing(ladder, member.id, company, today).tier for member in members}
        insert_rows(
            self.env["loy.member.tier.grant"],
            [
                {
                    "member_id": member.id,
                    "company_id": company.id,
                    "tier_id": tier.id,
                    "since": since or today,
                    "until": until or None,
                    "instead_of_id": int(instead[member.id]) if instead[member.id] else None,
                    "kind": kind,
                    "reason_id": reason.id if reason else None,
                    "note": note or None,
                    "user_id": self.env.uid,
                    "at": now,
                }
                for member in members
            ],
        )

    # ------------------------------------------------------------------ working out

    def _follow(self, purchase) -> None:
        """After a purchase or a return: its member's tier, in the same transaction."""
        if purchase.member_id:
            self._work_out(purchase.company_id, [purchase.member_id.id], purchase=purchase)

    def _work_out(
        self,
        company,
        member_ids: Collection[int],
        purchase=None,
        *,
        at: datetime | None = None,
        is_quiet: bool = False,
    ) -> None:
        """Rows of these members become what follows from the facts, and events tell who has risen or fallen.

        Every call writes the current row, so of two that work out the same member at once one is run again.
        """
        ladder = self._ladder(company)
        if ladder is None or not member_ids:
            return
        now = at or fields.Datetime.now()
        today = ladder.today(now)
        day = max(today, purchase.purchased_on) if purchase and purchase.purchased_on else today
        known = self._known(ladder, member_ids, company)
        gained = self._gained(ladder, member_ids, company)
        changes = _Changes(self.env, ladder, company, now, purchase)
        for member_id, one in known.items():
            given = [grant for _id, _kind, grant in one.grants]
            begin = min(day, _begin(one, gained[member_id]))
            line = timeline(ladder.editions, gained[member_id], given, begin, day)
            changes.add(member_id, one, line)
        changes.write()
        if not is_quiet:
            changes.tell()

    def _absorb(self, survivor, others) -> None:
        """Of a merge: what was bought together counts, and the highest tier that any of them has stays."""
        # Of all companies, whichever the user works in.
        told = self.env["loy.member.tier"].sudo()
        rows = told.search([("member_id", "in", others.ids), ("is_current", "=", True)])
        held = [(row.company_id, row.tier_id, row.until) for row in rows if row.tier_id]
        companies = rows.company_id | told.search([("member_id", "=", survivor.id)]).company_id
        self.env.cr.execute(sql.leave(others.ids))
        self.env["loy.member.tier"].invalidate_model(flush=False)
        for company in companies:
            ladder = self._ladder(company)
            if ladder is None:
                continue
            today = ladder.today(fields.Datetime.now())
            self._work_out(company, [survivor.id], is_quiet=True)
            now = ladder.rank(self._standing(ladder, survivor.id, company, today).tier, today)
            best = max(
                (
                    (ladder.rank(str(tier.id), today), until or date.max, tier)
                    for where, tier, until in held
                    if where == company
                ),
                key=lambda one: one[:2],
                default=None,
            )
            if best and best[0] > now and best[1] >= today:
                until = None if best[1] == date.max else best[1]
                self._grant(survivor, best[2], company, "merge", until=until)
                self._work_out(company, [survivor.id])

    def _rebuild(self, companies=None) -> None:
        """All rows anew: what they say must not differ."""
        rows = self.env["loy.member.tier"]
        for company in companies or self.env["res.company"].search([("active", "=", True)]):
            domain = [("company_id", "=", company.id)]
            members = rows.search([*domain, ("is_current", "=", True)]).member_id
            self.env.cr.execute(sql.forget(rows.search([*domain, ("member_id", "in", members.ids)]).ids))
            self._work_out(company, members.ids, is_quiet=True)

    # ------------------------------------------------------------------ at night

    def _run(self) -> None:
        """All members whose tier changes by itself, or who know nothing of the ladder yet: in batches, each a
        transaction. Stopped anywhere it goes on where it was, since who is done is not found again."""
        now = fields.Datetime.now()
        while count := run_with_retry(self.env, lambda: self._work_out_next(now)):
            if not self.env["ir.cron"]._commit_progress(count, remaining=1):
                return
        self.env["ir.cron"]._commit_progress(remaining=0)

    def _work_out_next(self, at: datetime, limit: int = BATCH) -> int:
        """The next of them, and how many; 0 when nobody is left at that moment."""
        for company in self.env["res.company"].search([("active", "=", True)]):
            ladder = self._ladder(company)
            today = ladder and ladder.today(at)
            edition = ladder and edition_of(ladder.editions, today)
            if edition is None:
                continue
            due = self.env.execute_query(sql.due(company.id, today, ladder.version(at), limit))
            if member_ids := [member_id for (member_id,) in due]:
                self._work_out(company, member_ids, at=at)
                return len(member_ids)
            has_base = any(tier.is_base for tier in edition.tiers)
            if untold := [row[0] for row in self.env.execute_query(sql.untold(company.id, has_base, limit))]:
                # The ladder has only just come to them: they have not risen.
                self._work_out(company, untold, at=at, is_quiet=True)
                return len(untold)
        return 0

    # ------------------------------------------------------------------ what it follows from

    def _ladder(self, company) -> Ladder | None:
        """The ladder of a company; none where it never had a tier. One query where this process has met it before."""
        programme = self.env["loy.programme"]
        number = programme._head()
        key = ("tiers", *programme._era(), self.env.registry.registry_sequence, company.id, number)
        return _ladders.get(key, lambda: self._read_ladder(company, number))

    def _read_ladder(self, company, number: int) -> Ladder | None:
        rows = self.env.execute_query(sql.revisions(number, company.id))
        ours = {res_id for res_id, _document, is_here, *_rest in rows if is_here}
        if not ours:
            return None
        now = fields.Datetime.now()
        settings = self.env["loy.programme"]._at(company, now, number).settings
        timezone = settings.timezone or "UTC"
        codes = {row[1]["unit"] for row in rows if row[1].get("unit")}
        # Whatever the user may read, and whether the unit is in use still: the ladder is the same.
        everything = self.env["loy.unit"].sudo().with_context(active_test=False)
        domain = [("code", "in", list(codes)), ("company_id", "in", [False, company.id])]
        # Shared ones first: the company's own come over them.
        units = {unit.code: (unit.id, unit.decimals) for unit in everything.search(domain, order="company_id desc")}
        decimals = company.currency_id.decimal_places
        editions: dict[date, tuple[tuple[Tier, ...], dict[str, str]]] = {}
        said: dict[int, tuple[dict, bool, bool]] = {}
        for index, (res_id, document, is_here, is_shared, valid_from_at) in enumerate(rows):
            said[res_id] = (document, is_here, is_shared)
            if index + 1 < len(rows) and rows[index + 1][4] == valid_from_at:
                continue
            live = _live(said)
            first_day = clock.to_local(valid_from_at, timezone).date()
            tiers = [
                (document["code"], _tier(res_id, document, units, decimals))
                for res_id, document in sorted(live.items(), key=lambda one: _place(one[1]))
                if "unit" not in document or document["unit"] in units
            ]
            edition = (tuple(tier for _code, tier in tiers), {tier.code: code for code, tier in tiers})
            editions.pop(first_day, None)
            if not editions or edition != next(reversed(editions.values())):
                editions[first_day] = edition
        return Ladder(
            editions=tuple(Edition(day, tiers) for day, (tiers, _codes) in editions.items()),
            codes=tuple(codes for _tiers, codes in editions.values()),
            changes=tuple(row[4] for row in rows if row[0] in ours),
            units=units,
            currency_decimals=decimals,
            timezone=timezone,
        )

    def _known(self, ladder: Ladder, member_ids: Collection[int], company) -> dict[int, Known]:
        first = ladder.editions[0].first_day
        return {
            member_id: Known(
                begin=clock.to_local(registered_at, ladder.timezone).date() if registered_at else first,
                rows=tuple(_row(*row) for row in rows or ()),
                grants=tuple(_grant(*row) for row in grants or ()),
            )
            for member_id, registered_at, rows, grants in self.env.execute_query(sql.known(member_ids, company.id))
        }

    def _gained(self, ladder: Ladder, member_ids: Collection[int], company) -> dict[int, dict[str, Series]]:
        """Member → key of what is counted → what was gained by days. A query for days, for lines, for each unit."""
        gained: dict[int, dict[str, Series]] = {member_id: {} for member_id in member_ids}
        counted = ladder.counted()
        by_line = {key: tier for key, tier in counted.items() if tier.is_by_line}
        by_points = {key: tier for key, tier in counted.items() if tier.measure == "points"}
        by_day = {key: tier for key, tier in counted.items() if key not in by_line and key not in by_points}
        for tiers, bought in (
            (by_day, by_day and self._days(ladder, member_ids, company)),
            (by_line, by_line and self._lines(ladder, member_ids, company)),
        ):
            for key, tier in tiers.items():
                for member_id, facts in bought.items():
                    gained[member_id][key] = tier.series(facts)
        for key, tier in by_points.items():
            unit_id, decimals = ladder.units[tier.unit]
            series: dict[int, list] = defaultdict(list)
            for member_id, day, points in self.env.execute_query(sql.points(member_ids, company.id, unit_id)):
                series[member_id].append((day, to_minor(_exact(points), decimals)))
            for member_id, rows in series.items():
                gained[member_id][key] = rows
        return gained

    def _days(self, ladder: Ladder, member_ids: Collection[int], company) -> dict[int, list[Bought]]:
        bought: dict[int, list[Bought]] = defaultdict(list)
        for member_id, day, count, amount in self.env.execute_query(sql.days(member_ids, company.id)):
            amount_minor = to_minor(_exact(amount), ladder.currency_decimals)
            bought[member_id].append(Bought(day=day, count=count, amount_minor=amount_minor))
        return bought

    def _lines(self, ladder: Ladder, member_ids: Collection[int], company) -> dict[int, list[Bought]]:
        rows = self.env.execute_query(sql.lines(member_ids, company.id))
        # A product is of the categories that it is of today.
        products = self.env["loy.catalogue"]._facts(list({row[3] for row in rows}), company.id)
        decimals = ladder.currency_decimals
        bought: dict[int, list[Bought]] = defaultdict(list)
        for member_id, purchase_id, day, sku, price, quantity, amount in rows:
            facts = products.get(sku)
            bought[member_id].append(
                Bought(
                    purchase=purchase_id,
                    day=day,
                    quantity_micro=to_minor(_exact(quantity), 6),
                    amount_minor=to_minor(_exact(amount), decimals),
                    line=Line(
                        id="1",
                        sku=sku,
                        price_minor=to_minor(_exact(price), decimals),
                        **(facts.traits() if facts else {}),
                    ),
                )
            )
        return bought


class _Changes:
    """What differs between the rows of some members and their timelines: collected, then written by a few statements
    however many members there are."""

    def __init__(self, env, ladder: Ladder, company, now: datetime, purchase):
        self._env = env
        self._ladder = ladder
        self._company = company
        self._now = now
        self._ladder_version = ladder.version(now)
        self._purchase = purchase
        self._gone: list[int] = []
        self._kept: list[tuple[int, date | None, date | None, bool]] = []
        self._new: list[dict] = []
        self._current: dict[int, int | None] = {}
        self._events: list[dict] = []

    def add(self, member_id: int, known: Known, line: Sequence[Standing]) -> None:
        same = 0
        for row, standing in zip(known.rows, line, strict=False):
            if (row.tier, row.since) != (standing.tier, standing.since):
                break
            same += 1
        last = len(line) - 1
        for index, row in enumerate(known.rows[:same]):
            standing, is_current = line[index], index == last
            if is_current or row.is_current or row.until != standing.until:
                self._kept.append((row.id, standing.until, standing.changes_on, is_current))
        self._gone += [row.id for row in known.rows[same:]]
        for index in range(same, len(line)):
            self._new.append(self._prepare(member_id, known, line, index, index == last))
        if line:
            self._note(member_id, known.current, line[-1])

    def _prepare(self, member_id: int, known: Known, line: Sequence[Standing], index: int, is_current: bool) -> dict:
        standing = line[index]
        before = line[index - 1].tier if index else ""
        day = standing.since or self._ladder.today(self._now)
        starts = (standing.tier, standing.since)
        grant = next((one for one in reversed(known.grants) if (one[2].tier, one[2].day) == starts), None)
        is_risen = self._ladder.rank(standing.tier, day) >= self._ladder.rank(before, day)
        return {
            "member_id": member_id,
            "company_id": self._company.id,
            "tier_id": int(standing.tier) if standing.tier else None,
            "since": standing.since,
            "until": standing.until,
            "changes_on": standing.changes_on,
            "is_current": is_current,
            "kind": grant[1] if grant else "rise" if is_risen else "fall",
            "grant_id": grant and grant[0],
            "purchase_id": self._purchase.id if self._purchase and is_current else None,
            "ladder_version": self._ladder_version,
            "worked_out_at": self._now,
        }

    def _note(self, member_id: int, before: Row | None, after: Standing) -> None:
        """Who begins with what everybody has, has not risen."""
        if before is None or before.tier != after.tier:
            self._current[member_id] = int(after.tier) if after.tier else None
        if before is None and not self._is_above_base(after):
            return
        tier = before.tier if before else ""
        today = self._ladder.today(self._now)
        was, now = self._ladder.rank(tier, today), self._ladder.rank(after.tier, today)
        kind = None
        if tier != after.tier:
            kind = "tier.risen" if now > was else "tier.fallen"
        elif before and before.until and after.until and before.until < after.until and self._is_kept_by_terms(after):
            kind = "tier.kept"
        if kind:
            data = {
                "tier": self._ladder.code(after.tier, today) or None,
                "from": self._ladder.code(tier, today) or None,
                "until": after.until and after.until.isoformat(),
            }
            self._events.append({"kind": kind, "member_id": member_id, "data": data})

    def _tier(self, standing: Standing) -> Tier | None:
        edition = self._ladder.editions[-1]
        rank = edition.rank(standing.tier)
        return edition.tiers[rank] if rank >= 0 else None

    def _is_above_base(self, standing: Standing) -> bool:
        tier = self._tier(standing)
        return tier is not None and not tier.is_base

    def _is_kept_by_terms(self, standing: Standing) -> bool:
        """A tier that is had as long as it is due is prolonged by every purchase: no news."""
        tier = self._tier(standing)
        return tier is not None and tier.keep != "window"

    def write(self) -> None:
        rows = self._env["loy.member.tier"]
        if self._gone:
            self._env.cr.execute(sql.forget(self._gone))
        if self._kept:
            row_ids, untils, changes, currents = (list(column) for column in zip(*self._kept, strict=True))
            self._env.cr.execute(sql.prolong(row_ids, untils, changes, currents, self._ladder_version, self._now))
        insert_rows(rows, self._new)
        if self._current:
            self._env.cr.execute(
                sql.note(list(self._current), list(self._current.values()), self._company.id)
            )
            self._env["res.partner"].browse(self._current).invalidate_recordset(["loy_tier_id"], flush=False)
        rows.invalidate_model(flush=False)

    def tell(self) -> None:
        if not self._events:
            return
        purchase = self._purchase
        self._env["loy.events"]._emit_many(
            [
                {
                    **event,
                    "at": purchase.purchased_at if purchase else self._now,
                    "store_id": purchase.store_id.id if purchase else None,
                    "purchase_id": purchase.id if purchase else None,
                    "company_id": self._company.id,
                }
                for event in self._events
            ]
        )


def _live(said: Mapping[int, tuple[dict, bool, bool]]) -> dict[int, dict]:
    """Record → document of what is in force here; a company's own tier takes the place of a shared one of its code."""
    by_code: dict[str, tuple[int, dict]] = {}
    # Shared ones first: the company's own come over them.
    for res_id, (document, is_here, _is_shared) in sorted(said.items(), key=lambda one: not one[1][2]):
        if is_here and "archived" not in document:
            by_code[document["code"]] = (res_id, document)
    return dict(by_code.values())


def _place(document: Mapping) -> tuple:
    """Where it stands on the ladder."""
    return document.get("threshold", 0), document["code"]


def _tier(res_id: int, document: Mapping, units: Mapping[str, tuple[int, int]], currency_decimals: int) -> Tier:
    read: TierDocument = schema.read(TierDocument, dict(document))
    decimals = units[read.unit][1] if read.unit else DECIMALS.get(read.measure, currency_decimals)
    return Tier(
        code=str(res_id),
        threshold=to_minor(read.threshold, decimals),
        measure=read.measure,
        window=read.window,
        target=schema.read(Target, read.target, decimals=currency_decimals),
        unit=read.unit or "",
        rise=read.rise,
        keep=read.keep,
        fall=read.fall,
    )


def _row(row_id, tier_id, since, until, changes_on, is_current, ladder_version) -> Row:
    return Row(
        id=row_id,
        tier=str(tier_id) if tier_id else "",
        since=_day(since),
        until=_day(until),
        changes_on=_day(changes_on),
        is_current=is_current,
        ladder_version=ladder_version,
    )


def _grant(grant_id, tier_id, since, until, instead_of_id, kind) -> tuple[int, str, Given]:
    instead_of = str(instead_of_id) if instead_of_id else ""
    return grant_id, kind, Given(str(tier_id), _day(since), _day(until), instead_of)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _turnover(totals: Totals) -> int:
    """As ``sql.turnover`` has it."""
    return totals.to_pay_minor + totals.certificates_minor - totals.prepaid_minor


def _with_purchase(
    ladder: Ladder, gained: Mapping[str, Series], basket: Basket, result: Result
) -> dict[str, Series]:
    """What is counted, with a purchase that comes to this."""
    day = basket.at.date()
    whole = Bought(day=day, count=1, amount_minor=_turnover(result.totals))
    lines = [
        Bought(day=day, quantity_micro=line.quantity_micro, amount_minor=answered.amount_minor, line=line)
        for line, answered in zip(basket.lines, result.lines, strict=True)
        if not line.prepaid
    ]
    both = dict(gained)
    for key, tier in ladder.counted().items():
        series = Counter(dict(gained.get(key, ())))
        if tier.measure == "points":
            series[day] += sum(one.amount_minor for one in result.earned if one.unit == tier.unit)
        else:
            for on, gain in tier.series(lines if tier.is_by_line else [whole]):
                series[on] += gain
        both[key] = sorted(series.items())
    return both


def _begin(known: Known, gained: Mapping[str, Series]) -> date:
    """Since the registration; who bought before it was a member then already."""
    firsts: Iterable[date] = (series[0][0] for series in gained.values() if series)
    return min([known.begin, *firsts, *(grant.day for _id, _kind, grant in known.grants)])


def _exact(number: float | Decimal | None) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(repr(number or 0.0))
