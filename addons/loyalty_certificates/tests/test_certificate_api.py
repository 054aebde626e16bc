"""Certificates over the API: told, given, cancelled, and given by promotions."""

from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.tests import tagged

from .purchases_common import CertificateCase


@tagged("post_install", "-at_install")
class TestCertificateApi(CertificateCase):
    def of(self, certificate):
        return {"certificate": certificate.number, "pin": certificate.pin or None}

    def test_what_is_on_it_is_told_to_whoever_has_number_and_pin(self):
        gift = self.good(500)
        self.pay("C-1", gift)
        told = self.call("certificate_check", **self.of(gift))
        self.assertEqual((told["value"], told["left"], told["state"], told["usable"]), (500, 399, "active", True))
        self.assertEqual(told["certificate"], gift.masked_number)
        self.assertNotIn(gift.number, str(told))
        self.refused("certificate_not_found", "certificate_check", certificate=gift.number)
        self.refused("certificate_not_found", "certificate_check", certificate="79-0000")

    def test_what_cannot_be_used_says_why(self):
        used, ended, fresh = self.good(101), self.good(9, "T_SHORT", at=self.ago(40)), self.fresh()
        self.pay("C-1", used)
        for certificate, reason in ((used, "used"), (ended, "expired"), (fresh, "not_active")):
            told = self.call("certificate_check", **self.of(certificate))
            self.assertEqual((told["usable"], told["reason"], told["left"]), (False, reason, 0))

    def test_where_it_is_good_is_told_as_it_was_sold(self):
        gift = self.good(500, "T_ELSEWHERE")
        self.assertEqual(self.call("certificate_check", **self.of(gift))["when"], {"kind": "place", "store": ["T_S2"]})

    def test_its_history_has_states_and_movements(self):
        gift = self.good(150)
        self.pay("C-1", gift)
        self.call("purchase_return", purchase="C-1", return_="R-1")
        self.pay("C-2", gift)
        told = self.call("certificate_get", **self.of(gift))
        self.assertEqual([one["state"] for one in told["states"]], ["active"])
        moved = [(one["amount"], one.get("purchase")) for one in told["movements"]]
        self.assertEqual(moved, [(150, None), (-101, "C-1"), (101, "R-1"), (-101, "C-2")])

    def test_one_is_given_and_told_once(self):
        request = {"key": "give", "type": "T_EGIFT", "value": 70, "member": self.member, "reason": "late delivery"}
        answer = self.call("certificate_issue", **request)
        self.assertEqual(self.call("certificate_issue", **request), answer)
        [held] = self.call("member_certificates", member=self.member)["certificates"]
        self.assertEqual((held["left"], held["certificate"][-4:]), (70, answer["number"][-4:]))
        self.assertNotIn(answer["number"], str(held))
        paid = self.calculate(certificates=[{"number": answer["number"], "pin": answer["pin"]}])
        self.assertEqual(paid["totals"]["certificates"], 70)

    def test_it_goes_out_at_the_moment_that_is_asked_for(self):
        wish = {"email": "Olha@example.com", "name": "Olha", "from": "Ivan", "greeting": "Hi", "lang": "en"}
        late = {**wish, "at": "2030-01-01T10:00:00+02:00"}
        request = {"key": "send", "type": "T_SHORT", "value": 70, "deliver": late}
        self.refused("certificate_expired", "certificate_issue", **request)
        soon = (fields.Datetime.now() + timedelta(days=2)).replace(hour=8, minute=0, second=0)
        request |= {"key": "soon", "type": "T_EGIFT", "deliver": {**wish, "at": f"{soon.isoformat()}+00:00"}}
        answer = self.call("certificate_issue", **request)
        self.assertEqual(self.call("certificate_issue", **request), answer)
        [sent] = self.env["loy.certificate.delivery"].search([("address", "=", "olha@example.com")])
        self.assertEqual((sent.deliver_at, sent.sender_name, sent.state), (soon, "Ivan", "waiting"))
        self.assertEqual(sent.certificate_id.number, answer["number"])

    def test_where_it_cannot_go_nothing_is_given(self):
        before = self.env["loy.certificate"].search_count([])
        ask = {"type": "T_EGIFT", "value": 70}
        for code, deliver in (
            ("bad_phone", {"phone": "12"}),
            ("bad_email", {"email": "nobody"}),
            ("bad_lang", {"email": "a@example.com", "lang": "tlh"}),
            ("bad_request", {"email": "a@example.com", "phone": "+380671110009"}),
            ("bad_request", {"name": "Olha"}),
        ):
            self.refused(code, "certificate_issue", **ask, deliver=deliver)
        gift = self.fresh()
        to = {"email": "a@example.com"}
        self.refused("certificate_printed", "certificate_issue", type="T_GIFT", certificate=gift.number, deliver=to)
        self.assertEqual(gift.state, "new")
        self.assertEqual(self.env["loy.certificate"].search_count([]), before + 1)

    def test_a_printed_one_is_given_by_its_number(self):
        gift = self.fresh()
        self.refused("certificate_number_missing", "certificate_issue", type="T_GIFT")
        self.refused("certificate_product", "certificate_issue", type="T_EGIFT", value=50, certificate=gift.number)
        self.refused("certificate_value", "certificate_issue", type="T_EGIFT", value=6000)
        self.refused("certificate_value", "certificate_issue", type="T_GIFT", value=400, certificate=gift.number)
        self.refused("certificate_type_not_found", "certificate_issue", type="T_NONE")
        self.call("certificate_issue", type="T_GIFT", certificate=gift.number)
        self.assertEqual(self.left(gift), 500)
        self.refused("certificate_transition", "certificate_issue", type="T_GIFT", certificate=gift.number)

    def test_wrong_numbers_are_counted_as_guesses(self):
        self.apply({"settings": {**self.programme["settings"], "guess_misses": 2, "guess_minutes": 10}})
        gift = self.good(100)
        guesser = self.env["loy.api"].with_user(self.new_integrator("t_guesser"))
        guesses = self.env["loy.guesses"]
        missed = []
        self.patch(type(guesses), "_missed", lambda service, text, spot: missed.append(text))
        for number in ("7900000000000001", "7900000000000002", gift.number):
            with self.assertRaises(ApiError):
                self.call("certificate_check", api=guesser, certificate=number, pin="")
        self.assertEqual(len(set(missed)), 3)  # each is another guess, though the text is the same

    def ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)


