from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.requests import ProgrammeApply
from odoo.tests import tagged

from .certificates_common import CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificateTypes(CertificatesCase):
    def test_a_type_has_a_unit_of_its_own_that_is_no_part_of_the_programme(self):
        unit = self.gift.unit_id
        self.assertEqual((unit.code, unit.kind, unit.name), ("GC-TEST_GIFT", "certificate", self.gift.name))
        self.assertEqual(unit.decimals, self.env.company.currency_id.decimal_places)
        self.env["loy.programme"]._revise_unrevised()  # as each upgrade does
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

    def test_what_the_programme_says_of_types_is_applied_and_exported_the_same(self):
        self.env["product.product"].create({"name": "Gift card", "default_code": "GC-ANY"})
        said = [
            {"code": "ANY", "name": "Any sum", "value_min": 0, "value_max": 1000.5, "virtual": True, "single_use": True,
             "validity": {"months": 6}, "when": {"kind": "basket_amount", "min": 100}, "product": "GC-ANY",
             "number": {"prefix": "555", "length": 16, "check": "luhn"}, "pin_length": 6, "refund_grace_days": 0,
             "greeting": "Be well", "color": 3},
            {"code": "PLAIN", "name": "PLAIN", "value": 200, "number": {"prefix": "", "length": 9}},
        ]  # fmt: skip
        self.assertEqual(self._apply(said)["created"], 2)
        exported = self.env["loy.programme.document"]._export()["programme"]["certificate_types"]
        self.assertEqual([one for one in exported if one["code"] != self.gift.code], said)
        self.assertEqual(self._apply(exported), {"created": 0, "updated": 0, "unchanged": 3, "ended": 0})
        self.assertEqual(self._apply([{**said[1], "value": 300}])["updated"], 1)
        self._fails("bad_request", self._apply, [{"code": "NONE"}])
        self._fails("bad_request", self._apply, [{"code": "BOTH", "value": 1, "value_min": 1}])
        self._fails("bad_request", self._apply, [{"code": "BOTH", "value": 1, "validity": {"days": 1, "years": 1}}])
        self._fails("bad_certificate_type", self._apply, [{"code": "ODD", "value": 1, "when": {"kind": "no_such"},
                                                           "number": {"prefix": "61"}}])  # fmt: skip

    def _apply(self, types):
        request = schema.read(ProgrammeApply, {"key": "k", "programme": {"certificate_types": types}})
        answer = self.env["loy.programme.document"]._apply(request)
        return {name: answer[name] for name in ("created", "updated", "unchanged", "ended")}

    def test_units_of_certificates_are_none_of_the_programme(self):
        programme = self.env["loy.programme.document"]._export()["programme"]
        self.assertNotIn(self.gift.unit_id.code, [one["code"] for one in programme.get("units", [])])
        request = schema.read(ProgrammeApply, {"key": "k", "programme": {"units": []}, "replace": ["units"]})
        self.env["loy.programme.document"]._apply(request)
        self.assertTrue(self.gift.unit_id.active)

    def test_money_that_was_sold_stays_of_its_currency_and_company(self):
        other = self.env["res.company"].create({"name": "Another company"})
        self.gift.company_id = other
        self.assertEqual(self.gift.unit_id.company_id, other)
        self.gift.company_id = self.env.company
        self._active()
        self._fails("certificate_type_in_use", self.gift.write, {"company_id": other.id})
        self.gift.active = False
        self.assertFalse(self.gift.unit_id.active)
