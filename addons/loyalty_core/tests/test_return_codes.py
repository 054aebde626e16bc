"""Promo codes that a purchase gave, when its goods come back: kept, cut, or borne by the refund."""

import random
from decimal import Decimal

from odoo.tests import tagged

from ..services.endpoint import ApiError
from .api_common import BEGINNING, ago
from .test_codes import CodesCase

COFFEE = {"id": "1", "quantity": 1}
COFFEES = {"id": "1", "quantity": 2}
BUN = {"id": "2", "quantity": 1}


@tagged("post_install", "-at_install")
class TestReturnCodes(CodesCase):
    """110.00 is paid for two coffees of 45.00 and a bun of 20.00: a code of 10.00, 5.00 for every full 50.00."""

    def setUp(self):
        super().setUp()
        self.pool = {"code": "T_NEXT", "pattern": "N-########", "valued": True, "remainder": "kept"}
        self.apply({"code_pools": [self.pool]})
        self.apply(
            {
                "promotions": [
                    self.promotion("T_STEPS", {"kind": "issue_code", "pool": "T_NEXT",
                                               "value": {"amount": 5, "every": 50}}),
                    self.promotion("T_PAYS", {"kind": "amount", "value": "code"}, when=self.of("T_NEXT"), priority=4),
                ]
            }
        )  # fmt: skip

    def rules(self, coupon, **returns):
        settings = {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "forward_days": 1, "guess_misses": 0}
        self.apply({"settings": {**settings, "returns": {"coupon": coupon, **returns}}}, at=BEGINNING)

    def buy(self, number="K-1", **values):
        """The code that it gives."""
        return self.confirm(number, **values)["issued"][0]["code"]

    def use(self, code, price, number="K-U"):
        lines = [{"id": "1", "sku": "T-1002", "quantity": 1, "price": price}]
        return self.confirm(number, code, lines=lines)

    def give_back(self, number, *lines, purchase="K-1", **values):
        if lines:
            values["lines"] = list(lines)
        return self.call("purchase_return", purchase=purchase, return_=number, **values)

    def told_of(self, answer):
        return [(one["state"], one["cut"], one["left"], one["reduced"]) for one in answer.get("codes", ())]

    def refund(self, answer):
        return answer["refund"]["money"], answer["refund"].get("reduced", 0)

    # ------------------------------------------------------------------ each policy

    def test_by_default_a_code_stays_until_all_comes_back(self):
        code = self.buy()
        part = self.give_back("K-1A", COFFEES)
        self.assertEqual((self.refund(part), "codes" in part), ((90.0, 0), False))
        self.assertEqual(self.left(code), 10.0)
        rest = self.give_back("K-1B")
        self.assertEqual((self.refund(rest), self.told_of(rest)), ((20.0, 0), [("void", 10.0, 0.0, 0.0)]))
        self.assertEqual(self.state_of(code), "void")
        self.assert_books()

    def test_by_default_a_code_that_was_used_in_part_stays_whatever_comes_back(self):
        code = self.buy()
        self.use(code, 4)
        self.assertNotIn("codes", self.give_back("K-1A"))
        self.assertEqual(self.left(code), 6.0)

    def test_a_code_is_cut_to_what_the_kept_goods_give(self):
        self.rules("cut")
        code = self.buy()
        self.assertEqual(self.told_of(self.give_back("K-1A", COFFEE)), [("issued", 5.0, 5.0, 0.0)])
        self.assertEqual(self.left(code), 5.0)
        self.assertNotIn("codes", self.give_back("K-1B", {"id": "2", "quantity": "0.5"}), "55.00 are kept")
        last = self.give_back("K-1C", {"id": "2", "quantity": "0.5"})
        self.assertEqual((self.refund(last), self.told_of(last)), ((10.0, 0), [("void", 5.0, 0.0, 0.0)]))
        self.assertEqual(self.state_of(code), "void")
        self.assert_books()

    def test_what_was_used_of_a_code_is_not_cut(self):
        self.rules("cut")
        code = self.buy()
        self.use(code, 8)
        answer = self.give_back("K-1A")
        self.assertEqual((self.refund(answer), self.told_of(answer)), ((110.0, 0), [("used", 2.0, 0.0, 0.0)]))
        self.assert_books()

    def test_what_comes_back_to_a_code_that_was_cut_can_be_used_again(self):
        self.rules("cut")
        code = self.buy()
        self.use(code, 8)
        self.give_back("K-1A")
        self.give_back("K-UA", purchase="K-U")
        self.assertEqual((self.state_of(code), self.left(code)), ("issued", 8.0))
        self.assert_books()

    def test_the_refund_bears_it_and_the_code_stays(self):
        self.rules("reduce_refund")
        code = self.buy()
        part = self.give_back("K-1A", COFFEE)
        self.assertEqual((self.refund(part), self.told_of(part)), ((40.0, 5.0), [("issued", 0.0, 10.0, 5.0)]))
        self.assertEqual(part["lines"], [{"id": "1", "quantity": 1.0, "base": 45.0, "spent": 0.0, "amount": 40.0}])
        self.assertEqual(self.refund(self.give_back("K-1B")), (60.0, 5.0))
        self.assertEqual((self.state_of(code), self.left(code)), ("issued", 10.0))
        self.assertEqual(sum(self.purchase_of("K-1").return_ids.mapped("to_pay")), -100.0)
        self.assert_books()

    def test_a_code_that_has_run_out_is_paid_by_nobody(self):
        self.rules("reduce_refund")
        self.apply({"code_pools": [{**self.pool, "valid": {"after_days": 3}}]})
        self.buy(at=ago(days=5))
        answer = self.give_back("K-1A")
        self.assertEqual((self.refund(answer), self.told_of(answer)), ((101.0, 0), [("void", 10.0, 0.0, 0.0)]))

    def test_what_is_unused_is_cut_and_the_refund_bears_the_rest(self):
        self.rules("cut_or_refund")
        code = self.buy()
        self.use(code, 8)
        part = self.give_back("K-1A", COFFEE)
        self.assertEqual((self.refund(part), self.told_of(part)), ((42.0, 3.0), [("used", 2.0, 0.0, 3.0)]))
        rest = self.give_back("K-1B")
        self.assertEqual((self.refund(rest), self.told_of(rest)), ((60.0, 5.0), [("used", 0.0, 0.0, 5.0)]))
        self.assertEqual(self.state_of(code), "used")
        self.assert_books()

    def test_a_code_that_a_hold_has_reserved_is_used(self):
        self.rules("cut_or_refund")
        code = self.buy()
        self.hold("K-H", code, lines=[{"id": "1", "sku": "T-1002", "quantity": 1, "price": 4}])
        self.assertEqual(self.told_of(self.give_back("K-1A")), [("used", 6.0, 0.0, 4.0)])
        self.call("purchase_cancel", purchase="K-H")
        self.assertEqual((self.state_of(code), self.left(code)), ("issued", 4.0))
        self.assert_books()

    def test_a_refund_is_never_below_zero_and_what_it_cannot_bear_waits(self):
        self.rules("reduce_refund")
        lines = [
            {"id": "1", "sku": "T-1001", "quantity": 1, "price": 49},
            {"id": "2", "sku": "T-1002", "quantity": 1, "price": 1},
        ]
        self.buy(lines=lines)
        self.assertEqual(self.refund(self.give_back("K-1A", BUN)), (0.0, 1.0))
        self.assertEqual(self.refund(self.give_back("K-1B", COFFEE)), (45.0, 4.0))
        self.assertEqual(sum(self.purchase_of("K-1").return_ids.mapped("to_pay")), -45.0)

    def test_a_code_without_a_value_is_void_when_what_is_kept_does_not_earn_it(self):
        flyer = {"kind": "issue_code", "pool": "T_FLYER"}
        self.apply({"promotions": [self.promotion("T_STEPS", flyer, when={"kind": "basket_amount", "min": 60})]})
        for policy, states in (
            ("keep", ["issued", "issued", "void"]),
            ("cut", ["issued", "void", "void"]),
            ("reduce_refund", ["issued", "void", "void"]),
            ("cut_or_refund", ["issued", "void", "void"]),
        ):
            with self.subTest(policy), self.undone():
                self.rules(policy)
                code, found = self.buy(), []
                for number, lines in (("A", [COFFEE]), ("B", [BUN]), ("C", [])):
                    answer = self.give_back(f"K-1{number}", *lines)
                    found.append(self.state_of(code))
                    self.assertEqual(answer["refund"].get("reduced", 0), 0)
                    told = [{"code": code, "pool": "T_FLYER", "state": "void"}]
                    self.assertEqual(answer.get("codes", []), told if found[-1] != (["issued", *found])[-2] else [])
                self.assertEqual(found, states)
                self.assert_books()

    def test_a_code_that_was_used_stays_used(self):
        self.rules("cut")
        self.apply({"promotions": [self.promotion("T_STEPS", {"kind": "issue_code", "pool": "T_FLYER"})]})
        code = self.buy()
        self.confirm("K-U", code)
        self.assertNotIn("codes", self.give_back("K-1A"))
        self.assertEqual(self.state_of(code), "used")

    def test_whoever_loses_the_condition_loses_the_whole_code(self):
        self.rules("cut")
        reward = {"kind": "issue_code", "pool": "T_NEXT", "value": 7}
        self.apply({"promotions": [self.promotion("T_STEPS", reward, when={"kind": "basket_amount", "min": 100})]})
        code = self.buy()
        self.assertEqual(self.told_of(self.give_back("K-1A", COFFEE)), [("void", 7.0, 0.0, 0.0)])
        self.assertEqual(self.state_of(code), "void")

    # ------------------------------------------------------------------ laws

    def test_any_series_of_parts_comes_to_the_same_as_one_return(self):
        """ledger.md, law 8. What is taken of a code and of refunds together is the same; and so is each of them, where
        every refund can bear its part."""
        for seed in range(12):
            chance = random.Random(seed)
            policy = chance.choice(("cut", "reduce_refund", "cut_or_refund"))
            used, order = chance.choice((0, 3, 10)), chance.sample(["1", "2"], 2)
            back = {ref: Decimal(chance.randrange(1, 5)) for ref in order}
            found = []
            for is_series in (False, True):
                with self.subTest(seed=seed, policy=policy, is_series=is_series), self.undone():
                    self.rules(policy)
                    lines = [{"id": ref, "sku": "T-1001", "quantity": 4, "price": 37.35} for ref in order]
                    code = self.buy(lines=lines)
                    if used:
                        self.use(code, used)
                    parts = [back] if not is_series else [
                        {ref: Decimal(1)} for ref in order for _times in range(int(back[ref]))
                    ]  # fmt: skip
                    answers = [
                        self.give_back(f"K-1-{at}", *({"id": ref, "quantity": str(q)} for ref, q in part.items()))
                        for at, part in enumerate(parts)
                    ]
                    self.assert_books()
                    record = self.env["loy.code"].search([("shown", "=", code)])
                    found.append((sum(Decimal(str(one["refund"]["money"])) for one in answers),
                                  record.left_minor, record.state))  # fmt: skip
            self.assertEqual(*found, (seed, policy))

    def test_an_exchange_shows_before_what_it_does(self):
        self.rules("cut_or_refund")
        code = self.buy()
        self.use(code, 8)
        line = {"id": "9", "sku": "T-1001", "quantity": -1, "of": {"purchase": "K-1", "line": "1"}}
        lines = [line, {"id": "1", "sku": "T-1002", "quantity": 1}]
        shown = self.call("purchase_calculate", **self.basket(lines=lines))["exchange"]
        done = self.call("purchase_confirm", purchase="K-2", **self.basket(lines=lines))["exchange"]
        self.assertEqual((shown["refund"], shown["balance"]), (done["refund"], done["balance"]))
        self.assertEqual(shown["returns"][0]["codes"], done["returns"][0]["codes"])
        self.assertEqual(done["returns"][0]["refund"]["reduced"], 3.0)
        self.assert_books()

    def test_staff_see_before_what_is_paid_out(self):
        self.rules("reduce_refund")
        self.buy()
        self.assertEqual(self.env["loy.returns"]._refund_of(self.purchase_of("K-1"), {"1": 1.0}), 40.0)

    def test_what_is_no_policy_is_refused(self):
        with self.assertRaises(ApiError):
            self.rules("burn")
        self.rules("cut")
        exported = self.call("programme_export")["programme"]["settings"]["returns"]
        self.assertEqual(exported, {"coupon": "cut"})
