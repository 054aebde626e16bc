"""A phone or an e-mail is confirmed by the code that came to it; the same at once: TestConfirmAtOnce."""

import base64
import doctest
import io
import json
import logging
import re
import zipfile
from datetime import timedelta
from itertools import count
from threading import Barrier, Thread
from unittest.mock import patch

from odoo import SUPERUSER_ID, fields
from odoo.addons.loyalty_core.services import contact_codes
from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .api_common import ApiCase
from .committed_common import CommittedCase

TRIES = 5


def wrong(code, step=1):
    return f"{(int(code) + step) % 10**6:06}"


class CodesCase(ApiCase):
    """Wrong tries are counted in transactions of their own, so what they come to is told by TestConfirmAtOnce."""

    def setUp(self):
        super().setUp()
        self.registry_enter_test_mode()
        self.ann = self.env["res.partner"].browse(int(self.member))
        self.now = fields.Datetime.now()
        clock = patch.object(fields.Datetime, "now", lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)

    def later(self, **units):
        self.now += timedelta(**units)

    def start(self, contact="phone", **request):
        return self.call("contact_confirm_start", member=request.pop("member", self.member), contact=contact, **request)

    def confirm(self, code, contact="phone", **request):
        return self.call(
            "contact_confirm", member=request.pop("member", self.member), contact=contact, code=code, **request
        )

    def refusal(self, work, *arguments, **values):
        """The text of the refusal."""
        with self.assertRaises(ApiError) as caught:
            work(*arguments, **values)
        return str(caught.exception)

    def code_of(self, work, *arguments, **values):
        return self.refusal(work, *arguments, **values).partition(":")[0]

    def last(self, contact="phone"):
        return self.env["loy.contact.code"].search([("contact", "=", contact)], limit=1)

    def received(self, contact="phone"):
        """The code in the last message to this contact."""
        last = self.last(contact)
        text = last.sms_id.body if contact == "phone" else last.mail_id.body_html
        (code,) = re.findall(r"\b\d{6}\b", text)
        return code

    def confirmed(self):
        self.ann.invalidate_recordset()
        return bool(self.ann.loy_phone_confirmed_at), bool(self.ann.loy_email_confirmed_at)

    def confirm_now(self, contact="phone"):
        self.start(contact)
        return self.confirm(self.received(contact), contact)


