"""Whatever is held, confirmed, cancelled and returned: shared limits and what earns say what the plain model says."""

import os
from collections import defaultdict
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.addons.loyalty_core.engine.money import half_up
from odoo.tests import tagged

from .test_counters import BUN, CounterCase

HISTORIES = int(os.environ.get("LOY_HISTORIES", "60"))
STEPS = int(os.environ.get("LOY_STEPS", "14"))
#: What promotions that share a limit take off a bun; the greater benefit works first.
OFFERS = {"T_THREE": 3, "T_TWO": 2}
SHARED = {"total": 5, "budget": 11, "per_day": 3, "per_member": 3}
LITRES = {"day": 6, "week": 9}
DAYS = ["2026-06-22", "2026-06-23", "2026-06-29"]  # two of one week, one of the next
numbers = st.integers(0, 4)
buyers = st.sampled_from([0, 0, 1])
litres = st.integers(1, 5)
step = st.one_of(
    st.tuples(st.just("confirm"), numbers, buyers, st.sampled_from(DAYS), litres),
    st.tuples(st.just("confirm"), numbers, buyers, st.sampled_from(DAYS), litres),
    st.tuples(st.just("hold"), numbers, buyers, st.sampled_from(DAYS), litres),
    st.tuples(st.just("settle"), numbers),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("give_back"), numbers),
    st.tuples(st.just("pour_back"), numbers),
    st.tuples(st.just("run_out"), numbers),
)


class Receipt:
    def __init__(self, buyer, day, litres):
        self.buyer, self.day, self.litres = buyer, day, litres
        self.offers, self.earning, self.poured = [], 0, 0

    def left(self):
        """What still counts of what earned, in millionths of a litre."""
        return self.earning - half_up(self.earning * self.poured, self.litres)


class Model:
    """Receipts with what they used, and limits looked up by going through all of them."""

    def __init__(self):
        self.state, self.receipts, self.answered = {}, {}, {}

    def offers(self, key=lambda receipt: True):
        return [code for receipt in self.receipts.values() if key(receipt) for code in receipt.offers]

    def budget(self):
        return sum(OFFERS[code] for code in self.offers())

    def earned(self, key):
        return sum(receipt.left() for receipt in self.receipts.values() if key(receipt))

    def buy(self, number, buyer, day, litres, state):
        self.receipts.pop(number, None)
        receipt = self.receipts[number] = Receipt(buyer, day, litres)
        for code, money in OFFERS.items():
            if (
                len(self.offers()) < SHARED["total"]
                and len(self.offers(lambda one: one.day == day)) < SHARED["per_day"]
                and len(self.offers(lambda one: one.buyer == buyer)) < SHARED["per_member"]
                and self.budget() + money <= SHARED["budget"]
            ):
                receipt.offers.append(code)

        def same_week(other):
            return date.fromisoformat(other).isocalendar()[1] == date.fromisoformat(day).isocalendar()[1]

        used = {
            "day": self.earned(lambda one: one.buyer == buyer and one.day == day),
            "week": self.earned(lambda one: one.buyer == buyer and same_week(one.day)),
        }
        left = min(max(0, limit * 10**6 - used[period]) for period, limit in LITRES.items())
        receipt.earning = min(litres * 10**6, left)
        self.state[number], self.answered[number] = state, receipt
        return sum(OFFERS[code] for code in receipt.offers), receipt.earning


