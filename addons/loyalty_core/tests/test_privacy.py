"""A person gets all that is held on them; who looked at it is written down."""

import base64
import io
import json
import zipfile

from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import new_test_user, tagged

from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestPrivacy(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ann = cls.env["res.partner"].browse(int(cls.member))

    def looks(self):
        log = self.env["loy.access.log"].search([("member_id", "=", self.ann.id)])
        return [(line.user_id.login, line.kind) for line in log]

    def test_the_file_holds_everything_on_the_person(self):
        self.give(30)
        self.call("purchase_confirm", purchase="X-1", **self.basket())
        self.ann.message_post(body="Called about the card")
        again = self.call("member_register", phone="+380671110009")["member"]
        self.call("member_merge", member=again, into=self.member)
        answer = self.call("member_export", member=self.member)
        archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(answer["file"])))
        data = json.loads(archive.read("data.json"))
        self.assertEqual(data["member"][0]["loy_email"], "ann@example.com")
        self.assertEqual(data["purchases"][0]["number"], "X-1")
        self.assertEqual(data["former_contacts"], [{"kind": "phone", "value": "+380671110009"}])
        self.assertEqual({line["sku"] for line in data["purchase_lines"]}, {"T-1001", "T-1002"})
        for name in ("cards", "accounts", "statement", "events", "messages", "access_log", "card_history"):
            self.assertTrue(data[name], name)
        self.assertIn("Called about the card", archive.read("index.html").decode())
        self.assertIn("X-1", archive.read("purchases.csv").decode())
        self.assertIn(("t_integrator", "export"), self.looks())

    def test_a_look_at_the_form_is_written_once_an_hour_and_lists_are_not(self):
        cashier = new_test_user(self.env, "t_look", groups="loyalty_core.group_cashier")
        ann = self.ann.with_user(cashier)
        for _look in range(2):
            ann.web_read({"loy_balance_html": {}, "name": {}})
        ann.web_search_read([("id", "=", ann.id)], {"name": {}, "loy_phone": {}})
        self.assertEqual(self.looks(), [("t_look", "view")])

    def test_a_form_of_somebody_who_is_no_member_is_not_written(self):
        plain = self.env["res.partner"].create({"name": "Plain"})
        plain.web_read({"loy_balance_html": {}})
        self.assertFalse(self.env["loy.access.log"].search([("member_id", "=", plain.id)]))

    def test_the_log_is_never_changed(self):
        self.call("member_export", member=self.member)
        log = self.env["loy.access.log"].search([("member_id", "=", self.ann.id)])
        with self.assertRaisesRegex(LoyaltyError, "^immutable_fact"):
            log.write({"kind": "view"})
        with self.assertRaisesRegex(LoyaltyError, "^immutable_fact"):
            log.unlink()

    def test_whoever_may_not_hand_data_out_is_refused(self):
        cashier = new_test_user(self.env, "t_no_export", groups="loyalty_core.group_cashier")
        with self.assertRaisesRegex(LoyaltyError, "^right_missing"):
            self.ann.with_user(cashier).action_loy_export()
        action = self.ann.action_loy_export()
        self.assertIn(f"/member/{self.member}/export", action["url"])
