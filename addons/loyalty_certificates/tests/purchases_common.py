"""What tests of certificates share: types, certificates that are good, and short calls."""

from collections import Counter

from odoo import fields
from odoo.addons.loyalty_core.services.posting import Source
from odoo.addons.loyalty_core.tests.test_purchases import PurchaseCase

FREE = {"value_min": 1, "value_max": 5000, "virtual": True}
TYPES = {
    "products": [
        {"sku": "T-GIFT500", "name": "Gift certificate 500", "price": 500},
        {"sku": "T-EGIFT", "name": "Electronic gift certificate", "price": 100},
    ],
    "certificate_types": [
        {
            "code": "T_GIFT",
            "name": "Gift",
            "value": 500,
            "product": "T-GIFT500",
            "number": {"prefix": "78", "length": 16, "check": "luhn"},
        },
        {**FREE, "code": "T_EGIFT", "product": "T-EGIFT", "value_min": 20, "number": {"prefix": "79", "length": 16}},
        {
            **FREE,
            "code": "T_ELSEWHERE",
            "when": {"kind": "place", "store": ["T_S2"]},
            "number": {"prefix": "76", "length": 16},
        },
        {**FREE, "code": "T_ONCE", "single_use": True, "number": {"prefix": "75", "length": 16}},
        {**FREE, "code": "T_SHORT", "validity": {"days": 30}, "number": {"prefix": "74", "length": 16}},
    ],
}


class CertificateCase(PurchaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apply(TYPES)
        cls.certificates = cls.env["loy.certificates"]

    def type_of(self, code):
        return self.env["loy.certificate.type"].search([("code", "=", code)])

    def fresh(self, code="T_GIFT"):
        """One that nobody has bought."""
        return self.certificates._make(self.type_of(code), 1)

    def good(self, value, code="T_EGIFT", at=None):
        """One that has been bought for so much."""
        certificate = self.fresh(code)
        self.certificates._activate(
            certificate,
            [round(value * 100)],
            at=at or fields.Datetime.now(),
            source=Source("prepaid_sale", company_id=self.env.company.id),
        )
        return certificate

    def wish(self, certificate, **values):
        return {"number": certificate.number, "pin": certificate.pin or None, **values}

    def pay(self, number, certificate, **values):
        return self.confirm(number, certificates=[self.wish(certificate, **values)])

    def left(self, certificate):
        self.env.invalidate_all()
        return certificate.left

    def roles(self, certificate):
        """What has gone off it, by the other side."""
        entries = self.env["loy.entry"].search([("account_id", "=", certificate.account_id.id)])
        found = Counter()
        for entry in entries.filtered(lambda one: one.delta_minor < 0):
            found[entry.to_account_id.role] -= entry.delta_minor / 100
        return dict(found)
