"""A person gets all that is held on them; who looked at it is written down."""

import base64
import io
import json
import zipfile

from lxml import etree
from odoo import SUPERUSER_ID
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .api_common import ApiCase

#: Every column that can hold words.
TEXTS = """
    SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
       AND atttypid IN ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype)
"""


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

    def test_a_look_by_the_form_of_contacts_is_written_too_and_a_list_of_one_is_not(self):
        cashier = new_test_user(self.env, "t_contact", groups="loyalty_core.group_cashier,base.group_partner_manager")
        ann = self.ann.with_user(cashier)
        arch = etree.fromstring(ann.get_view(self.env.ref("base.view_partner_form").id, "form")["arch"])
        shown = {field.get("name"): {} for field in arch.iter("field") if field.getparent().tag != "list"}
        ann.web_search_read([("id", "=", ann.id)], {"name": {}, "loy_registered_at": {}, "category_id": {}})
        self.assertEqual(self.looks(), [])
        ann.web_read({name: {} for name in shown if name in ann._fields})
        self.assertEqual(self.looks(), [("t_contact", "view")])

    def test_members_who_leave_in_an_exported_list_are_written_each_once(self):
        manager = new_test_user(self.env, "t_list", groups="loyalty_core.group_operator,base.group_allow_export")
        plain = self.env["res.partner"].create({"name": "Plain"})
        for _part in range(2):
            (self.ann | plain).with_user(manager).export_data(["name", "phone"])
        self.assertEqual(self.looks(), [("t_list", "export")])
        self.assertFalse(self.env["loy.access.log"].search([("member_id", "=", plain.id)]))

    def test_what_the_system_does_by_itself_is_nobodys_look(self):
        self.ann.with_user(SUPERUSER_ID).web_read({"loy_balance_html": {}})
        self.assertEqual(self.looks(), [])

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

    def erase(self, **values):
        return self.call("member_erase", member=self.member, confirm=self.member, **values)

    def test_after_erasure_nothing_tells_who_it_was_and_the_books_are_balanced(self):
        self.ann.write({"city": "Kyiv", "loy_birth_date": "1990-05-17", "comment": "Likes tea"})
        self.ann.message_post(body="Called about the card")
        self.call("purchase_confirm", purchase="X-2", **self.basket())
        self.give(30)
        card = self.ann.loy_main_card_id
        again = self.call("member_register", phone="+380671110009", first_name="Anna")["member"]
        self.call("member_merge", member=again, into=self.member)
        self.assert_books()
        taken = self.available()
        answer = self.erase(write_off=True)
        self.assertEqual(answer["written_off"], [{"unit": "T_BONUS", "amount": taken}])
        self.assert_books()
        self.env.invalidate_all()
        self.assertEqual((card.state, self.ann.active, self.ann.loy_birth_date), ("closed", False, False))
        self.assertEqual(self.purchase_of("X-2").member_id, self.ann)
        for key in ({"member": self.member}, {"phone": "+380671110001"}, {"phone": "+380671110009"}):
            self.refused("member_not_found", "member_find", **key)
        self.env.cr.execute(
            """
            SELECT string_agg(t, ' ') FROM (
                SELECT to_jsonb(p)::text AS t FROM res_partner p WHERE id = ANY(%s)
                UNION ALL SELECT to_jsonb(m)::text FROM mail_message m WHERE model = 'res.partner' AND res_id = ANY(%s)
                UNION ALL SELECT to_jsonb(e)::text FROM loy_event e WHERE member_id = ANY(%s)
                UNION ALL SELECT to_jsonb(e)::text FROM loy_member_merge e WHERE survivor_id = ANY(%s)
                UNION ALL SELECT answer FROM loy_request WHERE method LIKE 'member%%'
            ) AS rows
            """,
            [[int(self.member), int(again)]] * 4,
        )
        (told,) = self.env.cr.fetchone()
        for word in ("Ann", "Lee", "67111000", "ann@example", "Likes tea", "Called", "Kyiv"):
            self.assertNotIn(word, told)
        self.assertNotEqual(self.call("member_register", phone="+380671110001")["member"], self.member)

    def test_after_erasure_no_table_of_ours_tells_who_it_was(self):
        """Whatever tables and columns there are, also those that nobody thought of."""
        words = ["Zyxwvut", "Qwertzuiop", "+380509998877", "zyx@qwertz.example", "EXT-ZYX", "Secretnote"]
        member = self.call(
            "member_register",
            first_name=words[0],
            last_name=words[1],
            phone=words[2],
            email=words[3],
            external_id=words[4],
            attributes={"nickname": words[0]},
        )["member"]
        person = self.env["res.partner"].browse(int(member))
        person.write({"comment": words[5], "street": words[5], "loy_birth_date": "1990-05-17"})
        person.message_post(body=words[5])
        self.env["loy.unit"].search([("code", "=", "T_BONUS")]).is_transferable = True
        self.call("account_accrue", member=member, unit="T_BONUS", amount=9, reason=words[5])
        self.call("account_write_off", member=member, unit="T_BONUS", amount=1, reason=words[5])
        self.call("account_transfer", member=member, to=self.member, unit="T_BONUS", amount=1, reason=words[5])
        self.call("card_issue", member=member)
        self.call("card_block", card=person.loy_main_card_id.number, reason=words[5])
        other = self.call("member_register", first_name=words[0], email="zyx2@qwertz.example")["member"]
        self.call("member_merge", member=other, into=member, reason=words[5])
        self.call("pool_create", owner=self.member, members=[member])
        self.was_owner(member)
        self.call("purchase_confirm", purchase="X-4", **self.basket(member={"phone": words[2]}))
        self.call("purchase_hold", purchase="X-5", **self.basket(member={"phone": words[2]}))
        self.call("purchase_cancel", purchase="X-5")
        self.call("purchase_return", **{"purchase": "X-4", "return": "X-4R"}, lines=[{"id": "2", "quantity": 1}])
        person.activity_schedule("mail.mail_activity_data_todo", summary=f"{words[5]}: call {words[0]}")
        self.env["ir.attachment"].create(
            {"name": f"{words[5]}.txt", "raw": b"x", "res_model": "res.partner", "res_id": person.id}
        )
        self.call("member_find", phone=words[2])
        for contact in ("phone", "email"):
            self.call("contact_confirm_start", member=member, contact=contact)
        self.call("member_update", member=member, first_name=words[0])
        self.env["loy.privacy"]._export(person)
        self.call("member_erase", member=member, confirm=member, write_off=True)
        self.env.flush_all()
        found = {
            f"{table}.{column}"
            for table, column in self.env.execute_query(SQL(TEXTS))
            for word in [*words, "zyx2@qwertz.example"]
            if self.env.execute_query(
                SQL(
                    "SELECT 1 FROM %s WHERE %s::text ILIKE %s LIMIT 1",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    f"%{word}%",
                )
            )
        }
        self.assertEqual(found, set())

    def was_owner(self, member):
        """Of pools that were the member's two have another owner since, and two are closed."""
        pools, person = self.env["loy.pools"], self.env["res.partner"].browse(int(member))
        pool = self.env["loy.pool"].browse(int(self.call("pool_get", member=member)["pool"]))
        pools._set_owner(pool, person)
        pools._set_owner(pool, self.ann)
        self.call("pool_leave", pool=str(pool.id), member=member)
        for name in ({}, {"name": f"{person.name} and friends"}):
            own = self.call("pool_create", owner=member, **name)["pool"]
            self.call("pool_close", pool=own)
        heir = self.call("member_register", phone="+380671110088")["member"]
        own = self.env["loy.pool"].browse(int(self.call("pool_create", owner=member, members=[heir])["pool"]))
        pools._set_owner(own, own.member_ids - person)
        self.call("pool_leave", pool=str(own.id), member=member)
        self.call("pool_join", pool=str(pool.id), member=member)

    def test_erasure_is_refused_while_something_remains_or_is_reserved(self):
        self.refused("not_confirmed", "member_erase", member=self.member, confirm="1")
        self.give(30)
        self.refused("balance_remains", "member_erase", member=self.member, confirm=self.member)
        spend = [{"unit": "T_BONUS", "amount": 15}]
        self.call("purchase_hold", purchase="X-3", **self.basket(spend=spend))
        self.refused("account_held", "member_erase", member=self.member, confirm=self.member, write_off=True)

    def test_facts_let_only_personal_columns_be_blanked_and_only_by_an_erasure(self):
        self.env.flush_all()
        for statement in (
            "UPDATE loy_event SET data = NULL WHERE member_id = %s",
            "SELECT set_config('loy.erasure', 'on', true); UPDATE loy_event SET kind = 'x' WHERE member_id = %s",
        ):
            with self.assertRaisesRegex(Exception, "immutable_fact"), self.cr.savepoint():
                self.cr.execute(statement, [self.ann.id], log_exceptions=False)
