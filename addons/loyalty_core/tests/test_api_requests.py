"""Bad input gets a clear code, no traceback, and changes nothing."""

import copy
import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.tests import tagged

from .api_common import BEGINNING, ApiCase
from .test_api_guard import own_methods

CODED = re.compile(r"^[a-z][a-z_]*: .")
# The same examples in each run: what fails here fails for everybody.
FUZZ = settings(
    max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


def deep(depth, wrap):
    value = {}
    for _ in range(depth):
        value = wrap(value)
    return value


ODD = [
    *(None, True, False, 0, 1, -1, 2**31, -(2**31) - 1, 2**63, 10**30, -(10**400), 0.1, -0.0, 1e-9, 1e308),
    *(float("nan"), float("inf"), float("-inf")),
    *("", " ", "0", "1", "NaN", "Infinity", "1e5", "٣", "-1", "9" * 18, "x" * 70, "x" * 3000, "max", "rest"),
    *(
        "\0",
        "a\0b",
        "\ud800",
        "\u202e",
        "ключ",
        "😀",
        "'; DROP TABLE loy_entry; --",
        "%s %(x)s {0}",
        "<script>",
    ),
    *(
        "2026-02-30",
        "2026-11-23T25:00",
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59+00:00",
        "2026-11-23T08:30:00Z",
    ),
    *(
        [],
        [[]],
        [None],
        [{}],
        ["x"] * 3000,
        deep(40, lambda value: [value]),
        deep(600, lambda value: [value]),
    ),
    *({}, {"": 1}, {"key": {"key": {}}}, {1: 2}, {None: None}, {"a\0": "b"}, {"x" * 300: 1}),
    *(deep(40, lambda value: {"not": value}), b"bytes", {1, 2}, object()),
]

JUNK = st.one_of(
    st.sampled_from(ODD),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
        ),
        max_leaves=10,
    ),
)


