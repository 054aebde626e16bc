"""Single rights, the roles made of them, and who may give what."""

from datetime import date
from itertools import count

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.rights import RIGHTS, STANDARD_ROLES
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from ..sql.insert import insert_rows
from .api_common import ApiCase
from .test_api_guard import public_methods

NUMBERS = count(1)


class RightsCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "t_manager", groups="loyalty_core.group_admin")
        cls.person = new_test_user(cls.env, "t_person", groups="base.group_user")

    def rights(self, *codes):
        found = self.env["loy.right"].search([("code", "in", codes)])
        self.assertEqual(set(found.mapped("code")), set(codes))
        return found

    def role(self, *codes, users=None, by=None, **values):
        return (
            self.env["loy.role"]
            .with_user(by or self.manager)
            .create(
                {
                    "name": f"Role {next(NUMBERS)}",
                    "right_ids": [Command.set(self.rights(*codes).ids)],
                    "user_ids": [Command.set((self.person if users is None else users).ids)],
                    **values,
                }
            )
        )

    def may(self, code, user=None):
        return self.env["loy.rights"].with_user(user or self.person)._has(code)

    def standard(self, name):
        return self.env["loy.role"].search([("group_id", "=", self.env.ref(f"loyalty_core.group_{name}").id)])

    def refused(self, code, call, *args, **kwargs):
        with self.assertRaises(LoyaltyError) as caught, self.env.cr.savepoint():
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)


@tagged("post_install", "-at_install")
class TestCatalogue(RightsCase):
    def test_every_right_has_words_and_the_administrator(self):
        """The suite has at least two hundred with all its addons; the core alone is counted here."""
        rights = self.env["loy.right"].search([])
        self.assertGreater(len(rights), 160)
        self.assertFalse(rights.filtered(lambda right: not right.name or right.name == right.code).mapped("code"))
        standard = self.env["loy.role"].search([("is_standard", "=", True)])
        self.assertEqual(standard.right_ids, rights)
        of_people = rights.filtered(lambda right: right.kind != "api")
        self.assertEqual(self.standard("admin").all_right_ids, of_people)

    def test_what_a_user_may_do_is_told_with_the_role_that_brings_it(self):
        self.role("member.merge", name="Merger")
        self.standard("cashier").user_ids = [Command.link(self.person.id)]
        action = self.person.with_user(self.manager).action_loy_rights()
        rights = self.env["loy.right"].with_user(self.manager).with_context(**action["context"])
        rights = rights.search(action["domain"])
        via = {right.code: right.via_role_ids.mapped("name") for right in rights}
        self.assertEqual(via["member.merge"], ["Merger"])
        self.assertEqual(via["member.read"], [self.standard("cashier").name])
        self.assertNotIn("member.erase", via)
        for code in via:
            self.assertTrue(self.may(code), code)

    def test_the_database_has_the_rights_that_the_code_declares(self):
        declared = self.env["loy.rights"]._declared()
        known = {right.code: right for right in self.env["loy.right"].search([("code", "!=", False)])}
        self.assertEqual(known.keys(), declared.keys())
        for code, values in declared.items():
            self.assertEqual({name: known[code][name] for name in values}, values)
        self.assertGreaterEqual(len(known), 120)

    def test_synchronising_again_changes_nothing(self):
        before = {role.id: (role.right_ids, role.implied_ids) for role in self.env["loy.role"].search([])}
        self.env["loy.rights"]._synchronise()
        after = {role.id: (role.right_ids, role.implied_ids) for role in self.env["loy.role"].search([])}
        self.assertEqual(before, after)

    def test_every_right_has_a_name_that_says_what_it_allows(self):
        for right in self.env["loy.right"].search([("code", "!=", False)]):
            self.assertTrue(right.name and right.name != right.code, right.code)

    def test_rights_are_found_by_their_names(self):
        found = self.env["loy.right"].search([("name", "ilike", "merge")])
        self.assertIn("member.merge", found.mapped("code"))
        named = self.env["loy.right"].name_search("series of new cards")
        self.assertEqual([name for _id, name in named], ["Make a series of new cards"])

    def test_each_standard_group_is_a_role(self):
        for xmlid in STANDARD_ROLES:
            role = self.env["loy.role"].search([("group_id", "=", self.env.ref(xmlid).id)])
            self.assertTrue(role.is_standard and role.all_right_ids, xmlid)

    def test_the_administrator_has_every_right_but_those_of_programs(self):
        has = self.standard("admin").all_right_ids
        self.assertEqual(has, self.env["loy.right"].search([("kind", "!=", "api")]))

    def test_a_standard_role_allows_what_its_people_may_do(self):
        """What the screen of roles shows is what Odoo decides."""
        for xmlid in STANDARD_ROLES:
            user = new_test_user(self.env, xmlid, groups=xmlid)
            shown = set(
                self.env["loy.role"]
                .search([("group_id", "=", self.env.ref(xmlid).id)])
                .all_right_ids.mapped("code")
            )
            held = {right.code for right in self.env["loy.right"].search([]) if self.may(right.code, user)}
            self.assertEqual(shown, held, xmlid)


