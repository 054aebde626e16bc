"""What promotions did by their control groups: who is compared, with whom, on which days, and what is told of it."""

import random
import string
from datetime import date, datetime, timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..engine import compile_programme
from ..sql import effects as sql
from ..sql.insert import insert_rows
from .api_common import ApiCase

START = date(2026, 3, 10)


def promotion(code, percent):
    document = {
        "promotions": [
            {"code": code, "state": "active", "control_percent": percent, "rewards": [{"kind": "percent", "value": 10}]}
        ]
    }
    return compile_programme(document).promotion(code)


@tagged("post_install", "-at_install")
class TestControlInSql(TransactionCase):
    def test_the_database_draws_the_lots_of_the_engine(self):
        chance = random.Random(5)
        letters = string.ascii_uppercase + "-_ЖЇ%'\\"
        for percent in (0.0001, 1, 10, 33.3333, 50, 99.9999, 100):
            code = "".join(chance.choice(letters) for _ in range(chance.randrange(1, 30)))
            ids = [chance.randrange(1, 10**9) for _ in range(400)]
            one = promotion(code, percent)
            found = dict(
                self.env.execute_query(
                    SQL(
                        "SELECT id, %s FROM unnest(%s::int8[]) AS id",
                        sql.is_control(code, Decimal(str(percent)), SQL("id")),
                        ids,
                    )
                )
            )
            self.assertEqual(found, {member: one.is_control(str(member)) for member in ids}, (code, percent))


