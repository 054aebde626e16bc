from datetime import datetime

from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.fields import Command
from odoo.tests import new_test_user, tagged


@tagged("post_install", "-at_install")
class TestCatalogue(MembersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.catalogue = cls.env["loy.catalogue"]
        cls.food = cls.env["product.category"].create({"name": "Food", "loy_code": "T-FOOD"})
        cls.coffee = cls.env["product.category"].create(
            {"name": "Coffee", "loy_code": "T-COFFEE", "parent_id": cls.food.id}
        )
        cls.brand = cls.env["loy.brand"].create({"code": "T-ACME", "name": "Acme"})
        cls.colour = cls.env["product.attribute"].create(
            {
                "name": "colour",
                "value_ids": [Command.create({"name": "red"}), Command.create({"name": "blue"})],
            }
        )
        cls.mug = cls.env["product.template"].create(
            {
                "name": "Mug",
                "categ_id": cls.coffee.id,
                "loy_brand_id": cls.brand.id,
                "list_price": 45.5,
                "loy_min_price": 30,
                "loy_no_discount": True,
                "product_tag_ids": [Command.create({"name": "T-local"})],
                "seller_ids": [
                    Command.create(
                        {"partner_id": cls.env["res.partner"].create({"name": "S", "ref": "T-SUP"}).id}
                    )
                ],
                "attribute_line_ids": [
                    Command.create(
                        {"attribute_id": cls.colour.id, "value_ids": [Command.set(cls.colour.value_ids.ids)]}
                    )
                ],
            }
        )
        cls.red, cls.blue = cls.mug.product_variant_ids
        cls.red.write({"default_code": "T-1", "barcode": "T-4820000000017"})
        cls.blue.default_code = "T-2"
        cls.blue.additional_product_tag_ids = [Command.create({"name": "T-new"})]

    def _facts(self, *skus):
        return self.catalogue._facts(list(skus), self.company.id)

    def test_facts_of_a_variant(self):
        facts = self._facts("T-1", "T-2", "T-none", "")
        self.assertEqual(set(facts), {"T-1", "T-2"})
        red, blue = facts["T-1"], facts["T-2"]
        self.assertEqual(
            (red.product_id, red.list_price, red.min_price, red.no_discount), (self.red.id, 45.5, 30.0, True)
        )
        self.assertEqual((red.brand, red.categories), ("T-ACME", {"T-COFFEE", "T-FOOD"}))
        self.assertEqual((red.suppliers, red.tags, blue.tags), ({"T-SUP"}, {"T-local"}, {"T-local", "T-new"}))
        self.assertEqual((red.attributes, blue.attributes), ({"colour": {"red"}}, {"colour": {"blue"}}))

    def test_points_of_a_product_are_kept_by_unit(self):
        unit = self.env["loy.unit"].create({"code": "T-U", "name": "U", "decimals": 2})
        self.mug.loy_points_ids = [Command.create({"unit_id": unit.id, "amount": 1.5})]
        self.assertEqual(self._facts("T-1")["T-1"].points, {"T-U": 150})

    def test_a_barcode_names_a_product_too_but_the_sku_goes_first(self):
        self.assertEqual(self._facts("T-4820000000017")["T-4820000000017"].product_id, self.red.id)
        self.blue.default_code = "T-4820000000017"
        self.assertEqual(self._facts("T-4820000000017")["T-4820000000017"].product_id, self.blue.id)

    def test_of_several_products_the_active_one_with_the_lowest_id_counts(self):
        self.blue.default_code = "T-1"
        self.assertEqual(self._facts("T-1")["T-1"].product_id, self.red.id)
        self.red.active = False
        self.assertEqual(self._facts("T-1")["T-1"].product_id, self.blue.id)

    def test_a_moved_or_renamed_category_counts_at_once(self):
        self._facts("T-1")
        drinks = self.env["product.category"].create({"name": "Drinks"})
        self.assertEqual(drinks.loy_code, f"CAT-{drinks.id}")
        self.coffee.parent_id = drinks
        self.assertEqual(self._facts("T-1")["T-1"].categories, {"T-COFFEE", drinks.loy_code})
        self.coffee.loy_code = "T-CAFE"
        self.assertEqual(self._facts("T-1")["T-1"].categories, {"T-CAFE", drinks.loy_code})
        self.coffee.loy_code = False
        self.assertEqual(self.coffee.loy_code, "T-CAFE")

    def test_products_of_other_companies_are_unknown(self):
        self.mug.company_id = self.env["res.company"].create({"name": "Other"})
        self.assertFalse(self._facts("T-1"))

    def test_any_number_of_products_costs_two_queries(self):
        self.env["product.product"].create([{"name": f"P{i}", "default_code": f"T-P{i}"} for i in range(30)])
        skus = [f"T-P{i}" for i in range(30)] + ["T-1", "T-2"]
        self._facts("T-1")
        for wanted in (skus[:1], skus):
            with self.assertQueryCount(2):
                self.assertEqual(len(self._facts(*wanted)), len(wanted))

    def test_an_integrator_gets_facts_without_rights_on_products(self):
        user = new_test_user(self.env, "loy_test_till", groups="loyalty_core.group_integrator")
        self.assertTrue(self.catalogue.with_user(user)._facts(["T-1"], self.company.id)["T-1"].categories)


@tagged("post_install", "-at_install")
class TestStores(MembersCase):
    def test_attributes_are_lines_and_a_document(self):
        store = self.env["loy.store"].create(
            {"code": "T", "name": "T", "attributes": {"format": "express", "city": "Lviv"}}
        )
        store.invalidate_recordset(["attribute_ids"])
        self.assertEqual(store.attribute_ids.mapped("name"), ["city", "format"])
        store.attribute_ids[0].value = "Kyiv"
        self.assertEqual(store.attributes, {"city": "Kyiv", "format": "express"})
        store.attributes = {"format": "super"}
        self.assertEqual(
            store.attribute_ids.mapped(lambda line: (line.name, line.value)), [("format", "super")]
        )

    def test_a_user_bound_to_stores_sells_nowhere_else(self):
        stores = self.env["loy.store"].create([{"code": code, "name": code} for code in ("T1", "T2")])
        user = new_test_user(
            self.env, "loy_test_till", groups="loyalty_core.group_integrator", company_id=self.company.id
        )
        catalogue = self.env["loy.catalogue"].with_user(user)
        self.assertEqual(catalogue._find_store("T2"), stores[1])
        user.loy_store_ids = stores[0]
        self.assertEqual(catalogue._find_store("T1"), stores[0])
        self._fails("store_forbidden", catalogue._find_store, "T2")
        self._fails("store_not_found", catalogue._find_store, "T3")

    def test_registers_are_known_in_their_store(self):
        stores = self.env["loy.store"].create(
            [
                {"code": code, "name": code, "register_ids": [Command.create({"code": "R1", "name": "R1"})]}
                for code in ("T1", "T2")
            ]
        )
        catalogue = self.env["loy.catalogue"]
        self.assertEqual(catalogue._place(stores[1].code, "R1").register_id, stores[1].register_ids.id)
        self._fails("register_not_found", catalogue._place, stores[0].code, "R2")

    def test_the_wall_clock_of_a_store(self):
        store = self.env["loy.store"].create({"code": "T", "name": "T", "timezone": "Europe/Kyiv"})
        utc, local = datetime(2026, 11, 23, 6, 30), datetime(2026, 11, 23, 8, 30)
        self.assertEqual((store._to_local(utc), store._to_utc(local)), (local, utc))
        # The hour of 3 o'clock comes twice on the last Sunday of October: the first one is meant.
        self.assertEqual(store._to_utc(datetime(2026, 10, 25, 3, 30)), datetime(2026, 10, 25, 0, 30))
