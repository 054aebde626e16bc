"""Purchases that are under way while something else happens to their members: on real connections."""

from datetime import datetime

from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..engine import schema
from ..services.posting import Accrual, Source
from ..services.requests import ProgrammeApply, PurchaseCancel, PurchaseConfirm, PurchaseHold, PurchaseReturn
from ..services.transaction import run_with_retry
from .committed_common import CommittedCase

PROGRAMME = {
    "units": [{"code": "T_RACE", "name": "Race", "decimals": 0, "rate": 1}],
    "groups": [{"code": "t_race", "sequence": 20}],
    "stores": [{"code": "T_RACE", "name": "Race", "timezone": "UTC"}],
    "products": [{"sku": "T-RACE", "name": "Race", "price": 100}],
    "promotions": [
        {
            "code": "T_RACE_ONCE", "state": "active", "group": "t_race", "limits": {"per_member": 1, "total": 1000},
            "rewards": [{"kind": "amount", "value": 10}],
        },
        {
            "code": "T_RACE_EARN", "state": "active", "group": "t_race",
            "rewards": [{"kind": "points", "unit": "T_RACE", "percent": 5}],
        },
    ],
}  # fmt: skip
LINES = [{"id": "1", "sku": "T-RACE", "quantity": 1, "price": 100}]
BEGINNING = datetime(2020, 1, 1)


