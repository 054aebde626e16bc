"""What an integrator and a till send: the programme, members at their first receipt, receipts.

Law: nothing else writes. Each call is one of the API's, made as its users make it and committed by itself.
All keys follow from the data, so a run that was killed goes on when it is started again: what was done
already is answered again and not done again.
"""

import itertools
import json
import statistics
import time
from collections import deque
from datetime import timedelta
from hashlib import sha256

from tools.environment import PROJECT

from .data import Basket, Journey, category_code

PROGRAMME = PROJECT / "tests" / "trial" / "programme.json"
UNIT = "POINT"
BATCH = 1000
TIMES_KEPT = 10_000
TIME_ZONE = "America/New_York"
VALID_FROM = "2016-12-01T00:00:00+00:00"


class Api:
    """``loy.api`` as the dispatcher of XML-RPC calls it, a transaction for each call."""

    def __init__(self, registry, user_id: int):
        self._registry, self._user_id = registry, user_id

    def __call__(self, method: str, **request) -> dict:
        from odoo.service.model import execute_cr

        self._registry.check_signaling()
        try:
            with self._registry.cursor() as cr:
                answer = execute_cr(cr, self._user_id, "loy.api", method, (request,), {})
            self._registry.signal_changes()
        except Exception:
            self._registry.reset_changes()
            raise
        return answer


class Till:
    """Sends what the data set tells."""

    def __init__(self, api: Api):
        self.api = api
        self._cards: dict[int, str] = {}
        self._times: dict[str, deque] = {}

    # ------------------------------------------------------------------ set-up

    def apply(self, programme: dict) -> dict:
        body = json.dumps(programme, sort_keys=True)
        key = sha256(body.encode()).hexdigest()[:32]
        return self.api("programme_apply", key=f"trial-{key}", programme=programme, at=VALID_FROM)

    def set_up(self, journey: Journey, only_sold: bool, progress) -> None:
        """Stores, the tree of categories, brands and products, then the programme that names them."""
        self.apply(
            {
                "stores": [
                    {"code": str(store), "name": f"Store {store}", "timezone": TIME_ZONE}
                    for store in journey.stores()
                ],
                "brands": [{"code": "National"}, {"code": "Private"}],
            }
        )
        tree = {path for _row, path in journey.products(only_sold)}
        paths = {path[:depth] for path in tree for depth in range(1, len(path) + 1)}
        named = _categories(json.loads(PROGRAMME.read_text()))
        paths |= {tuple(code.split("/")[:depth]) for code in named for depth in range(1, code.count("/") + 2)}
        for batch in _batches(sorted(paths, key=lambda path: (len(path), path)), BATCH):
            self.apply({"categories": [_category(path) for path in batch]})
        done = 0
        for batch in _batches((row for row, _path in journey.products(only_sold)), BATCH):
            self.apply({"products": batch})
            done += len(batch)
            progress(done)
        self.apply(json.loads(PROGRAMME.read_text()))

    # ------------------------------------------------------------------ receipts

    def confirmed(self, numbers: list[int]) -> int:
        """How many of the baskets are posted: they are sent in order, so it is found by halving."""
        low, high = 0, len(numbers)
        while low < high:
            middle = (low + high) // 2
            if self._is_posted(numbers[middle]):
                low = middle + 1
            else:
                high = middle
        return low

    def sell(self, basket: Basket) -> dict:
        """Calculates as a till does while the customer waits, then confirms what it showed."""
        request = self._request(basket)
        shown = self._timed("purchase_calculate", **request)
        answer = self._timed(
            "purchase_confirm",
            key=f"trial-{basket.id}",
            **request,
            expected={"to_pay": shown["totals"]["to_pay"]},
        )
        if answer["totals"] != shown["totals"]:
            raise AssertionError(f"receipt {basket.id}: {shown['totals']} shown, {answer['totals']} posted")
        return answer

    def median(self, method: str) -> float:
        """Milliseconds of a call, of the latest thousands."""
        return 1000 * statistics.median(self._times.get(method) or [0.0])

    def _timed(self, method: str, **request) -> dict:
        start = time.perf_counter()
        answer = self.api(method, **request)
        times = self._times.setdefault(method, deque(maxlen=TIMES_KEPT))
        times.append(time.perf_counter() - start)
        return answer

    def _request(self, basket: Basket) -> dict:
        return {
            "purchase": str(basket.id),
            "store": str(basket.store),
            "at": basket.at.isoformat(),
            "member": {"card": self._card(basket)},
            "lines": [
                {
                    "id": str(number),
                    "sku": line.product,
                    "quantity": line.quantity,
                    "price": float(line.price),
                    "amount": float(line.amount),
                }
                for number, line in enumerate(basket.lines, 1)
            ],
            "payments": [{"method": "card" if basket.id % 3 else "cash", "amount": "rest"}],
            "spend": _spend(basket),
        }

    def _card(self, basket: Basket) -> str:
        """The household's card; it registers at its first receipt."""
        if basket.household not in self._cards:
            answer = self.api(
                "member_register",
                key=f"trial-household-{basket.household}",
                email=f"household-{basket.household}@example.com",
                last_name=f"Household {basket.household}",
                external_id=f"household-{basket.household}",
                attributes={"source": "complete journey"},
            )
            self._cards[basket.household] = answer["card"]
        return self._cards[basket.household]

    def _is_posted(self, number: int) -> bool:
        from odoo.exceptions import UserError

        try:
            return self.api("purchase_get", purchase=str(number))["state"] == "confirmed"
        except UserError as error:
            if str(error).startswith("purchase_not_found:"):
                return False
            raise


def expire(registry, until) -> int:
    """The nightly job, as it would have run at that moment; returns how many lots it booked."""
    from odoo.api import SUPERUSER_ID, Environment

    until, total = until.replace(tzinfo=None), 0
    while True:
        with registry.cursor() as cr:
            count = Environment(cr, SUPERUSER_ID, {})["loy.ledger"]._expire(until, BATCH)
        total += count
        if count < BATCH:
            return total


def night_after(moment):
    """The next time at which the nightly job runs (UTC)."""
    night = moment.replace(hour=6, minute=10, second=0, microsecond=0)
    return night if moment < night else night + timedelta(days=1)


def _spend(basket: Basket) -> list[dict]:
    """Every seventh receipt is paid with all the points it may, another seventh with 200 of them."""
    wish = {0: "max", 3: 200}.get(basket.id % 7)
    return [{"unit": UNIT, "amount": wish}] if wish else []


def _category(path: tuple[str, ...]) -> dict:
    row = {"code": category_code(path), "name": path[-1].title()}
    return row | {"parent": category_code(path[:-1])} if path[1:] else row


def _categories(document) -> set[str]:
    """All categories that a programme names."""
    if isinstance(document, dict):
        own = set(document.get("category", ()))
        return own.union(*(_categories(value) for value in document.values()))
    if isinstance(document, list):
        return set().union(*map(_categories, document))
    return set()


def _batches(rows, size: int):
    rows = iter(rows)
    while batch := list(itertools.islice(rows, size)):
        yield batch