def places(value, path=()):
    """Paths to everything within a request."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def spoiled(value, path, junk):
    """A copy of a request with something else at a path."""
    if not path:
        return junk
    result = copy.copy(value)
    result[path[0]] = spoiled(value[path[0]], path[1:], junk)
    return result


@tagged("post_install", "-at_install")
class TestApiRequests(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param("loyalty_core.is_test_database", "True")
        cls.call("account_accrue", member=cls.member, unit="T_BONUS", amount=40, at=BEGINNING)
        cls.card = cls.call("member_find", member=cls.member)["cards"][0]["number"]
        for number in ("T-SOLD", "T-SOLD2"):
            cls.call("purchase_confirm", purchase=number, **cls.basket(at="2026-01-05T09:00:00"))
        cls.call("purchase_hold", purchase="T-HELD", **cls.basket(spend=[{"unit": "T_BONUS", "amount": 3}]))
        cls.apply(
            {
                "units": [
                    {"code": "T_BONUS", "name": "Bonus", "transfers": True},
                    {"code": "T_MILES", "name": "Miles", "decimals": 2, "rate": 0.1},
                    {"code": "T_PURSE", "name": "Purse", "kind": "money", "decimals": 2},
                ],
                "conversions": [{"code": "T_C", "from": "T_BONUS", "to": "T_MILES", "rate": 10}],
                "code_pools": [{"code": "T_POOL", "pattern": "T########", "size": 1, "valued": True, "codes": ["C"]}],
                "tiers": [{"code": "T_TIER"}],
            }
        )
        cls.other = cls.call("member_register", phone="+380671110066", first_name="Joe")["member"]
        promotion = cls.promotion("T_X", {"kind": "percent", "value": 5, "target": {"sku": ["T-1001"]}})
        everything = {
            "register": "R1",
            "channel": "web",
            "at": "2026-01-05T10:00:00",
            "codes": ["C"],
            "payments": [{"method": "card", "amount": "rest"}],
            "spend": [{"unit": "T_BONUS", "amount": 1}],
        }
        person = {
            "phone": "+380671110055",
            "email": "eve@example.com",
            "first_name": "Eve",
            "last_name": "Fox",
            "birth_date": "1990-02-28",
            "sex": "female",
            "external_id": "E-1",
            "attributes": {"shoe": 40, "list": [1, "a"]},
            "brands": ["T_ACME"],
            "store": "T_S1",
        }
        move = {
            "member": cls.member,
            "unit": "T_BONUS",
            "amount": 2,
            "reason": "gift",
            "at": "2026-01-05T10:00:00",
        }
        favourite = {"code": "T_FAVOURITE", "days": 30, "options": [{"code": "coffee"}]}
        gift = {"code": "T_GIFT", "unit": "T_BONUS", "points": 2, "gives": {"unit": "T_MILES", "amount": 1}}
        cls.apply({"choices": [favourite], "rewards": [gift]})
        sender = cls.call("referral_code", member=cls.member)["code"]
        head, mate, free = (
            cls.call("member_register", phone=f"+38067111007{digit}")["member"] for digit in range(3)
        )
        cls.call("account_accrue", member=mate, unit="T_BONUS", amount=5, at="2026-01-05T09:00:00Z")
        pool = cls.call("pool_create", owner=head, members=[mate], at="2026-01-05T09:30:00Z")["pool"]
        cls.call("contact_confirm_start", member=cls.member, contact="phone")
        sms = cls.env["loy.contact.code"].search([("member_id", "=", int(cls.member))]).sms_id
        code = re.search(r"\b\d{6}\b", sms.body)[0]
        #: Method → a request that is in order, as full as it can be.
        cls.sound = {
            "programme_apply": {
                "programme": {**PROGRAMME_OF_ALL, "promotions": [promotion]},
                "replace": [],
                "at": "2026-01-05T10:00:00Z",
                "dry_run": False,
                "cases": "tell",
            },
            "programme_export": {},
            "member_register": {**person, "at": "2026-01-05T10:00:00", "referral_code": sender},
            "member_find": {"member": cls.member},
            "member_update": {**person, "member": cls.member},
            "members_import": {
                "members": [
                    {
                        **{name: value for name, value in person.items() if name != "store"},
                        "brands": ["T_ACME"],
                        "store": "T_S1",
                        "registered": "2025-01-05T10:00:00",
                        "cards": [{"number": "2900000777787", "issued_on": "2025-01-05"}],
                        "lots": [
                            {
                                "unit": "T_BONUS",
                                "amount": 2,
                                "active_from": "2025-01-05T10:00:00",
                                "expires_at": "2127-01-05T10:00:00",
                            }
                        ],
                        "totals": [
                            {"from": "2025-01-01", "to": "2025-12-31", "amount": 9.5, "count": 3, "store": "T_S1"}
                        ],
                        "tier": "T_TIER",
                        "tier_since": "2025-01-05",
                        "tier_until": "2127-01-05",
                    }
                ],
                "dry_run": False,
                "at": "2026-01-05T10:00:00",
            },
            "offers_import": {
                "batch": "may",
                "offers": [
                    {
                        "phone": "+380671110001",
                        "promotion": "T_BASE5",
                        "sku": "T-1001",
                        "value": 12.5,
                        "from": "2026-01-05",
                        "to": "2026-02-05",
                    }
                ],
            },
            "member_favourites": {"member": cls.member},
            "member_offers": {"member": cls.member, "at": "2026-01-05T10:00:00"},
            "member_choose": {
                "member": cls.member,
                "choice": "T_FAVOURITE",
                "options": ["coffee"],
                "at": "2026-01-05T10:00:00",
            },
            "referral_code": {"member": cls.member},
            "reward_redeem": {
                "member": cls.member,
                "reward": "T_GIFT",
                "purchase": "T-1",
                "points": 2,
                "at": "2026-01-05T10:00:00",
            },
            "member_export": {"member": cls.member},
            "tier_get": {"member": cls.member},
            "member_erase": {
                "member": cls.other,
                "confirm": cls.other,
                "write_off": True,
                "reason": "asked for it",
                "at": "2026-01-05T10:00:00",
            },
            "member_merge": {
                "member": cls.other,
                "into": cls.member,
                "reason": "the same person",
                "at": "2026-01-05T10:00:00",
            },
            "contact_confirm_start": {"member": cls.member, "contact": "email"},
            "contact_confirm": {"member": cls.member, "contact": "phone", "code": code},
            "card_issue": {"member": cls.member},
            "card_block": {"card": cls.card, "reason": "lost"},
            "card_unblock": {"card": cls.card, "reason": "found"},
            "card_close": {"card": cls.card, "reason": "given back", "at": "2026-01-05T10:00:00"},
            "card_replace": {
                "card": cls.card,
                "new_card": "2900000777770",
                "reason": "CARD_LOST",
                "at": "2026-01-05T10:00:00",
            },
            "purchase_calculate": {**cls.basket(), **everything, "purchase": "T-1", "explain": True},
            "purchase_hold": {**cls.basket(), **everything, "purchase": "T-1"},
            "purchase_confirm": {**cls.basket(), **everything, "purchase": "T-1", "expected": {}},
            "purchase_cancel": {"purchase": "T-HELD"},
            "purchase_return": {
                "purchase": "T-SOLD",
                "return": "T-R1",
                "lines": [{"id": "1", "quantity": 2}, {"id": "2", "quantity": 1}],
                "at": "2026-01-05T10:00:00",
            },
            "purchase_get": {"purchase": "T-SOLD"},
            "member_purchases": {
                "member": cls.member,
                "from": "2020-01-05T10:00:00Z",
                "to": "2026-01-05T10:00:00+02:00",
                "page": 1,
            },
            "code_check": {"code": "C", "member": cls.member, "at": "2026-01-05T10:00:00"},
            "code_issue": {"pool": "T_POOL", "member": cls.member, "value": 3, "at": "2026-01-05T10:00:00"},
            "code_pool_extend": {"pool": "T_POOL", "size": 2},
            "account_balance": {"member": cls.member, "unit": "T_BONUS", "at": "2026-01-05T10:00:00Z"},
            "account_statement": {
                "member": cls.member,
                "unit": "T_BONUS",
                "from": "2020-01-05T10:00:00Z",
                "to": "2026-01-05T10:00:00Z",
                "page": 1,
            },
            "account_accrue": {
                **move,
                "usable_when": {"kind": "basket_amount", "min": 500},
                "active_from": "2026-01-05T10:00:00",
                "expires_at": "2027-01-05T10:00:00",
            },
            "account_write_off": move,
            "account_transfer": {**move, "to": cls.other},
            "account_convert": {
                "member": cls.member,
                "unit": "T_BONUS",
                "to_unit": "T_MILES",
                "amount": 2,
                "at": "2026-01-05T10:00:00",
            },
            "account_top_up": {
                "member": cls.member,
                "unit": "T_PURSE",
                "amount": 2.5,
                "payment": {"method": "card", "reference": "T-PAID"},
                "store": "T_S1",
                "register": "R1",
                "at": "2026-01-05T10:00:00",
            },
            "pool_create": {"owner": cls.other, "members": [free], "name": "Family", "at": "2026-01-05T10:00:00"},
            "pool_join": {"pool": pool, "member": cls.other, "at": "2026-01-05T10:00:00"},
            "pool_leave": {
                "pool": pool,
                "member": mate,
                "along": [{"unit": "T_BONUS", "amount": 1}],
                "at": "2026-01-05T10:00:00",
            },
            "pool_close": {"pool": pool, "at": "2026-01-05T10:00:00"},
            "pool_get": {"member": mate},
            "books_check": {},
            "jobs_run": {"until": "2026-01-05T10:00:00"},
            "health": {},
        }

    def assert_coded(self, method, request):
        """The request is refused with a code and changes nothing, or understood; either way it is undone.

        :return: whether it was refused"""
        try:
            with self.undone():
                getattr(self.api, method)(request)
        except ApiError as refusal:
            text = str(refusal)
            self.assertRegex(text, CODED, f"{method} {request!r:.300}")
            self.assertFalse(text.startswith("internal_error"), f"{method} {request!r:.300}")
            self.assertLess(len(text), 30_000)
            return True
        return False

    def fuzz(self, check, **strategies):
        before = self.state()
        given(**strategies)(check)()
        # Refusals were undone by the API itself.
        self.assertEqual(self.changes(before), {})

    def test_sound_requests_are_answered(self):
        """Else the garbage below would prove nothing."""
        self.assertEqual(
            self.sound.keys(), own_methods(self.api).keys(), "a new method wants a sound request here"
        )
        for method, request in self.sound.items():
            with self.subTest(method=method), self.undone():
                if method == "card_unblock":
                    self.call("card_block", **request)
                self.call(method, **copy.deepcopy(request))

    def test_garbage_instead_of_a_request_is_refused(self):
        for method in own_methods(self.api):
            with self.subTest(method=method):

                @FUZZ
                def check(junk):
                    refused = self.assert_coded(method, junk)  # noqa: B023
                    self.assertTrue(refused or not junk, f"{method} took {junk!r}")  # noqa: B023

                self.fuzz(check, junk=JUNK)

    def test_garbage_anywhere_in_a_request_is_refused_or_understood(self):
        for method, request in self.sound.items():
            with self.subTest(method=method):
                whole = self.with_key(method, request)

                @FUZZ
                def check(path, junk):
                    self.assert_coded(method, spoiled(whole, path, junk))  # noqa: B023

                self.fuzz(check, path=st.sampled_from(list(places(whole))), junk=JUNK)

    def test_every_odd_value_in_every_field(self):
        """What random choice may miss."""
        for method in ("purchase_confirm", "member_update", "account_accrue"):
            request, before = self.with_key(method, self.sound[method]), self.state()
            for path in places(request):
                for odd in ODD:
                    self.assert_coded(method, spoiled(request, path, odd))
            self.assertEqual(self.changes(before), {}, method)

    def test_an_unknown_key_is_told_with_its_path_and_the_likely_meaning(self):
        text = self.refused(
            "bad_request",
            "purchase_calculate",
            store="T_S1",
            lines=[
                {"id": "1", "sku": "T-1001", "quantity": 1},
                {"id": "2", "sku": "T-1001", "qty": 1, "quantity": 1},
            ],
        )
        self.assertEqual(text, "bad_request: lines[1].qty is not known; did you mean quantity?")
        self.assertIn(
            "stor is not known; did you mean store?",
            self.refused("bad_request", "purchase_calculate", stor="T_S1", lines=[]),
        )
        for method in own_methods(self.api):
            key = "zzz_unheard_of"
            self.assertIn(
                f"{key} is not known", self.refused("bad_request", method, **{**self.sound[method], key: 1})
            )

    def test_all_problems_are_told_at_once(self):
        text = self.refused(
            "bad_request",
            "purchase_calculate",
            lines=[
                {"id": "1", "sku": "", "quantity": -10**7},
                {"id": "1", "sku": "T-1001", "quantity": float("nan")},
            ],
            spend=[{"unit": "T_BONUS", "amount": "all"}],
            at="yesterday",
        )
        for path in ("store", "lines[0].quantity", "lines[1].quantity", "spend[0].amount", "at"):
            self.assertIn(path, text)

    def test_required_keys_are_required(self):
        for method, request in self.sound.items():
            for name in request:
                member = self.fields_of(method)[name]
                if member.is_required:
                    text = self.refused("bad_request", method, **{**request, name: None})
                    self.assertIn(f"{name} is required", text)

    def test_a_basket_is_limited_in_length(self):
        lines = [{"id": str(index), "sku": "T-1001", "quantity": 1} for index in range(2_001)]
        self.assertIn("lines", self.refused("bad_request", "purchase_calculate", store="T_S1", lines=lines))
        self.assertTrue(self.call("purchase_calculate", store="T_S1", lines=lines[:2_000]))

    def with_key(self, method, request):
        return {**request, "key": "fuzz"} if "key" in self.fields_of(method) else request

    def fields_of(self, method):
        return schema.members(getattr(self.api, method).loy_request)


PROGRAMME_OF_ALL = {
    "settings": {
        "timezone": "Europe/Kyiv",
        "backdate_days": 10_000,
        "hold_minutes": 5,
        "line_cap_percent": 90.5,
    },
    "units": [{"code": "T_X", "name": "X", "kind": "points", "decimals": 1, "rate": 0.5}],
    "code_pools": [
        {
            "code": "T_P", "name": "Pool", "state": "active", "kind": "one_time", "codes": ["A-1", "A-2"],
            "pattern": "P-########", "size": 2, "valued": True, "value": 5, "remainder": "kept", "bind": "member",
            "valid": {"end_of": "month", "plus": 1, "grace": 3}, "from": "2020-01-01", "to": "2099-12-31",
        },
        {"code": "T_Q", "kind": "multi", "codes": ["Q"], "uses": 5},
    ],
    "tiers": [
        {
            "code": "T_X",
            "measure": "quantity",
            "target": {"sku": ["T-X"]},
            "threshold": 1.5,
            "window": {"calendar": "month"},
            "rise": "next_period",
            "keep": "period",
            "fall": "one",
            "color": 3,
        }
    ],
    "conversions": [
        {
            "code": "T_X",
            "unit": "T_X",
            "schedule": {"months": 3, "day": 5, "month": 2},
            "minimum": 10,
            "step": 5,
            "gives": {"unit": "T_BONUS", "amount": 1.5, "expire_days": 9},
        }
    ],
    "rewards": [
        {
            "code": "T_X",
            "unit": "T_X",
            "points": {"min": 5, "max": 50, "step": 5},
            "gives": {"unit": "T_BONUS", "amount": 1},
            "per_purchase": 2,
        },
        {"code": "T_Y", "unit": "T_X", "points": 5, "gives": {"discount": {"kind": "percent", "value": 5}}},
    ],
    "choices": [
        {
            "code": "T_X",
            "days": 30,
            "changes_max": 1,
            "options": [{"code": "x", "name": "X", "target": {"brand": ["T_X"]}}],
        }
    ],
    "groups": [{"code": "t_x", "sequence": 5, "choose": "best", "per": "line", "exclusive": True}],
    "card_types": [{"code": "T_X", "prefix": "77", "length": 13, "mode": "sequential", "check": "ean13"}],
    "partners": [{"code": "T_X"}],
    "brands": [{"code": "T_X"}],
    "networks": [{"code": "T_X"}],
    "stores": [
        {
            "code": "T_X",
            "timezone": "Europe/Kyiv",
            "network": "T_X",
            "partner": "T_X",
            "attributes": {"format": "express"},
        }
    ],
    "registers": [{"store": "T_X", "code": "R9"}],
    "categories": [{"code": "T_X", "parent": "T_Y"}, {"code": "T_Y"}],
    "products": [
        {"sku": "T-X", "category": "T_X", "brand": "T_X", "price": 1.5, "min_price": 1, "barcode": "T4820"}
    ],
}