@tagged("post_install", "-at_install")
class TestCheck(RightsCase):
    def test_who_lacks_a_right_is_told_which_and_who_gives_it(self):
        said = self.refused("right_missing", self.env["loy.rights"].with_user(self.person)._check, "member.merge")
        self.assertIn("Merge two members into one", said)
        self.assertIn("member.merge", said)
        self.assertIn("Administrator", said)

    def test_a_right_is_there_as_soon_as_it_is_given_and_gone_when_it_is_taken(self):
        self.assertFalse(self.may("member.merge"))
        role = self.role("member.merge")
        self.assertTrue(self.may("member.merge"))
        role.write({"right_ids": [Command.clear()]})
        self.assertFalse(self.may("member.merge"))
        role.write({"right_ids": [Command.set(self.rights("member.merge").ids)]})
        role.write({"user_ids": [Command.unlink(self.person.id)]})
        self.assertFalse(self.may("member.merge"))
        self.person.group_ids = [Command.link(role.sudo().group_id.id)]  # Odoo's own form of users
        self.assertTrue(self.may("member.merge"))
        role.unlink()
        self.assertFalse(self.may("member.merge"))

    def test_a_service_that_acts_as_superuser_has_the_rights_of_the_person(self):
        rights = self.env["loy.rights"].with_user(self.person).sudo()
        self.assertFalse(rights._has("member.merge"))
        self.assertFalse(rights._has("loy.card.write"))
        self.assertTrue(self.env["loy.rights"].with_user(self.env.ref("base.user_root"))._has("member.merge"))

    def test_a_right_on_records_opens_them_and_nothing_else(self):
        self.role("loy.promotion.read", "loy.promotion.write")
        promotions = self.env["loy.promotion"].with_user(self.person)
        self.assertTrue(promotions.has_access("write"))
        self.assertFalse(promotions.has_access("create"))
        self.assertFalse(self.env["loy.card"].with_user(self.person).has_access("read"))
        self.assertTrue(self.may("loy.promotion.write"))
        self.assertFalse(self.may("loy.promotion.create"))

    def test_a_role_includes_what_other_roles_may(self):
        inner = self.role("member.merge", users=self.env["res.users"])
        outer = self.role("card.issue", implied_ids=[Command.set(inner.ids)], name="Outer")
        self.assertTrue(self.may("member.merge"))
        self.assertEqual(outer.all_right_ids, self.rights("member.merge", "card.issue"))
        self.refused("role_cycle", inner.write, {"implied_ids": [Command.set(outer.ids)]})

    def test_a_role_given_to_a_group_is_everybodys_in_it(self):
        group = self.env["res.groups"].create({"name": "Sales"})
        group.user_ids = self.person
        role = self.role("member.merge", users=self.env["res.users"], given_group_ids=[Command.set(group.ids)])
        self.assertTrue(self.may("member.merge"))
        self.assertEqual(role.given_group_ids, group)
        role.write({"given_group_ids": [Command.clear()]})
        self.assertFalse(self.may("member.merge"))

    def test_who_has_a_role_finds_its_menus(self):
        self.role("loy.promotion.read")
        menus = self.env["ir.ui.menu"].with_user(self.person)
        visible = self.env["ir.ui.menu"].browse(menus._visible_menu_ids())
        self.assertIn(self.env.ref("loyalty_core.loy_promotion_menu"), visible)
        self.assertNotIn(self.env.ref("loyalty_core.loy_card_menu"), visible)

    def dashboards(self, user=None):
        """Those that a person sees, all of whose facts can be read."""
        user = user or self.person
        group = self.env.ref("loyalty_core.loy_dashboard_group")
        found = self.env["spreadsheet.dashboard"].with_user(user).search([("dashboard_group_id", "=", group.id)])
        for one in found:
            for model in self.env["loy.dashboards"]._facts_of(one.sudo()):
                self.env[model].with_user(user).search([], limit=1)
        return {self.env["ir.model.data"].search([("model", "=", one._name), ("res_id", "=", one.id)]).name[14:]
                for one in found}  # fmt: skip

    def sees_dashboards(self, user=None):
        menus = self.env["ir.ui.menu"].with_user(user or self.person)._visible_menu_ids()
        return self.env.ref("loyalty_core.loy_dashboard_menu").id in menus

    def test_each_standard_role_sees_the_dashboards_whose_facts_it_may_read(self):
        every = {"sales", "liability", "promotions", "stores", "registers", "partners"}
        places = {"sales", "stores", "registers"}
        for name, wanted in {
            "cashier": set(), "promoter": set(), "contact_centre": set(), "operator": set(), "brand_manager": set(),
            "store_manager": places, "partner": places | {"partners"}, "analyst": every, "marketer": every,
            "admin": every,
        }.items():  # fmt: skip
            with self.subTest(name):
                user = new_test_user(self.env, f"t_dash_{name}", groups=f"loyalty_core.group_{name}")
                self.assertEqual(self.dashboards(user), wanted)
                self.assertEqual(self.sees_dashboards(user), bool(wanted))

    def test_an_own_role_sees_the_dashboards_whose_facts_it_may_read(self):
        role = self.role("report.run", "member.merge")
        self.assertEqual((self.dashboards(), self.sees_dashboards()), (set(), False))
        role.write({"right_ids": [Command.set(self.rights("report.sales").ids)]})
        self.assertEqual((self.dashboards(), self.sees_dashboards()), ({"sales", "stores", "registers"}, True))
        opened = self.env["loy.dashboards"].with_user(self.person)._open()
        self.assertEqual(opened["params"], {"dashboard_id": self.env.ref("loyalty_core.loy_dashboard_sales").id})
        role.write({"right_ids": [Command.link(self.rights("report.liability").id)]})
        self.assertEqual(self.dashboards(), {"sales", "stores", "registers", "liability", "partners"})
        copy = self.standard("analyst").with_user(self.manager).copy({"user_ids": [Command.set(self.person.ids)]})
        self.assertIn("promotions", self.dashboards())
        self.env["loy.rights"]._synchronise()
        self.assertIn("promotions", self.dashboards(), "also after an upgrade")
        copy.active = False
        role.unlink()
        self.assertEqual(self.dashboards(), set())

    def test_what_a_dashboard_tells_is_bounded_by_the_stores_of_the_person(self):
        stores = self.env["loy.store"].create([{"code": f"T_D{number}", "name": "S"} for number in (1, 2)])
        insert_rows(
            self.env["loy.sales.hour"],
            [
                {"day": date(2026, 3, 5), "hour": 9, "weekday": "4", "store_id": store.id, "is_member": False,
                 "company_id": store.company_id.id, "receipt_count": 1, "return_count": 0, "line_count": 1,
                 "base": 5, "discount": 0, "spent": 0, "certificates": 0, "amount": 5}
                for store in stores
            ],
        )  # fmt: skip
        self.role("report.sales")
        hours = self.env["loy.sales.hour"].with_user(self.person)
        self.assertEqual(hours.search([("store_id", "in", stores.ids)]).store_id, stores)
        self.person.loy_store_ids = stores[0]
        self.assertEqual(hours.search([("store_id", "in", stores.ids)]).store_id, stores[0])

    def test_who_may_change_cards_blocks_them_only_with_the_right_to_block(self):
        member = self.env["res.partner"].create(
            {"name": "Ann", "is_loyalty_member": True, "phone": "+380671110009"}
        )
        card = member.loy_card_ids or self.env["loy.cards"]._issue(member)
        role = self.role("loy.card.read", "loy.card.write")
        self.refused("right_missing", card[:1].with_user(self.person).action_loy_block)
        role.write({"right_ids": [Command.link(self.rights("card.block").id)]})
        card[:1].with_user(self.person).action_loy_block()
        self.assertEqual(card[:1].state, "blocked")

    def test_who_may_change_series_makes_them_only_with_the_right_to(self):
        card_type = self.env["loy.card.type"].search([("is_default", "=", True)], limit=1)
        series = self.env["loy.card.series"].create({"type_id": card_type.id, "count": 3})
        role = self.role("loy.card.series.read", "loy.card.series.write", "loy.card.type.read")
        self.refused("right_missing", series.with_user(self.person).action_loy_make)
        role.write({"right_ids": [Command.link(self.rights("card.series").id)]})
        series.with_user(self.person).action_loy_make()

    def test_points_are_given_by_hand_with_the_right_to_give_and_taken_with_the_right_to_take(self):
        member = self.env["res.partner"].create({"name": "Ann", "is_loyalty_member": True, "phone": "+380671110009"})
        unit = self.env["loy.unit"].create({"code": "T_RIGHT", "name": "Points"})
        values = {
            "member_id": member.id,
            "unit_id": unit.id,
            "amount_minor": 5,
            "reason_id": self.env.ref("loyalty_core.loy_reason_correction").id,
        }
        standard = self.standard("contact_centre").with_user(self.manager)
        role = standard.copy({"user_ids": [Command.set(self.person.ids)]})
        role.write({"right_ids": [Command.unlink(self.rights("account.write_off").id)]})
        adjustments = self.env["loy.adjustments"].with_user(self.person)
        self.refused("right_missing", adjustments._request, {**values, "direction": "write_off"})
        self.assertTrue(adjustments._request({**values, "direction": "accrual"}))

    def test_an_archived_role_gives_nothing(self):
        role = self.role("member.merge", "loy.promotion.read")
        role.active = False
        self.assertFalse(self.may("member.merge") or self.may("loy.promotion.read"))
        role.active = True
        self.assertTrue(self.may("member.merge") and self.may("loy.promotion.read"))

    def test_a_copy_of_a_standard_role_has_all_its_rights_by_itself(self):
        operator = self.standard("operator")
        copy = operator.with_user(self.manager).copy()
        self.assertEqual(copy.right_ids, operator.all_right_ids)
        self.assertFalse(copy.is_standard or copy.implied_ids or copy.user_ids)
        copy.write({"user_ids": [Command.set(self.person.ids)]})
        held = {right.code for right in self.env["loy.right"].search([]) if self.may(right.code)}
        self.assertEqual(held, set(operator.all_right_ids.mapped("code")))


