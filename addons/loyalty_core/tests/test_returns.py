"""Returns: whole and in parts, in any order, under each policy, with their purchase and without; exchange."""

import random
from decimal import Decimal
from itertools import product

from odoo.exceptions import UserError
from odoo.tests import Form, new_test_user, tagged

from .api_common import BEGINNING, ago
from .test_purchases import SPEND_ALL, PurchaseCase

SPEND_10 = [{"unit": "T_BONUS", "amount": 10}]
COFFEE = {"id": "1", "quantity": 1}
BUN = {"id": "2", "quantity": 1}
TEN = {"kind": "percent", "value": 10, "target": {"sku": ["T-1001"]}}


class ReturnCase(PurchaseCase):
    def rules(self, **returns):
        """These rules hold for returns; the others are the default ones."""
        settings = {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "forward_days": 1, "returns": returns}
        self.apply({"settings": settings}, at=BEGINNING)

    def give_back(self, purchase, number, *lines, **values):
        if lines:
            values["lines"] = list(lines)
        return self.call("purchase_return", purchase=purchase, return_=number, **values)

    def points(self, answers):
        return sum(one["amount"] for answer in answers for one in answer["refund"]["points"])

    def taken(self, answers):
        return sum(one["amount"] for answer in answers for one in answer["taken_back"])

    def money(self, answers):
        return sum(Decimal(str(answer["refund"]["money"])) for answer in answers)


@tagged("post_install", "-at_install")
class TestPartReturn(ReturnCase):
    def test_a_part_gives_its_share(self):
        sold = self.confirm("T-1", spend=SPEND_10)
        coffee, spent = sold["lines"][0]["amount"], sold["lines"][0]["spent"]
        answer = self.give_back("T-1", "T-1R", COFFEE)
        self.assertEqual(answer["refund"]["money"], round(coffee / 2, 2))
        back = {"base": 45.0, "spent": round(spent / 2, 2), "amount": round(coffee / 2, 2)}
        self.assertEqual(answer["lines"], [{"id": "1", "quantity": 1.0, **back}])
        self.assertEqual(
            answer["left"], [{"id": "1", "quantity": 1.0}, {"id": "2", "quantity": 1.0}]
        )
        self.assertEqual(self.call("purchase_get", purchase="T-1")["state"], "confirmed")
        self.assertEqual(self.call("purchase_get", purchase="T-1")["returns"], ["T-1R"])
        self.assert_books()

    def test_the_rest_is_all_that_is_left(self):
        before = self.balance()
        self.confirm("T-1", spend=SPEND_10)
        answers = [self.give_back("T-1", "T-1R1", COFFEE), self.give_back("T-1", "T-1R2")]
        self.assertEqual(self.money(answers), Decimal(91))
        self.assertEqual((self.points(answers), self.taken(answers)), (10, 4))
        self.assertEqual(self.balance(), before)
        self.assertEqual(self.call("purchase_get", purchase="T-1")["state"], "returned")
        self.refused("purchase_returned", "purchase_return", purchase="T-1", return_="T-1R3")

    def test_no_more_comes_back_than_was_bought(self):
        self.confirm("T-1")
        self.give_back("T-1", "T-1R", COFFEE)
        text = self.refused(
            "return_exceeds",
            "purchase_return",
            purchase="T-1",
            return_="T-1R2",
            lines=[{"id": "1", "quantity": 1.5}],
        )
        self.assertIn("only 1 can", text)

    def test_any_series_of_parts_adds_up_to_the_whole(self):
        """ledger.md, law 8: for money, points paid, points earned and every column of the lines."""
        for seed in range(25):
            chance = random.Random(seed)
            lines = [
                {
                    "id": str(position),
                    "sku": chance.choice(("T-1001", "T-1002", "T-ANY")),
                    "quantity": chance.choice((1, 2, 3, 7, 0.335, 1.5, 0)),
                    "price": chance.randrange(1, 20_000) / 100,
                }
                for position in range(chance.randrange(1, 6))
            ]
            with self.subTest(seed=seed), self.undone():
                before = self.balance()
                number = f"T-{seed}"
                sold = self.confirm(number, lines=lines, spend=SPEND_ALL)
                left = {line["id"]: Decimal(str(line["quantity"])) for line in lines if line["quantity"]}
                answers = []
                while left:
                    wanted = chance.sample(sorted(left), chance.randrange(1, len(left) + 1))
                    back = {}
                    for ref in wanted:
                        part = chance.choice((Decimal(1), left[ref] / 2, left[ref]))
                        back[ref] = min(part.quantize(Decimal("0.000001")), left[ref])
                    left = {ref: quantity - back.get(ref, 0) for ref, quantity in left.items()}
                    left = {ref: quantity for ref, quantity in left.items() if quantity}
                    lines_back = [{"id": ref, "quantity": str(part)} for ref, part in back.items() if part]
                    answers.append(self.give_back(number, f"{number}R{len(answers)}", *lines_back))
                    self.assertLessEqual(self.money(answers), Decimal(str(sold["totals"]["to_pay"])))
                    self.assertLessEqual(self.points(answers), sum(one["amount"] for one in sold["spent"]))
                    self.assertLessEqual(self.taken(answers), sum(one["amount"] for one in sold["earned"]))
                if not any(line["quantity"] for line in lines):
                    answers.append(self.give_back(number, f"{number}R"))
                self.assertEqual(self.money(answers), Decimal(str(sold["totals"]["to_pay"])))
                self.assertEqual(self.balance(), before)
                purchase = self.purchase_of(number)
                self.assertEqual(purchase.state, "returned")
                for name in ("quantity", "base", "discount", "spent", "amount"):
                    kept = purchase.line_ids | purchase.return_ids.line_ids
                    self.assertAlmostEqual(sum(kept.mapped(name)), 0, places=6, msg=name)
                for name in ("base", "discount", "spent", "certificates", "to_pay"):
                    self.assertAlmostEqual(purchase[name] + sum(purchase.return_ids.mapped(name)), 0, msg=name)
                self.assert_books()

    def test_returns_count_less_of_what_promotions_gave(self):
        self.confirm("T-1", spend=SPEND_10)
        self.give_back("T-1", "T-1R", COFFEE)
        self.give_back("T-1", "T-1R2")
        uses = self.env["loy.purchase.promotion"].search([("promotion_id.code", "=like", "T_%")])
        for name in ("discount", "spent", "points"):
            self.assertAlmostEqual(sum(uses.mapped(name)), 0)
        self.assertTrue(any(use.discount < 0 for use in uses))


