"""Whatever is sent to whichever method gets an answer or a refusal with a stable code, and a refusal changes nothing.

Methods are found, not listed. LOY_SEED=… sends other garbage, LOY_GARBAGE=… more of it.
"""

import json
import os
import random
import re
import xmlrpc.client

from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.tests import tagged

from . import api_examples, garbage
from .api_common import ApiCase
from .test_api_guard import own_methods

SEED = int(os.environ.get("LOY_SEED", "1"))
EACH = int(os.environ.get("LOY_GARBAGE", "60"))  # requests made for each method, and as many spoiled examples
BATCH = 25  # refusals between two looks at the whole database
REFUSAL = re.compile(r"[a-z][a-z0-9_]{2,40}: \S")


@tagged("post_install", "-at_install")
class TestApiGarbage(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.call("purchase_confirm", purchase="T-G1", **cls.basket())
        cls.call("purchase_hold", purchase="T-G2", **cls.basket(spend=[{"unit": "T_BONUS", "amount": "max"}]))
        cls.call("account_accrue", member=cls.member, unit="T_BONUS", amount=500)
        card = cls.env["loy.card"].search([("member_id", "=", int(cls.member))], limit=1).number
        cls.words = [
            "T_BONUS", "T_S1", "T_S2", "R1", "T-1001", "T-1002", "T-G1", "T-G2", "T_BASE5", "GOODWILL", cls.member,
            card, "+380671110001",
            "ann@example.com", "bob@example.com", "+380671110009", "1", "2", "pos", "cash",
            "units",
            "promotions", "new", "😀", "x" * 64, "0", "-5", "99999999999999999999",
        ]  # fmt: skip

    def test_requests_made_from_the_declarations(self):
        chance = random.Random(SEED)
        self._send(
            (method, garbage.garbage_of(chance, schema, function.loy_request, self.words))
            for method, function in own_methods(self.api).items()
            for _ in range(EACH)
        )

    def test_examples_that_were_spoiled(self):
        chance = random.Random(SEED)
        steps, names = api_examples.load()["steps"], {}
        for step in steps:  # each of them once as it is, so that what they name is there
            request = api_examples.filled(step["request"], {**dict.fromkeys(_names(step["request"]), "1"), **names})
            step["request"] = request
            answer = self._answer(step["method"], request)
            if isinstance(answer, dict) and "answer" in step:
                list(api_examples.differences(step["answer"], answer, names))
        count = EACH * len(own_methods(self.api))
        self._send(garbage.mutations(chance, steps, count))

    # ------------------------------------------------------------------ what must hold

    def _send(self, requests):
        before, batch, answered = self.state(), [], 0
        for method, request in requests:
            with self.subTest(method=method, seed=SEED):
                savepoint = self.env.cr.savepoint()
                answer = self._answer(method, request)
                if isinstance(answer, str):  # nothing to undo, if the law holds
                    savepoint.close(rollback=False)
                    self.assertRegex(answer, REFUSAL)
                    self.assertNotIn(answer.partition(":")[0], ("internal_error", "forbidden"), _told(request))
                    answer.encode()  # it can be sent and logged
                    batch.append((method, request, answer))
                else:
                    answered += 1
                    json.dumps(answer, allow_nan=False)
                    xmlrpc.client.dumps((answer,), allow_none=False).encode()
                    self.env.flush_all()
                    savepoint.close(rollback=True)
                    self.env.invalidate_all(flush=False)
            if len(batch) == BATCH:
                self._assert_unchanged(before, batch)
        self._assert_unchanged(before, batch)
        self.assertGreater(answered, 0, "nothing came through: the garbage does not look into anything")

    def _answer(self, method, request):
        """The answer, or the text of the refusal; anything else is a fault of ours."""
        try:
            return getattr(self.api, method)(request)
        except ApiError as refusal:
            return str(refusal)

    def _assert_unchanged(self, before, batch):
        changes = self.changes(before)
        told = "\n".join(f"{method} {_told(request)} → {answer[:120]}" for method, request, answer in batch)
        self.assertEqual(changes, {}, f"one of these was refused and left something behind:\n{told}")
        batch.clear()


def _names(value):
    text = json.dumps(value)
    return re.findall(r'"\{(\w+)\}"', text)


def _told(request):
    return ascii(request)[:400]
