from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.posting import Accrual, Source
from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestMembers(MembersCase):
    def test_a_new_member_has_a_card_and_is_found_by_every_key(self):
        member, card = self.members._register_member(
            {
                "phone": "063 123 45 67",
                "email": "Olena <Olena.K@Example.com>",
                "first_name": "Olena",
                "last_name": "Koval",
                "birth_date": "1990-05-17",
                "sex": "female",
                "external_id": "X-1",
            }
        )
        self.assertEqual(member.name, "Olena Koval")
        self.assertEqual((card.state, card.is_main, card.type_id), ("active", True, self.card_type))
        for key in (
            {"member": member.id},
            {"member": str(member.id)},
            {"card": card.number},
            {"phone": "+380 63 123-45-67"},
            {"phone": "0631234567"},
            {"email": "OLENA.K@example.com"},
            {"external_id": "X-1"},
        ):
            self.assertEqual(self.members._find(key), member, key)

    def test_a_duplicate_attempt_says_whom_it_duplicates(self):
        member = self._member(phone="0631234567", email="a@example.com", external_id="E1")
        for values in (
            {"phone": "+380631234567"},
            {"email": "A@EXAMPLE.COM", "phone": "0630000001"},
            {"external_id": " E1"},
        ):
            self.assertIn(
                f"id {member.id}", self._fails("member_exists", self.members._register_member, values)
            )
        member.active = False
        self.assertIn("archived", self._fails("member_exists", self._member, phone="0631234567"))
        other = self._member()
        self._fails("member_exists", self.members._update, other, {"email": "a@example.com"})
        self._fails("member_exists", other.write, {"phone": "063-123-45-67"})

    def test_a_member_may_be_saved_again_with_its_own_contact(self):
        member = self._member(phone="0631234567", email="a@example.com")
        self.members._update(
            member, {"phone": "+380631234567", "email": "A@example.com", "last_name": "Koval"}
        )
        self.assertEqual((member.loy_phone, member.name), ("+380631234567", "Koval"))
        self.members._update(member, {"phone": ""})
        self.assertFalse(member.loy_phone)
        self._member(phone="0631234567")

    def test_bad_values_are_named_errors(self):
        tomorrow = (fields.Date.today() + timedelta(days=1)).isoformat()
        for code, values in (
            ("bad_phone", {"phone": "12"}),
            ("bad_phone", {"phone": "call me"}),
            ("bad_phone", {"phone": "+99912345678"}),
            ("bad_email", {"email": "not an address"}),
            ("bad_email", {"email": "a@b.com, c@d.com"}),
            ("bad_email", {"email": "a@b"}),
            ("bad_birth_date", {"birth_date": tomorrow}),
            ("bad_birth_date", {"birth_date": "31.12.1990"}),
            ("bad_birth_date", {"birth_date": "1812-01-01"}),
            ("bad_sex", {"sex": "x"}),
            ("bad_request", {"is_company": True}),
            ("contact_required", {"phone": ""}),
            ("store_not_found", {"store_id": 2_000_000_000}),
            ("bad_attributes", {"attributes": "x"}),
            ("bad_card_number", {"card": "№ 5"}),
        ):
            self._fails(code, self._member, **values)

    def test_the_store_says_how_a_phone_without_prefix_is_read(self):
        polish = self.env["res.company"].create({"name": "PL", "country_id": self.env.ref("base.pl").id})
        store = self.env["loy.store"].create(
            {"code": "PL1", "name": "PL", "company_id": polish.id, "timezone": "UTC"}
        )
        self.assertEqual(self._member(phone="512345678", store_id=store.id).loy_phone, "+48512345678")

    def test_finding_takes_exactly_one_key(self):
        for key in ({}, {"phone": "0631234567", "card": "1"}, {"name": "x"}, {"member": ""}):
            self._fails("bad_request", self.members._find, key)
        for key in ({"member": 0}, {"member": "1; DROP"}, {"member": 10**30}, {"external_id": "nobody"}):
            self._fails("member_not_found", self.members._find, key)
        self._fails("member_not_found", self.members._find, {"member": self.env.user.partner_id.id})

    def test_a_contact_becomes_a_member_by_a_button(self):
        contact = self.env["res.partner"].create({"name": "Contact", "phone": "0631234567"})
        self.assertFalse(contact.loy_phone)
        contact.action_loy_register()
        contact.action_loy_register()
        self.assertEqual((contact.loy_phone, contact.loy_card_count), ("+380631234567", 1))
        self.assertTrue(contact.loy_registered_at)

    def test_contacts_that_are_no_members_share_phones_freely(self):
        self._member(phone="0631234567")
        contacts = self.env["res.partner"].create(
            [{"name": "A", "phone": "0631234567"}, {"name": "B", "phone": "nonsense"}]
        )
        contacts.write({"phone": "0631234567"})
        self._fails("member_exists", contacts[0].action_loy_register)

    def test_the_operators_form_registers_with_a_card(self):
        operator = new_test_user(self.env, "loy_test_operator", groups="loyalty_core.group_operator")
        form = Form(
            self.env["res.partner"].with_user(operator).with_context(default_is_loyalty_member=True),
            "loyalty_core.loy_member_view_form",
        )
        form.loy_first_name, form.loy_last_name, form.phone = "Taras", "Shevchuk", "0631234567"
        form.loy_new_card_number = "2999999990011"
        member = form.save()
        self.assertEqual(member.name, "Taras Shevchuk")
        self.assertEqual(member.loy_main_card_id.number, "2999999990011")
        member.loy_main_card_id.action_loy_block()
        self.assertEqual(member.loy_main_card_id.state, "blocked")

    def test_one_box_finds_by_whatever_is_typed(self):
        member = self._member(
            phone="0631234567",
            email="o.test@example.com",
            first_name="Olenkatest",
            external_id="CRM-9",
            card="2999999990011",
        )
        self._member(first_name="Taras")
        partners = self.env["res.partner"]
        for text in ("29999999900", "0631234", "+38063123", "063 123-45", "O.TEST@ex", "olenkat", "CRM-9"):
            self.assertEqual(
                partners.search([("loy_search", "ilike", text), ("is_loyalty_member", "=", True)]),
                member,
                text,
            )

    def test_the_profile_leaves_out_what_is_not_known(self):
        member = self._member(phone="0631234567", first_name="Olena", attributes={"children": 2})
        profile = self.members._profile(member)
        self.assertEqual(
            {key: profile[key] for key in ("member", "name", "phone", "attributes")},
            {"member": member.id, "name": "Olena", "phone": "+380631234567", "attributes": {"children": 2}},
        )
        self.assertEqual([card["type"] for card in profile["cards"]], ["TEST"])
        self.assertNotIn("email", profile)

    def test_a_member_of_another_company_is_not_found(self):
        member = self._member(phone="0631234567")
        member.company_id = self.env["res.company"].create({"name": "Other"})
        here = self.members.with_context(allowed_company_ids=self.company.ids)
        self._fails("member_not_found", here._find, {"phone": "0631234567"})
        self._fails("member_exists", self._member, phone="0631234567")

    def test_registering_and_finding_cost_a_known_number_of_queries(self):
        self._member()
        self.env.flush_all()
        with self.assertQueryCount(22):
            self._member(email="a@example.com", first_name="A")
            self.env.flush_all()
        with self.assertQueryCount(1):
            self.members._find({"email": "a@example.com"})


