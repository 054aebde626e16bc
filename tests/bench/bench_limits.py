"""What limits cost: confirms a second of eight clients that all draw on one budget, against the same without limits.

Both programmes have the same promotion on every receipt; the limited one has a budget that all share, uses of a member
and uses in all. The rounds are taken in turns, so that both meet the same machine; at the end the books prove the
counters.
"""

import itertools
import statistics
import sys
from pathlib import Path

from tools.server import demo_server

sys.path.insert(0, str(Path(__file__).parent))

from bench_api import CLIENTS, ROUNDS, Client, Load, confirm, prepare, row

LIMITS = {"per_member": 10**6, "total": 10**6, "budget": 10**8}


def offer(client: Client, limits: dict) -> None:
    promotion = {
        "code": "EVERY",
        "state": "active",
        "when": {"kind": "identified"},
        "rewards": [{"kind": "amount", "value": 1}],
        "limits": limits,
    }
    client.api("programme_apply", key=f"offer-{next(_offers)}", programme={"promotions": [promotion]})


_offers = itertools.count(1)


def run() -> list[dict]:
    with demo_server(workers=8, demo=False) as server:
        key = server.integrator_key()
        client = Client(server, key)
        members = prepare(client)
        load = Load([Client(server, key) for _ in range(CLIENTS)])
        own = [members[number + 1 :: CLIENTS] for number in range(CLIENTS)]
        turns, rates, errors, given = itertools.count(), {True: [], False: []}, [], 0

        def make(number: int) -> tuple[str, dict]:
            return "loy.api/purchase_confirm", {"request": confirm(own[number][next(turns) % len(own[number])])}

        for turn in range(ROUNDS + 1):
            for is_limited in (False, True):
                offer(client, LIMITS if is_limited else {})
                seen = load.run(make)
                errors += seen.errors
                given += len(seen.seconds) if is_limited else 0
                if turn:  # the first round warms all workers up
                    rates[is_limited].append(seen.rate)
        books = client.api("books_check")
        without, within = (statistics.median(rates[one]) for one in (False, True))
        name = f"V4 {server.workers} workers, {CLIENTS} clients,"
        peer = f"without limits: {without:.0f}/s"
        return [
            row(f"{name} confirms/s, all on one budget", within, without, ">=", 0.7, peer=peer),
            row(f"{name} errors, all on one budget", len(errors), 0, "<=", 0, peer="; ".join(errors[:3]) or "none"),
            row(
                f"{name} differences of the books after {given} draws",
                len(books["differences"]),
                0,
                "<=",
                0,
                peer=str(books["differences"][:3]),
            ),
        ]
