"""What tests of certificates share: a type, a clock and short names."""

from datetime import datetime

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.posting import Source
from odoo.tests import TransactionCase

SOURCE = Source("test")


class CertificatesCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.certificates = cls.env["loy.certificates"]
        cls.ledger = cls.env["loy.ledger"]
        settings = cls.env["loy.settings"]
        settings = settings.search([("company_id", "=", cls.env.company.id)]) or settings.create({})
        settings.timezone = "Europe/Kyiv"
        cls.scale = 10**cls.env.company.currency_id.decimal_places
        cls.gift = cls._type("TEST_GIFT", value=500)
        cls.start = datetime(2026, 3, 1, 9, 0)

    @classmethod
    def _type(cls, code, **values):
        values = {"name": code.title(), "company_id": cls.env.company.id, **values}
        return cls.env["loy.certificate.type"].create({"code": code, **values})

    def _active(self, certificate_type=None, value=None, at=None, count=1, **options):
        """New certificates that are sold."""
        certificate_type = certificate_type or self.gift
        made = self.certificates._make(certificate_type, count)
        values = [round((value or certificate_type.value) * self.scale)] * count
        return self.certificates._activate(made, values, at=at or self.start, source=SOURCE, **options)

    def _balance(self, certificate, at=None):
        account = certificate.account_id.id
        return self.ledger._balances([account], at or self.start)[account].available / self.scale

    def _fails(self, code, call, *args, **kwargs):
        """The message of the error with this code that the call must raise; nothing of the call stays."""
        with self.assertRaises(LoyaltyError) as caught, self.cr.savepoint():
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)

    def assert_books(self):
        books = self.ledger._check_books()
        self.assertTrue(books["ok"], books["differences"])
