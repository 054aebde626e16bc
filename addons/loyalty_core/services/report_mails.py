"""Reports by e-mail: what is due is made with the rights of its owner and handed to the queue of letters, once."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime, timedelta
from urllib.parse import quote, urlencode

from markupsafe import Markup
from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_date, formatLang
from odoo.tools.mail import email_split_and_format_normalize

from . import clock
from .errors import LoyaltyError
from .reports import FILE_ROWS, TONES, tone_of

_logger = logging.getLogger(__name__)

#: So many rows stand in the letter itself; the file has all.
ROWS = 20
#: How long until the next attempt, by how many were in vain; then the next due moment is waited for.
RETRY_MINUTES = (10, 30, 120, 360)
FILE_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class LoyReportMails(models.AbstractModel):
    """Law: of each due moment there is one letter at most to each receiver, and it shows nothing that its owner may not
    see today."""

    _name = "loy.report.mails"
    _description = "Reports by e-mail"

    # ------------------------------------------------------------------ the job

    def _run(self, now: datetime | None = None) -> None:
        """Send what is due, each in a transaction of its own; safe to stop and to run again."""
        now = now or fields.Datetime.now()
        cron = self.env["ir.cron"]
        while self._settle_next(now):
            if not cron._commit_progress(1):
                return
        self._look_after_letters()
        cron._commit_progress()

    def _settle_next(self, now: datetime) -> bool:
        """False when nothing is due."""
        schedule = self._next_due(now)
        if schedule:
            self._settle(schedule, now)
        return bool(schedule)

    def _next_due(self, now: datetime):
        """One that is due, locked: who finds it locked leaves it to the other."""
        schedules = self.env["loy.report.schedule"]
        schedules.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id FROM loy_report_schedule
                 WHERE active AND next_at <= %s AND (retry_at IS NULL OR retry_at <= %s)
                 ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
                """,
                now,
                now,
            )
        )
        found = schedules.browse(one for (one,) in rows)
        found.invalidate_recordset(flush=False)
        return found

    def _settle(self, schedule, now: datetime) -> None:
        """The due moment is over afterwards: sent, given up, or tried again later."""
        rhythm = schedule._rhythm()
        due = rhythm.latest_until(schedule.next_at, now)
        try:
            with self.env.cr.savepoint():
                self._send(schedule, due)
        except Exception as error:
            if self._is_for_good(error):
                self._stop(schedule, self._in_words(error))
                return
            _logger.info("Report by e-mail %s could not be made", schedule.id, exc_info=True)
            if self._try_again(schedule, now, error):
                return
        schedule.write({"next_at": rhythm.next_after(now), "retry_at": False, "attempts": 0})

    def _is_for_good(self, error: Exception) -> bool:
        """Whether the same would be refused again."""
        return isinstance(error, AccessError) or (
            isinstance(error, LoyaltyError) and error.code != "report_too_long"
        )

    def _in_words(self, error: Exception) -> str:
        """As people read it, without the code."""
        return str(error).removeprefix(f"{error.code}: ") if isinstance(error, LoyaltyError) else str(error)

    def _try_again(self, schedule, now: datetime, error: Exception) -> bool:
        """Whether there is another attempt at the same due moment; told in the chatter."""
        if schedule.attempts >= len(RETRY_MINUTES):
            self._note(schedule, self.env._("Given up for this time: %s", self._in_words(error)))
            return False
        retry_at = now + timedelta(minutes=RETRY_MINUTES[schedule.attempts])
        why = self._in_words(error)
        self._note(schedule, self.env._("The report could not be made and is tried again: %s", why))
        schedule.write({"attempts": schedule.attempts + 1, "retry_at": retry_at})
        return True

    def _stop(self, schedule, why: str) -> None:
        """Nobody's rights are used any more when they are gone."""
        self._note(schedule, self.env._("Stopped: %s Whoever may see the report can take it over.", why))
        schedule.active = False

    def _note(self, schedule, text: str) -> None:
        schedule.message_post(body=text, partner_ids=schedule.user_id.partner_id.ids)

    def _look_after_letters(self) -> None:
        """A letter that the mail server refused is told once and handed over again; one that went off is forgotten."""
        schedules = self.env["loy.report.schedule"]
        for schedule in schedules.search([("mail_ids.state", "=", "exception")]):
            refused = schedule.mail_ids.filtered(lambda one: one.state == "exception")
            for letter in refused:
                self._note(
                    schedule,
                    self.env._(
                        "The letter to %(receiver)s could not be sent: %(reason)s",
                        receiver=letter.email_to or letter.recipient_ids.display_name,
                        reason=letter.failure_reason or "",
                    ),
                )
            if schedule.attempts < len(RETRY_MINUTES):
                schedule.attempts += 1
                refused.mark_outgoing()
            else:
                schedule.mail_ids -= refused
        for schedule in schedules.search([("mail_ids.state", "in", ("sent", "cancel"))]):
            schedule.mail_ids -= schedule.mail_ids.filtered(lambda one: one.state in ("sent", "cancel"))
        done = schedules.search([("attempts", ">", 0), ("retry_at", "=", False), ("mail_ids", "=", False)])
        done.attempts = 0

    # ------------------------------------------------------------------ one letter

    def _send(self, schedule, due: datetime) -> None:
        """The letters of a due moment go to the queue with this transaction: one to each receiver, so that of what a
        mail server refuses nobody else hears twice."""
        asker = self._as_owner(schedule)
        params = self._params(schedule)
        day = clock.to_local(due, self.env["loy.programme"]._timezone(schedule.company_id)).date()
        told = asker.env["loy.reports"]._tell(schedule.code, params, FILE_ROWS, day)
        files = asker.env["loy.report.files"]
        name, content = files._name_of(told, schedule.name), files._content(told, schedule.name)
        letter = {
            "subject": asker._subject(told, schedule, day),
            "body_html": asker._body(told, schedule),
            "email_from": schedule.user_id.email_formatted or schedule.company_id.email_formatted,
            "auto_delete": True,
            "attachment_ids": [
                fields.Command.create(
                    {"name": name, "raw": content, "mimetype": FILE_TYPE, "res_model": "mail.message", "res_id": 0}
                )
            ],
        }
        receivers = [{"recipient_ids": [fields.Command.set(one.ids)]} for one in schedule.partner_ids]
        receivers += [{"email_to": address} for address in self._addresses(schedule)]
        # sudo: whoever may schedule reports need not be able to write letters by hand.
        letters = self.env["mail.mail"].sudo().create([{**letter, **receiver} for receiver in receivers])
        schedule.sudo().write(
            {
                "mail_ids": [fields.Command.link(one.id) for one in letters],
                "sent_at": fields.Datetime.now(),
                "sent_for_at": due,
                "attempts": 0,
            }
        )
        self.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _as_owner(self, schedule):
        """This service as the owner, in the language of the letter; refused when the owner may not any more."""
        owner = schedule.user_id
        if not owner.active:
            raise LoyaltyError("owner_gone", self.env._("%s does not work here any more.", owner.name))
        if schedule.company_id not in owner.company_ids:
            raise LoyaltyError("owner_gone", self.env._("%s does not work for the company any more.", owner.name))
        asker = self.with_user(owner).with_context(
            lang=schedule.lang, tz=owner.tz, allowed_company_ids=schedule.company_id.ids
        )
        asker.env["loy.rights"]._check("report.schedule")
        return asker

    def _check(self, schedule) -> None:
        """Refused unless the owner can ask the report."""
        asker = self._as_owner(schedule)
        reports = asker.env["loy.reports"]
        report = reports._report(schedule.code)
        reports._ask(report, reports._chosen(report, self._params(schedule)))

    def _params(self, schedule) -> dict:
        """What was chosen, with a period that moves along."""
        params = {key: value for key, value in (schedule.params or {}).items() if key not in ("from", "to", "period")}
        return {**params, "period": schedule.period} if schedule.period else params

    def _params_text(self, schedule) -> str:
        return json.dumps(self._params(schedule))

    def _addresses(self, schedule) -> list[str]:
        return email_split_and_format_normalize(schedule.emails or "")

    def _chosen_in_words(self, schedule) -> str:
        """What was chosen beside the period; nothing where it cannot be asked."""
        if not schedule.code:
            return ""
        reports = self.env["loy.reports"]
        try:
            report = reports._report(schedule.code)
            read = reports._chosen(report, self._params(schedule))
            words = reports._in_words(report, reports._ask(report, read), read)
        except UserError:
            return ""
        return " · ".join(f"{name}: {value}" for name, value in words if value)

    # ------------------------------------------------------------------ words

    def _subject(self, told: dict, schedule, day: date) -> str:
        """The name of the report, and the days that it tells of."""
        days = dict.fromkeys(format_date(self.env, one) for one in (told["from"] or day, told["to"] or day))
        return f"{schedule.name}, {' – '.join(days)}"

    def _body(self, told: dict, schedule) -> Markup:
        """Totals and the first rows, and where to see the report."""
        chosen = Markup("<br/>").join(f"{name}: {value}" for name, value in told["chosen"])
        more = ""
        if len(told["rows"]) > ROWS:
            more = self.env._(
                "The first %(shown)s of %(all)s rows; the file has all.", shown=ROWS, all=len(told["rows"])
            )
        elif not told["rows"]:
            more = self.env._("There is nothing to tell of this period.")
        return Markup(
            '<div style="font-family: sans-serif; font-size: 14px;"><h2>%s</h2><p style="color: #666;">%s</p>'
            '<p style="color: #666;">%s</p>%s<p>%s</p><p><a href="%s">%s</a></p>'
            '<p style="color: #999; font-size: 12px;">%s</p></div>'
        ) % (
            schedule.name,
            told["about"],
            chosen,
            self._html_table(told),
            more,
            self._address(schedule),
            self.env._("Open the report"),
            self.env._("%s has this report sent to you.", schedule.user_id.name),
        )

    def _html_table(self, told: dict) -> Markup:
        if not told["rows"]:
            return Markup("")
        previous = told["previous"] or {"rows": [None] * len(told["rows"]), "totals": None}
        rows = [
            self._line(told, row, "td", before)
            for row, before in zip(told["rows"][:ROWS], previous["rows"][:ROWS], strict=True)
        ]
        head = {one["key"]: one["label"] for one in told["columns"]}
        total = {told["columns"][0]["key"]: self.env._("Total"), **told["totals"]}
        return Markup('<table style="border-collapse: collapse;">%s%s%s</table>') % (
            self._line(told, head, "th"),
            Markup("").join(rows),
            self._line(told, total, "th", previous["totals"]),
        )

    def _line(self, told: dict, row: dict, tag: str, before: dict | None = None) -> Markup:
        """A row; what has become better or worse than before is coloured so."""
        cells = []
        for one in told["columns"]:
            value, align = row.get(one["key"]), "right" if one["is_figure"] else "left"
            style = f"padding: 3px 8px; border-bottom: 1px solid #ddd; text-align: {align};"
            if tone := tone_of(one, value, (before or {}).get(one["key"])):
                style += f" color: {TONES[tone]};"
            cells.append(Markup('<%s style="%s">%s</%s>') % (tag, style, self._shown(told, one, value), tag))
        return Markup("<tr>%s</tr>") % Markup("").join(cells)

    def _shown(self, told: dict, column: dict, value) -> str:
        if value is None or value is False:
            return ""
        if isinstance(value, str):
            return value
        if column["type"] in ("date", "month"):
            return format_date(self.env, value, date_format="LLLL yyyy" if column["type"] == "month" else False)
        if column["type"] == "money":
            return formatLang(self.env, value, currency_obj=self.env["res.currency"].browse(told["currency"]["id"]))
        digits = {"int": 0, "points": told["digits"]["points"], "percent": 1}.get(column["type"], 3)
        shown = formatLang(self.env, value, digits=0 if float(value).is_integer() and digits == 3 else digits)
        return f"{shown} %" if column["type"] == "percent" else shown

    def _address(self, schedule) -> str:
        # Where the server stands is no secret.
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        asked = urlencode({"report": schedule.code, "with": self._params_text(schedule)}, quote_via=quote)
        return f"{base}/odoo/loyalty-reports?{asked}"
