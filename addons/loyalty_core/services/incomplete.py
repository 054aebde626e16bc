"""Receipts that a till began and never completed: counted by day, and told to those whom it concerns."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from markupsafe import Markup
from odoo import fields, models
from odoo.tools import format_datetime, formatLang

from ..sql import incomplete as sql
from . import clock
from .transaction import lock_name, run_with_retry

#: Days that are counted anew: a till that was offline confirms late.
DAYS_BACK = 3
#: After midnight a receipt of the last minutes may be confirmed still.
GRACE = timedelta(minutes=30)
STORES_AT_ONCE = 50
RECEIPTS_TOLD = 50
ACTIVITY = "mail.mail_activity_data_todo"


class LoyIncomplete(models.AbstractModel):
    """One notice of a store and day, however often the job runs."""

    _name = "loy.incomplete"
    _description = "Incomplete receipts"

    def _run(self, now: datetime | None = None) -> None:
        """Count the last days of every store and write where the share is above the settings; safe to stop and to run
        again.
        """
        now = now or fields.Datetime.now()
        stores = self.env["loy.store"].search([("active", "=", True)])
        for start in range(0, len(stores), STORES_AT_ONCE):
            chunk = stores[start : start + STORES_AT_ONCE]
            run_with_retry(self.env, lambda chunk=chunk: self._check(chunk, now))
            left = len(stores) - start - len(chunk)
            if not self.env["ir.cron"]._commit_progress(len(chunk), remaining=left):
                break

    def _check_until(self, at: datetime) -> int:
        """As if the job had run every hour from now to the moment: how many notices are new."""
        ahead = max((at - fields.Datetime.now()).days + 1, 0)
        stores = self.env["loy.store"].search([("active", "=", True)])
        return len(self._check(stores, at, DAYS_BACK + ahead))

    def _check(self, stores, now: datetime, days_back: int = DAYS_BACK):
        """Returns the notices that are new."""
        days = [day for store in stores for day in self._days(store, now, days_back)]
        if not days:
            return self.env["loy.incomplete.notice"]
        self.env.flush_all()
        lock_name(self.env, "incomplete")  # two jobs would count the same rows twice
        self.env.cr.execute(sql.forget(days))
        self.env.cr.execute(sql.count(days, now))
        self.env["loy.purchase.day"].invalidate_model()
        ended = [day for day in days if day[3] + GRACE <= now]
        notices = self.env["loy.incomplete.notice"]
        if ended:
            for row in self.env.execute_query(sql.totals(ended)):
                notices |= self._judge(*row)
        return notices

    def _days(self, store, now: datetime, days_back: int) -> list[sql.Day]:
        """Today and the days before it by the store's own clock."""
        today = clock.to_local(now, store.timezone).date()
        return [
            (store.id, day, self._midnight(day, store), self._midnight(day + timedelta(days=1), store))
            for day in (today - timedelta(days=back) for back in range(days_back, -1, -1))
        ]

    def _midnight(self, day: date, store) -> datetime:
        return clock.to_utc(datetime.combine(day, time.min), store.timezone)

    def _judge(self, store_id: int, day: date, sales: int, incomplete: int, amount):
        notices = self.env["loy.incomplete.notice"]
        store = self.env["loy.store"].browse(store_id)
        settings = self.env["loy.programme"]._at(store.company_id, fields.Datetime.now()).settings
        share, allowed = 100.0 * incomplete / sales, float(settings.incomplete_percent)
        if share <= allowed or notices.search_count([("store_id", "=", store_id), ("day", "=", day)], limit=1):
            return notices
        notice = notices.create(
            {
                "store_id": store_id,
                "company_id": store.company_id.id,
                "day": day,
                "sale_count": sales,
                "incomplete_count": incomplete,
                "incomplete_amount": amount,
                "share": share,
                "share_max": allowed,
            }
        )
        self._tell(notice)
        return notice

    # ------------------------------------------------------------------ telling

    def _tell(self, notice) -> None:
        """A message to the people who answer for the store and to the administrators; a task to the former."""
        managers = notice.store_id.manager_ids.filtered("active")
        admins = self.env.ref("loyalty_core.group_admin").all_user_ids.filtered(
            lambda user: user.active and not user.share and notice.company_id in user.company_ids
        )
        admins -= self.env.ref("base.user_root")
        people = managers | admins
        language = (managers or admins)[:1].lang or self.env.lang
        told = notice.with_context(lang=language)
        text = self.with_context(lang=language)
        subject = text.env._(
            "%(store)s: %(count)s of %(all)s receipts were not completed on %(day)s",
            store=notice.store_id.name,
            count=notice.incomplete_count,
            all=notice.sale_count,
            day=fields.Date.to_string(notice.day),
        )
        told.message_post(
            subject=subject,
            body=text._body(told, subject),
            partner_ids=people.partner_id.ids,
            subtype_xmlid="mail.mt_comment",
            message_type="notification",
        )
        for user in managers.filtered(lambda user: user.has_group("loyalty_core.group_cashier")):
            told.activity_schedule(ACTIVITY, user_id=user.id, summary=subject)

    def _body(self, notice, subject: str) -> Markup:
        allowed = self.env._(
            "That is %(share)s %%; %(allowed)s %% are allowed.",
            share=formatLang(self.env, notice.share, digits=2),
            allowed=formatLang(self.env, notice.share_max, digits=2),
        )
        titles = (
            self.env._("Register"),
            self.env._("Receipt"),
            self.env._("Time"),
            self.env._("Amount"),
        )
        head = Markup("<tr>%s</tr>") % Markup("").join(Markup("<th>%s</th>") % title for title in titles)
        steps = (
            self.env._("The connection of the registers: does each of them reach the loyalty server?"),
            self.env._("The till software: does it confirm or cancel every receipt that it began?"),
            self.env._("The fiscal devices: did printing fail, so that the sale was made without the programme?"),
        )
        return Markup("<p><b>%s</b> %s</p><table>%s%s</table><p>%s</p><ul>%s</ul>") % (
            subject,
            allowed,
            head,
            Markup("").join(self._row(purchase, notice) for purchase in self._receipts(notice)),
            self.env._("Please check, and write below what was found:"),
            Markup("").join(Markup("<li>%s</li>") % step for step in steps),
        )

    def _receipts(self, notice):
        return self.env["loy.purchase"].search(
            [
                *self.env["loy.purchase"]._incomplete_domain(),
                ("store_id", "=", notice.store_id.id),
                ("purchased_on", "=", notice.day),
                ("purchased_at", ">=", self._midnight(notice.day, notice.store_id)),
                ("purchased_at", "<", self._midnight(notice.day + timedelta(days=1), notice.store_id)),
            ],
            order="register_id, purchased_at",
            limit=RECEIPTS_TOLD,
        )

    def _row(self, purchase, notice) -> Markup:
        cells = (
            purchase.register_id.display_name or "",
            purchase.number,
            format_datetime(self.env, purchase.purchased_at, tz=notice.store_id.timezone, dt_format="short"),
            formatLang(self.env, purchase.to_pay, currency_obj=purchase.currency_id),
        )
        return Markup("<tr>%s</tr>") % Markup("").join(Markup("<td>%s</td>") % cell for cell in cells)
