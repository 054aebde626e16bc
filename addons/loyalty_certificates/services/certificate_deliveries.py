"""Virtual certificates go out by e-mail or SMS, each at its moment and once."""

import logging
from datetime import datetime

from odoo import SUPERUSER_ID, fields, models
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..sql import deliveries as sql

_logger = logging.getLogger(__name__)

MAIL = "loyalty_certificates.loy_certificate_mail_template"
SMS = "loyalty_certificates.loy_certificate_sms_template"
CRON = "loyalty_certificates.loy_certificate_deliver_cron"
#: So many in one transaction: each file takes a second to make.
BATCH = 10


class LoyCertificateDeliveries(models.AbstractModel):
    """Law: a delivery is handed to Odoo's queue of letters or SMS in the transaction that says it is sent, so a job
    that is killed has sent nothing, and what is sent is never sent again unless somebody asks for it.

    Nothing but the message has the number and the PIN; of a message no record is kept that people could read.
    """

    _name = "loy.certificate.deliveries"
    _description = "Deliveries of certificates"

    def _queue(
        self, certificate, channel: str, address: str, *, at: datetime | None = None, recipient_name: str = "",
        sender_name: str = "", greeting: str = "", lang: str = "",
    ):  # fmt: skip
        """A certificate goes out at a moment, at once where absent; the caller has checked the right.

        Codes: bad_email, bad_phone, bad_lang, certificate_printed, and why it could not be used at that moment:
        certificate_not_active, certificate_used, certificate_expired, certificate_blocked, certificate_cancelled.
        """
        certificate = certificate.sudo()  # the caller has checked the right
        now = fields.Datetime.now()
        at = max(at or now, now).replace(microsecond=0)
        if not certificate.type_id.is_virtual:
            raise LoyaltyError(
                "certificate_printed",
                self.env._("Certificate %s is printed: hand it over", certificate.masked_number),
            )
        self.env["loy.certificates"]._check_usable(certificate, at)
        # What is written is the service's own; nobody has the right to it.
        delivery = self.env["loy.certificate.delivery"].sudo().create(
            {
                "certificate_id": certificate.id,
                "channel": channel,
                "address": self._address(channel, address, certificate),
                "recipient_name": recipient_name or certificate.member_id.name,
                "sender_name": sender_name,
                "greeting": greeting,
                "lang": self._lang(lang, certificate),
                "deliver_at": at,
            }
        )
        self._wake(at)
        return delivery

    def _address(self, channel: str, address: str, certificate) -> str:
        members = self.env["loy.members"]
        if channel == "email":
            found, code = members._email(address), "bad_email"
        else:
            company = certificate.company_id or self.env.company
            found, code = members._phone(address, company.country_id), "bad_phone"
        if not found:
            raise LoyaltyError(code, self.env._("Say where the certificate goes: an e-mail address or a phone number."))
        return found

    def _lang(self, lang: str, certificate) -> str:
        """The language that was asked for, by its code or its first letters; else that of the member."""
        if not lang:
            return self.env["loy.certificate.looks"]._lang_of(certificate)
        known = dict(self.env["res.lang"].get_installed())
        found = next((code for code in known if lang in (code, code.partition("_")[0])), None)
        if not found:
            raise LoyaltyError("bad_lang", self.env._("There is no language %s here", lang))
        return found

    # ------------------------------------------------------------------ the job

    def _send_due(self, now: datetime, limit: int = BATCH) -> int:
        """What is due by ``now``, at most so many; how many it were, sent or failed. What another job has claimed is
        left to it."""
        deliveries = self.env["loy.certificate.delivery"].sudo()  # the job is nobody's in particular
        deliveries.flush_model()
        due = deliveries.browse(one for (one,) in self.env.execute_query(sql.due(now, limit)))
        due.invalidate_recordset(flush=False)
        for delivery in due:
            self._settle(delivery)
        return len(due)

    def _settle(self, delivery) -> None:
        """Afterwards it is sent, or says why not."""
        try:
            with self.env.cr.savepoint():
                self._send(delivery)
        except Exception as error:
            # No traceback: it could show the number.
            _logger.info("Delivery %s of a certificate could not be made: %s", delivery.id, type(error).__name__)
            delivery.write({"state": "failed", "problem": self._in_words(error)})

    def _in_words(self, error: Exception) -> str:
        if isinstance(error, LoyaltyError):
            return str(error).removeprefix(f"{error.code}: ")
        if isinstance(error, UserError):
            return str(error)
        return self.env._("The message could not be made; the administrator finds more in the log.")

    def _send(self, delivery) -> None:
        certificates, certificate = self.env["loy.certificates"], delivery.certificate_id
        certificates._lock(certificate)
        now = fields.Datetime.now()
        certificates._check_usable(certificate, now)
        send = {"email": self._send_email, "sms": self._send_sms}[delivery.channel]
        send(delivery)
        delivery.write({"state": "sent", "sent_at": now, "problem": False})

    def _send_email(self, delivery) -> None:
        template, looks = self._template(MAIL, delivery), self._looks(delivery)
        name, kind, content = looks._printed(delivery.certificate_id)
        company = template.env.company
        delivery.mail_id = template.send_mail(
            delivery.id,
            email_values={
                "email_to": delivery.address,
                "email_from": company.email_formatted,
                "author_id": company.partner_id.id,
                "auto_delete": True,
                # Of no record: whoever may see the record would read the number.
                "model": False,
                "res_id": False,
                "attachment_ids": [
                    fields.Command.create(
                        {"name": name, "raw": content, "mimetype": kind, "res_model": "mail.message", "res_id": 0}
                    )
                ],
            },
        )
        template.env.ref("mail.ir_cron_mail_scheduler_action")._trigger()

    def _send_sms(self, delivery) -> None:
        template = self._template(SMS, delivery)
        body = template._render_field("body", delivery.ids, compute_lang=True)[delivery.id]
        delivery.sms_id = template.env["sms.sms"].create({"number": delivery.address, "body": body})

    def _template(self, xmlid: str, delivery):
        """A template with what stands on the certificate; whoever asked for it is not the author of the message."""
        look = self._looks(delivery)._look(delivery.certificate_id)
        told = {f"loy_{name}": look[name] for name in ("number", "pin", "value", "until", "name", "greeting")}
        company = look["company"]
        return (
            self.env.ref(xmlid).with_user(SUPERUSER_ID).with_company(company)
            .with_context(loy_company=company.name, lang=look["lang"], **told)
        )  # fmt: skip

    def _looks(self, delivery):
        return self.env["loy.certificate.looks"].with_context(loy_delivery_id=delivery.id)

    def _look_after_messages(self) -> None:
        """What a server has refused says so, and its message goes: nobody shall find the number in a queue."""
        deliveries = self.env["loy.certificate.delivery"].sudo()  # the job is nobody's in particular
        deliveries.flush_model()
        self.env["mail.mail"].flush_model()
        self.env["sms.sms"].flush_model()
        for delivery_id, problem in self.env.execute_query(sql.refused()):
            delivery = deliveries.browse(delivery_id)
            message = delivery.mail_id or delivery.sms_id
            message.unlink()
            delivery.write({"state": "failed", "problem": problem, "mail_id": False, "sms_id": False})

    # ------------------------------------------------------------------ by hand

    def _retry(self, deliveries) -> None:
        """Those that have failed go out as soon as can be; ``delivery_state``."""
        now = fields.Datetime.now()
        self._change(deliveries, ("failed",), {"state": "waiting", "deliver_at": now, "problem": False})
        self._wake(now)

    def _cancel(self, deliveries) -> None:
        """Those that have not gone out never will; ``delivery_state``."""
        self._change(deliveries, ("waiting", "failed"), {"state": "cancelled"})

    def _change(self, deliveries, states: tuple[str, ...], values: dict) -> None:
        """The rows are locked first: what a job sends just now is not cancelled afterwards."""
        deliveries = deliveries.sudo()  # the caller has checked the right
        deliveries.flush_recordset()
        self.env.execute_query(
            SQL("SELECT id FROM loy_certificate_delivery WHERE id = ANY(%s) ORDER BY id FOR UPDATE", deliveries.ids)
        )
        deliveries.invalidate_recordset()
        if other := deliveries.filtered(lambda one: one.state not in states)[:1]:
            names = dict(other._fields["state"]._description_selection(self.env))
            raise LoyaltyError(
                "delivery_state",
                self.env._("That cannot be done with a delivery that is %s", names[other.state].lower()),
            )
        deliveries.write(values)

    def _wake(self, at: datetime) -> None:
        # Whoever sends certificates has no right on jobs.
        self.env.ref(CRON).sudo()._trigger(at)
