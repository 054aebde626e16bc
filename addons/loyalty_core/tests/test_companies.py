"""Several companies, currencies and time zones on one database, one base of members."""

from datetime import date, datetime

from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .api_common import BEGINNING, ApiCase

DAY_IN_MARCH = {
    "code": "C_MARCH1",
    "state": "active",
    "from": "2026-03-01",
    "to": "2026-03-01",
    "group": "c_all",
    "rewards": [{"kind": "percent", "value": 20}],
}


def programme(unit, zone, stores):
    """Ten per cent in miles, one in points of the company's own; both may pay all of a receipt."""
    return {
        "settings": {"timezone": zone, "backdate_days": 10_000, "forward_days": 1, "guess_misses": 0},
        "units": [{"code": unit, "decimals": 0}],
        "groups": [{"code": "c_all"}],
        "stores": [{"code": code, "timezone": timezone} for code, timezone in stores.items()],
        "promotions": [
            DAY_IN_MARCH,
            {
                "code": "C_EARN",
                "state": "active",
                "group": "c_all",
                "rewards": [
                    {"kind": "points", "unit": "C_MILES", "percent": 10, "on": "base"},
                    {"kind": "points", "unit": unit, "percent": 1, "on": "base"},
                    {"kind": "spend", "unit": "C_MILES"},
                    {"kind": "spend", "unit": unit},
                ],
            },
        ],
    }


