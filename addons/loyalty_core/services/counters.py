"""Counters: what is used of the limits of promotions, never more than they allow, whoever comes at once.

A limit of a member is counted from the member's draws, under a lock on the member's name that a purchase holds from
before it looks until it commits. A limit that all share is a row of ``loy.counter``, or several: each may give its part
of the limit, so tills that draw at once rarely meet at one row. Who finds no room in a single row locks all rows of the
counter in order, and either divides what is left anew or learns that there is none: so the limit is used to the last
cent, and not passed.

Promotions that share limits draw on those of ``loy.shared.limit``, each as much as it gives: in the same way, on
counters whose kinds begin with ``shared_``. How much of a member's shopping earns points (``base_per_member``) is the
sum of the member's draws in calendar periods.

A draw is a fact (``loy.counter.draw``); what is given back is a draw below zero. Rows of counters are locked after
accounts and last of all, so that nobody who waits for one holds up others for long.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from odoo import fields, models
from odoo.tools import SQL

from ..engine import Basket, Bounds, Promotion, Result, Use, Used, limited
from ..engine.basket import AMOUNT_MINOR_MAX
from ..sql import counters as sql
from ..sql.insert import insert_rows
from .errors import LoyaltyError
from .money import from_minor
from .programme import CompiledProgramme
from .transaction import lock_name, run_with_retry, try_lock_name

T = TypeVar("T")

#: Limits that all share, by the field of the engine's ``Used`` that tells what is used of them.
KINDS = {
    "per_day": "per_day",
    "total": "total",
    "budget": "budget_minor",
    "budget_points": "budget_points_micro",
}
#: Whether two days are of one calendar period; weeks begin on Monday.
SAME_PERIOD: dict[str, Callable[[date, date], bool]] = {
    "day": lambda one, other: one == other,
    "week": lambda one, other: one.isocalendar()[:2] == other.isocalendar()[:2],
    "month": lambda one, other: (one.year, one.month) == (other.year, other.month),
}
#: What kinds of counters begin with that count limits which promotions share.
SHARED = "shared_"
MICRO_DECIMALS = 6
TRIES = 6  # each lost race is over another limit, or somebody gave something back in between
SHARDS_MAX = 16
DRAWS_A_SHARD = 64  # a row that holds fewer would be empty too soon
OVERDUE_BATCH = 200


class _Passed(Exception):
    """Another purchase was faster: what this one was promised is no longer there."""


class Owner(NamedTuple):
    """Whose limits are counted: a promotion's own, or with the prefix ``SHARED`` those of a shared limit."""

    prefix: str
    id: int

    def kinds(self, bounds: Bounds) -> tuple[str, ...]:
        """The counters that its limits have."""
        return tuple(self.prefix + kind for kind in KINDS if getattr(bounds, kind) is not None)


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a purchase has drawn for one promotion on its own limits, or on those that it shares (``limit_id``): uses,
    minor units and millionths of a point; what it earned by in minor units or millionths of a quantity."""

    promotion_id: int
    company_id: int
    currency_id: int
    member_id: int | None
    day: date
    counted: tuple[str, ...]
    uses: int
    discount_minor: int
    points_micro: int
    limit_id: int | None = None
    base_minor: int = 0
    base_micro: int = 0

    @property
    def owner(self) -> Owner:
        return Owner(SHARED, self.limit_id) if self.limit_id else Owner("", self.promotion_id)

    @property
    def is_nothing(self) -> bool:
        return not (self.uses or self.discount_minor or self.points_micro or self.base_minor or self.base_micro)

    def amounts(self) -> dict[tuple[str, int, date | None], int]:
        """What it is on the counters: (kind, whose, day) → amount."""
        of = {
            "per_day": self.uses, "total": self.uses, "budget": self.discount_minor,
            "budget_points": self.points_micro,
        }  # fmt: skip
        found = {}
        for kind in self.counted:
            name = kind.removeprefix(SHARED)
            if of[name]:
                found[kind, self.owner.id, self.day if name == "per_day" else None] = of[name]
        return found

    def negative(self) -> Drawn:
        return replace(
            self,
            uses=-self.uses,
            discount_minor=-self.discount_minor,
            points_micro=-self.points_micro,
            base_minor=-self.base_minor,
            base_micro=-self.base_micro,
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """How what a promotion gave fell on the lines: money, and of each lot the decimals of its unit and its points; and
    what it earned by, as limits count it (those that it shares by their records)."""

    discount: dict[str, int]
    points: list[tuple[int, dict[str, int]]]
    bases: dict[int | None, dict[str, int]]


class LoyCounters(models.AbstractModel):
    """What is used of limits: read before a calculation, drawn with its result, given back."""

    _name = "loy.counters"
    _description = "Counters service"

    # ------------------------------------------------------------------ before the calculation

    def _with_used(
        self,
        basket: Basket,
        compiled: CompiledProgramme,
        *,
        company_id: int,
        member_id: int | None,
        held=None,
        is_locked: bool = False,
        is_explained: bool = False,
    ) -> Basket:
        """The basket with what others have used of the limits that it may meet.

        One query, and none where it meets no limit; one more for the lock on the member. What the purchase itself has
        drawn while it was ``held`` is not counted.
        """
        found = limited(compiled.programme, basket, all_of_them=is_explained)
        if not found:
            return replace(basket, used={}, used_shared={}) if basket.used or basket.used_shared else basket
        owners = _owners(compiled, found)
        if is_locked and member_id and any(one.is_of_member for one in owners.values()):
            self.env["loy.purchases"]._open_accounts(compiled, basket)
            self._lock_members((member_id,))
        return self._basket_with(basket, compiled, found, company_id, member_id, self._own(held))

    def _basket_with(
        self,
        basket: Basket,
        compiled: CompiledProgramme,
        promotions: Iterable[Promotion],
        company_id: int,
        member_id: int | None,
        own: Iterable[Drawn] = (),
    ) -> Basket:
        """The basket with what is used of the limits of these promotions, but for what is one's own."""
        used = self._used(company_id, _owners(compiled, promotions), basket.at.date(), member_id, own)
        told: dict[bool, dict[str, Used]] = {False: {}, True: {}}
        for promotion in promotions:
            for meter in compiled.programme.meters[promotion.code]:
                one = used[_owner(compiled, promotion.code, meter.code)]
                if one != Used():
                    told[bool(meter.code)][meter.code or promotion.code] = one
        return replace(basket, used=told[False], used_shared=told[True])

    def _used(
        self,
        company_id: int,
        limits: Mapping[Owner, Bounds],
        day: date,
        member_id: int | None,
        own: Iterable[Drawn] = (),
    ) -> dict[Owner, Used]:
        """Whose limits → what is used of them, but for what is one's own."""
        counts: Counter = Counter()
        days: dict[Owner, Counter] = {owner: Counter() for owner in limits}
        bases: dict[Owner, Counter] = {owner: Counter() for owner in limits}

        def earned(owner: Owner, used_on: date, minor: int, micro: int) -> None:
            base = limits[owner].base_per_member
            if base is not None:
                bases[owner][used_on] += micro if base.is_quantity else minor

        kinds = {kind for owner, bounds in limits.items() for kind in owner.kinds(bounds)}
        by_prefix = {prefix: [one.id for one in limits if one.prefix == prefix] for prefix in ("", SHARED)}
        rows = self.env.execute_query(
            sql.used(company_id, by_prefix[""], by_prefix[SHARED], kinds, day, member_id)
        )
        for kind, ref, used_on, amount, minor, micro in rows:
            if used_on is None:
                counts[kind, ref] += amount
            else:
                owner = Owner(kind.removesuffix("per_member"), ref)
                days[owner][used_on] += amount
                earned(owner, used_on, minor, micro)
        for drawn in own:
            if drawn.owner in limits:
                if drawn.member_id == member_id:
                    days[drawn.owner][drawn.day] -= drawn.uses
                    earned(drawn.owner, drawn.day, -drawn.base_minor, -drawn.base_micro)
                for (kind, ref, drawn_on), amount in drawn.amounts().items():
                    if drawn_on in (None, day):
                        counts[kind, ref] -= amount
        return {
            owner: Used(
                per_member=most_within(days[owner], day, bounds.per_member_days),
                **{
                    name: max(0, min(counts[owner.prefix + kind, owner.id], AMOUNT_MINOR_MAX))
                    for kind, name in KINDS.items()
                    if kind != "budget_points"
                },
                budget_points_micro=max(0, counts[owner.prefix + "budget_points", owner.id]),
                **{
                    f"base_{period}": max(0, sum(bases[owner][one] for one in bases[owner] if is_same(one, day)))
                    for period, is_same in SAME_PERIOD.items()
                },
            )
            for owner, bounds in limits.items()
        }

    def _attempt(self, scene, held, work: Callable[[Any, Result], T]) -> T:
        """``work(scene, result)`` with everything that it draws, or as if it had not begun.

        If another purchase was faster, what this attempt did is undone and the purchase is calculated anew by what is
        used now, in the same transaction: the result may be another one then. A purchase without limits and promo codes
        pays nothing for this.
        """
        for _attempt in range(TRIES):
            scene, result = self.env["loy.purchases"]._judge(scene)
            if not _is_drawing(scene.compiled, result):
                return work(scene, result)
            try:
                with self.env.cr.savepoint():
                    return work(scene, result)
            except _Passed:
                scene = replace(scene, basket=self.env["loy.purchases"]._with_past(scene, held, is_locked=True))
        raise self._busy()

    def _busy(self) -> LoyaltyError:
        return LoyaltyError(
            "busy", self.env._("Too many changes to the same record at once. Send the same request again.")
        )

    def _draw_beside_purchases(
        self, company, compiled: CompiledProgramme, promotion: Promotion, basket: Basket,
        judge: Callable[[Basket], Result],
    ) -> Result:
        """``judge(basket)`` by what is used of the limits of a promotion that no purchase sets off, and what it gives
        drawn on them. Whoever calls holds the lock on the member.
        """  # fmt: skip
        if not compiled.programme.meters[promotion.code]:
            return judge(basket)
        member_id = int(basket.member.id)
        for _attempt in range(TRIES):
            result = judge(self._basket_with(basket, compiled, [promotion], company.id, member_id))
            if not result.uses:
                return result
            drawn = self._wanted(compiled, result.uses, company.id, company.currency_id.id, member_id, basket)
            try:
                with self.env.cr.savepoint():
                    self._move(company.id, drawn, _room(_owners(compiled, [promotion])), False)
                    self._insert(None, drawn, "draw")
                return result
            except _Passed:
                continue
        raise self._busy()

    def _wanted(
        self,
        compiled: CompiledProgramme,
        uses: Iterable[Use],
        company_id: int,
        currency_id: int,
        member_id: int | None,
        basket: Basket,
    ) -> list[Drawn]:
        """What these uses draw: each on all the limits of its promotion."""
        wanted = []
        for use in uses:
            bases = {base.limit: base for base in use.bases}
            for meter in compiled.programme.meters[use.promotion]:
                owner, base = _owner(compiled, use.promotion, meter.code), bases.get(meter.code)
                wanted.append(
                    Drawn(
                        promotion_id=compiled.promotions[use.promotion],
                        company_id=company_id,
                        currency_id=currency_id,
                        member_id=member_id,
                        day=basket.at.date(),
                        counted=owner.kinds(meter.bounds),
                        uses=1,
                        discount_minor=use.discount_minor,
                        points_micro=use.points_micro,
                        limit_id=owner.id if owner.prefix else None,
                        base_minor=base.total if base and not base.is_quantity else 0,
                        base_micro=base.total if base and base.is_quantity else 0,
                    )
                )
        return wanted

    # ------------------------------------------------------------------ drawing

    def _draws_until(self, compiled: CompiledProgramme, result: Result, deadline: datetime) -> datetime | None:
        """Until when a held purchase keeps what it draws; None where it draws nothing."""
        return deadline if _is_drawing(compiled, result) else None

    def _draw(self, purchase, scene, result: Result, *, was_held: bool = False, is_fact: bool = False) -> None:
        """What the purchase has drawn is what its result says from now on: what it drew while it was held counts.

        The last thing that a purchase does but write its answer. A fact (a receipt made offline or late) is drawn even
        beyond a limit, and flagged; anything else that passes a limit undoes the attempt (see ``_attempt``).
        """
        uses = _limited_uses(scene.compiled, result)
        own = self._own(purchase) if was_held else []
        if not uses and not own:
            return
        place, programme = scene.place, scene.compiled.programme
        limits = _owners(scene.compiled, [programme.promotion(use.promotion) for use in uses])
        wanted = self._wanted(
            scene.compiled, uses, place.company_id, place.currency_id, scene.member.id or None, scene.basket
        )
        gone = [one for one in own if one not in wanted]
        new = [one for one in wanted if one not in own]
        moved = [*(one.negative() for one in gone), *new]
        passed = {
            Owner(SHARED if kind.startswith(SHARED) else "", ref)
            for kind, ref in self._move(place.company_id, moved, _room(limits), is_fact)
        }
        if is_fact and new:
            passed |= self._passed_by_member(scene, limits, gone, new)
        self._insert(purchase.id, [one.negative() for one in gone], "back")
        self._insert(purchase.id, new, "draw", passed)

    def _give_back(self, purchase, share: Callable[[Mapping[str, int]], int] | None = None, *, by=None) -> None:
        """What comes back of the limits that a purchase has drawn on.

        Without ``share`` the whole purchase does, or will not happen: its uses come back too, and all that is left of
        its budgets. With it goods come back in part: ``share(amounts)`` says how much of amounts by line
        ({line: minor units}) is back by now, this return and earlier ones together; so any series of part returns gives
        back what the purchase drew, to the cent, and the uses stay. ``by`` is the return.
        """
        own = self._own(purchase)
        if not own:
            return
        parts = {} if share is None else self._parts(purchase)
        back = [one if share is None else self._part(one, parts, share) for one in own]
        back = [one for one in back if not one.is_nothing]
        if back:
            self._return({purchase.id: back}, by)

    def _return(self, back: Mapping[int, list[Drawn]], by=None) -> None:
        """Purchase → what it gives back: on the counters all at once, in their order."""
        rows = [one.negative() for own in back.values() for one in own]
        for company_id in sorted({one.company_id for one in rows}):
            self._move(company_id, (one for one in rows if one.company_id == company_id), {}, False)
        for purchase_id, own in back.items():
            self._insert(purchase_id, [one.negative() for one in own], "back", by=by)

    def _give_back_overdue_all(self) -> None:
        """For the job: in transactions of their own, safe to stop and to run again."""
        now = fields.Datetime.now()
        while count := run_with_retry(self.env, lambda: self._give_back_overdue(now)):
            if not self.env["ir.cron"]._commit_progress(count):
                break

    def _give_back_overdue(self, now: datetime, limit: int = OVERDUE_BATCH) -> int:
        """What held purchases have drawn comes back when the deadline has passed. Those that somebody works on just
        now are left to the next run. Returns how many."""
        overdue = self.env["loy.purchase"].search(
            [("draws_until_at", "<=", now), ("state", "=", "held")], order="draws_until_at", limit=limit
        )
        mine = [one.id for one in overdue if try_lock_name(self.env, "purchase", one.number)]
        overdue.invalidate_recordset(["state", "draws_until_at"])
        purchases = overdue.browse(mine).filtered(
            lambda one: one.state == "held" and one.draws_until_at and one.draws_until_at <= now
        )
        self.env["loy.members"]._keep(purchases.member_id)
        self.env["loy.codes"]._give_back_all(purchases)
        if back := self._drawn(purchases.ids):
            self._return(back)
        purchases.draws_until_at = False
        return len(purchases)

    def _absorb(self, from_member_id: int, to_member_id: int) -> None:
        """What one member has used counts for another: of a merge. Shared limits do not change."""
        self._lock_members((from_member_id, to_member_id))
        self.env.cr.execute(sql.absorb(from_member_id, to_member_id))

    def _lock_members(self, member_ids: Iterable[int]) -> None:
        """Until the transaction ends nobody else uses a limit of these members."""
        for member_id in sorted(member_ids):
            lock_name(self.env, "limits", member_id)

    # ------------------------------------------------------------------ what a purchase has drawn

    def _own(self, purchase) -> list[Drawn]:
        """What it has drawn and not given back."""
        return self._drawn(purchase.ids).get(purchase.id, []) if purchase else []

    def _drawn(self, purchase_ids: list[int]) -> dict[int, list[Drawn]]:
        found: dict[int, list[Drawn]] = {}
        for purchase_id, promotion_id, company_id, currency_id, member_id, day, counted, *amounts in (
            self.env.execute_query(sql.drawn(purchase_ids))
        ):
            kinds = tuple((counted or "").split())
            found.setdefault(purchase_id, []).append(
                Drawn(promotion_id, company_id, currency_id, member_id, day, kinds, *amounts)
            )
        return found

    def _parts(self, purchase) -> dict[int, Parts]:
        """Promotion → how what it gave fell on the lines."""
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        decimals = {
            unit.id: unit.decimals
            for unit in self.env["loy.unit"].browse({part["unit_id"] for part in by_line["earned"]})
        }
        parts: dict[int, Parts] = defaultdict(lambda: Parts({}, [], {}))
        for part in by_line["given"]:
            parts[part["promotion_id"]].discount.update(part["money"])
        for part in by_line["earned"]:
            parts[part["promotion_id"]].points.append((decimals[part["unit_id"]], part["points"]))
        for part in by_line.get("bases", ()):
            parts[part["promotion_id"]].bases[part["limit_id"]] = part["base"]
        return parts

    def _part(self, own: Drawn, parts: Mapping[int, Parts], share: Callable[[Mapping[str, int]], int]) -> Drawn:
        """What is to come back now of what is still drawn: what is due by now, less what came back before."""
        part = parts.get(own.promotion_id, Parts({}, [], {}))
        discount_minor = sum(part.discount.values()) - share(part.discount)
        points_micro = sum(
            (sum(one.values()) - share(one)) * 10 ** (MICRO_DECIMALS - decimals) for decimals, one in part.points
        )
        base = part.bases.get(own.limit_id, {})
        kept = sum(base.values()) - share(base)
        return replace(
            own,
            uses=0,
            discount_minor=max(0, own.discount_minor - discount_minor),
            points_micro=max(0, own.points_micro - points_micro),
            base_minor=max(0, own.base_minor - kept),
            base_micro=max(0, own.base_micro - kept),
        )

    def _insert(
        self, purchase_id: int | None, rows: list[Drawn], kind: str, passed: Collection[Owner] = (), by=None
    ) -> None:
        now = self.env.cr.now()
        insert_rows(
            self.env["loy.counter.draw"],
            [
                {
                    "kind": kind,
                    "drawn_at": now,
                    "day": one.day,
                    "company_id": one.company_id,
                    "currency_id": one.currency_id,
                    "promotion_id": one.promotion_id,
                    "limit_id": one.limit_id,
                    "purchase_id": purchase_id,
                    "return_id": by.id if by else None,
                    "member_id": one.member_id,
                    "uses": one.uses,
                    "discount": from_minor(one.discount_minor, self._decimals(one.currency_id)),
                    "points": from_minor(one.points_micro, MICRO_DECIMALS),
                    "base_amount": from_minor(one.base_minor, self._decimals(one.currency_id)),
                    "base_quantity": from_minor(one.base_micro, MICRO_DECIMALS),
                    "counted": " ".join(one.counted),
                    "is_over": one.owner in passed,
                }
                for one in rows
            ],
        )

    def _decimals(self, currency_id: int) -> int:
        return self.env["res.currency"].browse(currency_id).decimal_places

    def _passed_by_member(
        self, scene, limits: Mapping[Owner, Bounds], gone: list[Drawn], new: list[Drawn]
    ) -> set[Owner]:
        """Limits of the member that these facts pass."""
        member_id = scene.member.id or None
        of_member = {owner: bounds for owner, bounds in limits.items() if bounds.is_of_member}
        if not member_id or not of_member:
            return set()
        used = self._used(scene.place.company_id, of_member, scene.basket.at.date(), member_id, gone)
        uses, bases = Counter(one.owner for one in new), Counter()
        for one in new:
            bases[one.owner] += one.base_minor + one.base_micro  # of which one is nothing
        return {
            owner
            for owner, bounds in of_member.items()
            if (bounds.per_member is not None and used[owner].per_member + uses[owner] > bounds.per_member)
            or (bounds.base_per_member is not None and bases[owner] > bounds.base_per_member.left(used[owner]))
        }

    # ------------------------------------------------------------------ counters

    def _move(
        self, company_id: int, rows: Iterable, limits: Mapping[tuple[str, int], int], is_fact: bool
    ) -> set[tuple[str, int]]:
        """Book the sum of the draws on the counters, (kind, whose) → how much it may be: all of them or ``_Passed``.
        Returns the limits that a fact has passed.
        """
        sums: Counter = Counter()
        for one in rows:
            sums.update(one.amounts())
        wishes = [
            (kind, ref, day, amount, limits.get((kind, ref)))
            for (kind, ref, day), amount in sorted(sums.items(), key=str)
            if amount
        ]
        if not wishes:
            return set()
        self.env.cr.execute(sql.draw(company_id, wishes))
        if self.env.cr.rowcount == len(wishes):
            self.env.cr.execute(SQL("RELEASE SAVEPOINT loy_draw"))
            return set()
        self.env.cr.execute(SQL("ROLLBACK TO SAVEPOINT loy_draw; RELEASE SAVEPOINT loy_draw"))
        return self._move_slowly(company_id, wishes, is_fact)

    def _move_slowly(self, company_id: int, wishes: list[sql.Wish], is_fact: bool) -> set[tuple[str, int]]:
        """The same with all rows of the counters locked: what each has left is divided over its rows anew."""
        self.env.cr.execute(
            sql.make(company_id, [(kind, ref, day, _shards(amount, limit)) for kind, ref, day, amount, limit in wishes])
        )
        rows: dict[tuple, dict[int, int]] = {}
        for kind, ref, day, row_id, used in self._lock_rows(company_id, wishes):
            rows.setdefault((kind, ref, day), {})[row_id] = used
        changed, passed = [], set()
        for kind, ref, day, amount, limit in wishes:
            counts = rows[kind, ref, day]
            left = None if limit is None else limit - sum(counts.values()) - amount
            if left is not None and left < 0 and amount > 0:
                if not is_fact:
                    raise _Passed
                passed.add((kind, ref))
            counts[min(counts)] += amount
            quotas = _divided(counts, left)
            changed += [
                (row_id, used, quotas[row_id], limit if left is not None and left >= 0 else None)
                for row_id, used in counts.items()
            ]
        self.env.cr.execute(sql.split(changed))
        return passed

    def _lock_rows(self, company_id: int, wishes: list[sql.Wish]) -> list[tuple]:
        """All rows of the counters, locked. Whoever made more of them while this one waited for a lock, did it behind
        the back of the statement that waited: then all are locked anew, in their order."""
        while True:
            with self.env.cr.savepoint(flush=False) as savepoint:
                rows = self.env.execute_query(sql.lock(company_id, wishes))
                ((number,),) = self.env.execute_query(sql.count(company_id, wishes))
                if number == len(rows):
                    return rows
                savepoint.rollback()

    # ------------------------------------------------------------------ for people

    def _progress(self, records) -> dict[tuple[int, str], float]:
        """(promotion or shared limit, limit) → what is used of it, in whole units; of the limit of a day what is used
        today."""
        if not records.ids:
            return {}
        company = self.env.company
        timezone = self.env["loy.programme"]._at(company, fields.Datetime.now()).settings.timezone or "UTC"
        day = fields.Datetime.context_timestamp(self.with_context(tz=timezone), fields.Datetime.now()).date()
        prefix = SHARED if records._name == "loy.shared.limit" else ""
        ids = ([], records.ids) if prefix else (records.ids, [])
        kinds = {prefix + kind: kind for kind in KINDS}
        return {
            (ref, kinds[kind]): float(Fraction(amount, 10 ** decimals_of(kind, company)))
            for kind, ref, _day, amount, *_bases in self.env.execute_query(
                sql.used(company.id, *ids, kinds, day, None)
            )
        }


