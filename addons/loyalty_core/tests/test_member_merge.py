"""Two members who are one person become one, and nothing of either is lost."""

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged
from odoo.tests.form import Form

from .api_common import ApiCase


class MergeCase(ApiCase):
    """Ann, and Ann again under another phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ann = cls.env["res.partner"].browse(int(cls.member))
        cls.again = cls.register(phone="+380671110002", email="ann.lee@example.com", external_id="CRM-2")

    @classmethod
    def register(cls, **values):
        return cls.env["res.partner"].browse(int(cls.call("member_register", **values)["member"]))

    def merge(self, member=None, into=None, **values):
        member, into = member or self.again, into or self.ann
        return self.call("member_merge", member=str(member.id), into=str(into.id), **values)

    def log(self):
        return self.env["loy.member.merge"].search([("survivor_id", "=", self.ann.id)])


@tagged("post_install", "-at_install")
class TestMerge(MergeCase):
    def test_the_survivor_is_found_by_all_that_the_other_was_known_by(self):
        card = self.again.loy_card_ids.number
        self.merge()
        for key in (
            {"member": str(self.again.id)},
            {"phone": "+380671110002"},
            {"phone": "067 111 00 02"},
            {"email": "Ann.Lee@example.com"},
            {"external_id": "CRM-2"},
            {"card": card},
            {"phone": "+380671110001"},
        ):
            self.assertEqual(self.call("member_find", **key)["member"], self.member, key)
        users = self.env["res.partner"].search([("loy_search", "=", "067 111 00 02")])
        self.assertEqual(users, self.ann)

    def test_what_the_other_was_known_by_stays_taken_until_it_is_given_free(self):
        self.merge()
        self.refused("member_exists", "member_register", phone="+380671110002")
        self.ann.loy_alias_ids.filtered(lambda alias: alias.kind == "phone").unlink()
        self.assertNotEqual(self.call("member_register", phone="+380671110002")["member"], self.member)

    def test_values_of_the_survivor_stay_and_empty_ones_are_filled(self):
        attributes = {"pet": "cat", "size": "M"}
        self.again.write({"loy_birth_date": "1990-05-17", "city": "Kyiv", "loy_attributes": attributes})
        self.ann.write({"city": "Lviv", "loy_attributes": {"size": "S"}})
        earlier = self.again.loy_registered_at = self.ann.loy_registered_at.replace(year=2020)
        answer = self.merge()
        self.assertEqual(self.ann.city, "Lviv")
        self.assertEqual(self.ann.loy_attributes, {"pet": "cat", "size": "S"})
        self.assertEqual(self.ann.loy_registered_at, earlier)
        self.assertEqual(
            (answer["birth_date"], answer["external_id"], answer["merged"]), ("1990-05-17", "CRM-2", str(self.again.id))
        )

    def test_a_chosen_value_comes_from_the_other_and_the_own_one_stays_known(self):
        merges = self.env["loy.merges"]
        merges._merge(self.ann, self.again, {"phone": self.again.phone, "email": self.again.email})
        self.assertEqual((self.ann.loy_phone, self.ann.loy_email), ("+380671110002", "ann.lee@example.com"))
        self.assertEqual(self.call("member_find", phone="+380671110001")["member"], self.member)
        self.assertEqual(self.call("member_find", email="ann@example.com")["member"], self.member)

    def test_cards_move_with_their_history_and_one_is_the_main_one(self):
        main, other = self.ann.loy_main_card_id, self.again.loy_main_card_id
        self.merge()
        self.assertEqual(self.ann.loy_card_ids, main | other)
        self.assertEqual(self.ann.loy_card_ids.filtered("is_main"), main)
        self.assertIn(str(self.again.id), other.log_ids[0].note)

    def test_the_card_in_use_becomes_the_main_one(self):
        self.call("card_block", card=self.ann.loy_main_card_id.number)
        other = self.again.loy_main_card_id
        self.merge()
        self.assertEqual(self.ann.loy_card_ids.filtered("is_main"), other)

    def test_purchases_and_their_lines_move(self):
        self.call("purchase_confirm", purchase="M-1", **self.basket(member={"member": str(self.again.id)}))
        self.call("purchase_confirm", purchase="M-2", **self.basket())
        self.merge()
        purchases = self.env["loy.purchase"].search([("number", "in", ["M-1", "M-2"])])
        self.assertEqual(purchases.member_id, self.ann)
        self.assertEqual(purchases.line_ids.member_id, self.ann)
        self.assertEqual(self.ann.loy_purchase_count, 2)

    def test_balances_move_and_the_books_stay_balanced(self):
        again = str(self.again.id)
        self.give(30)
        self.give(12, member=again)
        self.give(5.25, unit="T_MILES", member=again)
        answer = self.merge()
        available = {one["unit"]: one["available"] for one in answer["balances"]}
        self.assertEqual(available, {"T_BONUS": 42, "T_MILES": 5.25})
        self.assertEqual(self.balance(member=again)["available"], 42)
        self.assert_books()

    def test_a_purchase_of_the_merged_member_is_returned_to_the_survivor(self):
        again = str(self.again.id)
        self.give(40, member=again)
        spend = [{"unit": "T_BONUS", "amount": 15}]
        self.call("purchase_confirm", purchase="M-3", **self.basket(member={"member": again}, spend=spend))
        self.merge()
        before = self.available()
        answer = self.call("purchase_return", purchase="M-3", return_="M-3-R")
        given = answer["refund"]["points"][0]["amount"] - sum(one["amount"] for one in answer["taken_back"])
        self.assertEqual(self.available(), before + given)
        self.assertEqual(self.balance()["available"], 40)
        self.assertEqual(self.purchase_of("M-3-R").member_id, self.ann)
        self.assert_books()

    def test_while_points_are_reserved_for_a_purchase_nothing_is_merged(self):
        again = str(self.again.id)
        self.give(40, member=again)
        spend = [{"unit": "T_BONUS", "amount": 15}]
        self.call("purchase_hold", purchase="M-4", **self.basket(member={"member": again}, spend=spend))
        self.refused("account_held", "member_merge", member=again, into=self.member)
        self.call("purchase_confirm", purchase="M-4")
        self.merge()
        self.assertEqual(self.purchase_of("M-4").member_id, self.ann)
        self.assertEqual(self.balance()["available"], 25 + 4)
        self.assert_books()

    def test_messages_documents_and_children_move(self):
        message = self.again.message_post(body="Called about the card")
        tag = self.env["res.partner.category"].create({"name": "VIP"})
        self.again.category_id = tag
        child = self.env["res.partner"].create({"name": "Delivery", "parent_id": self.again.id, "type": "delivery"})
        file = self.env["ir.attachment"].create(
            {"name": "form.txt", "raw": b"signed", "res_model": "res.partner", "res_id": self.again.id}
        )
        self.merge()
        self.env.invalidate_all()
        self.assertEqual((message.res_id, file.res_id, child.parent_id), (self.ann.id, self.ann.id, self.ann))
        self.assertIn(tag, self.ann.category_id)

    def test_the_merge_is_written_down(self):
        self.merge(reason="Called in")
        log = self.log()
        self.assertEqual((log.merged_id, log.reason, log.user_id), (self.again, "Called in", self.integrator))
        self.assertEqual((log.moved["cards"], log.dropped["phone"]), (1, "+380671110002"))
        event = self.env["loy.event"].search([("kind", "=", "member.merged")], limit=1)
        self.assertEqual((event.member_id, event.data), (self.ann, {"merged": [self.again.id]}))

    def test_repeated_it_happens_once(self):
        request = {"key": "merge-1", "member": str(self.again.id), "into": self.member}
        first = self.api.member_merge(request)
        self.assertEqual(self.api.member_merge(request), first)
        self.assertEqual(len(self.log()), 1)

    def test_what_cannot_be_merged_is_refused_by_a_code(self):
        self.refused("merge_itself", "member_merge", member=self.member, into=self.member)
        self.refused("member_not_found", "member_merge", member="999999999", into=self.member)
        self.refused("member_not_found", "member_merge", member=self.member, into="999999999")
        plain = self.env["res.partner"].create({"name": "Plain"})
        self.refused("member_not_found", "member_merge", member=str(plain.id), into=self.member)
        self.ann.company_id = self.env["res.company"].create({"name": "Other"})
        self.refused("member_not_found", "member_merge", member=str(self.again.id), into=self.member)
        self.ann.company_id = False
        self.again.active = False
        self.refused("member_archived", "member_merge", member=str(self.again.id), into=self.member)
        self.again.active = True
        self.merge()
        self.refused("member_merged", "member_merge", member=str(self.again.id), into=self.member)

    def test_members_of_two_companies_are_not_merged(self):
        self.ann.company_id, other = self.env.company, self.env["res.company"].create({"name": "Other"})
        self.again.company_id = other
        merges = self.env(context={"allowed_company_ids": (self.env.company | other).ids})["loy.merges"]
        with self.assertRaisesRegex(LoyaltyError, "^merge_companies"):
            merges._merge(self.ann, self.again)

    def test_two_logins_are_not_merged_and_one_follows(self):
        new_test_user(
            self.env, "t_portal_2", groups="base.group_portal", partner_id=self.again.id, email="p2@example.com"
        )
        portal = new_test_user(
            self.env, "t_portal_1", groups="base.group_portal", partner_id=self.ann.id, email="p1@example.com"
        )
        self.refused("merge_logins", "member_merge", member=str(self.again.id), into=self.member)
        portal.unlink()
        self.merge()
        self.assertEqual(self.env["res.users"].search([("login", "=", "t_portal_2")]).partner_id, self.ann)

    def test_a_merged_member_does_not_come_back(self):
        self.merge()
        for values in ({"active": True}, {"is_loyalty_member": True}):
            with self.assertRaisesRegex(LoyaltyError, "^member_merged"):
                self.again.write(values)

    def test_merges_one_after_another_lead_to_the_last(self):
        third = self.register(phone="+380671110003")
        self.give(7, member=str(self.again.id))
        self.merge()
        self.merge(self.ann, third)
        for key in ({"member": str(self.again.id)}, {"phone": "+380671110002"}, {"phone": "+380671110001"}):
            self.assertEqual(self.call("member_find", **key)["member"], str(third.id), key)
        self.assertEqual(self.again.loy_merged_into_id, third)
        self.assertEqual(self.balance(member=str(third.id))["available"], 7)
        self.assert_books()

    def test_what_was_booked_meanwhile_follows(self):
        self.call("purchase_confirm", purchase="M-5", **self.basket())
        self.merge()
        purchase = self.purchase_of("M-5")
        purchase.sudo().member_id = self.again
        self.env.flush_all()
        self.env["loy.merges"]._move_stragglers()
        self.assertEqual(purchase.member_id, self.ann)

    def test_the_wizard_shows_values_side_by_side_and_merges(self):
        self.again.write({"city": "Kyiv"})
        operator = new_test_user(self.env, "t_merge_operator", groups="loyalty_core.group_operator")
        action = (self.ann | self.again).with_user(operator).action_loy_merge()
        form = Form(self.env["loy.member.merge.wizard"].with_user(operator).with_context(**action["context"]))
        self.assertIn("2", form.preview)
        row = next(index for index, one in enumerate(form.line_ids._records) if one["key"] == "phone")
        with form.line_ids.edit(row) as line:
            self.assertEqual((line.value_1, line.value_2), ("+380671110001", "+380671110002"))
            line.choice = "2"
        wizard = form.save()
        wizard.action_loy_merge()
        self.assertEqual((self.ann.loy_phone, self.ann.city), ("+380671110002", "Kyiv"))

    def test_whoever_may_not_merge_is_refused(self):
        cashier = new_test_user(self.env, "t_merge_cashier", groups="loyalty_core.group_cashier")
        with self.assertRaisesRegex(LoyaltyError, "^right_missing"):
            (self.ann | self.again).with_user(cashier).action_loy_merge()


@tagged("post_install", "-at_install")
class TestOdooMerge(MergeCase):
    """The merge of contacts that comes with Odoo loses nothing of a member."""

    def contacts_merge(self, partners, into, user=None):
        wizard = self.env["base.partner.merge.automatic.wizard"].with_user(user or self.env.user)
        wizard = wizard.with_context(active_model="res.partner", active_ids=partners.ids).create({})
        wizard.dst_partner_id = into
        wizard.action_merge()
        self.env.invalidate_all()

    def test_two_members_become_one(self):
        self.give(12, member=str(self.again.id))
        cards = self.ann.loy_card_ids | self.again.loy_card_ids
        self.contacts_merge(self.ann | self.again, self.ann)
        self.assertEqual(self.ann.loy_card_ids, cards)
        self.assertEqual((self.again.exists().active, self.again.loy_merged_into_id), (False, self.ann))
        self.assertEqual(self.available(), 12)
        self.assertEqual(len(self.log()), 1)
        self.assert_books()

    def test_a_plain_contact_goes_into_the_member_whichever_was_the_destination(self):
        for into in ("plain", "member"):
            plain = self.env["res.partner"].create({"name": "Plain", "city": "Odesa"})
            message = plain.message_post(body="Asked for a catalogue")
            self.contacts_merge(plain | self.ann, plain if into == "plain" else self.ann)
            self.assertFalse(plain.exists())
            self.assertEqual((self.ann.city, message.res_id), ("Odesa", self.ann.id))
            self.assertEqual(self.call("member_find", phone="+380671110001")["member"], self.member)

    def test_members_and_a_plain_contact_at_once(self):
        plain = self.env["res.partner"].create({"name": "Plain", "street": "Main street 1"})
        self.contacts_merge(plain | self.ann | self.again, plain)
        survivor = self.env["res.partner"].browse(int(self.call("member_find", phone="+380671110002")["member"]))
        self.assertEqual(len(survivor.loy_card_ids), 2)
        self.assertEqual(survivor.street, "Main street 1")
        self.assertFalse(plain.exists())

    def test_somebody_who_has_left_is_not_swallowed(self):
        self.again.is_loyalty_member = False
        with self.assertRaisesRegex(UserError, "member_not_found"):
            self.contacts_merge(self.ann | self.again, self.ann)
        plain = self.env["res.partner"].create({"name": "Plain"})
        with self.assertRaisesRegex(UserError, "member_left"):
            self.contacts_merge(plain | self.again, plain)
        self.assertTrue(self.again.loy_card_ids)

    def test_whoever_may_not_merge_members_is_told_so(self):
        manager = new_test_user(self.env, "t_manager", groups="base.group_partner_manager")
        (self.ann | self.again).email = False
        with self.assertRaisesRegex(UserError, "right_missing"):
            self.contacts_merge(self.ann | self.again, self.ann, manager)

    def test_values_of_each_company_are_brought_together(self):
        company = self.env.company
        self.again.with_company(company).barcode = "4820000000017"
        self.contacts_merge(self.ann | self.again, self.ann)
        self.assertEqual(self.ann.with_company(company).barcode, "4820000000017")

    def test_a_row_that_cannot_follow_stays_where_it_is(self):
        order = self.env["res.partner"].create({"name": "Somebody else"})
        for member in self.ann | self.again:
            self.env["mail.followers"].create(
                {"res_model": "res.partner", "res_id": order.id, "partner_id": member.id}
            )
        before = self.state()
        self.contacts_merge(self.ann | self.again, self.ann)
        kept = self.env["mail.followers"].search([("res_model", "=", "res.partner"), ("res_id", "=", order.id)])
        self.assertLessEqual(self.ann | self.again, kept.with_context(active_test=False).partner_id)
        for table in ("loy_event", "loy_entry", "loy_transaction", "loy_purchase", "loy_card"):
            self.assertGreaterEqual(self.count(self.state(), table), self.count(before, table), table)

    @staticmethod
    def count(state, table):
        return int(state[table].split()[0])
