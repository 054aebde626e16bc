"""Fifty tills at once, against a server of eight workers: a limit is used up and never passed.

Law: whoever comes too late for the last use gets the receipt without it, and nobody gets an error.
"""

import itertools

import pytest

from tools import database
from tools.crowd import at_once
from tools.server import Json2Error, demo_server

STORE = "LIMITS"
_numbers = itertools.count(1)


class Tills:
    """Any number of clients; each call is of one of them."""

    def __init__(self, server):
        self.server, self.key = server, server.integrator_key()
        self.client = server.json2(self.key)

    def call(self, method, client=None, **request):
        return (client or self.client).call("loy.api", method, request=request)

    def offer(self, code, discount, **limits):
        promotion = {
            "code": code,
            "state": "active",
            "when": {"kind": "place", "store": [STORE]},
            "rewards": [{"kind": "amount", "value": discount, "target": {"sku": [code]}}],
            "limits": limits,
        }
        programme = {"stores": [{"code": STORE, "timezone": "Europe/Kyiv"}], "promotions": [promotion]}
        self.call("programme_apply", key=new("offer"), programme=programme)

    def offer_together(self, offers, **limits):
        promotions = [
            {
                "code": code,
                "state": "active",
                "when": {"kind": "place", "store": [STORE]},
                "rewards": [{"kind": "amount", "value": discount, "target": {"sku": [code]}}],
                "limits": {"share": "FUND"},
            }
            for code, discount in offers.items()
        ]
        stores = [{"code": STORE, "timezone": "Europe/Kyiv"}]
        programme = {"stores": stores, "limits": [{"code": "FUND", **limits}], "promotions": promotions}
        self.call("programme_apply", key=new("offer"), programme=programme)

    def member(self):
        number = next(_numbers)
        return self.call("member_register", key=new("member"), email=f"limits-{number}@example.com")["member"]

    def at_once(self, count, work):
        """``work(client, number)`` by so many clients, started together; the answers or errors."""
        clients = [self.server.json2(self.key) for _ in range(count)]

        def one(number):
            try:
                return work(clients[number], number)
            except Json2Error as error:
                return error

        return at_once(count, one)

    def buy(self, client, code, number, price=20, member=None, method="purchase_confirm", **more):
        lines = [{"id": "1", "sku": code, "quantity": 1, "price": price}]
        who = {"member": {"member": member}} if member else {}
        return self.call(method, client, key=new("key"), purchase=number, store=STORE, lines=lines, **who, **more)

    def check_books(self):
        assert self.call("books_check")["differences"] == []


def new(prefix):
    return f"{prefix}-limits-{next(_numbers)}"


def discounts(answers):
    errors = [answer for answer in answers if isinstance(answer, Exception)]
    assert not errors, errors[:3]
    return [answer["totals"]["discount"] for answer in answers]


@pytest.fixture(scope="module")
def tills(_environment):
    with demo_server(workers=8, demo=False) as server:
        yield Tills(server)
        server.stop()
        assert not database.problems(server.log)


def test_of_fifty_parallel_confirms_one_gets_the_last_use(tills):
    tills.offer("LAST", 5, total=1)
    answers = tills.at_once(50, lambda client, number: tills.buy(client, "LAST", new("receipt")))
    assert sorted(discounts(answers)) == [0.0] * 49 + [5.0]
    tills.check_books()


def test_of_fifty_parallel_confirms_of_one_member_one_gets_the_members_use(tills):
    tills.offer("OWN", 5, per_member=1)
    member = tills.member()
    answers = tills.at_once(50, lambda client, number: tills.buy(client, "OWN", new("receipt"), member=member))
    assert sorted(discounts(answers)) == [0.0] * 49 + [5.0]
    tills.check_books()


def test_sixteen_tills_use_a_budget_to_the_last_cent_and_not_beyond(tills):
    tills.offer("BUDGET", 7.5, budget=300)

    def shop(client, number):
        answers = [tills.buy(client, "BUDGET", new("receipt")) for _ in range(5)]
        return {"totals": {"discount": sum(discounts(answers))}}

    assert sum(discounts(tills.at_once(16, shop))) == 300.0
    tills.check_books()