@tagged("post_install", "-at_install")
class TestEscalation(RightsCase):
    """Nobody comes to more than he was given."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.deputy = new_test_user(cls.env, "t_deputy", groups="base.group_user")

    def setUp(self):
        super().setUp()
        self.role(
            *("loy.role.read", "loy.role.write", "loy.role.create", "loy.role.unlink", "loy.right.read"),
            *("member.merge", "loy.promotion.read"),
            users=self.deputy,
        )

    def test_a_deputy_gives_what_he_has(self):
        role = self.role("member.merge", by=self.deputy)
        self.assertTrue(self.may("member.merge"))
        role.unlink()

    def test_a_deputy_does_not_give_what_he_has_not(self):
        self.refused("right_not_yours", self.role, "member.erase", by=self.deputy)
        self.refused("right_not_yours", self.role, "loy.promotion.write", by=self.deputy)
        self.refused("right_not_yours", self.role, "roles.manage", by=self.deputy, users=self.deputy)
        mine = self.role("member.merge", by=self.deputy)
        for values in (
            {"right_ids": [Command.link(self.rights("member.erase").id)]},
            {"implied_ids": [Command.link(self.standard("admin").id)]},
        ):
            self.refused("right_not_yours", mine.write, values)
        admin = self.standard("admin").with_user(self.deputy)
        self.refused("right_not_yours", admin.write, {"user_ids": [Command.link(self.deputy.id)]})
        strong = self.role("member.erase", users=self.env["res.users"]).with_user(self.deputy)
        self.refused("right_not_yours", strong.write, {"user_ids": [Command.link(self.deputy.id)]})
        self.refused("right_not_yours", strong.unlink)

    def test_the_group_behind_a_role_is_not_chosen(self):
        system = self.env.ref("base.group_system")
        role = self.role("member.merge")
        self.refused("role_fixed", role.write, {"group_id": system.id})
        self.refused("role_fixed", self.role, "member.merge", group_id=system.id)
        self.refused("role_fixed", role.write, {"is_standard": True})

    def test_groups_of_the_system_and_people_from_outside_are_out_of_reach(self):
        role = self.role("member.merge")
        for xmlid in ("group_system", "group_erp_manager", "group_portal", "group_public", "group_user"):
            group = self.env.ref(f"base.{xmlid}")
            self.refused("group_out_of_reach", role.write, {"given_group_ids": [Command.link(group.id)]})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            portal = new_test_user(self.env, "t_portal", groups="base.group_portal")
            self.role("member.merge", users=portal, name="For a portal user")

    def test_nothing_is_created_or_changed_through_a_role(self):
        role = self.role("member.merge")
        for command in (
            Command.create({"name": "X", "login": "x"}),
            Command.update(self.person.id, {"login": "x"}),
            Command.delete(self.person.id),
        ):
            self.refused("bad_request", role.write, {"user_ids": [command]})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            role.write({"right_ids": [Command.create({"code": "x", "kind": "function", "section": "other"})]})
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            self.rights("member.merge").with_user(self.manager).write({"code": "x"})

    def test_no_role_opens_anything_beyond_the_suite(self):
        everything = self.env["loy.right"].search([("kind", "!=", "api")])
        role = self.role(*everything.mapped("code"))
        names = role.sudo().group_id.model_access.model_id.mapped("model")
        self.assertEqual({name for name in names if not name.startswith("loy.")}, {"res.partner"})
        self.assertFalse(self.person.has_group("base.group_system") or self.person.has_group("base.group_erp_manager"))
        for model in ("res.users", "res.groups", "ir.model.access", "ir.rule", "loy.right"):
            self.assertFalse(self.env[model].with_user(self.person).has_access("write"), model)

    def test_a_standard_role_is_given_but_not_changed(self):
        operator = self.standard("operator").with_user(self.manager)
        for values in ({"name": "X"}, {"right_ids": [Command.clear()]}, {"active": False}):
            self.refused("role_standard", operator.write, values)
        self.refused("role_standard", operator.unlink)
        operator.write({"user_ids": [Command.link(self.person.id)]})
        self.assertTrue(self.may("member.merge"))

    def test_a_role_of_a_company_is_for_people_of_the_company(self):
        company = self.env["res.company"].create({"name": "Sister"})
        self.manager.company_ids = [Command.link(company.id)]
        self.refused("role_company", self.role, "member.merge", company_id=company.id)

    def test_functions_declared_by_the_suite_are_known_sections(self):
        for right in RIGHTS.values():
            self.assertIn(right.section, dict(self.env["loy.right"]._fields["section"].selection))


@tagged("post_install", "-at_install")
class TestProgramsAndStores(ApiCase):
    """A program calls what its role names; a person bound to stores sees no other."""

    def test_a_role_with_some_methods_may_call_just_those(self):
        codes = ["api.member_find", "api.health"]
        user = new_test_user(self.env, "t_program", groups="base.group_portal")
        user.group_ids = [Command.clear()]
        self.env["loy.role"].create(
            {
                "name": "Reading program",
                "right_ids": [Command.set(self.env["loy.right"].search([("code", "in", codes)]).ids)],
                "user_ids": [Command.set(user.ids)],
            }
        )
        api = self.env["loy.api"].with_user(user)
        self.assertEqual(api.member_find({"member": self.member})["member"], self.member)
        for name in public_methods(self.api):
            if f"api.{name}" not in codes:
                with self.assertRaises(AccessError, msg=name) as caught:
                    getattr(api, name)({"key": "K"})
                self.assertTrue(str(caught.exception).startswith("right_missing: "), str(caught.exception))
                self.assertIn(f"api.{name}", str(caught.exception))

    def test_every_method_is_a_right_and_the_integrator_has_it(self):
        held = self.env["loy.rights"].with_user(self.integrator)._codes()
        self.assertEqual({f"api.{name}" for name in public_methods(self.api)}, held)

    def test_who_is_bound_to_stores_sees_their_purchases_and_registers_only(self):
        self.call("purchase_confirm", purchase="T-R1", **self.basket())
        self.call("purchase_confirm", purchase="T-R2", **{**self.basket(), "store": "T_S2", "register": None})
        purchases = self.env["loy.purchase"].search([("number", "in", ("T-R1", "T-R2"))])
        other = purchases.filtered(lambda one: one.store_id.code == "T_S2")
        mine = purchases - other
        self.assertTrue(mine and other)
        for name in ("cashier", "store_manager", "admin"):
            user = new_test_user(self.env, f"t_bound_{name}", groups=f"loyalty_core.group_{name}")
            for model in ("loy.purchase", "loy.purchase.line", "loy.purchase.promotion", "loy.register"):
                self.assertTrue(self.env[model].with_user(user).search([]), model)
            self.assertEqual(purchases.with_user(user)._filtered_access("read"), purchases)
            user.loy_store_ids = mine.store_id
            self.assertEqual(purchases.with_user(user)._filtered_access("read"), mine)
            for model, path in (
                ("loy.purchase", "store_id"),
                ("loy.purchase.line", "purchase_id.store_id"),
                ("loy.purchase.promotion", "purchase_id.store_id"),
                ("loy.register", "store_id"),
            ):
                seen = self.env[model].with_user(user).search([]).sudo()
                self.assertEqual(seen.mapped(path), mine.store_id, f"{name} {model}")
