from datetime import datetime, timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.posting import Reversal
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .certificates_common import SOURCE, CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificateValidity(CertificatesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env.ref("loyalty_certificates.loy_reason_certificate_goodwill")
        cls.now = fields.Datetime.now()

    def spend(self, certificate, amount, at=None):
        account = certificate.account_id.id
        return self.ledger._spend({account: amount * self.scale}, at=at or self.start, source=SOURCE)

    def lots(self, certificate):
        return self.env["loy.lot"].search([("account_id", "=", certificate.account_id.id)], order="id")

    def test_a_longer_time_keeps_what_is_left_and_its_condition(self):
        self.gift.when_text = '{"kind": "basket_amount", "min": 100}'
        certificate = self._active(at=self.now)
        terms = self.lots(certificate).terms_id
        until = self.now + timedelta(days=900)
        self.certificates._change_validity(certificate, until, reason=self.reason, note="repairs")
        self.assertEqual((certificate.state, certificate.expires_at, certificate.left), ("active", until, 500))
        old, new = self.lots(certificate)
        self.assertEqual((old.is_open, new.origin_id, new.expires_at, new.terms_id), (False, old, until, terms))
        line = certificate.log_ids[0]
        self.assertEqual((line.to_state, line.reason_id, line.note), ("active", self.reason, "repairs"))
        self.certificates._change_validity(certificate, None, reason=self.reason)
        self.assertFalse(certificate.expires_at)
        self.assertFalse(self.lots(certificate)[-1].expires_at)
        self.assert_books()

    def test_one_that_has_expired_comes_back_with_what_was_on_it(self):
        certificate = self._active(at=datetime(2024, 3, 1, 9))
        self.spend(certificate, 200, at=datetime(2024, 3, 2, 9))
        self.ledger._expire(self.now)
        self.certificates._expire_ended(self.now)
        self.assertEqual((certificate.state, certificate.left), ("expired", 0))
        until = self.now + timedelta(days=30)
        self.certificates._change_validity(certificate, until, reason=self.reason)
        self.assertEqual((certificate.state, certificate.left, certificate.expires_at), ("active", 300, until))
        self.assertEqual(self._balance(certificate, self.now + timedelta(minutes=1)), 300)
        self.assert_books()
        self.ledger._expire(until)
        self.certificates._expire_ended(until)
        self.assertEqual((certificate.state, certificate.left), ("expired", 0))
        self.certificates._change_validity(certificate, until + timedelta(days=9), reason=self.reason)
        self.assertEqual(certificate.left, 300)
        self.assert_books()

    def test_its_time_may_be_changed_before_the_ledger_has_booked_its_end(self):
        certificate = self._active(at=datetime(2024, 3, 1, 9))
        self.certificates._expire_ended(self.now)
        self.certificates._change_validity(certificate, self.now + timedelta(days=30), reason=self.reason)
        self.ledger._expire(self.now)
        self.assertEqual((certificate.state, certificate.left), ("active", 500))
        self.assert_books()

    def test_a_sale_is_undone_also_after_its_time_was_changed(self):
        certificate = self._active(at=self.now)
        sale = self.lots(certificate).transaction_id.id
        self.certificates._change_validity(certificate, self.now + timedelta(days=30), reason=self.reason)
        self.ledger._reverse([Reversal(sale)], at=self.now + timedelta(minutes=1), source=SOURCE)
        self.assertEqual(certificate.left, 0)
        self.assert_books()

    def test_what_is_held_and_what_has_passed_are_refused(self):
        certificate = self._active(at=self.now)
        change = self.certificates._change_validity
        self._fails("certificate_until", change, certificate, self.now - timedelta(days=1))
        deadline = self.now + timedelta(hours=1)
        account = certificate.account_id.id
        self.ledger._hold({account: 100}, at=self.now, deadline_at=deadline, source=SOURCE)
        self._fails("account_held", change, certificate, self.now + timedelta(days=9))
        self._fails("certificate_held", self.certificates._cancel, certificate)
        new = self.certificates._make(self.gift, 1)
        self._fails("certificate_transition", change, new, self.now + timedelta(days=9))

    def test_what_is_cancelled_is_written_off(self):
        ones = self._active(count=3, at=self.now) | self.certificates._make(self.gift, 1)
        self.spend(ones[0], 200, at=self.now + timedelta(seconds=1))
        self.certificates._cancel(ones, reason=self.reason, note="mistake", at=self.now + timedelta(minutes=1))
        self.assertEqual(set(ones.mapped("state")), {"cancelled"})
        self.assertEqual(set(ones.mapped("left")), {0})
        self.assert_books()
        self._fails("certificate_transition", self.certificates._cancel, ones[0])

    def test_those_whose_time_is_over_say_so_since_their_own_end(self):
        first, second = self._active(at=datetime(2024, 3, 1, 9)), self._active(at=datetime(2024, 4, 1, 9))
        third = self._active(at=self.now)
        self.certificates._transition(second, "blocked")
        pieces = dict(self.env["loy.jobs"]._jobs(self.now))["certificate_expire"]
        self.assertEqual([self.env["loy.jobs"]._exhaust(piece) for piece in pieces], [1])
        # One that is blocked stays so, or its time would let it go.
        self.assertEqual([first.state, second.state, third.state], ["expired", "blocked", "active"])
        self.assertEqual(first.log_ids[0].at, first.expires_at)

    def test_people_do_it_by_buttons_and_only_with_the_right(self):
        agent = new_test_user(self.env, "gv_agent", groups="loyalty_core.group_contact_centre")
        operator = new_test_user(self.env, "gv_operator", groups="loyalty_core.group_operator")
        certificate = self._active(at=self.now)
        self.by(agent, certificate.with_user(agent).action_loy_block(), reason_id=self.reason.id, note="phone")
        self.assertEqual((certificate.state, certificate.log_ids[0].user_id), ("blocked", agent))
        certificate.with_user(agent).action_loy_unblock()
        self._fails("right_missing", self.by, agent, certificate.action_loy_cancel())
        wizard = self.env["loy.certificate.validity.wizard"].with_user(operator).create(
            {"certificate_id": certificate.id, "until_on": "2099-05-01", "reason_id": self.reason.id}
        )
        wizard.action_loy_apply()
        self.assertEqual(certificate.expires_at, datetime(2099, 5, 1, 21))  # midnight in Kyiv
        self.by(operator, certificate.action_loy_cancel())
        self.assertEqual((certificate.state, certificate.left), ("cancelled", 0))

    def by(self, user, action, **values):
        defaults = {name.removeprefix("default_"): value for name, value in action["context"].items()}
        self.env[action["res_model"]].with_user(user).create({**defaults, **values}).action_loy_apply()

    def test_some_are_given_by_hand(self):
        operator = new_test_user(self.env, "gh_operator", groups="loyalty_core.group_operator")
        agent = new_test_user(self.env, "gh_agent", groups="loyalty_core.group_contact_centre")
        free = self._type("FREE", value_kind="free", value_min=100, value_max=1000)
        values = {"type_id": free.id, "value": 150, "count": 2, "note": "A prize"}
        wizard = self.env["loy.certificate.issue.wizard"].with_user(operator).create(values)
        given = self.env["loy.certificate"].search(wizard.action_loy_issue()["domain"])
        self.assertEqual((given.mapped("left"), set(given.mapped("source"))), ([150, 150], {"hand"}))
        self.assertEqual(given[0].log_ids.note, "A prize")
        wizard = self.env["loy.certificate.issue.wizard"].with_user(operator).create({**values, "value": 99})
        self._fails("certificate_value", wizard.action_loy_issue)
        with self.assertRaises(AccessError):
            self.env["loy.certificate.issue.wizard"].with_user(agent).create(values)
