"""Receipts that a till made offline: facts, judged by the rules of their own time, never refused for what they say."""

from datetime import datetime

from odoo.tests import tagged

from .api_common import BEGINNING, ago
from .test_purchases import PurchaseCase


@tagged("post_install", "-at_install")
class TestOffline(PurchaseCase):
    def offline(self, number, **values):
        return self.confirm(number, offline=True, **values)

    def given(self, coffee=(), bun=()):
        lines = self.basket()["lines"]
        for line, discounts in zip(lines, (coffee, bun), strict=True):
            line["given"] = [{"promotion": code, "discount": amount} for code, amount in discounts]
        return lines

    def test_what_the_till_gave_stands_and_the_difference_is_told(self):
        answer = self.offline("T-1", lines=self.given(coffee=[("T_COFFEE10", 20)]))
        self.assertEqual(answer["totals"]["to_pay"], 90.0)
        self.assertEqual((answer["offline"], answer["difference"]), (True, -11.0))
        self.assertEqual(answer["earned"][0]["amount"], 4.0, "5 % of what was paid")
        purchase = self.purchase_of("T-1")
        self.assertTrue(purchase.is_offline)
        self.assertEqual((purchase.discount, purchase.difference), (20.0, -11.0))
        self.assertEqual(purchase.promotion_ids.filtered("discount").discount, 20.0)

    def test_without_what_was_given_it_is_calculated_and_compared(self):
        answer = self.offline("T-1", expected={"to_pay": 110})
        self.assertEqual((answer["totals"]["to_pay"], answer["difference"]), (101.0, 9.0))
        self.assertEqual(self.offline("T-2", expected={"to_pay": 101})["difference"], 0.0)

    def test_a_discount_the_programme_does_not_know_is_a_fact_too(self):
        answer = self.offline("T-1", lines=self.given(bun=[("MANAGER", 5)]))
        self.assertEqual((answer["totals"]["discount"], answer["difference"]), (5.0, 4.0))

    def test_no_more_is_given_than_a_line_comes_to(self):
        self.refused(
            "bad_request",
            "purchase_confirm",
            **self.basket(purchase="T-1", offline=True, lines=self.given(bun=[("MANAGER", 21)])),
        )

    def test_discounts_are_given_offline_only(self):
        self.refused("bad_request", "purchase_confirm", **self.basket(purchase="T-1", lines=self.given()))

    def test_the_rules_of_its_own_time_judge_it(self):
        sold_at = ago(days=3)
        dearer = self.promotion(
            "T_COFFEE10", {"kind": "percent", "value": 50, "target": {"category": ["T_DRINKS"]}}
        )
        self.apply({"promotions": [dearer]}, at=ago(days=1))
        self.assertEqual(self.offline("T-1", at=sold_at)["totals"]["discount"], 9.0)
        self.assertEqual(self.offline("T-2")["totals"]["discount"], 45.0)

    def test_how_late_it_may_come_is_a_setting_of_its_own(self):
        settings = {"timezone": "Europe/Kyiv", "backdate_days": 2, "offline_days": 10}
        self.apply({"settings": settings}, at=BEGINNING)
        self.refused("at_out_of_range", "purchase_confirm", **self.basket(purchase="T-1", at=ago(days=5)))
        self.offline("T-1", at=ago(days=5))
        self.refused(
            "at_out_of_range",
            "purchase_confirm",
            **self.basket(purchase="T-2", at=ago(days=11), offline=True),
        )
        self.call("purchase_return", purchase="T-1", return_="T-1R", at=ago(days=4), offline=True)

    def test_points_paid_offline_become_a_debt_where_there_are_too_few(self):
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=45)
        answer = self.offline("T-1", spend=[{"unit": "T_BONUS", "amount": 30}])
        self.assertEqual(answer["totals"]["spent"], 30.0)
        self.assertEqual(self.balance()["debt"] + 5, 30 - answer["earned"][0]["amount"])
        self.assert_books()

    def test_a_card_that_was_blocked_since_counts(self):
        card = self.call("member_find", member=self.member)["cards"][0]["number"]
        self.call("card_block", card=card)
        answer = self.offline("T-1", member={"card": card})
        self.assertTrue(answer["earned"])

    def test_it_accrues_once(self):
        first = self.offline("T-1", key="offline")
        self.assertEqual(self.offline("T-1", key="offline"), first)
        self.refused("purchase_confirmed", "purchase_confirm", **self.basket(purchase="T-1", offline=True))

    def test_a_part_of_it_comes_back_like_of_any_other(self):
        self.offline("T-1", lines=self.given(coffee=[("T_COFFEE10", 20)]))
        answer = self.call("purchase_return", purchase="T-1", return_="T-1R", lines=[{"id": "1", "quantity": 1}])
        self.assertEqual(answer["refund"]["money"], 35.0)

    def test_a_late_confirm_of_what_was_held_is_as_it_was_answered(self):
        """With its lines or by its number alone, whatever has become of the points since."""
        spend = [{"unit": "T_BONUS", "amount": 50}]
        held = self.hold("T-1", spend=spend)
        self.run_out("T-1")
        self.env["loy.ledger"]._release_overdue(datetime.now())
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=50)
        late = self.confirm("T-1", spend=spend, expected={"to_pay": held["totals"]["to_pay"]})
        self.assertTrue(late["late"])
        self.assertEqual(late["totals"], held["totals"])
        self.assertGreater(self.balance()["debt"], 0)
        self.assert_books()
