"""Real transactions on real connections that want the same codes: each is used once, and none is given out twice."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from odoo import api
from odoo.addons.loyalty_core.engine import schema
from odoo.addons.loyalty_core.services.requests import PurchaseCancel, PurchaseConfirm, PurchaseHold
from odoo.addons.loyalty_core.services.transaction import run_with_retry
from odoo.sql_db import Connection, ConnectionPool, connection_info_for
from odoo.tests import get_db_name, tagged

from .committed_common import CommittedCase

CLIENTS = 50


@tagged("post_install", "-at_install")
class TestCodesConcurrent(CommittedCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            self.store = env["loy.store"].create({"code": "T_CODES", "name": "T", "company_id": env.company.id}).code
            company = {"company_id": env.company.id}
            env["loy.code.pool"].create(
                [
                    {"code": "T_ONE", "name": "One", "codes_text": "TESTONE\nTESTTWO", **company},
                    {"code": "T_TEN", "name": "Ten", "kind": "multi", "codes_text": "TESTTEN", "uses": 10, **company},
                    {
                        "code": "T_KEPT", "name": "Kept", "codes_text": "TESTKEPT", "is_valued": True, "value": 100,
                        "remainder": "kept", **company,
                    },
                    {"code": "T_OUT", "name": "Out", "pattern": "TOUT########", "size": 20, **company},
                ]
            )  # fmt: skip
            pools = {"T_ONE": '{"kind": "percent", "value": 10}', "T_TEN": '{"kind": "percent", "value": 10}',
                     "T_KEPT": '{"kind": "amount", "value": "code"}'}  # fmt: skip
            env["loy.promotion"].create(
                [
                    {
                        "code": code,
                        "name": code,
                        "state": "active",
                        "when_text": f'{{"all": [{{"kind": "promo_code", "pool": "{code}"}},'
                        f' {{"kind": "place", "store": ["{self.store}"]}}]}}',
                        "rewards_text": f"[{reward}]",
                        **company,
                    }
                    for code, reward in pools.items()
                ]
            )
            env["loy.promotion"].create(
                {
                    "code": "T_OUT",
                    "name": "T_OUT",
                    "state": "active",
                    "when_text": f'{{"all": [{{"kind": "place", "store": ["{self.store}"], "channel": ["gift"]}}]}}',
                    "rewards_text": '[{"kind": "issue_code", "pool": "T_OUT"}]',
                    **company,
                }
            )
            env.cr.commit()

    def _race(self, work):
        """What ``work(env, number)`` answers to each client, all at once: more than Odoo's own pool has connections."""
        barrier, connections = Barrier(CLIENTS), ConnectionPool(CLIENTS)
        self.addCleanup(connections.close_all)
        connection = Connection(connections, *connection_info_for(get_db_name()))

        def client(number):
            with connection.cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                barrier.wait(30)
                return run_with_retry(env, lambda: work(env, number))

        with ThreadPoolExecutor(CLIENTS) as pool:
            return list(pool.map(client, range(CLIENTS)))

    def _body(self, number, *codes, **values):
        line = {"id": "1", "sku": "T", "quantity": 1, "price": 50}
        basket = {"store": self.store, "lines": [line], "codes": list(codes), **values}
        return {"key": "t", "purchase": f"T-CODE-{number}", **basket}

    def _confirm(self, *codes, **values):
        return lambda env, number: env["loy.purchases"]._confirm(
            schema.read(PurchaseConfirm, self._body(number, *codes, **values))
        )

    def _books(self):
        with self.transaction() as env:
            books = env["loy.ledger"]._check_books()
            self.assertTrue(books["ok"], books["differences"])

    def test_of_fifty_parallel_confirms_one_uses_the_code(self):
        discounts = [answer["totals"]["discount"] for answer in self._race(self._confirm("testone"))]
        self.assertEqual(sorted(discounts), [0.0] * (CLIENTS - 1) + [5.0])
        self._books()

    def test_codes_in_any_order_cause_no_deadlock(self):
        def confirm(env, number):
            codes = ["TESTONE", "TESTTWO", "TESTKEPT", "TESTTEN"]
            return self._confirm(*(codes if number % 2 else reversed(codes)))(env, number)

        answers = self._race(confirm)
        used = [one["code"] for answer in answers for one in answer["codes"] if one.get("promotions")]
        self.assertEqual({code: used.count(code) for code in ("TESTTEN", "TESTONE", "TESTTWO")},
                         {"TESTTEN": 10, "TESTONE": 1, "TESTTWO": 1})  # fmt: skip
        self._books()

    def test_a_code_of_ten_uses_is_used_ten_times(self):
        discounts = [answer["totals"]["discount"] for answer in self._race(self._confirm("TESTTEN"))]
        self.assertEqual(sum(discounts), 50.0)
        self._books()

    def test_a_value_is_paid_out_once(self):
        discounts = [answer["totals"]["discount"] for answer in self._race(self._confirm("TESTKEPT"))]
        self.assertEqual(sum(discounts), 100.0)
        self._books()

    def test_holds_cancels_and_confirms_at_once_leave_one_use(self):
        def client(env, number):
            purchases = env["loy.purchases"]
            if number % 2:
                return self._confirm("TESTONE")(env, number)["totals"]["discount"]
            purchases._hold(schema.read(PurchaseHold, self._body(number, "TESTONE")))
            purchases._cancel(PurchaseCancel(key="t", purchase=f"T-CODE-{number}"))
            return 0.0

        self.assertIn(sum(self._race(client)), (0.0, 5.0))
        self._books()

    def test_no_code_is_given_out_twice(self):
        answers = self._race(self._confirm(channel="gift"))
        codes = [one["code"] for answer in answers for one in answer["issued"]]
        self.assertEqual((len(codes), len(set(codes))), (CLIENTS, CLIENTS))
        with self.transaction() as env:
            pool = env["loy.code.pool"].search([("code", "=", "T_OUT")])
            self.assertEqual((pool.issued_count, pool.code_count), (CLIENTS, CLIENTS))
        self._books()
