"""Whatever tills do in whatever order: the books say what the answers said, and undoing all of it leaves nothing."""

import os
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo import fields
from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.tests import tagged

from .test_returns import ReturnCase

HISTORIES = int(os.environ.get("LOY_HISTORIES", "40"))
STEPS = int(os.environ.get("LOY_STEPS", "16"))
UNITS = ("T_BONUS", "T_MILES")
OFFERS = [
    {
        "code": "T_LIMITED",
        "state": "active",
        "group": "t_discounts",
        "rewards": [{"kind": "amount", "value": 3}, {"kind": "points", "unit": "T_MILES", "percent": 7}],
        "limits": {"total": 5, "budget": 12, "budget_points": 40, "per_member": 3},
    }
]
#: What may be refused here, since the history is what it is. Anything else is a fault.
EXPECTED = {
    "at_out_of_range",  # an exchange dated before the purchase of which something comes back
    "insufficient_points",
    "line_not_found",
    "purchase_cancelled",
    "purchase_confirmed",
    "purchase_held",
    "purchase_not_found",
    "purchase_returned",
    "return_exceeds",
    "return_exists",
}

numbers = st.integers(0, 5)
buyers = st.sampled_from([0, 0, 1, None])
days = st.integers(0, 3)
quantities = st.sampled_from(["1", "2", "3", "0.335", "1.5"])
line = st.tuples(st.sampled_from(["T-1001", "T-1002", "T-ANY"]), quantities, st.integers(1, 20_000))
lines = st.lists(line, min_size=1, max_size=3)
spends = st.sampled_from([None, ("T_BONUS", "max"), ("T_BONUS", 7), ("T_MILES", "max"), ("T_BONUS", 400)])
sale = st.tuples(numbers, buyers, days, lines, spends)
step = st.one_of(
    st.tuples(st.just("confirm"), sale),
    st.tuples(st.just("confirm"), sale),
    st.tuples(st.just("offline"), sale, st.integers(0, 500)),
    st.tuples(st.just("hold"), sale),
    st.tuples(st.just("settle"), numbers),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("run_out"), numbers),
    st.tuples(st.just("part"), numbers, st.integers(0, 2), quantities),
    st.tuples(st.just("part"), numbers, st.integers(0, 2), quantities),
    st.tuples(st.just("whole"), numbers),
    st.tuples(st.just("exchange"), numbers, st.integers(0, 2), quantities, sale),
    st.tuples(st.just("again"), st.integers(0, 30)),
)


