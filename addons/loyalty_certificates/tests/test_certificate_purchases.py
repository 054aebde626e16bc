"""Certificates at purchases, by the API: they pay, are sold, and come back."""

from datetime import timedelta
from decimal import Decimal

from odoo import fields
from odoo.tests import tagged

from .purchases_common import CertificateCase


@tagged("post_install", "-at_install")
class TestPaying(CertificateCase):
    def test_a_part_pays_and_the_rest_stays(self):
        gift = self.good(500)
        answer = self.pay("C-1", gift)
        self.assertEqual(answer["totals"]["certificates"], 101)
        self.assertEqual(answer["totals"]["to_pay"], 0)
        [told] = answer["certificates"]
        self.assertEqual((told["number"], told["paid"], told["left"]), (gift.masked_number, 101, 399))
        self.assertEqual((self.left(gift), gift.state), (399, "active"))
        self.pay("C-2", gift, amount=30)
        self.assertEqual(self.left(gift), 369)
        self.assert_books()

    def test_the_first_is_drained_before_the_next_one_pays(self):
        first, second = self.good(60), self.good(60)
        wishes = [self.wish(first), self.wish(second)]
        self.assertEqual(self.calculate(certificates=wishes)["totals"]["certificates"], 101)
        self.confirm("C-1", certificates=wishes)
        self.assertEqual([(self.left(one), one.state) for one in (first, second)], [(0, "used"), (19, "active")])
        self.refused("certificate_used", "purchase_calculate", **self.basket(certificates=wishes[:1]))

    def test_a_wrong_pin_and_a_wrong_number_are_the_same_refusal(self):
        gift = self.good(500)
        texts = {
            self.refused("certificate_not_found", "purchase_calculate", **self.basket(certificates=[wish]))
            for wish in (
                {"number": gift.number, "pin": "0000" if gift.pin != "0000" else "1111"},
                {"number": gift.number},
                {"number": "7800000000000001", "pin": gift.pin},
            )
        }
        self.assertEqual(len(texts), 1)

    def test_a_number_may_be_typed_as_it_is_printed(self):
        gift = self.good(500)
        spaced = " ".join(gift.number[place : place + 4] for place in range(0, len(gift.number), 4))
        wish = {"number": spaced, "pin": gift.pin}
        self.assertEqual(self.calculate(certificates=[wish])["totals"]["certificates"], 101)

    def test_no_card_is_a_certificate_and_no_certificate_a_card(self):
        gift = self.good(500)
        card = self.call("member_find", member=self.member)["cards"][0]["number"]
        self.refused("certificate_not_found", "purchase_calculate", **self.basket(certificates=[{"number": card}]))
        self.refused("card_not_found", "purchase_calculate", **self.basket(member={"card": gift.number}))

    def test_one_that_is_good_elsewhere_says_why_it_does_not_pay(self):
        gift = self.good(500, "T_ELSEWHERE")
        answer = self.calculate(certificates=[self.wish(gift)])
        [told] = answer["certificates"]
        self.assertEqual((told["paid"], told["usable"], told["reasons"][0]["code"]), (0, False, "place"))
        self.confirm("C-1", certificates=[self.wish(gift)])
        self.assertEqual(self.left(gift), 500)
        there = self.confirm("C-2", store="T_S2", certificates=[self.wish(gift)])
        self.assertEqual(there["totals"]["certificates"], 101)

    def test_what_was_promised_with_a_certificate_stays(self):
        gift = self.good(500, "T_ELSEWHERE")
        self.type_of("T_ELSEWHERE").when_text = False
        self.assertEqual(self.calculate(certificates=[self.wish(gift)])["totals"]["certificates"], 0)

    def test_of_one_that_is_good_once_the_rest_is_lost(self):
        gift = self.good(500, "T_ONCE")
        self.pay("C-1", gift)
        self.assertEqual((self.left(gift), gift.state), (0, "used"))
        self.assertEqual(self.roles(gift), {"redeemed": 101, "expired": 399})
        self.assert_books()

    def test_one_that_is_good_once_is_held_once(self):
        gift = self.good(500, "T_ONCE")
        self.hold("C-1", certificates=[self.wish(gift, amount=50)])
        self.refused("certificate_held", "purchase_calculate", **self.basket(certificates=[self.wish(gift)]))
        self.call("purchase_confirm", purchase="C-1")
        self.assertEqual((self.left(gift), gift.state), (0, "used"))

    def test_what_one_that_is_good_once_has_lost_stays_lost_when_its_time_is_changed(self):
        gift = self.good(500, "T_ONCE")
        self.pay("C-1", gift)
        self.call("purchase_return", purchase="C-1", return_="R-1", lines=[{"id": "1", "quantity": 1}])
        left = self.left(gift)
        self.assertTrue(0 < left < 101)
        self.certificates._change_validity(gift, fields.Datetime.now() + timedelta(days=9))
        self.assertEqual(self.left(gift), left)
        self.assert_books()

    def test_what_has_come_back_too_late_is_good_again_when_its_time_is_changed(self):
        self.type_of("T_SHORT").refund_grace_days = 0
        now = fields.Datetime.now()
        gift = self.good(500, "T_SHORT", at=now - timedelta(days=40))
        then = (now - timedelta(days=20)).isoformat() + "Z"
        self.confirm("C-1", at=then, certificates=[self.wish(gift)])
        self.env["loy.ledger"]._expire(now)
        self.certificates._expire_ended(now)
        self.call("purchase_return", purchase="C-1", return_="R-1")
        self.assertEqual((self.left(gift), gift.state), (0, "expired"))
        self.certificates._change_validity(gift, now + timedelta(days=9))
        self.assertEqual(self.left(gift), 500)
        self.assert_books()

    def test_what_is_held_is_nobody_elses(self):
        gift = self.good(120)
        held = self.hold("C-1", certificates=[self.wish(gift)])
        self.assertEqual(held["totals"]["certificates"], 101)
        other = self.calculate(certificates=[self.wish(gift)])
        self.assertEqual(other["totals"]["certificates"], 19)
        self.assertEqual(self.hold("C-1", certificates=[self.wish(gift)])["totals"]["certificates"], 101)
        answer = self.call("purchase_confirm", purchase="C-1")
        self.assertEqual(answer["certificates"][0]["left"], 19)
        self.assertEqual(self.left(gift), 19)

    def test_a_cancelled_purchase_leaves_all_of_it(self):
        gift = self.good(120)
        self.hold("C-1", certificates=[self.wish(gift)])
        self.call("purchase_cancel", purchase="C-1")
        self.assertEqual(self.calculate(certificates=[self.wish(gift)])["totals"]["certificates"], 101)

    def test_an_answer_is_told_once_more_and_takes_nothing_more(self):
        gift = self.good(500)
        request = {"purchase": "C-1", "key": "once", **self.basket(certificates=[self.wish(gift)])}
        first = self.call("purchase_confirm", **request)
        self.assertEqual(self.call("purchase_confirm", **request), first)
        self.assertEqual(self.left(gift), 399)

    def test_one_that_has_ended_does_not_pay(self):
        gift = self.good(500, "T_SHORT", at=fields.Datetime.now() - timedelta(days=40))
        for _time in range(2):
            self.refused("certificate_expired", "purchase_calculate", **self.basket(certificates=[self.wish(gift)]))
            self.env["loy.ledger"]._expire(fields.Datetime.now())
        self.assertEqual(self.roles(gift), {"expired": 500})

    def test_a_receipt_made_offline_is_a_fact(self):
        gift = self.good(50)
        wishes = [{**self.wish(gift), "amount": 80}, {"number": "7800000000000001"}]
        answer = self.confirm("C-1", certificates=wishes, offline=True, expected={"to_pay": 21})
        self.assertEqual((answer["totals"]["certificates"], answer["totals"]["to_pay"]), (80, 21))
        self.assertEqual(gift.account_id.debt, 30)
        self.assert_books()

    def test_points_are_earned_on_what_certificates_leave(self):
        gift = self.good(41)
        [earned] = self.pay("C-1", gift)["earned"]
        self.assertEqual(earned["amount"], 3)  # 5 % of 60

    def test_the_number_is_nowhere_in_what_is_kept(self):
        gift = self.good(500)
        self.pay("C-1", gift)
        purchase = self.purchase_of("C-1")
        for kept in (purchase.basket, purchase.result, purchase.by_line):
            self.assertNotIn(gift.number, str(kept))


