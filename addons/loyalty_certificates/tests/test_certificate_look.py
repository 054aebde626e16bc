"""The printed certificate: everything that is needed to pay, for whoever may see it."""

import base64

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged

from .certificates_common import CertificatesCase

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@tagged("post_install", "-at_install")
class TestCertificateLook(CertificatesCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gift.write({"image": PIXEL, "greeting": "Be <b>happy</b>"})

    def printed(self, certificate, user=None):
        report = self.env["ir.actions.report"].with_user(user or self.env.user)
        return report._render_qweb_html("loyalty_certificates.certificate", certificate.ids)[0].decode()

    def test_everything_that_is_needed_to_pay_stands_on_it(self):
        member = self.env["res.partner"].create({"name": "Olha Bondar"})
        certificate = self._active(member=member)
        page = self.printed(certificate)
        number = certificate.number
        groups = " ".join(number[place : place + 4] for place in range(0, len(number), 4))
        for text in (groups, certificate.pin, "500", "Olha Bondar", "Test_Gift", "03/01/2027"):
            self.assertIn(text, page)
        self.assertIn("Be &lt;b&gt;happy&lt;/b&gt;", page)
        self.assertEqual(page.count("data:image/png;base64,"), 2)

    def test_each_certificate_is_a_page_of_its_own(self):
        certificates = self._active(count=3)
        page = self.printed(certificates)
        self.assertEqual(page.count('class="article"'), 3)
        for certificate in certificates:
            self.assertEqual(page.count(f'data-oe-id="{certificate.id}"'), 1)

    def test_the_barcode_is_a_picture_in_the_page(self):
        kind, content = self.env["loy.certificate.looks"]._barcode(self._active().number).split(",")
        self.assertEqual(kind, "data:image/png;base64")
        self.assertTrue(base64.b64decode(content).startswith(b"\x89PNG"))

    def test_it_speaks_the_language_of_whoever_gets_it(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        self.gift.with_context(lang="uk_UA").name = "Подарунок"
        member = self.env["res.partner"].create({"name": "Olha", "lang": "uk_UA"})
        page = self.printed(self._active(member=member))
        self.assertIn("Подарунок", page)
        self.assertNotIn("Test_Gift", page)
        self.assertIn("Test_Gift", self.printed(self._active()))

    def test_only_whoever_may_see_numbers_prints_it(self):
        certificate = self._active()
        admin = new_test_user(self.env, "look_admin", groups="loyalty_core.group_admin")
        self.assertIn(certificate.pin, self.printed(certificate, admin))
        operator = new_test_user(self.env, "look_operator", groups="loyalty_core.group_operator")
        with self.assertRaises(LoyaltyError):
            self.printed(certificate, operator)
        for groups in ("base.group_user", "base.group_portal"):
            stranger = new_test_user(self.env, f"look_{groups[-6:]}", groups=groups)
            with self.assertRaises(UserError):  # no access to certificates, or no right to their numbers
                self.printed(certificate, stranger)

    def test_its_address_gives_nothing_to_others(self):
        certificate = self._active()
        new_test_user(self.env, "look_route", groups="loyalty_core.group_operator")
        new_test_user(self.env, "look_portal", groups="base.group_portal")
        for login in (None, "look_route", "look_portal"):
            self.authenticate(login, login)
            answer = self.url_open(f"/report/html/loyalty_certificates.certificate/{certificate.id}")
            self.assertNotIn(certificate.number[-4:], answer.text)
            self.assertNotIn("data:image/png", answer.text)