@tagged("post_install", "-at_install")
class TestSharedHistories(CounterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.call("member_register", email="other@example.com")["member"]
        cls.buyers = [cls.member, other]
        fuel = {"kind": "points", "unit": "T_MILES", "amount": 1, "per": "quantity", "target": {"sku": ["FUEL"]}}
        promotions = [
            cls.promotion(
                code, {"kind": "amount", "value": money, "target": {"sku": ["T-1002"]}}, limits={"share": "T_FUND"}
            )
            for code, money in OFFERS.items()
        ]
        promotions.append(cls.promotion("T_FUEL", fuel, limits={"base_per_member": {"quantity": LITRES}}))
        cls.apply({"limits": [{"code": "T_FUND", **SHARED}], "promotions": promotions})
        cls.limit_id = cls.env["loy.shared.limit"].search([("code", "=", "T_FUND")]).id

    @settings(max_examples=HISTORIES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.lists(step, min_size=1, max_size=STEPS))
    def test_limits_say_what_the_model_says(self, history):
        with self.undone():
            model = Model()
            for name, *values in history:
                getattr(self, f"do_{name}")(model, *values)
                self.compare(model, (name, *values))
            self.check_books()

    def compare(self, model, told):
        self.env.invalidate_all()
        used = defaultdict(int)
        for row in self.env["loy.counter"].search([("ref", "=", self.limit_id), ("kind", "=like", "shared%")]):
            used[row.kind, row.day and str(row.day)] += row.used
        self.assertEqual(used["shared_total", False], len(model.offers()), told)
        self.assertEqual(used["shared_budget", False], model.budget() * 100, told)
        draws = self.env["loy.counter.draw"].search([])
        for day in DAYS:
            of_day = len(model.offers(lambda one, day=day: one.day == day))
            self.assertEqual(used["shared_per_day", day], of_day, told)
            for position, buyer in enumerate(self.buyers):
                mine = draws.filtered_domain([("day", "=", day), ("member_id", "=", int(buyer))])
                earned = model.earned(lambda one, day=day, position=position: (one.day, one.buyer) == (day, position))
                self.assertEqual(round(sum(mine.mapped("base_quantity")) * 10**6), earned, (day, told))

    def values(self, buyer, day, litres):
        lines = [*BUN, {"id": "2", "sku": "FUEL", "quantity": litres, "price": 1}]
        return {"member": {"member": self.buyers[buyer]}, "at": f"{day}T12:00:00", "lines": lines}

    def check(self, model, answer, bought):
        discount, earning = bought
        miles = sum(one["amount"] for one in answer["earned"] if one["unit"] == "T_MILES")
        self.assertEqual((answer["totals"]["discount"], miles), (discount, earning / 10**6))

    def do_confirm(self, model, number, *bought):
        if number not in model.state:
            answer = self.confirm(f"N{number}", **self.values(*bought))
            self.check(model, answer, model.buy(number, *bought, "confirmed"))

    def do_hold(self, model, number, *bought):
        if model.state.get(number, "held") == "held":
            answer = self.hold(f"N{number}", **self.values(*bought))
            self.check(model, answer, model.buy(number, *bought, "held"))

    def do_settle(self, model, number):
        if model.state.get(number) == "held":
            self.call("purchase_confirm", purchase=f"N{number}")
            model.receipts[number] = model.answered[number]
            model.state[number] = "confirmed"

    def do_cancel(self, model, number):
        if model.state.get(number) == "held":
            self.call("purchase_cancel", purchase=f"N{number}")
            model.receipts.pop(number, None)
            model.state[number] = "cancelled"

    def do_give_back(self, model, number):
        if model.state.get(number) == "confirmed":
            self.call("purchase_return", purchase=f"N{number}", return_=f"R{number}")
            model.receipts.pop(number, None)
            model.state[number] = "returned"

    def do_pour_back(self, model, number):
        """A litre of it comes back; the bun stays."""
        receipt = model.receipts.get(number)
        if model.state.get(number) == "confirmed" and receipt.poured < receipt.litres:
            receipt.poured += 1
            lines = [{"id": "2", "quantity": 1}]
            self.call("purchase_return", purchase=f"N{number}", return_=f"R{number}-{receipt.poured}", lines=lines)

    def do_run_out(self, model, number):
        if model.state.get(number) == "held":
            self.run_out(f"N{number}")
            self.env["loy.counters"]._give_back_overdue(self.env.cr.now())
            model.receipts.pop(number, None)
