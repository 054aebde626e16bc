"""Members see their own certificates in the portal, and nobody else's by any address."""

from odoo import fields, http
from odoo.addons.loyalty_core.tools.barcodes import grouped
from odoo.tests import HttpCase, new_test_user, tagged

from .certificates_common import CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificatePortal(CertificatesCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.egift = cls._type(
            "TEST_EGIFT",
            name="Electronic <gift>",
            value=250,
            is_virtual=True,
            number_prefix="97",
            when_text='{"kind": "basket_amount", "min": 100}',
        )
        cls.olha = new_test_user(cls.env, "p_olha", groups="base.group_portal")
        cls.ivan = new_test_user(cls.env, "p_ivan", groups="base.group_portal")
        # Of one company, as colleagues are.
        family = cls.env["res.partner"].create({"name": "Family", "is_company": True})
        (cls.olha.partner_id + cls.ivan.partner_id).parent_id = family

    def held(self, member, certificate_type=None):
        return self._active(certificate_type or self.egift, at=fields.Datetime.now(), member=member.partner_id)

    def page(self, login):
        self.authenticate(login, login)
        return self.url_open("/my/certificates")

    def ask(self, certificate, **data):
        data = {"csrf_token": http.Request.csrf_token(self), **data} if "csrf_token" not in data else data
        return self.url_open(f"/my/certificates/{certificate.id}", data=data)

    def secrets(self, certificate):
        return {certificate.number, grouped(certificate.number)}

    def test_own_ones_are_shown_by_their_last_digits(self):
        own, other = self.held(self.olha), self.held(self.ivan)
        answer = self.page("p_olha")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        for text in (own.masked_number, "Electronic &lt;gift&gt;", "250", "Active", "100"):
            self.assertIn(text, answer.text)
        self.assertNotIn(f"certificate_{other.id}", answer.text)
        self.assertNotIn(f"/my/certificates/{other.id}", answer.text)
        for secret in self.secrets(own) | self.secrets(other):
            self.assertNotIn(secret, answer.text)

    def test_a_button_shows_number_and_pin_and_is_counted(self):
        own, second = self.held(self.olha), self.held(self.olha)
        self.page("p_olha")
        answer = self.ask(own)
        self.assertIn(grouped(own.number), answer.text)
        self.assertIn(f">{own.pin}</b>", answer.text)
        self.assertNotIn(grouped(second.number), answer.text)
        self.ask(own)
        self.env.invalidate_all()
        self.assertEqual((own.shown_count, second.shown_count), (2, 0))
        self.assertTrue(own.shown_at)

    def test_nobody_reaches_that_of_another(self):
        own = self.held(self.olha)
        for login in ("p_ivan", None):
            self.authenticate(login, login)
            for answer in (
                self.url_open("/my/certificates"),
                self.ask(own),
                self.url_open(f"/my/certificates/{own.id}"),
                self.url_open(f"/my/certificates/{own.id}?csrf_token=1"),
                self.url_open(f"/report/html/loyalty_certificates.certificate/{own.id}"),
            ):
                self.assertNotIn(f"certificate_{own.id}", answer.text)
                for secret in self.secrets(own):
                    self.assertNotIn(secret, answer.text)
        self.env.invalidate_all()
        self.assertEqual(own.shown_count, 0)

    def test_a_link_or_a_foreign_page_shows_nothing(self):
        own = self.held(self.olha)
        self.page("p_olha")
        self.assertEqual(self.url_open(f"/my/certificates/{own.id}").status_code, 405)
        with self.assertLogs("odoo.http", "WARNING"):
            self.assertEqual(self.ask(own, csrf_token="wrong").status_code, 400)
        self.env.invalidate_all()
        self.assertEqual(own.shown_count, 0)

    def test_printed_ones_and_those_that_are_over_show_no_number(self):
        printed, blocked, gone = self.held(self.olha, self.gift), self.held(self.olha), self.held(self.olha)
        self.certificates._transition(blocked, "blocked")
        self.certificates._cancel(gone)
        page = self.page("p_olha").text
        self.assertIn(printed.masked_number, page)
        self.assertIn("Blocked", page)
        self.assertNotIn(f"certificate_{gone.id}", page)
        for certificate in (printed, blocked, gone):
            self.assertNotIn(f"/my/certificates/{certificate.id}", page)
            self.assertEqual(self.ask(certificate).status_code, 404)

    def test_the_home_page_has_an_entry(self):
        self.held(self.olha)
        self.authenticate("p_olha", "p_olha")
        self.assertIn("/my/certificates", self.url_open("/my").text)
        told = self.url_open("/my/counters", json={"params": {"counters": ["certificate_count"]}}).json()
        self.assertEqual(told["result"], {"certificate_count": 1})
