"""Ready reports: what is asked is read, the one query of the report is made, ratios and totals are worked out."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, format_date, format_datetime
from psycopg2.errors import QueryCanceled

from ..reports.ask import STEPS, Ask
from ..reports.periods import PERIODS, before, year_before
from ..reports.registry import REPORTS, TOPICS, Report
from . import clock
from .errors import LoyaltyError

#: What of a long report is shown on the screen; a file has all of it.
SCREEN_ROWS = 1_000
FILE_ROWS = 200_000
TIMEOUT = "60s"
LONGEST = timedelta(days=3_700)
COMPARISONS = {"before": before, "year": year_before}
#: Parameters that are lists of records, and the models they are of.
RECORDS = {
    "stores": "loy.store",
    "networks": "loy.network",
    "partners": "loy.partner",
    "promotions": "loy.promotion",
}
PLACES = ("stores", "networks", "partners")
#: The colour of figures that are better or worse than before, where they are read outside of the screen.
TONES = {"better": "#1E7B34", "worse": "#B02A37"}
BOUNDS = {"limit": (1, 5_000), "days": (1, 3_650)}
DEFAULTS = {"period": "last_30_days", "compare": "", "step": "day", "limit": 100, "days": 90}


class LoyReports(models.AbstractModel):
    """Law: whoever looks sees figures of nothing but rows that he may read, in one currency."""

    _name = "loy.reports"
    _description = "Ready reports"

    # ------------------------------------------------------------------ the calls

    @api.model
    @api.readonly
    def catalogue(self) -> dict:
        """What the user can choose from: topics with their reports, own and shared ones, periods."""
        self.env["loy.rights"]._check("report.run")
        reports = [report for report in REPORTS if self._is_open(report)]
        topics = [(topic, self.env._(name)) for topic, name in TOPICS.items()]
        return {
            "topics": [
                {
                    "topic": topic,
                    "name": name,
                    "reports": [self._card(report) for report in reports if report.topic == topic],
                }
                for topic, name in topics
                if any(report.topic == topic for report in reports)
            ],
            "saved": self._saved([report.code for report in reports]),
            "periods": [[code, self.env._(words)] for code, (words, _period) in PERIODS.items()],
            "units": [[unit.id, unit.display_name] for unit in self._units()],
            "can_schedule": self.env["loy.rights"]._has("report.schedule"),
        }

    @api.model
    @api.readonly
    def run(self, code: str, params: dict | None = None) -> dict:
        """The report as the screen shows it. Refusals: ``report_not_found``, ``bad_period``, ``bad_parameter``,
        ``report_unit_missing``, ``report_too_long``, ``right_missing``.
        """
        told = self._tell(code, params or {}, FILE_ROWS)
        rows = told.pop("rows")
        if previous := told["previous"]:
            previous["rows"] = previous["rows"][:SCREEN_ROWS]
        return {**told, "rows": rows[:SCREEN_ROWS], "row_count": len(rows)}

    @api.model
    @api.readonly
    def behind(self, code: str, params: dict, row: dict) -> dict | None:
        """The action that shows the records behind a row; None: there are none to show."""
        report = self._report(code)
        if not report.behind:
            return None
        found = report.behind(self._ask(report, self._chosen(report, params)), row)
        if not found:
            return None
        model, domain = found
        views = [[False, "list"], [False, "form"]]
        return {
            "type": "ir.actions.act_window",
            "name": self.env._(report.name),
            "res_model": model,
            "views": views,
            "view_mode": "list,form",
            "domain": list(domain),
            "target": "current",
        }

    # ------------------------------------------------------------------ how

    def _tell(self, code: str, params: dict, limit: int, today: date | None = None) -> dict:
        """The report with all its rows, so many at most: rows, totals, and the same of what it is compared with; as of
        today or of another day."""
        report = self._report(code)
        read = self._chosen(report, params)
        ask = self._ask(report, read, today)
        rows = self._rows(report, ask, limit)
        totals = self._finish(report, rows)
        previous = None
        if read["compare"]:
            from_, to = COMPARISONS[read["compare"]]((ask.from_, ask.to))
            earlier = self._rows(report, dataclasses.replace(ask, from_=from_, to=to), limit)
            previous = {"from": from_, "to": to, "totals": self._finish(report, earlier)}
            previous["rows"] = self._matched(report, rows, earlier)
        currency = self.env.company.currency_id
        return {
            "code": code,
            "name": self.env._(report.name),
            "about": self.env._(report.about),
            "columns": [
                {
                    "key": one.key,
                    "label": self.env._(one.label),
                    "type": one.type,
                    "is_figure": one.is_figure,
                    "more": one.more,
                }
                for one in report.columns
            ],
            "chart": dataclasses.asdict(report.chart) if report.chart else None,
            "keys": list(report.keys),
            "has_behind": report.behind is not None,
            "params": read,
            "from": ask.from_ if report.is_compared else None,
            "to": ask.to if report.is_compared else None,
            "rows": rows,
            "totals": totals,
            "previous": previous,
            "currency": {"id": currency.id, "name": currency.name},
            "digits": {"money": currency.decimal_places, "points": ask.unit.decimals if ask.unit else 0},
            "chosen": self._in_words(report, ask, read),
            "notes": self._notes(report, ask, rows, limit),
        }

    def _report(self, code: str) -> Report:
        """The report, for whoever may see it."""
        self.env["loy.rights"]._check("report.run")
        report = REPORTS.get(code)
        if not report or not self._is_open(report):
            raise LoyaltyError(
                "report_not_found",
                self.env._("There is no report “%s” for you. Choose one of the list.", code),
            )
        return report

    def _is_open(self, report: Report) -> bool:
        """Whether the user may read what it is made of, and it can be told of the places the user is bound to."""
        if report.source not in self.env or not self.env[report.source].has_access("read"):
            return False
        if report.right and not self.env["loy.rights"]._has(report.right):
            return False
        return report.is_by_store or not self.env["res.users"]._loy_bound_store_ids()

    def _card(self, report: Report) -> dict:
        return {
            "code": report.code,
            "name": self.env._(report.name),
            "about": self.env._(report.about),
            "takes": list(report.takes),
            "defaults": self._defaults(report),
        }

    def _defaults(self, report: Report) -> dict:
        return {**DEFAULTS, **report.defaults}

    def _saved(self, codes: list[str]) -> list[dict]:
        """Own reports and those that others share, of what the user may see."""
        if not self.env["loy.report"].has_access("read"):
            return []
        return [
            {
                "id": one.id,
                "name": one.name,
                "report": one.code,
                "params": one.params or {},
                "is_own": one.user_id == self.env.user,
            }
            for one in self.env["loy.report"].search([("code", "in", codes)], order="name, id")
        ]

    def _units(self):
        units = self.env["loy.unit"]
        if not units.has_access("read"):
            return units
        return units.search([("company_id", "in", [*self.env.companies.ids, False])])

    def _rows(self, report: Report, ask: Ask, limit: int) -> list[dict]:
        """What the query gives. It changes nothing and does not take for ever."""
        self.env.flush_all()
        query = SQL("SELECT * FROM (%s) AS told LIMIT %s", report.query(ask), limit)
        cr = self.env.cr
        try:
            with cr.savepoint(flush=False) as savepoint:
                cr.execute(SQL("SET LOCAL transaction_read_only = on"))
                cr.execute(SQL("SET LOCAL statement_timeout = %s", TIMEOUT))
                cr.execute(query, log_exceptions=False)
                rows = cr.dictfetchall()
                savepoint.rollback()
        except QueryCanceled:
            raise LoyaltyError(
                "report_too_long",
                self.env._("The report takes too long. Choose a shorter period or fewer stores."),
            ) from None
        return rows

    def _finish(self, report: Report, rows: list[dict]) -> dict:
        """Totals; and what is worked out of other columns, in rows and totals alike."""
        for one in report.columns:
            if one.type == "int" and not one.of:
                for row in rows:
                    row[one.key] = None if row[one.key] is None else int(row[one.key])
        # Sums of money come as floats: what is behind the sixth digit is noise.
        totals = {one.key: round(sum(row[one.key] or 0 for row in rows), 6) for one in report.columns if one.is_summed}
        for one in report.columns:
            if not one.of:
                continue
            scale = 100.0 if one.type == "percent" else 1.0
            above, *below = one.of
            for row in rows:
                row[one.key] = _divided(row[above], row[below[0]] if below else totals.get(above), scale)
            if not below:
                totals[one.key] = _divided(totals.get(above), totals.get(above), scale)
            elif above in totals and below[0] in totals:
                totals[one.key] = _divided(totals[above], totals[below[0]], scale)
        return totals

    def _matched(self, report: Report, rows: list[dict], earlier: list[dict]) -> list[dict | None]:
        """For each row what it was before; None: there was nothing to compare with."""
        if not report.keys:
            return [earlier[place] if place < len(earlier) else None for place in range(len(rows))]
        known = {tuple(row[key] for key in report.keys): row for row in earlier}
        return [known.get(tuple(row[key] for key in report.keys)) for row in rows]

    # ------------------------------------------------------------------ what is asked

    def _chosen(self, report: Report, params: dict) -> dict:
        """The parameters, checked and complete; what the report does not take is refused."""
        allowed = {"compare", "from", "to"} if report.is_compared else set()
        for name in report.takes:
            allowed |= set(PLACES) if name == "places" else {name}
        values = {**self._defaults(report), **{name: value for name, value in params.items() if value is not None}}
        for name in params.keys() - allowed:
            raise self._bad(name, self.env._("the report does not take it"))
        read = {"compare": "", **{name: values[name] for name in allowed if name in values}}
        for name, model in RECORDS.items():
            if name in read:
                read[name] = self._readable(name, model, read[name])
        for name, (least, most) in BOUNDS.items():
            if name in read and not (type(read[name]) is int and least <= read[name] <= most):
                raise self._bad(name, self.env._("a number from %(least)s to %(most)s", least=least, most=most))
        if "step" in read and read["step"] not in STEPS:
            raise self._bad("step", ", ".join(STEPS))
        if read["compare"] and read["compare"] not in COMPARISONS:
            raise self._bad("compare", ", ".join(COMPARISONS))
        if "channel" in read and not isinstance(read["channel"], str):
            raise self._bad("channel", self.env._("a text"))
        if report.is_compared:
            self._period(read)
        return read

    def _bad(self, name: str, wanted: str) -> LoyaltyError:
        return LoyaltyError(
            "bad_parameter", self.env._("“%(name)s” of the report: %(wanted)s", name=name, wanted=wanted)
        )

    def _readable(self, name: str, model: str, value) -> list[int]:
        """Ids of records that the user may read."""
        if not isinstance(value, list) or not all(type(one) is int for one in value):
            raise self._bad(name, self.env._("a list of ids"))
        records = self.env[model].browse(value).exists()
        if value:
            records.check_access("read")
        return records.ids

    def _period(self, read: dict, today: date | None = None) -> tuple[date, date]:
        """Both days of the period that was asked for, as of a day."""
        if read["period"] != "custom":
            if read["period"] not in PERIODS:
                raise self._bad_period(self.env._("“%s” is no period", read["period"]))
            _words, period = PERIODS[read["period"]]
            return period(today or self._today())
        try:
            from_, to = (fields.Date.to_date(read.get(name)) for name in ("from", "to"))
        except (ValueError, TypeError):
            from_ = to = None
        if not from_ or not to:
            raise self._bad_period(self.env._("name its first and last day, each as 2026-01-31"))
        if to < from_:
            raise self._bad_period(self.env._("it ends before it begins"))
        if to - from_ > LONGEST:
            raise self._bad_period(self.env._("it is longer than ten years"))
        return from_, to

    def _bad_period(self, why: str) -> LoyaltyError:
        return LoyaltyError("bad_period", self.env._("The period cannot be used: %s.", why))

    def _today(self) -> date:
        """By the clock of the programme."""
        return clock.to_local(fields.Datetime.now(), self.env["loy.programme"]._timezone(self.env.company)).date()

    def _ask(self, report: Report, read: dict, today: date | None = None) -> Ask:
        today = today or self._today()
        from_, to = self._period(read, today) if report.is_compared else (today, today)
        unit = self._unit(read.get("unit")) if "unit" in report.takes else None
        return Ask(
            env=self.env,
            source=report.source,
            companies=tuple(self._companies().ids),
            timezone=self.env["loy.programme"]._timezone(self.env.company),
            today=today,
            from_=from_,
            to=to,
            step=read.get("step", "day"),
            stores=self._stores(read),
            promotions=tuple(read.get("promotions", ())),
            unit=unit,
            channel=read.get("channel", "").strip(),
            limit=read.get("limit", DEFAULTS["limit"]),
            days=read.get("days", DEFAULTS["days"]),
        )

    def _companies(self):
        """Money is added up in one currency: that of the company in hand."""
        return self.env.companies.filtered(lambda one: one.currency_id == self.env.company.currency_id)

    def _unit(self, unit_id):
        """The unit whose points are told; the first one where none is named."""
        units = self._units()
        found = units.browse(unit_id) & units if unit_id else units[:1]
        if not found:
            raise LoyaltyError(
                "report_unit_missing",
                self.env._("The report tells points of one unit: choose one, or make one under Configuration."),
            )
        return found

    def _stores(self, read: dict) -> tuple[int, ...] | None:
        """The stores that were chosen, by themselves, their networks or partners; None: all, also no store at all."""
        if not any(read.get(name) for name in PLACES):
            return None
        domain = Domain.AND(
            Domain(field, "in", read[name])
            for name, field in (("stores", "id"), ("networks", "network_id"), ("partners", "partner_id"))
            if read.get(name)
        )
        return tuple(self.env["loy.store"].with_context(active_test=False)._search(domain))

    # ------------------------------------------------------------------ words

    def _in_words(self, report: Report, ask: Ask, read: dict) -> list[list[str]]:
        """What was chosen, for the head of the file and of the letter: (what, of which value)."""
        words = []
        if report.is_compared:
            period = f"{format_date(self.env, ask.from_)} – {format_date(self.env, ask.to)}"
            words.append([self.env._("Period"), period])
        names = {
            "stores": self.env._("Stores"),
            "networks": self.env._("Networks"),
            "partners": self.env._("Coalition partners"),
            "promotions": self.env._("Promotions"),
        }
        for name, model in RECORDS.items():
            if read.get(name):
                words.append([names[name], ", ".join(self.env[model].browse(read[name]).mapped("display_name"))])
        if ask.unit:
            words.append([self.env._("Unit"), ask.unit.display_name])
        if ask.channel:
            words.append([self.env._("Channel"), ask.channel])
        if "limit" in read:
            words.append([self.env._("Rows at most"), str(ask.limit)])
        if "days" in read:
            words.append([self.env._("Days"), str(ask.days)])
        words.append([self.env._("Companies"), ", ".join(self.env["res.company"].browse(ask.companies).mapped("name"))])
        return words

    def _notes(self, report: Report, ask: Ask, rows: list[dict], limit: int) -> list[str]:
        """What whoever reads the figures must know beside."""
        notes = []
        until = self.env["loy.sales.facts"]._told_until() if report.is_hourly else None
        if until and clock.to_local(until, ask.timezone).date() <= ask.to:
            moment = format_datetime(self.env, until, tz=ask.timezone, dt_format="short")
            notes.append(self.env._("As of %s: receipts are counted every hour.", moment))
        if others := self.env.companies.filtered(lambda one: one.id not in ask.companies):
            notes.append(
                self.env._(
                    "Left out, since money is added up in one currency: %s. Choose the company to see its figures.",
                    ", ".join(others.mapped("name")),
                )
            )
        if len(rows) >= limit:
            notes.append(self.env._("Only the first %s rows are told. Choose a shorter period.", limit))
        return notes


def _divided(above, below, scale: float) -> float | None:
    """None: of nothing there is no share."""
    return scale * float(above or 0) / float(below) if below else None


def tone_of(column: dict, value, before) -> str:
    """Whether a figure is better or worse than before, by what the report says of more of it; "": neither."""
    if not column["more"] or value is None or before is None or value == before:
        return ""
    return "better" if (value > before) == (column["more"] == "better") else "worse"