def test_promotions_that_share_a_budget_use_it_to_the_last_cent_and_not_beyond(tills):
    """Half of the tills sell what one promotion discounts, half what the other does; each fifth receipt has both."""
    tills.offer_together({"FUND-A": 10, "FUND-B": 5}, budget=300)

    def shop(client, number):
        given = 0.0
        for turn in range(6):
            codes = ["FUND-A", "FUND-B"] if (number + turn) % 5 == 0 else [("FUND-A", "FUND-B")[number % 2]]
            lines = [{"id": code, "sku": code, "quantity": 1, "price": 20} for code in codes]
            receipt = {"purchase": new("receipt"), "store": STORE, "lines": lines}
            answer = tills.call("purchase_confirm", client, key=new("key"), **receipt)
            given += answer["totals"]["discount"]
        return {"totals": {"discount": given}}

    given = sum(discounts(tills.at_once(16, shop)))
    assert 290 < given <= 300
    rest = [tills.buy(None, "FUND-B", new("receipt")) for _ in range(2)]
    assert given + sum(discounts(rest)) == 300, "the last cent can be given, and no more"
    tills.check_books()


def test_of_fifty_parallel_fillings_of_one_member_the_litres_of_a_month_earn(tills):
    points = {"kind": "points", "unit": "LITRE", "amount": 1, "per": "quantity", "target": {"sku": ["FUEL"]}}
    tills.call(
        "programme_apply",
        key=new("fuel"),
        programme={
            "units": [{"code": "LITRE", "decimals": 2}],
            "promotions": [
                {
                    "code": "FUEL",
                    "state": "active",
                    "rewards": [points],
                    "limits": {"base_per_member": {"quantity": {"month": 100}}},
                }
            ],
        },
    )
    member = tills.member()
    answers = tills.at_once(50, lambda client, number: tills.buy(client, "FUEL", new("receipt"), 7, member))
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sum(one["amount"] for answer in answers for one in answer["earned"]) == 50
    many = [{"id": "1", "sku": "FUEL", "quantity": 9, "price": 7}]

    def fill(client, number):
        key = {"key": new("key"), "purchase": new("receipt"), "store": STORE}
        return tills.call("purchase_confirm", client, **key, lines=many, member={"member": member})

    answers = tills.at_once(16, fill)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    earned = sorted(sum(one["amount"] for one in answer["earned"]) for answer in answers)
    assert earned == [0.0] * 10 + [5.0] + [9.0] * 5
    tills.check_books()


def test_a_till_that_expected_the_discount_is_told_that_it_is_gone(tills):
    tills.offer("EXPECTED", 5, total=1)
    answers = tills.at_once(
        16, lambda client, number: tills.buy(client, "EXPECTED", new("receipt"), expected={"to_pay": 15})
    )
    lost = [answer for answer in answers if isinstance(answer, Json2Error)]
    assert len(lost) == 15
    assert {error.body["message"].partition(":")[0] for error in lost} == {"total_changed"}
    tills.check_books()


def test_holds_cancels_and_returns_at_once_leave_what_was_kept(tills):
    tills.offer("MIXED", 5, total=40, budget=150)

    def shop(client, number):
        kept = 0.0
        for turn in range(4):
            receipt = new("receipt")
            held = tills.buy(client, "MIXED", receipt, method="purchase_hold")["totals"]["discount"]
            if (number + turn) % 3 == 0:
                tills.call("purchase_cancel", client, key=new("key"), purchase=receipt)
                continue
            answer = tills.call("purchase_confirm", client, key=new("key"), purchase=receipt)
            assert answer["totals"]["discount"] == held
            if (number + turn) % 3 == 1:
                tills.call("purchase_return", client, key=new("key"), purchase=receipt, **{"return": f"{receipt}-R"})
            else:
                kept += held
        return {"totals": {"discount": kept}}

    kept = sum(discounts(tills.at_once(16, shop)))
    assert kept <= 150
    left = [tills.buy(None, "MIXED", new("receipt")) for _ in range(31)]
    assert sum(discounts(left)) == 150 - kept, "all that is left can still be given"
    tills.check_books()