@tagged("post_install", "-at_install")
class TestCompanies(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        currencies = [cls.env.ref("base.UAH"), cls.env.ref("base.EUR")]
        cls.env["res.currency"].concat(*currencies).active = True
        cls.companies = [
            cls.env["res.company"].create({"name": f"Chain in {one.name}", "currency_id": one.id}) for one in currencies
        ]
        # One mile is worth 0.50 hryvnias or one cent: as many miles for a hundred hryvnias as for two euros.
        cls.miles = (
            cls.env["loy.unit"]
            .with_company(cls.companies[0])
            .create(
                {
                    "code": "C_MILES",
                    "name": "Miles",
                    "rate": 0.5,
                    "company_id": False,
                    "valid_from_at": "2020-01-01",
                    "rate_ids": [(0, 0, {"currency_id": currencies[1].id, "rate": 0.01})],
                }
            )
        )
        cls.ukraine, cls.europe = [
            cls.env["loy.api"].with_user(
                cls.new_integrator(f"t_company{one.id}", company_id=one.id, company_ids=[(6, 0, one.ids)])
            )
            for one in cls.companies
        ]
        ids = [one.id for one in cls.companies]
        hub = cls.new_integrator("t_hub", company_id=ids[0], company_ids=[(6, 0, ids)])
        cls.hub = cls.env["loy.api"].with_user(hub)
        for api, unit, zone, stores in (
            (cls.ukraine, "C_UA", "Europe/Kyiv", {"C_KYIV": "Europe/Kyiv", "C_NY": "America/New_York"}),
            (cls.europe, "C_EU", "Europe/Berlin", {"C_BERLIN": "Europe/Berlin", "C_TOKYO": "Asia/Tokyo"}),
        ):
            cls.call("programme_apply", api=api, programme=programme(unit, zone, stores), at=BEGINNING)
        cls.member = cls.call("member_register", api=cls.ukraine, email="traveller@example.com")["member"]

    def sale(self, store, price, **values):
        lines = [{"id": "1", "sku": "ANY", "quantity": 1, "price": price}]
        return {"store": store, "member": {"member": self.member}, "lines": lines, **values}

    def buy(self, api, number, store, price, **values):
        return self.call("purchase_confirm", api=api, purchase=number, **self.sale(store, price, **values))

    def miles_of(self, api):
        balances = self.call("account_balance", api=api, member=self.member)["balances"]
        return {one["unit"]: one["available"] for one in balances}

    def spend(self, unit, amount):
        return [{"unit": unit, "amount": amount}]

    # ------------------------------------------------------------------ money

    def test_a_unit_of_all_companies_is_earned_and_spent_at_its_worth_in_each_currency(self):
        self.buy(self.ukraine, "C-1", "C_KYIV", 1000)
        self.buy(self.europe, "C-1", "C_BERLIN", 20)
        self.assertEqual(self.miles_of(self.hub), {"C_MILES": 400, "C_UA": 10})

    def test_a_point_earned_in_one_currency_pays_no_more_in_another(self):
        self.buy(self.ukraine, "C-1", "C_KYIV", 1000)
        for api, store, worth in ((self.ukraine, "C_KYIV", 50), (self.europe, "C_BERLIN", 1)):
            answer = self.call("purchase_calculate", api=api, **self.sale(store, 90, spend=self.spend("C_MILES", 100)))
            self.assertEqual(answer["totals"]["spent"], worth)

    def test_where_nobody_said_what_a_unit_is_worth_it_is_neither_earned_nor_spent(self):
        self.buy(self.ukraine, "C-1", "C_KYIV", 1000)
        yen = self.env.ref("base.JPY")
        self.companies[1].currency_id = yen
        request = self.sale("C_TOKYO", 20)
        with self.assertLogs("odoo.addons.loyalty_core.services.programme", "ERROR") as logs:
            answer = self.call("purchase_confirm", api=self.europe, purchase="C-2", **request)
        self.assertIn("names C_MILES, which is not among units", logs.output[0])
        self.assertEqual(answer["earned"], [])
        with self.assertRaisesRegex(ApiError, "^unit_not_found"):
            self.call("purchase_calculate", api=self.europe, **request, spend=self.spend("C_MILES", 1))
        self.assertEqual(self.miles_of(self.hub)["C_MILES"], 200)

    def test_the_worth_of_an_earlier_time_stays_that_of_its_receipts(self):
        before = self.call("purchase_calculate", api=self.europe, **self.sale("C_BERLIN", 20))["earned"]
        self.miles.write({"rates": {"EUR": 0.02}, "valid_from_at": "2026-06-01"})
        for at, earned in (("2026-05-31T12:00:00", before[0]["amount"]), ("2026-06-02T12:00:00", 100)):
            answer = self.call("purchase_calculate", api=self.europe, **self.sale("C_BERLIN", 20, at=at))
            self.assertEqual(answer["earned"][0]["amount"], earned)

    def test_the_document_tells_currency_and_rates_and_changes_nothing_when_applied(self):
        export = self.call("programme_export", api=self.europe)["programme"]
        (told,) = [one for one in export["units"] if one["code"] == "C_MILES"]
        self.assertEqual((told["rate"], told["currency"], told["rates"]), (0.5, "UAH", {"EUR": 0.01}))
        counts = self.call("programme_apply", api=self.europe, programme={"units": export["units"]})["sections"]
        self.assertEqual(counts["units"], {"unchanged": len(export["units"])})
        told["rates"] = {"XXQ": 1}
        with self.assertRaisesRegex(ApiError, "no active currency XXQ"):
            self.call("programme_apply", api=self.europe, programme={"units": [told]})

    def test_a_unit_of_one_company_pays_in_no_other(self):
        self.buy(self.ukraine, "C-1", "C_KYIV", 1000)
        with self.assertRaisesRegex(ApiError, "^unit_not_found"):
            self.buy(self.europe, "C-2", "C_BERLIN", 20, spend=self.spend("C_UA", 1))
        self.assertEqual(self.miles_of(self.europe), {"C_MILES": 200})
        self.assertEqual(self.miles_of(self.ukraine), {"C_MILES": 200, "C_UA": 10})

    def test_the_books_of_each_company_are_its_own_and_balance(self):
        self.buy(self.ukraine, "C-1", "C_KYIV", 1000)
        self.buy(self.europe, "C-1", "C_BERLIN", 20, spend=self.spend("C_MILES", 100))
        self.call("purchase_return", api=self.hub, purchase="C-1", return_="C-R", store="C_BERLIN")
        analysts = [
            new_test_user(
                self.env,
                f"t_analyst{one.id}",
                groups="loyalty_core.group_analyst",
                company_id=one.id,
                company_ids=[(6, 0, one.ids)],
            )
            for one in self.companies
        ]
        for analyst, company in zip(analysts, self.companies, strict=True):
            for model in ("loy.purchase", "loy.transaction", "loy.entry", "loy.lot"):
                found = self.env[model].with_user(analyst).search([])
                self.assertEqual(found.sudo().company_id, company, model)
        self.assertEqual(self.miles_of(self.hub)["C_MILES"], 200)
        self.assert_books()

    # ------------------------------------------------------------------ time

    def test_a_day_of_the_programme_is_the_day_of_the_store(self):
        """An instant is March in Tokyo and February in Berlin; another is March in Kyiv and February in New York."""
        for api, instant, discounts in (
            (self.europe, "2026-02-28T16:30:00Z", {"C_TOKYO": 20, "C_BERLIN": 0}),
            (self.ukraine, "2026-02-28T22:30:00Z", {"C_KYIV": 20, "C_NY": 0}),
            (self.ukraine, "2026-03-02T04:30:00Z", {"C_KYIV": 0, "C_NY": 20}),
        ):
            for store, discount in discounts.items():
                answer = self.call("purchase_calculate", api=api, **self.sale(store, 100, at=instant))
                self.assertEqual(answer["totals"]["discount"], discount, (store, instant))

    def test_a_receipt_keeps_the_clock_on_its_own_wall(self):
        self.buy(self.europe, "C-1", "C_TOKYO", 20, at="2026-03-01T00:30:00")
        purchase = self.purchase_of("C-1")
        self.assertEqual(purchase.purchased_at, datetime(2026, 2, 28, 15, 30))
        self.assertEqual(purchase.purchased_on, date(2026, 3, 1))
        self.assertEqual(self.call("purchase_get", api=self.europe, purchase="C-1")["at"], "2026-03-01T00:30:00")

    def test_a_day_of_transfers_is_that_of_the_programme_in_hand(self):
        self.miles.write({"is_transferable": True, "transfer_day_max": 60, "valid_from_at": "2020-01-01"})
        other = self.call("member_register", api=self.ukraine, email="friend@example.com")["member"]
        self.buy(self.ukraine, "C-1", "C_KYIV", 1000, at="2026-02-01T12:00:00")
        give = {"member": self.member, "to": other, "unit": "C_MILES", "amount": 50}
        self.call("account_transfer", api=self.ukraine, at="2026-03-01T20:00:00Z", **give)
        # 22:30 of the same day in Kyiv, and half past midnight of the next.
        with self.assertRaisesRegex(UserError, "^transfer_limit"):
            self.call("account_transfer", api=self.ukraine, at="2026-03-01T20:30:00Z", **give)
        self.call("account_transfer", api=self.ukraine, at="2026-03-01T22:30:00Z", **give)

    def test_receipts_are_numbered_by_each_company_and_rules_are_its_own(self):
        self.call(
            "programme_apply",
            api=self.europe,
            programme={"settings": {"timezone": "Europe/Berlin", "hold_minutes": 5, "backdate_days": 10_000}},
        )
        held = {}
        for api, store in ((self.ukraine, "C_KYIV"), (self.europe, "C_BERLIN")):
            held[store] = self.call("purchase_hold", api=api, purchase="C-SAME", **self.sale(store, 10))
        self.assertNotEqual(held["C_KYIV"]["hold"], held["C_BERLIN"]["hold"])
        purchases = self.env["loy.purchase"].search([("number", "=", "C-SAME")])
        minutes = {
            one.company_id: round((one.held_until_at - self.env.cr.now()).total_seconds() / 60) for one in purchases
        }
        self.assertEqual(minutes, {self.companies[0]: 30, self.companies[1]: 5})