def decimals_of(kind: str, company) -> int:
    """A counter of this kind counts in 10^-decimals of what its limit is written in."""
    decimals = {"budget": company.currency_id.decimal_places, "budget_points": MICRO_DECIMALS}
    return decimals.get(kind.removeprefix(SHARED), 0)


def most_within(days: Mapping[date, int], day: date, length: int | None) -> int:
    """The uses that count against one more use on ``day``: those of the fullest stretch of ``length`` days that has the
    day in it. Receipts that come late are counted like those that came in order.

    >>> most_within({date(2026, 1, 1): 2, date(2026, 1, 8): 1}, date(2026, 1, 7), 7)
    2
    """
    if length is None:
        return max(0, sum(days.values()))
    near = [one for one in days if abs((one - day).days) < length]
    starts = [one for one in near if one <= day]
    ends = [one for one in near if one >= day]
    stretches = [
        *((start.toordinal(), start.toordinal() + length) for start in starts),
        *((end.toordinal() - length + 1, end.toordinal() + 1) for end in ends),
    ]
    return max(
        (sum(days[one] for one in near if first <= one.toordinal() < last) for first, last in stretches), default=0
    )


def _owner(compiled: CompiledProgramme, promotion: str, shared: str) -> Owner:
    """Whose the limits are: those of a shared limit by its code, or else a promotion's own."""
    return Owner(SHARED, compiled.limits[shared]) if shared else Owner("", compiled.promotions[promotion])


