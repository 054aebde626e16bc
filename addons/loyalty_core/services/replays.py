"""Replays: the receipts of a period judged twice, in the background, batch after batch."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import psycopg2
from odoo import fields, models

from ..engine import Basket, DocumentError, Programme, Result, evaluate, needed
from ..engine.schema import MICRO
from ..sql import replays as sql
from .errors import LoyaltyError
from .money import from_minor
from .programme import LIVE_STATE, CompiledProgramme
from .replay_sides import Past, Tally, Terms
from .sections import section_of
from .transaction import lock_name

_logger = logging.getLogger(__name__)

BATCH = 250
EXTREMES = 100
CRON = "loyalty_core.loy_replay_cron"
FACTS = ("day", "category", "promotion", "receipt", "member", "use")
MET = ("member", "use")
SIDES = ("a", "b")
#: What another transaction, or the server of the database, did to the work: it is done again, and may well succeed.
PASSING = (psycopg2.OperationalError, psycopg2.InterfaceError, psycopg2.errors.UniqueViolation)
OPEN = ("queued", "running")
#: What the worth of points is counted in: billionths of a thousandth of the currency, so that nothing is rounded.
WORTH_DECIMALS = 12
MEASURES = ("discount", "spent", "points")
#: Dates are lifted: what is tried holds in the whole period.
DATES = ("from", "to")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A sale of the period as it was kept."""

    id: int
    at: datetime
    day: date
    store_id: int | None
    member_id: int | None
    company_id: int
    number: str
    programme: int | None  # the number of that by which it was judged
    basket: Basket
    categories: Mapping[str, int]


@dataclass(slots=True)
class Side:
    """One way to judge receipts, and what it has used of limits."""

    terms: Terms
    tally: Tally


@dataclass(frozen=True, slots=True)
class Given:
    """What a result gives: by line and by promotion, of each measure; minor units of money, and the worth of points."""

    by_line: Mapping[str, Mapping[str, int]]
    by_promotion: Mapping[str, Mapping[str, int]]
    total: Mapping[str, int]

    @classmethod
    def of(cls, programme: Programme, result: Result) -> Given:
        by_line: dict[str, Counter] = defaultdict(Counter)
        by_promotion: dict[str, Counter] = defaultdict(Counter)
        total: Counter = Counter()

        def add(measure: str, code: str, parts: Iterable[tuple[str, int]], factor: int = 1) -> None:
            for line_id, part in parts:
                by_line[line_id][measure] += part * factor
                by_promotion[code][measure] += part * factor
                total[measure] += part * factor

        for line in result.lines:
            for code, discount_minor in line.promotions:
                add("discount", code, [(line.id, discount_minor)])
        for spent in result.spent:
            add("spent", spent.promotion, spent.by_line)
        for earned in result.earned:
            unit = programme.units[earned.unit]
            factor = unit.rate * 10**WORTH_DECIMALS // (MICRO * 10**unit.decimals)
            add("points", earned.promotion, earned.by_line, factor)
        return cls(by_line, by_promotion, total)


NOTHING: Mapping[str, int] = Counter()


def gets(result: Result) -> tuple:
    """What the customer gets, by whichever promotion: receipts on which it differs are touched."""
    earned: Counter = Counter()
    for one in result.earned:
        earned[one.unit, str(one.active_from), str(one.expires_at), str(one.usable_when)] += one.amount_minor
    return (
        [line.discount_minor for line in result.lines],
        Counter((one.unit, one.as_, one.points_minor, one.money_minor) for one in result.spent),
        earned,
        Counter(repr(replace(one, promotion="")) for one in result.issued),
    )


class Sums:
    """What a batch adds to the figures, by the keys of the rows."""

    def __init__(self):
        self.rows: dict[tuple, Counter] = defaultdict(Counter)

    def add(self, key: tuple, one: Mapping[str, int], other: Mapping[str, int], **counts: int) -> None:
        """Figures of the compared side and of the tried side, and what is counted beside them."""
        row = self.rows[key]
        for name in MEASURES:
            row[f"{name}_a"] += one[name]
            row[f"{name}_b"] += other[name]
        for name, count in counts.items():
            row[name] += count

    def columns(self, keys: tuple[str, ...], counts: tuple[str, ...], decimals: int) -> list[dict]:
        return [
            {**dict(zip(keys, key, strict=True)), **figures(row, decimals), **{name: row[name] for name in counts}}
            for key, row in self.rows.items()
        ]