# What each role may do with the records of this file's models: read, write, create, unlink.
NOTHING, READ, EDIT, ALL = "", "r", "rwc", "rwcu"
RIGHTS = {
    #                      cashier operator marketer admin integrator
    "loy.card": (READ, EDIT, READ, ALL, NOTHING),
    "loy.card.log": (READ, READ, READ, READ, NOTHING),
    "loy.card.type": (READ, READ, ALL, ALL, NOTHING),
    "loy.brand": (READ, READ, ALL, ALL, NOTHING),
    "loy.product.points": (READ, READ, ALL, ALL, NOTHING),
    "loy.partner": (READ, READ, READ, ALL, NOTHING),
    "loy.network": (READ, READ, READ, ALL, NOTHING),
    "loy.store": (READ, READ, READ, ALL, NOTHING),
    "loy.store.attribute": (READ, READ, READ, ALL, NOTHING),
    "loy.register": (READ, READ, READ, ALL, NOTHING),
    "loy.card.issue.wizard": (NOTHING, ALL, NOTHING, ALL, NOTHING),
    "loy.card.series": (NOTHING, EDIT, READ, ALL, NOTHING),
    "loy.card.transition.wizard": (NOTHING, ALL, NOTHING, ALL, NOTHING),
}
ROLES = ("cashier", "operator", "marketer", "admin", "integrator")
OPERATIONS = {"r": "read", "w": "write", "c": "create", "u": "unlink"}


