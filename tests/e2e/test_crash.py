"""Processes are killed, PostgreSQL crashes, a backup is restored: every purchase is posted once, the books balance.

LOY_SEED=… makes other baskets and kills at other moments.
"""

import collections
import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import random
import signal
import threading
import time
import xmlrpc.client

import pytest

from tools import database, environment
from tools.durable import durable, move_in
from tools.environment import SetupError
from tools.server import Server, api_keys
from tools.till import PROGRAMME, STORE, UNIT, Till

SEED = int(os.environ.get("LOY_SEED", "1"))
PURCHASES, CLIENTS, WORKERS, MEMBERS, GIFT = 500, 8, 4, 40, 1000
RESTORED = 60  # purchases before the moment of the restore, and after it
KILL_EVERY = (0.1, 0.5)  # seconds between two kills
WAYS = {  # what may happen to a purchase, and how often
    "confirm": 30,
    "hold, confirm": 25,
    "hold, confirm with lines": 10,
    "hold, cancel": 10,
    "cancel, hold": 5,
    "confirm, return": 15,
    "hold, hold, confirm": 5,
}


@dataclasses.dataclass
class Shop:
    """A running server over a durable PostgreSQL, with a programme and members with points."""

    cluster: object
    server: Server
    key: str
    members: list = dataclasses.field(default_factory=list)
    customers: list = dataclasses.field(default_factory=list)  # whose purchases there are

    def till(self, number=0):
        return Till(self.server, self.key, SEED * 1000 + number)

    def awake(self):
        """The server runs: Odoo's main process may have ended while there was no database, and is started again."""
        if self.server.process.poll() is not None:
            self.server.stop()
            self.server.start()

    def restore(self, dump):
        """Beside the database that is there, and then in its place."""
        name, fresh = self.server.database, f"{self.server.database}_restored"
        create = "CREATE DATABASE :\"name\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'"
        database.sql("postgres", create, name=fresh)
        environment.call(["pg_restore", "-j2", "--no-owner", "-d", fresh, dump])
        database.sql("postgres", 'DROP DATABASE :"name" WITH (FORCE)', name=name)
        database.sql("postgres", 'ALTER DATABASE :"fresh" RENAME TO :"name"', fresh=fresh, name=name)
        self.awake()

    def rows(self, query):
        return [line.split("|") for line in database.sql(self.server.database, query)]


#: What everybody has, and by how many movements.
LEDGER = """
    SELECT account.member_id, total_minor, held_minor, debt_minor, COUNT(entry.id), COALESCE(SUM(entry.delta_minor), 0)
      FROM loy_account AS account LEFT JOIN loy_entry AS entry ON entry.account_id = account.id
     WHERE account.kind = 'member' GROUP BY account.id ORDER BY 1
"""


@pytest.fixture(scope="module")
def shop(_environment, tmp_path_factory):
    if environment.EXTERNAL_PG:
        pytest.skip("PGHOST names the PostgreSQL, and nobody else's server is crashed")
    site = database.Site("test")
    with site.cluster.started(), database.throwaway(site, database.own_addons()) as (name, warnings):
        assert not warnings
        source = os.environ["PGHOST"]
        with durable("crash") as cluster:
            move_in(name, source, tmp_path_factory.mktemp("dump"))
            with Server(site, name, workers=WORKERS, outlives=False) as server:
                shop = Shop(cluster, server, server.integrator_key())
                till = shop.till()
                assert isinstance(till.send("programme_apply", key="shop", programme=PROGRAMME), dict)
                for n in range(MEMBERS):
                    member = till.send("member_register", key=f"m-{n}", email=f"shop-{n}@example.com")["member"]
                    till.send("account_accrue", key=f"g-{n}", member=member, unit=UNIT, amount=GIFT, reason="gift")
                    shop.members.append(member)
                yield shop


