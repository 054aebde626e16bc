"""What sets promotions off beside purchases: events of the stream, and days that come back every year."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial

from odoo import fields, models
from psycopg2.errors import LockNotAvailable

from ..engine import Basket, Result, set_off
from ..engine.registry import TRIGGERS, Trigger
from ..sql import triggers as sql
from ..sql.insert import insert_rows
from . import clock
from .errors import LoyaltyError
from .folding import seal
from .posting import Accrual, Source
from .programme import CompiledProgramme
from .transaction import run_with_retry

_logger = logging.getLogger(__name__)

BATCH = 500
EVENTS_BATCH = 5_000
#: Occurrences of what comes to a member but once.
ONCE = "once"
#: The reason why an event is none: the member lacks what makes it one.
NOT_HAPPENED = "happened"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened to a member and sets a promotion off at a moment (UTC)."""

    member_id: int
    occurrence: str
    at: datetime
    event_id: int | None = None
    day: date | None = None  # the whole day that it is, wherever the member lives

    def local(self, timezone: str) -> datetime:
        """When it is by the member's clock."""
        return datetime.combine(self.day, time.min) if self.day else clock.to_local(self.at, timezone)


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the stream."""

    id: int
    kind: str
    at: datetime
    member_id: int
    data: dict
    company_id: int

    def happening(self, on: Trigger) -> Happening:
        key = ONCE if on.is_once else str(self.id)
        return Happening(self.member_id, key, self.at + timedelta(days=on.offset_days), self.id)


class LoyTriggers(models.AbstractModel):
    """Law: each happening of what sets a promotion off is judged once for each member, by the promotion as it stood at
    that moment and by what is known of the member now; what is given and what was judged are written together.

    Prompt events are judged in their own transaction, and the job that reads the stream passes them by; what is due
    days later, and days that come back every year, are judged by day, those that were missed too. The job may be
    stopped anywhere and run twice at once: the unique index of occurrences decides, whatever else happens.
    """

    _name = "loy.triggers"
    _description = "What sets promotions off"

    # ------------------------------------------------------------------ at once

    def _hear(self, rows: list[dict], event_ids: list[int]) -> None:
        """Events that are just written: those that are prompt are judged. What cannot be given now the job tries."""
        prompt = _kinds(of for of in TRIGGERS.leaves.values() if of.is_prompt)
        told = [
            Told(event_id, row["kind"], row["at"], row["member_id"], row.get("data") or {}, row.get("company_id") or 0)
            for row, event_id in zip(rows, event_ids, strict=True)
            if row["kind"] in prompt and row.get("member_id")
        ]
        if not told:
            return
        homes = self._homes({one.member_id for one in told if not one.company_id})
        told = [replace(one, company_id=one.company_id or homes[one.member_id]) for one in told]
        for (company, compiled, code), happenings in self._set_off_by(told, is_prompt=True).items():
            try:
                with self.env.cr.savepoint():
                    self._give(company, compiled, code, happenings)
            except LoyaltyError as error:
                _logger.warning("Promotion %s is left to the job: %s", code, error)

    def _homes(self, member_ids: set[int]) -> dict[int, int]:
        """Member → the company whose member it is."""
        if not member_ids:
            return {}
        # sudo: whose member it is follows from the contact, whoever writes the event.
        members = self.env["res.partner"].sudo().browse(sorted(member_ids))
        first = self.env["res.company"].sudo().search([("active", "=", True)], order="id", limit=1)
        return {one.id: (one.company_id or one.loy_store_id.company_id or first).id for one in members}

    def _set_off_by(self, told: list[Told], *, is_prompt: bool = False) -> dict[tuple, list[Happening]]:
        """(company, programme, code) → what happens: the promotions that these events set off on their own day."""
        found: dict[tuple, list[Happening]] = defaultdict(list)
        number = self.env["loy.programme"]._head() if told else 0
        for one in told:
            company, compiled = self._programme(one.company_id, one.at, number)
            for promotion in compiled.programme.beside_purchases:
                on = promotion.on
                if on.offset_days or one.kind not in on.stream or not on.fits(one.data):
                    continue
                if is_prompt and not on.is_prompt:
                    continue
                found[company, compiled, promotion.code].append(one.happening(on))
        return found

    def _programme(self, company_id: int, at: datetime, number: int | None = None) -> tuple:
        company = self.env["res.company"].browse(company_id)
        return company, self.env["loy.programme"]._at(company, at, number)

    # ------------------------------------------------------------------ the job

    def _run(self) -> None:
        """Read the stream, then do the days that have begun; stopped anywhere it goes on where it was."""
        progress = self.env["ir.cron"]._commit_progress
        self._seal()
        progress()
        while count := run_with_retry(self.env, self._read):
            if not progress(count):
                return
        for company in self.env["res.company"].search([("active", "=", True)], order="id"):
            while run_with_retry(self.env, partial(self._do_day, company, fields.Datetime.now())):
                if not progress(1):
                    return

    def _seal(self) -> None:
        """Note the latest number. Writers wait for that instant only: the lock goes with the savepoint."""
        try:
            seal(self.env, sql)
        except LockNotAvailable:
            _logger.info("Somebody writes events for long: they are read next time")

    def _read(self, limit: int = EVENTS_BATCH) -> int:
        """The next events of the stream, so many at most: how many; 0 when all are read."""
        ((read, sealed),) = self.env.execute_query(sql.mark())
        if read >= sealed:
            return 0
        kinds = _kinds(TRIGGERS.leaves.values())
        ((until,),) = self.env.execute_query(sql.end_of_batch(read, sealed, kinds, limit))
        rows = self.env.execute_query(sql.events(read, until, kinds))
        told = [Told(*row) for row in rows]
        found = self._set_off_by(told)
        for key, happenings in self._overdue(told).items():
            found[key] += happenings
        for (company, compiled, code), happenings in found.items():
            for batch in _batches(happenings):
                self._give(company, compiled, code, batch)
        self.env.cr.execute(sql.advance(until))
        return len(rows)

    def _overdue(self, told: list[Told]) -> dict[tuple, list[Happening]]:
        """Of events that were told late: what they set off on days that are done already."""
        found: dict[tuple, list[Happening]] = defaultdict(list)
        done = dict(self.env.execute_query(sql.days_done())) if told else {}
        now = fields.Datetime.now()
        for one in told:
            if one.company_id not in done:
                continue
            company, compiled = self._programme(one.company_id, now)
            for promotion in compiled.programme.beside_purchases:
                on = promotion.on
                if not on.offset_days or one.kind not in on.stream or not on.fits(one.data):
                    continue
                happening = one.happening(on)
                due_on = clock.to_local(happening.at, _timezone(compiled)).date()
                then = self._programme(one.company_id, happening.at)[1]
                if due_on <= done[one.company_id] and _is_live(then, promotion.code):
                    found[company, then, promotion.code].append(happening)
        return found

    # ------------------------------------------------------------------ days

    def _do_day(self, company, now: datetime, limit: int = BATCH) -> bool:
        """The next batch of the first day of the company that is not done; False when all are that have begun by now.

        A day is judged by the promotions of its end, or of this moment: one that starts later today begins tomorrow.
        """
        zone = _timezone(self._programme(company.id, now)[1])
        today = clock.to_local(now, zone).date()
        self.env.cr.execute(sql.make_mark(company.id, today - timedelta(days=1)))
        ((done_on, promotion_id, after),) = self.env.execute_query(sql.mark_of(company.id))
        day = done_on + timedelta(days=1)
        if day > today:
            return False
        compiled = self._programme(company.id, min(now, _start_of(day + timedelta(days=1), zone)))[1]
        promotions = {compiled.promotions[one.code]: one for one in compiled.programme.beside_purchases}
        for record_id, promotion in sorted(promotions.items()):
            if record_id < promotion_id:
                continue
            found = self._due(company, compiled, promotion, day, after if record_id == promotion_id else 0, limit)
            if found:
                last, happenings = found
                if happenings:
                    self._give(company, compiled, promotion.code, happenings)
                self.env.cr.execute(sql.advance_day(company.id, done_on, record_id, last))
                return True
        self.env.cr.execute(sql.advance_day(company.id, day, 0, 0))
        return True

    def _due(
        self, company, compiled: CompiledProgramme, promotion, day: date, after: int, limit: int
    ) -> tuple[int, list[Happening]] | None:
        """What is due on the day and comes after a number, and the number of the last; None when nothing does."""
        on, zone = promotion.on, _timezone(compiled)
        there = day - timedelta(days=on.offset_days)
        if on.yearly:
            # sudo: whether a promotion is of all companies does not depend on who asks.
            own = self.env["loy.promotion"].sudo().browse(compiled.promotions[promotion.code]).company_id
            rows = self.env.execute_query(sql.whose_day(on.yearly, there, company.id, bool(own), after, limit))
            at = _start_of(day, zone)
            happenings = [Happening(member_id, str(there.year), at, day=day) for (member_id,) in rows]
        elif on.offset_days:
            starts, ends = _start_of(there, zone), _start_of(there + timedelta(days=1), zone)
            rows = self.env.execute_query(sql.events_between(company.id, starts, ends, on.stream, after, limit))
            happenings = [told.happening(on) for told in (Told(*row) for row in rows) if on.fits(told.data)]
        else:
            return None
        return (rows[-1][0], happenings) if rows else None

    # ------------------------------------------------------------------ giving

    def _give(self, company, compiled: CompiledProgramme, code: str, happenings: list[Happening]) -> None:
        """Judge the happenings of one promotion that are not judged yet, and give what it gives.

        Locks as every booking does: members, accounts, limits. Codes that nobody has yet nobody waits for.
        """
        self.env.flush_all()
        promotion, promotion_id = compiled.programme.promotion(code), compiled.promotions[code]
        # sudo: what a promotion must know of members is nobody's look at them.
        members = self.env["res.partner"].sudo().browse(sorted({one.member_id for one in happenings}))
        gone = set(self.env["loy.members"]._keep(members))
        members = members.browse([member_id for member_id in members.ids if member_id not in gone]).exists()
        wanted = {(one.member_id, one.occurrence): one for one in happenings if one.member_id in members._ids}
        if not wanted:
            return
        self.env.cr.execute(sql.lock_names(f"occurrence {promotion_id} {member} {key}" for member, key in wanted))
        for known in self.env.execute_query(sql.judged(promotion_id, wanted)):
            del wanted[known]
        accounts = self._lock_accounts(compiled, promotion, {one.member_id for one in wanted.values()})
        zones = {member.id: member.tz or _timezone(compiled) for member in members}
        baskets = self._baskets(company, compiled, promotion, list(wanted.values()), zones)
        # Only who is given something gets an account for it; there is nothing on a new one that could be judged.
        earning = {one.member_id for one, basket in baskets if set_off(compiled.programme, code, basket).earned}
        accounts |= self._lock_accounts(compiled, promotion, earning, create=True)
        if any(meter.bounds.is_of_member for meter in compiled.programme.meters[code]):
            self.env["loy.counters"]._lock_members({one.member_id for one in wanted.values()})
        results = {
            one: self.env["loy.counters"]._draw_beside_purchases(
                company, compiled, promotion, basket,
                lambda basket: set_off(compiled.programme, code, basket),
            )
            for one, basket in baskets
        }  # fmt: skip
        results = {one: result for one, result in results.items() if _has_happened(result)}
        issued = self.env["loy.issues"]._make_beside(company, compiled, zones, results)
        self._note(company, promotion_id, results, issued)
        self._accrue(company, code, accounts, zones, results)
        self._tell(company, code, results, issued)

    def _lock_accounts(
        self, compiled: CompiledProgramme, promotion, member_ids: set[int], create: bool = False
    ) -> dict[tuple[int, str], int]:
        """(member, unit code) → the account for what the promotion gives, locked."""
        units = {compiled.units[one.unit].id: one.unit for one in promotion.rewards if one.unit in compiled.units}
        if not units or not member_ids:
            return {}
        ledger = self.env["loy.ledger"]
        accounts = ledger._accounts(member_ids, units, create=create)
        if accounts:
            ledger._lock(accounts.values())
        return {(member_id, units[unit_id]): account for (member_id, unit_id), account in accounts.items()}

    def _baskets(
        self,
        company,
        compiled: CompiledProgramme,
        promotion,
        happenings: list[Happening],
        zones: Mapping[int, str],
    ) -> list[tuple[Happening, Basket]]:
        """Of each happening the moment by the member's own clock, and what is known of the member."""
        moments = [(one.member_id, one.local(zones[one.member_id])) for one in happenings]
        baskets = self.env["loy.member.facts"]._baskets_of_nothing(compiled, promotion, company.id, moments)
        return list(zip(happenings, baskets, strict=True))

    def _note(
        self, company, promotion_id: int, results: dict[Happening, Result], issued: dict[Happening, list[dict]]
    ) -> None:
        now = self.env.cr.now()
        insert_rows(
            self.env["loy.promotion.occurrence"],
            [
                {
                    "promotion_id": promotion_id,
                    "member_id": one.member_id,
                    "company_id": company.id,
                    "occurrence": one.occurrence,
                    "event_id": one.event_id,
                    "occurred_at": one.at,
                    "judged_at": now,
                    "is_given": not result.refusals and _is_any_given(result, issued[one]),
                    "outcome": _outcome(result, issued[one]),
                }
                for one, result in results.items()
            ],
        )

    def _accrue(
        self, company, code: str, accounts: dict, zones: Mapping[int, str], results: dict[Happening, Result]
    ) -> None:
        """What a day gives is usable from the member's own midnight, if that is still to come."""
        moves: dict[datetime, list[Accrual]] = defaultdict(list)
        ledger = self.env["loy.ledger"]
        terms = iter(ledger._terms(
            company.id, [earned.usable_when for result in results.values() for earned in result.earned]
        ))  # fmt: skip
        for one, result in results.items():
            for earned in result.earned:
                terms_id, zone = next(terms), zones[one.member_id]
                begins = clock.to_utc(earned.active_from or one.local(zone), zone)
                active_from = begins if begins > one.at else None
                expires_at = earned.expires_at and clock.to_utc(earned.expires_at, zone)
                if expires_at and expires_at <= (active_from or one.at):
                    continue  # the day on which such points end has passed: nothing is left to give
                moves[one.at].append(
                    Accrual(
                        accounts[one.member_id, earned.unit],
                        earned.amount_minor,
                        active_from=active_from,
                        expires_at=expires_at,
                        promotion_code=code,
                        member_id=one.member_id,
                        terms_id=terms_id,
                    )
                )
        source = Source("promotion", document=code, company_id=company.id)
        for at, accruals in sorted(moves.items()):
            ledger._accrue(accruals, at=at, source=source)

    def _tell(
        self, company, code: str, results: dict[Happening, Result], issued: dict[Happening, list[dict]]
    ) -> None:
        """Other addons hear of what was given, and what is to be said to the customer."""
        rows = []
        for one, result in results.items():
            if not result.refusals and _is_any_given(result, issued[one]):
                answer = result.to_document()
                data = {"promotion": code, "earned": answer["earned"], "messages": answer["messages"]}
                if made := [shown for shown in issued[one] if "problem" not in shown]:
                    data["issued"] = made
                rows.append({
                    "kind": "promotion.given", "at": one.at, "member_id": one.member_id,
                    "company_id": company.id, "data": data,
                })  # fmt: skip
        self.env["loy.events"]._emit_many(rows)