@tagged("post_install", "-at_install")
class TestPurchaseHistories(ReturnCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        spend_miles = {"kind": "spend", "unit": "T_MILES", "max_percent": 30}
        cls.apply({"promotions": [*OFFERS, cls.promotion("T_SPEND_MILES", spend_miles, group="t_points")]})
        cls.buyers = [cls.member, cls.call("member_register", email="other@example.com")["member"]]
        for member in cls.buyers:
            for unit, amount in zip(UNITS, (60, 12.5), strict=True):
                cls.call("account_accrue", member=member, unit=unit, amount=amount)
        cls.today = date.today() - timedelta(days=1)

    @settings(
        max_examples=HISTORIES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(step, min_size=STEPS // 2, max_size=STEPS))
    def test_the_books_say_what_the_answers_said_and_undoing_all_leaves_nothing(self, history):
        with self.undone():
            self.run_history(history)

    @settings(
        max_examples=HISTORIES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(sale, max_size=3), sale, sale)
    def test_held_and_confirmed_comes_to_what_confirming_does(self, before, first, then):
        """Whatever was sold before, and whatever was held first: the answer and the balances are the same."""
        goods = self.sale((9, *then[1:]))
        hold, confirm = ("purchase_hold", goods), ("purchase_confirm", goods)
        as_held = ("purchase_confirm", {"purchase": goods["purchase"]})
        ways = {
            "at once": [confirm],
            "as held": [hold, as_held],
            "with its lines": [hold, confirm],
            "held anew": [("purchase_hold", self.sale((9, *first[1:]))), hold, as_held],
        }
        self.calls, ends = [], {}
        with self.undone():
            for number, one in enumerate(before):
                self.attempt("purchase_confirm", **self.sale((number, *one[1:])))
            for way, calls in ways.items():
                with self.undone():
                    *_, answer = [self.attempt(method, **request) for method, request in calls]
                    ends[way] = answer, [self.balance(unit, member) for member in self.buyers for unit in UNITS]
                    self.assert_books()
        for way, end in ends.items():
            self.assertEqual(end, ends["at once"], way)

    def run_history(self, history):
        self.told = defaultdict(Decimal)  # (member, unit) → what answers gave and took
        self.cash = Decimal(0)
        self.held = defaultdict(Counter)  # purchase → (member, unit) → points
        self.members = {}  # purchase → member
        self.calls = []
        self.returns = 0
        start = {(member, unit): self.total(member, unit) for member in self.buyers for unit in UNITS}
        for name, *values in history:
            getattr(self, f"do_{name}")(*values)
            self.compare(start, (name, *values))
        self.assert_books()
        self.undo()
        self.compare(start, "all undone")
        self.assertEqual({key: self.total(*key) for key in start}, start)
        self.assertEqual(self.cash, 0)
        self.assertEqual(sum(self.env["loy.counter"].search([]).mapped("used")), 0)
        self.assert_books()

    def compare(self, start, told):
        for (member, unit), before in start.items():
            balance = self.balance(unit, member)
            now = self.as_total(balance)
            self.assertEqual(now, before + self.told[member, unit], (member, unit, told))
            held = sum(points[member, unit] for points in self.held.values())
            self.assertEqual(Decimal(str(balance["held"])), held, (member, unit, told))
        sums = self.env["loy.purchase"]._read_group(
            [("state", "in", ("confirmed", "returned")), ("number", "=like", "H%")], [], ["to_pay:sum"]
        )
        self.assertEqual(round(Decimal(str(sums[0][0] or 0)), 2), self.cash, told)

    def total(self, member, unit):
        return self.as_total(self.balance(unit, member))

    @staticmethod
    def as_total(balance):
        return sum(Decimal(str(balance[name])) for name in ("active", "pending")) - Decimal(str(balance["debt"]))

    # ------------------------------------------------------------------ steps

    def attempt(self, method, **request):
        """The answer, or None where the history refuses; what is sent twice is answered twice the same."""
        request["key"] = self.new_key()
        with self.env.cr.savepoint() as savepoint:
            try:
                answer = self.call(method, **request)
            except ApiError as refusal:
                self.assertIn(refusal.code, EXPECTED, str(refusal))
                savepoint.rollback()
                self.env.invalidate_all()
                return None
        self.calls.append((method, request, answer))
        return answer

    def sale(self, sale, **values):
        number, buyer, day, goods, spend = sale
        return {
            "purchase": f"H{number}",
            "store": "T_S1",
            "member": None if buyer is None else {"member": self.buyers[buyer]},
            "at": f"{self.today - timedelta(days=day)}T12:00:00",
            "lines": [
                {"id": str(index), "sku": sku, "quantity": quantity, "price": cents / 100}
                for index, (sku, quantity, cents) in enumerate(goods)
            ],
            "spend": [{"unit": spend[0], "amount": spend[1]}] if spend and buyer is not None else [],
            **values,
        }

    def do_confirm(self, sale, **values):
        answer = self.attempt("purchase_confirm", **self.sale(sale, **values))
        if answer:
            self.sold(sale[0], None if sale[1] is None else self.buyers[sale[1]], answer)

    def do_offline(self, sale, given):
        values = self.sale(sale, offline=True)
        first = values["lines"][0]
        base = int(Decimal(first["quantity"]) * Decimal(str(first["price"])) * 100)
        first["given"] = [{"promotion": "T_TILL", "discount": min(given, base) / 100}]
        self.do_confirm(sale, **values)

    def do_hold(self, sale):
        answer = self.attempt("purchase_hold", **self.sale(sale))
        if answer:
            number, member = sale[0], None if sale[1] is None else self.buyers[sale[1]]
            self.members[number] = member
            self.held[number] = Counter()
            for spent in answer["spent"]:
                self.held[number][member, spent["unit"]] += Decimal(str(spent["amount"]))

    def do_settle(self, number):
        answer = self.attempt("purchase_confirm", purchase=f"H{number}")
        if answer:
            self.sold(number, self.members[number], answer)

    def do_cancel(self, number):
        if self.attempt("purchase_cancel", purchase=f"H{number}"):
            self.held.pop(number, None)

    def do_run_out(self, number):
        if self.purchase_of(f"H{number}").state == "held":
            self.run_out(f"H{number}")
            now = fields.Datetime.now()
            self.env["loy.ledger"]._release_overdue(now)
            self.env["loy.counters"]._give_back_overdue(now)
            self.held.pop(number, None)

    def do_part(self, number, index, quantity):
        self.returns += 1
        lines = [{"id": str(index), "quantity": quantity}]
        answer = self.attempt("purchase_return", purchase=f"H{number}", return_=f"HR{self.returns}", lines=lines)
        if answer:
            self.came_back(self.members[number], answer)

    def do_whole(self, number):
        self.returns += 1
        answer = self.attempt("purchase_return", purchase=f"H{number}", return_=f"HR{self.returns}")
        if answer:
            self.came_back(self.members[number], answer)

    def do_exchange(self, origin, index, quantity, sale):
        values = self.sale(sale)
        of = {"purchase": f"H{origin}", "line": str(index)}
        back = {"id": "back", "sku": "T-1001", "quantity": f"-{quantity}", "of": of}
        self.do_confirm(sale, lines=[*values["lines"], back])

    def do_again(self, which):
        if self.calls:
            method, request, answer = self.calls[which % len(self.calls)]
            self.assertEqual(self.call(method, **request), answer)

    # ------------------------------------------------------------------ what answers say

    def sold(self, number, member, answer):
        self.held.pop(number, None)
        self.members[number] = member
        self.cash += Decimal(str(answer["totals"]["to_pay"]))
        for earned in answer["earned"] if member else ():
            self.told[member, earned["unit"]] += Decimal(str(earned["amount"]))
        for spent in answer["spent"]:
            self.told[member, spent["unit"]] -= Decimal(str(spent["amount"]))
        for back in answer.get("exchange", {}).get("returns", ()):
            origin = int(back["purchase"].removeprefix("H"))
            self.came_back(self.members[origin], back)

    def came_back(self, member, answer):
        self.cash -= Decimal(str(answer["refund"]["money"]))
        for points in answer["refund"]["points"]:
            self.told[member, points["unit"]] += Decimal(str(points["amount"]))
        for points in answer["taken_back"]:
            self.told[member, points["unit"]] -= Decimal(str(points["amount"]))

    def undo(self):
        for number in range(6):
            state = self.purchase_of(f"H{number}").state
            if state == "held":
                self.do_cancel(number)
            elif state == "confirmed":
                self.do_whole(number)