@tagged("post_install", "-at_install")
class TestSelling(CertificateCase):
    def sell(self, number, *certificates, **values):
        lines = [
            {"id": str(place), "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": one.number}
            for place, one in enumerate(certificates, start=1)
        ]
        return self.call("purchase_confirm", purchase=number, store="T_S1", lines=lines, **values)

    def test_it_is_good_once_the_purchase_is_confirmed(self):
        gift = self.fresh()
        lines = [{"id": "1", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": gift.number}]
        answer = self.call("purchase_hold", purchase="S-1", store="T_S1", lines=lines)
        self.assertEqual(answer["totals"]["prepaid"], 500)
        self.assertEqual(gift.state, "new")
        self.refused("certificate_not_active", "purchase_calculate", **self.basket(certificates=[self.wish(gift)]))
        answer = self.call("purchase_confirm", purchase="S-1")
        [sold] = answer["sold"]
        self.assertEqual((sold["line"], sold["value"]), ("1", 500))
        gift.invalidate_recordset()
        self.assertEqual((gift.state, gift.value, self.left(gift)), ("active", 500, 500))
        self.assertEqual(gift.sold_purchase_id, self.purchase_of("S-1"))
        self.pay("C-1", gift)
        self.assert_books()

    def test_several_are_sold_in_one_purchase(self):
        gifts = [self.fresh() for _number in range(3)]
        answer = self.sell("S-1", *gifts)
        self.assertEqual((len(answer["sold"]), answer["totals"]["to_pay"]), (3, 1500))
        self.assertEqual([self.left(one) for one in gifts], [500] * 3)

    def test_none_is_sold_twice(self):
        gift = self.fresh()
        lines = [{"id": "1", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": gift.number}]
        self.call("purchase_hold", purchase="S-1", store="T_S1", lines=lines)
        request = {"store": "T_S1", "lines": lines}
        self.refused("certificate_taken", "purchase_hold", purchase="S-2", **request)
        self.refused("certificate_taken", "purchase_confirm", purchase="S-2", **request)
        self.call("purchase_cancel", purchase="S-1")
        self.call("purchase_confirm", purchase="S-2", **request)
        self.refused("certificate_taken", "purchase_calculate", **request)

    def test_one_without_a_body_is_made_with_the_sale(self):
        line = {"id": "1", "sku": "T-EGIFT", "quantity": 2, "price": 250}
        answer = self.call("purchase_confirm", purchase="S-1", store="T_S1", lines=[line])
        self.assertEqual([one["value"] for one in answer["sold"]], [250, 250])
        one = answer["sold"][0]
        paid = self.calculate(certificates=[{"number": one["number"], "pin": one["pin"]}])
        self.assertEqual(paid["totals"]["certificates"], 101)
        self.assertNotIn(one["number"], str(self.purchase_of("S-1").result))

    def test_what_cannot_be_sold_says_why(self):
        gift, egift = self.fresh(), {"id": "1", "sku": "T-EGIFT", "quantity": 1}
        line = {"id": "1", "sku": "T-GIFT500", "quantity": 1, "price": 500}
        for code, one in (
            ("certificate_number_missing", line),
            ("certificate_not_found", {**line, "certificate": "7800000000000001"}),
            ("certificate_product", {**line, "sku": "T-1001", "certificate": gift.number}),
            ("certificate_product", {**egift, "price": 300, "certificate": gift.number}),
            ("certificate_value", {**egift, "price": 19}),
            ("certificate_value", {**egift, "price": 5001}),
            ("bad_request", {**line, "quantity": 2, "certificate": gift.number}),
        ):
            self.refused(code, "purchase_calculate", store="T_S1", lines=[one])

    def test_it_gets_no_discount_earns_nothing_and_is_no_turnover(self):
        gift = self.fresh()
        lines = [
            *self.basket()["lines"],
            {"id": "9", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": gift.number},
        ]
        answer = self.confirm("S-1", lines=lines)
        self.assertEqual(answer["totals"]["discount"], 9)
        self.assertEqual([one["amount"] for one in answer["earned"]], [5])
        day = self.env["loy.member.day"].search([("member_id", "=", int(self.member))])
        self.assertEqual((day.base, day.amount), (110, 101))
        self.assert_books()

    def test_it_is_sold_for_what_it_is_worth(self):
        gift = self.fresh()
        for price in (0, 450, 550):
            line = {"id": "1", "sku": "T-GIFT500", "quantity": 1, "price": price, "certificate": gift.number}
            self.refused("certificate_value", "purchase_calculate", store="T_S1", lines=[line])
        for line in ({"quantity": 1.5, "price": 100}, {"quantity": 3, "price": 33.335, "amount": 100}):
            self.refused(
                "certificate_value", "purchase_calculate", store="T_S1", lines=[{"id": "1", "sku": "T-EGIFT", **line}]
            )

    def test_one_certificate_is_not_sold_on_two_lines(self):
        gift = self.fresh()
        line = {"sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": gift.number}
        lines = [{**line, "id": "1"}, {**line, "id": "2"}]
        self.refused("certificate_taken", "purchase_confirm", purchase="S-1", store="T_S1", lines=lines)
        answer = self.call("purchase_confirm", purchase="S-1", store="T_S1", lines=lines, offline=True)
        self.assertEqual([one.get("problem") for one in answer["sold"]], [None, "certificate_taken"])
        self.assertEqual(self.left(gift), 500)
        self.call("purchase_return", purchase="S-1", return_="R-1")  # of the second line nothing but the money
        self.assertEqual((gift.state, self.left(gift)), ("cancelled", 0))
        self.assert_books()

    def test_a_late_confirm_sells_what_was_promised_or_tells_of_it(self):
        gift = self.fresh()
        lines = [{"id": "1", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": gift.number}]
        for confirmed in ({}, {"store": "T_S1", "lines": lines}):
            number = f"S-{len(confirmed)}"
            self.call("purchase_hold", purchase=number, store="T_S1", lines=lines)
            self.env["loy.certificate"].search([("reserved_by_id", "!=", False)]).reserved_until_at = self.ago(1)
            self.run_out(number)
            self.sell("S-OTHER" + number, gift)
            made = self.env["loy.certificate"].search_count([])
            [told] = self.call("purchase_confirm", purchase=number, **confirmed)["sold"]
            self.assertEqual((told["problem"], told["number"]), ("certificate_taken", gift.masked_number))
            self.assertEqual(self.env["loy.certificate"].search_count([]), made)
            gift = self.fresh()
            lines[0]["certificate"] = gift.number

    def test_an_offline_sale_never_fails(self):
        gift = self.fresh()
        lines = [
            {"id": "1", "sku": "T-EGIFT", "quantity": 1, "price": 7},
            {"id": "2", "sku": "T-1002", "quantity": 1, "certificate": gift.number},
            {"id": "3", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": "7800000000000001"},
            {"id": "4", "sku": "T-EGIFT", "quantity": 0.5, "price": 100},
            {"id": "5", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": gift.number},
        ]
        answer = self.call("purchase_confirm", purchase="S-1", store="T_S1", lines=lines, offline=True)
        problems = [one.get("problem") for one in answer["sold"]]
        expected = ["certificate_value", "certificate_product", "certificate_not_found", "certificate_value", None]
        self.assertEqual(problems, expected)
        self.assert_books()

    def test_what_is_held_of_it_is_used(self):
        gift = self.fresh()
        self.sell("S-1", gift)
        self.hold("C-1", certificates=[self.wish(gift)])
        self.refused("certificate_in_use", "purchase_return", purchase="S-1", return_="R-1")
        self.call("purchase_cancel", purchase="C-1")
        self.call("purchase_return", purchase="S-1", return_="R-1")
        self.assertEqual(self.left(gift), 0)

    def test_halves_of_a_certificate_do_not_come_back(self):
        gift = self.fresh()
        self.sell("S-1", gift)
        lines = [{"id": "1", "quantity": 0.5}]
        self.refused("return_pieces", "purchase_return", purchase="S-1", return_="R-1", lines=lines)

    def test_it_comes_back_with_its_purchase_only(self):
        settings = {**self.programme["settings"], "returns": {"without_purchase": True}}
        self.apply({"settings": settings})
        line = {"id": "1", "sku": "T-EGIFT", "quantity": 1, "price": 100}
        request = {"return_": "R-1", "store": "T_S1", "lines": [line]}
        self.refused("return_needs_purchase", "purchase_return", **request)
        self.call("purchase_return", **request, offline=True)
        self.assertEqual(self.purchase_of("R-1").prepaid, -100)

    def ago(self, days):
        return fields.Datetime.now() - timedelta(days=days)

    def test_an_unused_one_comes_back_by_the_way_it_was_paid(self):
        gift, other = self.fresh(), self.fresh()
        self.sell("S-1", gift, other)
        self.pay("C-1", other)
        lines = [{"id": "2", "quantity": 1}]
        self.refused("certificate_in_use", "purchase_return", purchase="S-1", return_="R-1", lines=lines)
        answer = self.call("purchase_return", purchase="S-1", return_="R-1", lines=[{"id": "1", "quantity": 1}])
        self.assertEqual(answer["refund"]["money"], 500)
        gift.invalidate_recordset()
        self.assertEqual((gift.state, self.left(gift)), ("cancelled", 0))
        self.refused("certificate_cancelled", "purchase_calculate", **self.basket(certificates=[self.wish(gift)]))
        self.assert_books()


@tagged("post_install", "-at_install")
class TestRefunds(CertificateCase):
    def test_what_it_paid_comes_back_onto_it_in_proportion(self):
        gift = self.good(60)
        self.pay("C-1", gift)  # 101 = 60 by certificate and 41 in money; the bun is 20 of 101
        answer = self.call("purchase_return", purchase="C-1", return_="R-1", lines=[{"id": "2", "quantity": 1}])
        [back] = answer["refund"]["certificates"]
        self.assertEqual(back["number"], gift.masked_number)
        self.assertEqual(Decimal(str(back["amount"])) + Decimal(str(answer["refund"]["money"])), 20)
        gift.invalidate_recordset()
        self.assertEqual((self.left(gift), gift.state), (back["amount"], "active"))
        self.call("purchase_return", purchase="C-1", return_="R-2")
        self.assertEqual(self.left(gift), 60)
        self.assert_books()

    def test_a_whole_return_restores_every_certificate(self):
        gifts = [self.good(33), self.good(33.33), self.good(500)]
        self.confirm("C-1", certificates=[self.wish(one) for one in gifts])
        for number in range(2):
            self.call("purchase_return", purchase="C-1", return_=f"R-{number}", lines=[{"id": "1", "quantity": 1}])
        self.call("purchase_return", purchase="C-1", return_="R-9")
        self.assertEqual([self.left(one) for one in gifts], [33, 33.33, 500])
        self.assert_books()

    def test_what_comes_back_to_a_cancelled_one_is_not_lost(self):
        gift = self.good(500)
        self.pay("C-1", gift)
        self.certificates._cancel(gift)
        self.assertEqual((gift.state, self.left(gift)), ("cancelled", 0))
        self.call("purchase_return", purchase="C-1", return_="R-1")
        self.assertEqual((self.left(gift), gift.state), (101, "active"))
        self.assert_books()

    def test_what_comes_back_to_one_that_has_ended_lives_on_for_a_while(self):
        gift = self.good(500, "T_SHORT", at=fields.Datetime.now() - timedelta(days=29))
        self.pay("C-1", gift)
        self.env["loy.ledger"]._expire(fields.Datetime.now() + timedelta(days=2))
        self.call("purchase_return", purchase="C-1", return_="R-1", at=fields.Datetime.now() + timedelta(hours=20))
        self.assertGreaterEqual(self.left(gift), 101)
