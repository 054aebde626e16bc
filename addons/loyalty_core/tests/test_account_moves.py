"""What members do with their accounts by themselves: transfers within limits, money paid in once."""

from datetime import timedelta

from odoo.tests import TransactionCase, new_test_user, tagged

from ..services.endpoint import ApiError
from ..services.posting import Accrual, Source


@tagged("post_install", "-at_install")
class TestAccountMoves(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = new_test_user(cls.env, "t_moves", groups="loyalty_core.group_integrator")
        cls.api = cls.env["loy.api"].with_user(user)
        unit = {"company_id": cls.env.company.id, "valid_from_at": "2020-01-01 00:00:00"}
        cls.points = cls.env["loy.unit"].create(
            {
                **unit,
                "code": "T_GIFT",
                "name": "Gift",
                "is_transferable": True,
                "transfer_min": 5,
                "transfer_day_max": 20,
            }
        )
        cls.wallet = cls.env["loy.unit"].create(
            {**unit, "code": "T_WALLET", "name": "Wallet", "kind": "money", "decimals": 2}
        )
        cls.giver, cls.taker = cls.env["res.partner"].create(
            [{"name": name, "is_loyalty_member": True} for name in ("Giver", "Taker")]
        )
        cls.number = 0

    def call(self, method, **request):
        type(self).number += 1
        return getattr(self.api, method)({"key": f"t-moves-{self.number}", "member": str(self.giver.id), **request})

    def transfer(self, amount, **request):
        return self.call("account_transfer", to=str(self.taker.id), unit="T_GIFT", amount=amount, **request)

    def give(self, amount):
        ledger = self.env["loy.ledger"]
        accounts = ledger._accounts([self.giver.id], [self.points.id], create=True)
        at = self.env.cr.now().replace(year=2020)
        ledger._accrue([Accrual(account, amount) for account in accounts.values()], at=at, source=Source("test"))

    def available(self, member, unit):
        (balance,) = self.api.account_balance({"member": str(member.id), "unit": unit})["balances"]
        return balance["available"]

    def test_a_transfer_keeps_to_the_limits_of_the_unit(self):
        self.give(100)
        with self.assertRaisesRegex(ApiError, "^transfer_too_small: "):
            self.transfer(4)
        self.transfer(15)
        with self.assertRaisesRegex(ApiError, "^transfer_limit: .* 5 are left"):
            self.transfer(6)
        self.transfer(5)
        self.assertEqual((self.available(self.giver, "T_GIFT"), self.available(self.taker, "T_GIFT")), (80, 20))
        self.points.is_transferable = False
        with self.assertRaisesRegex(ApiError, "^transfer_not_allowed: "):
            self.transfer(5)
        self.assertTrue(self.env["loy.ledger"]._check_books()["ok"])

    def test_both_statements_show_the_other_side(self):
        self.give(10)
        self.transfer(5)
        for member, other in ((self.giver, self.taker), (self.taker, self.giver)):
            movements = self.api.account_statement({"member": str(member.id), "unit": "T_GIFT"})["movements"]
            self.assertEqual(
                [one["other"] for one in movements if one["kind"] == "transfer"], [str(other.id)], member.name
            )

    def test_nobody_transfers_what_they_have_not_nor_to_themselves(self):
        with self.assertRaisesRegex(ApiError, "^insufficient_points: "):
            self.transfer(5)
        with self.assertRaisesRegex(ApiError, "^same_account: "):
            self.call("account_transfer", to=str(self.giver.id), unit="T_GIFT", amount=5)

    def test_a_payment_is_booked_once(self):
        pay = {"method": "card", "reference": "REF-1"}
        self.call("account_top_up", unit="T_WALLET", amount=100.25, payment=pay)
        with self.assertRaisesRegex(ApiError, "^payment_booked: "):
            self.call("account_top_up", unit="T_WALLET", amount=100.25, payment=pay)
        self.call("account_top_up", unit="T_WALLET", amount=1, payment={**pay, "method": "cash"})
        self.assertEqual(self.available(self.giver, "T_WALLET"), 101.25)

    def test_points_are_not_topped_up(self):
        with self.assertRaisesRegex(ApiError, "^unit_not_money: "):
            self.call("account_top_up", unit="T_GIFT", amount=5, payment={"method": "card", "reference": "REF-2"})

    def test_a_conversion_keeps_to_rate_step_and_limits_both_ways(self):
        for source, target, rate in ((self.points, self.wallet, 0.335), (self.wallet, self.points, 3)):
            self.env["loy.conversion.rate"].create(
                {
                    "code": f"T_{source.code}",
                    "name": "Test",
                    "unit_id": source.id,
                    "to_unit_id": target.id,
                    "rate": rate,
                }
            )
        rate = self.env["loy.conversion.rate"].search([("code", "=", "T_T_GIFT")])
        rate.write({"step": 5, "minimum": 10, "day_max": 30})
        self.give(100)
        for amount, code in ((12, "conversion_step"), (5, "conversion_too_small"), (35, "conversion_limit")):
            with self.assertRaisesRegex(ApiError, f"^{code}: "):
                self.call("account_convert", unit="T_GIFT", to_unit="T_WALLET", amount=amount)
        answer = self.call("account_convert", unit="T_GIFT", to_unit="T_WALLET", amount=15)
        self.assertEqual(answer["got"], 5.02, "what is less than the smallest part is not given")
        with self.assertRaisesRegex(ApiError, "^conversion_limit: "):
            self.call("account_convert", unit="T_GIFT", to_unit="T_WALLET", amount=20)
        self.call("account_convert", unit="T_WALLET", to_unit="T_GIFT", amount=2)
        self.assertEqual((self.available(self.giver, "T_GIFT"), self.available(self.giver, "T_WALLET")), (91, 3.02))
        self.assertTrue(self.env["loy.ledger"]._check_books()["ok"])

    def convert(self, **request):
        return self.call("account_convert", unit="T_GIFT", to_unit="T_WALLET", amount=10, **request)["got"]

    def test_a_conversion_dated_back_goes_by_the_rate_of_its_time(self):
        now = self.env.cr.now()
        rate = self.env["loy.conversion.rate"].create(
            {
                "code": "T_TIME",
                "name": "Test",
                "unit_id": self.points.id,
                "to_unit_id": self.wallet.id,
                "rate": 2,
                "valid_from_at": now - timedelta(days=10),
            }
        )
        rate.write({"rate": 3, "valid_from_at": now - timedelta(days=5)})
        self.give(100)
        ago = {days: (now - timedelta(days=days)).isoformat(timespec="seconds") + "Z" for days in (7, 3, 20)}
        self.assertEqual([self.convert(at=ago[7]), self.convert(at=ago[3]), self.convert()], [20, 30, 30])
        with self.assertRaisesRegex(ApiError, "^no_conversion_rate: "):
            self.convert(at=ago[20])
        self.points.code = "T_GIFT_2"
        self.assertEqual(self.call("account_convert", unit="T_GIFT_2", to_unit="T_WALLET", amount=10)["got"], 30)
        rate.active = False
        with self.assertRaisesRegex(ApiError, "^no_conversion_rate: "):
            self.call("account_convert", unit="T_GIFT_2", to_unit="T_WALLET", amount=10)

    def test_a_companys_own_rate_goes_before_a_shared_one(self):
        rates = self.env["loy.conversion.rate"]
        pair = {"name": "Test", "unit_id": self.points.id, "to_unit_id": self.wallet.id}
        rates.create({**pair, "code": "T_OWN", "rate": 5, "company_id": self.env.company.id})
        rates.create({**pair, "code": "T_SHARED", "rate": 2})
        self.give(100)
        self.assertEqual(self.convert(), 50)

    def test_a_rate_of_an_earlier_version_has_said_what_it_says_since_it_was_made(self):
        self.env.cr.execute(
            "INSERT INTO loy_conversion_rate"
            " (code, name, active, unit_id, to_unit_id, rate, create_date, valid_from_at)"
            " VALUES ('T_OLD', 'Old', true, %s, %s, 4, now() at time zone 'UTC' - interval '9 days', now())",
            [self.points.id, self.wallet.id],
        )
        for _upgrade in range(2):
            self.env["loy.programme"]._revise_unrevised()
        self.give(100)
        ago = (self.env.cr.now() - timedelta(days=8)).isoformat(timespec="seconds") + "Z"
        self.assertEqual([self.convert(at=ago), self.convert()], [40, 40])
        rate = self.env["loy.conversion.rate"].search([("code", "=", "T_OLD")])
        self.assertEqual(rate.revision_count, 1)