@tagged("post_install", "-at_install")
class TestPolicies(ReturnCase):
    def test_points_come_back_with_the_whole_only(self):
        self.rules(points_back="whole")
        self.confirm("T-1", spend=SPEND_10)
        first = self.give_back("T-1", "T-1R1", COFFEE)
        self.assertEqual(self.points([first]), 0)
        second = self.give_back("T-1", "T-1R2")
        self.assertEqual(self.points([second]), 10)
        self.assert_books()

    def test_points_never_come_back(self):
        self.rules(points_back="never")
        self.confirm("T-1", spend=SPEND_10)
        answer = self.give_back("T-1", "T-1R")
        self.assertEqual((answer["refund"]["money"], answer["refund"]["points"]), (91.0, []))
        self.assertEqual(self.available(), 40)

    def test_what_is_kept_earns_anew(self):
        """5 % of 101.00 is 5; 5 % of the 20.00 that are kept is 1: 4 go. In proportion it would be round(4.05) too,
        but of one coffee: 5 % of 60.50 is 3, so 2 go."""
        self.rules(earned="re_earn")
        self.confirm("T-1")
        self.assertEqual(self.taken([self.give_back("T-1", "T-1R1", COFFEE)]), 2)
        self.assertEqual(self.taken([self.give_back("T-1", "T-1R2", COFFEE)]), 2)
        self.assertEqual(self.taken([self.give_back("T-1", "T-1R3", BUN)]), 1)
        self.assertEqual(self.available(), 50)

    def test_a_threshold_that_is_no_longer_met_takes_all_that_it_gave(self):
        big = self.promotion(
            "T_BIG",
            {"kind": "points", "unit": "T_BONUS", "amount": 7},
            group="t_points",
            when={"kind": "basket_amount", "min": 100},
        )
        self.apply({"promotions": [big]})
        self.rules(earned="re_earn")
        self.confirm("T-1")
        self.assertEqual(self.taken([self.give_back("T-1", "T-1R", BUN)]), 7 + 1)

    def test_offers_are_checked_again_for_what_is_kept(self):
        """Two coffees had 10 % off; one has none: 101 were paid, 45 + 20 are kept, 36 come back, not 40.50."""
        self.rules(offers="recheck")
        self.confirm("T-1")
        answer = self.give_back("T-1", "T-1R", COFFEE)
        self.assertEqual(answer["refund"]["money"], 36.0)
        self.assertEqual(sum(line["amount"] for line in answer["lines"]), 36.0)
        returned = self.purchase_of("T-1R")
        self.assertEqual((returned.to_pay, sum(returned.line_ids.mapped("amount"))), (-36.0, -36.0))
        # With the rest, what was kept back of the refund is given too.
        self.assertEqual(self.give_back("T-1", "T-1R2")["refund"]["money"], 65.0)

    def test_a_balance_stays_at_zero_where_so_set(self):
        self.rules(negative=False)
        self.confirm("T-1")
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=53)
        answer = self.give_back("T-1", "T-1R")
        self.assertEqual(self.taken([answer]), 2)
        self.assertEqual(self.balance(), {"active": 0, "pending": 0, "held": 0, "debt": 0, "available": 0})
        self.assert_books()

    def test_points_that_come_back_expired_get_days_of_grace(self):
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=50)
        self.give(30, at=ago(days=20), active_from=ago(days=20), expires_at=ago(days=5))
        self.confirm("T-1", at=ago(days=10), spend=SPEND_10)
        self.confirm("T-2", at=ago(days=10), spend=SPEND_10)
        earned = self.available()
        self.give_back("T-1", "T-1R")
        self.assertEqual(self.available(), earned - 4, "expired at once")
        self.rules(grace_days=7)
        self.give_back("T-2", "T-2R")
        self.assertEqual(self.available(), 10)
        self.assert_books()

    def test_another_store_takes_goods_back_unless_the_settings_say_no(self):
        self.confirm("T-1")
        self.confirm("T-2")
        self.integrator.loy_store_ids = self.env["loy.store"].search([("code", "=", "T_S2")])
        self.refused("store_forbidden", "purchase_return", purchase="T-1", return_="T-1R")
        self.give_back("T-1", "T-1R", COFFEE, store="T_S2")
        self.assertEqual(self.purchase_of("T-1R").store_id.code, "T_S2")
        self.rules(elsewhere=False)
        self.refused("return_elsewhere", "purchase_return", purchase="T-2", return_="T-2R", store="T_S2")

    def test_the_rules_of_returns_are_a_part_of_the_programme(self):
        self.rules(points_back="never", grace_days=3, negative=False)
        settings = self.call("programme_export")["programme"]["settings"]
        self.assertEqual(settings["returns"], {"points_back": "never", "grace_days": 3, "negative": False})
        self.rules()
        self.assertNotIn("returns", self.call("programme_export")["programme"]["settings"])