@tagged("post_install", "-at_install")
class TestGiven(CertificateCase):
    """A voucher of 10 for every full 50 that are paid."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        reward = {"kind": "issue_certificate", "type": "T_EGIFT", "value": {"amount": 30, "every": 50}}
        cls.apply({"promotions": [cls.promotion("T_VOUCHER", reward, group="t_points")]})

    def policy(self, coupon):
        self.apply({"settings": {**self.programme["settings"], "returns": {"coupon": coupon}}})

    def voucher(self):
        return self.env["loy.certificate"].search([("promotion_code", "=", "T_VOUCHER")])

    def buy(self):
        [issued] = self.confirm("C-1")["issued"]  # 101: two times 30
        self.assertEqual((issued["value"], issued["certificate_type"]), (60, "T_EGIFT"))
        return issued

    def test_the_answer_has_its_number_and_the_record_has_not(self):
        issued = self.buy()
        told = self.call("certificate_check", certificate=issued["certificate"], pin=issued["pin"])
        self.assertEqual(told["left"], 60)
        self.assertNotIn(issued["certificate"], str(self.purchase_of("C-1").result))
        [kept] = self.call("purchase_get", purchase="C-1")["issued"]
        self.assertEqual(kept["certificate"], self.voucher().masked_number)

    def test_a_held_purchase_answers_it_too(self):
        self.hold("C-1")
        self.assertFalse(self.voucher())
        [issued] = self.call("purchase_confirm", purchase="C-1")["issued"]
        told = self.call("certificate_check", certificate=issued["certificate"], pin=issued["pin"])
        self.assertEqual(told["left"], 60)

    def test_it_is_cut_when_a_part_of_the_purchase_comes_back(self):
        self.policy("cut")
        self.buy()
        answer = self.call("purchase_return", purchase="C-1", return_="R-1", lines=[{"id": "2", "quantity": 1}])
        [told] = answer["codes"]  # 81 are kept: once 30
        self.assertEqual((told["certificate"], told["cut"], told["left"]), (self.voucher().masked_number, 30, 30))
        self.assertEqual((answer["refund"]["money"], self.left(self.voucher())), (20, 30))
        self.call("purchase_return", purchase="C-1", return_="R-2")
        self.assertEqual((self.left(self.voucher()), self.voucher().state), (0, "cancelled"))
        self.assert_books()

    def test_what_is_used_of_it_reduces_the_refund(self):
        self.policy("cut_or_refund")
        issued = self.buy()
        wish = {"number": issued["certificate"], "pin": issued["pin"]}
        self.confirm("C-2", certificates=[{**wish, "amount": 40}], lines=self.basket()["lines"][:1], member=None)
        answer = self.call("purchase_return", purchase="C-1", return_="R-1", lines=[{"id": "2", "quantity": 1}])
        [told] = answer["codes"]  # 20 were left of 30 that are due
        self.assertEqual((told["cut"], told["reduced"]), (20, 10))
        self.assertEqual((answer["refund"]["money"], self.left(self.voucher())), (10, 0))
        self.assertEqual(self.voucher().state, "used")
        self.assert_books()

    def test_points_become_a_certificate(self):
        gives = {"certificate_type": "T_EGIFT", "value": 20}
        points = {"min": 20, "max": 40, "step": 10}
        self.apply({"rewards": [{"code": "T_FOR_POINTS", "unit": "T_BONUS", "points": points, "gives": gives}]})
        answer = self.call("reward_redeem", member=self.member, reward="T_FOR_POINTS", points=30)
        [given] = answer["certificates"]
        told = self.call("certificate_check", certificate=given["number"], pin=given["pin"])
        self.assertEqual((told["left"], self.available()), (60, 20))
        kept = self.env["loy.redemption"].search([], order="id desc", limit=1).given
        self.assertNotIn(given["number"], str(kept))
        self.assertNotIn("pin", kept["certificates"][0])
        self.assert_books()

    def test_a_member_gets_one_by_an_event(self):
        reward = {"kind": "issue_certificate", "type": "T_EGIFT", "value": 25}
        self.apply({"promotions": [self.promotion("T_WELCOME", reward, on="registered")]})
        member = self.call("member_register", phone="+380671110009", first_name="Bo")["member"]
        [held] = self.call("member_certificates", member=member)["certificates"]
        self.assertEqual(held["left"], 25)
