"""What becomes of a certificate is in the books of its type: docs/certificates.md has the table."""

from datetime import timedelta

from odoo import fields
from odoo.addons.loyalty_core.services.posting import Source
from odoo.addons.loyalty_core.tests.test_journals import CODES
from odoo.tests import tagged

from .purchases_common import CertificateCase

SOLD = {("1900", "paid_in"): 500, ("2900", "owed"): -500}
BACK = {account: -amount for account, amount in SOLD.items()}


@tagged("post_install", "-at_install")
class TestCertificateJournals(CertificateCase):
    def accounts_of(self, code, company=None):
        unit, company = self.type_of(code).unit_id, company or self.env.company
        return self.env["loy.journal.account"].create({"unit_id": unit.id, "company_id": company.id, **CODES})

    def told(self, known):
        """{(code, kind): debit less credit} of all that has been booked since it was told last."""
        self.env["loy.ledger.days"]._seal()
        entries = self.env["loy.journals"]._make(known)
        self.assert_books()
        return {(line.code, line.kind): round(line.debit - line.credit, 2) for line in entries.line_ids}

    def sell(self, number, certificate):
        line = {"id": "1", "sku": "T-GIFT500", "quantity": 1, "price": 500, "certificate": certificate.number}
        self.call("purchase_confirm", purchase=number, store="T_S1", lines=[line])

    def end(self, at):
        self.env["loy.ledger"]._expire(at)
        self.certificates._expire_ended(at)

    def test_the_example_of_the_documentation(self):
        """docs/certificates.md"""
        known, gift = self.accounts_of("T_GIFT"), self.fresh()
        self.sell("S-1", gift)
        self.assertEqual(self.told(known), SOLD)
        self.pay("C-1", gift)
        self.assertEqual(self.told(known), {("2900", "owed"): 101, ("4000", "redeemed"): -101})
        lines = [{"id": "1", "quantity": 1}]
        back = self.call("purchase_return", purchase="C-1", return_="R-1", lines=lines)
        [refund] = back["refund"]["certificates"]
        self.assertGreater(refund["amount"], 0)
        self.assertEqual(
            self.told(known), {("4000", "redeemed"): refund["amount"], ("2900", "owed"): -refund["amount"]}
        )
        left = self.left(gift)
        self.assertEqual(left, round(399 + refund["amount"], 2))
        end = fields.Datetime.now() + timedelta(days=30)
        self.certificates._change_validity(gift, end)
        self.assertEqual(self.told(known), {})
        self.end(end)
        self.assertEqual(self.told(known), {("2900", "owed"): left, ("4900", "expired"): -left})
        self.assertEqual((known.booked, known.owed), (0, 0))

    def test_an_unused_one_that_comes_back_is_paid_in_no_more(self):
        known, gift = self.accounts_of("T_GIFT"), self.fresh()
        self.sell("S-1", gift)
        self.assertEqual(self.told(known), SOLD)
        self.call("purchase_return", purchase="S-1", return_="S-1-B")
        self.assertEqual(gift.state, "cancelled")
        self.assertEqual(self.told(known), BACK)

    def test_what_is_lost_of_one_that_is_good_once_has_expired(self):
        known, gift = self.accounts_of("T_ONCE"), self.good(500, "T_ONCE")
        self.assertEqual(self.told(known), SOLD)
        self.pay("C-1", gift)
        self.assertEqual(
            self.told(known), {("2900", "owed"): 500, ("4000", "redeemed"): -101, ("4900", "expired"): -399}
        )

    def test_one_that_is_given_by_hand_is_an_expense_and_less_of_it_when_it_is_cancelled(self):
        known = self.accounts_of("T_EGIFT")
        gift = self.certificates._issue(self.type_of("T_EGIFT"), 7000)
        self.assertEqual(self.told(known), {("6100", "issued"): 70, ("2900", "owed"): -70})
        self.certificates._cancel(gift)
        self.assertEqual(self.told(known), {("6100", "adjusted"): -70, ("2900", "owed"): 70})

    def test_one_that_a_promotion_gives_is_an_expense(self):
        known = self.accounts_of("T_EGIFT")
        reward = {"kind": "issue_certificate", "type": "T_EGIFT", "value": 70}
        self.apply({"promotions": [self.promotion("T_GIVES", reward, group="t_points")]})
        [issued] = self.confirm("C-1")["issued"]
        self.assertIn("certificate", issued)
        self.assertEqual(self.told(known), {("6100", "issued"): 70, ("2900", "owed"): -70})

    def test_a_longer_time_and_a_block_are_nothing_for_the_books(self):
        known, gift = self.accounts_of("T_SHORT"), self.good(500, "T_SHORT")
        self.assertEqual(self.told(known), SOLD)
        self.certificates._change_validity(gift, fields.Datetime.now() + timedelta(days=300))
        self.certificates._transition(gift, "blocked")
        self.certificates._transition(gift, "active")
        self.assertEqual(self.told(known), {})

    def test_one_that_is_good_again_has_not_expired(self):
        now = fields.Datetime.now()
        known, gift = self.accounts_of("T_SHORT"), self.good(500, "T_SHORT", at=now - timedelta(days=40))
        self.end(now)
        self.assertEqual(self.told(known), {("1900", "paid_in"): 500, ("4900", "expired"): -500})
        self.certificates._change_validity(gift, now + timedelta(days=30))
        self.assertEqual(self.told(known), {("4900", "expired"): 500, ("2900", "owed"): -500})

    def test_a_used_one_is_owed_again_when_all_of_the_goods_come_back(self):
        known, gift = self.accounts_of("T_SHORT"), self.good(101, "T_SHORT")
        self.pay("C-1", gift)
        self.assertEqual(self.told(known), {("1900", "paid_in"): 101, ("4000", "redeemed"): -101})
        self.call("purchase_return", purchase="C-1", return_="R-1")
        self.assertEqual(self.told(known), {("4000", "redeemed"): 101, ("2900", "owed"): -101})

    def test_who_sells_owes_and_who_takes_it_settles(self):
        own, other = self.env.company, self.env["res.company"].create(
            {"name": "Other", "currency_id": self.env.company.currency_id.id}
        )  # fmt: skip
        self.env["loy.certificate.type"].create(
            {
                "code": "T_SHARED",
                "name": "Shared",
                "company_id": False,
                "currency_id": own.currency_id.id,
                "value": 500,
                "number_prefix": "73",
                "number_length": 16,
                "number_check": "luhn",
            }
        )
        known, there = self.accounts_of("T_SHARED"), self.accounts_of("T_SHARED", other)
        gift = self.good(500, "T_SHARED")
        self.assertEqual((self.told(known), self.told(there)), (SOLD, {}))
        self.env["loy.ledger"]._spend(
            {gift.account_id.id: 20_000}, at=fields.Datetime.now(), source=Source("purchase", company_id=other.id)
        )
        self.assertEqual(self.told(known), {("2900", "owed"): 200, ("1700", "settlement"): -200})
        self.assertEqual(self.told(there), {("1700", "settlement"): 200, ("4000", "redeemed"): -200})
        self.certificates._cancel(gift)
        self.assertEqual(self.told(known), {("2900", "owed"): 300, ("6100", "adjusted"): -300})
