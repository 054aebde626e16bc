"""Every change of money, rules and rights is told: who, when, from what to what."""

from odoo.addons.loyalty_core.services.auditor import MASK
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .api_common import ApiCase

#: Model → what to make a record of, and what to change in it. References are "xmlid" or "model:n" made before.
SAMPLES = {
    "loy.unit": ({"code": "A_UNIT", "name": "Unit"}, {"name": "Other"}),
    "loy.unit.rate": ({"unit_id": "loy.unit", "currency_id": "base.EUR", "rate": 2}, {"rate": 3}),
    "loy.conversion.rate": (
        {"code": "A_RATE", "name": "Rate", "unit_id": "loy.unit", "to_unit_id": "other unit", "rate": 2},
        {"rate": 3},
    ),
    "loy.network": ({"code": "A_NET", "name": "Network"}, {"name": "Other"}),
    "loy.partner": ({"code": "A_PARTNER", "name": "Partner"}, {"name": "Other"}),
    "loy.brand": ({"code": "A_BRAND", "name": "Brand"}, {"name": "Other"}),
    "loy.store": ({"code": "A_STORE", "name": "Store"}, {"network_id": "loy.network"}),
    "loy.store.attribute": ({"store_id": "loy.store", "name": "size", "value": "big"}, {"value": "small"}),
    "loy.register": ({"code": "A_REG", "name": "Till", "store_id": "loy.store"}, {"name": "Other"}),
    "loy.card.type": ({"code": "A_TYPE", "name": "Type"}, {"name": "Other"}),
    "loy.reason": ({"code": "A_REASON", "name": "Reason"}, {"name": "Other"}),
    "loy.group": ({"code": "A_GROUP", "name": "Group"}, {"name": "Other"}),
    "loy.code.pool": ({"code": "A_POOL", "name": "Pool", "codes_text": "AUDITED"}, {"name": "Other"}),
    "loy.tier": ({"code": "A_TIER", "name": "Tier"}, {"threshold": 5}),
    "loy.conversion": (
        {
            "code": "A_CONV",
            "name": "Conversion",
            "unit_id": "loy.unit",
            "gives_text": '{"unit": "A_OTHER", "amount": 1}',
        },
        {"day": 5},
    ),
    "loy.directory": ({"code": "A_DIR", "name": "Directory"}, {"name": "Other"}),
    "loy.directory.value": ({"directory_id": "loy.directory", "code": "a", "name": "A"}, {"name": "Other"}),
    "loy.attribute": ({"code": "an_attribute", "name": "Attribute"}, {"kind": "date"}),
    "loy.product.segment": ({"code": "A_SEG", "name": "Segment", "include_text": "1001"}, {"exclude_text": "1002"}),
    "loy.favourite": ({"code": "A_FAV", "name": "Favourites"}, {"top": 5}),
    "loy.choice": ({"code": "A_CHOICE", "name": "Choice"}, {"days": 30}),
    "loy.shared.limit": ({"code": "A_LIMIT", "name": "Limit", "limit_total": 5}, {"limit_total": 6}),
    "loy.reward": (
        {"code": "A_REWARD", "name": "Reward", "unit_id": "loy.unit", "points": 5, "gives_text": '{"sku": "1001"}'},
        {"points": 6},
    ),
    "loy.calendar": ({"code": "A_CAL", "name": "Calendar"}, {"name": "Other"}),
    "loy.calendar.day": ({"calendar_id": "loy.calendar", "date": "2026-01-01"}, {"name": "New year"}),
    "loy.promotion": ({"code": "A_PROMO", "name": "Promotion"}, {"name": "Other"}),
    "loy.settings": ({"company_id": "company"}, {"timezone": "Europe/Kyiv"}),
    "loy.expiry.policy": ({"code": "A_IDLE", "name": "Idle", "unit_id": "loy.unit", "days": 9}, {"days": 8}),
    "loy.adjustment.limit": ({"group_id": "loyalty_core.group_operator", "unit_id": "loy.unit"}, {"amount_max": 5}),
    "loy.product.points": ({"product_tmpl_id": "product", "unit_id": "loy.unit"}, {"amount_minor": 5}),
    "loy.role": ({"name": "A role"}, {"active": False}),
    "loy.journal.account": (
        {
            "unit_id": "loy.unit",
            "liability_code": "1",
            "expense_code": "2",
            "revenue_code": "3",
            "breakage_code": "4",
        },
        {"expense_code": "5"},
    ),
    "loy.pool": (
        {"name": "A pool", "owner_id": "base.main_partner", "opened_at": "2026-01-01 10:00:00"},
        {"name": "Other"},
    ),
    "ir.config_parameter": ({"key": "loyalty_core.a", "value": "1"}, {"value": "2"}),
}
#: What is told of in other ways, each with a test of its own.
OTHERS = {
    "loy.code",  # tests/test_codes.py
    "loy.retention",  # tests/test_retentions.py

    "loy.adjustment",
    "loy.adjustment.list",
    "loy.publication",  # tests/test_publications.py
    "product.template",
    "res.users",
    "res.groups",
    "res.users.apikeys",
}


class AuditCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(cls.env, "t_manager", groups="loyalty_core.group_admin")
        cls.cashier = new_test_user(cls.env, "t_cashier", groups="loyalty_core.group_cashier")

    def setUp(self):
        super().setUp()
        self.seen = self.env["loy.audit"].search([], limit=1).id

    def told(self, model=None):
        """What was told since the last look, oldest first."""
        domain = [("id", ">", self.seen), *([("model", "=", model)] if model else [])]
        found = self.env["loy.audit"].search(domain, order="id")
        self.seen = self.env["loy.audit"].search([], limit=1).id
        return found


@tagged("post_install", "-at_install")
class TestAuditedModels(AuditCase):
    def test_every_audited_model_tells_of_what_is_made_changed_and_deleted(self):
        audited = {name for name in self.env if hasattr(self.env[name], "_audit_fields")} - {"loy.audited.mixin"}
        audited = {name for name in audited if not self.env[name]._abstract}
        # Those of other addons of the suite have tests of their own.
        modules = {name: self.env[name]._original_module for name in audited}
        addons = {module for module in modules.values() if module.startswith("loyalty_")} - {"loyalty_core"}
        audited = {name for name, module in modules.items() if module not in addons}
        # Devices that a second factor trusts are kept like keys, by Odoo itself.
        self.assertEqual(audited - {"auth_totp.device"}, SAMPLES.keys() | OTHERS)
        made = {
            "other unit": self.env["loy.unit"].create({"code": "A_OTHER", "name": "Other"}),
            "company": self.env["res.company"].create({"name": "A company"}),
            "product": self.env["product.template"].create({"name": "Bun"}),
        }

        def values(written):
            found = {}
            for name, value in written.items():
                if value in made:
                    value = made[value].id
                elif isinstance(value, str) and name.endswith("_id"):
                    value = self.env.ref(value).id
                found[name] = value
            return found

        for model, (first, then) in SAMPLES.items():
            with self.subTest(model=model):
                self.env["loy.settings"].search([("company_id", "=", made["company"].id)]).active = False
                self.told()
                record = made[model] = self.env[model].create(values(first))
                rows = self.told(model)
                self.assertEqual(rows.mapped("operation"), ["create"])
                self.assertEqual((rows.res_id, rows.user_id.id), (record.id, self.env.uid))
                record.write(values(then))
                rows = self.told(model)
                self.assertEqual(rows.mapped("operation"), ["write"])
                self.assertEqual(set(rows.changes), set(then))
                old, new = rows.changes[next(iter(then))]
                self.assertNotEqual(old, new)
                record.write(values(then))
                self.assertFalse(self.told(model), "nothing has changed")

    def test_what_is_deleted_is_told_with_what_it_said(self):
        brand = self.env["loy.brand"].create({"code": "GONE", "name": "Gone"})
        key = brand.id
        self.told()
        brand.with_user(self.manager).unlink()
        row = self.told("loy.brand")
        self.assertEqual((row.operation, row.res_id, row.name, row.user_id), ("unlink", key, "Gone", self.manager))
        self.assertEqual(row.changes["code"], ["GONE", None])

    def test_a_change_that_is_undone_is_not_told(self):
        unit = self.env["loy.unit"].create({"code": "UNDONE", "name": "Unit"})
        self.told()
        savepoint = self.env.cr.savepoint()
        unit.name = "Other"
        unit.flush_recordset()
        self.assertTrue(self.told())
        savepoint.close(rollback=True)
        self.seen = 0
        self.assertNotIn("Other", [row.changes.get("name", [0, 0])[1] for row in self.told("loy.unit")])

    def test_a_hundred_records_are_told_by_one_insert(self):
        brands = self.env["loy.brand"].create([{"code": f"B{n}", "name": f"B{n}"} for n in range(100)])
        self.env.flush_all()
        self.env.invalidate_all()
        self.told()
        with self.assertQueryCount(4):  # read, tell, update; and who did it
            brands.write({"name": "All"})
            self.env.flush_all()
        self.assertEqual(len(self.told("loy.brand")), 100)


