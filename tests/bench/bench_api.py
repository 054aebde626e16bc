"""V3 and V4: what a purchase costs over JSON-2, against a call of Odoo's own that does nothing.

The peer is `res.users/context_get`, which Odoo answers from its cache: the same server, the same client, the
same key, taken in turns with ours, so that both meet the same machine. A basket has ten lines, the programme
300 promotions, of which some twenty look at the basket.
"""

import http.client
import itertools
import json
import math
import statistics
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tools.server import Server, demo_server

PEER = "res.users/context_get"
LINES, PROMOTIONS, PRODUCTS = 10, 300, 1000
CLIENTS = 8
CALLS, WARM_UP = 200, 20  # V3: of each kind
ROUNDS, ROUND_SECONDS = 3, 4.0  # V4
UNIT, STORE = "BENCH", "BENCH"
_numbers = itertools.count(1)


class Client:
    """Calls with one bearer key; Odoo's workers close each connection, so none is kept."""

    def __init__(self, server, key):
        self.port = server.port
        self.headers = {
            "Authorization": f"bearer {key}",
            "X-Odoo-Database": server.database,
            "Content-Type": "application/json",
        }

    def post(self, path: str, body: dict) -> tuple[int, dict]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", f"/json/2/{path}", json.dumps(body), self.headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def api(self, method: str, **request) -> dict:
        status, answer = self.post(f"loy.api/{method}", {"request": request})
        if status != 200:
            raise RuntimeError(f"{method}: {answer}")
        return answer


# ---------------------------------------------------------------- the programme and its baskets
def programme() -> dict:
    """Promotions of mixed kinds, of most of which a basket has nothing, and a thousand products."""
    rewards = [
        lambda target: {"kind": "percent", "value": 3, "target": target},
        lambda target: {"kind": "amount", "value": 0.5, "target": target},
        lambda target: {"kind": "price", "value": 9.99, "target": target},
        lambda target: {"kind": "points", "unit": UNIT, "percent": 1, "target": target},
    ]
    conditions = [
        {"kind": "basket_amount", "min": 10},
        {"kind": "place", "store": [STORE]},
        {"kind": "identified"},
    ]
    promotions = [
        {
            "code": f"B{n}",
            "state": "active",
            "when": conditions[n % 3],
            "rewards": [
                rewards[n % 4]({"category": [f"C{n % 50}"]} if n % 15 == 0 else {"sku": [f"OTHER{n}"]})
            ],
        }
        for n in range(PROMOTIONS - 1)
    ]
    promotions.append(
        {
            "code": "PAY",
            "state": "active",
            "when": {"kind": "place", "store": [STORE]},
            "rewards": [{"kind": "spend", "unit": UNIT, "max_percent": 50}],
        }
    )
    return {
        "units": [{"code": UNIT, "decimals": 0, "rate": 0.01}],
        "stores": [{"code": STORE, "timezone": "Europe/Kyiv"}],
        "categories": [{"code": f"C{n}"} for n in range(50)],
        "brands": [{"code": f"M{n}"} for n in range(5)],
        "products": [
            {"sku": f"SKU{n}", "category": f"C{n % 50}", "brand": f"M{n % 5}", "price": 1 + n % 40}
            for n in range(PRODUCTS)
        ],
        "promotions": promotions,
    }


def basket(number: int, member: str, spend: int = 0) -> dict:
    """Ten lines of ten categories; another number has other products."""
    skus = [f"SKU{(number * 7 + i * 5) % PRODUCTS}" for i in range(LINES)]
    lines = [
        {"id": str(i), "sku": sku, "quantity": 1 + i % 3, "price": 12.5 + i} for i, sku in enumerate(skus)
    ]
    request = {"store": STORE, "member": {"member": member}, "lines": lines}
    return request | {"spend": [{"unit": UNIT, "amount": spend}]} if spend else request


def confirm(member: str, spend: int = 0) -> dict:
    number = next(_numbers)
    return {"key": f"bench-{number}", "purchase": f"bench-{number}", **basket(number, member, spend)}


def prepare(client: Client) -> list[str]:
    """The programme, and members with plenty of points."""
    client.api("programme_apply", key="bench", programme=programme())
    members = []
    for n in range(CLIENTS * 4 + 1):
        member = client.api("member_register", key=f"member-{n}", email=f"bench-{n}@example.com")["member"]
        client.api("account_accrue", key=f"gift-{n}", member=member, unit=UNIT, amount=100_000, reason="gift")
        members.append(member)
    return members


# ---------------------------------------------------------------- V3
def latencies(client: Client, members: list[str]) -> dict[str, list[float]]:
    """Milliseconds of each kind of call, in turns."""
    kinds: dict[str, Callable[[int], tuple[str, dict]]] = {
        "noop": lambda n: (PEER, {}),
        "calculate": lambda n: (
            "loy.api/purchase_calculate",
            {"request": basket(n, members[n % len(members)], 50)},
        ),
        "confirm": lambda n: (
            "loy.api/purchase_confirm",
            {"request": confirm(members[n % len(members)], 50)},
        ),
    }
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    for n in range(WARM_UP + CALLS):
        for kind, make in kinds.items():
            path, body = make(n)
            start = time.perf_counter()
            status, answer = client.post(path, body)
            seconds = time.perf_counter() - start
            if status != 200:
                raise RuntimeError(f"{kind}: {answer}")
            if n >= WARM_UP:
                spent[kind].append(seconds * 1000)
    return spent