@tagged("post_install", "-at_install")
class TestPurchasesConcurrent(CommittedCase):
    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            apply = schema.read(ProgrammeApply, {"key": "race", "programme": PROGRAMME, "at": "2020-01-01T00:00:00Z"})
            env["loy.programme.document"]._apply(apply)
            members = env["res.partner"].create(
                [{"name": name, "is_loyalty_member": True, "email": f"{name}@race.example"} for name in ("Ann", "Bob")]
            )
            self.ann, self.bob = members.ids
            self.unit = env["loy.unit"].search([("code", "=", "T_RACE")]).id

    # ------------------------------------------------------------------ what clients do

    def request(self, kind, number, member=None, **values):
        body = {"key": number, "purchase": number, **values}
        if kind in (PurchaseHold, PurchaseConfirm):
            body = {"store": "T_RACE", "lines": LINES, "member": {"member": str(member)}, **body}
        return schema.read(kind, body)

    def hold(self, env, number, member):
        request = self.request(PurchaseHold, number, member)
        return run_with_retry(env, lambda: env["loy.purchases"]._hold(request))

    def confirm(self, env, number, member, **values):
        request = self.request(PurchaseConfirm, number, member, **values)
        return run_with_retry(env, lambda: env["loy.purchases"]._confirm(request))

    def merge(self, env, member, into):
        partners = env["res.partner"]
        env["loy.merges"]._merge(partners.browse(into), partners.browse(member))
        env.flush_all()

    def owners(self):
        """Of whom there is what: purchases, uses of limits, accounts that have no successor."""
        with self.transaction() as env:
            purchases = env["loy.purchase"].search([("number", "=like", "RACE-%")])
            draws = env["loy.counter.draw"].search([("purchase_id", "in", purchases.ids)])
            uses = SQL(
                "SELECT member_id, sum(uses) FROM loy_counter_draw WHERE id = ANY(%s)"
                " GROUP BY member_id HAVING sum(uses) <> 0",
                draws.ids,
            )
            accounts = env["loy.account"].search([("unit_id", "=", self.unit), ("successor_id", "=", False)])
            return set(purchases.member_id.ids), dict(env.execute_query(uses)), set(accounts.member_id.ids)

    def check_books(self):
        with self.transaction() as env:
            self.assertEqual(env["loy.ledger"]._check_books()["differences"], [])

    # ------------------------------------------------------------------ merges

    def test_a_purchase_under_way_at_a_merge_belongs_to_the_survivor_with_all_that_it_draws(self):
        with self.transaction() as env:
            self.confirm(env, "RACE-1", self.bob)
        for number, act in (("RACE-2", self.hold), ("RACE-3", self.confirm)):
            with self.subTest(number):
                with self.transaction() as env:
                    late = env["res.partner"].create({"name": "Late", "is_loyalty_member": True}).id
                with self.transaction() as env:
                    self.merge(env, late, into=self.bob)
                    other = self.start(lambda env, act=act, number=number, late=late: act(env, number, late))
                answer = other.result()
                self.assertEqual(answer["totals"]["discount"], 0, "the one use of the limit was the survivor's")
                self.assertEqual(self.owners(), ({self.bob}, {self.bob: 1}, {self.bob}))
        self.check_books()

    def test_a_merge_waits_for_a_purchase_under_way_and_takes_it_along(self):
        with self.transaction() as env:
            self.confirm(env, "RACE-1", self.ann)
            other = self.start(lambda env: run_with_retry(env, lambda: self.merge(env, self.ann, into=self.bob)))
        other.result()
        self.assertEqual(self.owners(), ({self.bob}, {self.bob: 1}, {self.bob}))
        self.check_books()

    def test_what_comes_back_or_is_cancelled_at_a_merge_is_the_survivors(self):
        back = self.request(PurchaseReturn, "RACE-1", **{"return": "RACE-1/1"})
        cancel = self.request(PurchaseCancel, "RACE-2")
        for number, begin, end in (
            ("RACE-1", self.confirm, lambda env: env["loy.returns"]._return(back)),
            ("RACE-2", self.hold, lambda env: env["loy.purchases"]._cancel(cancel)),
        ):
            with self.subTest(number):
                with self.transaction() as env:
                    late = env["res.partner"].create({"name": "Late", "is_loyalty_member": True}).id
                    env.flush_all()
                    env.cr.commit()
                    begin(env, number, late)
                with self.transaction() as env:
                    self.merge(env, late, into=self.bob)
                    other = self.start(lambda env, end=end: run_with_retry(env, lambda: end(env)))
                other.result()
                owners, uses, _accounts = self.owners()
                self.assertEqual((owners, uses), ({self.bob}, {}))
        self.check_books()

    def test_money_paid_in_at_a_merge_is_the_survivors(self):
        def pay(env):
            member = env["loy.members"]._find({"member": str(self.ann)})
            accounts = env["loy.ledger"]._accounts([member.id], [self.unit], create=True)
            moves = [Accrual(account, 7) for account in accounts.values()]
            env["loy.ledger"]._accrue(moves, at=BEGINNING, source=Source("test"))

        with self.transaction() as env:
            self.merge(env, self.ann, into=self.bob)
            other = self.start(lambda env: run_with_retry(env, lambda: pay(env)))
        other.result()
        with self.transaction() as env:
            account = env["loy.account"].search([("unit_id", "=", self.unit), ("kind", "=", "member")])
            self.assertEqual([(one.member_id.id, one.total) for one in account], [(self.bob, 7)])

    # ------------------------------------------------------------------ exchanges

    def test_exchanges_that_cross_wait_for_one_another_and_never_in_a_circle(self):
        with self.transaction() as env:
            self.confirm(env, "RACE-1", self.ann)
            env.cr.commit()
            self.confirm(env, "RACE-2", self.bob)
        with self.transaction() as env:
            accounts = env["loy.ledger"]._accounts([self.ann, self.bob], [self.unit])
            # Whoever waits for either of them goes on at the same moment.
            env["loy.ledger"]._lock(accounts.values())
            clients = []
            for number, member, origin in (("RACE-3", self.ann, "RACE-2"), ("RACE-4", self.bob, "RACE-1")):
                back = {"id": "2", "sku": "T-RACE", "quantity": -1, "of": {"purchase": origin, "line": "1"}}
                request = self.request(PurchaseConfirm, number, member, lines=[*LINES, back])
                clients.append(self.start(lambda env, request=request: env["loy.purchases"]._confirm(request)))
        with mute_logger("odoo.sql_db"):
            answers = [client.result() for client in clients]
        self.assertEqual([answer["exchange"]["refund"] for answer in answers], [90, 90])
        self.check_books()
