"""Sixteen clients at once, each with a connection of its own, against a server of eight workers.

Law: whatever they do to one account, one purchase, one key or one phone happens as if they had come one after
another; nobody gets an error but a refusal that the API names.
"""

import itertools

import pytest

from tools import database
from tools.crowd import at_once
from tools.server import Json2Error, demo_server

CLIENTS = 16
UNIT, STORE = "CROWD", "CROWD"
PROGRAMME = {
    "units": [{"code": UNIT, "name": "Crowd points", "decimals": 0, "rate": 1}],
    "stores": [{"code": STORE, "name": "Crowded store", "timezone": "Europe/Kyiv"}],
    "promotions": [
        {
            "code": "CROWD-EARN",
            "name": "One point for every 10",
            "state": "active",
            "when": {"kind": "place", "store": [STORE]},
            "rewards": [{"kind": "points", "unit": UNIT, "step": {"every": 10, "points": 1}}],
        },
        {
            "code": "CROWD-PAY",
            "name": "All of it with points",
            "state": "active",
            "when": {"kind": "place", "store": [STORE]},
            "rewards": [{"kind": "spend", "unit": UNIT, "max_percent": 100}],
        },
    ],
}
_numbers = itertools.count(1)


class Crowd:
    """The clients; ``api`` is one more of them, for what happens before and after."""

    def __init__(self, server):
        key = server.integrator_key()
        self.clients = [server.json2(key) for _ in range(CLIENTS)]
        self.api = Api(server.json2(key))

    def at_once(self, work):
        """``work(Api, number)`` by all clients, started together; the answers or errors, in their order."""

        def one(number):
            try:
                return work(Api(self.clients[number]), number)
            except Json2Error as error:
                return error

        return at_once(CLIENTS, one)


class Api:
    """``api.purchase_get(purchase=…)`` over one connection."""

    def __init__(self, client):
        self.client = client

    def __getattr__(self, method):
        return lambda **request: self.client.call("loy.api", method, request=request)

    def raw(self, method, **request):
        """The status and the very bytes of an answer."""
        url = f"{self.client.url}/loy.api/{method}"
        answer = self.client.session.post(url, json={"request": request}, timeout=60)
        return answer.status_code, answer.content


def code(error):
    """The stable code of a refusal."""
    assert isinstance(error, Json2Error), error
    return error.body["message"].partition(":")[0]


def new(prefix):
    return f"{prefix}-{next(_numbers)}"


@pytest.fixture(scope="module")
def crowd(_environment):
    with demo_server(workers=8, demo=False) as server:
        crowd = Crowd(server)
        crowd.api.programme_apply(key="crowd", programme=PROGRAMME)
        yield crowd
        server.stop()
        assert not database.problems(server.log)


@pytest.fixture
def member(crowd):
    """A new member without points."""
    number = next(_numbers)
    return crowd.api.member_register(key=new("member"), email=f"crowd-{number}@example.com")["member"]


def give(crowd, member, amount):
    crowd.api.account_accrue(key=new("gift"), member=member, unit=UNIT, amount=amount, reason="gift")


def balance(crowd, member):
    rows = crowd.api.account_balance(member=member, unit=UNIT)["balances"]
    return rows[0] if rows else {"available": 0, "active": 0, "debt": 0}


def movements(crowd, member):
    pages = (crowd.api.account_statement(member=member, unit=UNIT, page=page) for page in itertools.count(1))
    return [
        row
        for page in itertools.takewhile(lambda page: page["movements"], pages)
        for row in page["movements"]
    ]


def basket(member, price, **more):
    return {
        "store": STORE,
        "member": {"member": member},
        "lines": [{"id": "1", "sku": "crowd-thing", "quantity": 1, "price": price}],
        **more,
    }


def books(crowd):
    checked = crowd.api.books_check()
    assert checked["ok"], checked["differences"]


def test_one_account_is_never_overdrawn(crowd, member):
    """Half of the clients pay with points, half write points off, until there is nothing left."""
    give(crowd, member, 100)

    def work(api, number):
        taken, refusals = 0, []
        for turn in range(4):
            if number % 2:
                answer = api.purchase_confirm(
                    key=new("spend"),
                    purchase=f"spend-{number}-{turn}-{member}",
                    **basket(member, 9, spend=[{"unit": UNIT, "amount": 3}]),
                )
                taken += sum(row["amount"] for row in answer.get("spent", ()))
            else:
                try:
                    api.account_write_off(key=new("off"), member=member, unit=UNIT, amount=2, reason="test")
                    taken += 2
                except Json2Error as error:
                    refusals.append(code(error))
        return taken, refusals

    done = crowd.at_once(work)
    taken, refusals = sum(one[0] for one in done), [text for one in done for text in one[1]]
    left = balance(crowd, member)
    assert left["available"] >= 0 and left.get("debt", 0) == 0
    # 32 payments with up to 3 and 32 write-offs of 2 want 160 of the 100: nothing but a crumb stays.
    assert left["available"] < 2
    assert taken + left["available"] == 100
    assert refusals and set(refusals) == {"insufficient_points"}
    amounts = [row["amount"] for row in movements(crowd, member)]
    assert -sum(amount for amount in amounts if amount < 0) == taken
    assert all(row["balance_after"] >= 0 for row in movements(crowd, member))
    books(crowd)


