"""The catalogue of rewards: points for a discount, a product, another unit; what comes back gives points back."""

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import tagged

from .api_common import ApiCase

DISCOUNT = {"kind": "percent", "value": 10, "target": {"sku": ["T-1002"]}}
REWARDS = [
    {"code": "T_TEN", "name": "Ten off buns", "unit": "T_BONUS", "points": 30, "gives": {"discount": DISCOUNT}},
    {"code": "T_CUP", "unit": "T_BONUS", "points": 20, "gives": {"sku": "T-1002"}, "per_purchase": 2},
    {"code": "T_MILE", "unit": "T_BONUS", "points": 10, "gives": {"unit": "T_MILES", "amount": 2.5}},
    {
        "code": "T_MANY",
        "unit": "T_BONUS",
        "points": {"min": 20, "max": 60, "step": 10},
        "gives": {"unit": "T_MILES", "amount": 1, "expire_days": 30},
        "per_purchase": 2,
    },
]


@tagged("post_install", "-at_install")
class TestRewards(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apply({"rewards": REWARDS})

    def setUp(self):
        super().setUp()
        self.give(100, at="2026-01-01T00:00:00Z")

    def redeem(self, reward, **values):
        return self.call("reward_redeem", member=self.member, reward=reward, **values)

    def buy(self, number, *rewards, **values):
        redeem = [{"reward": reward} for reward in rewards]
        return self.call("purchase_confirm", purchase=number, **self.basket(redeem=redeem, **values))

    # ------------------------------------------------------------------ with a purchase

    def test_a_discount_is_taken_for_points(self):
        calculated = self.call("purchase_calculate", **self.basket(redeem=[{"reward": "T_TEN"}]))
        self.assertEqual(calculated["lines"][1]["promotions"], [{"code": "T_TEN", "discount": 2.0}])
        answer = self.buy("T-1", "T_TEN")
        self.assertEqual(answer["totals"]["to_pay"], 99.0)
        spent = {"unit": "T_BONUS", "amount": 30.0, "money": 0.0, "as": "reward", "promotion": "T_TEN"}
        self.assertEqual(answer["spent"], [spent])
        earned = sum(one["amount"] for one in answer["earned"])
        self.assertEqual(self.available(), 100 - 30 + earned)
        self.assert_books()

    def test_a_product_is_taken_for_points_as_often_as_it_may(self):
        lines = [{"id": "1", "sku": "T-1002", "quantity": 3}]
        basket = self.basket(lines=lines, redeem=[{"reward": "T_CUP", "times": 3}])
        answer = self.call("purchase_confirm", purchase="T-1", **basket)
        self.assertEqual(answer["lines"][0]["promotions"], [{"code": "T_CUP", "discount": 40.0}])
        self.assertEqual(sum(one["amount"] for one in answer["spent"]), 40.0)
        self.assertEqual(answer["totals"]["to_pay"], 20.0)
        self.assert_books()

    def test_without_the_points_there_is_no_reward(self):
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=80)
        answer = self.buy("T-1", "T_TEN")
        self.assertEqual(answer["spent"], [])
        self.assertIn("points_short", [one["code"] for one in answer["refusals"] if one["promotion"] == "T_TEN"])
        self.refused("reward_not_found", "purchase_calculate", **self.basket(redeem=[{"reward": "T_NONE"}]))

    def test_a_hold_reserves_the_points(self):
        self.call("purchase_hold", purchase="T-1", **self.basket(redeem=[{"reward": "T_TEN"}]))
        self.assertEqual(self.balance()["held"], 30)
        self.assertEqual(self.buy_held("T-1")["spent"][0]["amount"], 30.0)
        self.assertEqual(self.balance()["held"], 0)
        self.assert_books()

    def buy_held(self, number):
        return self.call("purchase_confirm", purchase=number)

    def test_what_comes_back_brings_the_points_back(self):
        self.buy("T-1", "T_TEN")
        first = self.call("purchase_return", purchase="T-1", return_="R-1", lines=[{"id": "1", "quantity": 2}])
        self.assertEqual(first["refund"]["points"], [])
        second = self.call("purchase_return", purchase="T-1", return_="R-2")
        self.assertEqual(second["refund"]["points"], [{"unit": "T_BONUS", "amount": 30.0}])
        self.assertEqual(self.available(), 100)
        self.assert_books()

    def test_points_come_back_by_the_rule_of_returns(self):
        settings = {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "returns": {"points_back": "never"}}
        self.apply({"settings": settings})
        self.buy("T-1", "T_TEN")
        answer = self.call("purchase_return", purchase="T-1", return_="R-1")
        self.assertEqual(answer["refund"]["points"], [])
        self.assert_books()

    def test_goods_that_are_kept_earn_anew_without_paying_for_the_reward_twice(self):
        settings = {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "returns": {"earned": "re_earn"}}
        self.apply({"settings": settings})
        self.buy("T-1", "T_TEN")
        self.call("purchase_return", purchase="T-1", return_="R-1", lines=[{"id": "1", "quantity": 1}])
        self.call("purchase_return", purchase="T-1", return_="R-2")
        self.assertEqual(self.available(), 100)
        self.assert_books()

    def test_what_was_printed_offline_is_a_fact(self):
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=90)
        lines = [
            {"id": "1", "sku": "T-1002", "quantity": 1, "price": 20, "given": [{"promotion": "T_TEN", "discount": 2}]}
        ]
        answer = self.buy("T-1", "T_TEN", lines=lines, offline=True)
        self.assertEqual(answer["spent"][0]["amount"], 30.0)
        self.assertEqual(self.balance()["debt"] > 0, True)
        self.assert_books()

    # ------------------------------------------------------------------ by itself

    def test_another_unit_is_taken_for_points(self):
        answer = self.redeem("T_MILE")
        expected = {"member": self.member, "reward": "T_MILE", "points": 10.0, "unit": "T_MILES", "amount": 2.5}
        self.assertEqual(answer, expected)
        self.assertEqual((self.available(), self.available("T_MILES")), (90, 2.5))
        taken = self.env["loy.redemption"].search([("member_id", "=", int(self.member))])
        self.assertEqual((taken.reward_id.code, taken.points), ("T_MILE", 10.0))
        self.assert_books()

    def test_as_many_points_as_the_member_likes(self):
        answer = self.redeem("T_MANY", points=40, at="2026-03-01T10:00:00Z")
        self.assertEqual((answer["amount"], answer["expires_at"]), (4.0, "2026-03-31T10:00:00Z"))
        for points in (None, 10, 70, 45):
            values = {} if points is None else {"points": points}
            text = self.refused("reward_points", "reward_redeem", member=self.member, reward="T_MANY", **values)
            self.assertIn("from 20 to 60 points in steps of 10", text)

    def test_with_one_purchase_at_most_so_many_times(self):
        for _time in range(2):
            self.redeem("T_MANY", points=20, purchase="T-1")
        self.refused("reward_limit", "reward_redeem", member=self.member, reward="T_MANY", points=20, purchase="T-1")
        self.redeem("T_MANY", points=20, purchase="T-2")

    def test_what_cannot_be_taken_is_refused(self):
        request = {"member": self.member}
        self.refused("reward_in_purchase", "reward_redeem", reward="T_TEN", **request)
        self.refused("reward_not_found", "reward_redeem", reward="T_NONE", **request)
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=95)
        self.refused("insufficient_points", "reward_redeem", reward="T_MILE", **request)
        self.refused("reward_points", "reward_redeem", reward="T_MILE", points=3, **request)

    # ------------------------------------------------------------------ promo codes

    def code_reward(self, pool=None, **values):
        gives = {"pool": "T_GIFT", "value": 25, **values.pop("gives", {})}
        self.apply({"code_pools": [{"code": "T_GIFT", "pattern": "G-########", "valued": True, **(pool or {})}]})
        self.apply({"rewards": [{"code": "T_CODE", "unit": "T_BONUS", "points": 40, "gives": gives, **values}]})

    def test_a_code_is_taken_for_points(self):
        self.code_reward(pool={"valid": {"after_days": 30}})
        answer = self.redeem("T_CODE", at="2026-03-01T10:00:00Z")
        (code,) = answer.pop("codes")
        self.assertEqual(answer, {
            "member": self.member, "reward": "T_CODE", "points": 40.0, "pool": "T_GIFT", "value": 25.0,
            "expires_at": "2026-03-31T09:00:00Z",  # at noon in Kyiv, in summer
        })  # fmt: skip
        record = self.env["loy.code"].search([("shown", "=", code)])
        self.assertEqual((str(record.member_id.id), record.left, record.state), (self.member, 25.0, "issued"))
        self.assertEqual(self.available(), 60)
        taken = self.env["loy.redemption"].search([("member_id", "=", int(self.member))])
        self.assertEqual((taken.given["codes"], taken.transaction_id.kind), ([code], "spend"))
        self.assert_books()

    def test_a_code_with_a_value_is_worth_all_steps_and_of_others_there_is_one_for_each(self):
        points = {"min": 10, "max": 40, "step": 10}
        self.code_reward(points=points)
        answer = self.redeem("T_CODE", points=30)
        self.assertEqual((len(answer["codes"]), answer["value"]), (1, 75.0))
        self.apply({"code_pools": [{"code": "T_FLYER", "pattern": "F-########"}]})
        flyers = {"code": "T_CODES", "unit": "T_BONUS", "points": points, "gives": {"pool": "T_FLYER"}}
        self.apply({"rewards": [flyers]})
        answer = self.redeem("T_CODES", points=30)
        self.assertEqual((len(set(answer["codes"])), "value" in answer), (3, False))

    def test_a_code_that_cannot_be_given_costs_nothing(self):
        self.apply({"code_pools": [{"code": "T_FEW", "codes": ["ONE"]}]})
        self.code_reward(gives={"pool": "T_FEW", "value": None})
        self.assertEqual(self.redeem("T_CODE")["codes"], ["ONE"])
        request = {"member": self.member, "reward": "T_CODE"}
        self.refused("code_pool_empty", "reward_redeem", **request)
        self.env["loy.code.pool"].search([("code", "=", "T_FEW")]).action_loy_end()
        self.cr.flush()
        self.refused("code_pool_ended", "reward_redeem", **request)
        self.code_reward(gives={"value": None})
        self.refused("code_value", "reward_redeem", **request)
        self.code_reward(points=90)
        self.refused("insufficient_points", "reward_redeem", **request)
        self.assertEqual(self.available(), 60)

    def test_one_document_brings_the_pool_and_what_gives_its_codes(self):
        gives = {"unit": "T_BONUS", "gives": {"pool": "T_NEW"}}
        programme = {
            "conversions": [{"code": "T_NEW", "schedule": {}, **gives}],
            "rewards": [{"code": "T_NEWS", "points": 10, **gives}],
            "code_pools": [{"code": "T_NEW", "pattern": "N-########"}],
        }
        self.assertEqual(self.apply(programme)["created"], 3)

    def test_a_pool_that_a_reward_gives_is_there(self):
        programme = {"rewards": [{**REWARDS[0], "code": "T_BAD", "gives": {"pool": "T_NONE"}}]}
        text = self.refused("bad_request", "programme_apply", programme=programme)
        self.assertIn("names T_NONE, which is not among the code_pools", text)
        self.code_reward()
        reward = self.env["loy.reward"].search([("code", "=", "T_CODE")])
        with self.assertRaisesRegex(LoyaltyError, "not among the code pools"):
            reward.gives_text = '{"pool": "T_NONE"}'
        with self.assertRaisesRegex(LoyaltyError, "^code_pool_in_use"):
            self.env["loy.code.pool"].search([("code", "=", "T_GIFT")]).active = False

    # ------------------------------------------------------------------ the programme

    def test_a_programme_takes_its_rewards_along(self):
        exported = [
            one for one in self.call("programme_export")["programme"]["rewards"] if one["code"].startswith("T_")
        ]
        self.assertEqual(
            [{**one, "name": one.get("name", one["code"])} for one in REWARDS],
            exported,
        )
        self.assertEqual(self.apply({"rewards": exported})["unchanged"], len(REWARDS))

    def test_what_makes_no_sense_is_refused(self):
        spend = {"kind": "spend", "unit": "T_BONUS"}
        for values, problem in (
            ({"gives": {"fish": 1}}, "gives needs one of unit, pool"),
            ({"points": {"min": 1, "max": 9, "step": 1}}, "must be a number for what a purchase gives"),
            ({"points": 0}, "must be more than 0"),
        ):
            with self.subTest(problem=problem):
                programme = {"rewards": [{**REWARDS[0], "code": "T_BAD", **values}]}
                self.assertIn(problem, self.refused("bad_request", "programme_apply", programme=programme))
        programme = {"rewards": [{**REWARDS[0], "code": "T_BAD", "gives": {"discount": spend}}]}
        self.assertIn("must be a discount", self.refused("bad_reward", "programme_apply", programme=programme))
        reward = self.env["loy.reward"].search([("code", "=", "T_TEN")])
        for values in ({"gives_text": "{]"}, {"code": "T_BASE5"}, {"points": 0}):
            with self.assertRaises(LoyaltyError):
                reward.write(values)
