"""What tests of the ledger share: a clock, members with accounts and short names for bookings."""

from datetime import datetime, timedelta

from odoo.tests import TransactionCase

from ..services.errors import LoyaltyError
from ..services.posting import Accrual, Reversal, Source

SOURCE = Source("test")
#: Terms of points.
LARGE = {"kind": "basket_amount", "min": 500.0}
ONLINE = {"kind": "place", "channel": ["web"]}


class LedgerCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ledger = cls.env["loy.ledger"]
        cls.bonus = cls.env["loy.unit"].create({"code": "TEST_BONUS", "name": "Test bonus"})
        cls.wallet = cls.env["loy.unit"].create(
            {"code": "TEST_WALLET", "name": "Test wallet", "kind": "money", "decimals": 2}
        )
        cls.member = cls.env["res.partner"].create({"name": "Ledger member"})
        cls.account = cls.account_of(cls.member)
        cls.start = datetime(2026, 3, 1, 9, 0)

    @classmethod
    def account_of(cls, member, unit=None):
        unit = unit or cls.bonus
        return cls.ledger._accounts([member.id], [unit.id], create=True)[member.id, unit.id]

    def at(self, day, hour=0):
        """A moment so many days after the start."""
        return self.start + timedelta(days=day, hours=hour)

    def accrue(self, amount, day=0, *, active=None, expires=None, account=None, source=SOURCE, when=None):
        """Accrue on a day, active and expiring on days; returns (transaction, lot)."""
        accrual = Accrual(
            account or self.account,
            amount,
            active_from=None if active is None else self.at(active),
            expires_at=None if expires is None else self.at(expires),
            terms_id=self.terms_of(when),
        )
        transaction = self.ledger._accrue([accrual], at=self.at(day), source=source)[0]
        lot = self.env["loy.lot"].search([("transaction_id", "=", transaction)])
        return transaction, lot

    def terms_of(self, when):
        return self.ledger._terms(self.env.company.id, [when])[0]

    def spend(self, amount, day=0, *, account=None, overrun=False, terms=()):
        amounts = {account or self.account: amount}
        return self.ledger._spend(amounts, at=self.at(day), source=SOURCE, overrun=overrun, terms=terms)

    def hold(self, amount, day=0, deadline=1, *, account=None, terms=()):
        return self.ledger._hold(
            {account or self.account: amount},
            at=self.at(day),
            deadline_at=self.at(deadline),
            source=SOURCE,
            terms=terms,
        )

    def reverse(self, *reversals, day=0, **options):
        """Reverse on a day whole transactions, or (transaction, amount on the member's account)."""
        return self.ledger._reverse(
            [
                Reversal(one[0], {self.account: one[1]}) if isinstance(one, tuple) else Reversal(one)
                for one in reversals
            ],
            at=self.at(day),
            source=SOURCE,
            **options,
        )

    def balance(self, day=0, account=None):
        account = account or self.account
        return self.ledger._balances([account], self.at(day))[account]

    def available(self, day=0, account=None):
        return self.balance(day, account).available

    def absorb(self, from_member, to_member, day=0):
        return self.ledger._absorb(from_member.id, to_member.id, at=self.at(day), source=SOURCE)

    def refused(self, code):
        return self.assertRaisesRegex(LoyaltyError, f"^{code}")

    def assert_books(self):
        books = self.ledger._check_books()
        self.assertTrue(books["ok"], books["differences"])