def test_a_family_of_many_cards_shares_what_there_is(crowd, member):
    """Fifteen cards pay from one pool while their holders leave it and come back: nothing is spent twice or lost."""
    give(crowd, member, 200)
    cards = [member] + [
        crowd.api.member_register(key=new("card"), email=f"family-{number}-{member}@example.com")["member"]
        for number in range(1, CLIENTS)
    ]
    pool = crowd.api.pool_create(key=new("pool"), owner=member, members=cards[1:])["pool"]

    def work(api, number):
        taken, refusals, me = 0, [], cards[number]
        for _turn in range(6):
            try:
                if number % 3 == 2:
                    api.pool_leave(key=new("leave"), pool=pool, member=me, along=[{"unit": UNIT, "amount": 1}])
                    api.pool_join(key=new("join"), pool=pool, member=me)
                else:
                    api.account_write_off(key=new("off"), member=me, unit=UNIT, amount=5, reason="test")
                    taken += 5
            except Json2Error as error:
                refusals.append(code(error))
        return taken, refusals

    done = crowd.at_once(work)
    refusals = {text for one in done for text in one[1]}
    assert refusals <= {"insufficient_points", "pool_not_in", "pool_taken"}
    taken = sum(one[0] for one in done)
    inside = set(crowd.api.pool_get(pool=pool)["members"])
    outside = [one for one in cards if one not in inside]
    assert balance(crowd, member)["available"] + sum(balance(crowd, one)["available"] for one in outside) == 200 - taken
    assert taken > 150
    books(crowd)


def test_one_purchase_posts_once(crowd, member):
    """The same number from all clients, each with a key of its own."""
    number = new("purchase")
    answers = crowd.at_once(
        lambda api, client: api.purchase_confirm(key=new("key"), purchase=number, **basket(member, 50))
    )
    posted = [answer for answer in answers if isinstance(answer, dict)]
    assert len(posted) == 1
    assert {code(error) for error in answers if error is not posted[0]} == {"purchase_confirmed"}
    assert balance(crowd, member)["available"] == 5
    assert len(movements(crowd, member)) == 1
    books(crowd)


def test_one_key_gives_one_answer(crowd, member):
    """The same request from all clients: one effect, and the same bytes for everybody."""
    key, number = new("key"), new("purchase")
    answers = crowd.at_once(
        lambda api, client: api.raw("purchase_confirm", key=key, purchase=number, **basket(member, 70))
    )
    assert answers == [answers[0]] * CLIENTS
    assert answers[0][0] == 200
    assert balance(crowd, member)["available"] == 7
    assert len(movements(crowd, member)) == 1
    books(crowd)


def test_first_purchases_of_a_member_make_one_account(crowd, member):
    """The account is made by whoever comes first; all purchases are posted."""
    answers = crowd.at_once(
        lambda api, client: api.purchase_confirm(
            key=new("key"), purchase=new("first"), **basket(member, 10 * (client + 1))
        )
    )
    assert [answer["state"] for answer in answers] == ["confirmed"] * CLIENTS
    assert balance(crowd, member)["available"] == sum(range(1, CLIENTS + 1))
    assert len(crowd.api.account_balance(member=member)["balances"]) == 1
    books(crowd)


def test_a_hold_is_settled_or_released_once(crowd, member):
    """Confirmed and cancelled at once it ends one way, and the points are where they belong."""
    give(crowd, member, 20)
    number = new("held")
    crowd.api.purchase_hold(
        key=new("key"), purchase=number, **basket(member, 20, spend=[{"unit": UNIT, "amount": "max"}])
    )
    assert balance(crowd, member)["available"] == 0

    def work(api, client):
        if client % 2:
            return api.purchase_confirm(key=new("key"), purchase=number)
        return api.purchase_cancel(key=new("key"), purchase=number)

    answers = crowd.at_once(work)
    state = crowd.api.purchase_get(purchase=number)["state"]
    codes = {code(answer) for answer in answers if not isinstance(answer, dict)}
    confirmed = [answer for answer in answers[1::2] if isinstance(answer, dict)]
    if state == "confirmed":
        assert len(confirmed) == 1 and codes == {"purchase_confirmed"}
        assert balance(crowd, member)["available"] == 0
    else:
        assert state == "cancelled" and not confirmed and codes == {"purchase_cancelled"}
        assert balance(crowd, member)["available"] == 20
    books(crowd)


def test_one_phone_registers_once(crowd):
    """One registration wins; the others are told who is there."""
    phone = f"+38067{next(_numbers):07d}"
    answers = crowd.at_once(lambda api, client: api.member_register(key=new("key"), phone=phone))
    won = [answer for answer in answers if isinstance(answer, dict)]
    lost = [answer for answer in answers if not isinstance(answer, dict)]
    assert len(won) == 1
    assert {code(error) for error in lost} == {"member_exists"}
    assert all(f"id {won[0]['member']}" in error.body["message"] for error in lost)
    assert crowd.api.member_find(phone=phone)["member"] == won[0]["member"]
