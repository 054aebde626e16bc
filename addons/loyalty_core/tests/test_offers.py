"""Personal offers: who was offered what by name gets it, however it was loaded."""

import base64
import csv
import io
from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .api_common import ApiCase

PERCENT = {"kind": "percent", "value": "offer"}


@tagged("post_install", "-at_install")
class TestOffers(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.call("member_register", phone="+380671110002", email="bea@example.com")["member"]
        offer = cls.promotion("T_OFFER", PERCENT, when={"kind": "personal_offer"})
        cls.apply({"promotions": [offer]})

    def load(self, *offers, **request):
        return self.call("offers_import", offers=[{"promotion": "T_OFFER", **one} for one in offers], **request)

    def discounts(self, **values):
        """Line → what the offer takes off."""
        answer = self.call("purchase_calculate", **self.basket(**values))
        return {
            line["id"]: one["discount"]
            for line in answer["lines"]
            for one in line["promotions"]
            if one["code"] == "T_OFFER"
        }

    def test_each_member_gets_what_it_was_offered(self):
        answer = self.load(
            {"member": self.member, "sku": "T-1002", "value": 25},
            {"phone": "067 111 00 02", "sku": "T-1002", "value": 50},
        )
        self.assertEqual(
            {name: answer[name] for name in ("created", "updated", "unchanged", "unknown", "faults")},
            {"created": 2, "updated": 0, "unchanged": 0, "unknown": 0, "faults": []},
        )
        self.assertEqual(self.discounts(), {"2": 5.0})
        self.assertEqual(self.discounts(member={"member": self.other}), {"2": 10.0})
        self.assertEqual(self.discounts(member=None), {})
        self.assertEqual(self.discounts(lines=[{"id": "1", "sku": "T-1001", "quantity": 1}]), {})

    def test_an_offer_without_a_product_is_for_all_that_the_promotion_is_for(self):
        self.load({"member": self.member, "value": 10}, {"member": self.member, "sku": "T-1002", "value": 50})
        self.assertEqual(self.discounts(), {"1": 9.0, "2": 10.0})

    def test_the_screen_names_the_product_and_those_that_are_over_go_in_time(self):
        today = fields.Date.today()
        for days, sku in ((400, "T-1001"), (10, "T-1002")):
            dates = {"from": str(today - timedelta(days=days + 1)), "to": str(today - timedelta(days=days))}
            self.load({"member": self.member, "sku": sku, "value": 5, **dates})
        self.load({"member": self.member, "sku": "T-ANY", "value": 5})
        names = {one.sku: one.product_name for one in self.env["loy.offer"].search([])}
        self.assertEqual(names["T-1001"], self.env["product.product"].search([("default_code", "=", "T-1001")]).name)
        retention = self.env.ref("loyalty_core.loy_retention_offer")
        self.assertEqual((retention.months, retention.due_count), (12, 1))
        self.env["loy.retentions"]._delete(retention)
        self.assertEqual(set(self.env["loy.offer"].search([]).mapped("sku")), {"T-1002", "T-ANY"})

    def test_an_offer_holds_from_its_first_day_to_its_last(self):
        self.load({"member": self.member, "sku": "T-1002", "value": 25, "from": "2026-03-02", "to": "2026-03-04"})
        days = {"2026-03-01T23:59:59": {}, "2026-03-02T00:00:00": {"2": 5.0}}
        days |= {"2026-03-04T23:59:59": {"2": 5.0}, "2026-03-05T00:00:00": {}}
        for at, expected in days.items():
            self.assertEqual(self.discounts(at=at), expected, at)
        # In Kyiv it is the 2nd already, in New York the 1st.
        self.assertEqual(self.discounts(at="2026-03-01T22:30:00Z"), {"2": 5.0})
        self.assertEqual(self.discounts(at="2026-03-01T22:30:00Z", store="T_S2"), {})

    def test_of_two_offers_of_a_product_the_one_that_began_last_counts(self):
        self.load(
            {"member": self.member, "sku": "T-1002", "value": 25, "from": "2026-03-01"},
            {"member": self.member, "sku": "T-1002", "value": 5, "from": "2026-03-10", "to": "2026-03-11"},
        )
        self.assertEqual(self.discounts(at="2026-03-10T12:00:00"), {"2": 1.0})
        self.assertEqual(self.discounts(at="2026-03-12T12:00:00"), {"2": 5.0})

    def test_a_load_that_comes_again_changes_what_has_changed(self):
        row = {"member": self.member, "sku": "T-1002", "value": 25, "from": "2026-03-01"}
        self.load(row, batch="may")
        again = self.load(row, {**row, "sku": "T-1001"}, batch="may")
        self.assertEqual((again["created"], again["updated"], again["unchanged"]), (1, 0, 1))
        changed = self.load({**row, "value": 50}, {**row, "value": 5}, batch="june")
        self.assertEqual((changed["created"], changed["updated"], changed["unchanged"]), (0, 1, 1))
        self.assertEqual(self.discounts(at="2026-03-10T12:00:00")["2"], 1.0)

    def test_who_is_not_found_is_told_and_left_out(self):
        card = self.call("member_find", member=self.other)["cards"][0]["number"]
        self.call("card_block", card=card)
        answer = self.load(
            {"phone": "+380999999999"},
            {"member": self.member, "from": "2026-03-02", "to": "2026-03-01"},
            {"phone": "no phone"},
            {"card": card},
            {"email": "bea@example.com"},
        )
        self.assertEqual(answer["created"], 1)
        self.assertEqual(
            answer["faults"],
            [
                {"offer": 0, "fault": "unknown"},
                {"offer": 1, "fault": "bad_period"},
                {"offer": 2, "fault": "bad_key"},
                {"offer": 3, "fault": "card_blocked"},
            ],
        )
        self.refused("promotion_not_found", "offers_import", offers=[{"member": self.member, "promotion": "NONE"}])

    def test_who_is_bound_to_stores_loads_for_their_members(self):
        self.integrator.loy_store_ids = self.env["loy.store"].search([("code", "=", "T_S1")])
        own = self.call("member_register", phone="+380671110003", store="T_S1")["member"]
        answer = self.load({"member": self.other, "value": 1}, {"member": own, "value": 1})
        self.assertEqual((answer["created"], answer["faults"]), (1, [{"offer": 0, "fault": "out_of_reach"}]))

    def test_a_member_is_told_what_holds_now(self):
        today = fields.Date.today()
        self.load(
            {"member": self.member, "sku": "T-1002", "value": 25, "from": "2026-03-01", "to": "2100-01-01"},
            {"member": self.member, "sku": "T-1001", "from": str(today + timedelta(days=3))},
            {"member": self.other, "value": 50},
        )
        self.assertEqual(
            self.call("member_offers", phone="+380671110001"),
            {
                "member": self.member,
                "offers": [
                    {
                        "promotion": "T_OFFER",
                        "name": "T_OFFER",
                        "sku": "T-1002",
                        "value": 25.0,
                        "from": "2026-03-01",
                        "to": "2100-01-01",
                    }
                ],
                "choices": [],
            },
        )
        self.assertEqual(self.call("member_offers", member=self.member, at="2026-02-01T10:00:00Z")["offers"], [])
        self.apply({"promotions": [{**self.promotion("T_OFFER", PERCENT), "state": "paused"}]}, at=None)
        self.assertEqual(self.call("member_offers", member=self.member)["offers"], [])

    def test_a_confirmed_purchase_keeps_the_offers_by_which_it_was_calculated(self):
        self.load({"member": self.member, "sku": "T-1002", "value": 25})
        self.call("purchase_hold", purchase="T-1", **self.basket())
        self.load({"member": self.member, "sku": "T-1002", "value": 50})
        answer = self.call("purchase_confirm", purchase="T-1")
        self.assertIn({"code": "T_OFFER", "discount": 5.0}, answer["lines"][1]["promotions"])
        self.call("purchase_return", purchase="T-1", return_="R-1")
        self.assert_books()

    def test_a_survivor_of_a_merge_has_the_offers_of_both(self):
        self.load(
            {"member": self.member, "sku": "T-1002", "value": 25},
            {"member": self.other, "sku": "T-1002", "value": 50},
            {"member": self.other, "sku": "T-1001", "value": 10},
        )
        self.call("member_merge", member=self.other, into=self.member)
        self.assertEqual(self.discounts(), {"1": 9.0, "2": 5.0})
        self.assertEqual(self.load({"member": self.other, "sku": "T-1002", "value": 25})["unchanged"], 1)

    def test_an_erasure_takes_the_offers_along(self):
        self.load({"member": self.other, "value": 25})
        self.call("member_erase", member=self.other, confirm=self.other)
        self.assertFalse(self.env["loy.offer"].search_count([("member_id", "=", int(self.other))]))

    def test_the_offers_of_a_basket_are_one_query(self):
        self.load(*({"member": self.member, "sku": f"T-{n}", "value": 1} for n in range(50)))
        self.discounts()
        self.apply({"promotions": [self.promotion("T_MORE", PERCENT)]})
        self.discounts()
        seen = []
        execute = type(self.env.cr).execute

        def spy(cr, query, *args, **kwargs):
            code = getattr(query, "code", query)
            seen.append(code) if "loy_offer" in str(code) else None
            return execute(cr, query, *args, **kwargs)

        self.patch(type(self.env.cr), "execute", spy)
        self.discounts()
        self.assertEqual(len(seen), 1)

    # ------------------------------------------------------------------ files

    def wizard(self, text, user=None, **values):
        """The wizard after a file with this text was loaded."""
        user = user or new_test_user(self.env, "t_marketer", groups="loyalty_core.group_marketer")
        wizard = self.env["loy.offer.wizard"].with_user(user).create(
            {"file": base64.b64encode(text.encode()), "file_name": "may.csv", **values}
        )
        wizard.action_loy_load()
        return wizard

    def test_a_file_is_loaded_and_its_faults_are_handed_back(self):
        promotion = self.env["loy.promotion"].search([("code", "=", "T_OFFER")])
        wizard = self.wizard(
            "Телефон;Товар;Знижка;З;До\n"
            "067 111 00 01;T-1002;25;02.03.2026;2026-03-04\n"
            "+380671110002;T-1002;;;\n"
            "+380671110009;T-1002;5;;\n"
            "+380671110001;T-1002;1,234;;\n"
            "+380671110001;T-1002;5;31.02.2026;\n"
            ";T-1002;5;;\n",
            promotion_id=promotion.id,
            value=50,
        )
        self.assertEqual((wizard.created_count, wizard.fault_count, wizard.state), (2, 4, "done"))
        self.assertEqual(self.discounts(at="2026-03-04T12:00:00"), {"2": 5.0})
        self.assertEqual(self.discounts(member={"member": self.other}), {"2": 10.0})
        faults = base64.b64decode(wizard.fault_file).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(faults), delimiter=";"))
        self.assertEqual(rows[0], ["Телефон", "Товар", "Знижка", "З", "До", "Fault", "Line"])
        self.assertEqual(
            [(row[0], row[5], row[6]) for row in rows[1:]],
            [
                ("'+380671110009", "No such member", "4"),
                ("'+380671110001", "The value is no number, is below zero, or can be read in two ways", "5"),
                ("'+380671110001", "A day is written like 2026-11-23 or 23.11.2026", "6"),
                ("", "Names nobody", "7"),
            ],
        )
        offers = self.env["loy.offer"].search([("batch", "=", "may.csv")])
        self.assertEqual(wizard.action_loy_open()["domain"], [("batch", "=", "may.csv")])
        self.assertEqual(len(offers), 2)

    def test_a_file_names_promotions_by_code(self):
        wizard = self.wizard(f"member,promotion,value\n{self.member},T_OFFER,10%\n{self.other},NONE,10\n")
        self.assertEqual((wizard.created_count, wizard.fault_count), (1, 1))
        self.assertEqual(self.discounts(), {"1": 9.0, "2": 2.0})

    def test_a_file_without_sense_is_refused(self):
        for text, code in (("a;b\n1;2\n", "file_head"), ("", "file_missing"), ("card\n", None)):
            with self.subTest(text=text):
                if code is None:
                    user = new_test_user(self.env, "t_marketer2", groups="loyalty_core.group_marketer")
                    self.assertEqual(self.wizard(text, user).created_count, 0)
                    continue
                user = new_test_user(self.env, f"t_m_{code}", groups="loyalty_core.group_marketer")
                with self.assertRaises(LoyaltyError) as caught:
                    self.wizard(text, user)
                self.assertEqual(caught.exception.code, code)

    def test_a_marketer_writes_single_offers_by_hand(self):
        user = new_test_user(self.env, "t_marketer", groups="loyalty_core.group_marketer")
        promotion = self.env["loy.promotion"].search([("code", "=", "T_OFFER")])
        offer = self.env["loy.offer"].with_user(user).create(
            {"member_id": int(self.member), "promotion_id": promotion.id, "sku": "T-1002", "value": 25}
        )
        self.assertEqual(self.discounts(), {"2": 5.0})
        offer.value = 50
        self.assertEqual(self.discounts(), {"2": 10.0})
        self.assertEqual(promotion.offer_count, 1)
        self.assertEqual(promotion.action_open_offers()["domain"], [("promotion_id", "=", promotion.id)])
        offer.unlink()
        self.assertEqual(self.discounts(), {})

    def test_whoever_may_not_load_offers_does_not(self):
        cashier = new_test_user(self.env, "t_cashier", groups="loyalty_core.group_cashier")
        with self.assertRaises(AccessError):
            self.wizard("member\n", cashier)