def _kinds(triggers: Iterable) -> set[str]:
    return {kind for of in triggers for kind in of.stream}


def _batches(happenings: list[Happening]) -> Iterator[list[Happening]]:
    for start in range(0, len(happenings), BATCH):
        yield happenings[start : start + BATCH]


def _timezone(compiled: CompiledProgramme) -> str:
    return compiled.settings.timezone or "UTC"


def _start_of(day: date, timezone: str) -> datetime:
    return clock.to_utc(datetime.combine(day, time.min), timezone)


def _is_live(compiled: CompiledProgramme, code: str) -> bool:
    return any(one.code == code for one in compiled.programme.beside_purchases)


def _has_happened(result: Result) -> bool:
    return all(refusal.code != NOT_HAPPENED for refusal in result.refusals)


def _is_any_given(result: Result, issued: list[dict]) -> bool:
    """Whether there is something of it: a pool that has run out may have been all."""
    return bool(result.earned or result.messages) or not issued or any("problem" not in one for one in issued)


def _outcome(result: Result, issued: list[dict]) -> str:
    if result.refusals:
        return result.refusals[0].code
    amounts = (
        f"{earned.amount_minor / 10 ** result.unit_decimals[earned.unit]:g} {earned.unit}" for earned in result.earned
    )
    return ", ".join([*amounts, *(one.get("problem") or _name_of(one) for one in issued)])


def _name_of(issued: dict) -> str:
    """What it is of, and by what people know it."""
    return " ".join(str(issued[key]) for key in ("pool", "certificate_type", "code", "number") if key in issued)