@tagged("post_install", "-at_install")
class TestContactCodes(CodesCase):
    def test_the_examples(self):
        self.assertFalse(doctest.testmod(contact_codes).failed)

    def test_a_phone_is_confirmed_by_the_code_that_came_to_it(self):
        answer = self.start()
        expires_at = (self.now + timedelta(minutes=10)).isoformat(timespec="seconds") + "+00:00"
        self.assertEqual(
            answer,
            {"member": self.member, "contact": "phone", "sent_to": "+38067•••••01", "expires_at": expires_at},
        )
        sms = self.last().sms_id
        self.assertEqual((sms.number, sms.state, sms.partner_id), ("+380671110001", "outgoing", self.ann))
        self.assertNotIn("phone_confirmed", self.call("member_find", member=self.member))
        self.later(minutes=9)
        now = self.now.isoformat(timespec="seconds") + "+00:00"
        self.assertEqual(
            self.confirm(self.received()),
            {"member": self.member, "contact": "phone", "confirmed": True, "confirmed_at": now},
        )
        found = self.call("member_find", member=self.member)
        self.assertEqual((found["phone_confirmed"], found.get("email_confirmed")), (now, None))
        self.assertEqual(self.confirmed(), (True, False))

    def test_an_e_mail_is_confirmed_by_the_code_that_came_to_it(self):
        self.assertEqual(self.start("email")["sent_to"], "a•••@example.com")
        mail = self.last("email").mail_id
        self.assertEqual(
            (mail.email_to, mail.state, mail.auto_delete, mail.recipient_ids.ids),
            ("ann@example.com", "outgoing", True, []),
        )
        self.confirm(self.received("email"), "email")
        self.assertIn("email_confirmed", self.call("member_find", member=self.member))
        self.assertEqual(self.confirmed(), (False, True))

    def test_the_queues_are_told_to_run_when_the_transaction_has_ended(self):
        for contact, job in (("phone", "sms.ir_cron_sms_scheduler_action"), ("email", contact_codes.MAIL_QUEUE)):
            triggers = [("cron_id", "=", self.env.ref(job).id)]
            before = self.env["ir.cron.trigger"].search_count(triggers)
            self.start(contact)
            self.assertEqual(self.env["ir.cron.trigger"].search_count(triggers), before + 1, contact)

    def test_the_member_reads_it_in_the_own_language(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        self.env.ref(contact_codes.MAIL).with_context(lang="uk_UA").subject = "Ваш код"
        self.env.ref(contact_codes.SMS).with_context(lang="uk_UA").body = "Ваш код: {{ ctx.get('loy_code') }}"
        self.ann.lang = "uk_UA"
        self.start()
        self.start("email")
        self.assertTrue(self.last().sms_id.body.startswith("Ваш код: "))
        self.assertEqual(self.last("email").mail_id.subject, "Ваш код")

    def test_the_same_key_sends_once_and_gets_the_same_answer(self):
        key = self.new_key()
        answer = self.start(key=key)
        self.later(minutes=1)
        before = self.state()
        self.assertEqual(json.dumps(self.start(key=key)), json.dumps(answer))
        self.assertEqual(self.changes(before), {})
        code, key = self.received(), self.new_key()
        answer = self.confirm(code, key=key)
        self.later(minutes=1)
        before = self.state()
        self.assertEqual(json.dumps(self.confirm(code, key=key)), json.dumps(answer))
        self.assertEqual(self.changes(before), {})
        self.assertEqual(self.code_of(self.confirm, code), "confirm_not_started")

    def test_a_new_start_makes_the_former_code_worthless_and_takes_it_back(self):
        self.start()
        former, sms = self.received(), self.last().sms_id
        self.start()
        self.assertFalse(sms.exists())
        if self.received() != former:
            self.assertEqual(self.code_of(self.confirm, former), "wrong_code")
        self.confirm(self.received())

    def test_a_code_is_good_for_its_minutes(self):
        self.apply({"settings": {"confirm_minutes": 3}})
        self.start()
        self.later(minutes=3)
        self.assertEqual(self.code_of(self.confirm, self.received()), "code_expired")
        self.assertEqual(self.confirmed(), (False, False))

    def test_nothing_was_started_or_there_is_no_such_contact(self):
        self.assertEqual(self.code_of(self.confirm, "123456"), "confirm_not_started")
        self.start("email")
        self.assertEqual(self.code_of(self.confirm, "123456"), "confirm_not_started")
        self.call("member_update", member=self.member, email="")
        self.refused("contact_missing", "contact_confirm_start", member=self.member, contact="email")
        for code in ("12345", "1234567", "12345x", "١٢٣٤٥٦"):
            self.assertEqual(self.code_of(self.confirm, code), "bad_request")

    def test_a_change_of_the_contact_makes_the_code_void(self):
        self.start()
        code = self.received()
        self.call("member_update", member=self.member, phone="+380671110008")
        self.assertEqual(self.code_of(self.confirm, code), "code_void")
        self.call("member_update", member=self.member, phone="067 111 00 01")
        self.confirm(code)

    def test_a_contact_gets_so_many_codes_an_hour(self):
        self.apply({"settings": {"confirm_hour_max": 2, "confirm_day_max": 100}})
        self.start()
        self.later(minutes=20)
        self.start()
        self.start("email")
        until = (self.now + timedelta(minutes=40)).isoformat(timespec="seconds") + "+00:00"
        before = self.state()
        self.assertRegex(self.refusal(self.start), rf"^confirm_limit: .*\({re.escape(until)}\)")
        self.assertEqual(self.changes(before), {})
        self.later(minutes=39, seconds=59)
        self.assertEqual(self.code_of(self.start), "confirm_limit")
        self.later(seconds=1)
        self.start()

    def test_an_address_gets_so_many_codes_a_day_whoever_has_it(self):
        self.apply({"settings": {"confirm_hour_max": 100, "confirm_day_max": 2}})
        self.start()
        self.later(hours=2)
        self.start()
        self.call("member_update", member=self.member, phone="+380671110008")
        self.start()
        other = self.call("member_register", phone="+380671110001")["member"]
        text = self.refusal(self.start, member=other)
        until = (self.now + timedelta(hours=22)).isoformat(timespec="seconds") + "+00:00"
        self.assertRegex(text, rf"^confirm_limit: .*\({re.escape(until)}\)")
        self.later(hours=22)
        self.start(member=other)

    def test_the_settings_have_bounds(self):
        settings = self.env["loy.settings"].search([("company_id", "=", self.env.company.id)])
        for name, value in (("confirm_minutes", 0), ("confirm_hour_max", 0), ("confirm_day_max", 1001)):
            with (
                self.subTest(name),
                self.assertRaisesRegex(IntegrityError, "confirmation"),
                self.cr.savepoint(),
                mute_logger("odoo.sql_db"),
            ):
                settings.write({name: value})
                settings.flush_recordset()

    def test_events_tell_it(self):
        self.confirm_now()
        self.confirm_now("email")
        events = self.env["loy.event"].search([("member_id", "=", self.ann.id), ("kind", "like", "confirmed")])
        self.assertEqual(set(events.mapped("kind")), {"member.phone_confirmed", "member.email_confirmed"})
        self.assertEqual(set(events.mapped("at")), {self.now})

    def test_another_addon_puts_its_own_channel_there(self):
        sent = []
        service = type(self.env["loy.contact.codes"])
        with patch.object(service, "_send_to_phone", lambda *arguments: sent.append(arguments[2:])):
            self.start()
        ((address, told),) = sent
        self.assertEqual(address, "+380671110001")
        self.confirm(told["loy_code"])


@tagged("post_install", "-at_install")
class TestWhatIsConfirmed(CodesCase):
    def setUp(self):
        super().setUp()
        self.confirm_now()
        self.confirm_now("email")

    def test_a_change_of_the_value_ends_it_wherever_it_is_made(self):
        self.call("member_update", member=self.member, phone="067-111-00-01", first_name="Anna")
        self.assertEqual(self.confirmed(), (True, True), "the same phone written otherwise")
        self.call("member_update", member=self.member, phone="+380671110008")
        self.assertEqual(self.confirmed(), (False, True))
        plain = new_test_user(self.env, "t_plain", groups="base.group_user,base.group_partner_manager")
        self.ann.with_user(plain).write({"email": "lee@example.com"})
        self.assertEqual(self.confirmed(), (False, False))

    def test_nobody_writes_it(self):
        agent = new_test_user(self.env, "t_agent", groups="loyalty_core.group_admin,base.group_partner_manager")
        self.ann.with_user(agent).write({"loy_phone_confirmed_at": False, "loy_email_confirmed_at": "2020-01-01"})
        self.assertEqual(self.confirmed(), (True, True))
        self.assertEqual(self.ann.loy_email_confirmed_at, self.now)
        created = self.env["res.partner"].with_user(agent).create(
            {"phone": "+380671110009", "is_loyalty_member": True, "loy_phone_confirmed_at": "2020-01-01"}
        )
        self.assertFalse(created.loy_phone_confirmed_at)
        self.assertFalse(self.ann.copy().loy_phone_confirmed_at)

    def test_who_leaves_has_it_no_more(self):
        self.ann.is_loyalty_member = False
        self.assertEqual(self.confirmed(), (False, False))
        self.ann.is_loyalty_member = True
        self.assertEqual(self.confirmed(), (False, False))

    def test_it_stays_in_a_merge_where_the_value_stays(self):
        other = self.env["res.partner"].browse(int(self.call("member_register", phone="+380671110008")["member"]))
        merges = self.env["loy.merges"]
        merges._merge(other, self.ann, {"phone": "+380671110008"})
        self.assertEqual(
            (other.loy_phone, other.loy_phone_confirmed_at, other.loy_email, other.loy_email_confirmed_at),
            ("+380671110008", False, "ann@example.com", self.now),
        )
        self.assertEqual(self.confirmed(), (False, False), "who was merged is a member no more")

    def test_the_survivor_keeps_its_own(self):
        other = self.env["res.partner"].browse(int(self.call("member_register", phone="+380671110008")["member"]))
        self.env["loy.merges"]._merge(self.ann, other)
        self.assertEqual(self.confirmed(), (True, True))
        third = self.env["res.partner"].browse(int(self.call("member_register", phone="+380671110007")["member"]))
        self.env["loy.merges"]._merge(self.ann, third, {"phone": "+380671110007"})
        self.assertEqual(self.confirmed(), (False, True))

    def test_the_file_of_a_person_holds_it(self):
        answer = self.call("member_export", member=self.member)
        data = json.loads(zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["file"]))).read("data.json"))
        self.assertTrue(data["member"][0]["loy_phone_confirmed_at"])
        self.assertTrue(data["member"][0]["loy_email_confirmed_at"])
        self.assertEqual({row["contact"] for row in data["contact_codes"]}, {"phone", "email"})

    def test_members_are_found_by_it(self):
        view = self.env.ref("loyalty_core.loy_member_view_search")
        for name in ("phone_confirmed", "email_confirmed"):
            (domain,) = re.findall(rf'<filter name="{name}".*?domain="(.*?)"', view.arch)
            found = self.env["res.partner"].search(eval(domain))
            self.assertEqual(found, self.ann)

    def test_an_erasure_takes_it_and_the_codes_with_their_messages(self):
        self.start()
        self.start("email")
        sms, mail = self.last().sms_id, self.last("email").mail_id
        message = mail.mail_message_id
        self.call("member_erase", member=self.member, confirm=self.member)
        self.assertEqual(self.confirmed(), (False, False))
        self.assertFalse(self.env["loy.contact.code"].search([("member_id", "=", self.ann.id)]))
        self.assertFalse(sms.exists() or mail.exists() or message.exists())
        answers = self.env["loy.request"].search([("method", "like", "contact_confirm")]).mapped("answer")
        self.assertEqual(set(answers), {'{"erased": true}'})


