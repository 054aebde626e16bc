"""Tiers of members: with each purchase and return, at night, by hand, in a merge; what a rebuild gives."""

from datetime import date, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.addons.loyalty_core.engine import Basket, evaluate, schema
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.requests import PurchaseCalculate
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .api_common import PROGRAMME, ApiCase

CASHBACK = [("bronze", 0, 3), ("silver", 2000, 5), ("gold", 3500, 7), ("platinum", 4500, 10)]


class TierCase(ApiCase):
    """No promotions but those of the test, and the points of each tier in an exact unit."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loy.tier"].search([]).active = False
        codes = ["T_COFFEE10", "T_BASE5", "T_SPEND"]
        cls.env["loy.promotion"].search([("code", "in", codes)]).write(
            {"state": "paused", "valid_from_at": "2020-01-01 00:00:00"}
        )
        cls.partner = cls.env["res.partner"].browse(int(cls.member))
        early = {name: PROGRAMME[name] for name in ("settings", "groups")}
        unit = {"code": "T_CASH", "name": "Cash", "decimals": 2, "rate": 1}
        cls.apply({**early, "units": [unit]}, at="2000-01-01T00:00:00Z")

    @classmethod
    def ladder(cls, *tiers, at="2000-01-01T00:00:00Z", **rules):
        documents = [{"code": code, "threshold": threshold, **rules} for code, threshold in tiers]
        cls.apply({"tiers": documents}, at=at)

    def buy(self, number, amount, at=None, member=None, **values):
        line = {"id": "1", "sku": values.pop("sku", "order"), "quantity": values.pop("quantity", 1), "price": amount}
        if at:
            values["at"] = at if "T" in at else f"{at}T12:00:00"
        return self.call(
            "purchase_confirm", purchase=number, store="T_S1", member={"member": member or self.member}, lines=[line],
            **values,
        )  # fmt: skip

    def rows(self, member=None):
        rows = self.env["loy.member.tier"].search([("member_id", "=", int(member or self.member))], order="since, id")
        return [
            (one.tier_id.code or "", str(one.since or ""), str(one.until or ""), one.is_current, one.kind)
            for one in rows
        ]

    def current(self, member=None):
        (row,) = self.env["loy.member.tier"].search(
            [("member_id", "=", int(member or self.member)), ("is_current", "=", True)]
        )
        return row

    def tier(self, member=None):
        return self.current(member).tier_id.code or ""

    def events(self, member=None):
        events = self.env["loy.event"].search(
            [("member_id", "=", int(member or self.member)), ("kind", "=like", "tier.%")], order="id"
        )
        return [(one.kind, one.data["tier"]) for one in events]

    def night(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **values: 60):
            self.env["loy.tiers"]._run()

    def assert_rebuilt(self):
        """What is kept is what follows from the facts."""
        everything = [("company_id", "=", self.env.company.id)]

        def told():
            self.env.invalidate_all()
            rows = self.env["loy.member.tier"].search(everything, order="member_id, since, id")
            return [
                (one.member_id.id, one.tier_id.id, one.since, one.until, one.changes_on, one.is_current) for one in rows
            ]

        before = told()
        self.env["loy.tiers"]._rebuild(self.env.company)
        self.assertEqual(told(), before)
        self.assert_books()


@tagged("post_install", "-at_install")
class TestCrossing(TierCase):
    """Silver from 1000: 10 points for every 100 instead of 1."""

    def rates(self, crossing="new", rates=(("tin", 1), ("silver", 10), ("gold", 20)), **ladder):
        self.apply({"settings": {**PROGRAMME["settings"], **({"crossing": crossing} if crossing else {})}})
        self.ladder(("tin", 0), ("silver", 1000), ("gold", 5000), **ladder)
        self.apply(
            {
                "promotions": [
                    self.promotion(
                        f"T_{code}",
                        {"kind": "points", "unit": "T_CASH", "percent": percent},
                        when={"kind": "tier", "in": [code]},
                    )
                    for code, percent in rates
                ]
            },
            at="2000-01-01T00:00:00Z",
        )

    def earned(self, answer):
        return sum(one["amount"] for one in answer["earned"])

    def request(self, amount, **values):
        line = {"id": "1", "sku": "order", "quantity": 1, "price": amount}
        return {"store": "T_S1", "member": {"member": self.member}, "lines": [line], **values}

    def test_a_purchase_that_crosses_earns_at_the_old_rate_by_default(self):
        self.rates(crossing=None)
        self.assertEqual([self.earned(self.buy(f"C-{i}", 600)) for i in range(3)], [6, 6, 60])

    def test_a_purchase_that_crosses_earns_at_the_new_rate_where_so_set(self):
        self.rates()
        self.assertEqual([self.earned(self.buy(f"C-{i}", 600)) for i in range(3)], [6, 60, 60])
        self.assertEqual(self.tier(), "silver")
        self.assertEqual(self.earned(self.buy("C-9", 4000)), 800, "by two purchases to gold")
        self.assert_rebuilt()

    def test_two_steps_at_once_earn_at_the_rate_of_the_second(self):
        self.rates()
        self.assertEqual(self.earned(self.buy("C-1", 5000)), 1000)

    def test_calculate_hold_and_confirm_say_the_same(self):
        self.rates()
        request = self.request(1200)
        told = [self.call("purchase_calculate", **request), self.call("purchase_calculate", explain=True, **request)]
        told.append(self.call("purchase_hold", purchase="C-1", **request))
        told.append(self.call("purchase_confirm", purchase="C-1"))
        told.append(self.call("purchase_get", purchase="C-1"))
        self.assertEqual([self.earned(one) for one in told], [120] * 5)
        self.assertEqual(self.tier(), "silver")

    def test_a_stored_purchase_gives_the_same_result_again(self):
        self.rates()
        self.buy("C-1", 1200)
        purchase = self.env["loy.purchase"].search([("number", "=", "C-1")])
        self.assertEqual(purchase.basket["member"]["tier"], "silver")
        compiled = self.env["loy.programme"]._at(
            purchase.company_id, purchase.purchased_at, purchase.programme_number
        )
        again = evaluate(compiled.programme, Basket.from_document(purchase.basket)).to_document()
        self.assertEqual(again, purchase.result)

    def test_what_is_paid_counts_and_not_the_price_on_the_shelf(self):
        self.rates()
        self.apply({"promotions": [self.promotion("T_OFF", {"kind": "amount", "value": 300})]})
        self.assertEqual(self.earned(self.buy("C-1", 1200)), 9)

    def test_who_would_not_come_to_the_tier_at_its_own_prices_does_not(self):
        self.rates()
        off = self.promotion("T_OFF", {"kind": "percent", "value": 20}, when={"kind": "tier", "in": ["silver"]})
        self.apply({"promotions": [off]}, at="2000-01-01T00:00:00Z")
        answer = self.buy("C-1", 1200)
        self.assertEqual((answer["totals"]["to_pay"], self.earned(answer)), (1200, 12), "960.00 would not do")
        answer = self.buy("C-2", 100)
        self.assertEqual((answer["totals"]["to_pay"], self.earned(answer)), (80, 8))

    def test_each_measure_crosses(self):
        for number, (ladder, amount) in enumerate((
            ({"measure": "count"}, 50), ({"measure": "quantity", "target": {"sku": ["order"]}}, 50),
            ({"measure": "points", "unit": "T_CASH"}, 50), ({"target": {"sku": ["order"]}}, 50),
        )):  # fmt: skip
            with self.subTest(ladder), self.undone():
                self.rates()
                step = {"points": 0.5, None: 40}.get(ladder.get("measure"), 1)
                self.ladder(("silver", step), ("gold", 10_000), **ladder)
                self.assertEqual(self.earned(self.buy(f"C-{number}", amount)), 5)

    def test_a_rise_in_the_next_period_changes_nothing_now(self):
        self.rates(window={"calendar": "month"}, rise="next_period", keep="period")
        self.assertEqual(self.earned(self.buy("C-1", 1200)), 12)

    def test_what_comes_back_takes_what_it_earned_at_that_rate(self):
        self.rates()
        self.buy("C-1", 1200)
        back = self.call("purchase_return", purchase="C-1", return_="C-1R")
        self.assertEqual(back["taken_back"], [{"unit": "T_CASH", "amount": 120.0}])
        self.assertEqual(self.tier(), "tin")

    def test_goods_of_which_nobody_knows_the_purchase_lift_nobody(self):
        self.rates()
        rules = {"crossing": "new", "returns": {"without_purchase": True}}
        self.apply({"settings": {**PROGRAMME["settings"], **rules}})
        self.buy("C-1", 600)
        request = self.request(600, return_="C-R")
        self.assertEqual(self.call("purchase_return", **request)["taken_back"][0]["amount"], 6.0)

    def test_nobody_who_does_not_cross_is_calculated_twice(self):
        self.rates()
        self.buy("C-1", 600)
        judged = []

        def judge(*about):
            judged.append(about)
            return evaluate(*about)

        purchases = self.env["loy.purchases"]
        place = self.env["loy.catalogue"]._place("T_S1", None)
        for amount, times in ((300, 1), (500, 2)):
            request = schema.read(PurchaseCalculate, self.request(amount))
            purchases._judge(purchases._scene(request, place), judge)
            self.assertEqual(len(judged), times)
            judged.clear()


@tagged("post_install", "-at_install")
class TestTiers(TierCase):
    # ------------------------------------------------------------------ published programmes

    def test_sushi_ryba(self):
        self.ladder(*(one[:2] for one in CASHBACK), window={"calendar": "month"}, keep="period")
        self.apply(
            {
                "promotions": [
                    self.promotion(
                        f"T_{code}",
                        {"kind": "points", "unit": "T_CASH", "percent": percent},
                        when={"kind": "tier", "in": [code]},
                    )
                    for code, _threshold, percent in CASHBACK
                ]
            },
            at="2000-01-01T00:00:00Z",
        )
        story = [
            ("2026-04-05", 1200, 36), ("2026-04-12", 1400, 42), ("2026-04-20", 2000, 100), ("2026-04-25", 1000, 100),
            ("2026-05-10", 1500, 150), ("2026-05-25", 700, 70), ("2026-06-03", 1000, 50), ("2026-06-20", 2600, 130),
            ("2026-06-28", 500, 35), ("2026-07-05", 1000, 70), ("2026-08-02", 1000, 30),
        ]  # fmt: skip
        for number, (day, amount, earned) in enumerate(story):
            answer = self.buy(f"RYB-{number}", amount, day)
            self.assertEqual([one["amount"] for one in answer["earned"]], [earned], day)
        self.assertEqual(self.available("T_CASH"), 813)
        self.assertEqual(
            [row[:3] for row in self.rows()][:-1],
            [
                ("bronze", "2026-04-05", "2026-04-11"),
                ("silver", "2026-04-12", "2026-04-19"),
                ("platinum", "2026-04-20", "2026-05-31"),
                ("silver", "2026-06-01", "2026-06-19"),
                ("gold", "2026-06-20", "2026-07-31"),
            ],
        )
        self.assertEqual(self.rows()[-1][:3], ("bronze", "2026-08-01", ""))
        self.assert_rebuilt()

    # ------------------------------------------------------------------ purchases and returns

    def test_a_rise_is_told_and_stands_at_the_contact(self):
        self.ladder(("bronze", 0), ("silver", 100))
        self.call("purchase_calculate", **self.basket())
        self.buy("T-1", 99)
        self.assertEqual((self.tier(), self.events()), ("bronze", []))
        self.buy("T-2", 1)
        self.assertEqual((self.tier(), self.events()), ("silver", [("tier.risen", "silver")]))
        self.assertEqual(self.current().purchase_id.number, "T-2")
        self.partner.invalidate_recordset()
        self.assertEqual(self.partner.loy_tier_id.code, "silver")
        groups = self.env["res.partner"]._read_group([("id", "=", self.partner.id)], ["loy_tier_id"], ["__count"])
        self.assertEqual([(tier.code, count) for tier, count in groups], [("silver", 1)])
        self.assertEqual(self.call("member_find", member=self.member)["tier"], "silver")
        self.assert_rebuilt()

    def test_a_return_takes_back_a_rise_that_was_due_to_it_only(self):
        self.ladder(("bronze", 0), ("silver", 100), ("gold", 500))
        self.buy("T-1", 150, "2026-03-01")
        self.buy("T-2", 400, "2026-03-05")
        before = self.rows()
        self.assertEqual(self.tier(), "gold")
        self.buy("T-3", 10, "2026-03-06")
        self.call("purchase_return", purchase="T-3", return_="R-3")
        self.assertEqual(self.rows(), before)
        self.call("purchase_return", purchase="T-2", return_="R-2")
        self.assertEqual(self.rows()[-1][:3], ("silver", "2026-03-01", ""))
        self.assertEqual(self.events()[-1], ("tier.fallen", "silver"))
        self.call("purchase_return", purchase="T-1", return_="R-1")
        self.assertEqual(self.tier(), "bronze")
        self.assert_rebuilt()

    def test_goods_without_their_purchase_count_too(self):
        self.apply({"settings": {"timezone": "Europe/Kyiv", "backdate_days": 10_000,
                                 "returns": {"without_purchase": True}}})  # fmt: skip
        self.ladder(("silver", 100))
        self.buy("T-1", 150)
        self.call(
            "purchase_return", return_="R-1", store="T_S1", member={"member": self.member},
            lines=[{"id": "1", "sku": "order", "quantity": 1, "price": 60}],
        )  # fmt: skip
        self.assertEqual(self.tier(), "")
        self.assert_rebuilt()

    def test_a_receipt_of_the_past_sees_the_tier_of_then(self):
        self.ladder(("silver", 100))
        self.apply(
            {
                "promotions": [
                    self.promotion("T_S", {"kind": "percent", "value": 10}, when={"kind": "tier", "in": ["silver"]})
                ]
            }
        )
        self.buy("T-1", 100, "2026-03-10")
        self.assertEqual(self.buy("T-2", 100, "2026-03-09")["totals"]["discount"], 0)
        self.assertEqual(self.buy("T-3", 100, "2026-03-11")["totals"]["discount"], 10)
        # The older purchase has come to light: it was silver already.
        self.assertEqual(self.buy("T-4", 100, "2026-03-10")["totals"]["discount"], 10)

    def test_what_is_counted_and_of_which_products(self):
        self.apply({"promotions": [self.promotion("T_P", {"kind": "points", "unit": "T_CASH", "percent": 50})]})
        coffee = {"category": ["T_DRINKS"]}
        self.apply(
            {
                "tiers": [
                    {"code": "a", "threshold": 3, "measure": "count"},
                    {"code": "b", "threshold": 30, "measure": "points", "unit": "T_CASH"},
                    {"code": "c", "threshold": 100, "target": coffee},
                    {"code": "d", "threshold": 200, "measure": "quantity", "target": coffee},
                    {"code": "e", "threshold": 300, "measure": "count", "target": coffee, "window": {"days": 10}},
                ]
            },
            at="2000-01-01T00:00:00Z",
        )
        self.buy("T-1", 20, "2026-03-01")
        self.buy("T-2", 20, "2026-03-01")
        self.assertEqual(self.tier(), "")
        self.buy("T-3", 19, "2026-03-02")
        self.assertEqual(self.tier(), "a")
        self.assertEqual(self.call("tier_get", member=self.member)["progress"], {"value": 29.5, "threshold": 30})
        self.buy("T-4", 1, "2026-03-03")
        self.assertEqual(self.tier(), "b")
        self.call("purchase_return", purchase="T-4", return_="R-4")
        self.assertEqual(self.tier(), "a")
        self.buy("T-5", 50, "2026-03-03", sku="T-1001", quantity=2)
        self.assertEqual(self.tier(), "c")
        self.buy("T-6", 0.1, "2026-03-03", sku="T-1001", quantity=198)
        self.assertEqual(self.tier(), "d")
        self.assert_rebuilt()

    def test_nothing_is_asked_where_there_are_no_tiers(self):
        self.assertEqual(self.call("tier_get", member=self.member), {"member": self.member})
        self.assertNotIn("tier", self.call("member_find", member=self.member))
        self.buy("T-1", 10)
        before = self.queries("T-2")
        self.ladder(("bronze", 0), ("silver", 100), ("gold", 500))
        self.buy("T-3", 10)
        self.assertLessEqual(self.queries("T-4") - before, 4)

    def queries(self, number):
        before = self.env.cr.sql_log_count
        self.buy(number, 10)
        return self.env.cr.sql_log_count - before

    # ------------------------------------------------------------------ at night

    def test_the_night_lets_fall_whose_time_is_over(self):
        self.ladder(("bronze", 0), ("silver", 100), window={"days": 10})
        ago = (fields.Date.today() - timedelta(days=9)).isoformat()
        self.buy("T-1", 100, ago)
        self.assertEqual((self.tier(), self.current().until), ("silver", self.current().changes_on - timedelta(days=1)))
        rows = self.rows()
        self.night()
        self.assertEqual(self.rows(), rows)
        # The day after, nobody has come by.
        self.env.cr.execute("UPDATE loy_member_day SET day = day - 2")
        self.env.cr.execute("UPDATE loy_purchase SET purchased_on = purchased_on - 2")
        self.env.cr.execute(
            "UPDATE loy_member_tier SET since = since - 2, until = until - 2, changes_on = changes_on - 2"
        )
        self.night()
        self.assertEqual((self.tier(), self.events()[-1]), ("bronze", ("tier.fallen", "bronze")))
        rows = self.rows()
        self.night()
        self.assertEqual(self.rows(), rows)
        self.assert_rebuilt()

    def test_the_night_tells_everybody_of_a_new_ladder(self):
        other = self.call("member_register", email="bea@example.com")["member"]
        self.buy("T-1", 150)
        self.ladder(("silver", 100), at=fields.Datetime.now().isoformat() + "Z")
        self.assertFalse(self.env["loy.member.tier"].search([("company_id", "=", self.env.company.id)]))
        self.night()
        self.assertEqual(self.tier(), "silver")
        self.assertEqual((self.rows(other), self.events()), ([], []))
        tier = self.env["loy.tier"].search([("code", "=", "silver")])
        tier.threshold = 200
        self.night()
        self.assertEqual((self.tier(), self.events()), ("", [("tier.fallen", None)]))
        self.ladder(("base", 0), at=fields.Datetime.now().isoformat() + "Z")
        self.night()
        self.assertEqual((self.tier(), self.tier(other)), ("base", "base"))
        self.assert_rebuilt()

    def test_a_tier_that_is_kept_for_longer_is_told(self):
        self.ladder(("bronze", 0), ("silver", 100), window={"calendar": "month"}, keep="period")
        day = fields.Date.today().replace(day=1)
        self.buy("T-1", 100, (day - timedelta(days=1)).isoformat())
        until = self.current().until
        self.buy("T-2", 50)
        self.assertEqual(self.events(), [("tier.risen", "silver")])
        self.buy("T-3", 50)
        self.assertEqual(self.events()[1:], [("tier.kept", "silver")])
        self.assertGreater(self.current().until, until)
        self.assert_rebuilt()

    # ------------------------------------------------------------------ by hand

    def staff(self, group="operator"):
        return new_test_user(self.env, f"t_{group}", groups=f"loyalty_core.group_{group}")

    def set_tier(self, code, user=None, **values):
        tier = self.env["loy.tier"].search([("code", "=", code)])
        wizard = self.env["loy.member.tier.wizard"].with_user(user or self.staff()).create(
            {"member_ids": [(6, 0, self.partner.ids)], "tier_id": tier.id, "note": "A guest", **values}
        )
        wizard.action_loy_set()

    def test_staff_with_the_right_set_a_tier(self):
        self.ladder(("bronze", 0), ("silver", 100), ("gold", 500))
        with self.assertRaises(AccessError):
            self.set_tier("gold", self.staff("cashier"))
        until = fields.Date.today() + timedelta(days=3)
        user = self.staff()
        with self.assertRaises(LoyaltyError):
            self.set_tier("silver", user, until=fields.Date.today() - timedelta(days=5))
        self.set_tier("silver", user, until=until)
        row = self.current()
        self.assertEqual((row.tier_id.code, row.until, row.kind, row.note), ("silver", until, "manual", "A guest"))
        self.assertEqual(row.grant_id.user_id, user)
        self.assertEqual(self.events(), [("tier.risen", "silver")])
        self.buy("T-1", 500)
        self.assertEqual(self.tier(), "gold")
        self.set_tier("bronze", user)
        self.assertEqual(self.tier(), "bronze")
        self.buy("T-2", 500)
        self.assertEqual(self.tier(), "bronze")
        self.assert_rebuilt()

    # ------------------------------------------------------------------ members who come and go

    def test_imported_members_go_on_as_they_were(self):
        self.ladder(("bronze", 0), ("silver", 2000), ("platinum", 4500), window={"calendar": "month"}, keep="period")
        today = fields.Date.today()
        member = {"tier": "platinum", "tier_since": "2020-01-05", "tier_until": (today + timedelta(days=9)).isoformat()}
        self.refused("bad_request", "members_import", members=[{"email": "a@example.com", "tier_until": "2026-01-01"}])
        text = self.refused("bad_members", "members_import", members=[{"email": "a@example.com", "tier": "none"}])
        self.assertIn("members[0].tier", text)
        answer = self.call(
            "members_import",
            members=[
                {"email": "kim@example.com", **member},
                {"email": "lu@example.com", "totals": [{"to": today.isoformat(), "amount": 2500}]},
                {"email": "mo@example.com"},
            ],
        )
        kim, lu, mo = (one["member"] for one in answer["members"])
        told = self.call("tier_get", member=kim)
        self.assertEqual(
            (told["tier"], told["since"], told["until"]), ("platinum", "2020-01-05", member["tier_until"])
        )
        self.assertEqual((self.tier(lu), self.tier(mo), self.events(lu)), ("silver", "bronze", []))
        told = self.call("tier_get", member=lu)
        self.assertEqual((told["next"], told["progress"]), ("platinum", {"value": 2500, "threshold": 4500}))
        self.assert_rebuilt()

    def test_of_merged_members_the_higher_tier_stays(self):
        self.ladder(("bronze", 0), ("silver", 100), ("gold", 500))
        other = self.call("member_register", email="bea@example.com")["member"]
        self.set_tier("silver")
        self.buy("T-1", 60, member=other)
        self.call("member_merge", member=self.member, into=other)
        self.assertEqual((self.tier(other), self.current(other).kind), ("silver", "merge"))
        gone = [("member_id", "=", int(self.member)), ("is_current", "=", True)]
        self.assertFalse(self.env["loy.member.tier"].search(gone))
        third = self.call("member_register", email="cid@example.com")["member"]
        self.buy("T-2", 450, member=third)
        self.call("member_merge", member=third, into=other)
        self.assertEqual(self.tier(other), "gold")
        self.assert_rebuilt()

    def test_an_erased_person_leaves_tiers_without_words(self):
        self.ladder(("bronze", 0), ("silver", 100))
        self.set_tier("silver")
        self.call("member_erase", member=self.member, confirm=self.member)
        self.assertEqual(self.tier(), "silver")
        self.env.invalidate_all()
        self.assertFalse(self.current().grant_id.note)
        self.assert_books()

    # ------------------------------------------------------------------ the ladder

    def test_a_document_is_what_it_says(self):
        tiers = [
            {"code": "a", "name": "A", "threshold": 0.5, "window": {"calendar": "year"}, "keep": "this_and_next"},
            {"code": "b", "name": "B", "threshold": 10, "window": {"days": 30}, "fall": "one", "color": 3},
            {"code": "c", "name": "C", "threshold": 20, "window": {"months": 3}, "rise": "next_period"},
            {"code": "d", "name": "D", "threshold": 30, "target": {"sku": ["T-1001"], "not": {"brand": ["X"]}}},
            {"code": "e", "name": "E", "threshold": 40, "measure": "points", "unit": "T_CASH"},
            {"code": "f", "name": "F", "threshold": 50, "window": {"from": "2026-01-01"}, "measure": "count"},
            {"code": "g", "name": "G", "threshold": 60, "window": {"calendar": "week"}, "measure": "quantity"},
            {"code": "h", "name": "H"},
        ]
        self.apply({"tiers": tiers})
        exported = self.call("programme_export")["programme"]
        self.assertEqual(exported["tiers"], tiers)
        self.assertEqual(self.call("programme_apply", programme=exported)["updated"], 0)
        for wrong, path in (
            ({"measure": "points"}, "unit"),
            ({"unit": "T_CASH"}, "unit"),
            ({"window": {"days": 3, "months": 1}}, "window"),
            ({"window": {"lifetime": True, "days": 3}}, "window.lifetime"),
            ({"window": {"calendar": "month"}, "rise": "next_period"}, "keep"),
            ({"target": {"skus": ["A"]}}, "target.skus"),
            ({"threshold": -1}, "threshold"),
        ):
            with self.subTest(path=path):
                text = self.refused("bad_request", "programme_apply", programme={"tiers": [{"code": "z", **wrong}]})
                self.assertIn(f"tiers[0].{path}", text)

    def test_the_form_says_what_is_wrong(self):
        tier = self.env["loy.tier"].create({"code": "z", "name": "Z"})
        with self.assertRaises(LoyaltyError):
            tier.target_text = "{"
        with self.assertRaises(LoyaltyError):
            tier.write({"window_kind": "days", "window_count": 0})

    def test_a_company_has_its_own_tier_instead_of_a_shared_one(self):
        shared, own = (
            self.env["loy.tier"].create(
                {"code": "gold", "name": "Gold", "threshold": threshold, "company_id": company,
                 "valid_from_at": "2000-01-01 00:00:00"}
            )
            for threshold, company in ((10, False), (100, self.env.company.id))
        )  # fmt: skip
        self.buy("T-1", 50)
        self.assertEqual(self.tier(), "")
        self.buy("T-2", 50)
        self.assertEqual(self.current().tier_id, own)
        self.assertEqual((own.member_count, shared.member_count), (1, 0))

    def test_the_form_of_a_member_shows_tier_and_progress(self):
        self.ladder(("bronze", 0), ("silver", 100))
        self.buy("T-1", 25)
        self.partner.invalidate_recordset()
        html = self.partner.loy_tier_html
        self.assertIn("bronze", html)
        self.assertIn("width: 25%", html)
        self.assertIn("silver", html)

    def test_days_are_those_of_the_store(self):
        self.ladder(("silver", 100))
        self.buy("T-1", 100, "2026-03-01T22:30:00Z")
        self.assertEqual(self.current().since, date(2026, 3, 2))
