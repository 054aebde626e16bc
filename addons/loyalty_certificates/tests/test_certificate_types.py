from odoo.tests import tagged

from .certificates_common import CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificateTypes(CertificatesCase):
    def test_a_type_has_a_unit_of_its_own_that_is_no_part_of_the_programme(self):
        unit = self.gift.unit_id
        self.assertEqual((unit.code, unit.kind, unit.name), ("GC-TEST_GIFT", "certificate", self.gift.name))
        self.assertEqual(unit.decimals, self.env.company.currency_id.decimal_places)
        told = [("res_model", "=", "loy.unit"), ("res_id", "=", unit.id)]
        self.assertFalse(self.env["loy.revision"].search_count(told))
        self.gift.name = "Called otherwise"
        self.assertEqual(unit.name, "Called otherwise")

    def test_a_unit_is_told_from_one_that_has_its_code(self):
        self.env["loy.unit"].create({"code": "GC-TWIN", "name": "There", "company_id": self.env.company.id})
        self.assertEqual(self._type("TWIN", value=1).unit_id.code, "GC-TWIN-2")

    def test_numbers_of_cards_and_certificates_never_meet(self):
        cards = self.env["loy.card.type"]
        text = self._fails("numbers_meet", cards.create, {"code": "C99", "name": "Clash", "number_prefix": "991"})
        self.assertIn(self.gift.name, text)
        card = cards.create({"code": "C77", "name": "Card", "number_prefix": "77"})
        self._fails("numbers_meet", self._type, "MEETS", value=1, number_prefix="7")
        card.active = False
        self._fails("numbers_meet", self._type, "MEETS", value=1, number_prefix="77")
        self._type("APART", value=1, number_prefix="7", number_length=14, number_check="luhn")

    def test_the_condition_of_use_is_judged_by_the_engine(self):
        self._fails("bad_certificate_type", self._type, "WRONG", value=1, when_text='{"kind": "no_such"}')
        self._fails("bad_certificate_type", self._type, "WRONG", value=1, when_text="{")

    def test_what_it_is_sold_as_is_never_discounted(self):
        product = self.env["product.product"].create({"name": "Gift card", "default_code": "GC500"})
        self._type("SOLD", value=500, product_id=product.id)
        self.assertTrue(product.loy_no_discount)