@tagged("post_install", "-at_install")
class TestCodesAreSecret(CodesCase):
    def test_the_code_stands_nowhere_but_in_the_message(self):
        self.start()
        self.start("email")
        codes = [self.received(), self.received("email")]
        self.refusal(self.confirm, wrong(codes[0]))
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT string_agg(t, ' ') FROM (SELECT to_jsonb(c)::text AS t FROM loy_contact_code c"
            " UNION ALL SELECT to_jsonb(r)::text FROM loy_request r WHERE method LIKE 'contact%%'"
            " UNION ALL SELECT to_jsonb(e)::text FROM loy_event e WHERE member_id = %s"
            " UNION ALL SELECT to_jsonb(m)::text FROM mail_message m WHERE model = 'res.partner' AND res_id = %s)"
            " AS rows",
            [self.ann.id, self.ann.id],
        )
        (told,) = self.env.cr.fetchone()
        words = set(re.findall(r"\w+", told))
        self.assertFalse(words & set(codes))
        self.assertNotIn("1110001", told.replace('"phone": "+380671110001"', ""))

    def test_the_hash_is_salted_and_keyed(self):
        self.start()
        started, code = self.last(), self.received()
        service = self.env["loy.contact.codes"]
        self.assertEqual(started.code_hash, service._hash("code", started.salt, code))
        self.assertNotEqual(started.code_hash, service._hash("code", "another salt", code))
        self.env["ir.config_parameter"].set_param("database.secret", "another secret")
        self.assertNotEqual(started.code_hash, service._hash("code", started.salt, code))

    def test_no_log_tells_the_code(self):
        stream = io.StringIO()
        handler, root = logging.StreamHandler(stream), logging.getLogger()
        handler.setLevel(logging.INFO)
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)
        for contact in ("phone", "email"):
            self.start(contact)
            code = self.received(contact)
            self.refusal(self.confirm, wrong(code), contact)
            self.confirm(code, contact)
            written = stream.getvalue()
            self.assertNotIn(code, written)
            self.assertNotIn(wrong(code), written)

    def test_who_asked_for_a_code_cannot_read_it_and_no_user_of_the_shop_can(self):
        self.start("email")
        self.start()
        message = self.last("email").mail_id.mail_message_id
        self.assertEqual((message.create_uid.id, message.author_id), (SUPERUSER_ID, self.env.company.partner_id))
        self.assertFalse(message in self.ann.message_ids)
        self.integrator.group_ids += self.env.ref("base.group_user")
        people = [
            self.integrator,
            new_test_user(self.env, "t_shop", groups="loyalty_core.group_admin,base.group_partner_manager"),
        ]
        for user in people:
            for record in (message, self.last("email").mail_id, self.last().sms_id, self.last()):
                with self.subTest(user=user.login, model=record._name), self.assertRaises(AccessError):
                    record.with_user(user).read()
            self.assertNotIn(message, self.env["mail.message"].with_user(user).search([]))

    def test_codes_go_after_a_day_with_what_is_left_of_their_messages(self):
        self.start()
        self.start("email")
        old = self.env["loy.contact.code"].search([("member_id", "=", self.ann.id)])
        sms, message = old.sms_id, old.mail_id.mail_message_id
        old.mail_id.state, sms.state = "exception", "error"
        self.later(hours=23, minutes=59)
        self.start()
        young = self.last()
        self.assertEqual(self.env["loy.contact.code"]._gc_codes(), (0, False))
        self.later(minutes=2)
        self.assertEqual(self.env["loy.contact.code"]._gc_codes(), (2, False))
        self.assertEqual((old | young).exists(), young)
        self.assertFalse(sms.exists() or message.exists())


