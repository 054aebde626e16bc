import json
from datetime import datetime

from odoo.addons.loyalty_core.services.posting import Source
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .certificates_common import CertificatesCase


@tagged("post_install", "-at_install")
class TestCertificates(CertificatesCase):
    def test_what_is_sold_lies_in_the_ledger(self):
        sold = self._active(count=2)
        self.assertEqual(sold.mapped("state"), ["active"] * 2)
        self.assertEqual(len(sold.account_id), 2)
        self.assertEqual(sold.mapped("left"), [500, 500])
        self.assertEqual([self._balance(one) for one in sold], [500, 500])
        self.assertEqual(set(sold.account_id.mapped("kind")), {"certificate"})
        self.assertIn(sold[0].masked_number, sold[0].account_id.display_name)
        self.assertEqual(sold[0].log_ids.mapped("to_state"), ["active"])
        self.assertEqual(set(sold.mapped("source")), {"sale"})
        self.assert_books()

    def test_it_is_good_to_the_end_of_a_day_of_the_programme(self):
        certificate = self._active(at=datetime(2026, 3, 1, 22, 30))  # the 2nd of March in Kyiv
        self.assertEqual(certificate.expires_at, datetime(2027, 3, 2, 22, 0))
        self.assertEqual(certificate.account_id.lot_ids.expires_at, certificate.expires_at)
        self.gift.validity_count = 0
        self.assertFalse(self._active().expires_at)

    def test_only_a_value_of_the_type_is_sold(self):
        self._fails("certificate_value", self._active, value=499)
        free = self._type("FREE", value_kind="free", value_min=100, value_max=1000)
        self.assertEqual(self._active(free, 777.5).value, 777.5)
        for value in (99, 1001, -5):
            self._fails("certificate_value", self._active, free, value)

    def test_what_is_sold_keeps_the_condition_it_was_sold_under(self):
        self.gift.when_text = '{"kind": "basket_amount", "min": 100}'
        first = self._active()
        self.gift.when_text = False
        second = self._active()
        self.assertEqual(first.account_id.lot_ids.terms_id.document["kind"], "basket_amount")
        self.assertFalse(second.account_id.lot_ids.terms_id)

    def test_a_wrong_pin_is_answered_as_a_wrong_number_is(self):
        certificate = self._active()
        number, pin = certificate.number, certificate.pin
        self.assertEqual(self.certificates._find(f"{number[:4]} {number[4:]}", pin), certificate)
        wrong = {
            self._fails("certificate_not_found", self.certificates._find, *pair)
            for pair in ((number, "x"), (number, ""), ("1234567890123", pin), ("", ""), ("12'; --", pin), (number, "é"))
        }
        self.assertEqual(len(wrong), 1)
        self.assertEqual(self.certificates._get(number), certificate)

    def test_certificates_of_another_company_are_not_found(self):
        other = self.env["res.company"].create({"name": "Another company"})
        certificate = self._active()
        elsewhere = self.certificates.with_context(allowed_company_ids=other.ids).with_company(other)
        self._fails("certificate_not_found", elsewhere._find, certificate.number, certificate.pin)

    def test_a_number_is_of_no_card_and_a_card_of_no_certificate(self):
        certificate = self._active()
        self._fails("card_not_found", self.env["loy.cards"]._get, certificate.number)
        tiny = self._type("TINY", value=1, number_prefix="555", number_length=4, number_check=False, pin_length=0)
        card_type = self.env["loy.card.type"].create({"code": "ANY", "name": "Any", "number_prefix": "31"})
        self.env["loy.card"].create({"number": "5557", "type_id": card_type.id})
        numbers = self.certificates._make(tiny, 9).mapped("number")
        self.assertEqual(sorted(numbers), [f"555{digit}" for digit in (0, 1, 2, 3, 4, 5, 6, 8, 9)])
        self._fails("certificate_capacity", self.certificates._make, tiny, 1)

    def test_states_change_by_known_ways_only_and_each_is_told(self):
        certificate = self._active()
        reason = self.env["loy.reason"].create({"code": "STOLEN", "name": "Stolen", "usage": "card"})
        self.certificates._transition(certificate, "blocked", reason=reason, note="by phone")
        self._fails("certificate_transition", self.certificates._transition, certificate, "used")
        self.certificates._transition(certificate, "active")
        self.certificates._transition(certificate, "used")
        self.assertTrue(certificate.used_at)
        self.certificates._transition(certificate, "active")
        self.assertFalse(certificate.used_at)
        self.assertEqual(
            certificate.log_ids.sorted("id").mapped("to_state"), ["active", "blocked", "active", "used", "active"]
        )
        line = certificate.log_ids.filtered(lambda line: line.to_state == "blocked")
        self.assertEqual((line.reason_id, line.note, line.user_id), (reason, "by phone", self.env.user))
        new = self.certificates._make(self.gift, 1)
        self._fails("certificate_transition", self.certificates._transition, new, "blocked")
        self._fails("certificate_transition", self.certificates._transition, new, "active")
        self._fails(
            "certificate_transition",
            self.certificates._activate, certificate, [500 * self.scale], at=self.start, source=Source("test"),
        )  # fmt: skip

    def test_only_one_that_is_active_pays(self):
        certificate = self._active()
        self.certificates._check_usable(certificate, self.start)
        self._fails("certificate_expired", self.certificates._check_usable, certificate, certificate.expires_at)
        self.certificates._transition(certificate, "blocked")
        text = self._fails("certificate_blocked", self.certificates._check_usable, certificate, self.start)
        self.assertNotIn(certificate.number, text)

    def test_the_erased_are_told_of_nowhere_and_keep_what_they_paid_for(self):
        person = self.env["loy.members"]._register_member({"phone": "+380631112233", "name": "Olha Petrenko"})[0]
        certificate = self._active(member=person, note="Olha called")
        self.certificates._transition(certificate, "blocked", note="Olha called again")
        sections = self.env["loy.privacy"]._sections(person)
        self.assertEqual(sections["certificates"][0]["masked_number"], certificate.masked_number)
        self.assertEqual(len(sections["certificate_history"]), 2)
        self.env["loy.privacy"]._erase(person)
        self.env.invalidate_all()
        self.assertEqual(certificate.log_ids.mapped("note"), [False, False])
        self.assertEqual(self._balance(certificate), 500)

    def test_a_merged_member_has_the_certificates_of_both(self):
        first, second = (
            self.env["loy.members"]._register_member({"phone": phone, "name": "Olha"})[0]
            for phone in ("+380631112244", "+380631112255")
        )
        certificate = self._active(member=second)
        self.env["loy.merges"]._merge(first, second)
        self.env.invalidate_all()
        self.assertEqual(certificate.member_id, first)

    def test_units_of_certificates_are_not_picked_or_shown_among_points(self):
        self.gift.unit_id.sequence = -1
        self.assertNotEqual(self.env["loy.adjustment"]._default_unit(), self.gift.unit_id)
        person = self.env["loy.members"]._register_member({"phone": "+380631112266", "name": "Olha"})[0]
        units = [one["unit"] for one in self.env["loy.members"]._balances(person)[person.id]]
        self.assertNotIn(self.gift.unit_id, units)
        rewards = [{"kind": "points", "unit": self.gift.unit_id.code, "percent": 1}]
        values = {"code": "MINTS-MONEY", "name": "Mints money", "rewards_text": json.dumps(rewards)}
        self._fails("bad_promotion", self.env["loy.promotion"].create, values)

    def test_numbers_are_read_by_those_who_have_the_right_only(self):
        certificate = self._active()
        cashier = new_test_user(self.env, "gc_cashier", groups="loyalty_core.group_cashier")
        seen = certificate.with_user(cashier)
        self.assertEqual(seen.display_name, f"•••• {certificate.number[-4:]}")
        for name in ("number", "pin"):
            with self.assertRaises(AccessError):
                seen.read([name])
            with self.assertRaises(AccessError):
                seen.search([(name, "=like", "9%")])
        admin = new_test_user(self.env, "gc_admin", groups="loyalty_core.group_admin")
        self.assertEqual(certificate.with_user(admin).number, certificate.number)
        self._fails("certificate_by_service", certificate.with_user(admin).write, {"state": "active"})

    def test_money_that_people_have_paid_is_not_uninstalled_by_a_click(self):
        addon = self.env["ir.module.module"].search([("name", "=", "loyalty_certificates")])
        self._active()
        self._fails("certificates_not_empty", addon.button_uninstall)
        self.env["ir.config_parameter"].set_param("loyalty_certificates.uninstall_with_data", "True")
        self.env["loy.certificate.uninstall"]._check()
