from itertools import count

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import TransactionCase


class MembersCase(TransactionCase):
    """A Ukrainian company with one default card type."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.country_id = cls.env.ref("base.ua")
        cls.members = cls.env["loy.members"]
        cls.cards = cls.env["loy.cards"]
        cls.env["loy.card.type"].search([]).is_default = False
        cls.card_type = cls.env["loy.card.type"].create({"code": "TEST", "name": "Test", "is_default": True})
        cls.phones = count(631000000)

    def _member(self, **values):
        values.setdefault("phone", f"+380{next(self.phones)}")
        return self.members._register_member(values)[0]

    def _fails(self, code, call, *args, **kwargs):
        """The message of the error with this code that the call must raise; nothing of the call stays."""
        with self.assertRaises(LoyaltyError) as caught, self.cr.savepoint():
            call(*args, **kwargs)
        self.assertEqual(caught.exception.code, code)
        return str(caught.exception)
