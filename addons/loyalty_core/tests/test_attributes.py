"""Own attributes of members: defined in the interface or by a document, checked wherever they come from."""

from odoo.addons.loyalty_core.services.attributes import TAKEN_NAMES
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.member_facts import KNOWN_ATTRIBUTES
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .api_common import ApiCase

COFFEE = {
    "code": "T_COFFEES",
    "name": "Coffee",
    "values": [{"code": "latte", "name": "Latte"}, {"code": "espresso", "name": "Espresso"}],
}
ATTRIBUTES = [
    {"code": "t_coffee", "name": "Favourite coffee", "kind": "one", "directory": "T_COFFEES", "section": "Tastes"},
    {"code": "t_drinks", "name": "Drinks", "kind": "several", "directory": "T_COFFEES"},
    {"code": "t_children", "name": "Children", "kind": "integer", "max": 20},
    {"code": "t_height", "name": "Height", "kind": "number"},
    {"code": "t_pet", "name": "Has a pet", "kind": "boolean"},
    {"code": "t_wedding", "name": "Wedding day", "kind": "date"},
    {"code": "t_note", "name": "Note", "help": "Anything"},
]


@tagged("post_install", "-at_install")
class TestAttributes(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apply({"directories": [COFFEE], "attributes": ATTRIBUTES})
        cls.partner = cls.env["res.partner"].browse(int(cls.member))

    def give(self, **attributes):
        """What is kept after the API has given them."""
        self.call("member_update", member=self.member, attributes=attributes)
        return self.partner.loy_attributes

    def attribute(self, code):
        return self.env["loy.attribute"].search([("code", "=", code)])

    def found(self, domain):
        members = [("is_loyalty_member", "=", True), *domain]
        return set(self.env["res.partner"].search(members)) & set(self.members)

    def fails(self, code, call):
        with self.assertRaises(LoyaltyError) as caught, self.cr.savepoint():
            call()
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)

    # ------------------------------------------------------------------ definitions

    def test_a_document_defines_them_and_is_exported_again(self):
        programme = self.call("programme_export")["programme"]
        self.assertIn(COFFEE, programme["directories"])
        own = {one["code"]: one for one in programme["attributes"]}
        for one in ATTRIBUTES:
            self.assertEqual(own[one["code"]], one)
        answer = self.apply({name: programme[name] for name in ("directories", "attributes")})
        self.assertEqual(answer["created"] + answer["updated"], 0)

    def test_a_value_that_a_document_does_not_name_is_archived_and_comes_back(self):
        self.give(t_coffee="latte")
        self.apply({"directories": [{**COFFEE, "values": COFFEE["values"][1:]}]})
        self.refused("bad_attribute", "member_update", member=self.member, attributes={"t_drinks": ["latte"]})
        # Who has it keeps it, and is asked nothing when something else is said.
        self.assertEqual(self.give(t_children=1)["t_coffee"], "latte")
        self.apply({"directories": [COFFEE]})
        values = self.env["loy.directory"].search([("code", "=", "T_COFFEES")]).value_ids
        self.assertEqual(values.mapped("code"), ["latte", "espresso"])
        self.assertEqual(self.give(t_drinks=["latte"])["t_drinks"], ["latte"])

    def test_what_cannot_be_defined_is_told_with_its_path(self):
        for wrong, path in (
            ({"code": "Children"}, "attributes[0].code"),
            ({"code": "birth_date"}, "attributes[0].code"),
            ({"code": "a", "kind": "one"}, "attributes[0].directory"),
            ({"code": "a", "kind": "one", "directory": "T_NONE"}, "attributes[0].directory"),
            ({"code": "a", "kind": "text", "max": 3}, "attributes[0].min"),
            ({"code": "a", "kind": "number", "min": 3, "max": 3}, "attributes[0].max"),
            ({"code": "a", "kind": "colour"}, "attributes[0].kind"),
        ):
            self.assertIn(path, self.refused("bad_request", "programme_apply", programme={"attributes": [wrong]}))
        message = self.fails(
            "bad_attribute_definition", lambda: self.env["loy.attribute"].create({"code": "Age", "name": "Age"})
        )
        self.assertIn("code", message)

    def test_names_of_what_every_member_has_are_taken(self):
        self.assertEqual({*KNOWN_ATTRIBUTES, "age", "card_years"}, TAKEN_NAMES)

    def test_a_definition_in_use_takes_no_kind_that_values_do_not_fit(self):
        self.give(t_children=3, t_note="2020-02-29", t_coffee="latte", t_drinks=["latte"], t_height=1.5, t_pet=True)
        fits = {
            "t_children": {"integer", "number"},
            "t_height": {"number"},
            "t_note": {"text", "date"},
            "t_pet": {"boolean"},
            "t_coffee": {"text", "one"},
            "t_drinks": {"several"},
        }
        directory = self.attribute("t_coffee").directory_id
        for code, kinds in fits.items():
            for kind in ("text", "integer", "number", "boolean", "date", "one", "several"):
                values = {"kind": kind, "directory_id": directory.id if kind in ("one", "several") else False}
                values |= {} if kind in ("integer", "number") else {"minimum": 0, "maximum": 0}
                if kind in kinds:
                    with self.cr.savepoint() as savepoint:
                        self.attribute(code).write(values)
                        savepoint.rollback()
                    self.attribute(code).invalidate_recordset()
                else:
                    message = self.fails("attribute_in_use", lambda c=code, v=values: self.attribute(c).write(v))
                    self.assertIn("1 members", message)
        self.fails("attribute_in_use", lambda: self.attribute("t_children").write({"minimum": 0, "maximum": 2}))
        self.give(t_note="2020-02-30")
        self.fails("attribute_in_use", lambda: self.attribute("t_note").write({"kind": "date"}))

    def test_what_members_are_known_by_stays(self):
        self.give(t_children=3, t_drinks=["latte"], t_free="x")
        latte = self.attribute("t_coffee").directory_id.value_ids[0]
        self.fails("attribute_in_use", lambda: self.attribute("t_children").write({"code": "t_kids"}))
        self.fails("attribute_in_use", self.attribute("t_children").unlink)
        self.fails("attribute_in_use", lambda: latte.write({"code": "t_latte"}))
        self.fails("attribute_in_use", latte.unlink)
        # A name that came from elsewhere can be defined as what it is, and as nothing else.
        new = {"code": "t_free", "name": "Free"}
        self.fails("attribute_in_use", lambda: self.env["loy.attribute"].create({**new, "kind": "number"}))
        self.env["loy.attribute"].create(new)
        self.attribute("t_children").active = False
        self.assertEqual(self.partner.loy_attributes["t_children"], 3)

    def test_a_condition_asks_what_the_attribute_can_be(self):
        def when(name, value=None, op="eq"):
            leaf = {"kind": "attribute", "name": name, "op": op}
            return {"all": [leaf if value is None else {**leaf, "value": value}]}

        def promotion(condition):
            return self.promotion("T_ASKS", {"kind": "amount", "value": 1}, when=condition)

        for condition in (
            when("t_children", 2, "ge"),
            when("t_children", op="known"),
            when("t_pet", True),
            when("t_coffee", "latte"),
            when("t_drinks", ["latte", "espresso"], "in"),
            when("t_wedding", "2015-09-12", "lt"),
            when("t_note", "x", "ne"),
            when("t_undefined", 5, "gt"),
        ):
            self.apply({"promotions": [promotion(condition)]})
        for condition in (
            when("t_children", "two"),
            when("t_children", True),
            when("t_pet", "yes"),
            when("t_coffee", "mocha"),
            when("t_coffee", "latte", "gt"),
            when("t_drinks", ["latte", "mocha"], "in"),
            when("t_wedding", "2015-9-1", "lt"),
            when("t_note", 5),
        ):
            with self.subTest(condition=condition):
                programme = {"promotions": [promotion(condition)]}
                message = self.refused("bad_request", "programme_apply", programme=programme)
                self.assertIn("promotions[0].when.all[0].value", message)
        # A definition may come with the promotion that asks for it.
        kinds = {"code": "t_new", "kind": "one", "directory": "T_NEW"}
        document = {
            "directories": [{"code": "T_NEW", "values": [{"code": "a"}]}],
            "attributes": [kinds],
            "promotions": [promotion(when("t_new", "b"))],
        }
        self.refused("bad_request", "programme_apply", programme=document)
        self.apply({**document, "promotions": [promotion(when("t_new", "a"))]})
        offer = self.env["loy.promotion"].search([("code", "=", "T_ASKS")])
        message = self.fails(
            "bad_promotion", lambda: offer.write({"when_text": '{"kind": "attribute", "name": "t_new", "value": 1}'})
        )
        self.assertIn("directory", message)

    # ------------------------------------------------------------------ values

    def test_values_are_kept_in_their_plain_form(self):
        given = {
            "t_coffee": "latte",
            "t_drinks": ["espresso", "latte", "espresso"],
            "t_children": 2.0,
            "t_height": "1.75",
            "t_pet": False,
            "t_wedding": "20150912",
            "t_note": "  Nuts ",
            "t_undefined": {"a": [1]},
        }
        kept = {**given, "t_drinks": ["espresso", "latte"], "t_children": 2, "t_height": 1.75, "t_note": "Nuts"}
        kept["t_wedding"] = "2015-09-12"
        self.assertEqual(self.give(**given), kept)
        self.assertIs(type(self.partner.loy_attributes["t_children"]), int)
        self.assertIn("t_pet", self.partner.loy_known_since)

    def test_a_value_that_is_none_of_its_attribute_is_refused_and_changes_nothing(self):
        for name, wrong in (
            ("t_coffee", "mocha"),
            ("t_coffee", ["latte"]),
            ("t_drinks", ["latte", "mocha"]),
            ("t_drinks", 3),
            ("t_children", 2.5),
            ("t_children", "two"),
            ("t_children", 21),
            ("t_children", -1),
            ("t_children", True),
            ("t_height", "nan"),
            ("t_height", {"cm": 180}),
            ("t_pet", "yes"),
            ("t_pet", 1),
            ("t_wedding", "2015-02-30"),
            ("t_wedding", 2015),
            ("t_note", "x" * 256),
            ("t_note", 5),
        ):
            with self.subTest(name=name, wrong=wrong):
                message = self.refused("bad_attribute", "member_update", member=self.member, attributes={name: wrong})
                self.assertIn(name, message)
        self.refused("bad_attribute", "member_register", phone="+380671110009", attributes={"t_children": "two"})

    def test_an_import_tells_the_place_of_each_wrong_value(self):
        rows = [
            {"phone": "+380671110011", "attributes": {"t_children": "2", "t_pet": True}},
            {"phone": "+380671110012", "attributes": {"t_coffee": "mocha"}},
        ]
        message = self.refused("bad_members", "members_import", members=rows)
        self.assertIn("members[1]: t_coffee", message.replace("bad_attribute: ", ""))
        self.assertNotIn("members[0]", message)
        self.call("members_import", members=rows[:1])
        kept = self.env["res.partner"].search([("loy_phone", "=", "+380671110011")])
        self.assertEqual(kept.loy_attributes, {"t_children": 2, "t_pet": True})

    def test_what_is_emptied_is_forgotten(self):
        self.give(t_children=2, t_note="x", t_free="y", t_pet=True)
        for empty in ("", []):
            self.assertEqual(self.give(t_children=empty, t_free=""), {"t_note": "x", "t_pet": True})
        self.assertEqual(set(self.partner.loy_known_since), {"t_note", "t_pet"})

    def test_the_form_sends_changes_and_loses_nothing_that_others_have_said(self):
        self.give(t_children=2, t_free="y")
        self.partner.write({"loy_attribute_changes": {"t_children": False, "t_coffee": "latte", "t_pet": False}})
        self.assertEqual(self.partner.loy_attributes, {"t_free": "y", "t_coffee": "latte", "t_pet": False})
        self.fails("bad_attribute", lambda: self.partner.write({"loy_attribute_changes": {"t_coffee": "mocha"}}))
        made = self.env["res.partner"].create({"name": "Bea", "loy_attribute_changes": {"t_children": 1}})
        self.assertEqual(made.loy_attributes, {"t_children": 1})

    def test_a_companys_own_definition_takes_the_place_of_a_shared_one(self):
        self.env["loy.attribute"].create({"code": "t_size", "name": "Size", "kind": "text", "company_id": False})
        self.assertEqual(self.give(t_size="XL")["t_size"], "XL")
        self.give(t_size="")
        own = self.env["loy.attribute"].create(
            {"code": "t_size", "name": "Size", "kind": "integer", "company_id": self.env.company.id}
        )
        self.refused("bad_attribute", "member_update", member=self.member, attributes={"t_size": "XL"})
        own.active = False
        self.assertEqual(self.give(t_size="XL")["t_size"], "XL")

    # ------------------------------------------------------------------ who has what

    def test_members_are_found_as_people_ask_for_them(self):
        self.members = self.partner
        self.give(t_coffee="latte", t_drinks=["espresso"], t_children=10, t_pet=True, t_wedding="2015-09-12", t_free=7)
        for text, holds in {
            "t_children >= 10": True,
            "Children>9": True,
            "Children > 10": False,
            "children = 10": True,
            "children = 11": False,
            "t_children != 10": False,
            "t_children != 2": True,
            "t_children < 9": False,
            "Favourite coffee = Latte": True,
            "favourite coffee = espresso": False,
            "drinks = Espresso": True,
            "has a pet = yes": True,
            "has a pet = no": False,
            "wedding day < 2016-01-01": True,
            "wedding day < 2015-01-01": False,
            "t_free = 7": True,
            "t_free": True,
            "t_height": False,
            "t_note != x": True,
        }.items():
            with self.subTest(text=text):
                self.assertEqual(bool(self.found([("loy_attribute_search", "ilike", text)])), holds)

    def test_members_are_found_by_a_value_of_a_directory(self):
        other = self.env["res.partner"].create({"name": "Bea", "phone": "+380671110021", "is_loyalty_member": True})
        self.members = self.partner + other
        self.give(t_coffee="latte")
        other.loy_attributes = {"t_drinks": ["espresso", "latte"]}
        latte, espresso = self.attribute("t_coffee").directory_id.value_ids
        self.assertEqual(other.loy_attribute_value_ids, latte + espresso)
        for value, members in ((latte, {self.partner, other}), (espresso, {other})):
            self.assertEqual(self.found([("loy_attribute_value_ids", "in", value.ids)]), members)
        self.assertEqual(self.found([("loy_attribute_value_ids", "ilike", "Espr")]), {other})
        self.assertEqual(self.found([("loy_attribute_value_ids", "not in", espresso.ids)]), {self.partner})

    def test_equality_is_asked_of_the_index(self):
        query = self.env["res.partner"]._search([("loy_attribute_search", "=", "t_coffee = latte")])
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        plan = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        self.assertIn("res_partner_loy_attributes_index", str(plan))

    def test_who_may_not_define_only_reads(self):
        cashier = new_test_user(self.env, "t_attr_cashier", groups="loyalty_core.group_cashier")
        self.assertTrue(self.env["loy.attribute"].with_user(cashier).search([("code", "=", "t_pet")]))