@tagged("post_install", "-at_install")
class TestWithoutPurchase(ReturnCase):
    goods = {
        "return_": "T-R",
        "store": "T_S1",
        "lines": [{"id": "1", "sku": "T-1002", "quantity": 2, "price": 30}],
    }

    def test_goods_without_their_purchase_are_refused_by_default(self):
        self.refused("return_needs_purchase", "purchase_return", **self.goods)

    def test_what_such_goods_would_earn_is_taken_back(self):
        self.rules(without_purchase=True)
        answer = self.call("purchase_return", **self.goods, member={"member": self.member})
        self.assertEqual((answer["refund"]["money"], self.taken([answer])), (60.0, 3))
        self.assertEqual(self.available(), 47)
        returned = self.purchase_of("T-R")
        self.assertEqual((returned.kind, returned.to_pay, returned.line_ids.quantity), ("return", -60.0, -2))
        self.assert_books()

    def test_nobody_known_brings_goods_without_their_purchase(self):
        self.rules(without_purchase=True)
        answer = self.call("purchase_return", **self.goods)
        self.assertEqual((answer["refund"]["money"], answer["taken_back"]), (60.0, []))

    def test_a_member_who_has_nothing_owes_it(self):
        self.rules(without_purchase=True)
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=50)
        self.call("purchase_return", **self.goods, member={"member": self.member})
        self.assertEqual(self.balance()["debt"], 3)
        self.rules(without_purchase=True, negative=False)
        self.call("purchase_return", **{**self.goods, "return_": "T-R2"}, member={"member": self.member})
        self.assertEqual(self.balance()["debt"], 3)
        self.assert_books()

    def test_what_is_sent_must_fit_together(self):
        self.rules(without_purchase=True)
        line = self.goods["lines"][0]
        for values in (
            {**self.goods, "store": None},
            {**self.goods, "lines": None},
            {**self.goods, "lines": [{"id": "1", "quantity": 1}]},
            {**self.goods, "purchase": "T-1"},
            {"purchase": "T-1", "return_": "T-R", "lines": [line]},
            {"purchase": "T-1", "return_": "T-R", "member": {"member": self.member}},
        ):
            self.refused("bad_request", "purchase_return", **values)


