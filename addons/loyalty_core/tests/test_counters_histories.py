"""Whatever is held, confirmed, cancelled, returned and edited: limits say what the plain model says."""

import os
from collections import defaultdict
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from odoo.tests import tagged

from .test_counters import BUN, CounterCase

HISTORIES = int(os.environ.get("LOY_HISTORIES", "60"))
STEPS = int(os.environ.get("LOY_STEPS", "14"))
#: Promotion → what it takes off a bun, and its limits.
OFFERS = {
    "T_SHARED": (2, {"total": 3, "budget": 8, "per_day": 2}),
    "T_OWN": (3, {"per_member": 2, "per_member_days": 3}),
    "T_EVER": (1, {"per_member": 3, "total": 6}),
}
numbers = st.integers(0, 5)
buyers = st.sampled_from([0, 0, 1, None])
days = st.integers(0, 4)
step = st.one_of(
    st.tuples(st.just("confirm"), numbers, buyers, days),
    st.tuples(st.just("confirm"), numbers, buyers, days),
    st.tuples(st.just("hold"), numbers, buyers, days),
    st.tuples(st.just("settle"), numbers),
    st.tuples(st.just("cancel"), numbers),
    st.tuples(st.just("give_back"), numbers),
    st.tuples(st.just("run_out"), numbers),
    st.tuples(
        st.just("edit"),
        st.sampled_from([(code, kind) for code, (_money, limits) in OFFERS.items() for kind in limits]),
        st.integers(1, 9),
    ),
)


class Model:
    """Purchases with what they used, and limits looked up by going through all of them."""

    def __init__(self):
        self.limits = {code: dict(limits) for code, (_money, limits) in OFFERS.items()}
        self.state = {}
        self.uses = defaultdict(dict)  # purchase → promotion → (buyer, day)
        self.answered = {}  # what was held: promotion → (buyer, day)

    def of(self, code):
        return [used[code] for used in self.uses.values() if code in used]

    def is_left(self, code, buyer, day):
        limits, uses = self.limits[code], self.of(code)
        mine = [used_on for who, used_on in uses if who == buyer]
        length = limits.get("per_member_days")
        if "per_member" in limits and buyer is None:
            return False
        windows = range(day - length + 1, day + 1) if length else [None]
        return all(
            sum(length is None or start <= one < start + length for one in mine) < limits["per_member"]
            for start in windows
            if "per_member" in limits
        ) and (
            len(uses) < limits.get("total", 99)
            and (len(uses) + 1) * OFFERS[code][0] <= limits.get("budget", 99)
            and sum(one == day for _who, one in uses) < limits.get("per_day", 99)
        )

    def buy(self, number, buyer, day, state):
        self.uses.pop(number, None)
        given = [code for code in OFFERS if self.is_left(code, buyer, day)]
        self.uses[number] = dict.fromkeys(given, (buyer, day))
        self.answered[number] = dict(self.uses[number])
        self.state[number] = state
        return sum(OFFERS[code][0] for code in given)

    def used(self, code, kind, day=None):
        uses = [one for one in self.of(code) if kind != "per_day" or one[1] == day]
        return len(uses) * (OFFERS[code][0] if kind == "budget" else 1)


@tagged("post_install", "-at_install")
class TestHistories(CounterCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.call("member_register", email="other@example.com")["member"]
        cls.buyers = [cls.member, other]
        cls.today = date.today() - timedelta(days=1)

    def edit(self, model):
        rewards = {code: {"kind": "amount", "value": money} for code, (money, _limits) in OFFERS.items()}
        self.apply(
            {"promotions": [self.promotion(code, rewards[code], limits=model.limits[code]) for code in OFFERS]}
        )

    def values(self, buyer, day):
        return {
            "member": None if buyer is None else {"member": self.buyers[buyer]},
            "at": f"{self.today - timedelta(days=day)}T12:00:00",
            "lines": BUN,
        }

    @settings(
        max_examples=HISTORIES,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(step, min_size=1, max_size=STEPS))
    def test_limits_say_what_the_model_says(self, history):
        with self.env.cr.savepoint() as savepoint:
            self.run_history(history)
            savepoint.rollback()
        self.env.invalidate_all()

    def run_history(self, history):
        model = Model()
        self.edit(model)
        promotions = {code: self.env["loy.promotion"].search([("code", "=", code)]) for code in OFFERS}
        for name, *values in history:
            getattr(self, f"do_{name}")(model, *values)
            self.compare(model, promotions, (name, *values))
        self.check_books()

    def compare(self, model, promotions, told):
        for code, (_money, limits) in OFFERS.items():
            rows = self.env["loy.counter"].search([("ref", "=", promotions[code].id)])
            rows.invalidate_recordset()
            for kind in {"total", "budget"} & limits.keys():
                used = sum(rows.filtered(lambda row, kind=kind: row.kind == kind).mapped("used"))
                expected = model.used(code, kind) * (100 if kind == "budget" else 1)
                self.assertEqual(used, expected, (code, kind, told))
            for day in range(5) if "per_day" in limits else ():
                on = self.today - timedelta(days=day)
                used = sum(rows.filtered(lambda row, on=on: row.day == on).mapped("used"))
                self.assertEqual(used, model.used(code, "per_day", -day), (code, day, told))

    def do_confirm(self, model, number, buyer, day):
        if number not in model.state:
            answer = self.confirm(f"N{number}", **self.values(buyer, day))
            self.assertEqual(answer["totals"]["discount"], model.buy(number, buyer, -day, "confirmed"))

    def do_hold(self, model, number, buyer, day):
        if model.state.get(number, "held") == "held":
            answer = self.hold(f"N{number}", **self.values(buyer, day))
            self.assertEqual(answer["totals"]["discount"], model.buy(number, buyer, -day, "held"))

    def do_settle(self, model, number):
        if model.state.get(number) == "held":
            self.call("purchase_confirm", purchase=f"N{number}")
            model.uses[number] = dict(model.answered[number])
            model.state[number] = "confirmed"

    def do_cancel(self, model, number):
        if model.state.get(number) == "held":
            self.call("purchase_cancel", purchase=f"N{number}")
            model.uses.pop(number, None)
            model.state[number] = "cancelled"

    def do_give_back(self, model, number):
        if model.state.get(number) == "confirmed":
            self.call("purchase_return", purchase=f"N{number}", return_=f"R{number}")
            model.uses.pop(number, None)
            model.state[number] = "returned"

    def do_run_out(self, model, number):
        if model.state.get(number) == "held":
            self.run_out(f"N{number}")
            self.env["loy.counters"]._give_back_overdue(self.env.cr.now())
            model.uses.pop(number, None)

    def do_edit(self, model, which, value):
        code, kind = which
        model.limits[code][kind] = value
        self.edit(model)
