"""Promo codes: looked up before a calculation, reserved by a hold, used by a confirm, given back, given out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import accumulate, takewhile, zip_longest
from typing import BinaryIO

from odoo import fields, models
from odoo.tools import SQL

from ..engine import Basket, CodeIssue, PromoCode, Result, normal_code
from ..engine.codes import SIGNS
from ..sql import codes as sql
from ..sql.insert import insert_rows
from . import clock, number_files
from .counters import _Passed
from .errors import LoyaltyError
from .gives import Handout
from .money import from_minor, to_minor
from .numbering import fill
from .programme import CompiledProgramme
from .sections import CODE_RARITY, CodePoolDocument, code_capacity

EXTEND_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """When a code is judged: as the database counts, and by the clock of the place."""

    at: datetime
    timezone: str

    def local(self, instant: datetime) -> datetime:
        return clock.to_local(instant, self.timezone)


@dataclass(frozen=True, slots=True)
class Found:
    """A code as it stands; ``own_uses`` and ``own_taken`` are what the purchase in hand has reserved of it."""

    code: str
    id: int
    pool_id: int
    state: str
    member_id: int | None
    value_minor: int
    left_minor: int
    valid_from_at: datetime | None
    valid_until_at: datetime | None
    made_at: datetime
    issued_at: datetime | None
    own_uses: int
    own_taken: int
    counted: int

    def until(self, pool: CodePoolDocument, moment: Moment) -> datetime | None:
        """The end of its life by the clock of the place. What was promised with it stays; a code of which nobody knows
        who has it is judged by what the pool says now."""
        if self.issued_at:
            return self.valid_until_at and moment.local(self.valid_until_at)
        return pool.valid and pool.valid.moment(moment.local(self.made_at))

    def left(self, pool: CodePoolDocument) -> int | None:
        """What it can pay out; None where its pool knows no values."""
        if not pool.valued:
            return None
        return self.value_minor if pool.kind == "multi" else self.left_minor + self.own_taken


@dataclass(frozen=True, slots=True)
class Taken:
    """What a purchase uses of a code: ``paid_minor`` for its promotions, ``taken_minor`` of its value."""

    code_id: int
    pool_id: int
    promotion_id: int | None
    company_id: int
    currency_id: int
    member_id: int | None
    is_whole: bool
    is_counted: bool
    is_over: bool
    uses: int
    paid_minor: int
    taken_minor: int

    def amounts(self) -> dict[tuple[str, int, None], int]:
        """What it is on the counters, like what promotions use."""
        return {("code", self.code_id, None): self.uses} if self.is_counted and self.uses else {}

    def negative(self) -> Taken:
        return replace(self, uses=-self.uses, paid_minor=-self.paid_minor, taken_minor=-self.taken_minor)

    def is_same(self, other: Taken) -> bool:
        """Whether the same is used of it, whatever became of it meanwhile."""
        return (self.promotion_id, self.paid_minor) == (other.promotion_id, other.paid_minor)


class LoyCodes(models.AbstractModel):
    """Law: a one-time code is used by one purchase, a code with a value pays no more than it is worth, and a code of
    many uses is used no more often than its pool allows, whoever comes at once.

    A code is taken by a conditional update of its row, in the order of ids; a code of many uses has counters instead,
    which tills do not queue for. Who comes too late is calculated anew without it (``loy.counters``). What is used is a
    fact (``loy.code.use``), and what comes back another one.
    """

    _name = "loy.codes"
    _description = "Promo codes service"

    # ------------------------------------------------------------------ before the calculation

    def _with_codes(
        self,
        basket: Basket,
        compiled: CompiledProgramme,
        *,
        place,
        member_id: int | None,
        at: datetime,
        held=None,
        is_fact: bool = False,
    ) -> Basket:
        """The basket with what is known of the codes presented: one query, and none where there are none.

        A receipt made offline is a fact: its codes count whatever has become of them since.
        """
        if not basket.codes:
            return basket
        moment = Moment(at, place.timezone)
        found = self._find(basket.codes, place.company_id, held)
        usable, refused = [], {}
        for code in basket.codes:
            one = found.get(code)
            reason = self._objection(one, compiled, member_id, moment, is_fact)
            if reason:
                refused[code] = reason
            else:
                pool = compiled.code_pools[one.pool_id]
                usable.append(PromoCode(code=code, pool=pool.code, value_minor=one.left(pool)))
        return replace(basket, promo_codes=tuple(usable), refused_codes=refused)

    def _find(self, codes: Sequence[str], company_id: int, held=None) -> dict[str, Found]:
        rows = self.env.execute_query(sql.find(codes, company_id, held.id if held else None))
        return {row[0]: Found(*row) for row in rows}

    def _objection(
        self,
        one: Found | None,
        compiled: CompiledProgramme,
        member_id: int | None,
        moment: Moment,
        is_fact: bool = False,
    ) -> str:
        """Why a code cannot be used; empty where it can."""
        if one is None:
            return "unknown"
        pool = compiled.code_pools.get(one.pool_id)
        if pool is None:
            return "pool_ended"
        if pool.bind == "member" and one.state == "new":
            return "unknown"  # nobody has been given it
        if one.state == "void":
            return "void"
        return "" if is_fact else self._untimely(one, pool, moment) or self._not_theirs(one, pool, member_id)

    def _untimely(self, one: Found, pool: CodePoolDocument, moment: Moment) -> str:
        today = moment.local(moment.at).date()
        until = one.until(pool, moment)
        if pool.state == "ended" or (pool.to and today > pool.to):
            return "pool_ended"
        if (pool.from_ and today < pool.from_) or (one.valid_from_at and moment.at < one.valid_from_at):
            return "not_yet"
        return "expired" if until and moment.local(moment.at) >= until else ""

    def _not_theirs(self, one: Found, pool: CodePoolDocument, member_id: int | None) -> str:
        if one.member_id and one.member_id != member_id:
            return "other_member"
        is_taken = one.state in ("reserved", "used") and not one.own_uses
        is_counted_out = pool.kind == "multi" and pool.uses and one.counted - one.own_uses >= pool.uses
        is_empty = pool.valued and not one.left(pool)
        return "used" if is_taken or is_counted_out or is_empty else ""

    def _holder(self, code: str, company) -> int:
        """The member who was given a code, used or not; 0 where nobody was, or it was made void."""
        one = self._find([normal_code(code)], company.id).get(normal_code(code))
        return one.member_id or 0 if one and one.state != "void" else 0

    def _check(self, code: str, company, member_id: int | None, at: datetime) -> dict:
        """Whether a code can be used, and what it is worth."""
        compiled = self.env["loy.programme"]._at(company, at)
        moment = Moment(at, compiled.settings.timezone or "UTC")
        one = self._find([normal_code(code)], company.id).get(normal_code(code))
        reason = self._objection(one, compiled, member_id, moment)
        if reason:
            return {"code": code, "usable": False, "reason": reason}
        return {"usable": True, **self._told(one, compiled.code_pools[one.pool_id], compiled, moment)}

    def _told(self, one: Found, pool: CodePoolDocument, compiled: CompiledProgramme, moment: Moment) -> dict:
        """What may be known of a code that is good."""
        left, until = one.left(pool), one.until(pool, moment)
        shown = self._shown(self.env["loy.code.pool"].browse(one.pool_id), one.code)
        return {
            "code": shown,
            "pool": pool.code,
            **({} if left is None else {"left": float(from_minor(left, compiled.currency_decimals))}),
            **({"issued_at": moment.local(one.issued_at).isoformat(timespec="seconds")} if one.issued_at else {}),
            **({"expires_at": until.isoformat()} if until else {}),
        }

    def _of_member(self, member, company) -> list[dict]:
        """The codes that a member was given and can use, the oldest first."""
        now = fields.Datetime.now()
        codes = self.env["loy.code"].search(
            [("member_id", "=", member.id), ("state", "=", "issued"), ("company_id", "in", [company.id, False])],
            order="issued_at, id",
        )
        if not codes:
            return []
        compiled = self.env["loy.programme"]._at(company, now)
        moment = Moment(now, compiled.settings.timezone or "UTC")
        found = self._find(codes.mapped("code"), company.id)
        return [
            self._told(found[code], compiled.code_pools[found[code].pool_id], compiled, moment)
            for code in codes.mapped("code")
            if not self._objection(found[code], compiled, member.id, moment)
        ]

    # ------------------------------------------------------------------ used by a purchase

    def _draw(self, purchase, scene, result: Result, *, was_held: bool = False, is_fact: bool = False) -> None:
        """What the purchase uses of codes is what its result says from now on; while it is held, it is reserved.

        A fact (a receipt made offline or late) uses a code even after somebody else, and is flagged; anybody else who
        comes too late is calculated anew (``_Passed``).
        """
        own = self._own(purchase) if was_held else {}
        if not result.codes_used and not own:
            return
        wanted = self._wanted(scene, result)
        same = {code_id for code_id, one in own.items() if code_id in wanted and one.is_same(wanted[code_id])}
        self._book_back(purchase, [one for code_id, one in own.items() if code_id not in same])
        new = [one for code_id, one in sorted(wanted.items()) if code_id not in same]
        self._take(purchase, scene, new, is_fact)
        if same and purchase.state == "confirmed":
            self.env.cr.execute(sql.settle(same))

    def _wanted(self, scene, result: Result) -> dict[int, Taken]:
        found = self._find(sorted({use.code for use in result.codes_used}), scene.place.company_id)
        wanted: dict[int, Taken] = {}
        for use in result.codes_used:
            one = found[use.code]
            pool = scene.compiled.code_pools[one.pool_id]
            is_many = pool.kind == "multi"
            is_kept = pool.valued and pool.remainder == "kept"
            before = wanted.get(one.id)
            paid_minor = use.value_minor + (before.paid_minor if before else 0)
            wanted[one.id] = Taken(
                code_id=one.id,
                pool_id=one.pool_id,
                promotion_id=before.promotion_id if before else scene.compiled.promotions.get(use.promotion),
                company_id=scene.place.company_id,
                currency_id=scene.place.currency_id,
                member_id=scene.member.id or None,
                is_whole=not is_many and not is_kept,
                is_counted=is_many and bool(pool.uses),
                is_over=False,
                uses=1,
                paid_minor=paid_minor,
                taken_minor=paid_minor if is_kept else 0,
            )
        return wanted

    def _take(self, purchase, scene, wanted: list[Taken], is_fact: bool) -> None:
        if not wanted:
            return
        pools = scene.compiled.code_pools
        singles = [one for one in wanted if pools[one.pool_id].kind == "one_time"]
        taken: dict[int, int] = {}
        if singles:
            wishes = [(one.code_id, one.taken_minor, one.is_whole) for one in singles]
            state = "used" if purchase.state == "confirmed" else "reserved"
            taken = dict(self.env.execute_query(sql.take(wishes, state, purchase.id)))
            if len(taken) < len(singles) and not is_fact:
                raise _Passed
        over = {one.code_id for one in singles} - taken.keys()
        limits = {("code", one.code_id): pools[one.pool_id].uses for one in wanted if one.is_counted}
        passed = self.env["loy.counters"]._move(scene.place.company_id, wanted, limits, is_fact)
        over |= {code_id for _kind, code_id in passed}
        self._insert(
            purchase,
            [
                replace(one, is_over=one.code_id in over, taken_minor=taken.get(one.code_id, 0))
                for one in wanted
            ],
            "use",
        )

    # ------------------------------------------------------------------ given back

    def _give_back(
        self, purchase, share: Callable[[Mapping[str, int]], int] | None = None, *, by=None, policy: str = "share"
    ) -> None:
        """What comes back of the codes that a purchase has used.

        Without ``share`` the whole purchase does, or will not happen: its codes can be used again, as long as they are
        good. With it goods come back in part: of a value that stays on its code, that part. ``by`` is the return,
        ``policy`` the setting for it (share, whole, never).
        """
        own = self._own(purchase)
        if not own or policy == "never" or (policy == "whole" and share is not None):
            return
        if share is None:
            self._book_back(purchase, list(own.values()), by)
        else:
            paid = self._paid_by_line(purchase)
            parts = [self._part(one, paid.get(one.code_id, {}), share) for one in own.values() if one.taken_minor]
            self._book_back(purchase, [one for one in parts if not one.is_whole and one.taken_minor > 0], by)

    def _give_back_all(self, purchases) -> None:
        """What these have reserved: their holds have run out."""
        drawn = self._drawn(purchases.ids)
        for purchase in purchases.sorted("id"):
            if purchase.id in drawn:
                self._book_back(purchase, list(drawn[purchase.id].values()))

    def _part(self, own: Taken, paid: Mapping[str, int], share: Callable[[Mapping[str, int]], int]) -> Taken:
        """What is to come back now: what is due by now, less what came back before."""
        still = sum(paid.values()) - share(paid)
        back = max(0, own.taken_minor - still)
        return replace(own, uses=0, paid_minor=back, taken_minor=back)

    def _paid_by_line(self, purchase) -> dict[int, dict[str, int]]:
        """Code → the money that it has paid, by line."""
        by_line = self.env["loy.purchases"]._by_line_of(purchase)
        found = self._find([part["code"] for part in by_line.get("codes", ())], purchase.company_id.id)
        paid: dict[int, dict[str, int]] = {}
        for part in by_line.get("codes", ()):
            if part["code"] in found:
                of = paid.setdefault(found[part["code"]].id, {})
                for line, money in part["money"].items():
                    of[line] = of.get(line, 0) + money
        return paid

    def _book_back(self, purchase, own: list[Taken], by=None) -> None:
        if not own:
            return
        # A code that was used beyond its limit is another purchase's.
        rows = [(one.code_id, one.taken_minor) for one in own if not one.is_counted and not one.is_over]
        if rows:
            self.env.cr.execute(sql.give_back(rows))
        back = [one.negative() for one in own]
        for company_id in sorted({one.company_id for one in back}):
            self.env["loy.counters"]._move(company_id, (one for one in back if one.company_id == company_id), {}, False)
        self._insert(purchase, back, "back", by)

    def _own(self, purchase) -> dict[int, Taken]:
        """Code → what the purchase has used and not given back."""
        return self._drawn(purchase.ids).get(purchase.id, {}) if purchase else {}

    def _drawn(self, purchase_ids: list[int]) -> dict[int, dict[int, Taken]]:
        found: dict[int, dict[int, Taken]] = {}
        if purchase_ids:
            for purchase_id, code_id, *rest in self.env.execute_query(sql.drawn(purchase_ids)):
                found.setdefault(purchase_id, {})[code_id] = Taken(code_id, *rest)
        return found

    def _insert(self, purchase, rows: list[Taken], kind: str, by=None) -> None:
        insert_rows(
            self.env["loy.code.use"],
            [
                {
                    "kind": kind,
                    "used_at": self.env.cr.now(),
                    "code_id": one.code_id,
                    "pool_id": one.pool_id,
                    "promotion_id": one.promotion_id,
                    "purchase_id": purchase.id,
                    "return_id": by.id if by else None,
                    "company_id": one.company_id,
                    "currency_id": one.currency_id,
                    "member_id": one.member_id,
                    "uses": one.uses,
                    "amount_minor": one.paid_minor,
                    "taken_minor": one.taken_minor,
                    "is_whole": one.is_whole,
                    "is_counted": one.is_counted,
                    "is_over": one.is_over,
                }
                for one in rows
            ],
        )

    # ------------------------------------------------------------------ given out

    def _issue_with(self, purchase, scene, issue: CodeIssue) -> dict:
        """A code that the customer gets by a purchase; ``pool_empty`` where there is none: the receipt is printed."""
        ids = {pool.code: pool_id for pool_id, pool in scene.compiled.code_pools.items()}
        pool = self.env["loy.code.pool"].browse(ids[issue.pool])
        code = self._take_fresh(
            pool,
            scene.compiled.code_pools[pool.id],
            member_id=scene.member.id if issue.bind == "member" else None,
            value_minor=issue.value_minor,
            at=scene.at,
            valid_until_at=issue.expires_at and scene.place.to_utc(issue.expires_at),
            purchase=purchase,
        )
        return {"code": code} if code else {"problem": "pool_empty"}

    def _issue(self, pool, company, member, value: Decimal | None, at: datetime) -> dict:
        """A code for a member or whoever has it; ``member_required``, ``code_value``, ``code_pool_empty``,
        ``code_pool_ended``."""
        compiled = self.env["loy.programme"]._at(company, at)
        said = compiled.code_pools.get(pool.id)
        if said is None or said.state == "ended":
            raise LoyaltyError("code_pool_ended", self.env._("Pool %s has ended.", pool.code))
        if said.bind == "member" and not member:
            raise LoyaltyError("member_required", self.env._("Codes of pool %s are for members: name one.", pool.code))
        value_minor = None if value is None else to_minor(value, compiled.currency_decimals)
        if (value_minor and not said.valued) or (said.valued and not value_minor and not said.value):
            raise LoyaltyError(
                "code_value",
                self.env._("Say what the code is worth, for a pool of codes with a value and for no other."),
            )
        moment = Moment(at, compiled.settings.timezone or "UTC")
        until = said.valid and said.valid.moment(moment.local(at))
        code = self._take_fresh(
            pool,
            said,
            member_id=member.id if member else None,
            value_minor=value_minor,
            at=at,
            valid_until_at=until and clock.to_utc(until, moment.timezone),
        )
        if code is None:
            raise LoyaltyError("code_pool_empty", self.env._("Pool %s has no code left. Extend it.", pool.code))
        worth = value if value is not None else said.value
        return {
            "code": code,
            "pool": pool.code,
            **({"value": float(worth)} if said.valued else {}),
            **({"expires_at": until.isoformat()} if until else {}),
        }

    def _take_fresh(
        self,
        pool,
        said: CodePoolDocument,
        *,
        member_id: int | None,
        value_minor: int | None,
        at: datetime,
        valid_until_at: datetime | None,
        purchase=None,
    ) -> str | None:
        """A code that nobody has: one of those that were made, or else a new one by the pattern. A code of many uses is
        everybody's already."""
        if said.kind == "multi":
            return said.codes[0]
        values = {
            "member_id": member_id,
            "at": at,
            "valid_until_at": valid_until_at,
            "value_minor": value_minor if said.valued else None,
            "purchase_id": purchase.id if purchase else None,
        }
        rows = self.env.execute_query(sql.issue(sql.free(pool.id), **values))
        if not rows and said.pattern:
            made: list[int] = []
            self._make(pool, 1, made=made)
            rows = self.env.execute_query(sql.issue(SQL("%s", made[0]), **values))
        return self._shown(pool, rows[0][1]) if rows else None

    def _take_many(
        self, pool, said: CodePoolDocument, handouts: Sequence[Handout], counts: Sequence[int] = ()
    ) -> list[str]:
        """The same for many at once, by a few statements: a code for each as far as there are, in their order. Where
        they belong together, so many by ``counts``, all of them get one or none does."""
        if said.kind == "multi":
            return [said.codes[0]] * len(handouts)
        # sudo: whoever does what a code is given for need not see pools.
        pool = pool.sudo()
        ids = [code_id for (code_id,) in self.env.execute_query(sql.free_many(pool.id, len(handouts)))]
        if len(ids) < len(handouts) and said.pattern:
            self._make(pool, len(handouts) - len(ids), made=ids)
        if counts:
            ids = ids[: max(takewhile(lambda end: end <= len(ids), accumulate(counts)), default=0)]
        if not ids:
            return []
        rows = [
            (one.member_id, one.value_minor if said.valued else None, one.at, one.valid_until_at)
            for one in handouts[: len(ids)]
        ]
        codes = dict(self.env.execute_query(sql.hand_over(ids, rows)))
        return [self._shown(pool, codes[code_id]) for code_id in ids]

    def _issue_beside(self, compiled: CompiledProgramme, zones: Mapping[int, str], wanted: list) -> None:
        """Completes what is told of the codes that events give (``loy.issues``). A code whose time has passed when it
        is given is none, and a pool that has run out is told."""
        pools = {pool.code: (pool_id, pool) for pool_id, pool in compiled.code_pools.items()}
        due: dict[str, list[tuple[dict, Handout]]] = {}
        for one, issue, shown in wanted:
            until = issue.expires_at and clock.to_utc(issue.expires_at, zones[one.member_id])
            if until and until <= self.env.cr.now():
                shown["problem"] = "expired"
                continue
            due.setdefault(issue.pool, []).append((shown, Handout(one.member_id, issue.value_minor, one.at, until)))
        for code, handouts in sorted(due.items()):
            pool_id, said = pools[code]
            taken = self._take_many(self.env["loy.code.pool"].browse(pool_id), said, [one for _shown, one in handouts])
            for (shown, _handout), fresh in zip_longest(handouts, taken):
                shown |= {"code": fresh} if fresh else {"problem": "pool_empty"}

    # ------------------------------------------------------------------ made

    def _provide(self, pools) -> None:
        """There are the codes that pools say they have: those that somebody thought of, and as many as ``size``."""
        for pool in pools:
            self._list(pool)
            ordered = sum(series.count for series in pool.series_ids if series.state != "cancelled")
            if pool.kind == "one_time" and pool.pattern and (missing := pool.size - ordered) > 0:
                self._begin(pool, missing)
        self.env["loy.code"].invalidate_model()

    def _list(self, pool) -> None:
        """The listed codes are there; one that is no longer listed is void, unless somebody has it."""
        codes = [code for line in (pool.codes_text or "").split("\n") if (code := normal_code(line))]
        company_id = pool.company_id.id or None
        self.env["loy.code"].flush_model()
        self.env.cr.execute(
            SQL(
                "UPDATE loy_code SET state = 'void' WHERE pool_id = %s AND series_id IS NULL AND issued_at IS NULL"
                " AND state = 'new' AND NOT code = ANY(%s)",
                pool.id,
                codes,
            )
        )
        if not codes:
            return
        now = fields.Datetime.now()
        self.env.cr.execute(sql.insert_listed(pool.id, company_id, codes, self._value_minor(pool), now))
        [(others,)] = self.env.execute_query(
            SQL(
                "SELECT array_agg(code ORDER BY code) FROM loy_code"
                " WHERE code = ANY(%s) AND COALESCE(company_id, 0) = %s AND pool_id <> %s",
                codes,
                company_id or 0,
                pool.id,
            )
        )
        if others:
            raise LoyaltyError("code_taken", self.env._("Another pool has code %s already.", others[0]))
        if pool.kind == "multi":
            # What a code of many uses is worth is what its pool says.
            self.env.cr.execute(
                SQL(
                    "UPDATE loy_code SET value_minor = %s, left_minor = %s WHERE pool_id = %s AND value_minor <> %s",
                    *[self._value_minor(pool)] * 2,
                    pool.id,
                    self._value_minor(pool),
                )
            )

    def _extend(self, pool, count: int):
        """So many codes more; answers their series. ``code_pattern``, ``code_pool_ended``, ``code_capacity``."""
        self.env.cr.execute(SQL("SELECT FROM loy_code_pool WHERE id = %s FOR UPDATE", pool.id))
        pool.invalidate_recordset()
        if pool.state == "ended":
            raise LoyaltyError("code_pool_ended", self.env._("Pool %s has ended.", pool.code))
        if pool.kind != "one_time" or not pool.pattern:
            raise LoyaltyError(
                "code_pattern", self.env._("Pool %s has no pattern by which codes are made.", pool.code)
            )
        if not 0 < count <= EXTEND_MAX:
            raise LoyaltyError("bad_request", self.env._("From 1 to %s codes are made at once.", EXTEND_MAX))
        self._check_capacity(pool, count)
        ordered = sum(series.count for series in pool.series_ids if series.state != "cancelled")
        pool.size = ordered + count
        return pool.series_ids.sorted("id")[-1:]

    def _begin(self, pool, count: int) -> None:
        """Series of so many codes are begun."""
        while count > 0:
            size = min(count, EXTEND_MAX)
            # Who may change the pool has its codes made; only services write series.
            series = self.env["loy.code.series"].sudo().create({"pool_id": pool.id, "count": size})
            self.env["loy.series"]._start(series)
            count -= size
        pool.invalidate_recordset(["series_ids"])

    def _make(self, pool, count: int, series=None, made: list[int] | None = None) -> int:
        """New codes by the pattern of the pool; their ids go to ``made``."""
        company_id, capacity = pool.company_id.id or None, code_capacity(pool.pattern)
        value_minor, now = self._value_minor(pool), fields.Datetime.now()

        def insert(serials: SQL) -> int:
            statement = sql.insert(
                pool.id, company_id, series.id if series else None, pool.pattern, capacity, serials, value_minor, now
            )
            if made is None:
                self.env.cr.execute(statement)
                return self.env.cr.rowcount
            new = [code_id for (code_id,) in self.env.execute_query(SQL("%s RETURNING id", statement))]
            made.extend(new)
            return len(new)

        return fill(
            count,
            capacity,
            insert,
            taken=sql.taken(pool.pattern, company_id),
            exhausted=lambda: self._exhausted(pool),
        )

    def _value_minor(self, pool) -> int:
        return to_minor(Decimal(str(pool.value)), pool.currency_id.decimal_places) if pool.is_valued else 0

    def _check_capacity(self, pool, missing: int) -> None:
        ordered = sum(series.count for series in pool.series_ids if series.state != "cancelled")
        if max(ordered, missing) * CODE_RARITY > code_capacity(pool.pattern):
            raise self._exhausted(pool)

    def _exhausted(self, pool) -> LoyaltyError:
        return LoyaltyError(
            "code_capacity",
            self.env._(
                "The pattern of pool %s is too short for so many codes that nobody guesses: add signs #.", pool.code
            ),
        )

    def _capacity(self, pool) -> int:
        return code_capacity(pool.pattern)

    def _example(self, pool) -> str:
        """A code as the pattern makes them, which is nobody's."""
        return self._shown(pool, "".join(SIGNS[7] if sign == "#" else sign for sign in normal_pattern(pool.pattern)))

    def _shown(self, pool, code: str) -> str:
        """The code as the pattern writes it; one that somebody thought of, as it was written."""
        pattern = pool.pattern or ""
        if len(normal_pattern(pattern)) == len(code) and all(
            sign in ("#", own) for sign, own in zip(normal_pattern(pattern), code, strict=True)
        ):
            signs = iter(code)
            return "".join(one if one == "-" else next(signs) for one in pattern)
        written = (line.strip() for line in (pool.codes_text or "").split("\n"))
        return next((line for line in written if normal_code(line) == code), code)

    def _void(self, codes) -> None:
        """Those that are not used are good for nothing from now on."""
        codes = codes.sudo()  # the caller has checked the right
        self.env.cr.execute(
            SQL("SELECT FROM loy_code WHERE id = ANY(%s) ORDER BY id FOR UPDATE", sorted(codes.ids))
        )
        codes.invalidate_recordset(["state"])
        codes.filtered(lambda code: code.state in ("new", "issued")).state = "void"
        codes.flush_recordset(["state"])

    # ------------------------------------------------------------------ taken out

    def _export(self, pool, file_format: str, series=None) -> BinaryIO:
        """The codes that nobody has yet, as a temporary file at its beginning; the caller has checked the right."""
        if file_format not in number_files.FORMATS:
            raise LoyaltyError("bad_request", self.env._("choose csv or xlsx"))
        labels = (
            self.env._("Position"),
            self.env._("Promo code"),
            self.env._("Code without hyphens"),
            self.env._("Value"),
        )
        decimals = pool.currency_id.decimal_places
        rows = number_files.pages(self.env, self._fresh(pool, series, SQL("code, left_minor")))
        cells = (
            [
                str(position),
                self._shown(pool, code),
                code,
                str(from_minor(left_minor, decimals)) if pool.is_valued else "",
            ]
            for position, (code, left_minor) in enumerate(rows, start=1)
        )
        file, count = number_files.make(file_format, list(labels), cells)
        self._taken_out(pool, series, file_format, count)
        return file

    def _to_print(self, pool, limit: int):
        """So many of the codes that nobody has yet, for a sheet of paper."""
        ids = [code_id for (code_id,) in self.env.execute_query(
            SQL("%s LIMIT %s", self._fresh(pool, None, SQL("id")), limit)
        )]  # fmt: skip
        if not ids:
            raise LoyaltyError("code_pool_empty", self.env._("Pool %s has no code left. Extend it.", pool.code))
        self._taken_out(pool, None, "pdf", len(ids))
        return self.env["loy.code"].browse(ids)

    def _fresh(self, pool, series, columns: SQL) -> SQL:
        self.env["loy.code.series"].flush_model()
        of = SQL("series_id = %s", series.id) if series else SQL("pool_id = %s", pool.id)
        return SQL(
            """
            SELECT %s FROM loy_code
             WHERE %s AND state = 'new' AND (series_id IS NULL OR EXISTS (
                   SELECT FROM loy_code_series WHERE id = series_id AND state IN ('ready', 'exported')))
             ORDER BY id
            """,
            columns,
            of,
        )

    def _taken_out(self, pool, series, file_format: str, count: int) -> None:
        """What is out of the house is given to nobody by a purchase, and who took it is on record."""
        out = series or pool.series_ids.filtered(lambda one: one.state == "ready")
        [(last_id,)] = self.env.execute_query(
            SQL("SELECT COALESCE(MAX(id), 0) FROM loy_code WHERE pool_id = %s AND series_id IS NULL", pool.id)
        )
        # Only this service writes the log, and only services change a series.
        self.env["loy.code.export"].sudo().create(
            {
                "pool_id": pool.id,
                "series_id": series.id if series else False,
                "file_format": file_format,
                "count": count,
                "last_id": 0 if series else last_id,
                "user_id": self.env.uid,
                "at": fields.Datetime.now(),
            }
        )
        out.sudo().filtered(lambda one: one.state == "ready").state = "exported"  # see above


def normal_pattern(pattern: str) -> str:
    """The pattern as codes are compared.

    >>> normal_pattern("Spring-###")
    'SPRING###'
    """
    return pattern.upper().replace("-", "")
