"""Virtual certificates go out at their moment, once, and nobody else learns the number."""

import logging
from contextlib import contextmanager
from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.tools.barcodes import grouped
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .certificates_common import CertificatesCase


@contextmanager
def logged():
    """What everything logs meanwhile."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger().addHandler(handler)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(handler)


@tagged("post_install", "-at_install")
class TestCertificateDeliveries(CertificatesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deliveries = cls.env["loy.certificate.deliveries"]
        cls.egift = cls._type("TEST_EGIFT", value=250, is_virtual=True, number_prefix="97", greeting="Enjoy")
        cls.now = fields.Datetime.now()
        cls.env.company.country_id = cls.env.ref("base.ua")

    def virtual(self, **options):
        return self._active(self.egift, at=self.now, **options)

    def queued(self, certificate=None, channel="email", address="Olha@Example.com", **values):
        return self.deliveries._queue(certificate or self.virtual(), channel, address, **values)

    def sent(self, minutes=1):
        return self.deliveries._send_due(self.now + timedelta(minutes=minutes), 100)

    def test_a_letter_goes_out_with_the_certificate_attached(self):
        delivery = self.queued(recipient_name="Olha", sender_name="Ivan <b>", greeting="<i>Hi</i>\nthere")
        self.assertEqual((delivery.state, delivery.address), ("waiting", "olha@example.com"))
        self.sent()
        self.assertEqual(delivery.state, "sent", delivery.problem)
        mail, certificate = delivery.mail_id, delivery.certificate_id
        self.assertEqual((mail.email_to, mail.state, mail.auto_delete), ("olha@example.com", "outgoing", True))
        for text in (grouped(certificate.number), certificate.pin, "250", "&lt;i&gt;Hi&lt;/i&gt;", "Ivan &lt;b&gt;"):
            self.assertIn(text, mail.body_html)
        [file] = mail.attachment_ids
        page = file.raw.decode()
        for text in (certificate.pin, "&lt;i&gt;Hi&lt;/i&gt;", "Olha", "data:image/png"):
            self.assertIn(text, page)

    def test_an_sms_has_number_and_pin(self):
        delivery = self.queued(channel="sms", address="067 111 00 09", greeting="Hi & bye")
        self.assertEqual(delivery.address, "+380671110009")
        self.sent()
        self.assertEqual(delivery.state, "sent", delivery.problem)
        for text in (grouped(delivery.certificate_id.number), delivery.certificate_id.pin, "Hi & bye"):
            self.assertIn(text, delivery.sms_id.body)
        self.assertFalse(delivery.sms_id.mail_message_id)

    def test_it_waits_for_its_moment_and_goes_once(self):
        delivery = self.queued(at=self.now + timedelta(hours=2))
        self.sent(minutes=119)
        self.assertEqual(delivery.state, "waiting")
        self.sent(minutes=121)
        self.assertEqual(delivery.state, "sent")
        mail = delivery.mail_id
        self.sent(minutes=500)
        self.assertEqual(delivery.mail_id, mail)
        self.assertEqual(self.env["mail.mail"].search_count([("email_to", "=", delivery.address)]), 1)

    def test_a_job_that_dies_has_sent_nothing(self):
        delivery = self.queued()
        with self.assertRaises(KeyboardInterrupt), self.cr.savepoint():
            self.sent()
            raise KeyboardInterrupt
        self.env.invalidate_all()
        self.assertEqual(delivery.state, "waiting")
        self.assertFalse(self.env["mail.mail"].search([("email_to", "=", delivery.address)]))

    def test_what_nobody_can_use_any_more_is_not_sent(self):
        cancelled, blocked, good = self.queued(), self.queued(), self.queued()
        self.certificates._cancel(cancelled.certificate_id)
        self.certificates._transition(blocked.certificate_id, "blocked")
        self.sent()
        self.assertEqual([one.state for one in (cancelled, blocked, good)], ["failed", "failed", "sent"])
        self.assertFalse(cancelled.mail_id or blocked.mail_id)
        self.assertIn("cancelled", cancelled.problem)
        self.assertNotIn(cancelled.certificate_id.number, cancelled.problem)
        self.certificates._transition(blocked.certificate_id, "active")
        self.deliveries._retry(blocked)
        self.sent()
        self.assertEqual((blocked.state, blocked.problem), ("sent", False))

    def test_what_cannot_go_out_is_refused_at_once(self):
        certificate = self.virtual()
        self._fails("bad_email", self.queued, certificate, address="nobody")
        self._fails("bad_email", self.queued, certificate, address="")
        self._fails("bad_phone", self.queued, certificate, channel="sms", address="12")
        self._fails("bad_lang", self.queued, certificate, lang="xx")
        self._fails("certificate_expired", self.queued, certificate, at=certificate.expires_at)
        self._fails("certificate_printed", self.queued, self._active(at=self.now))
        self._fails("certificate_not_active", self.queued, self.certificates._make(self.egift, 1))

    def test_it_is_in_the_language_that_was_chosen(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        self.egift.with_context(lang="uk_UA").write({"name": "Подарунок", "greeting": "Вітаємо"})
        delivery = self.queued(lang="uk")
        self.assertEqual(delivery.lang, "uk_UA")
        self.sent()
        self.assertIn("Вітаємо", delivery.mail_id.body_html)
        self.assertIn("Подарунок", delivery.mail_id.attachment_ids.raw.decode())

    def test_what_is_stopped_by_hand_stays_so(self):
        delivery = self.queued()
        self.deliveries._cancel(delivery)
        self.sent()
        self.assertEqual(delivery.state, "cancelled")
        for what in (self.deliveries._cancel, self.deliveries._retry):
            self._fails("delivery_state", what, delivery)

    def test_a_message_that_a_server_refuses_is_told_and_goes(self):
        letter, sms = self.queued(), self.queued(channel="sms", address="+380671110009")
        self.sent()
        mail, message = letter.mail_id, letter.mail_id.mail_message_id
        file, text = mail.attachment_ids, sms.sms_id
        mail.write({"state": "exception", "failure_reason": "No such mailbox"})
        text.write({"state": "error", "failure_type": "sms_credit"})
        self.deliveries._look_after_messages()
        self.assertEqual((letter.state, letter.problem), ("failed", "No such mailbox"))
        self.assertEqual((sms.state, sms.problem), ("failed", "sms_credit"))
        self.assertFalse(mail.exists() or message.exists() or file.exists() or text.exists())

    def test_a_letter_that_went_off_leaves_nothing_behind(self):
        delivery = self.queued()
        self.sent()
        mail, message, file = delivery.mail_id, delivery.mail_id.mail_message_id, delivery.mail_id.attachment_ids
        mail._postprocess_sent_message([], [])
        self.assertFalse(mail.exists() or message.exists() or file.exists())

    def test_nobody_without_the_right_reads_the_number_anywhere(self):
        with logged() as lines:
            delivery = self.queued()
            self.sent()
        number = delivery.certificate_id.number
        self.assertFalse([line for line in lines if number in line.replace(" ", "")])
        mail = delivery.mail_id
        for groups in ("loyalty_core.group_operator", "loyalty_core.group_contact_centre"):
            user = new_test_user(self.env, f"d_{groups[-6:]}", groups=groups)
            seen = delivery.with_user(user)
            self.assertNotIn(number, str(seen.read([])))
            self.assertNotIn(number[-8:], seen.display_name)
            for secret in (mail, mail.mail_message_id, mail.attachment_ids):
                with self.assertRaises(AccessError):
                    secret.with_user(user).check_access("read")
            found = self.env["mail.message"].with_user(user).search([("body", "ilike", grouped(number))])
            self.assertNotIn(mail.mail_message_id, found)

    def test_of_whom_a_member_who_is_erased_wrote_nothing_is_kept(self):
        person = self.env["loy.members"]._register_member({"phone": "+380631112233", "name": "Olha Petrenko"})[0]
        waiting, sent = (self.queued(self.virtual(member=person), greeting="Dear Ivan") for _one in range(2))
        sent.deliver_at = self.now - timedelta(hours=1)
        self.deliveries._send_due(self.now - timedelta(minutes=30))
        self.assertEqual((waiting.state, sent.state), ("waiting", "sent"))
        told = self.env["loy.privacy"]._sections(person)["certificate_deliveries"]
        self.assertEqual({one["address"] for one in told}, {"olha@example.com"})
        self.env.flush_all()
        self.env["loy.privacy"]._erase(person)
        self.env.invalidate_all()
        self.assertEqual((waiting.state, sent.state), ("cancelled", "sent"))
        for delivery in waiting, sent:
            self.assertFalse(delivery.address or delivery.recipient_name or delivery.greeting)

    def test_whoever_may_give_certificates_sends_them(self):
        certificate = self.virtual()
        operator = new_test_user(self.env, "d_sends", groups="loyalty_core.group_operator")
        wizard = self.env["loy.certificate.delivery.wizard"].with_user(operator)
        wizard = wizard.create({"certificate_id": certificate.id, "channel": "sms", "phone": "+380671110009"})
        wizard.action_loy_send()
        delivery = certificate.delivery_ids.with_user(operator)
        self.assertEqual((delivery.state, delivery.address), ("waiting", "+380671110009"))
        self._fails("delivery_by_service", delivery.write, {"greeting": "x"})
        centre = new_test_user(self.env, "d_centre", groups="loyalty_core.group_contact_centre")
        for button in ("action_loy_cancel", "action_loy_retry"):
            with self.assertRaises(LoyaltyError) as refused:
                getattr(delivery.with_user(centre), button)()
            self.assertEqual(refused.exception.code, "right_missing")
        delivery.action_loy_cancel()
        self.assertEqual(delivery.state, "cancelled")
