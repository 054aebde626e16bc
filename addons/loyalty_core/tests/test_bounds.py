"""Users bound to stores, partners and brands: what they see, and which members they may change."""

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..services.endpoint import ApiError
from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestReach(ApiCase):
    """A till serves anybody; who is bound to stores changes only members of these stores."""

    def setUp(self):
        super().setUp()
        self.store, self.elsewhere = (
            self.env["loy.store"].search([("code", "=", code)]) for code in ("T_S1", "T_S2")
        )
        self.stranger = self.register("+380501110001", "T_S2")
        self.integrator.loy_store_ids = self.store

    def register(self, phone, store):
        key = f"bounds-{phone}"
        return self.api.member_register({"key": key, "phone": phone, "store": store})["member"]

    def changing(self, member):
        """Method → a request that would change this member or hand it out."""
        self.apply({"code_pools": [{"code": "T_POOL", "pattern": "T########"}]})
        other = self.register("+380501110009", "T_S1")
        unit = {"unit": "T_BONUS", "amount": 1}
        return {
            "member_update": {"key": "b1", "member": member, "first_name": "Eve"},
            "member_export": {"member": member},
            "member_erase": {"key": "b2", "member": member, "confirm": member, "write_off": True},
            "member_merge": {"key": "b3", "member": member, "into": other},
            "contact_confirm_start": {"key": "b10", "member": member, "contact": "phone"},
            "contact_confirm": {"key": "b11", "member": member, "contact": "phone", "code": "123456"},
            "account_accrue": {"key": "b4", "member": member, **unit},
            "account_write_off": {"key": "b5", "member": member, **unit},
            "account_transfer": {"key": "b6", "member": member, "to": other, **unit},
            "account_convert": {"key": "b7", "member": member, "to_unit": "T_MILES", **unit},
            "account_top_up": {
                "key": "b8",
                "member": member,
                "payment": {"method": "cash", "reference": "1"},
                **unit,
            },
            "member_choose": {"key": "b10", "member": member, "choice": "T_NONE", "options": ["a"]},
            "reward_redeem": {"key": "b11", "member": member, "reward": "T_NONE"},
            "referral_code": {"key": "b12", "member": member},
            "pool_create": {"key": "b9", "owner": other, "members": [member]},
            "code_issue": {"key": "b10", "pool": "T_POOL", "member": member},
        }

    def test_members_of_other_stores_are_out_of_reach(self):
        before = self.api.member_find({"member": self.stranger})
        for method, request in self.changing(self.stranger).items():
            with self.subTest(method=method), self.assertRaisesRegex(ApiError, "^member_out_of_reach: "):
                getattr(self.api, method)(request)
        self.assertEqual(self.api.member_find({"member": self.stranger}), before)

    def test_tills_find_register_and_serve_anybody(self):
        self.assertEqual(self.api.member_find({"phone": "+380501110001"})["member"], self.stranger)
        self.assertTrue(self.register("+380501110002", "T_S1"))
        self.assertTrue(self.api.card_issue({"key": "b-card", "member": self.stranger})["number"])
        self.assertIn("balances", self.api.account_balance({"member": self.stranger}))

    def test_who_prefers_the_store_or_has_bought_in_it_is_within_reach(self):
        own = self.register("+380501110003", "T_S1")
        self.api.account_accrue({"key": "b-own", "member": own, "unit": "T_BONUS", "amount": 1})
        self.call("purchase_confirm", purchase="B-1", **{**self.basket(), "member": {"member": self.stranger}})
        self.api.account_accrue({"key": "b-bought", "member": self.stranger, "unit": "T_BONUS", "amount": 1})

    def test_who_is_bound_to_nothing_reaches_everybody(self):
        self.integrator.loy_store_ids = False
        self.api.member_update({"key": "b-free", "member": self.stranger, "first_name": "Eve"})

    def test_a_promoter_registers_members_and_gives_nothing(self):
        promoter = new_test_user(self.env, "t_promoter", groups="loyalty_core.group_promoter")
        promoter.loy_store_ids = self.store
        values = {"name": "Ann", "phone": "+380501110007", "is_loyalty_member": True, "loy_store_id": self.store.id}
        member = self.env["res.partner"].with_user(promoter).create(values)
        self.assertEqual(len(member.sudo().loy_card_ids), 1)
        member.name = "Anna"
        self.assertFalse(self.env["loy.adjustment"].with_user(promoter).has_access("create"))

    def test_the_back_office_keeps_to_the_same(self):
        agent = new_test_user(self.env, "t_bound_agent", groups="loyalty_core.group_contact_centre")
        agent.loy_store_ids = self.store
        member = self.env["res.partner"].browse(int(self.stranger)).with_user(agent)
        for values in ({"name": "Eve"}, {"loy_store_id": self.store.id}):
            with self.assertRaisesRegex(LoyaltyError, "^member_out_of_reach"):
                member.write(values)
        unit = self.env["loy.unit"].search([("code", "=", "T_BONUS")])
        request = self.env["loy.adjustment"].with_user(agent).create(
            {"member_id": member.id, "unit_id": unit.id, "amount": 1}
        )
        with self.assertRaisesRegex(LoyaltyError, "^member_out_of_reach"):
            request.action_loy_submit()


