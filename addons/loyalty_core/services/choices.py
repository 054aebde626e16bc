"""Members' choices: what they choose of a list for a time, and how often they may change it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from odoo import models
from odoo.tools import SQL

from ..engine.facts import Period
from ..sql.insert import insert_rows
from . import clock
from .errors import LoyaltyError
from .sections import ChoiceDocument

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """From which day to which a choice holds, both included; since when its changes are counted, and how many there
    were with this one."""

    starts_on: date
    ends_on: date | None
    period_on: date
    changes: int = 0


class LoyChoices(models.AbstractModel):
    """Law: of what a member chose that holds on a day, the last counts; a choice that holds is changed no more often
    than the programme says, and a change does not lengthen its term."""

    _name = "loy.choices"
    _description = "Members' choices service"

    def _choose(self, member, code: str, options: Collection[str], at: datetime) -> dict:
        """Codes: choice_not_found, option_not_found, choice_count, choice_closed, choice_locked, member_out_of_reach.
        """
        self.env["loy.reach"]._check(member)
        compiled = self.env["loy.programme"]._at(self.env.company, at)
        if code not in compiled.choices:
            raise LoyaltyError("choice_not_found", self.env._("There is no choice %s. Check the code.", code))
        choice_id, document = compiled.choices[code]
        options = list(dict.fromkeys(options))
        day = clock.to_local(at, compiled.settings.timezone or "UTC").date()
        self._check_options(document, options)
        self._check_open(document, day)
        self.env["loy.members"]._lock(member)
        last = self._last(member.id, choice_id, _start(document, day))
        term = _term(document, day, last)
        if last is None or set(last[0]) != set(options):
            if term.changes > document.changes_max:
                raise self._locked(document, term)
            self._insert(member, choice_id, options, at, term)
        else:
            term = last[1]
        return {"member": str(member.id), **self._told(document, options, term)}

    def _check_options(self, document: ChoiceDocument, options: Collection[str]) -> None:
        known = [option.code for option in document.options]
        for code in options:
            if code not in known:
                raise LoyaltyError(
                    "option_not_found",
                    self.env._(
                        "%(choice)s has no option %(option)s; it has %(known)s.",
                        choice=document.code,
                        option=code,
                        known=", ".join(known),
                    ),
                )
        if len(options) > document.pick:
            raise LoyaltyError(
                "choice_count",
                self.env._("Choose at most %(count)s of %(choice)s.", count=document.pick, choice=document.code),
            )

    def _check_open(self, document: ChoiceDocument, day: date) -> None:
        last = document.closes or 31
        if not document.opens <= day.day <= last:
            raise LoyaltyError(
                "choice_closed",
                self.env._(
                    "%(choice)s is chosen from day %(first)s to day %(last)s of a month.",
                    choice=document.code,
                    first=document.opens or 1,
                    last=last,
                ),
            )

    def _locked(self, document: ChoiceDocument, term: Term) -> LoyaltyError:
        if term.ends_on is None or document.renews:
            return LoyaltyError(
                "choice_locked", self.env._("%s was chosen already and cannot be changed now.", document.code)
            )
        return LoyaltyError(
            "choice_locked",
            self.env._(
                "%(choice)s was chosen already; it can be chosen anew after %(day)s.",
                choice=document.code,
                day=term.ends_on.isoformat(),
            ),
        )

    # ------------------------------------------------------------------ what holds

    def _holding(self, member_id: int, company_id: int, day: date) -> list[tuple]:
        """Rows (choice, options, from, to, period, changes) of what holds on a day."""
        self.env["loy.member.choice"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (chosen.choice_id)
                       choice.code, chosen.options, chosen.starts_on, chosen.ends_on, chosen.period_on, chosen.changes
                  FROM loy_member_choice AS chosen JOIN loy_choice AS choice ON choice.id = chosen.choice_id
                 WHERE chosen.member_id = %(member)s AND chosen.company_id = %(company)s
                       AND chosen.starts_on <= %(day)s AND (chosen.ends_on IS NULL OR chosen.ends_on >= %(day)s)
                 ORDER BY chosen.choice_id, chosen.chosen_at DESC, chosen.id DESC
                """,
                member=member_id,
                company=company_id,
                day=day,
            )
        )

    def _last(self, member_id: int, choice_id: int, day: date) -> tuple[list[str], Term] | None:
        """What holds of a choice on a day, if anything does."""
        code = self.env["loy.choice"].browse(choice_id).code
        for one, options, *term in self._holding(member_id, self.env.company.id, day):
            if one == code:
                return options, Term(*term)
        return None

    def _of(self, member, at: datetime) -> list[dict]:
        """What the member may choose of, and what it has chosen."""
        compiled = self.env["loy.programme"]._at(self.env.company, at)
        if not compiled.choices:
            return []
        day = clock.to_local(at, compiled.settings.timezone or "UTC").date()
        holding = {code: (options, Term(*term)) for code, options, *term in self._holding(
            member.id, self.env.company.id, day
        )}  # fmt: skip
        answers = []
        for code, (_record_id, document) in compiled.choices.items():
            told = {"choice": code, "name": document.name or code, "pick": document.pick}
            told["offered"] = [{"code": one.code, "name": one.name or one.code} for one in document.options]
            if code in holding:
                told |= self._told(document, *holding[code])
            answers.append(told)
        return answers

    @staticmethod
    def _told(document: ChoiceDocument, options: Collection[str], term: Term) -> dict:
        return {
            "choice": document.code,
            "options": list(options),
            "from": term.starts_on.isoformat(),
            "to": term.ends_on and term.ends_on.isoformat(),
            "changes_left": max(0, document.changes_max - term.changes),
        }

    def _insert(self, member, choice_id: int, options: list[str], at: datetime, term: Term) -> None:
        insert_rows(
            self.env["loy.member.choice"],
            [
                {
                    "member_id": member.id,
                    "choice_id": choice_id,
                    "company_id": self.env.company.id,
                    "options": options,
                    "chosen_at": at,
                    "starts_on": term.starts_on,
                    "ends_on": term.ends_on,
                    "period_on": term.period_on,
                    "changes": term.changes,
                }
            ],
        )
        self.env["loy.events"]._emit(
            "member.chose",
            at=at,
            member_id=member.id,
            company_id=self.env.company.id,
            data={"choice": self.env["loy.choice"].browse(choice_id).code, "options": options},
        )


def _start(document: ChoiceDocument, day: date) -> date:
    """The first day of what is chosen on a day."""
    return _window(document, day)[1] if document.starts == "next_period" else day


def _window(document: ChoiceDocument, day: date) -> tuple[date, date]:
    """The calendar period of a day: its first day, and the first day after it."""
    return Period(calendar=document.calendar).window(day)


def _term(document: ChoiceDocument, day: date, last: tuple[list[str], Term] | None) -> Term:
    """The term of what is chosen on a day, instead of what holds when it begins."""
    starts_on, before = _start(document, day), last and last[1]
    if document.calendar:
        period_on, end = _window(document, starts_on)
        ends_on = None if document.renews else end - DAY
    else:
        period_on = before.period_on if before else starts_on
        ends_on = period_on + document.days * DAY - DAY if document.days else None
    if before is None:
        return Term(starts_on, ends_on, period_on)
    return Term(starts_on, ends_on, period_on, (before.changes if before.period_on == period_on else 0) + 1)