# ---------------------------------------------------------------- purchases
class Customer:
    """One purchase from beginning to end by one till; what it comes to is known from the answers."""

    def __init__(self, shop, till, number):
        self.till, self.number = till, f"P-{number}"
        chance = random.Random(f"{SEED}/{number}")
        self.way = chance.choices(list(WAYS), WAYS.values())[0]
        self.member = chance.choice(shop.members)
        self.basket = {
            "store": STORE,
            "member": {"member": self.member},
            "lines": [
                {"id": str(n), "sku": f"thing-{n}", "quantity": chance.randint(1, 3), "price": chance.randint(5, 60)}
                for n in range(chance.randint(1, 4))
            ],
        }
        if chance.random() < 0.5:
            self.basket["spend"] = [{"unit": UNIT, "amount": chance.randint(1, 5)}]
        self.points, self.state = 0, None

    def buy(self):
        for turn, step in enumerate(self.way.split(", ")):
            getattr(self, "_" + step.replace(" ", "_"))(f"{self.number}-{turn}")
        return self

    def _hold(self, key):
        answer = self.till.send("purchase_hold", key=key, purchase=self.number, **self.basket)
        if self.state == "cancelled":
            assert answer == "purchase_cancelled", answer
        else:
            assert answer["state"] == "held", answer
            self.state = "held"

    def _confirm(self, key):
        basket = {} if self.state == "held" else self.basket
        self._confirmed(self.till.send("purchase_confirm", key=key, purchase=self.number, **basket))

    def _confirm_with_lines(self, key):
        self._confirmed(self.till.send("purchase_confirm", key=key, purchase=self.number, **self.basket))

    def _confirmed(self, answer):
        assert not isinstance(answer, str) and answer["state"] == "confirmed", answer
        self.state = "confirmed"
        self.points += total(answer.get("earned", ())) - total(answer.get("spent", ()))

    def _cancel(self, key):
        answer = self.till.send("purchase_cancel", key=key, purchase=self.number)
        assert answer == {"purchase": self.number, "state": "cancelled"}, answer
        self.state = "cancelled"

    def _return(self, key):
        back = {"return": f"R-{self.number}"}
        answer = self.till.send("purchase_return", key=key, purchase=self.number, **back)
        assert not isinstance(answer, str), answer
        self.state = "returned"
        self.points += total(answer["refund"]["points"]) - total(answer["taken_back"])


def total(rows):
    return sum(row["amount"] for row in rows)


# ---------------------------------------------------------------- what happens to the server
class Killer:
    """kill -9 of a worker at random moments: HTTP or cron, whichever it meets.

    Odoo's main process ends by itself when it has to replace a worker while there is no database; it is started again,
    as the supervisor of every installation does.
    """

    def __init__(self, server):
        self.server, self.chance = server, random.Random(SEED)
        self.killed, self.restarted = 0, 0
        self.is_database_there = threading.Event()
        self.is_database_there.set()

    def until(self, done):
        """In the main thread: the server ends with the thread that starts it."""
        while concurrent.futures.wait([done], self.chance.uniform(*KILL_EVERY)).not_done:
            if self.server.process.poll() is not None:
                self._restart()
            elif victims := self._workers():
                os.kill(self.chance.choice(victims), signal.SIGKILL)
                self.killed += 1

    def _restart(self):
        self.restarted += 1
        self.server.stop()
        self.is_database_there.wait(60)
        with contextlib.suppress(SetupError):  # the next turn tries again
            self.server.start()

    def _workers(self):
        master = self.server.process.pid
        try:
            children = pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()
        except OSError:
            return []
        return [int(pid) for pid in children if b"gevent" not in _arguments(pid)]


def _arguments(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return [b"gevent"]  # it has ended meanwhile


def _at_once(work, items):
    """``work(client number, item)`` for all items, by the clients; the results in the order of the items."""
    queue, lock, results = collections.deque(enumerate(items)), threading.Lock(), {}

    def client(number):
        while True:
            with lock:
                if not queue:
                    return
                index, item = queue.popleft()
            results[index] = work(number, item)

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(client, number) for number in range(CLIENTS)]:
            future.result()
    return [results[index] for index in range(len(items))]


# ---------------------------------------------------------------- the laws
def test_killed_at_any_moment_each_purchase_is_posted_once(shop):
    print(f"seed {SEED}")
    tills = [shop.till(number) for number in range(CLIENTS)]
    crashed = threading.Event()

    def buy(client, number):
        if number == PURCHASES // 2:
            killer.is_database_there.clear()
            shop.cluster.crash()
            shop.cluster.start()
            killer.is_database_there.set()
            crashed.set()
        return Customer(shop, tills[client], number).buy()

    killer, start = Killer(shop.server), time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        buying = pool.submit(_at_once, buy, range(PURCHASES))
        killer.until(buying)
        customers = buying.result()
    entries = [entry for till in tills for entry in till.journal]
    print(
        f"{len(entries)} calls in {time.monotonic() - start:.0f} s, {killer.killed} workers killed, "
        f"PostgreSQL crashed once, Odoo started again {killer.restarted} times, "
        f"{sum(till.repeated for till in tills)} calls repeated"
    )
    assert crashed.is_set() and killer.killed > 20

    shop.customers += customers
    _assert_posted_once(shop)
    again = _at_once(lambda client, entry: tills[client].replay(entry), entries)
    assert [entry.answer for entry in again] == [entry.answer for entry in entries]
    _assert_posted_once(shop)


