"""Expiry policies at work: every lot tells its date from the beginning, and it is right at any moment."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial

from odoo import fields, models

from ..engine import Basket, Policies, Policy, holds, schema
from ..sql import expiry as sql
from . import clock
from .programme import CompiledProgramme
from .transaction import run_with_retry

BATCH = 300
#: Kinds of entries that are activity.
ACTIVITY = {"accrue": "accrual", "spend": "spend", "settle": "spend"}


class LoyExpiry(models.AbstractModel):
    """Law: the end of a lot is the earliest of its own, of the calendar's and of that by inactivity; it is kept on the
    lot and changes only while it lies ahead, so no balance of the past ever changes. What is lost is booked by
    ``_expire`` of the ledger like any other lot, and never more than is there.

    New lots are dated in the transaction that makes them; activity moves what is idle ahead in its own. The job dates
    what was there before a policy, and what policies with conditions may judge otherwise by now, in batches, as often
    as it likes: it ends where it began.
    """

    _name = "loy.expiry"
    _description = "Expiry policies service"

    # ------------------------------------------------------------------ as it happens

    def _posted(self, posting, lots: list[dict], lot_ids: list[int]) -> None:
        """A posting has been written: its new lots get their dates, and what it did keeps others alive."""
        if not posting.entries:
            return
        by_company: dict[int, list[tuple[int, dict]]] = defaultdict(list)
        for lot_id, lot in zip(lot_ids, lots, strict=True):
            by_company[lot["company_id"]].append((lot_id, lot))
        happened: dict[tuple[str, datetime], set[int]] = defaultdict(set)
        for entry in posting.entries:
            if entry["kind"] in ACTIVITY:
                happened[ACTIVITY[entry["kind"]], entry["occurred_at"]].add(entry["account_id"])
        units = {account.id: account.unit_id for account in posting.accounts.values()}
        for company_id in {*by_company, *(entry["company_id"] for entry in posting.entries)}:
            compiled, policies = self._policies(company_id)
            if not policies:
                continue
            self._date_new(compiled, policies, company_id, by_company[company_id], posting.at)
            for (activity, at), account_ids in happened.items():
                self._keep_alive(
                    compiled, policies, company_id, {account: units[account] for account in account_ids}, activity, at
                )

    def _purchased(self, company_id: int, accounts: dict[int, int], at: datetime) -> None:
        """A purchase keeps the member's accounts alive, {account: unit}, also one that moves no points."""
        compiled, policies = self._policies(company_id)
        if policies:
            self._keep_alive(compiled, policies, company_id, accounts, "purchase", at)

    def _policies(self, company_id: int, at: datetime | None = None) -> tuple[CompiledProgramme, dict[int, Policies]]:
        """Unit → its policies, as they stand now or at a moment."""
        company = self.env["res.company"].browse(company_id)
        compiled = self.env["loy.programme"]._at(company, at or fields.Datetime.now())
        policies = compiled.programme.expiry
        return compiled, {compiled.units[code].id: one for code, one in policies.items() if code in compiled.units}

    def _date_new(
        self, compiled: CompiledProgramme, policies: dict[int, Policies], company_id: int, lots: list, at: datetime
    ) -> None:
        lots = [(lot_id, lot) for lot_id, lot in lots if lot["unit_id"] in policies]
        if not lots:
            return
        zone = _timezone(compiled)
        judges = self._judges(compiled, company_id, policies, {lot["account_id"]: lot["unit_id"] for _id, lot in lots})
        origins = {lot["origin_id"] for _id, lot in lots if lot["origin_id"]}
        inherited = dict(self.env.execute_query(sql.idle_of(origins))) if origins else {}
        given_on = clock.to_local(at, zone).date()
        rows = []
        for lot_id, lot in lots:
            of, judge = policies[lot["unit_id"]], judges[lot["account_id"]]
            active_on = clock.to_local(lot["active_from"], zone).date()
            until = of.calendar(active_on, judge)
            idle = inherited.get(lot["origin_id"]) or _moment(of.idle({}, given_on, given_on, judge), zone, active_on)
            rows.append((lot_id, _moment(until, zone, active_on), idle))
        self.env.cr.execute(sql.date_lots(rows))

    def _keep_alive(
        self, compiled: CompiledProgramme, policies: dict[int, Policies], company_id: int, accounts: dict[int, int],
        activity: str, at: datetime,
    ) -> None:  # fmt: skip
        """Activity on accounts {account: unit}."""
        keeping = {unit_id: kept for unit_id, of in policies.items() if (kept := of.keeping(activity)).of}
        accounts = {account: unit_id for account, unit_id in accounts.items() if unit_id in keeping}
        if not accounts:
            return
        zone = _timezone(compiled)
        day = clock.to_local(at, zone).date()
        judges = self._judges(compiled, company_id, keeping, accounts)
        until: dict[date, list[int]] = defaultdict(list)
        for account, unit_id in accounts.items():
            if idle := keeping[unit_id].idle({activity: day}, day, day, judges[account]):
                until[idle].append(account)
        for idle, account_ids in until.items():
            self.env.cr.execute(sql.keep_alive(account_ids, company_id, _moment(idle, zone), at))

    # ------------------------------------------------------------------ whom a policy concerns

    def _judges(
        self, compiled: CompiledProgramme, company_id: int, policies: dict[int, Policies], accounts: dict[int, int]
    ) -> dict:
        """Account → the judge of its policies. Nobody is looked up where no policy asks."""
        asking = [account for account, unit_id in accounts.items() if policies[unit_id].has_when]
        if not asking:
            return dict.fromkeys(accounts, _always)
        holders = dict(self.env.execute_query(sql.holders(asking)))
        def judge_of(account):
            member_id = holders.get(account)
            known: dict[tuple[str, date], bool] = {}

            def judge(policy: Policy, day: date) -> bool:
                if not policy.has_when or not member_id:
                    return True
                if (policy.code, day) not in known:
                    known[policy.code, day] = holds(
                        compiled.programme, policy.when, self._basket(compiled, company_id, policy, member_id, day)
                    )
                return known[policy.code, day]

            return judge

        return {account: judge_of(account) for account in accounts}

    def _basket(
        self, compiled: CompiledProgramme, company_id: int, policy: Policy, member_id: int, day: date
    ) -> Basket:
        at = datetime.combine(day, time.max.replace(microsecond=0))
        (basket,) = self.env["loy.member.facts"]._baskets_of_nothing(compiled, policy, company_id, [(member_id, at)])
        return basket

    # ------------------------------------------------------------------ the job

    def _run(self) -> None:
        """Date what changed policies and changed members ask for; stopped anywhere it goes on where it was."""
        for work in self._pieces(fields.Datetime.now()):
            while run_with_retry(self.env, work):
                if not self.env["ir.cron"]._commit_progress(1):
                    return

    def _pieces(self, now: datetime) -> Iterator[Callable[[], bool]]:
        """The work of each unit, a batch at a time."""
        for company in self.env["res.company"].search([("active", "=", True)], order="id"):
            marked = self.env.execute_query(sql.marked_units(company.id))
            for unit_id in sorted({*self._policies(company.id, now)[1], *(unit_id for (unit_id,) in marked)}):
                yield partial(self._redate, company.id, unit_id, now)

    def _redate(self, company_id: int, unit_id: int, now: datetime, limit: int = BATCH) -> bool:
        """The next accounts of a unit; False when all are done: once for policies that are new, every day for policies
        with conditions."""
        compiled, policies = self._policies(company_id, now)
        of = policies.get(unit_id, Policies())
        told = json.dumps([{"kind": one.kind, **schema.write(one)} for one in of.of], sort_keys=True)
        today = clock.to_local(now, _timezone(compiled)).date()
        self.env.cr.execute(sql.make_mark(company_id, unit_id))
        ((known, after, is_fresh, done_on),) = self.env.execute_query(sql.mark(company_id, unit_id))
        if known != told:
            after, is_fresh, done_on = 0, True, None
        elif done_on and (done_on >= today or not of.has_when):
            return False
        elif done_on:
            after, is_fresh, done_on = 0, False, None
        rows = self.env.execute_query(sql.accounts_with_lots(unit_id, company_id, after, limit))
        account_ids = [account for (account,) in rows]
        if account_ids:
            self._date(compiled, of, company_id, unit_id, account_ids, now, is_fresh)
            after = account_ids[-1]
        else:
            done_on = today
        self.env.cr.execute(sql.set_mark(company_id, unit_id, told, after, is_fresh, done_on))
        return True

    def _date(
        self, compiled: CompiledProgramme, of: Policies, company_id: int, unit_id: int, account_ids: list[int],
        now: datetime, is_fresh: bool,
    ) -> None:  # fmt: skip
        """Date the lots of these accounts that have not expired; no date is moved into the past. With new policies what
        is idle is worked out from all that has happened."""
        ledger = self.env["loy.ledger"]
        ledger._lock(account_ids)
        zone = _timezone(compiled)
        today = clock.to_local(now, zone).date()
        judges = self._judges(compiled, company_id, {unit_id: of}, dict.fromkeys(account_ids, unit_id))
        last: dict[int, dict[str, date]] = defaultdict(dict)
        for account, activity, at in self.env.execute_query(sql.last_activity(account_ids, now)):
            last[account][activity] = clock.to_local(at, zone).date()
        rows = []
        for lot_id, account, active_from, given_at, calendar, idle in self.env.execute_query(
            sql.open_lots(account_ids, company_id, now)
        ):
            judge, active_on = judges[account], clock.to_local(active_from, zone).date()
            given_on = clock.to_local(given_at, zone).date()
            until = _moment(of.calendar(active_on, judge), zone, active_on, today)
            idle_on = of.idle(last[account], given_on, today, judge)
            idle_until = _moment(idle_on, zone, active_on, today)
            if idle and idle_until and not is_fresh:
                idle_until = idle  # what happened has moved it, as far as it does
            if (until, idle_until) != (calendar, idle):
                rows.append((lot_id, until, idle_until))
        if rows:
            self.env.cr.execute(sql.date_lots(rows))
            ledger._invalidate()


def _moment(day: date | None, zone: str, *not_on: date) -> datetime | None:
    """The midnight at which a day begins, after each of these days."""
    if day is None:
        return None
    day = max([day, *(one + timedelta(days=1) for one in not_on)])
    return clock.to_utc(datetime.combine(day, time.min), zone)


def _always(policy: Policy, day: date) -> bool:
    return True


def _timezone(compiled: CompiledProgramme) -> str:
    return compiled.settings.timezone or "UTC"
