"""V1: what a calculation costs, against itself with forty promotions.

A basket of thirty lines and a member; promotions of mixed kinds. Forty of them are candidates: the law is
that a thousand or ten thousand promotions, of which the same forty are candidates, cost the same as those
forty alone.

    python tests/bench/bench_engine.py        prints one JSON line for each figure
"""

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2] / "addons" / "loyalty_core"))

from engine import Basket, Line, Member, Payment, Place, SpendRequest, compile_programme, evaluate

LINES = 30
CANDIDATES = 40
AT = datetime(2026, 11, 23, 8, 30)

CONDITIONS: list[Callable[[int], dict[str, Any]]] = [
    lambda n: {"kind": "basket_amount", "min": 10},
    lambda n: {"kind": "basket_quantity", "target": {"category": [f"C{n % 10}"]}, "min": 1},
    lambda n: {"kind": "basket_distinct", "min": 2},
    lambda n: {"kind": "place", "store": ["S1"], "channel": ["pos"]},
    lambda n: {"kind": "time", "weekdays": [1, 2], "from": "07:00", "to": "11:00"},
    lambda n: {"any": [{"kind": "card_type", "in": ["GOLD"]}, {"not": {"kind": "identified"}}]},
    lambda n: {"kind": "payment_method", "in": ["card"]},
]
REWARDS: list[Callable[[dict[str, Any]], dict[str, Any]]] = [
    lambda target: {"kind": "percent", "value": 3, "target": target},
    lambda target: {"kind": "percent", "value": 1, "scope": "order", "target": target},
    lambda target: {"kind": "amount", "value": 0.5, "target": target},
    lambda target: {"kind": "price", "value": 9.99, "target": target},
    lambda target: {"kind": "points", "unit": "BONUS", "percent": 1, "target": target},
    lambda target: {"kind": "points", "unit": "BONUS", "step": {"every": 10, "points": 1}, "target": target},
    lambda target: {"kind": "multiply", "what": "points", "of": ["points"], "factor": 1.1, "target": target},
    lambda target: {"kind": "spend", "unit": "BONUS", "max_percent": 1, "target": target},
]


def basket() -> Basket:
    """Thirty lines of ten categories and five brands in a store, with a member who spends."""
    lines = tuple(
        Line(
            id=str(n),
            sku=f"SKU{n}",
            price_minor=1000 + 37 * n,
            quantity_micro=(1 + n % 3) * 1_000_000,
            categories=frozenset({f"C{n % 10}", f"D{n % 3}", "ALL"}),
            brand=f"B{n % 5}",
            suppliers=frozenset({f"P{n % 4}"}),
            tags=frozenset({f"T{n % 6}"}),
        )
        for n in range(LINES)
    )
    return Basket(
        at=AT,
        lines=lines,
        place=Place(partner="X", network="N1", store="S1", register="R1", channel="pos"),
        member=Member(id="1", card_type="GOLD", balances={"BONUS": 5000}),
        payments=(Payment(method="card"),),
        spend=(SpendRequest(unit="BONUS"),),
    )


def promotion(n: int, target: dict[str, Any]) -> dict[str, Any]:
    """The n-th of a mixture of kinds."""
    reward = REWARDS[n % len(REWARDS)](target)
    return {
        "code": f"P{n}",
        "state": "active",
        "group": "points" if reward["kind"] in ("points", "multiply", "spend") else "discounts",
        "priority": n % 5,
        "when": {"all": [CONDITIONS[n % len(CONDITIONS)](n)]},
        "rewards": [reward],
    }


def programme(total: int, candidates: int) -> Any:
    """A programme of which exactly so many promotions have a line of the basket to act on."""
    step = total // candidates
    targets = (
        {"category": [f"C{n // step % 10}"]} if n % step == 0 else {"sku": [f"OTHER{n}"]}
        for n in range(total)
    )
    numbered = [n // step if n % step == 0 else n for n in range(total)]
    promotions = [
        promotion(number, target) | {"code": f"P{n}"}
        for n, number, target in zip(range(total), numbered, targets, strict=True)
    ]
    document = {
        "units": [{"code": "BONUS"}],
        "groups": [{"code": "discounts"}, {"code": "points", "sequence": 20}],
        "promotions": promotions,
    }
    return compile_programme(document)


def measure(programmes: list[Any], given: Basket, times: int = 60) -> list[float]:
    """Median milliseconds of a calculation under each programme, taken in turns on the same machine.

    It is processor time: a calculation waits for nothing, so what others do on the machine is left out.
    """
    spent: list[list[float]] = [[] for _ in programmes]
    for _ in range(times):
        for one, into in zip(programmes, spent, strict=True):
            start = process_time()
            evaluate(one, given)
            into.append((process_time() - start) * 1000)
    return [median(one) for one in spent]


def row(name: str, value: float, against: float, must: float) -> dict[str, Any]:
    ratio = value / against
    figures = {"value": value, "against": against, "ratio": ratio}
    return {
        "id": name,
        **{key: round(figure, 3) for key, figure in figures.items()},
        "must": must,
        "ok": ratio <= must,
    }


def run() -> list[dict[str, Any]]:
    """The figures of V1, in milliseconds; ``against`` is the limit for medians, else the forty by
    themselves."""
    given = basket()
    few, many, most, eligible = measure(
        [programme(40, 40), programme(1000, 40), programme(10_000, 40), programme(200, 200)], given
    )
    return [
        row("V1 40 candidates", few, 3.0, 1.0),
        row("V1 1,000 promotions, 40 candidates", many, few, 1.3),
        row("V1 10,000 promotions, 40 candidates", most, few, 1.3),
        row("V1 200 eligible", eligible, 25.0, 1.0),
    ]


if __name__ == "__main__":
    for one in run():
        print(json.dumps(one))
