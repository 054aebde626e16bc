"""Whatever becomes of certificates in whatever order: what is left of each is what a plain model says."""

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.posting import Source
from odoo.tests import tagged

from .purchases_common import CertificateCase

HISTORIES = int(os.environ.get("LOY_HISTORIES", "60"))
STEPS = int(os.environ.get("LOY_STEPS", "30"))
STEP_NAMES = (
    *("sell", "sell", "put", "give", "pay", "pay", "pay_by_several", "pay_by_several", "hold", "hold"),
    *("confirm_held", "release", "part", "part", "whole", "take_back", "expire", "renew", "cancel"),
)


@dataclass(eq=False)
class Known:
    """What the model knows of a certificate, in cents."""

    certificate: object
    value: int
    left: int
    is_single_use: bool = False
    held: int = 0
    sale: str = ""
    spent: Counter = field(default_factory=Counter)  # why → how much has gone


@dataclass(eq=False)
class Paid:
    """A purchase: who pays how much, what has come back of it."""

    quantity: int
    pays: dict
    back: Counter = field(default_factory=Counter)
    is_held: bool = False


@tagged("post_install", "-at_install")
class TestCertificateHistories(CertificateCase):
    def test_nothing_is_lost_or_doubled_in_any_history(self):
        for seed in range(HISTORIES):
            with self.subTest(seed=seed), self.undone():
                self.run_history(seed)

    def run_history(self, seed):
        self.chance = random.Random(seed)
        self.known, self.paid, self.count = [], {}, 0
        self.now = fields.Datetime.now()
        self.clock = self.now - timedelta(days=1)  # of what ends and is good again
        done = []
        for name in self.chance.choices(STEP_NAMES, k=STEPS):
            done.append(name)
            getattr(self, f"do_{name}")()
            self.compare(done)
        self.assert_books()

    def compare(self, done):
        certificates = self.env["loy.certificate"].union(*[one.certificate for one in self.known])
        certificates.invalidate_recordset()
        left = self.certificates._left(certificates)
        for one in self.known:
            self.assertEqual(round(left[one.certificate.id] * 100), one.left, done)
            self.assertEqual(one.left + one.held + sum(one.spent.values()), one.value, done)
            if one.certificate.state == "used":
                self.assertEqual((one.left, one.held), (0, 0), done)
            if one.left and one.certificate.state != "cancelled":
                self.assertEqual(one.certificate.state, "active", done)

    # ------------------------------------------------------------------ choices

    def number(self, letter):
        self.count += 1
        return f"{letter}-{self.count}"

    def any_of(self, ones):
        ones = list(ones)
        return self.chance.choice(ones) if ones else None

    def active(self):
        """Those that can pay; one that is good for one purchase does not pay for two at once."""
        return [
            one
            for one in self.known
            if one.certificate.state == "active" and one.left and not (one.is_single_use and one.held)
        ]

    def remember(self, certificate, value, **facts):
        if certificate.masked_number in [one.certificate.masked_number for one in self.known]:
            return  # answers name them by that
        self.known.append(Known(certificate, value, value, **facts))

    # ------------------------------------------------------------------ they come

    def do_sell(self):
        number, value = self.number("S"), self.chance.randint(2_000, 30_000)
        line = {"id": "1", "sku": "T-EGIFT", "quantity": 1, "price": value / 100}
        at = (self.now - timedelta(days=2)).isoformat() + "Z"
        self.call("purchase_confirm", purchase=number, store="T_S1", at=at, lines=[line])
        found = self.env["loy.certificate"].search([("sold_purchase_id", "=", self.purchase_of(number).id)])
        self.remember(found, value, sale=number)

    def do_put(self):
        code, value = self.chance.choice(["T_ONCE", "T_SHORT"]), self.chance.randint(2_000, 30_000)
        gift = self.good(value / 100, code, at=self.now - timedelta(days=2))
        self.remember(gift, value, is_single_use=code == "T_ONCE")

    def do_give(self):
        value, source = self.chance.randint(2_000, 30_000), Source("certificate", company_id=self.env.company.id)
        at = self.now - timedelta(days=2)
        gift = self.certificates._give(self.type_of("T_EGIFT"), value, at=at, source=source, origin="promotion")
        self.remember(gift, value)

    # ------------------------------------------------------------------ they pay

    def do_pay(self):
        self.purchase("purchase_confirm", 1)

    def do_pay_by_several(self):
        self.purchase("purchase_confirm", 3)

    def do_hold(self):
        self.purchase("purchase_hold", 2)

    def purchase(self, method, most):
        chosen = self.active()
        chosen = self.chance.sample(chosen, min(most, len(chosen)))
        if not chosen:
            return
        quantity, price = self.chance.randint(1, 4), self.chance.randint(100, 9_000)
        goods = {
            "store": "T_S1",
            "lines": [{"id": "1", "sku": "T-1001", "quantity": quantity, "price": price / 100}],
        }
        due, pays, wishes = round(self.call("purchase_calculate", **goods)["totals"]["to_pay"] * 100), {}, []
        for one in chosen:
            asked = self.chance.choice([None, None, self.chance.randint(1, 9_000)])
            wishes.append(self.wish(one.certificate, **({"amount": asked / 100} if asked else {})))
            pays[one] = min(due, one.left, asked or one.left)
            due -= pays[one]
        number = self.number("P")
        self.call(method, purchase=number, certificates=wishes, **goods)
        paid = self.paid[number] = Paid(quantity, pays, is_held=method == "purchase_hold")
        for one, amount in pays.items():
            one.left -= amount
            one.held += amount
        if not paid.is_held:
            self.settle(paid)

    def settle(self, paid):
        for one, amount in paid.pays.items():
            one.held -= amount
            one.spent["paid"] += amount
            if one.is_single_use and amount:
                one.spent["lost"] += one.left
                one.left = 0
        paid.is_held = False

    def held(self):
        return self.any_of(number for number, paid in self.paid.items() if paid.is_held)

    def do_confirm_held(self):
        if number := self.held():
            self.call("purchase_confirm", purchase=number)
            self.settle(self.paid[number])

    def do_release(self):
        if number := self.held():
            self.call("purchase_cancel", purchase=number)
            for one, amount in self.paid.pop(number).pays.items():
                one.held -= amount
                one.left += amount

    # ------------------------------------------------------------------ goods come back

    def returnable(self):
        return self.any_of(number for number, paid in self.paid.items() if not paid.is_held and paid.quantity)

    def do_part(self):
        if number := self.returnable():
            self.take(number, lines=[{"id": "1", "quantity": 1}])
            self.paid[number].quantity -= 1
            self.check_whole(self.paid[number])

    def do_whole(self):
        if number := self.returnable():
            self.take(number)
            self.paid[number].quantity = 0
            self.check_whole(self.paid[number])

    def take(self, number, **parts):
        answer = self.call("purchase_return", purchase=number, return_=self.number("R"), **parts)
        paid = self.paid[number]
        told = {one["number"]: round(one["amount"] * 100) for one in answer["refund"].get("certificates", ())}
        for one in paid.pays:
            amount = told.pop(one.certificate.masked_number, 0)
            one.left += amount
            one.spent["paid"] -= amount
            paid.back[one] += amount
        self.assertFalse(told)

    def check_whole(self, paid):
        """Never more comes back than was paid, and with the last of the goods all of it."""
        for one, amount in paid.pays.items():
            if paid.quantity:
                self.assertLessEqual(paid.back[one], amount)
            else:
                self.assertEqual(paid.back[one], amount)

    def do_take_back(self):
        one = self.any_of(one for one in self.known if one.sale)
        if not one:
            return
        request = {"purchase": one.sale, "return_": self.number("B")}
        if one.certificate.state != "active" or one.left != one.value:
            self.refused("certificate_in_use", "purchase_return", **request)
            return
        self.call("purchase_return", **request)
        one.spent["returned"], one.left, one.sale = one.left, 0, ""

    # ------------------------------------------------------------------ by hand and by time

    def free(self, *states):
        """One of which no purchase reserves anything. What one that is good once has lost, is lost."""
        return self.any_of(
            one
            for one in self.known
            if one.certificate.state in states and not one.held and not one.is_single_use
        )

    def do_expire(self):
        if one := self.free("active"):
            self.clock += timedelta(minutes=1)
            end = self.clock
            self.certificates._change_validity(one.certificate, end, at=end - timedelta(minutes=1))
            one.left += one.spent.pop("expired", 0)
            self.env["loy.ledger"]._expire(end)
            self.certificates._expire_ended(end)
            one.spent["expired"], one.left = one.left, 0

    def do_renew(self):
        if one := self.free("active", "expired"):
            until = self.chance.choice([None, self.now + timedelta(days=self.chance.randint(1, 90))])
            self.certificates._change_validity(one.certificate, until, at=self.clock)
            one.left += one.spent.pop("expired", 0)

    def do_cancel(self):
        if (one := self.free("active")) and self.chance.random() < 0.5:
            self.certificates._cancel(one.certificate)
            one.spent["cancelled"] += one.left
            one.left = 0
