"""Sixteen clients guess at once, against a server of eight workers.

Law: of one user not more than the allowed number of wrong cards are answered, however many are asked in parallel and
by whichever worker; then right ones are refused too, until an administrator lets go.
"""

import pytest

from tools import database
from tools.crowd import at_once
from tools.server import Json2Error, api_keys, demo_server

CLIENTS, LIMIT, ROUNDS = 16, 20, 6
METHODS = ("member_find", "card_block", "purchase_calculate")


def code(client, method, **request):
    """`ok` or the stable code of the refusal."""
    try:
        client.call("loy.api", method, request=request)
    except Json2Error as error:
        return error.body["message"].partition(":")[0]
    return "ok"


@pytest.fixture(scope="module")
def town(_environment):
    with demo_server(workers=8, demo=False) as server:
        logins = ["integrator", *(f"guesser-{method}" for method in METHODS), "guesser-pardoned"]
        server.keys = api_keys(server.site, server.database, dict.fromkeys(logins, "loyalty_core.group_integrator"))
        api = server.json2(server.keys["integrator"])
        api.call(
            "loy.api",
            "programme_apply",
            request={
                "key": "guesses",
                "programme": {
                    "settings": {"guess_misses": LIMIT, "guess_minutes": 30},
                    "stores": [{"code": "G1", "timezone": "UTC"}, {"code": "G2", "timezone": "UTC"}],
                },
            },
        )
        yield server
        server.stop()
        assert not database.problems(server.log)


@pytest.fixture(scope="module")
def card(town):
    api = town.json2(town.keys["integrator"])
    return api.call("loy.api", "member_register", request={"key": "guesses-1", "phone": "+380671230001"})["card"]


def in_parallel(town, key, work):
    """``work(client, number)`` by all clients, started together; all their answers."""
    clients = [town.json2(key) for _ in range(CLIENTS)]

    def one(number):
        return [work(clients[number], f"29000{number:03}{turn:05}") for turn in range(ROUNDS)]

    return [answer for answers in at_once(CLIENTS, one) for answer in answers]


@pytest.mark.parametrize("method", METHODS)
def test_parallel_guesses_are_answered_so_many_times_and_no_more(town, card, method):
    key = town.keys[f"guesser-{method}"]
    requests = {
        "member_find": lambda number: {"card": number},
        "card_block": lambda number: {"key": number, "card": number},
        "purchase_calculate": lambda number: {"store": "G1", "member": {"card": number}, "lines": []},
    }
    answers = in_parallel(town, key, lambda client, number: code(client, method, **requests[method](number)))
    assert answers.count("card_not_found") == LIMIT
    assert answers.count("too_many_attempts") == len(answers) - LIMIT
    # Each worker has heard of it: of so many calls each serves some, and none answers a right number.
    right = in_parallel(town, key, lambda client, number: code(client, method, **requests[method](card)))
    assert set(right) == {"too_many_attempts"}
    # The till goes on selling to nobody known, another store and another user to anybody.
    client, sale = town.json2(key), {"store": "G1", "lines": []}
    assert code(client, "purchase_calculate", **sale) == "ok"
    if method == "purchase_calculate":
        assert code(client, method, **{**sale, "store": "G2", "member": {"card": card}}) == "ok"
    assert code(town.json2(town.keys["integrator"]), "member_find", card=card) == "ok"


def test_an_administrator_lets_go_and_every_worker_hears_of_it(town, card):
    key = town.keys["guesser-pardoned"]
    in_parallel(town, key, lambda client, number: code(client, "member_find", card=number))
    admin = town.xmlrpc()
    stopped = admin.call(
        "loy.lockout", "search", [[("user_id.login", "=", "guesser-pardoned"), ("is_stopped", "=", True)]]
    )
    admin.call("loy.lockout", "action_loy_unblock", [stopped])
    answers = in_parallel(town, key, lambda client, number: code(client, "member_find", card=card))
    assert set(answers) == {"ok"}


def test_a_search_of_the_back_office_stops_too(town, card):
    admin = town.xmlrpc()
    admin.call("loy.lockout", "search", [[]])
    for number in range(LIMIT):
        assert admin.call("res.partner", "search", [[("loy_search", "ilike", f"29009{number:08}")]]) == []
    with pytest.raises(Exception, match="too_many_attempts"):
        admin.call("res.partner", "search", [[("loy_search", "ilike", card)]])