@tagged("post_install", "-at_install")
class TestAuditOfRights(AuditCase):
    def test_a_role_given_by_the_form_of_the_user_is_told(self):
        group = self.env.ref("loyalty_core.group_operator")
        self.cashier.write({"group_ids": [Command.link(group.id)]})
        row = self.told("res.users")
        self.assertEqual((row.res_id, row.changes), (self.cashier.id, {"group_ids": [[], [group.full_name]]}))

    def test_a_role_given_by_the_screen_of_roles_is_told_with_who_got_it(self):
        role = self.env["loy.role"].search([("group_id", "=", self.env.ref("loyalty_core.group_operator").id)])
        role.with_user(self.manager).write({"user_ids": [Command.link(self.cashier.id)]})
        row = self.told("res.groups")
        self.assertEqual((row.user_id, row.changes), (self.manager, {"user_ids": [[], [self.cashier.name]]}))

    def test_the_rights_of_a_role_are_told_as_what_came_and_what_went(self):
        right = self.env["loy.right"].search([("code", "=", "card.block")])
        role = self.env["loy.role"].with_user(self.manager).create({"name": "Mine", "right_ids": [right.id]})
        self.told()
        role.write({"right_ids": [Command.clear()]})
        self.assertEqual(self.told("loy.role").changes, {"right_ids": [[right.name], []]})

    def test_the_last_role_taken_from_a_user_is_told(self):
        self.cashier.write({"group_ids": [Command.set(self.env.ref("base.group_user").ids)]})
        self.assertEqual(self.told("res.users").res_id, self.cashier.id)

    def test_people_outside_the_suite_are_nobodys_business(self):
        stranger = new_test_user(self.env, "t_stranger", groups="base.group_user")
        stranger.login = "t_strange"
        self.assertFalse(self.told("res.users"))

    def test_bounds_to_stores_are_told(self):
        store = self.env["loy.store"].create({"code": "BOUND", "name": "Bound"})
        self.told()
        self.cashier.loy_store_ids = store
        self.assertEqual(self.told("res.users").changes, {"loy_store_ids": [[], [store.display_name]]})

    def test_a_key_is_told_of_and_never_its_secret(self):
        keys = self.env["res.users.apikeys"].with_user(self.cashier).sudo()
        secret = keys._generate("rpc", "Till 1", None)
        made = self.told("res.users.apikeys")
        self.assertEqual((made.operation, made.user_id, made.name), ("create", self.cashier, "Till 1"))
        self.assertNotIn(secret[:8], str(made.read()))
        keys.browse(made.res_id)._remove()
        self.assertEqual(self.told("res.users.apikeys").operation, "unlink")

    def test_a_secret_parameter_is_masked(self):
        self.env["ir.config_parameter"].set_param("loyalty_core.metrics_token", "a long random word")
        self.assertEqual(self.told("ir.config_parameter").changes["value"][1], MASK)

    def test_parameters_of_others_are_not_told(self):
        self.env["ir.config_parameter"].set_param("web.other", "1")
        self.assertFalse(self.told("ir.config_parameter"))


@tagged("post_install", "-at_install")
class TestAuditOfMoney(AuditCase):
    def test_the_lowest_price_of_a_product_is_told(self):
        product = self.env["product.template"].create({"name": "Bun", "loy_min_price": 1})
        product.write({"loy_min_price": 2, "name": "Roll"})
        self.assertEqual(self.told("product.template").changes, {"loy_min_price": [1, 2]})

    def test_a_second_persons_decision_is_told_without_the_members_name(self):
        unit = self.env["loy.unit"].create({"code": "GIVEN", "name": "Given"})
        operator = new_test_user(self.env, "t_operator", groups="loyalty_core.group_operator")
        self.env["loy.adjustment.limit"].search([("group_id", "!=", False)]).unlink()
        self.env["loy.adjustment.limit"].create(
            {"group_id": self.env.ref("loyalty_core.group_operator").id, "unit_id": unit.id, "is_approval_always": True}
        )
        member = self.env["res.partner"].create({"name": "Zoe", "is_loyalty_member": True, "phone": "+380671230001"})
        request = (
            self.env["loy.adjustment"]
            .with_user(operator)
            .create({"member_id": member.id, "unit_id": unit.id, "amount": 5})
        )
        request.action_loy_submit()
        self.told()
        request.with_user(self.manager).action_loy_approve()
        rows = self.told("loy.adjustment")
        self.assertEqual(rows[-1].changes["state"], ["waiting", "done"])
        self.assertEqual(rows[-1].user_id, self.manager)
        self.assertNotIn("Zoe", str(rows.read()))