def figures(row: Mapping[str, int], decimals: int) -> dict[str, Decimal]:
    """The columns of ``loy.replay.mixin``, and the shelf amount."""
    found = {}
    for name in MEASURES:
        scale = WORTH_DECIMALS if name == "points" else decimals
        one, other = from_minor(row[f"{name}_a"], scale), from_minor(row[f"{name}_b"], scale)
        found |= {f"{name}_a": one, f"{name}_b": other, f"{name}_change": other - one}
    found["cost"] = found["discount_change"] + found["points_change"]
    if "base" in row:
        found["base"] = from_minor(row["base"], decimals)
    return found


class Seen:
    """What the receipts of a batch come to, on both sides."""

    def __init__(self, decimals: int):
        self.decimals = decimals
        self.by_day, self.by_category, self.by_promotion, self.by_receipt = Sums(), Sums(), Sums(), Sums()
        self.promotions: dict[str, dict] = {}
        self.points: dict[str, list[int]] = {}
        self.members: set[int] = set()

    def add(self, receipt: Receipt, *judged: tuple[CompiledProgramme, Result]) -> None:
        (_one, result_a), (_other, result_b) = judged
        a, b = (Given.of(compiled.programme, result) for compiled, result in judged)
        is_touched = gets(result_a) != gets(result_b)
        base = result_a.totals.base_minor
        place = (receipt.day, receipt.store_id)
        self.by_day.add(place, a.total, b.total, base=base, receipt_count=1, touched_count=is_touched)
        for line in result_a.lines:
            one, other = a.by_line.get(line.id, NOTHING), b.by_line.get(line.id, NOTHING)
            key = (*place, receipt.categories.get(line.id))
            self.by_category.add(
                key, one, other, base=line.base_minor, line_count=1, touched_count=_differ(one, other)
            )
        self._add_promotions(judged, a, b)
        self._add_points(judged)
        if _differ(a.total, b.total):
            self.by_receipt.add((receipt.id, receipt.number, receipt.store_id, receipt.at), a.total, b.total, base=base)
        if is_touched and receipt.member_id:
            self.members.add(receipt.member_id)

    def _add_promotions(self, judged, a: Given, b: Given) -> None:
        used = [{use.promotion for use in result.uses} for _compiled, result in judged]
        for code in sorted(a.by_promotion.keys() | b.by_promotion.keys() | used[0] | used[1]):
            one, other = a.by_promotion.get(code, NOTHING), b.by_promotion.get(code, NOTHING)
            uses = {"uses_a": code in used[0], "uses_b": code in used[1]}
            change = uses["uses_b"] - uses["uses_a"]
            self.by_promotion.add((code,), one, other, **uses, uses_change=change)
            for compiled, _result in judged:
                if code not in self.promotions and code in {*compiled.promotions, *compiled.rewards}:
                    name = compiled.programme.promotion(code).name or code
                    self.promotions[code] = {"name": name, "promotion_id": compiled.promotions.get(code)}

    def _add_points(self, judged) -> None:
        for sign, (compiled, result) in zip((-1, 1), judged, strict=True):
            for earned in result.earned:
                known = self.points.setdefault(earned.unit, [0, compiled.units[earned.unit].decimals])
                known[0] += sign * earned.amount_minor


