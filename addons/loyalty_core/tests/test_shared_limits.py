"""Limits that promotions share, and how much of a member's shopping earns points."""

from datetime import date, timedelta

from odoo.addons.loyalty_core.engine import Basket, evaluate
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .test_counters import BUN, TEN, CounterCase
from .test_purchases import as_bytes

BREAD = [{"id": "1", "sku": "T-1001", "quantity": 1, "price": 50}]  # 10 % are 5.00
FUEL = {"kind": "points", "unit": "T_MILES", "amount": 1, "per": "quantity", "target": {"sku": ["FUEL"]}}


@tagged("post_install", "-at_install")
class TestSharedLimits(CounterCase):
    def tearDown(self):
        self.check_books()
        super().tearDown()

    def share(self, *promotions, **bounds):
        """Promotions that share a limit; each as (code, rewards …), which take 10 % off buns and off coffee."""
        promotions = promotions or (
            ("T_A", {**TEN, "target": {"sku": ["T-1002"]}}),
            ("T_B", {**TEN, "target": {"sku": ["T-1001"]}}),
        )
        documents = [self.promotion(code, *rewards, limits={"share": "T_FUND"}) for code, *rewards in promotions]
        self.apply({"limits": [{"code": "T_FUND", "name": "Fund", **bounds}], "promotions": documents})
        return self.env["loy.shared.limit"].search([("code", "=", "T_FUND")])

    def given(self, answer, *codes):
        return [
            sum(one["discount"] for line in answer["lines"] for one in line["promotions"] if one["code"] == code)
            for code in codes or ("T_A", "T_B")
        ]

    def test_promotions_use_a_budget_together(self):
        limit = self.share(budget=6)
        self.assertEqual(self.given(self.confirm("P-1", lines=BUN)), [2, 0])
        answer = self.confirm("P-2", lines=BREAD)
        self.assertEqual(self.given(answer), [0, 0])
        refusal = ("limit", {"which": "budget", "limit": 6, "used": 2, "share": "T_FUND"})
        self.assertEqual(self.refusals(answer, "T_B"), [refusal])
        self.assertEqual(self.given(self.confirm("P-3", lines=BUN)), [2, 0])
        self.assertEqual(self.used(limit, "budget"), 4)
        self.assertEqual(self.used(self.env["loy.promotion"].search([("code", "=", "T_A")]), "budget"), 0)

    def test_within_a_receipt_the_second_sees_what_the_first_took(self):
        limit = self.share(budget=6)
        lines = [*BUN, {**BREAD[0], "id": "2"}]
        self.assertEqual(self.given(self.confirm("P-1", lines=lines)), [0, 5], "the greater benefit goes first")
        self.assertEqual(self.used(limit, "budget"), 5)

    def test_each_promotion_with_an_effect_is_a_use(self):
        limit = self.share(total=3, per_day=3, per_member=3)
        lines = [*BUN, {**BREAD[0], "id": "2"}]
        self.assertEqual(self.given(self.confirm("P-1", lines=lines)), [2, 5])
        self.assertEqual(self.given(self.confirm("P-2", lines=lines)), [0, 5])
        self.assertEqual(self.given(self.confirm("P-3", lines=lines)), [0, 0])
        self.assertEqual((self.used(limit), self.used(limit, "per_day")), (3, 3))
        self.call("purchase_return", purchase="P-1", return_="R-1")
        self.assertEqual((self.used(limit), self.used(limit, "per_day")), (1, 1))
        self.assertEqual(self.given(self.confirm("P-4", lines=lines)), [2, 5])

    def test_limits_of_its_own_hold_beside(self):
        limit = self.share(budget=100)
        self.apply(
            {"promotions": [self.promotion("T_A", TEN, limits={"share": "T_FUND", "total": 1, "budget": 50})]}
        )
        self.assertEqual([self.buy(), self.buy()], [2, 0])
        own = self.env["loy.promotion"].search([("code", "=", "T_A")])
        self.assertEqual([self.used(own), self.used(own, "budget"), self.used(limit, "budget")], [1, 2, 2])
        draws = self.env["loy.counter.draw"].search([("promotion_id", "=", own.id)], order="id")
        self.assertEqual([(one.limit_id, one.counted) for one in draws], [
            (limit.browse(), "total budget"), (limit, "shared_budget"),
        ])  # fmt: skip

    def test_a_promotion_with_the_code_of_the_limit_is_another_thing(self):
        limit = self.share(("T_FUND", TEN), ("T_A", TEN), budget=100)
        self.buy()
        promotion = self.env["loy.promotion"].search([("code", "=", "T_FUND")])
        self.assertEqual(promotion.used_budget, 0)
        self.assertEqual(limit.used_budget, 3.8)  # 2.00 and 1.80

    def test_a_member_has_uses_over_all_promotions(self):
        self.share(per_member=2, per_member_days=3)
        days = [10, 9, 8, 7]
        bought = [self.confirm(f"P-{day}", at=self.moment(day), lines=BUN if day % 2 else BREAD) for day in days]
        self.assertEqual([self.given(answer) for answer in bought], [[0, 5], [2, 0], [0, 0], [2, 0]])

    # ------------------------------------------------------------------ hold, cancel, return, merge

    def test_a_hold_uses_what_a_confirm_keeps_and_a_cancel_gives_back(self):
        limit = self.share(budget=2, total=1, per_member=1)
        self.hold("H-1", lines=BUN)
        self.assertEqual([self.used(limit), self.used(limit, "budget")], [1, 2])
        self.assertEqual(self.buy(), 0)
        self.call("purchase_cancel", purchase="H-1")
        self.assertEqual([self.used(limit), self.used(limit, "budget")], [0, 0])
        self.hold("H-2", lines=BUN)
        self.assertEqual(self.buy("H-2"), 2, "its own use does not stand against it")
        self.assertEqual(self.env["loy.counter.draw"].search_count([("purchase_id.number", "=", "H-2")]), 1)
        self.assertEqual([self.used(limit), self.used(limit, "budget")], [1, 2])

    def test_a_hold_that_runs_out_gives_back_and_a_late_confirm_is_flagged(self):
        limit = self.share(total=1)
        self.hold("H-1", lines=BUN)
        self.run_out("H-1")
        self.env["loy.counters"]._give_back_overdue(self.env.cr.now())
        self.assertEqual(self.used(limit), 0)
        self.assertEqual(self.given(self.confirm("P-1", lines=BREAD)), [0, 5])
        self.assertEqual(self.call("purchase_confirm", purchase="H-1")["totals"]["discount"], 2)
        self.assertEqual(self.used(limit), 2)
        over = self.env["loy.counter.draw"].search([("is_over", "=", True)])
        self.assertEqual((over.purchase_id.number, over.limit_id), ("H-1", limit))

    def test_a_receipt_made_offline_is_a_fact_beyond_the_limit(self):
        limit = self.share(budget=3, per_member=1)
        self.buy()
        line = {**BREAD[0], "given": [{"promotion": "T_B", "discount": 5}]}
        self.confirm("P-1", lines=[line], offline=True)
        self.assertEqual(self.used(limit, "budget"), 7)
        over = self.env["loy.counter.draw"].search([("is_over", "=", True)])
        self.assertEqual((over.purchase_id.number, over.limit_id), ("P-1", limit))

    def test_parts_give_back_to_the_cent_and_the_last_one_the_uses(self):
        points = {"kind": "points", "unit": "T_MILES", "percent": 1}
        limit = self.share(("T_A", TEN, points), ("T_B", TEN), total=9, budget=100, budget_points=100)
        self.confirm("P-1", lines=[{**BUN[0], "quantity": 3, "price": 9.99}])
        self.assertEqual([self.used(limit), self.used(limit, "budget")], [2, 5.7])  # 3.00 and 2.70
        seen = []
        for number in (1, 2, 3):
            lines = [{"id": "1", "quantity": 1}]
            self.call("purchase_return", purchase="P-1", return_=f"R-{number}", lines=lines)
            seen.append((self.used(limit), self.used(limit, "budget")))
        self.assertEqual(seen, [(2, 3.8), (2, 1.9), (0, 0)])
        self.assertEqual(self.used(limit, "budget_points"), 0)

    def test_a_merge_moves_what_the_member_used(self):
        limit = self.share(per_member=2, total=9)
        other = self.new_member()
        self.buy()
        self.confirm("P-1", lines=BREAD, member={"member": other})
        self.call("member_merge", member=other, into=self.member)
        self.assertEqual(self.buy(), 0)
        self.assertEqual(self.used(limit), 2)

    def test_what_an_event_gives_draws_too(self):
        gift = {"kind": "points", "unit": "T_MILES", "amount": 4}
        limit = self.share(("T_A", gift), budget_points=10)
        self.apply({"promotions": [self.promotion("T_HI", gift, on="registered", limits={"share": "T_FUND"})]})
        self.new_member()
        self.assertEqual(self.used(limit, "budget_points"), 4)
        miles = [one["unit"] for one in self.confirm("P-1", lines=BUN)["earned"]]
        self.assertIn("T_MILES", miles)
        self.assertEqual(self.used(limit, "budget_points"), 8)
        self.new_member()
        self.assertEqual(self.used(limit, "budget_points"), 8)
        outcomes = self.env["loy.promotion.occurrence"].search([("promotion_id.code", "=", "T_HI")], order="id")
        self.assertEqual([(one.is_given, one.outcome) for one in outcomes[1:]], [(False, "limit")])

    # ------------------------------------------------------------------ documents, people

    def test_a_document_is_what_its_export_says(self):
        base = {"base_per_member": {"quantity": {"day": 2.5, "month": 40}}}
        self.share(("T_A", TEN, FUEL), per_member=2, per_member_days=7, budget=12.5, budget_points=3, **base)
        own = {"share": "T_FUND", "per_receipt": 3, "base_per_member": {"amount": {"week": 100.5}}}
        step = {"kind": "points", "unit": "T_MILES", "step": {"every": 10, "points": 1}}
        self.apply({"promotions": [self.promotion("T_B", step, limits=own)]})
        exported = self.call("programme_export")["programme"]
        self.assertEqual(
            [one for one in exported["limits"] if one["code"] == "T_FUND"],
            [{"code": "T_FUND", "name": "Fund", "per_member": 2, "per_member_days": 7, "budget": 12.5,
              "budget_points": 3, **base}],
        )  # fmt: skip
        [promotion] = [one for one in exported["promotions"] if one["code"] == "T_B"]
        self.assertEqual(promotion["limits"], own)
        answer = self.call("programme_apply", programme=exported, dry_run=True)
        self.assertEqual((answer["created"], answer["updated"], answer["ended"]), (0, 0, 0))
        # What is no longer said is taken off.
        self.apply({"limits": [{"code": "T_FUND", "total": 4}], "promotions": [self.promotion("T_B", step)]})
        exported = self.call("programme_export")["programme"]
        self.assertIn({"code": "T_FUND", "name": "T_FUND", "total": 4}, exported["limits"])
        self.assertNotIn("limits", next(one for one in exported["promotions"] if one["code"] == "T_B"))

    def test_what_is_wrong_is_told(self):
        document = self.promotion("T_A", TEN, limits={"share": "T_NONE"})
        self.assertIn("T_NONE", self.refused("bad_request", "programme_apply", programme={"promotions": [document]}))
        for limit, problem in (
            ({"base_per_member": {"amount": {"day": 1}, "quantity": {"day": 1}}}, "exactly one"),
            ({"base_per_member": {"amount": {}}}, "at least one of day, week, month"),
            ({"per_member_days": 3}, "per_member"),
        ):
            programme = {"limits": [{"code": "T_FUND", **limit}]}
            self.assertIn(problem, self.refused("bad_request", "programme_apply", programme=programme))

    def test_receipts_are_judged_by_the_limit_of_their_time(self):
        limit = self.share(total=1)
        self.buy("P-1", at=self.moment(9))
        self.call(
            "programme_apply",
            programme={"limits": [{"code": "T_FUND", "total": 2}]},
            at=f"{self.moment(5)}Z",
        )
        self.assertEqual(self.buy("P-2", at=self.moment(8)), 0)
        self.assertEqual(self.buy("P-3", at=self.moment(2)), 2)
        self.assertEqual((self.used(limit), limit.revision_count), (2, 2))
        for number in ("P-1", "P-2", "P-3"):
            purchase = self.purchase_of(number)
            basket = Basket.from_document(purchase.basket)
            compiled = self.env["loy.purchases"]._scene_of(purchase, basket).compiled
            self.assertEqual(as_bytes(evaluate(compiled.programme, basket).to_document()), as_bytes(purchase.result))

    def test_people_see_what_is_used_and_by_whom(self):
        limit = self.share(total=5, budget=50)
        self.buy()
        limit.invalidate_recordset()
        self.assertEqual((limit.used_total, limit.used_budget, limit.promotion_count), (1, 2, 2))
        counters = self.env["loy.counter"].search([("limit_id", "=", limit.id)])
        self.assertEqual(
            {(one.kind, one.used_amount, one.limit_amount) for one in counters if one.used},
            {("shared_total", 1, 5), ("shared_budget", 2, 50)},
        )
        self.assertFalse(counters.promotion_id)
        draws = self.env["loy.counter.draw"].search(limit.action_open_draws()["domain"])
        self.assertEqual(draws.promotion_id.code, "T_A")
        self.assertIn("T_FUND", draws.display_name)
        promotions = self.env["loy.promotion"].search(limit.action_open_promotions()["domain"])
        self.assertEqual(set(promotions.mapped("code")), {"T_A", "T_B"})
        self.assertTrue(all(promotions.mapped("has_limits")))

    def test_it_is_not_archived_under_promotions_that_run(self):
        limit = self.share(total=5)
        with self.assertRaises(ValidationError):
            limit.active = False
        limit.promotion_ids.action_end()
        limit.active = False
        self.assertEqual(self.buy(), 0)

    def test_a_limit_that_is_lifted_counts_nothing(self):
        limit = self.share(total=1)
        self.buy()
        limit.limit_total = 0
        self.assertEqual(self.buy(), 2)
        self.assertEqual(self.env["loy.counter.draw"].search_count([("limit_id", "=", limit.id)]), 1)

    def test_all_limits_that_a_basket_meets_are_one_query(self):
        self.apply({"promotions": [self.promotion("T_A", TEN)]})
        self.calculate(lines=BUN)
        without = self.queries(lambda: self.calculate(lines=BUN))
        base = {"base_per_member": {"amount": {"month": 1000}}}
        self.share(("T_A", TEN), ("T_B", TEN), total=5, per_day=9, per_member=4, budget=50, **base)
        self.limit("T_C", total=3)
        self.calculate(lines=BUN)
        self.assertEqual(self.queries(lambda: self.calculate(lines=BUN)), without + 1)

    def queries(self, work):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before