@tagged("post_install", "-at_install")
class TestAuditIsKept(AuditCase):
    def test_nobody_changes_or_deletes_what_is_told(self):
        self.env["loy.brand"].create({"code": "KEPT", "name": "Kept"})
        row = self.told("loy.brand")
        for call in (lambda: row.write({"name": "x"}), row.unlink):
            with self.assertRaisesRegex(LoyaltyError, "^immutable_fact"):
                call()
        for statement in ("UPDATE loy_audit SET name = 'x'", "DELETE FROM loy_audit", "TRUNCATE loy_audit"):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaisesRegex(Exception, "immutable_fact"),
                self.cr.savepoint(),
            ):
                self.cr.execute(statement)

    def test_it_is_read_by_whom_the_right_lets(self):
        right = self.env["loy.right"].search([("code", "=", "audit.read")])
        auditor = new_test_user(self.env, "t_auditor", groups="base.group_user")
        self.env["loy.role"].create({"name": "Auditor", "right_ids": [right.id], "user_ids": [auditor.id]})
        self.assertTrue(self.env["loy.audit"].with_user(auditor).has_access("read"))
        self.assertFalse(self.env["loy.audit"].with_user(self.cashier).has_access("read"))

    def test_the_reader_sees_labels_and_both_values(self):
        reason = self.env["loy.reason"].create({"code": "SEEN", "name": "Seen"})
        self.told()
        reason.with_user(self.manager).write({"active": False, "name": "Gone"})
        row = self.told("loy.reason").with_user(self.manager)
        self.assertIn("Active: Yes → No", row.summary)
        self.assertIn("<td>Seen</td><td>Gone</td>", row.changes_html)
        self.assertEqual(row.display_name, "Loyalty reason · Seen")

    def test_what_is_told_is_text_not_markup(self):
        brand = self.env["loy.brand"].create({"code": "MARK", "name": "<b>bold</b>"})
        self.assertEqual(brand, brand)
        self.assertIn("&lt;b&gt;", self.told("loy.brand").changes_html)


@tagged("post_install", "-at_install")
class TestAuditOfExports(AuditCase):
    def setUp(self):
        super().setUp()
        self.member = self.env["res.partner"].create(
            {"name": "Ann", "is_loyalty_member": True, "phone": "+380671230002"}
        )
        export = self.env.ref("base.group_allow_export")
        for user in (self.manager, self.cashier):
            user.group_ids |= export
        self.told()

    def test_a_list_of_members_takes_the_right_and_is_told(self):
        with self.assertRaisesRegex(LoyaltyError, "^right_missing"):
            self.member.with_user(self.cashier).export_data(["name", "phone"])
        self.member.with_user(self.manager).export_data(["name", "phone"])
        row = self.told("res.partner")
        self.assertEqual((row.operation, row.user_id, row.name), ("export", self.manager, "Records: 1"))
        self.assertEqual(row.changes, {"columns": [None, ["name", "phone"]]})

    def test_other_contacts_are_exported_as_ever(self):
        self.env["res.partner"].create({"name": "Shop"}).with_user(self.cashier).export_data(["name"])
        self.assertFalse(self.told("res.partner"))

    def test_a_list_that_names_members_takes_the_right_too(self):
        accounts = self.env["loy.account"].search([], limit=1).with_user(self.cashier)
        with self.assertRaisesRegex(LoyaltyError, "^right_missing"):
            accounts.export_data(["id", "member_id/phone"])
        self.env["loy.brand"].search([]).with_user(self.cashier).export_data(["name"])
        self.assertEqual(self.told("loy.brand").operation, "export")


@tagged("post_install", "-at_install")
class TestAuditOfTheApi(ApiCase):
    def test_the_door_is_the_apis_and_no_client_can_say_so(self):
        self.api.programme_apply({"key": "audit", "programme": {"brands": [{"code": "DOOR", "name": "Door"}]}})
        brand = self.env["loy.brand"].search([("code", "=", "DOOR")])
        rows = self.env["loy.audit"].search([("model", "=", "loy.brand"), ("res_id", "=", brand.id)])
        self.assertEqual(rows.mapped("door"), ["api"])
        brand.with_context(loy_door="api").name = "Other"
        last = self.env["loy.audit"].search([("model", "=", "loy.brand"), ("res_id", "=", brand.id)], limit=1)
        self.assertEqual(last.door, "system")
