"""What a cabinet outside Odoo is told of a member's purchases."""

from datetime import datetime, timedelta

from odoo.addons.loyalty_core.services.api import PURCHASES_PAGE
from odoo.tests import tagged

from ..sql import purchases as sql
from ..sql.insert import insert_rows
from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestMemberPurchases(ApiCase):
    def confirm(self, number, **values):
        return self.call("purchase_confirm", purchase=number, **self.basket(**values))

    def told(self, api=None, member=None, **request):
        return self.call("member_purchases", api=api, member=member or self.member, **request)

    def numbers(self, **request):
        return [one["purchase"] for one in self.told(**request)["purchases"]]

    def many(self, *numbers):
        """Purchases of the member, a minute each after the other, with two lines."""
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        common = {
            "kind": "sale", "state": "confirmed", "company_id": store.company_id.id, "store_id": store.id,
            "member_id": int(self.member),
        }  # fmt: skip
        begin = datetime(2026, 5, 1, 10)
        rows = [{**common, "number": f"M-{n}", "purchased_at": begin + timedelta(minutes=n)} for n in numbers]
        made = insert_rows(self.env["loy.purchase"], rows)
        lines = [
            {"purchase_id": purchase_id, "line_ref": ref, "sku": "T-1001", "quantity": 1}
            for purchase_id in made
            for ref in "12"
        ]
        insert_rows(self.env["loy.purchase.line"], lines)

    def test_a_purchase_and_what_came_back_of_it(self):
        self.give(20, at="2026-04-01T12:00:00Z")
        self.confirm(
            "L-1", at="2026-05-01T12:00:00", register="R1", spend=[{"unit": "T_BONUS", "amount": 20}],
            lines=[
                {"id": "a", "sku": "T-1001", "quantity": 2, "price": 45.00},
                {"id": "b", "sku": "T-UNKNOWN", "quantity": 0.5, "price": 40.00},
            ],
        )  # fmt: skip
        answer = self.call(
            "purchase_return", purchase="L-1", return_="L-1R", lines=[{"id": "b", "quantity": 0.5}],
            at="2026-05-02T12:00:00", store="T_S2",
        )  # fmt: skip
        currency = self.env.company.currency_id.name
        back, sold = self.told()["purchases"]
        sums = {name: sold.pop(name) for name in ("base", "discount", "spent", "certificates", "to_pay")}
        self.assertEqual(sums, {"base": 110.0, "discount": 9.0, "spent": 20.0, "certificates": 0.0, "to_pay": 81.0})
        lines = sold.pop("lines")
        self.assertEqual(
            sold,
            {
                "purchase": "L-1", "kind": "sale", "state": "confirmed", "at": "2026-05-01T12:00:00+03:00",
                "store": "T_S1", "register": "R1", "channel": "pos", "currency": currency,
                "earned": [{"unit": "T_BONUS", "amount": 4.0}], "returns": ["L-1R"],
            },
        )  # fmt: skip
        self.assertEqual(
            [(one["id"], one["sku"], one.get("name"), one["quantity"], one["price"]) for one in lines],
            [("a", "T-1001", "Espresso", 2.0, 45.0), ("b", "T-UNKNOWN", None, 0.5, 40.0)],
        )
        for name in ("base", "discount", "spent"):
            self.assertAlmostEqual(sum(line[name] for line in lines), sums[name])
        self.assertAlmostEqual(sum(line["amount"] for line in lines), sums["to_pay"])
        self.assertEqual(
            (back["kind"], back["of"], back["store"], back["at"]),
            ("return", "L-1", "T_S2", "2026-05-02T12:00:00-04:00"),
        )
        self.assertLess(back["to_pay"], 0)
        self.assertEqual([(one["id"], one["quantity"]) for one in back["lines"]], [("b", -0.5)])
        self.assertEqual(back["earned"], [{**one, "amount": -one["amount"]} for one in answer["taken_back"]])
        self.assertTrue(back["earned"])

    def test_what_is_held_has_earned_nothing_yet(self):
        self.call("purchase_hold", purchase="L-2", **self.basket())
        (held,) = self.told()["purchases"]
        self.assertEqual((held["state"], held["to_pay"], held["lines"], held["earned"]), ("held", 101.0, [], []))
        self.call("purchase_confirm", purchase="L-2")
        (sold,) = self.told()["purchases"]
        self.assertEqual((len(sold["lines"]), sold["earned"]), (2, [{"unit": "T_BONUS", "amount": 5.0}]))
        self.call("purchase_hold", purchase="L-3", **self.basket())
        self.call("purchase_cancel", purchase="L-3")
        self.assertEqual(self.told()["purchases"][0]["state"], "cancelled")

    def test_pages_follow_each_other_without_gap_or_repeat(self):
        self.many(*range(2 * PURCHASES_PAGE + 1))
        pages = [self.told(page=page) for page in (1, 2, 3, 4)]
        self.assertEqual([len(page["purchases"]) for page in pages], [PURCHASES_PAGE, PURCHASES_PAGE, 1, 0])
        self.assertEqual([page["more"] for page in pages], [True, True, False, False])
        numbers = [one["purchase"] for page in pages for one in page["purchases"]]
        self.assertEqual(numbers, [f"M-{n}" for n in reversed(range(2 * PURCHASES_PAGE + 1))])

    def test_a_page_that_is_just_full_is_the_last(self):
        self.many(*range(PURCHASES_PAGE))
        page = self.told()
        self.assertEqual((len(page["purchases"]), page["more"]), (PURCHASES_PAGE, False))

    def test_any_number_of_purchases_costs_the_same_queries(self):
        member = self.env["res.partner"].browse(int(self.member))
        reading = self.env["loy.purchases"].with_user(self.integrator).sudo()
        reading._of_member(member, None, None, 0, PURCHASES_PAGE)
        for made, count in ((range(1), 1), (range(1, PURCHASES_PAGE), PURCHASES_PAGE)):
            self.many(*made)
            with self.subTest(count=count), self.assertQueryCount(4):
                self.assertEqual(len(reading._of_member(member, None, None, 0, PURCHASES_PAGE)), count)

    def test_bounds_of_time(self):
        self.many(0, 1, 2)
        self.assertEqual(self.numbers(from_="2026-05-01T10:01:00Z"), ["M-2", "M-1"])
        self.assertEqual(self.numbers(to="2026-05-01T10:01:00"), ["M-0"], "without an offset it is UTC")
        self.assertEqual(self.numbers(from_="2026-05-01T13:01:00+03:00", to="2026-05-01T10:02:00Z"), ["M-1"])
        self.assertEqual(self.numbers(from_="2026-05-02T10:00:00", to="2026-05-01T10:00:00"), [])

    def test_bad_requests_and_strangers(self):
        self.refused("member_not_found", "member_purchases", member="999999999")
        for request in ({}, {"member": self.member, "page": 0}, {"member": self.member, "from": "yesterday"}):
            self.refused("bad_request", "member_purchases", **request)

    def test_whoever_works_for_stores_sees_theirs_only(self):
        self.confirm("L-4")
        self.confirm("L-5", store="T_S2")
        first, second = (self.env["loy.store"].search([("code", "=", code)]) for code in ("T_S1", "T_S2"))
        self.assertEqual(set(self.numbers()), {"L-4", "L-5"})
        self.integrator.loy_store_ids = first
        self.assertEqual(self.numbers(), ["L-4"])
        second.partner_id = self.env["loy.partner"].create({"code": "T_LP", "name": "Partner"})
        self.integrator.write({"loy_store_ids": False, "loy_partner_ids": [(6, 0, second.partner_id.ids)]})
        self.assertEqual(self.numbers(), ["L-5"])
        self.integrator.loy_partner_ids = self.env["loy.partner"].create({"code": "T_LP0", "name": "No stores"})
        self.assertEqual(self.numbers(), [])

    def test_purchases_of_other_companies_are_theirs(self):
        self.confirm("L-6")
        company = self.env["res.company"].create({"name": "Other"})
        other = self.new_integrator("t_list_other", company_id=company.id, company_ids=[(6, 0, company.ids)])
        self.assertEqual(self.told(api=self.env["loy.api"].with_user(other))["purchases"], [])
        self.assertEqual(self.numbers(), ["L-6"])

    def test_members_who_became_one_have_one_list(self):
        former = self.call("member_register", phone="+380671110003")["member"]
        self.confirm("L-7", member={"member": former}, at="2026-05-01T12:00:00")
        self.confirm("L-8", at="2026-05-02T12:00:00")
        self.assertEqual(self.numbers(), ["L-8"])
        self.call("member_merge", member=former, into=self.member)
        for member in (self.member, former):
            self.assertEqual(self.numbers(member=member), ["L-8", "L-7"])

    def test_the_index_by_member_finds_them(self):
        """However many others have bought."""
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO loy_purchase (number, kind, state, company_id, purchased_at, member_id) "
            "SELECT 'I-' || n, 'sale', 'confirmed', %s, '2026-05-01'::timestamp + n * interval '1 minute', "
            "CASE WHEN n %% 50 = 0 THEN %s END FROM generate_series(1, 5000) AS n",
            [self.env.company.id, int(self.member)],
        )
        self.env.cr.execute("ANALYZE loy_purchase")
        query = sql.page(int(self.member), self.env.companies.ids, [], None, None, 0, 81)
        self.env.cr.execute(f"EXPLAIN {query.code}", query.params)
        plan = "\n".join(line for (line,) in self.env.cr.fetchall())
        self.assertIn("loy_purchase_by_member", plan)
