"""Members of another system come in whole, or not at all."""

from odoo.tests import tagged

from .api_common import BEGINNING, ApiCase


@tagged("post_install", "-at_install")
class TestMemberImport(ApiCase):
    def import_(self, *members, **request):
        return self.call("members_import", members=list(members), **request)

    def partners(self, answer):
        return self.env["res.partner"].browse(int(one["member"]) for one in answer["members"])

    def test_a_member_comes_with_all_that_it_has(self):
        answer = self.import_(
            {
                "phone": "067 111 00 77",
                "email": "Kim@Example.com",
                "external_id": "K-1",
                "first_name": "Kim",
                "last_name": "Fox",
                "birth_date": "1990-05-12",
                "sex": "female",
                "attributes": {"pet": "cat"},
                "brands": ["T_ACME"],
                "store": "T_S1",
                "registered": "2021-05-01T12:00:00",
                "cards": [{"number": "2900000111100", "issued_on": "2021-06-01"}, {"number": "2900000111117"}],
                "lots": [
                    {"unit": "T_BONUS", "amount": 30, "active_from": "2024-12-24T10:00:00Z"},
                    {"unit": "T_BONUS", "amount": 5, "expires_at": "2100-01-01T00:00:00Z"},
                    {"unit": "T_MILES", "amount": 2.55},
                ],
                "totals": [
                    {"from": "2023-01-01", "to": "2023-12-31", "amount": 100.5, "count": 3},
                    {"to": "2024-12-31", "amount": 50, "count": 1, "store": "T_S1"},
                ],
            },
            {"email": "lu@example.com"},
            at=BEGINNING,
        )
        kim, lu = self.partners(answer)
        self.assertEqual(answer["created"], 2)
        self.assertEqual(answer["members"][0]["card"], "2900000111100")
        self.assertEqual((kim.name, kim.loy_phone, kim.loy_email), ("Kim Fox", "+380671110077", "kim@example.com"))
        self.assertEqual(kim.loy_registered_at.isoformat(), "2021-05-01T09:00:00")
        self.assertEqual(kim.loy_known_since, {"birth_date": "2021-05-01", "sex": "2021-05-01", "pet": "2021-05-01"})
        self.assertEqual(
            [(card.number, card.issued_at.isoformat(), card.is_main) for card in kim.loy_card_ids.sorted("number")],
            [("2900000111100", "2021-06-01T00:00:00", True), ("2900000111117", "2021-05-01T09:00:00", False)],
        )
        self.assertEqual(self.balance(member=str(kim.id))["available"], 35)
        self.assertEqual(self.balance("T_MILES", member=str(kim.id))["available"], 2.55)
        days = self.env["loy.member.day"].search([("member_id", "=", kim.id)], order="day")
        self.assertEqual(
            [(one.is_opening, one.store_id.code, one.purchase_count, one.amount) for one in days],
            [(True, False, 3, 100.5), (True, "T_S1", 1, 50.0)],
        )
        self.assertEqual(len(lu.loy_card_ids), 1)
        self.assertEqual(answer["members"][1]["card"], lu.loy_card_ids.number)
        self.assert_books()

    def test_conditions_know_what_was_bought_in_the_system_before(self):
        answer = self.import_({"email": "kim@example.com", "totals": [{"to": "2024-12-31", "amount": 500, "count": 9}]})
        member = {"member": answer["members"][0]["member"]}
        when = {"all": [{"kind": "purchases_amount", "min": 500}, {"kind": "purchase_number", "equals": 10}]}
        self.apply({"promotions": [self.promotion("T_OLD", {"kind": "amount", "value": 1}, when=when)]})
        totals = self.call("purchase_calculate", **self.basket(member=member))["totals"]
        self.assertEqual(totals["discount"], 10.0)

    def test_nobody_is_welcomed_anew(self):
        member = self.partners(self.import_({"email": "kim@example.com"}))
        kinds = self.env["loy.event"].search([("member_id", "=", member.id)]).mapped("kind")
        self.assertEqual(sorted(kinds), ["card.issued", "member.imported"])

    def test_every_problem_is_told_and_nothing_is_done(self):
        text = self.refused(
            "bad_members",
            "members_import",
            members=[
                {"phone": "+380671110001"},
                {"phone": "12", "birth_date": "2190-01-01"},
                {"email": "kim@example.com", "cards": [{"number": "29-1"}, {"number": "29 1"}]},
                {"email": "KIM@example.com", "store": "NONE", "brands": ["NONE"]},
                {
                    "external_id": "K",
                    "cards": [{"number": self.call("member_find", member=self.member)["cards"][0]["number"]}],
                    "lots": [
                        {"unit": "NONE", "amount": 1},
                        {"unit": "T_BONUS", "amount": 1.5},
                        {"unit": "T_BONUS", "amount": 1, "expires_at": "2020-01-01T00:00:00"},
                    ],
                    "totals": [{"to": "2024-01-01", "amount": 1, "store": "NONE"}],
                },
            ],
        )
        for path in (
            f"members[0].phone: member {self.member} has +380671110001 already",
            "members[1]: bad_phone",
            "members[2].cards[0].number: 291 is named twice",
            "members[2].email: kim@example.com is named twice",
            "members[3].store: there is no NONE",
            "members[3].brands[0]: there is no NONE",
            f"members[4].cards[0].number: member {self.member} has",
            "members[4].lots[0].unit: there is no NONE",
            "members[4].lots[1].amount: T_BONUS has 0 decimals",
            "members[4].lots[2].expires_at: these are gone",
            "members[4].totals[0].store: there is no NONE",
        ):
            self.assertIn(path, text)

    def test_a_dry_run_imports_nobody(self):
        before = self.state()
        answer = self.import_({"email": "kim@example.com"}, dry_run=True, key="dry")
        self.assertEqual(answer, {"created": 0, "members": []})
        self.assertEqual(set(self.changes(before)), {"loy_request"})

    def test_the_same_key_imports_once(self):
        one = {"email": "kim@example.com", "lots": [{"unit": "T_BONUS", "amount": 3}]}
        self.assertEqual(self.import_(one, key="once"), self.import_(one, key="once"))
        self.refused("bad_members", "members_import", members=[one])

    def test_a_card_in_stock_is_handed_out(self):
        card_type = self.env["loy.cards"]._default_type()
        (number,) = self.env["loy.cards"]._generate(card_type, 1)
        member = self.partners(self.import_({"cards": [{"number": number, "issued_on": "2022-02-02"}]}))
        self.assertEqual(member.name, number)
        self.assertEqual((member.loy_card_ids.number, member.loy_card_ids.state), (number, "active"))
        self.assertEqual(member.loy_card_ids.issued_at.date().isoformat(), "2022-02-02")

    def test_a_user_bound_to_stores_imports_for_these(self):
        self.integrator.loy_store_ids = self.env["loy.store"].search([("code", "=", "T_S1")])
        self.import_({"email": "kim@example.com", "store": "T_S1"})
        text = self.refused("bad_members", "members_import", members=[{"email": "lu@example.com", "store": "T_S2"}])
        self.assertIn("members[0].store", text)

    def test_ten_times_as_many_cost_hardly_more_statements_for_what_they_have(self):
        def members(prefix, count):
            return [
                {
                    "external_id": f"{prefix}{i}",
                    "lots": [{"unit": "T_BONUS", "amount": 3}, {"unit": "T_MILES", "amount": 3}],
                    "totals": [{"to": "2024-12-31", "amount": 5, "count": 1}],
                }
                for i in range(count)
            ]

        costs = []
        for prefix, count in (("W", 1), ("A", 10), ("B", 100)):
            before = self.env.cr.sql_log_count
            self.import_(*members(prefix, count))
            costs.append(self.env.cr.sql_log_count - before)
        a_member = (costs[2] - costs[1]) / 90
        self.assertLessEqual(a_member, 2, f"statements for each further member: {costs}")