def _differ(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return any(one[name] != other[name] for name in MEASURES)


class LoyReplays(models.AbstractModel):
    """Law: a replay finds of each receipt of its period the difference between what two programmes give, each receipt
    once, whenever the work was stopped or killed. With the sides changed it finds the same with the other sign; what
    drafts may give at most they give at most. Nothing but the replay itself is written.
    """

    _name = "loy.replays"
    _description = "Replay service"

    # ------------------------------------------------------------------ begin, stop

    def _start(self, replay) -> None:
        """What is asked is settled now; the scheduler begins, or goes on where it was stopped. Codes: bad_promotion,
        no_receipts, store_forbidden."""
        replay = self._lock(replay)
        if replay.state in OPEN:
            return
        if replay.state not in ("stopped", "failed") or not replay.terms:
            self._settle(replay)
        replay.write({"state": "queued", "problem": False, "finished_at": False})
        self._wake()

    def _settle(self, replay) -> None:
        asked = [replay.draft_a_ids, replay.without_a_ids, replay.draft_b_ids, replay.without_b_ids]
        for promotions in asked:
            promotions.with_user(self.env.user).check_access("read")
        self._check_stores(replay)
        self.env.flush_all()
        for name in FACTS:
            self.env.cr.execute(sql.forget(f"loy_replay_{name}", replay.id))
        self.env.invalidate_all()
        ((until_id,),) = self.env.execute_query(sql.newest())
        now = fields.Datetime.now()
        replay.terms = {
            "number": self.env["loy.programme"]._head(),
            "at": now.isoformat(),
            "until_id": until_id,
            "a": self._asked(replay.draft_a_ids, replay.without_a_ids),
            "b": self._asked(replay.draft_b_ids, replay.without_b_ids),
        }
        if not self.env.execute_query(sql.any_of(self._period(replay))):
            raise LoyaltyError(
                "no_receipts", self.env._("There are no receipts in this period and these stores. Choose others.")
            )
        notes = self._check_sides(replay, now)
        replay.write(
            {
                "mark": False, "counts": False, "started_at": False, "total_count": 0, "seen_count": 0,
                "receipt_count": 0, "unread_count": 0, "touched_count": 0, "member_count": 0, "amount_a": 0,
                "discount_change": 0, "points_change": 0, "spent_change": 0, "cost": 0, "points": {}, "notes": notes,
            }
        )  # fmt: skip

    def _check_stores(self, replay) -> None:
        """Whoever is bound to stores asks of these: the sums are of all stores that were asked for."""
        bound = self.env["res.users"]._loy_bound_store_ids()
        if bound and not (replay.store_ids and set(replay.store_ids.ids) <= bound):
            raise LoyaltyError(
                "store_forbidden", self.env._("Choose stores of yours: the replay tells of no other ones to you.")
            )

    def _asked(self, drafts, without) -> dict:
        section = section_of("loy.promotion")
        documents = []
        for draft in drafts:
            document = {key: value for key, value in section.document_of(draft).items() if key not in DATES}
            documents.append([(draft.version_of_id or draft).id, {**document, "state": LIVE_STATE}])
        if beside := drafts.filtered(lambda one: one.on_event != "purchase"):
            raise LoyaltyError(
                "bad_promotion",
                self.env._("%s is set off by an event, and receipts tell of purchases only.", beside[0].display_name),
            )
        return {"drafts": documents, "without": without.ids}

    def _check_sides(self, replay, now: datetime) -> list[str]:
        """What is tried can take part in the programme of today; what of it the receipts do not tell."""
        notes: dict[str, None] = {}
        for side in self._sides(replay, ()).values():
            compiled = self._programme(replay.company_id, side, now)
            for code in side.terms.codes:
                promotion = compiled.programme.promotion(code)
                needs = compiled.programme.needs[code]
                parts = {getattr(need, "part", "") for need in needs}
                notes.update(dict.fromkeys(f"part_{part}" for part in sorted(parts & {*self._known_as_today()})))
                if promotion.when.takes_codes:
                    notes["codes"] = None
                if promotion.limits.share is not None:
                    notes["shared"] = None
                if any(one.acts_in.name == "SPEND" for one in promotion.rewards):
                    notes["spend"] = None
        return list(notes)

    def _stop(self, replay) -> None:
        """After the batch in hand. What was found so far stays, and the work can go on."""
        replay = self._lock(replay)
        if replay.state in OPEN:
            replay.write({"state": "stopped", "finished_at": fields.Datetime.now()})

    def _lock(self, replay):
        """The replay, whoever works on it; whoever may run it need not read what the worker keeps."""
        lock_name(self.env, "replay", replay.id)
        replay = replay.sudo()
        replay.invalidate_recordset()
        return replay

    def _wake(self) -> None:
        # sudo: the scheduler's own record is nobody's to read
        self.env.ref(CRON).sudo()._trigger()

    # ------------------------------------------------------------------ the work

    def _continue(self, replay, limit: int | None = None) -> int:
        """The next receipts, and how many; 0 when the replay is not open. A problem ends it, and is told in it."""
        replay = self._lock(replay)
        if replay.state not in OPEN:
            return 0
        # What is told is read by whoever asked, not by the scheduler.
        asker = self.with_context(lang=replay.create_uid.lang)
        try:
            with self.env.cr.savepoint():
                return asker._work(replay.with_env(asker.env).with_company(replay.company_id), limit or BATCH)
        except PASSING:
            raise
        except LoyaltyError as error:
            problem = str(error)
        except Exception:
            _logger.exception("Replay %s has failed", replay.id)
            problem = asker.env._("Something went wrong that should not; the log of the server tells what.")
        replay.write({"state": "failed", "problem": problem, "finished_at": fields.Datetime.now()})
        return 1

    def _work(self, replay, limit: int) -> int:
        if not replay.started_at:
            ((replay.total_count,),) = self.env.execute_query(sql.count(self._period(replay)))
        rows = self.env.execute_query(sql.following(self._period(replay), replay.mark, limit))
        receipts, unread = self._read(replay, rows)
        members = {int(one.basket.member.id) for one in receipts if one.basket.member}
        sides = self._sides(replay, members)
        seen = self._judge(replay, receipts, sides)
        self._note(replay, sides, seen)
        now, is_last = fields.Datetime.now(), len(rows) < limit
        replay.write(
            {
                "state": "done" if is_last else "running",
                "started_at": replay.started_at or now,
                "finished_at": now if is_last else False,
                "mark": [rows[-1][1].isoformat(), rows[-1][0]] if rows else replay.mark,
                "counts": {name: _kept(side.tally.counts) for name, side in sides.items()},
                "seen_count": replay.seen_count + len(rows),
                "unread_count": replay.unread_count + unread,
            }
        )
        if is_last:
            # Who was met is of no more use than to count.
            for name in MET:
                self.env.cr.execute(sql.forget(f"loy_replay_{name}", replay.id))
        return max(1, len(rows))

    def _period(self, replay) -> sql.Period:
        return sql.Period(
            replay.company_id.id,
            tuple(replay.store_ids.ids),
            replay.date_from,
            replay.date_to,
            replay.terms["until_id"],
        )

    def _sides(self, replay, members: Iterable[int]) -> dict[str, Side]:
        sides = {}
        for name in SIDES:
            asked = replay.terms[name]
            terms = Terms(
                name=(replay.id, replay.terms["at"], name),
                number=replay.terms["number"],
                at=datetime.fromisoformat(replay.terms["at"]),
                drafts=tuple((record_id, document) for record_id, document in asked["drafts"]),
                without=frozenset(asked["without"]),
            )
            tally = Tally(terms.codes, _counted((replay.counts or {}).get(name, ())))
            if terms.drafts and members:
                tally.know(self.env.execute_query(sql.used(replay.id, name, members)))
            sides[name] = Side(terms, tally)
        return sides

    def _programme(self, company, side: Side, at: datetime) -> CompiledProgramme:
        compiled = self.env["loy.replay.programme"]._of(company, at, side.terms)
        left_out = side.terms.codes - {one.code for one in compiled.programme.promotions}
        if left_out:
            raise LoyaltyError(
                "bad_promotion",
                self.env._(
                    "%(codes)s cannot take part on %(day)s: the promotion names what the programme does not have. "
                    "Correct it, and duplicate the replay.",
                    codes=", ".join(sorted(left_out)),
                    day=fields.Date.to_string(at),
                ),
            )
        return compiled

    def _read(self, replay, rows: list[tuple]) -> tuple[list[Receipt], int]:
        """The receipts whose baskets can be read, and how many cannot."""
        receipts = []
        for receipt_id, at, day, store_id, member_id, number, programme, document, categories in rows:
            if not document:
                continue
            try:
                basket = Basket.from_document(document)
            except DocumentError:
                continue
            if any(line.given is not None for line in basket.lines):
                # Sold offline: judged as if the till had been online.
                basket = replace(basket, lines=tuple(replace(line, given=None) for line in basket.lines))
            receipts.append(
                Receipt(
                    id=receipt_id,
                    at=at,
                    day=day,
                    store_id=store_id,
                    member_id=member_id,
                    company_id=replay.company_id.id,
                    number=number,
                    programme=programme,
                    basket=basket,
                    categories=categories or {},
                )
            )
        return receipts, len(rows) - len(receipts)

    def _judge(self, replay, receipts: list[Receipt], sides: Mapping[str, Side]) -> Seen:
        company = replay.company_id
        seen = Seen(company.currency_id.decimal_places)
        # sudo: what the programme must know of members is nobody's look at them.
        members = self.env["res.partner"].sudo().browse({one.member_id for one in receipts if one.member_id})
        by_id = {member.id: member for member in members}
        past = Past(members.ids)
        for receipt in receipts:
            asked = self._asked_then(company, receipt)
            member = by_id.get(receipt.member_id, members.browse())
            results = [self._judged(company, receipt, side, asked, member, past) for side in sides.values()]
            seen.add(receipt, *results)
        return seen

    def _judged(
        self, company, receipt: Receipt, side: Side, asked: frozenset[str], member, past: Past
    ) -> tuple[CompiledProgramme, Result]:
        compiled, basket = self._programme(company, side, receipt.at), receipt.basket
        if basket.member:
            basket = self.env["loy.replay.facts"]._with_more(
                basket, asked, compiled, member, receipt, side.tally, past
            )
        basket = side.tally.with_used(basket, compiled)
        result = evaluate(compiled.programme, basket)
        side.tally.draw(result, compiled, basket)
        return compiled, result

    def _asked_then(self, company, receipt: Receipt) -> frozenset[str]:
        """What was asked of the member when the receipt was made: what of that it does not tell was nothing."""
        if receipt.basket.member is None or receipt.programme is None:
            return frozenset()
        then = self.env["loy.programme"]._at(company, receipt.at, receipt.programme)
        return frozenset(needed(then.programme, receipt.basket).by_key)

    # ------------------------------------------------------------------ what was found

    def _note(self, replay, sides: Mapping[str, Side], seen: Seen) -> None:
        always = {"replay_id": replay.id, "company_id": replay.company_id.id}

        def add(name: str, keys: tuple[str, ...], rows: list[dict]) -> None:
            self._add(f"loy.replay.{name}", ("replay_id", *keys), [{**always, **row} for row in rows])

        place, money = ("day", "store_id"), seen.decimals
        add("day", place, seen.by_day.columns(place, ("receipt_count", "touched_count"), money))
        by_category = (*place, "categ_id")
        add(
            "category", by_category, seen.by_category.columns(by_category, ("line_count", "touched_count"), money)
        )
        promotions = seen.by_promotion.columns(("code",), ("uses_a", "uses_b", "uses_change"), money)
        add("promotion", ("code",), [{**row, **seen.promotions[row["code"]]} for row in promotions])
        of_receipt = ("purchase_id", "number", "store_id", "purchased_at")
        if receipts := seen.by_receipt.columns(of_receipt, (), money):
            add("receipt", ("purchase_id",), receipts)
            self.env.cr.execute(sql.keep_extremes(replay.id, EXTREMES))
        for side, kept in sides.items():
            self._add(
                "loy.replay.use",
                ("replay_id", "member_id", "side", "meter", "day"),
                [
                    {"replay_id": replay.id, "side": side, **key._asdict(), "uses": uses, "base": base}
                    for key, (uses, base) in sorted(kept.tally.new.items())
                ],
            )
        met = self.env.execute_query(sql.meet(replay.id, sorted(seen.members)))
        (total,) = self.env.execute_query_dict(sql.totals(replay.id))
        points = {unit: list(known) for unit, known in (replay.points or {}).items()}
        for unit, (change, decimals) in seen.points.items():
            points[unit] = [points.get(unit, [0])[0] + change, decimals]
        replay.write({**total, "member_count": replay.member_count + len(met), "points": points})

    def _add(self, model: str, keys: tuple[str, ...], rows: list[dict]) -> None:
        if rows:
            self.env.cr.execute(sql.add(self.env[model], keys, rows))
            self.env[model].invalidate_model(flush=False)

    # ------------------------------------------------------------------ for people

    def _known_as_today(self) -> dict[str, str]:
        """Parts of the profile of which only today's state is known, in words."""
        return {
            "tags": self.env._("tags of contacts"),
            "brands": self.env._("favourite brands"),
            "attributes": self.env._("attributes of members"),
            "favourites": self.env._("what members buy most"),
            "segments": self.env._("segments of members"),
        }

    def _say_points(self, replay) -> str:
        number = self.env["loy.refusal.words"]._number
        told = [
            f"{'+' if change > 0 else ''}{number(float(from_minor(change, decimals)))} {unit}"
            for unit, (change, decimals) in sorted((replay.points or {}).items())
            if change
        ]
        return ", ".join(told) or self.env._("none")

    def _say_notes(self, replay) -> str:
        """What the receipts do not tell, a sentence each."""
        kept = replay.notes or []
        today = self._known_as_today()
        parts = [today[note.removeprefix("part_")] for note in kept if note.removeprefix("part_") in today]
        sentences = [
            parts
            and self.env._(
                "What is tried asks for %s: where the receipts do not tell it, it is taken as it is today.",
                ", ".join(parts),
            ),
            "codes" in kept
            and self.env._("What is tried takes promo codes: only those count that customers presented then."),
            "shared" in kept
            and self.env._(
                "What is tried shares limits with other promotions: what those had used is known only of receipts on "
                "which one of them could apply."
            ),
            "spend" in kept
            and self.env._("What is tried lets customers pay with points: only those pay who asked to pay then."),
            replay.unread_count
            and self.env._("Receipts whose baskets are not kept are left out: %s.", replay.unread_count),
        ]
        return "\n".join(filter(None, sentences))


def _kept(counts: Counter) -> list[list]:
    """Counts as JSON."""
    return [[*key, amount] for key, amount in sorted(counts.items())]


def _counted(kept: Iterable[list]) -> Counter:
    return Counter({tuple(key): amount for *key, amount in kept})