def _owners(compiled: CompiledProgramme, promotions: Iterable[Promotion]) -> dict[Owner, Bounds]:
    """All limits on which these promotions draw."""
    return {
        _owner(compiled, promotion.code, meter.code): meter.bounds
        for promotion in promotions
        for meter in compiled.programme.meters[promotion.code]
    }


def _room(limits: Mapping[Owner, Bounds]) -> dict[tuple[str, int], int]:
    """(kind, whose) → how much the counter may be."""
    return {
        (kind, owner.id): getattr(bounds, kind.removeprefix(SHARED))
        for owner, bounds in limits.items()
        for kind in owner.kinds(bounds)
    }


def _limited_uses(compiled: CompiledProgramme, result: Result) -> list[Use]:
    """What promotions with limits gave."""
    programme = compiled.programme
    if not programme.has_limits:
        return []
    return [
        use
        for use in result.uses
        if use.promotion in compiled.promotions and programme.meters.get(use.promotion)
    ]


def _is_drawing(compiled: CompiledProgramme, result: Result) -> bool:
    """Whether it uses what others may use at the same time: limits and promo codes."""
    return bool(result.codes_used or _limited_uses(compiled, result))


def _shards(amount: int, limit: int | None) -> int:
    """Over how many rows a counter is split: each should hold many draws like this one."""
    if limit is None or amount <= 0:
        return 1
    return max(1, min(SHARDS_MAX, limit // amount // DRAWS_A_SHARD))


def _divided(counts: Mapping[int, int], left: int | None) -> dict[int, int]:
    """Row → its quota, when so much is left: what is used, and an equal part of that."""
    if left is None or left < 0:
        return dict(counts)
    part, rest = divmod(left, len(counts))
    return {row_id: counts[row_id] + part + (position < rest) for position, row_id in enumerate(counts)}
