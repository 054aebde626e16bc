from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.tests import Form, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestMembers(MembersCase):
    def test_a_new_member_has_a_card_and_is_found_by_every_key(self):
        member, card = self.members._register_member(
            {
                "phone": "067 123 45 67", "email": "Olena <Olena.K@Example.com>", "first_name": "Olena",
                "last_name": "Koval", "birth_date": "1990-05-17", "sex": "female", "external_id": "X-1",
            }
        )
        self.assertEqual(member.name, "Olena Koval")
        self.assertEqual((card.state, card.is_main, card.type_id), ("active", True, self.card_type))
        for key in (
            {"member": member.id}, {"member": str(member.id)}, {"card": card.number}, {"phone": "+380 67 123-45-67"},
            {"phone": "0671234567"}, {"email": "OLENA.K@example.com"}, {"external_id": "X-1"},
        ):
            self.assertEqual(self.members._find(key), member, key)

    def test_a_duplicate_attempt_says_whom_it_duplicates(self):
        member = self._member(phone="0671234567", email="a@example.com", external_id="E1")
        for values in (
            {"phone": "+380671234567"}, {"email": "A@EXAMPLE.COM", "phone": "0670000001"}, {"external_id": " E1"},
        ):
            self.assertIn(f"id {member.id}", self._fails("member_exists", self.members._register_member, values))
        member.active = False
        self.assertIn("archived", self._fails("member_exists", self._member, phone="0671234567"))
        other = self._member()
        self._fails("member_exists", self.members._update, other, {"email": "a@example.com"})
        self._fails("member_exists", other.write, {"phone": "067-123-45-67"})

    def test_a_member_may_be_saved_again_with_its_own_contact(self):
        member = self._member(phone="0671234567", email="a@example.com")
        self.members._update(member, {"phone": "+380671234567", "email": "A@example.com", "last_name": "Koval"})
        self.assertEqual((member.loy_phone, member.name), ("+380671234567", "Koval"))
        self.members._update(member, {"phone": ""})
        self.assertFalse(member.loy_phone)
        self._member(phone="0671234567")

    def test_bad_values_are_named_errors(self):
        tomorrow = (fields.Date.today() + timedelta(days=1)).isoformat()
        for code, values in (
            ("bad_phone", {"phone": "12"}), ("bad_phone", {"phone": "call me"}), ("bad_phone", {"phone": "+99912345678"}),
            ("bad_email", {"email": "not an address"}), ("bad_email", {"email": "a@b.com, c@d.com"}),
            ("bad_email", {"email": "a@b"}), ("bad_birth_date", {"birth_date": tomorrow}),
            ("bad_birth_date", {"birth_date": "31.12.1990"}), ("bad_birth_date", {"birth_date": "1812-01-01"}),
            ("bad_sex", {"sex": "x"}), ("bad_request", {"is_company": True}), ("contact_required", {"phone": ""}),
            ("store_not_found", {"store_id": 2_000_000_000}), ("bad_attributes", {"attributes": "x"}),
            ("bad_card_number", {"card": "№ 5"}),
        ):
            self._fails(code, self._member, **values)

    def test_the_store_says_how_a_phone_without_prefix_is_read(self):
        polish = self.env["res.company"].create({"name": "PL", "country_id": self.env.ref("base.pl").id})
        store = self.env["loy.store"].create({"code": "PL1", "name": "PL", "company_id": polish.id, "timezone": "UTC"})
        self.assertEqual(self._member(phone="512345678", store_id=store.id).loy_phone, "+48512345678")

    def test_finding_takes_exactly_one_key(self):
        for key in ({}, {"phone": "0671234567", "card": "1"}, {"name": "x"}, {"member": ""}):
            self._fails("bad_request", self.members._find, key)
        for key in ({"member": 0}, {"member": "1; DROP"}, {"member": 10**30}, {"external_id": "nobody"}):
            self._fails("member_not_found", self.members._find, key)
        self._fails("member_not_found", self.members._find, {"member": self.env.user.partner_id.id})

    def test_a_contact_becomes_a_member_by_a_button(self):
        contact = self.env["res.partner"].create({"name": "Contact", "phone": "0671234567"})
        self.assertFalse(contact.loy_phone)
        contact.action_loy_register()
        contact.action_loy_register()
        self.assertEqual((contact.loy_phone, contact.loy_card_count), ("+380671234567", 1))
        self.assertTrue(contact.loy_registered_at)

    def test_contacts_that_are_no_members_share_phones_freely(self):
        self._member(phone="0671234567")
        contacts = self.env["res.partner"].create([{"name": "A", "phone": "0671234567"}, {"name": "B", "phone": "nonsense"}])
        contacts.write({"phone": "0671234567"})
        self._fails("member_exists", contacts[0].action_loy_register)

    def test_the_operators_form_registers_with_a_card(self):
        operator = new_test_user(self.env, "operator", groups="loyalty_core.group_operator")
        form = Form(
            self.env["res.partner"].with_user(operator).with_context(default_is_loyalty_member=True),
            "loyalty_core.loy_member_view_form",
        )
        form.loy_first_name, form.loy_last_name, form.phone = "Taras", "Shevchuk", "0671234567"
        form.loy_new_card_number = "2900000000018"
        member = form.save()
        self.assertEqual(member.name, "Taras Shevchuk")
        self.assertEqual(member.loy_main_card_id.number, "2900000000018")
        member.loy_main_card_id.action_loy_block()
        self.assertEqual(member.loy_main_card_id.state, "blocked")

    def test_one_box_finds_by_whatever_is_typed(self):
        member = self._member(
            phone="0671234567", email="olena@example.com", first_name="Olena", external_id="CRM-9", card="2900000000018"
        )
        self._member(first_name="Taras")
        partners = self.env["res.partner"]
        for text in ("29000000000", "0671234", "+38067123", "067 123-45", "OLENA@ex", "olen", "CRM-9"):
            self.assertEqual(partners.search([("loy_search", "ilike", text), ("is_loyalty_member", "=", True)]), member, text)

    def test_the_profile_leaves_out_what_is_not_known(self):
        member = self._member(phone="0671234567", first_name="Olena", attributes={"children": 2})
        profile = self.members._profile(member)
        self.assertEqual(
            {key: profile[key] for key in ("member", "name", "phone", "attributes")},
            {"member": member.id, "name": "Olena", "phone": "+380671234567", "attributes": {"children": 2}},
        )
        self.assertEqual([card["type"] for card in profile["cards"]], ["TEST"])
        self.assertNotIn("email", profile)
        self.assertEqual(self.members._engine_member(member), {"id": str(member.id), "card_type": "TEST"})

    def test_a_member_of_another_company_is_not_found(self):
        member = self._member(phone="0671234567")
        member.company_id = self.env["res.company"].create({"name": "Other"})
        here = self.members.with_context(allowed_company_ids=self.company.ids)
        self._fails("member_not_found", here._find, {"phone": "0671234567"})
        self._fails("member_exists", self._member, phone="0671234567")

    def test_registering_and_finding_cost_a_known_number_of_queries(self):
        self._member()
        self.env.flush_all()
        with self.assertQueryCount(22):
            self._member(email="a@example.com", first_name="A")
            self.env.flush_all()
        with self.assertQueryCount(1):
            self.members._find({"email": "a@example.com"})