@tagged("post_install", "-at_install")
class TestExchange(ReturnCase):
    """A receipt with lines below zero."""

    def exchange(self, *lines, **values):
        return self.basket(purchase="T-X", lines=[{"id": "n", "sku": "T-1002", "quantity": 3}, *lines], **values)

    back = {"id": "b", "sku": "T-1001", "quantity": -1, "of": {"purchase": "T-1", "line": "1"}}

    def test_goods_come_back_and_others_are_bought_at_once(self):
        self.confirm("T-1")
        shown = self.call("purchase_calculate", **self.exchange(self.back))
        done = self.call("purchase_confirm", **self.exchange(self.back))
        self.assertEqual(shown["totals"], done["totals"])
        for answer in (shown, done):
            self.assertEqual((answer["exchange"]["refund"], answer["exchange"]["balance"]), (40.5, 19.5))
        self.assertEqual(done["exchange"]["returns"][0]["return"], "T-X/1")
        returned = self.purchase_of("T-X/1")
        self.assertEqual((returned.origin_id.number, returned.exchange_id.number), ("T-1", "T-X"))
        self.assertEqual(self.call("purchase_get", purchase="T-X")["exchanged"], ["T-X/1"])
        self.assert_books()

    def test_what_is_shown_before_is_what_happens(self):
        """To the point: of what was paid with points, of a reward of the catalogue, and after an earlier return."""
        reward = {"code": "T_TEN", "name": "Ten off", "unit": "T_BONUS", "points": 11, "gives": {"discount": TEN}}
        self.apply({"rewards": [reward]})
        for index, (earned, back) in enumerate(product(("share", "re_earn"), ((-1,), (-1, -1), (-2,)))):
            self.rules(earned=earned)
            number = f"T-{index}"
            self.confirm(number, spend=SPEND_10, redeem=[{"reward": "T_TEN"}])
            for turn, quantity in enumerate(back):
                line = {**self.back, "quantity": quantity, "of": {"purchase": number, "line": "1"}}
                basket = {**self.exchange(line), "purchase": f"{number}-{turn}"}
                shown = self.call("purchase_calculate", **basket)["exchange"]
                done = self.call("purchase_confirm", **basket)["exchange"]
                for one in done["returns"]:
                    del one["return"]
                    self.assertTrue(one["refund"]["points"] and one["taken_back"])
                self.assertEqual(shown, done, (earned, back))
        self.assert_books()

    def test_what_will_be_refused_is_refused_when_it_is_shown(self):
        self.confirm("T-1", at="2026-03-02T10:00:00")
        self.refused("at_out_of_range", "purchase_calculate", **self.exchange(self.back, at="2026-03-01T10:00:00"))
        self.rules(elsewhere=False)
        self.refused("return_elsewhere", "purchase_calculate", **self.exchange(self.back, store="T_S2"))

    def test_what_comes_back_may_be_worth_more(self):
        self.confirm("T-1")
        whole = {**self.back, "quantity": -2}
        answer = self.call("purchase_confirm", **self.exchange(whole, self.back | {"id": "c", "sku": "T-1002",
            "of": {"purchase": "T-1", "line": "2"}}))  # fmt: skip
        self.assertEqual(answer["exchange"]["balance"], 60.0 - 101.0)
        self.assertEqual(self.purchase_of("T-1").state, "returned")

    def test_points_that_come_back_may_pay(self):
        self.confirm("T-1", spend=SPEND_ALL)
        whole = {**self.back, "quantity": -2}
        answer = self.call("purchase_confirm", **self.exchange(whole, spend=SPEND_ALL))
        self.assertGreater(answer["totals"]["spent"], 0)
        self.assert_books()

    def test_it_happens_wholly_or_not_at_all(self):
        self.confirm("T-1")
        much = {**self.back, "quantity": -3}
        self.refused("return_exceeds", "purchase_confirm", **self.exchange(much))
        self.refused("total_changed", "purchase_confirm", **self.exchange(self.back, expected={"to_pay": 1}))
        self.refused("bad_request", "purchase_hold", **self.exchange(self.back))

    def test_goods_of_nobody_knows_where_come_back_by_setting(self):
        unknown = {"id": "b", "sku": "T-1001", "quantity": -1, "price": 15}
        self.refused("return_needs_purchase", "purchase_calculate", **self.exchange(unknown))
        self.rules(without_purchase=True)
        self.assertEqual(
            self.call("purchase_calculate", **self.exchange(unknown))["exchange"]["balance"], 45.0
        )
        self.assertEqual(self.call("purchase_confirm", **self.exchange(unknown))["exchange"]["refund"], 15.0)
        self.assert_books()

    def test_repeated_it_answers_the_same(self):
        self.confirm("T-1")
        request = self.exchange(self.back, key="exchange")
        self.assertEqual(
            self.call("purchase_confirm", **request), self.call("purchase_confirm", **request)
        )
        self.assertEqual(len(self.purchase_of("T-1").return_ids), 1)


