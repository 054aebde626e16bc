"""What promotions know of members, and of what they bought before."""

import json
from datetime import date, datetime, timedelta

from odoo import Command, fields
from odoo.addons.loyalty_core.engine import Basket, evaluate
from odoo.tests import tagged

from .api_common import ApiCase, ago

OFF = {"kind": "amount", "value": 1}


@tagged("post_install", "-at_install")
class TestMemberFacts(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].browse(int(cls.member))

    def offer(self, when, code="T_OFFER"):
        """An offer of one off, for a condition."""
        self.apply({"promotions": [self.promotion(code, OFF, when=when)]})

    def applies(self, when=None, code="T_OFFER", **values):
        """Whether the offer is given now, or at the moment named."""
        if when:
            self.offer(when, code)
        answer = self.call("purchase_calculate", **self.basket(**values))
        return any(one["code"] == code for line in answer["lines"] for one in line["promotions"])

    def buy(self, number, **values):
        return self.call("purchase_confirm", purchase=number, **self.basket(**values))

    def days(self):
        self.env["loy.member.day"].invalidate_model()
        return [
            (one.day.isoformat(), one.store_id.code, one.purchase_count, one.base, one.amount)
            for one in self.env["loy.member.day"].search([("member_id", "=", int(self.member))], order="day, id")
        ]

    # ------------------------------------------------------------------ the profile

    def test_tags_are_those_of_the_contact_in_every_language(self):
        tag = self.env["res.partner.category"].create({"name": "VIP"})
        when = {"kind": "tag", "in": ["VIP"]}
        self.assertFalse(self.applies(when))
        self.partner.category_id = tag
        self.env["res.lang"]._activate_lang("uk_UA")
        tag.with_context(lang="uk_UA").name = "ВІП"
        self.integrator.lang = "uk_UA"
        self.assertTrue(self.applies())

    def test_clubs_of_brands_come_with_the_member(self):
        self.assertFalse(self.applies({"kind": "brand_member", "in": ["T_ACME"]}))
        profile = self.call("member_update", member=self.member, brands=["T_ACME"])
        self.assertEqual(profile["brands"], ["T_ACME"])
        self.assertTrue(self.applies())
        self.call("member_update", member=self.member, brands=[])
        self.assertFalse(self.applies())
        self.refused("brand_not_found", "member_update", member=self.member, brands=["T_NONE"])

    def test_the_birthday_is_by_the_clock_of_the_store(self):
        when = {"kind": "birthday"}
        self.assertFalse(self.applies(when))
        self.call("member_update", member=self.member, birth_date="1990-05-12")
        # In Kyiv it is the 12th already.
        self.assertTrue(self.applies(at="2026-05-11T22:30:00Z"))
        self.assertFalse(self.applies(at="2026-05-11T22:30:00Z", store="T_S2"))

    def test_attributes_are_own_ones_and_those_of_the_contact(self):
        self.call("member_update", member=self.member, attributes={"children": 2, "likes": ["tea"]}, sex="female")
        self.assertTrue(self.applies({"kind": "attribute", "name": "children", "op": "ge", "value": 2}))
        self.assertTrue(self.applies({"kind": "attribute", "name": "likes", "op": "in", "value": ["tea", "milk"]}))
        self.assertTrue(self.applies({"kind": "attribute", "name": "sex", "value": "female"}))
        self.assertFalse(self.applies({"kind": "attribute", "name": "sex", "value": "male"}))
        self.assertTrue(self.applies({"kind": "attribute", "name": "age", "op": "unknown"}))
        born = fields.Date.today() - timedelta(days=366 * 20)
        self.call("member_update", member=self.member, birth_date=born.isoformat())
        self.assertTrue(self.applies({"kind": "attribute", "name": "age", "op": "ge", "value": 20}))
        self.assertFalse(self.applies({"kind": "attribute", "name": "age", "op": "gt", "value": 20}))

    def test_what_is_on_file_has_been_since_it_was_said(self):
        seven = {"kind": "attribute", "name": "birth_date", "op": "known", "known_days": 7}
        self.call("member_update", member=self.member, birth_date="1990-05-12", at=ago(days=6))
        self.assertFalse(self.applies(seven))
        # Another value is on file as long as the first.
        self.partner.loy_birth_date = date(1991, 5, 12)
        self.assertEqual(list(self.partner.loy_known_since), ["birth_date"])
        self.call("member_update", member=self.member, attributes={"pet": "cat"}, at=ago(days=9))
        self.assertTrue(self.applies({**seven, "name": "pet"}))
        self.call("member_update", member=self.member, attributes={"pet": ""})
        self.call("member_update", member=self.member, attributes={"pet": "dog"})
        self.assertFalse(self.applies({**seven, "name": "pet"}))

    def test_what_a_new_member_says_is_on_file_since_the_registration(self):
        other = self.call(
            "member_register", email="bea@example.com", birth_date="1990-01-01", attributes={"a": 1}, at=ago(days=10)
        )["member"]
        day = (datetime.utcnow() - timedelta(days=10)).date().isoformat()
        partner = self.env["res.partner"].browse(int(other))
        self.assertEqual(partner.loy_known_since, {"birth_date": day, "a": day})
        self.assertTrue(
            self.applies({"kind": "since", "event": "registered", "days": 11}, member={"member": other})
        )
        self.assertFalse(
            self.applies({"kind": "since", "event": "registered", "days": 9}, member={"member": other})
        )

    def test_merged_members_are_known_since_the_first_of_them(self):
        other = self.call("member_register", email="bea@example.com", attributes={"a": 1}, at=ago(days=10))["member"]
        self.call("member_update", member=self.member, attributes={"a": 2})
        self.call("member_update", member=other, brands=["T_ACME"])
        self.call("member_merge", member=other, into=self.member)
        self.partner.invalidate_recordset()
        self.assertTrue(
            self.applies({"kind": "attribute", "name": "a", "op": "known", "known_days": 10})
        )
        self.assertEqual(self.partner.loy_brand_ids.code, "T_ACME")

    # ------------------------------------------------------------------ earlier purchases

    def test_each_purchase_counts_on_its_day_and_what_comes_back_does_not(self):
        self.buy("T-1", at="2026-03-02T10:00:00")
        self.buy("T-2", at="2026-03-02T12:00:00")
        self.buy("T-3", at="2026-03-05T12:00:00", store="T_S2")
        self.assertEqual(
            self.days(), [("2026-03-02", "T_S1", 2, 220.0, 202.0), ("2026-03-05", "T_S2", 1, 110.0, 101.0)]
        )
        self.call("purchase_return", purchase="T-1", return_="R-1", lines=[{"id": "2", "quantity": 1}])
        self.assertEqual(self.days()[0], ("2026-03-02", "T_S1", 2, 200.0, 182.0))
        self.call("purchase_return", purchase="T-1", return_="R-2", store="T_S2")
        self.assertEqual(self.days()[0], ("2026-03-02", "T_S1", 1, 110.0, 101.0))
        self.assert_books()

    def test_days_are_what_a_rebuild_gives(self):
        self.buy("T-1", at="2026-03-02T10:00:00")
        self.buy("T-2", at="2026-03-02T12:00:00")
        self.call("purchase_return", purchase="T-1", return_="R-1")
        days = self.days()
        self.env["loy.member.day"].search([]).invalidate_recordset()
        self.env.cr.execute("UPDATE loy_member_day SET amount = amount + 1")
        books = self.call("books_check")
        self.assertEqual({one["law"] for one in books["differences"]}, {"member_days_are_sums_of_purchases"})
        self.env["loy.member.facts"]._rebuild()
        self.assertEqual(self.days(), days)
        self.assert_books()

    def test_what_points_paid_for_is_not_bought_for_money(self):
        self.give(50)
        self.buy("T-1", spend=[{"unit": "T_BONUS", "amount": 10}])
        self.assertEqual(self.days()[0][3:], (110.0, 91.0))

    def test_a_survivor_of_a_merge_has_bought_what_both_have(self):
        other = self.call("member_register", email="bea@example.com")["member"]
        self.buy("T-1", at="2026-03-02T10:00:00")
        self.buy("T-2", at="2026-03-02T10:00:00", member={"member": other})
        self.buy("T-3", at="2026-03-03T10:00:00", member={"member": other})
        self.call("member_merge", member=other, into=self.member)
        self.assertEqual([one[2] for one in self.days()], [2, 1])
        self.call("purchase_return", purchase="T-2", return_="R-2")
        self.assertEqual([one[2] for one in self.days()], [1, 1])
        self.assert_books()

    def test_the_purchase_in_hand_is_not_one_before(self):
        self.offer({"kind": "purchase_number", "equals": 1})
        first = self.buy("T-1")
        self.assertEqual(first["totals"]["discount"], 10.0)
        self.assertFalse(self.applies())
        self.call("purchase_return", purchase="T-1", return_="R-1")
        self.assertTrue(self.applies())

    def test_amounts_of_a_period_in_some_stores(self):
        when = {"kind": "purchases_amount", "period": {"days": 10}, "min": 200}
        self.buy("T-1", at=ago(days=9))
        self.buy("T-2", at=ago(days=2), store="T_S2")
        self.assertTrue(self.applies(when))
        self.assertFalse(self.applies({**when, "period": {"days": 9}}))
        self.assertFalse(self.applies({**when, "place": {"network": "T_N1"}}))
        self.assertTrue(self.applies({**when, "place": {"network": "T_N1"}, "min": 101}))
        self.assertFalse(self.applies({**when, "min": 203}))
        self.assertTrue(self.applies({**when, "min": 303, "include_current": True}, spend=[]))
        self.assertFalse(self.applies({**when, "min": 303.01, "include_current": True}))

    def test_products_bought_before(self):
        self.buy("T-1")
        self.buy("T-2", lines=[{"id": "1", "sku": "T-1002", "quantity": 3}])
        target = {"category": ["T_DRINKS"]}
        self.assertTrue(self.applies({"kind": "purchases_count", "target": target, "min": 1, "max": 1}))
        self.assertTrue(self.applies({"kind": "purchases_quantity", "target": target, "min": 2, "max": 2}))
        self.assertTrue(self.applies({"kind": "purchases_quantity", "min": 6, "max": 6}))
        # Two espressos at 45 less 10 %.
        self.assertTrue(self.applies({"kind": "purchases_amount", "target": target, "min": 81, "max": 81}))
        self.call("purchase_return", purchase="T-1", return_="R-1", lines=[{"id": "1", "quantity": 1}])
        self.assertTrue(self.applies({"kind": "purchases_amount", "target": target, "min": 40.5, "max": 40.5}))
        self.call("purchase_return", purchase="T-1", return_="R-2")
        self.assertTrue(self.applies({"kind": "purchases_count", "target": target, "max": 0}))

    def test_validity_runs_from_the_first_use(self):
        when = {"kind": "since", "event": "first_use", "days": 7}
        self.assertTrue(self.applies(when))
        self.buy("T-1", at=ago(days=6))
        self.assertTrue(self.applies())
        self.call("purchase_return", purchase="T-1", return_="R-1")
        self.buy("T-2", at=ago(days=7))
        self.assertFalse(self.applies())

    def test_validity_runs_from_a_sum(self):
        when = {"kind": "since", "event": "amount_reached", "amount": 200, "days": 5}
        self.buy("T-1", at=ago(days=8))
        self.assertFalse(self.applies(when))
        self.buy("T-2", at=ago(days=4))
        self.assertTrue(self.applies())
        self.assertFalse(self.applies({**when, "days": 4}))

    # ------------------------------------------------------------------ what is kept

    def test_what_was_known_is_kept_with_the_purchase_and_gives_the_same_answer(self):
        self.call("member_update", member=self.member, birth_date="1990-05-12", attributes={"n": 1.5})
        conditions = [
            {"kind": "purchases_count", "min": 1},
            {"kind": "purchases_amount", "target": {"price": {"min": 1}}, "min": 1},
            {"kind": "attribute", "name": "n", "op": "lt", "value": 2},
            {"kind": "attribute", "name": "birth_date", "op": "known"},
        ]
        self.offer({"all": conditions})
        self.buy("T-1")
        answer = self.buy("T-2")
        purchase = self.purchase_of("T-2")
        self.assertEqual(set(purchase.basket["member"]["attributes"]), {"n", "birth_date"})
        compiled = self.env["loy.programme"]._at(purchase.company_id, purchase.purchased_at, purchase.programme_number)
        again = evaluate(compiled.programme, Basket.from_document(purchase.basket)).to_document()
        self.assertEqual(json.loads(json.dumps(again["lines"])), answer["lines"])
        self.assertEqual(answer["totals"]["discount"], 10.0)

    def test_nothing_is_asked_that_no_promotion_needs(self):
        self.buy("T-1")
        self.assertEqual(set(self.purchase_of("T-1").basket["member"]), {"id", "card_type"})

    def test_a_figure_costs_one_query_however_much_was_bought(self):
        self.offer({"all": [{"kind": "purchases_count", "min": 1}, {"kind": "purchases_amount", "min": 1}]})
        lines = [{"kind": "purchases_quantity", "target": {"sku": [sku]}, "min": 1} for sku in ("T-1001", "T-1002")]
        self.call("purchase_calculate", **self.basket())
        with self.counted() as few:
            self.call("purchase_calculate", **self.basket())
        for number in range(10):
            self.buy(f"T-{number}", at=ago(days=number))
        self.call("purchase_calculate", **self.basket())
        with self.counted() as many:
            self.call("purchase_calculate", **self.basket())
        self.assertEqual(few, many)
        self.offer({"all": lines}, code="T_LINES")
        self.call("purchase_calculate", **self.basket())
        with self.counted() as more:
            self.call("purchase_calculate", **self.basket())
        self.assertLessEqual(more[0] - many[0], 3)

    def counted(self):
        return _Counted(self.env.cr)

    def test_an_erased_person_is_not_in_kept_baskets(self):
        self.partner.category_id = [Command.create({"name": "Secret tag"})]
        self.call("member_update", member=self.member, birth_date="1990-05-12", attributes={"disease": "secret"})
        self.offer(
            {
                "any": [
                    {"kind": "attribute", "name": "disease", "op": "known"},
                    {"kind": "birthday"},
                    {"kind": "tag", "in": ["X"]},
                    {"kind": "since", "event": "registered", "days": 1},
                ]
            }
        )
        self.buy("T-1")
        self.assertIn("secret", json.dumps(self.purchase_of("T-1").basket))
        self.call("member_erase", member=self.member, confirm=self.member, write_off=True)
        basket = json.dumps(self.purchase_of("T-1").basket)
        for told in ("secret", "1990", "Secret tag", "registered_on"):
            self.assertNotIn(told, basket)
        self.assert_books()


class _Counted(list):
    """The number of queries of a block, as its only item."""

    def __init__(self, cr):
        super().__init__()
        self.cr = cr

    def __enter__(self):
        self.before = self.cr.sql_log_count
        return self

    def __exit__(self, *_):
        self.append(self.cr.sql_log_count - self.before)
