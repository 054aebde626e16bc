"""Limits of promotions: counted, drawn, given back; never passed, and always the sum of their draws."""

from datetime import date, timedelta

from odoo.addons.loyalty_core.engine import Basket, evaluate
from odoo.addons.loyalty_core.engine.money import half_up
from odoo.addons.loyalty_core.services.counters import Drawn, _Passed, most_within
from odoo.tests import tagged

from .test_purchases import PurchaseCase, as_bytes

TEN = {"kind": "percent", "value": 10}
BUN = [{"id": "1", "sku": "T-1002", "quantity": 1}]  # 20.00, so that 10 % are 2.00


class CounterCase(PurchaseCase):
    def limit(self, code="T_LIMITED", *rewards, **limits):
        self.apply({"promotions": [self.promotion(code, *(rewards or (TEN,)), limits=limits)]})
        return self.env["loy.promotion"].search([("code", "=", code)])

    def buy(self, number=None, **values):
        """What the promotion takes off a bun."""
        answer = self.confirm(number or self.new_key(), **{"lines": BUN, **values})
        return answer["totals"]["discount"]

    def moment(self, days):
        return f"{date.today() - timedelta(days=days)}T12:00:00"

    def refusals(self, answer, code="T_LIMITED"):
        return [(one["code"], one["params"]) for one in answer["refusals"] if one["promotion"] == code]

    def used(self, promotion, kind="total"):
        return self.env["loy.counters"]._progress(promotion).get((promotion.id, kind), 0)

    def new_member(self):
        return self.call("member_register", email=f"{self.new_key()}@example.com")["member"]

    def check_books(self):
        self.assertEqual(self.call("books_check")["differences"], [])