def test_restored_to_a_moment_and_sent_again_nothing_is_lost_or_posted_twice(shop):
    """The drill of docs/operations.md, under a running server: all that came after the moment is gone until the tills
    send their journals again."""
    tills = [shop.till(number) for number in range(CLIENTS)]

    def buy(numbers):
        shop.customers += _at_once(lambda client, number: Customer(shop, tills[client], number).buy(), numbers)
        return shop.rows(LEDGER), [list(till.journal) for till in tills]

    base = shop.cluster.backup()
    at_moment, early = buy(range(PURCHASES, PURCHASES + RESTORED))
    ((moment,),) = shop.rows("SELECT clock_timestamp()")
    at_end, journals = buy(range(PURCHASES + RESTORED, PURCHASES + 2 * RESTORED))
    shop.cluster.archived()
    shop.cluster.restore(base, moment)
    shop.awake()
    assert shop.rows(LEDGER) == at_moment != at_end

    def send_again(_client, number):
        return [tills[number].replay(entry) for entry in journals[number]]

    answers = _at_once(send_again, range(CLIENTS))
    for known, told, again in zip(early, journals, answers, strict=True):
        assert [entry.answer for entry in again[: len(known)]] == [entry.answer for entry in known]
        assert [(entry.status, entry.code) for entry in again] == [(entry.status, entry.code) for entry in told]
    _assert_posted_once(shop)
    assert shop.rows(LEDGER) == at_end


def test_a_dump_restored_under_a_running_server_is_judged_by_its_own_rules(shop, tmp_path):
    """The next change gets a number that the workers have seen before, with another meaning."""
    till, name, dump = shop.till(), shop.server.database, tmp_path / "shop.dump"
    basket = {"store": STORE, "member": {"member": shop.members[0]}, "lines": [{"id": "1", "sku": "x", "price": 100}]}
    basket["lines"][0]["quantity"] = 1

    def earn(points):
        offer = {**PROGRAMME["promotions"][0], "rewards": [{"kind": "points", "unit": UNIT, "amount": points}]}
        till.send("programme_apply", key=f"earn-{points}", programme={"promotions": [offer]})

    def earned():
        answers = _at_once(lambda _client, _turn: shop.till().send("purchase_calculate", **basket), range(8 * WORKERS))
        return {total(answer["earned"]) for answer in answers}

    assert earned() == {10}
    environment.call(["pg_dump", "-Fc", "-Z0", "-f", dump, name])
    earn(77)
    assert earned() == {77}
    shop.restore(dump)
    assert earned() == {10}
    earn(5)
    assert earned() == {5}


#: A purchase in another shop than all others.
ELSEWHERE = {"store": "ELSEWHERE", "lines": [{"id": "1", "sku": "x", "price": 100, "quantity": 1}]}


def _sell(shop, key):
    """Or look what it comes to, in the other shop."""
    answer = Till(shop.server, key).send("purchase_calculate", **ELSEWHERE)
    return answer if isinstance(answer, str) else "done"


def _sell_over_xml(shop, key):
    """As at a server with many databases: the call alone says which one it is about."""
    headers = [("X-Odoo-Database", "none-of-this-server")]
    client = xmlrpc.client.ServerProxy(f"{shop.server.url}/xmlrpc/2/object", headers=headers)
    ((user,),) = shop.rows("SELECT id FROM res_users WHERE login = 'seller'")
    try:
        client.execute_kw(shop.server.database, int(user), key, "loy.api", "purchase_calculate", [ELSEWHERE])
    except xmlrpc.client.Fault as refusal:
        return refusal.faultString.partition(":")[0]
    return "done"


def _look(shop, key):
    """At the purchases of the other shop, as Odoo's own screens do."""
    domain = [("store_id.code", "=", ELSEWHERE["store"])]
    return "done" if shop.server.json2(key).call("loy.purchase", "search_count", domain=domain) else "store_forbidden"