@tagged("post_install", "-at_install")
class TestMemberRights(MembersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(cls.env, f"loy_{role}", groups=f"loyalty_core.group_{role}") for role in ROLES
        }

    def test_each_role_may_do_what_the_table_says(self):
        for model, rights in RIGHTS.items():
            for role, allowed in zip(ROLES, rights, strict=True):
                for letter, operation in OPERATIONS.items():
                    self.assertEqual(
                        self.env[model].with_user(self.users[role]).has_access(operation),
                        letter in allowed,
                        (model, role, operation),
                    )

    def test_records_of_another_company_are_not_seen(self):
        other = self.env["res.company"].create({"name": "Other"})
        values = {"code": "X", "name": "X", "company_id": other.id}
        store = self.env["loy.store"].create(values)
        card_type = self.env["loy.card.type"].create(values)
        records = [
            store,
            card_type,
            self.env["loy.register"].create({"code": "R", "name": "R", "store_id": store.id}),
            self.env["loy.store.attribute"].create({"name": "a", "value": "b", "store_id": store.id}),
            self.cards._issue(self._member(), card_type),
            *(self.env[model].create(values) for model in ("loy.brand", "loy.partner", "loy.network")),
        ]
        for record in records:
            seen = self.env[record._name].with_user(self.users["admin"]).search([("id", "=", record.id)])
            self.assertFalse(seen, record._name)

    def test_a_cashier_sees_a_member_and_changes_nothing(self):
        member = self._member(first_name="Olena")
        cashier = self.users["cashier"]
        seen = member.with_user(cashier)
        contact = self.env["res.partner"].create({"name": "Contact"})
        self.assertEqual((seen.name, seen.loy_main_card_id.state), ("Olena", "active"))
        self.assertIn("No points at the moment", seen.loy_balance_html)
        for call in (
            lambda: seen.write({"loy_birth_date": "1990-01-01"}),
            seen.loy_main_card_id.action_loy_block,
            seen.loy_main_card_id.action_loy_make_main,
            contact.with_user(cashier).action_loy_register,
        ):
            with self.assertRaises(AccessError):
                call()

    def test_cards_and_plain_contacts_are_not_edited_past_the_rules(self):
        member = self._member(phone="+380631112233")
        card, operator = member.loy_card_ids, self.users["operator"]
        self.cards._transition(card, "closed")
        by_hand = card.with_user(operator)
        for call in (
            lambda: by_hand.write({"state": "active"}),
            lambda: by_hand.write({"number": "1"}),
            lambda: by_hand.create({"number": "1", "type_id": card.type_id.id, "member_id": member.id}),
        ):
            self._fails("card_by_service", call)
        contact = self.env["res.partner"].with_user(operator).create({"name": "X", "loy_phone": "+380631112234"})
        member.with_user(operator).write({"loy_phone": "nonsense", "city": "Kyiv"})
        self.assertEqual((member.loy_phone, member.city), ("+380631112233", "Kyiv"))
        self.assertFalse(contact.loy_phone)

    def test_no_service_has_a_public_method(self):
        for model in ("loy.members", "loy.cards", "loy.catalogue"):
            own = {
                name
                for name, value in vars(type(self.env[model])).items()
                for klass in type(self.env[model]).__mro__[1:3]
                if callable(value) and not name.startswith("_") and name in vars(klass)
            }
            self.assertFalse(own, model)


