"""A till that does not give up: it keeps a journal, and sends a request under its key until it is answered."""

import dataclasses
import http.client
import itertools
import json
import random
import re
import time

UNIT, STORE = "SHOP", "SHOP"
PROGRAMME = {
    "settings": {"timezone": "Europe/Kyiv"},
    "units": [{"code": UNIT, "name": "Points", "decimals": 0, "rate": 1}],
    "stores": [{"code": STORE, "name": "A shop", "timezone": "Europe/Kyiv"}],
    "promotions": [
        {
            "code": "SHOP-EARN",
            "state": "active",
            "when": {"kind": "place", "store": [STORE]},
            "rewards": [{"kind": "points", "unit": UNIT, "step": {"every": 10, "points": 1}}],
        },
        {
            "code": "SHOP-PAY",
            "state": "active",
            "when": {"kind": "place", "store": [STORE]},
            "rewards": [{"kind": "spend", "unit": UNIT, "max_percent": 50}],
        },
    ],
}
CODE = re.compile(r"[a-z][a-z0-9_]*")
PATIENCE = 90  # seconds until a till gives up
HASTY, HASTE = 0.05, 0.03  # the share of calls whose answer the till does not wait for, and how long it waits


@dataclasses.dataclass(frozen=True)
class Entry:
    """One line of the journal: what was asked, and the first answer to the byte."""

    method: str
    request: dict
    status: int
    answer: bytes

    @property
    def body(self):
        return json.loads(self.answer)

    @property
    def code(self):
        """The stable code of a refusal; nothing for what was done."""
        return "" if self.status == 200 else self.body["message"].partition(":")[0]

    @property
    def is_answer(self):
        """Done, or refused with a code of ours; without its database Odoo says other things, even "Access Denied"."""
        return self.status == 200 or (self.status < 500 and bool(CODE.fullmatch(self.code)) and self.code != "busy")


class Till:
    """``till.send(method, key=…, …)``; each call has a connection of its own, as Odoo's workers close it anyway."""

    def __init__(self, server, key, seed=0):
        self.port, self.random = server.port, random.Random(seed)
        self.headers = {
            "Authorization": f"bearer {key}",
            "X-Odoo-Database": server.database,
            "Content-Type": "application/json",
        }
        self.journal, self.repeated = [], 0

    def send(self, method, **request):
        """The answer's body, or the code of a refusal as text; the journal has both."""
        entry = self._until_answered(method, request)
        self.journal.append(entry)
        return entry.code or entry.body

    def replay(self, entry):
        """What the server says now to what was asked then."""
        return self._until_answered(entry.method, entry.request)

    def _until_answered(self, method, request):
        deadline = time.monotonic() + PATIENCE
        for attempt in itertools.count():
            try:
                status, kind, answer = self._post(method, request)
                known = Entry(method, request, status, answer)
                # Without its database Odoo answers pages: what is not JSON is no answer.
                if kind.startswith("application/json") and known.is_answer:
                    return known
                why = f"{status} {answer[:300]}"
            except (OSError, http.client.HTTPException) as lost:  # killed before it answered, or not there at all
                why = lost
            if time.monotonic() > deadline:
                raise AssertionError(f"{method} {request}: no answer after {attempt + 1} attempts: {why}")
            self.repeated += 1
            time.sleep(self.random.uniform(0.5, 1.5) * min(0.02 * 2**attempt, 0.5))
        raise AssertionError("unreachable")

    def _post(self, method, request):
        hasty = "key" in request and self.random.random() < HASTY
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HASTE if hasty else 30)
        try:
            body = json.dumps({"request": request})
            connection.request("POST", f"/json/2/loy.api/{method}", body, self.headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Content-Type", ""), answer.read()
        finally:
            connection.close()