@tagged("post_install", "-at_install")
class TestConfirmAtOnce(CommittedCase):
    """Real transactions on connections of their own; what they commit is removed afterwards."""

    PHONE = "+380671999051"

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            env.ref("loyalty_core.loy_card_type_standard").is_default = True
            self.member = env["loy.members"]._register_member({"phone": self.PHONE})[0].id
        self.keys = count()

    def call(self, method, **request):
        """The refusal or `ok`, over a connection and a transaction of its own."""
        request |= {"key": f"once-{next(self.keys)}", "member": str(self.member), "contact": "phone"}
        with self.transaction() as env:
            try:
                getattr(env["loy.api"], method)(request)
            except ApiError as refused:
                env.cr.rollback()
                return str(refused)
        return "ok"

    def confirm(self, code):
        return self.call("contact_confirm", code=code)

    def at_once(self, requests):
        """What all of them are answered, begun together."""
        answers, barrier = [], Barrier(len(requests))

        def one(code):
            barrier.wait(20)
            answers.append(self.confirm(code).partition(":")[0])

        threads = [Thread(target=one, args=[code], daemon=True) for code in requests]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        return sorted(answers)

    def started(self):
        self.assertEqual(self.call("contact_confirm_start"), "ok")
        with self.transaction() as env:
            body = env["loy.contact.code"].search([("member_id", "=", self.member)], limit=1).sms_id.body
        return re.search(r"\b\d{6}\b", body)[0]

    def confirmations(self):
        with self.transaction() as env:
            events = [("member_id", "=", self.member), ("kind", "=", "member.phone_confirmed")]
            return env["loy.event"].search_count(events)

    def test_of_two_that_confirm_at_once_one_does(self):
        code = self.started()
        self.assertEqual(self.at_once([code] * 2), ["confirm_not_started", "ok"])
        self.assertEqual(self.confirmations(), 1)

    def test_five_wrong_codes_and_the_right_one_is_void_too(self):
        code = self.started()
        texts = [self.confirm(wrong(code, step)) for step in range(1, TRIES + 1)]
        self.assertEqual([text.partition(":")[0] for text in texts], ["wrong_code"] * TRIES)
        self.assertEqual([text[-1] for text in texts], ["4", "3", "2", "1", "0"])
        self.assertEqual(self.confirm(code).partition(":")[0], "code_void")
        code = self.started()
        self.assertTrue(self.confirm(wrong(code)).endswith(" 4"))
        self.assertEqual(self.confirm(code), "ok")
        self.assertEqual(self.confirmations(), 1)

    def test_of_many_wrong_tries_at_once_none_is_lost(self):
        code = self.started()
        answers = self.at_once([wrong(code, step) for step in range(1, 9)])
        self.assertEqual(answers, ["code_void"] * 3 + ["wrong_code"] * TRIES)
        self.assertEqual(self.confirm(code).partition(":")[0], "code_void")
        self.assertEqual(self.confirmations(), 0)
        with self.transaction() as env:
            started = env["loy.contact.code"].search([("member_id", "=", self.member)])
            self.assertEqual(started.mapped("wrong_count"), [TRIES])