@tagged("post_install", "-at_install")
class TestLimits(CounterCase):
    def tearDown(self):
        self.check_books()
        super().tearDown()

    def test_the_last_use_is_given_and_the_next_refused(self):
        promotion = self.limit(total=2)
        self.assertEqual([self.buy(), self.buy(), self.buy()], [2, 2, 0])
        self.assertEqual(self.used(promotion), 2)
        answer = self.calculate(lines=BUN)
        self.assertEqual(self.refusals(answer), [("limit", {"which": "total", "limit": 2, "used": 2})])

    def test_a_member_has_uses_of_the_own(self):
        self.limit(per_member=1)
        self.assertEqual([self.buy(), self.buy()], [2, 0])
        self.assertEqual(self.buy(member={"member": self.new_member()}), 2)
        answer = self.calculate(lines=BUN, member=None, explain=True)
        self.assertEqual(self.refusals(answer), [("identified", {})])
        self.assertFalse(self.env["loy.counter"].search_count([]), "nothing shared is counted")

    def test_a_members_window_rolls_by_calendar_days(self):
        self.limit(per_member=2, per_member_days=3)
        days = [10, 9, 9, 8, 7, 6]  # of the two of day 9 and that of day 10 the third is too many
        self.assertEqual([self.buy(at=self.moment(one)) for one in days], [2, 2, 0, 0, 2, 2])

    def test_receipts_that_come_late_count_like_those_in_order(self):
        self.limit(per_member=1, per_member_days=3)
        self.assertEqual(self.buy(at=self.moment(5)), 2)
        self.assertEqual(self.buy(at=self.moment(7)), 0)
        self.assertEqual(self.buy(at=self.moment(8)), 2)

    def test_a_day_is_the_stores(self):
        self.limit(per_day=1)
        day = date.today() - timedelta(days=5)
        self.assertEqual(self.buy(at=f"{day}T00:10:00"), 2)
        self.assertEqual(self.buy(at=f"{day}T23:50:00"), 0)
        self.assertEqual(self.buy(at=f"{day - timedelta(days=1)}T23:50:00"), 2)

    def test_a_discount_larger_than_the_budget_left_is_refused_whole(self):
        promotion = self.limit(budget=5)
        self.assertEqual([self.buy() for _time in range(3)], [2, 2, 0])
        self.assertEqual(self.used(promotion, "budget"), 4)
        self.assertEqual(self.buy(lines=[{**BUN[0], "price": 10}]), 1)
        self.assertEqual(self.used(promotion, "budget"), 5)

    def test_points_larger_than_the_budget_left_are_refused_whole(self):
        points = {"kind": "points", "unit": "T_MILES", "amount": 2.5}
        promotion = self.limit("T_LIMITED", points, budget_points=6)
        for earned in (2.5, 2.5, 0):
            answer = self.confirm(self.new_key(), lines=BUN)
            self.assertEqual(sum(one["amount"] for one in answer["earned"] if one["unit"] == "T_MILES"), earned)
        self.assertEqual(self.used(promotion, "budget_points"), 5)

    def test_people_read_counters_in_money_points_and_uses(self):
        points = {"kind": "points", "unit": "T_MILES", "amount": 2.5}
        self.limit("T_LIMITED", TEN, points, budget=50, budget_points=60, total=9)
        self.buy()
        counters = self.env["loy.counter"].search([])
        shown = {(one.kind, one.used_amount, one.limit_amount) for one in counters if one.used}
        self.assertEqual(shown, {("budget", 2, 50), ("budget_points", 2.5, 60), ("total", 1, 9)})

    def test_a_purchase_without_effect_uses_nothing(self):
        promotion = self.limit("T_LIMITED", {**TEN, "target": {"sku": ["T-1001"]}}, total=5)
        self.buy()
        self.call("purchase_calculate", **self.basket())
        self.assertEqual(self.used(promotion), 0)

    def test_an_offer_to_pay_that_is_not_taken_is_no_use(self):
        promotion = self.limit("T_LIMITED", {"kind": "spend", "unit": "T_BONUS"}, total=5)
        self.buy()
        self.assertEqual(self.used(promotion), 0)
        self.buy(spend=[{"unit": "T_BONUS", "amount": 3}])
        self.assertEqual(self.used(promotion), 1)

    # ------------------------------------------------------------------ hold, cancel, return

    def test_a_hold_uses_what_a_confirm_then_keeps(self):
        promotion = self.limit(total=1, per_member=1, budget=2, per_day=1)
        self.hold("H-1", lines=BUN)
        self.assertEqual(self.used(promotion), 1)
        self.assertEqual(self.buy(), 0)
        self.assertEqual(self.buy("H-1"), 2, "its own use does not stand against it")
        self.assertEqual(self.used(promotion), 1)
        self.assertEqual(self.env["loy.counter.draw"].search_count([("promotion_id", "=", promotion.id)]), 1)

    def test_what_is_held_is_confirmed_by_its_number(self):
        promotion = self.limit(total=1)
        self.hold("H-1", lines=BUN)
        answer = self.call("purchase_confirm", purchase="H-1")
        self.assertEqual(answer["totals"]["discount"], 2)
        self.assertEqual(self.used(promotion), 1)

    def test_a_new_hold_draws_what_it_needs_now(self):
        promotion = self.limit(total=1, budget=10)
        self.hold("H-1", lines=BUN)
        self.hold("H-1", lines=[{**BUN[0], "quantity": 3}])
        self.assertEqual((self.used(promotion), self.used(promotion, "budget")), (1, 6))
        self.hold("H-1", lines=[{**BUN[0], "price": 0}])
        self.assertEqual((self.used(promotion), self.used(promotion, "budget")), (0, 0))

    def test_a_cancel_gives_back(self):
        promotion = self.limit(total=1, per_member=1, budget=2)
        self.hold("H-1", lines=BUN)
        self.call("purchase_cancel", purchase="H-1")
        self.assertEqual((self.used(promotion), self.used(promotion, "budget")), (0, 0))
        self.assertEqual(self.buy(), 2)

    def test_a_hold_that_runs_out_gives_back_and_a_late_confirm_is_a_fact(self):
        promotion = self.limit(total=1, per_member=1)
        self.hold("H-1", lines=BUN)
        self.run_out("H-1")
        self.env["loy.counters"]._give_back_overdue(self.env.cr.now())
        self.assertEqual(self.used(promotion), 0)
        self.assertEqual(self.buy(), 2)
        answer = self.call("purchase_confirm", purchase="H-1")
        self.assertEqual((answer["totals"]["discount"], answer["late"]), (2, True))
        self.assertEqual(self.used(promotion), 2)
        over = self.env["loy.counter.draw"].search([("is_over", "=", True)])
        self.assertEqual(over.purchase_id.number, "H-1")
        self.assertEqual(self.buy(), 0)

    def test_holds_that_run_out_give_back_once(self):
        promotion = self.limit(total=9)
        for number in ("H-1", "H-2", "H-3"):
            self.hold(number, lines=BUN)
        self.run_out("H-1")
        self.run_out("H-2")
        counters = self.env["loy.counters"]
        self.assertEqual([counters._give_back_overdue(self.env.cr.now()) for _time in "ab"], [2, 0])
        self.assertEqual(self.used(promotion), 1)

    def test_a_receipt_made_offline_is_a_fact_beyond_the_limit(self):
        promotion = self.limit(total=1, per_member=1, budget=3)
        self.buy()
        line = {**BUN[0], "price": 20, "given": [{"promotion": "T_LIMITED", "discount": 2}]}
        self.assertEqual(self.buy("P-1", lines=[line], offline=True), 2)
        self.assertEqual((self.used(promotion), self.used(promotion, "budget")), (2, 4))
        over = self.env["loy.counter.draw"].search([("is_over", "=", True)])
        self.assertEqual(over.purchase_id.number, "P-1")
        self.assertEqual(self.buy(), 0)
        self.call("purchase_return", purchase="P-1", return_="R-1")
        self.assertEqual((self.used(promotion), self.used(promotion, "budget")), (1, 2))

    def test_returns_of_parts_give_back_and_the_last_part_the_use(self):
        points = {"kind": "points", "unit": "T_MILES", "percent": 1}
        promotion = self.limit("T_LIMITED", TEN, points, total=1, budget=100, budget_points=100)
        self.confirm("P-1", lines=[{**BUN[0], "quantity": 3, "price": 9.99}])
        seen = []
        for number in (1, 2, 3):
            lines = [{"id": "1", "quantity": 1}]
            self.call("purchase_return", purchase="P-1", return_=f"R-{number}", lines=lines)
            seen.append((self.used(promotion), self.used(promotion, "budget")))
        self.assertEqual(seen, [(1, 2.0), (1, 1.0), (0, 0)])
        self.assertEqual(self.used(promotion, "budget_points"), 0)

    def test_an_exchange_may_use_what_it_brings_back(self):
        promotion = self.limit(total=1)
        self.buy("P-1")
        back = {"id": "b", "sku": "T-1002", "quantity": -1, "of": {"purchase": "P-1", "line": "1"}}
        self.assertEqual(self.buy("P-2", lines=[{**BUN[0], "quantity": 2}, back]), 4)
        self.assertEqual(self.used(promotion), 1)

    def test_a_whole_return_gives_the_use_back(self):
        promotion = self.limit(total=1, per_member=1, per_day=1, budget=2)
        self.buy("P-1")
        self.call("purchase_return", purchase="P-1", return_="R-1")
        self.assertEqual([self.used(promotion, kind) for kind in ("total", "per_day", "budget")], [0, 0, 0])
        self.assertEqual(self.buy(), 2)
        back = self.env["loy.counter.draw"].search([("kind", "=", "back")])
        self.assertEqual(back.return_id.number, "R-1")

    def test_parts_give_the_budget_back_in_proportion_and_the_last_the_use(self):
        points = {"kind": "points", "unit": "T_MILES", "percent": 1}
        promotion = self.limit("T_LIMITED", TEN, points, total=9, budget=100, budget_points=100)
        lines = [{**BUN[0], "quantity": 3, "price": 9.99}, {**BUN[0], "id": "2", "price": 50}]
        self.confirm("P-1", lines=lines)
        purchase, counters = self.purchase_of("P-1"), self.env["loy.counters"]
        drawn = [self.used(promotion, kind) for kind in ("budget", "budget_points")]
        self.assertEqual(drawn[0], 8.0)  # 3.00 and 5.00
        back = {"1": 0, "2": 0}
        quantities = {"1": 3, "2": 1}

        def share(amounts):
            return sum(half_up(amount * back[line], quantities[line]) for line, amount in amounts.items())

        for line in ("1", "1", "2"):
            back[line] += 1
            counters._give_back(purchase, share)
        self.assertEqual(self.used(promotion, "budget"), 1.0)
        self.assertEqual(self.used(promotion), 1)
        self.assertGreater(self.used(promotion, "budget_points"), 0)
        counters._give_back(purchase)
        self.assertEqual([self.used(promotion, kind) for kind in ("total", "budget", "budget_points")], [0, 0, 0])

    # ------------------------------------------------------------------ the same again, edits, members

    def test_a_replay_gives_the_same_bytes(self):
        self.limit(total=2, budget=100)
        self.buy("P-1")
        self.buy("P-2")
        self.buy("P-3")
        for number in ("P-1", "P-2", "P-3"):
            purchase = self.purchase_of(number)
            purchases = self.env["loy.purchases"]
            basket = Basket.from_document(purchase.basket)
            compiled = purchases._scene_of(purchase, basket).compiled
            self.assertEqual(as_bytes(evaluate(compiled.programme, basket).to_document()), as_bytes(purchase.result))

    def test_a_limit_is_edited_while_it_is_used(self):
        promotion = self.limit(total=3)
        self.assertEqual([self.buy(), self.buy()], [2, 2])
        promotion.limit_total = 1
        self.assertEqual(self.buy(), 0)
        promotion.limit_total = 5000
        self.assertEqual(self.buy(), 2)
        self.assertGreater(self.env["loy.counter"].search_count([("ref", "=", promotion.id)]), 1)
        promotion.limit_total = 4
        self.assertEqual([self.buy(), self.buy()], [2, 0])
        self.assertEqual(self.used(promotion), 4)

    def test_a_merge_moves_what_the_member_used(self):
        promotion = self.limit(per_member=2, total=9)
        other = self.new_member()
        self.buy()
        self.buy(member={"member": other})
        self.call("member_merge", member=other, into=self.member)
        self.assertEqual(self.buy(), 0)
        self.assertEqual(self.used(promotion), 2)

    def test_a_copy_of_a_promotion_is_not_used_yet(self):
        promotion = self.limit(total=1)
        self.buy()
        self.assertEqual(promotion.copy().used_total, 0)
        self.assertEqual(promotion.used_total, 1)

    # ------------------------------------------------------------------ what it costs

    def queries(self, work):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_a_calculation_without_limits_asks_nothing_and_with_them_once(self):
        self.limit("T_OTHER", {**TEN, "target": {"sku": ["T-NONE"]}}, total=5)
        self.calculate(lines=BUN)
        without = self.queries(lambda: self.calculate(lines=BUN))
        self.limit("T_OTHER", {**TEN, "target": {"sku": ["T-1002"]}}, total=5, per_day=9, per_member=4, budget=50)
        self.calculate(lines=BUN)
        self.assertEqual(self.queries(lambda: self.calculate(lines=BUN)), without + 1)

    def test_what_limits_add_to_a_confirm(self):
        promotion = self.limit(total=5000, per_day=5000, budget=50_000)
        self.buy()
        with_limits = self.queries(self.buy)
        promotion.write({"limit_total": 0, "limit_per_day": 0, "limit_budget": 0})
        self.buy()
        without = self.queries(self.buy)
        # what is used, the savepoint and its end, the draw and the end of its own, the fact
        self.assertEqual(with_limits - without, 6)