@tagged("post_install", "-at_install")
class TestEffects(ApiCase):
    """Days of members are written as purchases write them: what is tested is what is made of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.effects = cls.env["loy.effects"]
        cls.store = cls.env["loy.store"].search([("code", "=", "T_S1")])
        settings = cls.env["loy.settings"].search([("company_id", "=", cls.company.id)])
        settings.timezone = "Europe/Kyiv"
        now = patch.object(fields.Datetime, "now", lambda *args: datetime(2026, 3, 19, 12))
        now.start()
        cls.addClassCleanup(now.stop)

    def launch(self, code="T_TRIAL", percent=20, at="2026-03-10T00:00:00+02:00", **values):
        document = self.promotion(code, {"kind": "percent", "value": 10}, control_percent=percent, **values)
        self.apply({"promotions": [document]}, at=at)
        return self.env["loy.promotion"].search([("code", "=", code)])

    def members(self, count, registered="2025-01-01"):
        return insert_rows(
            self.env["res.partner"],
            [
                {"name": f"M{number}", "is_loyalty_member": True, "active": True, "loy_registered_at": registered,
                 "type": "contact"}
                for number in range(count)
            ],
        )  # fmt: skip

    def bought(self, rows):
        """Rows of (member, day, purchases, shelf amount, paid)."""
        insert_rows(
            self.env["loy.member.day"],
            [
                {"member_id": member, "company_id": self.company.id, "store_id": self.store.id, "day": day,
                 "is_opening": False, "purchase_count": count, "base": base, "amount": amount}
                for member, day, count, base, amount in rows
            ],
        )  # fmt: skip

    def measure(self, one, **values):
        return self.effects._measure(one, self.company, **values)

    def compared(self, one, **values):
        found = self.measure(one, **values)
        return found["main_count"] + found["control_count"]

    def gave(self, one, day=START):
        self.env["loy.promotion.day"].create(
            {"promotion_id": one.id, "company_id": self.company.id, "store_id": self.store.id, "day": day,
             "is_member": True, "receipt_count": 1, "amount": 5, "touched": 5, "discount": 1, "spent": 0, "points": 0}
        )  # fmt: skip

    def test_it_is_the_difference_of_the_means_of_the_groups(self):
        one = self.launch()
        members = self.members(400)
        self.bought((member, START - timedelta(days=30), 1, 10, 10) for member in members)
        lots = promotion("T_TRIAL", 20)
        control = [member for member in members if lots.is_control(str(member))]
        main = [member for member in members if member not in control]
        self.bought((member, START, 1, 120, 100 + member % 7) for member in main[::2])
        self.bought((member, START + timedelta(days=3), 2, 60, 60) for member in control[::3])
        found = self.measure(one)
        self.assertEqual((found["from_on"], found["to_on"]), (START, date(2026, 3, 19)))
        self.assertEqual((found["main_count"], found["control_count"]), (len(main), len(control)))
        self.assertEqual((found["main_buyers"], found["control_buyers"]), (len(main[::2]), len(control[::3])))
        paid = sum(100 + member % 7 for member in main[::2])
        self.assertAlmostEqual(found["main_amount"], paid / len(main))
        self.assertAlmostEqual(found["control_amount"], 60 * len(control[::3]) / len(control))
        self.assertAlmostEqual(found["control_receipts"], 2 * len(control[::3]) / len(control))
        self.assertAlmostEqual(found["main_discount"], (120 * len(main[::2]) - paid) / len(main))
        self.assertAlmostEqual(found["difference"], found["main_amount"] - found["control_amount"])
        self.assertAlmostEqual(found["extra_amount"], found["difference"] * len(main))
        self.assertAlmostEqual(found["extra_base"] - found["extra_discount"], found["extra_amount"])
        self.assertEqual(found["verdict"], "up")
        self.assertIn("rose by", self.effects._told(found))

    def test_who_is_compared_was_a_customer_before_or_came_meanwhile(self):
        one = self.launch()
        everybody = self.compared(one, population="all")
        early, late, new, _idle = self.members(4)
        self.members(1, "2026-03-12")
        self.assertEqual(self.compared(one, population="all"), everybody + 5)
        self.members(1, "2026-03-25")
        self.assertEqual(self.compared(one, population="all"), everybody + 5, "who comes later is not compared")
        self.bought([(early, date(2025, 11, 1), 1, 9, 9), (late, START - timedelta(days=90), 1, 9, 9)])
        self.bought([(new, START, 1, 9, 9)])  # only in the window: that may be what the promotion did
        before = self.env["loy.member.day"].search_count(
            [("company_id", "=", self.company.id), ("day", ">=", START - timedelta(days=90)), ("day", "<", START)]
        )
        self.assertEqual(before, 1)
        known = self.env["res.partner"].search_count(
            [("is_loyalty_member", "=", True), ("loy_registered_at", ">=", "2026-03-09 22:00:00"),
             ("loy_registered_at", "<", "2026-03-19 22:00:00")]
        )  # fmt: skip
        self.assertEqual(self.compared(one), 1 + known)
        # Whatever days of it are looked at: what they bought while it was at work may be what it did.
        self.assertEqual(self.compared(one, from_=date(2026, 3, 15)), 1 + known)
        self.assertEqual(self.measure(one, from_=date(2026, 3, 15))["began_on"], START)

    def test_only_days_with_one_and_the_same_group_are_compared(self):
        one = self.launch(percent=0, at="2026-02-01T00:00:00+02:00")
        self.assertIsNone(self.measure(one))
        self.launch(percent=10, at="2026-03-01T15:00:00+02:00")
        self.assertEqual(self.measure(one)["from_on"], date(2026, 3, 2), "the day of the change is mixed")
        self.launch(percent=25, at="2026-03-12T10:00:00+02:00")
        found = self.measure(one)
        self.assertEqual((found["from_on"], found["control_percent"]), (date(2026, 3, 13), 25))
        before = self.measure(one, to=date(2026, 3, 11))
        self.assertEqual((before["from_on"], before["to_on"]), (date(2026, 3, 2), date(2026, 3, 11)))
        self.assertEqual(before["control_percent"], 10)
        self.launch(percent=25, at="2026-03-15T10:00:00+02:00", state="paused")
        self.assertEqual(self.measure(one)["to_on"], date(2026, 3, 15))

    def test_days_on_which_it_was_off_are_not_compared(self):
        one = self.launch(at="2026-03-01T00:00:00+02:00")
        self.launch(at="2026-03-05T10:00:00+02:00", state="paused")
        self.launch(at="2026-03-12T10:00:00+02:00")
        self.launch(at="2026-03-14T10:00:00+02:00", name="As before, with another name")
        self.assertEqual(self.measure(one)["from_on"], date(2026, 3, 13))
        before = self.measure(one, to=date(2026, 3, 11))
        self.assertEqual((before["from_on"], before["to_on"]), (date(2026, 3, 1), date(2026, 3, 5)))

    def run_without_time(self):
        """As many runs as there is to measure, each of which is out of time after its first."""
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **values: 0):
            for _ in self.effects._due():
                self.effects._run()

    def test_a_night_that_is_out_of_time_goes_on_where_it_was(self):
        both = self.launch("T_FIRST") | self.launch("T_SECOND")
        for one in both:
            self.gave(one, date(2026, 3, 18))
        self.run_without_time()
        self.assertEqual(self.env["loy.promotion.effect"].search([]).promotion_id & both, both)

    def test_what_cannot_be_measured_stops_no_other(self):
        bad, good = self.launch("T_BAD"), self.launch("T_GOOD", at="2026-03-15T00:00:00+02:00")
        for one in (bad, good):
            self.gave(one, date(2026, 3, 18))
        self.bought([(self.members(1, "2026-03-10")[0], START, 1, 1, Decimal(10) ** 200)])
        with mute_logger("odoo.sql_db"), self.assertLogs("odoo.addons.loyalty_core.services.effects", "ERROR"):
            self.run_without_time()
        self.assertEqual(self.env["loy.promotion.effect"].search([]).promotion_id & (bad | good), good)

    def test_groups_that_are_as_good_as_equal_need_members_without_end(self):
        groups = [(1000, 1000, 1000.0, 1000.0, amount, amount, 200_000.0) for amount in (10_000.0, 10_000.0000001)]
        self.assertEqual(self.effects._figures(*groups, 0.0)["times_needed"], 10**6)

    def test_one_row_a_day_tells_how_it_grew(self):
        one = self.launch()
        effect = self.effects._keep(one, self.company)
        self.assertEqual((effect.day, effect.verdict), (date(2026, 3, 19), "few"))
        self.assertIn("Too few members", effect.told)
        self.assertEqual(self.effects._keep(one, self.company), effect)
        self.assertEqual(self.env["loy.promotion.effect"].search_count([("promotion_id", "=", one.id)]), 1)

    def test_points_given_are_paid_from_what_was_paid_more(self):
        one = self.launch()
        unit = self.env["loy.unit"].search([("code", "=", "T_MILES")])
        self.env["loy.promotion.day"].create(
            {"promotion_id": one.id, "company_id": self.company.id, "store_id": self.store.id, "day": START,
             "unit_id": unit.id, "is_member": True, "receipt_count": 1, "amount": 5, "touched": 5, "discount": 0,
             "spent": 0, "points": 300}
        )  # fmt: skip
        found = self.measure(one)
        self.assertAlmostEqual(found["points_worth"], 30)
        self.assertAlmostEqual(found["profit"], found["extra_amount"] - 30)

    def test_words_say_how_sure_it_is(self):
        values = {"is_relative": True, "main_count": 900, "control_count": 100, "uplift": 4.2, "uplift_low": 1.1,
                  "uplift_high": 7.3, "times_needed": 0, "seen_from": 5.0, "verdict": "up"}  # fmt: skip
        self.assertEqual(self.effects._told(values), "Sales per member rose by 4.2 % (+1.1 … +7.3 %).")
        values |= {"verdict": "unclear", "uplift": -0.5, "uplift_low": -3.0, "times_needed": 4}
        told = self.effects._told(values)
        self.assertIn("cannot be told apart from chance", told)
        self.assertIn("4 times as many members", told)


@tagged("post_install", "-at_install")
class TestPromotionAnalytics(ApiCase):
    def test_the_screen_tells_sums_shares_days_stores_and_points(self):
        rewards = [{"kind": "percent", "value": 10}, {"kind": "points", "unit": "T_MILES", "amount": 20}]
        self.apply({"promotions": [self.promotion("T_BOTH", *rewards)]})
        promotion = self.env["loy.promotion"].search([("code", "=", "T_BOTH")])
        bun = [{"id": "1", "sku": "T-1002", "quantity": 1}]
        self.call("purchase_confirm", **self.basket(purchase="T-1", at="2026-03-05T10:00:00Z", lines=bun))
        self.call("purchase_confirm", **self.basket(purchase="T-2", at="2026-03-06T10:00:00Z", store="T_S2", lines=bun))
        nobody = self.basket(purchase="T-3", at="2026-03-06T10:00:00Z", lines=bun)
        nobody.pop("member")
        self.call("purchase_confirm", **nobody)
        self.env["loy.sales.facts"]._fold_now()
        found = self.env["loy.promotion.day"].loy_analytics(promotion.id, "2026-03-05", "2026-03-07")
        total = found["total"]
        self.assertEqual((total["receipt_count"], total["amount"], total["touched"]), (3, 54, 60))
        self.assertEqual((total["discount"], total["discount_percent"]), (6, 10))
        self.assertAlmostEqual(total["points_worth"], 4)  # a receipt without a member gives no points
        self.assertAlmostEqual(total["cost"], 10)
        self.assertEqual([day["receipt_count"] for day in found["days"]], [1, 2, 0])
        stores = {store["name"]: store["receipt_count"] for store in found["stores"]}
        self.assertEqual(stores, {"Store 1": 2, "Store 2": 1})
        self.assertEqual([part["receipt_count"] for part in found["parts"]], [2, 1])
        self.assertEqual([(unit["name"], unit["points"]) for unit in found["units"]], [("Miles", 40)])
        self.assertIsNone(found["control"])
        period = [("day", ">=", "2026-03-05"), ("day", "<=", "2026-03-07"), ("company_id", "=", self.env.company.id)]
        sold = sum(self.env["loy.sales.hour"].search(period).mapped("receipt_count"))
        self.assertAlmostEqual(total["share"], 100 * 3 / sold)

    def test_it_opens_with_what_the_last_night_found_and_measures_when_asked(self):
        promotion = self.env["loy.promotion"].search([("code", "=", "T_BASE5")])
        document = self.promotion("T_BASE5", {"kind": "percent", "value": 10}, control_percent=20)
        self.apply({"promotions": [document]}, at="2026-03-10T00:00:00+02:00")
        effect = self.env["loy.effects"]._keep(promotion, self.env.company)
        effect.main_count = 777
        days = self.env["loy.promotion.day"]
        found = days.loy_analytics(promotion.id)["control"]
        self.assertEqual((found["main_count"], found["began_on"]), (777, str(effect.began_on)))
        for chosen in ({"from_on": effect.from_on}, {"population": "all"}):
            self.assertNotEqual(days.loy_analytics(promotion.id, **chosen)["control"]["main_count"], 777)
        effect.day -= timedelta(days=2)
        self.assertNotEqual(days.loy_analytics(promotion.id)["control"]["main_count"], 777)

    def test_what_is_shared_is_told_of_the_company_asked_for(self):
        promotion = self.env["loy.promotion"].search([("code", "=", "T_BASE5")])
        promotion.company_id = False
        other = self.env["res.company"].create({"name": "Other"})
        analyst = new_test_user(self.env, "t_analyst", groups="loyalty_core.group_analyst")
        days = self.env["loy.promotion.day"].with_user(analyst)
        with self.assertRaisesRegex(UserError, "bad_company"):
            days.loy_analytics(promotion.id, company_id=other.id)
        analyst.company_ids |= other
        days = days.with_context(allowed_company_ids=(analyst.company_id | other).ids)
        self.assertEqual(days.loy_analytics(promotion.id, company_id=other.id)["currency_id"], other.currency_id.id)

    def test_a_store_manager_sees_the_own_store_and_no_control_group(self):
        promotion = self.env["loy.promotion"].search([("code", "=", "T_BASE5")])
        promotion.control_percent = 10
        self.call("purchase_confirm", **self.basket(purchase="T-1", at="2026-03-05T10:00:00Z"))
        self.call("purchase_confirm", **self.basket(purchase="T-2", at="2026-03-05T10:00:00Z", store="T_S2"))
        self.env["loy.sales.facts"]._fold_now()
        manager = new_test_user(self.env, "t_manager", groups="loyalty_core.group_store_manager")
        manager.loy_store_ids = self.env["loy.store"].search([("code", "=", "T_S1")])
        days = self.env["loy.promotion.day"]
        found = days.with_user(manager).loy_analytics(promotion.id, "2026-03-01", "2026-03-31")
        self.assertEqual(([store["name"] for store in found["stores"]], found["control"]), (["Store 1"], None))
        self.assertIsNone(found["occurrence_count"], "nor what events gave to members")
        with self.assertRaises(AccessError):
            cashier = new_test_user(self.env, "t_cash", groups="loyalty_core.group_cashier")
            days.with_user(cashier).loy_analytics(promotion.id)