class Bounds:
    """Users who are bound to a shop or are not; and an administrator, of whose changes workers tell by number."""

    def __init__(self, shop, dump):
        self.shop, self.dump, self.admin = shop, dump, shop.server.xmlrpc()
        store, till = {"code": "ELSEWHERE", "name": "Another shop", "timezone": "Europe/Kyiv"}, shop.till()
        till.send("programme_apply", key="elsewhere", programme={"stores": [store]})
        till.send("purchase_confirm", key="elsewhere-1", purchase="elsewhere-1", **ELSEWHERE)
        roles = {"seller": "integrator", "clerk": "cashier", "other": "cashier"}
        self.keys = self.new_keys({login: f"loyalty_core.group_{role}" for login, role in roles.items()})

    def new_keys(self, groups):
        return api_keys(self.shop.server.site, self.shop.server.database, groups)

    def bind(self, login, *codes):
        users = self.admin.call("res.users", "search", [[("login", "=", login)]])
        stores = self.admin.call("loy.store", "search", [[("code", "in", codes)]])
        self.admin.call("res.users", "write", [users, {"loy_store_ids": [(6, 0, stores)]}])

    def told(self, ask, key):
        """By all workers, and they keep why."""
        return set(_at_once(lambda _client, _turn: ask(self.shop, key), range(8 * WORKERS)))

    def save(self):
        environment.call(["pg_dump", "-Fc", "-Z0", "-f", self.dump, self.shop.server.database])

    def restore(self):
        """The next change has the number of one that the workers have seen before."""
        seen = self._signals()
        self.shop.restore(self.dump)
        self.bind("other", STORE)
        assert self._signals() == seen

    def _signals(self):
        return self.shop.rows("SELECT MAX(id) FROM orm_signaling_default")


@pytest.fixture(scope="module")
def bounds(shop, tmp_path_factory):
    return Bounds(shop, tmp_path_factory.mktemp("bounds") / "shop.dump")


@pytest.mark.parametrize(("login", "ask"), [("seller", _sell), ("seller", _sell_over_xml), ("clerk", _look)])
def test_a_dump_restored_under_a_running_server_binds_whom_it_binds(bounds, login, ask):
    key = bounds.keys[login]
    bounds.bind(login, STORE)
    assert bounds.told(ask, key) == {"store_forbidden"}
    bounds.save()
    bounds.bind(login)
    assert bounds.told(ask, key) == {"done"}
    bounds.restore()
    assert bounds.told(ask, key) == {"store_forbidden"}


def test_a_dump_restored_under_a_running_server_knows_no_later_key(bounds):
    bounds.bind("seller")
    bounds.save()
    bounds.bind("other")
    later = bounds.new_keys({"seller": "loyalty_core.group_integrator"})["seller"]
    assert bounds.told(_sell_over_xml, later) == {"done"}
    bounds.restore()
    assert bounds.told(_sell_over_xml, later) == {"Access Denied"}


def _assert_posted_once(shop):
    """By the facts, the movements, the balances and the events alike."""
    facts = shop.rows(
        """
        SELECT purchase.number, purchase.state,
               COALESCE((SELECT SUM(entry.delta_minor) FROM loy_transaction AS header
                           JOIN loy_entry AS entry ON entry.transaction_id = header.id
                          WHERE header.purchase_id IN (purchase.id, back.id)), 0),
               (SELECT COUNT(*) FROM loy_event WHERE purchase_id = purchase.id AND kind = 'purchase.confirmed')
          FROM loy_purchase AS purchase LEFT JOIN loy_purchase AS back ON back.origin_id = purchase.id
         WHERE purchase.kind = 'sale' AND purchase.number LIKE 'P-%'
        """
    )
    posted, customers = {"confirmed", "returned"}, shop.customers
    assert sorted(tuple(row) for row in facts) == sorted(
        (one.number, one.state, f"{one.points:.0f}", str(int(one.state in posted))) for one in customers
    )
    expected = collections.Counter(dict.fromkeys(shop.members, GIFT))
    for one in customers:
        expected[one.member] += one.points
    till = shop.till()
    for member, points in expected.items():
        (balance,) = till.send("account_balance", member=member, unit=UNIT)["balances"]
        assert balance["active"] - balance["debt"] == points, member
        assert balance["held"] == 0, member
    assert not shop.rows("SELECT id FROM loy_hold WHERE state = 'open'")
    books = till.send("books_check")
    assert books["ok"], books["differences"]