@tagged("post_install", "-at_install")
class TestByHand(ReturnCase):
    """Staff put right in the office what the till did not do."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(cls.env, "t_operator", groups="loyalty_core.group_operator")
        cls.cashier = new_test_user(cls.env, "t_cashier", groups="loyalty_core.group_cashier")

    def wizard(self, number, user=None):
        wizard = self.env["loy.return.wizard"].with_user(user or self.operator)
        return Form(wizard.with_context(default_purchase_id=self.purchase_of(number).id))

    def test_a_part_comes_back_and_the_rest_is_offered_again(self):
        self.confirm("T-1")
        with self.wizard("T-1") as form:
            self.assertEqual((form.number, form.refund), ("T-1/R1", 101.0))
            with form.line_ids.edit(0) as line:
                line.quantity = 1
            with form.line_ids.edit(1) as line:
                line.quantity = 0
            self.assertEqual(form.refund, 40.5)
        action = form.save().action_loy_return()
        returned = self.env["loy.purchase"].browse(action["res_id"])
        self.assertEqual((returned.kind, returned.to_pay, returned.number), ("return", -40.5, "T-1/R1"))
        self.purchase_of("T-1")
        form = self.wizard("T-1")
        self.assertEqual([form.number, form.refund], ["T-1/R2", 60.5])
        self.assert_books()

    def test_a_hold_that_no_till_confirms_is_cancelled(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.purchase_of("T-1").with_user(self.operator).action_loy_cancel()
        self.assertEqual(self.purchase_of("T-1").state, "cancelled")
        self.assertEqual(self.balance()["held"], 0)

    def test_who_has_no_right_changes_nothing(self):
        self.confirm("T-1")
        self.hold("T-2")
        purchase = self.purchase_of("T-1").with_user(self.cashier)
        with self.assertRaisesRegex(UserError, "right_missing"):
            self.env["loy.returns"].with_user(self.cashier)._return_by_hand(purchase, "T-1R", {"1": 1})
        with self.assertRaisesRegex(UserError, "right_missing"):
            self.purchase_of("T-2").with_user(self.cashier).action_loy_cancel()
