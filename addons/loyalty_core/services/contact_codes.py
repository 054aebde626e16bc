"""A member's phone or e-mail is confirmed by the code that was sent to it."""

import secrets
from datetime import UTC, datetime, timedelta

from odoo import SUPERUSER_ID, fields, models
from odoo.tools import consteq, format_datetime, hmac

from ..sql import contact_codes as sql
from .errors import LoyaltyError
from .members import CONFIRMED, KEYS
from .transaction import run_with_retry

MAIL = "loyalty_core.loy_contact_code_mail_template"
SMS = "loyalty_core.loy_contact_code_sms_template"
MAIL_QUEUE = "mail.ir_cron_mail_scheduler_action"
DIGITS = 6
#: Wrong tries of a code; with the limits of sending they bound how likely a guess is.
TRIES = 5
KEPT_HOURS = 24
BATCH = 1_000


class LoyContactCodes(models.AbstractModel):
    """Law: a contact is confirmed only by the last code that was sent to it, within its minutes, once, and after not
    more than ``TRIES`` wrong ones, however many are tried at once.

    Whoever starts or confirms has locked the member: codes, wrong tries and changes of the contact follow one another.
    A wrong try is counted in a transaction of its own, since that of a refused call is rolled back. The code is kept as
    a hash with the secret of the database and a salt: a slow hash would not protect it longer than its minutes do.
    Sending is left to Odoo's queues, so nothing leaves before the transaction has ended, and nothing if it fails.
    """

    _name = "loy.contact.codes"
    _description = "Confirmation of contacts"

    def _start(self, partner, contact: str):
        """A new code is on its way to the contact, the former one is worthless; the record of the code.

        Codes: member_out_of_reach, contact_missing, confirm_limit.
        """
        address = self._lock(partner, contact)
        if not address:
            raise LoyaltyError("contact_missing", self.env._("The member has no such contact; add it first."))
        settings, now = self._settings(), fields.Datetime.now()
        address_hash = self._hash("address", contact, address)
        [(until,)] = self.env.execute_query(
            sql.stopped_until(
                member_id=partner.id,
                contact=contact,
                address_hash=address_hash,
                now=now,
                hour_max=settings.confirm_hour_max,
                day_max=settings.confirm_day_max,
            )
        )
        if until:
            raise self._too_many(until)
        self._withdraw(self._codes().search([("member_id", "=", partner.id), ("contact", "=", contact)]))
        code, salt = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", secrets.token_hex(16)
        started = self._codes().create(
            {
                "member_id": partner.id,
                "contact": contact,
                "address_hash": address_hash,
                "salt": salt,
                "code_hash": self._hash("code", salt, code),
                "wrong_count": 0,
                "started_at": now,
                "expires_at": now + timedelta(minutes=settings.confirm_minutes),
            }
        )
        send = {"phone": self._send_to_phone, "email": self._send_to_email}[contact]
        send(started, address, {"loy_code": code, "loy_minutes": settings.confirm_minutes})
        return started

    def _confirm(self, partner, contact: str, code: str) -> datetime:
        """The contact is confirmed; since when.

        Codes: member_out_of_reach, confirm_not_started, code_void, code_expired, wrong_code.
        """
        address = self._lock(partner, contact)
        started = self._codes().search([("member_id", "=", partner.id), ("contact", "=", contact)], limit=1)
        now = fields.Datetime.now()
        if not started.code_hash:
            raise LoyaltyError("confirm_not_started", self.env._("No code was sent, or it was used. Send one first."))
        if started.wrong_count >= TRIES or started.address_hash != self._hash("address", contact, address):
            raise LoyaltyError(
                "code_void",
                self.env._("There were too many wrong codes, or the contact has changed. Send a new code."),
            )
        if started.expires_at <= now:
            raise LoyaltyError("code_expired", self.env._("The code is too old. Send a new one."))
        if not consteq(started.code_hash, self._hash("code", started.salt, code)):
            left = self._count_wrong(started)
            raise LoyaltyError("wrong_code", self.env._("This is not the code that was sent. Tries left: %s", left))
        started.code_hash = False
        partner._loy_confirm({CONFIRMED[KEYS[contact]]: now})
        self.env["loy.events"]._emit(
            f"member.{contact}_confirmed", at=now, member_id=partner.id, company_id=self.env.company.id
        )
        return now

    def _mask(self, started) -> str:
        """Where the code went, as much of it as its owner needs."""
        return _masked(started.contact, started.member_id[KEYS[started.contact]])

    # ------------------------------------------------------------------ channels: other addons may put theirs here

    def _send_to_phone(self, started, address: str, told: dict) -> None:
        """The code goes into the queue of Odoo's SMS; whichever provider is set there sends it."""
        template, member = self._as_system(self.env.ref(SMS), told), started.member_id
        body = template._render_field("body", member.ids, compute_lang=True)[member.id]
        started.sms_id = template.env["sms.sms"].create({"number": address, "body": body, "partner_id": member.id})

    def _send_to_email(self, started, address: str, told: dict) -> None:
        """The code goes into the queue of outgoing mail."""
        template, company = self._as_system(self.env.ref(MAIL), told), self.env.company
        started.mail_id = template.send_mail(
            started.member_id.id,
            email_values={
                "email_to": address,
                "email_from": company.email_formatted,
                "author_id": company.partner_id.id,
                # Not of the contact, in whose messages people would read it.
                "model": started._name,
                "res_id": started.id,
            },
        )
        template.env.ref(MAIL_QUEUE)._trigger()

    def _as_system(self, template, told: dict):
        """Whoever asked for a code must not be able to read the message as its author."""
        company = self.env.company
        return template.with_user(SUPERUSER_ID).with_company(company).with_context(loy_company=company.name, **told)

    # ------------------------------------------------------------------ small parts

    def _codes(self):
        return self.env["loy.contact.code"].sudo()  # nobody has a right on codes; they are this service's own

    def _lock(self, partner, contact: str) -> str | bool:
        """The member's contact; it stays what it is until the transaction ends, and what is read is the latest."""
        self.env["loy.reach"]._check(partner)
        members = self.env["loy.members"]
        members._lock(partner)
        members._keep_current(partner)
        self.env["loy.contact.code"].invalidate_model()
        return partner[KEYS[contact]]

    def _count_wrong(self, started) -> int:
        """Tries that are left; a code that is gone by now has none."""
        with self.env.registry.cursor() as cr:
            own = self.env(cr=cr)
            rows = run_with_retry(own, lambda: own.execute_query(sql.count_wrong(started.id)))
        return max(0, TRIES - rows[0][0]) if rows else 0

    def _hash(self, *parts: object) -> str:
        env = self.env(su=True)  # the secret of the database, which no user may read
        return hmac(env, self._name, parts)

    def _settings(self):
        company = self.env.company.sudo()  # the settings count for whoever calls
        return self.env["loy.programme"].sudo()._at(company, fields.Datetime.now()).settings

    def _too_many(self, until: datetime) -> LoyaltyError:
        return LoyaltyError(
            "confirm_limit",
            self.env._(
                "Too many codes were sent to this contact. Try again after %(local)s (%(utc)s).",
                local=format_datetime(self.env, until),
                utc=until.replace(tzinfo=UTC, microsecond=0).isoformat(),
            ),
        )

    # ------------------------------------------------------------------ what goes

    def _withdraw(self, codes) -> None:
        """Messages that are still in a queue, or failed there, go; one that is being sent is left alone."""
        for messages in (codes.mail_id, codes.sms_id):
            messages.try_lock_for_update().unlink()

    def _forget(self, codes) -> None:
        self._withdraw(codes)
        codes.unlink()

    def _forget_persons(self, persons) -> None:
        self._forget(self._codes().search([("member_id", "in", persons.ids)]))

    def _forget_old(self) -> tuple[int, bool]:
        before = fields.Datetime.now() - timedelta(hours=KEPT_HOURS)
        codes = self._codes().search([("started_at", "<", before)], order="started_at", limit=BATCH)
        count = len(codes)
        self._forget(codes)
        return count, count == BATCH


def _masked(contact: str, address: str) -> str:
    """
    >>> _masked("phone", "+380671234567")
    '+38067•••••67'
    >>> _masked("phone", "+1234567")
    '+•••••67'
    >>> _masked("email", "ann.lee@example.com")
    'a•••@example.com'
    """
    if contact == "email":
        name, _at, domain = address.rpartition("@")
        return f"{name[:1]}•••@{domain}"
    return f"{address[:-7]}•••••{address[-2:]}"


__all__ = ["TRIES"]
