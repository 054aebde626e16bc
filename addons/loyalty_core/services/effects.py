"""What promotions did, by their control groups: measured every night, and at once for whoever asks."""

import logging
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.tools import formatLang

from ..engine.effect import MEMBERS_MIN, Arm, effect_of
from ..sql import effects as sql
from . import clock
from .transaction import lock_name

#: Customers are who bought so many days before.
DAYS_BEFORE = 90
#: A promotion that gave nothing for so long is measured no more.
DAYS_QUIET = 7
LIVE_STATE = "active"
#: So many times as many members nobody has.
TIMES_MAX = 10**6

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Trial:
    """Days of a stretch in which a promotion had one control group. ``began`` is the first day of the stretch: who is
    a customer is decided by it, whatever days of the stretch are looked at."""

    code: str
    percent: Decimal
    began: date
    from_: date
    to: date


class LoyEffects(models.AbstractModel):
    """Law: the groups are drawn by lot before anybody buys, and whoever is in one stays in it, whether or not the
    promotion reached them. Nothing is compared but what both groups bought in the same days.
    """

    _name = "loy.effects"
    _description = "Effects of promotions"

    def _run(self) -> None:
        """Nightly: measure every promotion that is at work and has a control group, each in a transaction; stopped
        anywhere it goes on where it was."""
        cron = self.env["ir.cron"]
        due = self._unmeasured()
        for done, (promotion, company) in enumerate(due, start=1):
            # Of what nothing is kept the next run finds again: it must not keep the others waiting.
            if self._tried(promotion, company) and not cron._commit_progress(1, remaining=len(due) - done):
                return
        cron._commit_progress(remaining=0)

    def _tried(self, promotion, company):
        """As ``_keep``; what goes wrong with one stops no other, and is tried again the next night."""
        try:
            with self.env.cr.savepoint():
                return self._keep(promotion, company)
        except Exception:
            _logger.exception("The effect of promotion %s cannot be measured", promotion.id)
            return self.env["loy.promotion.effect"]

    def _keep_missing(self) -> int:
        """Those that have not been measured today; how many."""
        return sum(len(self._keep(*one)) for one in self._unmeasured())

    def _unmeasured(self) -> list[tuple]:
        """Those that are due and have not been measured today."""
        yesterday = fields.Datetime.now().date() - timedelta(days=1)  # somewhere it is still that day
        measured = {
            (one.promotion_id, one.company_id)
            for one in self.env["loy.promotion.effect"].search([("day", ">=", yesterday)])
            if one.day == self._today(one.company_id)
        }
        return [one for one in self._due() if one not in measured]

    def _due(self) -> list[tuple]:
        """(promotion, company) of those that gave something lately and have a control group."""
        rows = self.env.execute_query(sql.to_measure(fields.Datetime.now().date() - timedelta(days=DAYS_QUIET)))
        return [
            (self.env["loy.promotion"].browse(promotion_id), self.env["res.company"].browse(company_id))
            for promotion_id, company_id in rows
        ]

    def _keep(self, promotion, company):
        """What it did up to today: one row a day, the latest counts. Empty where there is no control group."""
        effects = self.env["loy.promotion.effect"]
        values = self._measure(promotion, company)
        if values is None:
            return effects
        lock_name(self.env, "effect", promotion.id, company.id)
        day = self._today(company)
        found = effects.search(
            [("promotion_id", "=", promotion.id), ("company_id", "=", company.id), ("day", "=", day)]
        )
        if found:
            found.write(values)
            return found
        return effects.create({"promotion_id": promotion.id, "company_id": company.id, "day": day, **values})

    def _measure(
        self,
        promotion,
        company,
        from_: date | None = None,
        to: date | None = None,
        population: str = "customers",
    ) -> dict | None:
        """What the control group shows of some days, as values of ``loy.promotion.effect``; None where there was none.
        """
        trial = self._trial(promotion, company, from_, to)
        if trial is None:
            return None
        self.env.flush_all()
        timezone = self.env["loy.programme"]._timezone(company)
        rows = self.env.execute_query(
            sql.arms(
                trial.code,
                trial.percent,
                population,
                company.id,
                trial.began - timedelta(days=DAYS_BEFORE),
                trial.began,
                trial.from_,
                trial.to,
                clock.to_utc(datetime.combine(trial.began, time.min), timezone),
                clock.to_utc(datetime.combine(trial.to + timedelta(days=1), time.min), timezone),
            )
        )
        groups = {is_control: numbers for is_control, *numbers in rows}
        nobody = (0, 0, 0.0, 0.0, 0.0, 0.0, 0.0)
        ((discount, worth),) = self.env.execute_query(sql.given(promotion.id, company.id, trial.from_, trial.to))
        return {
            "began_on": trial.began,
            "from_on": trial.from_,
            "to_on": trial.to,
            "population": population,
            "control_percent": float(trial.percent),
            "computed_at": fields.Datetime.now(),
            "promotion_discount": discount,
            "points_worth": worth,
            **self._figures(groups.get(False, nobody), groups.get(True, nobody), worth),
        }

    def _figures(self, main, control, worth: float) -> dict:
        arms, receipts = {}, {}
        values = {}
        for name, (members, buyers, visits, visits_squared, base, amount, amount_squared) in (
            ("main", main),
            ("control", control),
        ):
            arms[name], receipts[name] = Arm(members, amount, amount_squared), Arm(members, visits, visits_squared)
            values |= {
                f"{name}_count": members,
                f"{name}_buyers": buyers,
                f"{name}_receipts": visits / members if members else 0.0,
                f"{name}_amount": arms[name].mean,
                f"{name}_discount": (base - amount) / members if members else 0.0,
            }
        found = effect_of(arms["main"], arms["control"])
        visits = effect_of(receipts["main"], receipts["control"])
        extra = found.absolute.times(arms["main"].count)
        extra_discount = (values["main_discount"] - values["control_discount"]) * arms["main"].count
        relative = None if found.verdict == "few" else found.relative
        return {
            **values,
            "verdict": found.verdict,
            "is_relative": relative is not None,
            "uplift": 100 * relative.value if relative else 0.0,
            "uplift_low": 100 * relative.low if relative else 0.0,
            "uplift_high": 100 * relative.high if relative else 0.0,
            "difference": found.absolute.value,
            "difference_low": found.absolute.low,
            "difference_high": found.absolute.high,
            "receipts_uplift": 100 * visits.relative.value if visits.relative else 0.0,
            "receipts_verdict": visits.verdict,
            "extra_amount": extra.value,
            "extra_amount_low": extra.low,
            "extra_amount_high": extra.high,
            "extra_discount": extra_discount,
            "extra_base": extra.value + extra_discount,
            "profit": extra.value - worth,
            "profit_low": extra.low - worth,
            "profit_high": extra.high - worth,
            "times_needed": min(found.times_needed or 0, TIMES_MAX),
            "seen_from": 100 * (found.seen_from or 0.0),
        }

    # ------------------------------------------------------------------ which days

    def _trial(self, promotion, company, from_: date | None, to: date | None) -> Trial | None:
        """The last stretch of days up to ``to`` in which the promotion was live with one and the same control group;
        days on which the group changed, or on which it was off, are not in it."""
        timezone = self.env["loy.programme"]._timezone(company)
        today = self._today(company)
        to = min(to or today, today, promotion.ends_on or today)
        ends = clock.to_utc(datetime.combine(to + timedelta(days=1), time.min), timezone)
        pieces = self._pieces(promotion, min(ends, fields.Datetime.now()))
        live = [piece for piece in pieces if piece[4] == LIVE_STATE]
        if not live or not live[-1][3]:
            return None
        _start, last, code, percent, _state = live[-1]
        first = len(live) - 1
        while first and live[first - 1][1:4] == (live[first][0], code, percent):
            first -= 1
        began = clock.to_local(live[first][0], timezone).date()
        if first:  # it was at work before, with another group or none
            began += timedelta(days=1)
        began = max(began, promotion.starts_on or began)
        from_ = max(began, from_ or began)
        to = min(to, clock.to_local(last, timezone).date())
        return Trial(code, percent, began, from_, to) if from_ <= to else None

    def _pieces(self, promotion, until: datetime) -> list[tuple[datetime, datetime, str, Decimal, str]]:
        """What it said up to a moment: (from, to, code, control per cent, state)."""
        rows = [row for row in self.env.execute_query(sql.timeline(promotion.id)) if row[0] < until]
        ends = [row[0] for row in rows[1:]] + [until]
        return [(start, end, *said) for (start, *said), end in zip(rows, ends, strict=True)]

    def _today(self, company) -> date:
        return clock.to_local(fields.Datetime.now(), self.env["loy.programme"]._timezone(company)).date()

    # ------------------------------------------------------------------ in words

    def _told(self, effect) -> str:
        """What came of it, for people. ``effect`` is a record or its values by name."""
        by = formatLang(self.env, abs(effect["uplift"]), digits=1)
        if effect["verdict"] == "few":
            return self.env._(
                "Too few members to tell: %(main)s could get the promotion, %(control)s could not. Each group needs"
                " %(min)s at least, and some thousands to see a change of a few per cent.",
                main=effect["main_count"],
                control=effect["control_count"],
                min=MEMBERS_MIN,
            )
        if not effect["is_relative"]:
            return self.env._(
                "The control group bought too little to compare with: let the promotion run longer, or make the control"
                " group larger."
            )
        spread = self.env._(
            "%(low)s … %(high)s %%",
            low=self._signed(effect["uplift_low"]),
            high=self._signed(effect["uplift_high"]),
        )
        if effect["verdict"] == "up":
            return self.env._("Sales per member rose by %(by)s %% (%(spread)s).", by=by, spread=spread)
        if effect["verdict"] == "down":
            return self.env._("Sales per member fell by %(by)s %% (%(spread)s).", by=by, spread=spread)
        told = self.env._(
            "The change of %(by)s %% (%(spread)s) cannot be told apart from chance.",
            by=self._signed(effect["uplift"]),
            spread=spread,
        )
        times = effect["times_needed"]
        if not times or times > 1000:
            return told
        return " ".join(
            (
                told,
                self.env._(
                    "If it is real, %(times)s times as many members are needed to be sure of it. These groups show"
                    " changes from %(from)s %% on.",
                    times=max(times, 2),
                    **{"from": formatLang(self.env, effect["seen_from"], digits=1)},
                ),
            )
        )

    def _signed(self, value: float) -> str:
        sign = "+" if value > 0 else "−" if value < 0 else ""
        return sign + formatLang(self.env, abs(value), digits=1)