@tagged("post_install", "-at_install")
class TestProfile(MembersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.unit = cls.env["loy.unit"].create({"code": "T-BONUS", "name": "Stars", "decimals": 0})

    def _give(self, member, amount, days):
        ledger = self.env["loy.ledger"]
        account = ledger._accounts([member.id], [self.unit.id], create=True)[member.id, self.unit.id]
        now = fields.Datetime.now()
        accrual = Accrual(account_id=account, amount_minor=amount, expires_at=now + timedelta(days=days))
        ledger._accrue([accrual], at=now, source=Source(kind="manual"))

    def test_the_profile_shows_balances_and_what_expires_soon(self):
        member = self._member()
        self._give(member, 1200, 300)
        self._give(member, 34, 10)
        self.assertEqual(member.loy_balance_text, "1,234 Stars")
        self.assertRegex(member.loy_balance_html, r"34\s+expire on")

    def test_a_list_of_members_costs_the_same_queries_for_any_number(self):
        members = self.env["res.partner"].concat(*(self._member() for _i in range(12)))
        for member in members:
            self._give(member, 5, 10)
        shown = [
            "name",
            "loy_main_card_id",
            "loy_phone",
            "loy_balance_text",
            "loy_card_count",
            "loy_purchase_count",
        ]
        members.read(shown)  # what is cached for the process is not counted
        counts = []
        for some in (members[:2], members):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            some.read(shown)
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_the_event_of_a_member_belongs_to_the_members_company(self):
        store = self.env["loy.store"].create({"code": "E", "name": "E"})
        member = self._member(store_id=store.id)
        event = self.env["loy.event"].search(
            [("member_id", "=", member.id), ("kind", "=", "member.registered")]
        )
        self.assertEqual(event.company_id, self.company)

    def test_what_happens_is_an_event(self):
        member = self._member()
        card = member.loy_main_card_id
        reason = self.env["loy.reason"].create({"code": "T-LOST", "name": "Lost", "usage": "card"})
        self.cards._transition(card, "blocked", reason, "called")
        self.assertEqual(card.log_ids[0].reason_id, reason)
        kinds = self.env["loy.event"].search([("member_id", "=", member.id)]).mapped("kind")
        self.assertEqual(set(kinds), {"member.registered", "card.issued", "card.blocked"})

    def test_every_button_of_the_profile_opens(self):
        member = self._member()
        for button in ("cards", "purchases", "accounts", "statement", "events", "issue_card", "member"):
            action = getattr(member, f"action_loy_{button}")()
            if isinstance(action.get("domain"), list):
                self.env[action["res_model"]].search(action["domain"])

    def test_one_more_card_by_the_wizard(self):
        member = self._member()
        wizard = self.env["loy.card.issue.wizard"].create({"member_id": member.id})
        wizard.action_loy_issue()
        self.assertEqual(member.loy_card_count, 2)

    def test_closing_asks_why(self):
        card = self._member().loy_main_card_id
        action = card.action_loy_close()
        wizard = (
            self.env[action["res_model"]].with_context(**action["context"]).create({"note": "given back"})
        )
        wizard.action_loy_apply()
        self.assertEqual((card.state, card.log_ids[0].note), ("closed", "given back"))
