"""A key is answered once: the same request gets the first answer to the byte, another request is refused."""

import json
from decimal import Decimal
from unittest.mock import patch

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import tagged

from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestIdempotency(ApiCase):
    def answered_again(self, method, first, second):
        """Both requests bear one key: the second gets the first one's answer, and nothing happens."""
        key = self.new_key()
        answer = self.call(method, key=key, **first)
        before = self.state()
        again = self.call(method, key=key, **second)
        self.assertEqual(json.dumps(again), json.dumps(answer))
        self.assertEqual(self.changes(before), {})
        return answer

    def test_replay_returns_the_first_answer_to_the_byte(self):
        self.give(50)
        spend = [{"unit": "T_BONUS", "amount": "max"}]
        requests = {
            "purchase_hold": self.basket(purchase="T-1", spend=spend),
            "purchase_confirm": self.basket(purchase="T-1", spend=spend),
            "purchase_return": {"purchase": "T-1", "return": "T-1R"},
            "purchase_cancel": {"purchase": "T-2"},
            "account_accrue": {"member": self.member, "unit": "T_BONUS", "amount": 7},
            "account_write_off": {"member": self.member, "unit": "T_BONUS", "amount": 3},
            "member_register": {"phone": "+380671110077", "first_name": "Bo"},
            "member_update": {"member": self.member, "first_name": "Anna"},
            "card_issue": {"member": self.member},
            "programme_apply": {"programme": {"units": [{"code": "T_NEW"}]}},
        }
        for method, request in requests.items():
            with self.subTest(method=method):
                self.answered_again(method, request, request)

    def test_the_answer_is_the_first_even_when_the_world_has_changed_since(self):
        self.give(50)
        request = self.basket(purchase="T-1", key="world", spend=[{"unit": "T_BONUS", "amount": 10}])
        first = self.call("purchase_confirm", **request)
        self.call("purchase_return", purchase="T-1", return_="T-1R")
        self.apply({"promotions": []}, replace=["promotions"])
        self.assertEqual(json.dumps(self.call("purchase_confirm", **request)), json.dumps(first))

    def test_the_same_body_may_be_written_in_several_ways(self):
        line = {"id": "1", "sku": "T-1001", "quantity": 2, "price": 45}
        same = [
            {**line, "quantity": 2.0},
            {**line, "price": 45.00},
            {**line, "price": "45.00"},
            {**line, "quantity": Decimal("2.000")},
            {**line, "amount": None, "no_discount": None},
            {**line, "no_discount": False},
            dict(reversed(line.items())),
        ]
        for index, other in enumerate(same):
            with self.subTest(other=other):
                basket = {"store": "T_S1", "purchase": f"T-W{index}"}
                self.answered_again(
                    "purchase_confirm",
                    {**basket, "lines": [line]},
                    {**basket, "lines": [other], "member": None},
                )

    def test_amounts_of_accounts_and_wishes_compare_by_value(self):
        move = {"member": self.member, "unit": "T_MILES", "amount": 2}
        self.answered_again("account_accrue", move, {**move, "amount": 2.0, "reason": None})
        self.answered_again("account_write_off", {**move, "amount": 1.5}, {**move, "amount": "1.50"})
        self.give(5)
        basket = self.basket(purchase="T-V", expected=None, spend=[{"unit": "T_BONUS", "amount": 5}])
        self.answered_again(
            "purchase_confirm", basket, {**basket, "spend": [{"unit": "T_BONUS", "amount": 5.0}]}
        )

    def test_objects_within_a_request_compare_by_value(self):
        self.answered_again(
            "member_update",
            {"member": self.member, "attributes": {"shoe": 42, "hat": "M", "none": None}},
            {"member": self.member, "attributes": {"hat": "M", "shoe": 42.0}},
        )
        unit = {"code": "T_NEW", "decimals": 2, "rate": 1}
        self.answered_again(
            "programme_apply",
            {"programme": {"units": [unit]}},
            {"programme": {"units": [{"rate": 1.0, "name": None, "decimals": 2.0, "code": "T_NEW"}]}},
        )

    def test_another_body_is_refused(self):
        first = self.basket(purchase="T-1", key="other")
        self.call("purchase_confirm", **first)
        others = [
            {"purchase": "T-2"},
            {"lines": first["lines"][:1]},
            {"lines": list(reversed(first["lines"]))},
            {"channel": "web"},
            {"codes": ["X"]},
            {"member": None},
            {"expected": {"to_pay": 101}},
        ]
        for other in others:
            self.refused("key_reused", "purchase_confirm", **{**first, **other})

    def test_true_is_not_one(self):
        move = {"member": self.member, "key": "bool"}
        self.call("member_update", attributes={"fan": True}, **move)
        self.refused("key_reused", "member_update", attributes={"fan": 1}, **move)

    def test_another_method_is_refused(self):
        move = {"member": self.member, "unit": "T_BONUS", "amount": 5, "key": "method"}
        self.call("account_accrue", **move)
        self.refused("key_reused", "account_write_off", **move)
        self.refused("key_reused", "purchase_cancel", purchase="T-1", key="method")

    def test_failures_are_not_stored(self):
        move = {"member": self.member, "unit": "T_BONUS", "amount": 5, "key": "fails"}
        self.refused("insufficient_points", "account_write_off", **move)
        self.give(5)
        self.call("account_write_off", **move)
        self.assertEqual(self.available(), 0)

    def test_a_failure_of_ours_is_not_stored_either(self):
        request = self.basket(purchase="T-1", key="broken")
        events = type(self.env["loy.events"])
        with (
            patch.object(events, "_emit", side_effect=ZeroDivisionError),
            self.assertLogs("odoo.addons.loyalty_core.services.endpoint", "ERROR"),
        ):
            self.refused("internal_error", "purchase_confirm", **request)
        self.assertEqual(self.call("purchase_confirm", **request)["state"], "confirmed")

    def test_a_failed_key_may_be_used_for_another_body(self):
        self.refused(
            "store_not_found", "purchase_confirm", **self.basket(purchase="T-1", key="again", store="NONE")
        )
        self.call("purchase_confirm", **self.basket(purchase="T-1", key="again"))

    def test_keys_are_each_users_own(self):
        other = self.env["loy.api"].with_user(self.new_integrator("t_integrator2"))
        move = {"member": self.member, "unit": "T_BONUS", "amount": 5, "key": "shared"}
        self.call("account_accrue", **move)
        self.call("account_accrue", api=other, **move)
        self.assertEqual(self.available(), 10)

    def test_a_key_is_any_text_of_up_to_64_characters(self):
        for amount, key in enumerate(("1", "ключ", "a b\n\"'\\%s", "😀" * 64, "x" * 64), 1):
            self.call("account_accrue", member=self.member, unit="T_BONUS", amount=amount, key=key)
            before = self.state()
            self.call("account_accrue", member=self.member, unit="T_BONUS", amount=amount, key=key)
            self.assertEqual(self.changes(before), {})
        for key in ("", "x" * 65, 7, None, ["x"]):
            with self.assertRaisesRegex(LoyaltyError, "^bad_request: key "):
                self.api.account_accrue({"member": self.member, "unit": "T_BONUS", "amount": 1, "key": key})

    def test_old_answers_are_forgotten(self):
        self.call("account_accrue", member=self.member, unit="T_BONUS", amount=1, key="old")
        self.call("account_accrue", member=self.member, unit="T_BONUS", amount=1, key="young")
        self.env.cr.execute(
            "UPDATE loy_request SET answered_at = now() - interval '4 months' WHERE key = 'old'"
        )
        self.env["loy.request"].invalidate_model()
        self.env["loy.retentions"]._delete(self.env.ref("loyalty_core.loy_retention_request"))
        kept = self.env["loy.request"].search([("user_id", "=", self.integrator.id)]).mapped("key")
        self.assertIn("young", kept)
        self.assertNotIn("old", kept)
