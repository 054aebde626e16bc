"""The programme as a document in the back office: a right to take it out, another to bring it in."""

import json
from base64 import b64decode, b64encode

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import TransactionCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestProgrammeWizard(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "t_marketer", groups="loyalty_core.group_marketer")
        cls.manager = new_test_user(cls.env, "t_manager", groups="loyalty_core.group_admin")
        cls.brand = cls.env["loy.brand"].create({"code": "DOC", "name": "Before"})

    def wizard(self, user, document=None):
        file = document and b64encode(document.encode())
        return self.env["loy.programme.wizard"].with_user(user).create({"file": file})

    def test_what_is_taken_out_changes_nothing_when_it_is_brought_in(self):
        wizard = self.wizard(self.marketer)
        wizard.action_loy_export()
        document = b64decode(wizard.file).decode()
        self.assertIn({"code": "DOC", "name": "Before"}, json.loads(document)["brands"])
        brought = self.wizard(self.manager, document)
        brought.action_loy_apply()
        told = json.loads(brought.result)
        self.assertEqual((told["created"], told["updated"], told["ended"]), (0, 0, 0))

    def test_a_trial_tells_what_would_change_and_changes_nothing(self):
        wizard = self.wizard(self.manager, '{"brands": [{"code": "DOC", "name": "After"}]}')
        wizard.action_loy_try()
        self.assertEqual((json.loads(wizard.result)["updated"], self.brand.name), (1, "Before"))
        wizard.action_loy_apply()
        self.assertEqual(self.brand.name, "After")

    def test_each_takes_its_right(self):
        with self.assertRaisesRegex(LoyaltyError, "^right_missing: .*programme.apply"):
            self.wizard(self.marketer, "{}").action_loy_apply()
        right = self.env["loy.right"].search([("code", "=", "programme.apply")])
        person = new_test_user(self.env, "t_applier", groups="base.group_user")
        self.env["loy.role"].create({"name": "Applier", "right_ids": right.ids, "user_ids": person.ids})
        self.wizard(person, "{}").action_loy_apply()
        with self.assertRaisesRegex(LoyaltyError, "^right_missing: .*programme.export"):
            self.wizard(person).action_loy_export()

    def test_what_is_no_programme_is_refused_in_words(self):
        for document in (None, "no JSON", "[]", '{"nonsense": []}', '{"brands": [{"name": "No code"}]}'):
            with self.subTest(document=document), self.assertRaisesRegex(LoyaltyError, "^bad_request: "):
                self.wizard(self.manager, document).action_loy_apply()
