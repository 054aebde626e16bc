"""A lost card: the number changes, everything else stays the member's."""

from odoo.addons.loyalty_core.tests.members_common import MembersCase
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestCardReplacement(MembersCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lost = cls.env.ref("loyalty_core.loy_reason_card_lost")

    def test_the_old_card_is_closed_and_points_to_the_new_one(self):
        member = self._member()
        old = member.loy_main_card_id
        new = self.cards._replace(old, reason=self.lost, note="left in a taxi")
        self.assertEqual((old.state, old.replaced_by_id, old.is_main), ("closed", new, False))
        self.assertEqual((new.state, new.member_id, new.is_main, new.type_id), ("active", member, True, old.type_id))
        self.assertEqual(new.replaced_ids, old)
        self.assertEqual((old.log_ids[0].reason_id, old.log_ids[0].note), (self.lost, "left in a taxi"))
        self.assertEqual(member.loy_main_card_id, new)

    def test_the_main_card_stays_the_main_one_beside_others(self):
        member = self._member()
        old, other = member.loy_main_card_id, self.cards._issue(member)
        new = self.cards._replace(old)
        self.assertEqual((old.is_main, other.is_main, new.is_main), (False, False, True))
        self.assertFalse(self.cards._replace(other).is_main)

    def test_a_blocked_and_a_closed_card_can_be_replaced_a_completed_one_cannot(self):
        for state in ("blocked", "closed"):
            card = self._member().loy_main_card_id
            self.cards._transition(card, state)
            new = self.cards._replace(card)
            self.assertEqual((card.state, new.state, new.is_main), ("closed", "active", True))
        card = self._member().loy_main_card_id
        self.cards._transition(card, "completed")
        self._fails("card_transition", self.cards._replace, card)

    def test_a_card_is_replaced_once_and_a_replacement_again(self):
        first = self._member().loy_main_card_id
        second = self.cards._replace(first)
        self._fails("card_replaced", self.cards._replace, first)
        third = self.cards._replace(second)
        self.assertEqual(first.replaced_by_id.replaced_by_id, third)

    def test_a_card_in_hand_takes_the_place(self):
        member = self._member()
        [number] = self.cards._generate(self.card_type, 1)
        self.assertEqual(self.cards._replace(member.loy_main_card_id, number).number, number)
        taken = self._member().loy_main_card_id
        self._fails("card_taken", self.cards._replace, member.loy_main_card_id, taken.number)
        self._fails("card_closed", self.cards._replace, member.loy_main_card_id, member.loy_main_card_id.number)

    def test_a_card_without_a_member_is_issued_not_replaced(self):
        [number] = self.cards._generate(self.card_type, 1)
        self._fails("card_without_member", self.cards._replace, self.cards._get(number))

    def test_a_till_hears_that_it_was_replaced_and_not_by_which_number(self):
        old = self._member().loy_main_card_id
        new = self.cards._replace(old)
        text = self._fails("card_closed", self.cards._resolve, old.number)
        self.assertIn("replaced", text)
        self.assertNotIn(new.number, text)

    def test_an_event_tells_both_numbers(self):
        old = self._member().loy_main_card_id
        new = self.cards._replace(old)
        event = self.env["loy.event"].search([("kind", "=", "card.replaced"), ("member_id", "=", old.member_id.id)])
        self.assertEqual(event.data, {"card": old.number, "new_card": new.number})

    def test_who_may_not_change_cards_may_not_replace_them(self):
        old = self._member().loy_main_card_id
        wizard = self.env["loy.card.replace.wizard"]
        cashier = new_test_user(self.env, "t_replace_cashier", groups="loyalty_core.group_cashier")
        with self.assertRaises(AccessError):
            wizard.with_user(cashier).create({"card_id": old.id})
        operator = new_test_user(self.env, "t_replace_operator", groups="loyalty_core.group_operator")
        action = old.member_id.with_user(operator).action_loy_replace_card()
        form = Form(wizard.with_user(operator).with_context(**action["context"]))
        self.assertEqual((form.card_id.id, form.type_id, form.reason_id.id), (old.id, old.type_id, self.lost.id))
        form.save().action_loy_replace()
        self.assertEqual(old.state, "closed")
        self.assertEqual(old.log_ids[0].user_id, operator)
