"""One guard covers every public method of ``loy.api``."""

import inspect
import json
import math
import traceback

from odoo.addons.loyalty_core.services.endpoint import XMLRPC_INTEGER_LIMIT
from odoo.exceptions import AccessError
from odoo.http import serialize_exception
from odoo.tests import new_test_user, tagged

from .api_common import ApiCase

OWN = "odoo.addons.loyalty_core."


def public_methods(api):
    """Name → function of all that ``loy.api`` offers to clients beyond what every model has."""
    of_any_model = set(dir(api.env.registry["base"]))
    return {
        name: function
        for name, function in inspect.getmembers(type(api), inspect.isfunction)
        if not name.startswith("_") and name not in of_any_model
    }


def own_methods(api):
    """Those of this addon: others test and tell of their own."""
    return {name: one for name, one in public_methods(api).items() if one.__module__.startswith(OWN)}


def leaves(value, path="answer"):
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, str), f"{path} has key {key!r}"
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


@tagged("post_install", "-at_install")
class TestApiGuard(ApiCase):
    def test_no_method_is_public_but_the_guarded_ones(self):
        methods = public_methods(self.api)
        self.assertIn("purchase_confirm", methods)
        for name, function in methods.items():
            self.assertTrue(hasattr(function, "loy_request"), f"{name} is public and has no guard")
            self.assertEqual(list(inspect.signature(function).parameters)[1:], ["request"], name)

    def test_every_method_says_what_it_does(self):
        for name, function in public_methods(self.api).items():
            self.assertTrue((function.__doc__ or "").strip(), name)

    def test_every_method_that_changes_something_takes_a_key(self):
        for name, function in public_methods(self.api).items():
            takes_key = "key" in function.loy_request.__dataclass_fields__
            is_told = getattr(function, "loy_on_record", False)
            self.assertEqual(takes_key, not is_told and not getattr(function, "_readonly", False), name)

    def test_nobody_outside_the_group_gets_anything(self):
        roles = ("cashier", "operator", "marketer", "admin")
        users = [
            new_test_user(self.env, "t_portal", groups="base.group_portal"),
            new_test_user(self.env, "t_public", groups="base.group_public"),
            new_test_user(self.env, "t_internal", groups="base.group_user"),
            new_test_user(self.env, "t_system", groups="base.group_system"),
            *(new_test_user(self.env, f"t_{role}", groups=f"loyalty_core.group_{role}") for role in roles),
        ]
        before = self.state()
        for user in users:
            api = self.env["loy.api"].with_user(user)
            for name in public_methods(api):
                # whatever is sent: right, wrong or nothing at all
                for request in (None, {}, {"key": "K"}, {"member": self.member}, ["garbage"]):
                    with self.assertRaises(AccessError, msg=f"{user.login} {name}") as caught:
                        getattr(api, name)(request)
                    self.assertTrue(str(caught.exception).startswith("forbidden: "), str(caught.exception))
                    self.assertEqual("".join(traceback.format_exception(caught.exception)).count("File "), 0)
        self.assertEqual(self.changes(before), {})

    def test_what_every_model_offers_gives_an_integrator_nothing(self):
        calls = {
            "search": [[]],
            "search_count": [[]],
            "search_read": [[]],
            "web_search_read": [[], {}],
            "create": [{}],
            "name_search": [""],
        }
        for model in (
            "loy.api",
            "loy.purchases",
            "loy.ledger",
            "loy.purchase",
            "loy.entry",
            "loy.unit",
            "loy.request",
        ):
            for name, arguments in calls.items():
                with self.subTest(model=model, method=name), self.assertRaises(AccessError):
                    getattr(self.env[model].with_user(self.integrator), name)(*arguments)

    def test_services_have_no_public_method(self):
        """Whoever may call a model over RPC must find nothing there but the API, and what the back office asks to edit
        promotions and to show reports (TestEditor and TestReports prove whom they answer)."""
        faces = ("loy.api", "loy.editor", "loy.reports")
        of_any_model = set(dir(self.env.registry["base"]))
        for name, model in self.env.registry.items():
            if name.startswith("loy.") and model._abstract and name not in faces and "mixin" not in name:
                public = [
                    member
                    for member, _function in inspect.getmembers(model, inspect.isfunction)
                    if not member.startswith("_") and member not in of_any_model
                ]
                self.assertEqual(public, [], name)

    def test_the_clients_context_changes_nothing(self):
        stranger = self.env["res.company"].create({"name": "Stranger"})
        self.env["res.lang"]._activate_lang("uk_UA")
        request = self.basket(spend=[{"unit": "T_BONUS", "amount": "max"}])
        self.give(30)
        plain = {
            "purchase_calculate": request,
            "account_balance": {"member": self.member},
            "programme_export": {},
            "member_find": {"phone": "+380671110001"},
        }
        context = {
            "lang": "uk_UA",
            "tz": "Asia/Tokyo",
            "allowed_company_ids": [stranger.id],
            "company_id": stranger.id,
            "active_test": False,
            "default_company_id": stranger.id,
            "bin_size": True,
        }
        for name, body in plain.items():
            answer = getattr(self.api, name)(body)
            self.assertEqual(getattr(self.api.with_context(**context), name)(body), answer, name)
        with self.undone():
            first = self.call("purchase_confirm", purchase="T-CTX", key="ctx", **request)
        with self.undone():
            again = self.call(
                "purchase_confirm",
                api=self.api.with_context(**context),
                purchase="T-CTX",
                key="ctx",
                **request,
            )
        self.assertEqual(first, again)

    def test_methods_without_effect_run_in_a_transaction_that_forbids_changes(self):
        self.give(100)
        self.call("purchase_confirm", purchase="T-RO", **self.basket())
        requests = {
            "programme_export": {},
            "member_find": {"phone": "+380671110001"},
            "member_favourites": {"phone": "+380671110001"},
            "member_offers": {"phone": "+380671110001"},
            "purchase_calculate": self.basket(spend=[{"unit": "T_BONUS", "amount": "max"}], explain=True),
            "purchase_get": {"purchase": "T-RO"},
            "member_purchases": {"member": self.member},
            "account_balance": {"member": self.member},
            "account_statement": {"member": self.member, "unit": "T_BONUS"},
            "pool_get": {"pool": self.call("pool_create", owner=self.member)["pool"]},
            "code_check": {"code": "none"},
            "tier_get": {"member": self.member},
            "books_check": {},
            "health": {},
        }
        without_effect = {
            name for name, one in own_methods(self.api).items() if getattr(one, "_readonly", False)
        }
        self.assertEqual(without_effect - requests.keys(), set(), "a new method wants a request here")
        for name, request in requests.items():
            with self.subTest(method=name), self.read_only():
                self.assertTrue(getattr(self.api, name)(request))

    def test_answers_can_be_carried_by_both_protocols(self):
        self.give(3_000_000_000, "T_BONUS")  # beyond 32 bits
        answers = [
            self.call("purchase_calculate", explain=True, **self.basket()),
            self.call(
                "purchase_hold", purchase="T-C1", **self.basket(spend=[{"unit": "T_BONUS", "amount": 7}])
            ),
            self.call("purchase_confirm", purchase="T-C1"),
            self.call("purchase_get", purchase="T-C1"),
            self.call("purchase_return", purchase="T-C1", return_="T-C1-R"),
            self.call("purchase_cancel", purchase="T-C2"),
            self.call("purchase_get", purchase="T-C2"),
            self.call("member_purchases", member=self.member),
            self.call("account_balance", member=self.member),
            self.call("account_statement", member=self.member, unit="T_BONUS"),
            self.call("account_write_off", member=self.member, unit="T_BONUS", amount=1),
            self.call("member_find", member=self.member),
            self.call("member_update", member=self.member, attributes={"big": 2**40, "none": None}),
            self.call("programme_export"),
            self.call("books_check"),
            self.call("health"),
        ]
        for answer in answers:
            self.assertIsInstance(answer, dict)
            self.assertEqual(json.loads(json.dumps(answer, allow_nan=False)), answer)
            for path, leaf in leaves(answer):
                self.assertIsInstance(leaf, (str, bool, int, float), path)
                if isinstance(leaf, int) and not isinstance(leaf, bool):
                    self.assertLessEqual(abs(leaf), XMLRPC_INTEGER_LIMIT, path)
                if isinstance(leaf, float):
                    self.assertTrue(math.isfinite(leaf), path)

    def test_a_refusal_carries_no_traceback(self):
        calls = {
            "purchase_get": {"purchase": "T-NONE"},
            "purchase_confirm": {"purchase": "T-NONE", "key": "K"},
            "purchase_calculate": {"store": 7},
            "member_find": {"member": "no number"},
        }
        for name, request in calls.items():
            with self.assertRaises(Exception) as caught:
                getattr(self.api, name)(request)
            said = serialize_exception(caught.exception)
            self.assertNotIn("File ", said["debug"], name)
            self.assertNotIn("Traceback", said["debug"], name)
            self.assertIsNone(caught.exception.__cause__, name)
            self.assertNotIn("odoo/", json.dumps(said), name)

    def test_a_fault_of_ours_is_told_without_details(self):
        def broken(*_args, **_kwargs):
            raise ZeroDivisionError("secret detail")

        self.patch(type(self.env["loy.purchases"]), "_calculate", broken)
        with self.assertLogs("odoo.addons.loyalty_core.services.endpoint", "ERROR") as logged:
            with self.assertRaises(Exception) as caught:
                self.call("purchase_calculate", **self.basket())
        self.assertTrue(str(caught.exception).startswith("internal_error: "))
        self.assertNotIn("secret", json.dumps(serialize_exception(caught.exception)))
        self.assertIn("secret detail", "".join(logged.output))