@tagged("post_install", "-at_install")
class TestBoundsByPartnerAndBrand(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.env["loy.partner"].create([{"code": f"BP{n}", "name": f"Partner {n}"} for n in (1, 2)])
        cls.stores = cls.env["loy.store"].create(
            [
                {"code": f"BS{n}", "name": f"Store {n}", "partner_id": partner.id, "attributes": {"size": "big"}}
                for n, partner in enumerate(cls.partners)
            ]
        )
        cls.registers = cls.env["loy.register"].create(
            [{"code": "R", "name": "R", "store_id": store.id} for store in cls.stores]
        )
        cls.purchases = cls.env["loy.purchase"].create(
            [
                {
                    "number": f"B-{store.code}",
                    "state": "confirmed",
                    "store_id": store.id,
                    "company_id": store.company_id.id,
                    "purchased_at": "2026-01-01",
                }
                for store in cls.stores
            ]
        )
        days = [{"store_id": store.id, "company_id": store.company_id.id, "day": "2026-01-01"} for store in cls.stores]
        cls.days = cls.env["loy.purchase.day"].create(days)
        cls.notices = cls.env["loy.incomplete.notice"].create(days)
        cls.brands = cls.env["loy.brand"].create([{"code": f"BB{n}", "name": f"Brand {n}"} for n in (1, 2)])
        cls.products = cls.env["product.template"].create(
            [{"name": brand.name, "loy_brand_id": brand.id} for brand in cls.brands]
        )
        unit = cls.env["loy.unit"].create({"code": "B_UNIT", "name": "Unit"})
        cls.points = cls.env["loy.product.points"].create(
            [{"product_tmpl_id": product.id, "unit_id": unit.id, "amount_minor": 1} for product in cls.products]
        )
        cls.user = new_test_user(cls.env, "t_bound", groups="loyalty_core.group_store_manager")

    def check_first_of_each(self, *sets):
        for records in sets:
            found = self.env[records._name].with_user(self.user).search([("id", "in", records.ids)])
            with self.subTest(model=records._name):
                self.assertEqual(found.sudo(), records[0])
                with self.assertRaises(AccessError):
                    records[1].with_user(self.user).check_access("read")

    def test_who_works_for_a_partner_sees_its_stores_and_what_happens_there(self):
        self.user.loy_partner_ids = self.partners[0]
        self.check_first_of_each(
            self.partners,
            self.stores,
            self.stores.attribute_ids,
            self.registers,
            self.purchases,
            self.days,
            self.notices,
        )

    def test_a_store_that_joins_the_partner_counts_at_once(self):
        self.user.loy_partner_ids = self.partners[0]
        users = self.env["res.users"].with_user(self.user)
        self.assertEqual(users._loy_bound_store_ids(), {self.stores[0].id})
        self.stores[1].partner_id = self.partners[0]
        self.assertEqual(users._loy_bound_store_ids(), set(self.stores.ids))

    def test_a_partner_without_stores_opens_none(self):
        self.user.loy_partner_ids = self.env["loy.partner"].create({"code": "BARE", "name": "Bare"})
        self.assertFalse(self.env["loy.purchase"].with_user(self.user).search([]))

    def test_who_works_for_a_brand_sees_its_products(self):
        self.user.loy_brand_ids = self.brands[0]
        self.check_first_of_each(self.brands, self.products, self.products.product_variant_ids, self.points)

    def test_people_of_a_partner_or_a_brand_see_their_own_and_without_one_nothing(self):
        lines = self.env["loy.purchase.line"].create(
            [
                {"purchase_id": purchase.id, "line_ref": "1", "sku": "B", "product_id": product.product_variant_id.id}
                for purchase, product in zip(self.purchases, self.products, strict=True)
            ]
        )
        own = {
            "partner": (self.partners, self.stores, self.registers, self.purchases, lines, self.days, self.notices),
            "brand_manager": (self.brands, self.points, lines),
        }
        for role, field in (("partner", "loy_partner_ids"), ("brand_manager", "loy_brand_ids")):
            self.user = new_test_user(self.env, f"t_{role}", groups=f"loyalty_core.group_{role}")
            for records in own[role]:
                seen = self.env[records._name].with_user(self.user).search([("id", "in", records.ids)])
                with self.subTest(role=role, model=records._name):
                    self.assertFalse(seen, "nobody has said whose they are")
            self.user[field] = self.partners[0] if role == "partner" else self.brands[0]
            self.check_first_of_each(*own[role])
        self.assertNotIn("member_id", lines.with_user(self.user).fields_get())

    def test_bounds_to_stores_hold_for_what_tills_have_not_sent(self):
        self.user.loy_store_ids = self.stores[0]
        self.check_first_of_each(self.days, self.notices, self.purchases)