@tagged("post_install", "-at_install")
class TestBasePerMember(CounterCase):
    """Fuel at 50.00: each litre that earns gives a mile."""

    def tearDown(self):
        self.check_books()
        super().tearDown()

    def base(self, code="T_FUEL", *rewards, is_shared=False, **measures):
        bounds = {"base_per_member": measures}
        programme = {"promotions": [self.promotion(code, *(rewards or [FUEL]), limits=bounds)]}
        if is_shared:
            programme["limits"] = [{"code": "T_SHARED", **bounds}]
            programme["promotions"][0]["limits"] = {"share": "T_SHARED"}
        self.apply(programme)

    def fill(self, litres, number=None, day=None, method="confirm", unit="T_MILES", **values):
        """What so many litres earn."""
        lines = [{"id": "1", "sku": "FUEL", "quantity": litres, "price": 50}]
        at = {"at": f"{day}T12:00:00"} if day else {}
        answer = getattr(self, method)(number or self.new_key(), **{"lines": lines, **at, **values})
        return sum(one["amount"] for one in answer["earned"] if one["unit"] == unit)

    def bases(self, field="base_quantity"):
        return sum(self.env["loy.counter.draw"].search([]).mapped(field))

    def test_the_litres_of_a_day_earn(self):
        self.base(quantity={"day": 100})
        self.assertEqual([self.fill(60), self.fill(60), self.fill(60)], [60, 40, 0])
        answer = self.calculate(lines=[{"id": "1", "sku": "FUEL", "quantity": 1, "price": 50}])
        refusal = {"which": "base_per_member", "period": "day", "limit": 100, "used": 100}
        self.assertEqual(self.refusals(answer, "T_FUEL"), [("limit", refusal)])
        self.assertEqual(self.fill(60, member={"member": self.new_member()}), 60)
        self.assertFalse(self.env["loy.counter"].search_count([]), "nothing that all share is counted")

    def test_periods_are_those_of_the_calendar(self):
        self.base(quantity={"day": 50, "week": 80, "month": 100})
        monday = date(2026, 6, 29)  # its week is the last of June and the first of July
        days = [0, 0, 1, 2, 6, 7, 8, 9]
        bought = [self.fill(40, day=monday + timedelta(days=days_on)) for days_on in days]
        # 40 and 10 of Monday, 30 of the week; the next week 80, of July 100 that began on Wednesday
        self.assertEqual(bought, [40, 10, 30, 0, 0, 40, 40, 0])
        self.assertEqual(self.fill(40, day=monday + timedelta(days=14)), 20)

    def test_receipts_that_come_late_count_in_their_period(self):
        self.base(quantity={"week": 100})
        self.assertEqual(self.fill(80, day="2026-06-25"), 80)
        self.assertEqual(self.fill(80, day="2026-06-22"), 20)
        self.assertEqual(self.fill(80, day="2026-06-21"), 80)

    def test_the_first_sum_of_a_month_earns(self):
        percent = {"kind": "points", "unit": "T_MILES", "percent": 1}  # ten miles for 100.00
        self.base("T_FUEL", percent, amount={"month": 1000})
        self.assertEqual([self.fill(10), self.fill(12), self.fill(10)], [50, 50, 0])
        self.assertEqual(self.bases("base_amount"), 1000)

    def test_promotions_that_share_it_count_a_litre_once(self):
        self.base(is_shared=True, quantity={"day": 100})
        self.apply({"promotions": [self.promotion("T_MORE", FUEL, limits={"share": "T_SHARED"})]})
        self.assertEqual([self.fill(60), self.fill(60)], [120, 80])
        self.assertEqual(self.bases(), 100)

    # ------------------------------------------------------------------ hold, cancel, return, merge

    def test_a_hold_takes_and_a_cancel_gives_back(self):
        for is_shared in (False, True):
            with self.undone():
                self.base(is_shared=is_shared, quantity={"day": 100})
                self.assertEqual(self.fill(70, "H-1", method="hold"), 70)
                self.assertEqual(self.fill(70), 30)
                self.assertEqual(self.fill(70, "H-1"), 70, "its own litres do not stand against it")
                self.assertEqual(self.bases(), 100)
                self.fill(70, "H-2", method="hold", day=f"{date.today() - timedelta(days=1)}")
                self.call("purchase_cancel", purchase="H-2")
                self.assertEqual(self.bases(), 100)

    def test_a_late_confirm_is_a_fact_and_flagged(self):
        self.base(quantity={"day": 100})
        self.fill(70, "H-1", method="hold")
        self.run_out("H-1")
        self.env["loy.counters"]._give_back_overdue(self.env.cr.now())
        self.assertEqual(self.fill(80), 80)
        self.call("purchase_confirm", purchase="H-1")
        self.assertEqual(self.bases(), 150)
        over = self.env["loy.counter.draw"].search([("is_over", "=", True)])
        self.assertEqual(over.purchase_id.number, "H-1")
        self.assertEqual(self.fill(1), 0)

    def test_what_comes_back_may_earn_again(self):
        for is_shared in (False, True):
            with self.undone():
                self.base(is_shared=is_shared, quantity={"day": 90})
                self.assertEqual(self.fill(120, "P-1"), 90)
                seen = []
                for number in (1, 2, 3):
                    lines = [{"id": "1", "quantity": 40}]
                    self.call("purchase_return", purchase="P-1", return_=f"R-{number}", lines=lines)
                    seen.append(self.bases())
                self.assertEqual(seen, [60, 30, 0])
                self.assertEqual(self.fill(120), 90)

    def test_parts_of_amounts_come_back_to_the_cent(self):
        percent = {"kind": "points", "unit": "T_MILES", "percent": 10}
        self.base("T_FUEL", percent, amount={"day": 100})
        self.confirm("P-1", lines=[{"id": "1", "sku": "FUEL", "quantity": 7, "price": 33.33}])
        for number in range(7):
            self.call("purchase_return", purchase="P-1", return_=f"R-{number}", lines=[{"id": "1", "quantity": 1}])
            due = round(100 * (number + 1) / 7, 2)
            self.assertAlmostEqual(self.bases("base_amount"), 100 - due, 2)
        self.assertEqual(self.bases("base_amount"), 0)

    def test_a_merge_adds_up_what_has_earned(self):
        for is_shared in (False, True):
            with self.undone():
                self.base(is_shared=is_shared, quantity={"day": 100})
                other = self.new_member()
                self.fill(30)
                self.fill(50, member={"member": other})
                self.call("member_merge", member=other, into=self.member)
                self.assertEqual(self.fill(50), 20)
                self.assertEqual(self.bases(), 100)

    def test_a_replay_gives_the_same_bytes(self):
        self.base(quantity={"day": 100})
        self.fill(60, "P-1")
        self.fill(60, "P-2")
        purchase = self.purchase_of("P-2")
        basket = Basket.from_document(purchase.basket)
        self.assertEqual(basket.used["T_FUEL"].base_day, 60_000_000)
        compiled = self.env["loy.purchases"]._scene_of(purchase, basket).compiled
        self.assertEqual(as_bytes(evaluate(compiled.programme, basket).to_document()), as_bytes(purchase.result))