@tagged("post_install", "-at_install")
class TestShards(CounterCase):
    """The counters by themselves, without purchases."""

    def draw(self, promotion, amount, limit, is_fact=False):
        company = self.env.company
        one = Drawn(
            promotion_id=promotion.id,
            company_id=company.id,
            currency_id=company.currency_id.id,
            member_id=None,
            day=date(2026, 3, 1),
            counted=("budget",),
            uses=1,
            discount_minor=amount,
            points_micro=0,
        )
        return self.env["loy.counters"]._move(company.id, [one], {("budget", promotion.id): limit}, is_fact)

    def rows(self, promotion):
        self.env.invalidate_all()
        return self.env["loy.counter"].search([("ref", "=", promotion.id)], order="id")

    def test_a_large_limit_is_split_and_used_to_the_last_unit(self):
        promotion = self.limit(budget=1)
        for _time in range(20):
            self.draw(promotion, 49, 50_000)
        self.assertEqual(len(self.rows(promotion)), 15)
        self.assertEqual(sum(self.rows(promotion).mapped("quota")), 50_000)
        left = 50_000 - 20 * 49
        self.draw(promotion, left - 10, 50_000)
        for amount in (7, 3):
            self.draw(promotion, amount, 50_000)
        self.assertEqual(sum(self.rows(promotion).mapped("used")), 50_000)
        with self.assertRaises(_Passed):
            self.draw(promotion, 1, 50_000)

    def test_a_small_limit_has_one_row(self):
        promotion = self.limit(budget=1)
        self.draw(promotion, 49, 500)
        self.assertEqual(len(self.rows(promotion)), 1)

    def test_a_fact_passes_the_limit_and_nothing_else_does_until_there_is_room(self):
        promotion = self.limit(budget=1)
        self.draw(promotion, 10, 5_000)
        self.assertEqual(self.draw(promotion, 5_000, 5_000, is_fact=True), {("budget", promotion.id)})
        self.draw(promotion, -9, 5_000)
        with self.assertRaises(_Passed):
            self.draw(promotion, 1, 5_000)
        self.draw(promotion, -2, 5_000)
        self.draw(promotion, 1, 5_000)
        self.assertEqual(sum(self.rows(promotion).mapped("used")), 5_000)
        with self.assertRaises(_Passed):
            self.draw(promotion, 1, 5_000)

    def test_the_fullest_stretch_of_days_counts(self):
        day = date(2026, 1, 10)
        ago = {number: day - timedelta(days=number) for number in range(-5, 6)}
        self.assertEqual(most_within({}, day, 3), 0)
        self.assertEqual(most_within({ago[0]: 1, ago[2]: 2, ago[3]: 9}, day, 3), 3)
        self.assertEqual(most_within({ago[2]: 2, ago[-2]: 3}, day, 3), 3)
        self.assertEqual(most_within({ago[1]: 2, ago[-1]: 3}, day, 3), 5)
        self.assertEqual(most_within({ago[5]: 2, ago[-5]: 3}, day, None), 5)
