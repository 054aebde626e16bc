from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestMembers(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.country_id = cls.env.ref("base.ua")
        cls.members = cls.env["loy.members"]
        cls.cards = cls.env["loy.cards"]
        cls.env["loy.card.type"].search([]).is_default = False
        cls.card_type = cls.env["loy.card.type"].create({"code": "T", "name": "Test", "is_default": True})

    def _fails(self, code, call, *args, **kwargs):
        with self.assertRaises(LoyaltyError) as caught:
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)

    def test_a_new_member_has_a_card_and_is_found_by_every_key(self):
        member, card = self.members._register_member(
            {"phone": "067 123 45 67", "email": "Olena <Olena.K@Example.com>", "first_name": "Olena", "last_name": "Koval",
             "birth_date": "1990-05-17", "sex": "female", "external_id": "X-1"}
        )
        self.assertEqual(member.name, "Olena Koval")
        self.assertEqual((card.state, card.is_main, card.type_id), ("active", True, self.card_type))
        for key in (
            {"member": member.id}, {"member": str(member.id)}, {"card": card.number}, {"phone": "+380 67 123-45-67"},
            {"phone": "0671234567"}, {"email": "OLENA.K@example.com"}, {"external_id": "X-1"},
        ):
            self.assertEqual(self.members._find(key), member, key)

    def test_a_duplicate_attempt_says_whom_it_duplicates(self):
        member, _card = self.members._register_member({"phone": "0671234567", "email": "a@example.com"})
        for values in ({"phone": "+380671234567"}, {"email": "A@EXAMPLE.COM", "phone": "0670000001"}):
            self.assertIn(f"id {member.id}", self._fails("member_exists", self.members._register_member, values))