def v3(client: Client, members: list[str]) -> list[dict]:
    spent = latencies(client, members)
    noop = statistics.median(spent["noop"])
    rows = []
    for kind, limit in (("calculate", 8.0), ("confirm", 25.0)):
        middle, late = statistics.median(spent[kind]), percentile(spent[kind], 95)
        rows += [
            row(
                f"V3 {kind}, ms beyond a no-op call",
                middle - noop,
                limit,
                "<=",
                1.0,
                peer=f"{PEER}: {noop:.1f} ms; {kind}: {middle:.1f} ms",
            ),
            row(f"V3 {kind}, p95 against median (ms)", late, middle, "<=", 2.0, peer="itself"),
        ]
    return rows


# ---------------------------------------------------------------- V4
@dataclass
class Round:
    """What the clients saw: calls a second, latencies, errors, and the points that the answers tell."""

    rate: float
    seconds: list[float]
    errors: list[str]
    points: float


class Load:
    """Eight clients call for some seconds."""

    def __init__(self, clients: list[Client]):
        self.clients = clients

    def run(self, make: Callable[[int], tuple[str, dict]]) -> Round:
        start = threading.Barrier(len(self.clients) + 1)

        def work(number: int) -> tuple[list[float], list[str], float]:
            spent, errors, points = [], [], 0.0
            start.wait()
            end = time.perf_counter() + ROUND_SECONDS
            while (before := time.perf_counter()) < end:
                status, answer = self.clients[number].post(*make(number))
                spent.append(time.perf_counter() - before)
                if status != 200:
                    errors.append(str(answer.get("message", answer)))
                else:
                    points += sum(row["amount"] for row in answer.get("earned", ()))
                    points -= sum(row["amount"] for row in answer.get("spent", ()))
            return spent, errors, points

        with ThreadPoolExecutor(len(self.clients)) as pool:
            futures = [pool.submit(work, number) for number in range(len(self.clients))]
            start.wait()
            begun = time.perf_counter()
            done = [future.result() for future in futures]
            seconds = time.perf_counter() - begun
        spent = [one for calls, _errors, _points in done for one in calls]
        errors = [error for _calls, errors, _points in done for error in errors]
        return Round(len(spent) / seconds, spent, errors, sum(points for _calls, _errors, points in done))


def v4(server: Server, key: str, members: list[str]) -> list[dict]:
    clients = [Client(server, key) for _ in range(CLIENTS)]
    load, one = Load(clients), members[0]
    own = [members[number + 1 :: CLIENTS] for number in range(CLIENTS)]
    turns = itertools.count()

    kinds: dict[str, Callable[[int], tuple[str, dict]]] = {
        "noop": lambda number: (PEER, {}),
        "different": lambda number: (
            "loy.api/purchase_confirm",
            {"request": confirm(own[number][next(turns) % len(own[number])])},
        ),
        "one": lambda number: ("loy.api/purchase_confirm", {"request": confirm(one, 1)}),
    }
    before, told = points_of(clients[0], one), 0.0
    rates: dict[str, list[float]] = {kind: [] for kind in kinds}
    spent: dict[str, list[float]] = {kind: [] for kind in kinds}
    errors: list[str] = []
    for turn in range(ROUNDS + 1):
        for kind, make in kinds.items():
            seen = load.run(make)
            errors += seen.errors
            told += seen.points if kind == "one" else 0
            if turn:  # the first round warms all workers up
                rates[kind].append(seen.rate)
                spent[kind] += seen.seconds
    rate = {kind: statistics.median(values) for kind, values in rates.items()}
    lost = abs(points_of(clients[0], one) - before - told)
    name = f"V4 {server.workers} workers, {CLIENTS} clients,"
    peer = f"{PEER}: {rate['noop']:.0f}/s"
    return [
        row(f"{name} confirms/s, different members", rate["different"], rate["noop"], ">=", 0.25, peer=peer),
        row(
            f"{name} confirms/s on one account, with points spent",
            rate["one"],
            rate["different"],
            ">=",
            0.5,
            peer=f"different members: {rate['different']:.0f}/s",
        ),
        row(f"{name} p99 on one account (s)", percentile(spent["one"], 99), 1.0, "<=", 1.0, peer="limit"),
        row(f"{name} errors", len(errors), 0, "<=", 0, peer="; ".join(sorted(set(errors))[:3]) or "none"),
        row(f"{name} points lost on one account", lost, 0, "<=", 0, peer="the answers; books_check is ok"),
    ]


def points_of(client: Client, member: str) -> float:
    """All points of a member, when the books are in order."""
    books = client.api("books_check")
    if not books["ok"]:
        raise RuntimeError(f"books_check: {books['differences']}")
    (balance,) = client.api("account_balance", member=member, unit=UNIT)["balances"]
    return balance["active"] + balance["pending"]


# ---------------------------------------------------------------- figures
def percentile(values: list[float], percent: int) -> float:
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def row(name: str, value: float, against: float, sense: str, must: float, **more) -> dict:
    ratio = value / against if against else float(value)
    return {
        "id": name,
        "value": round(value, 3),
        "against": round(against, 3),
        "ratio": round(ratio, 3),
        "must": f"{sense} {must:g}",
        "ok": ratio <= must if sense == "<=" else ratio >= must,
        **more,
    }


def run() -> list[dict]:
    """The figures; the database is that of tests (PostgreSQL does not wait for the disk, for either side)."""
    with demo_server(workers=2, demo=False) as server:
        key = server.integrator_key()
        client = Client(server, key)
        members = prepare(client)
        rows = v3(client, members) + v4(server, key, members)
        server.stop()
        with Server(server.site, server.database, workers=8) as larger:
            return rows + v4(larger, key, members)
