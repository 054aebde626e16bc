"""What members do with their accounts by themselves: transfers within limits, money paid in once."""

from datetime import timedelta

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user, tagged

from ..services.endpoint import ApiError
from ..services.errors import LoyaltyError
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


@tagged("post_install", "-at_install")
class TestMovesByStaff(TransactionCase):
    """Staff does for a member what the API does, by the same rules, with a right for each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = new_test_user(cls.env, "t_agent", groups="loyalty_core.group_contact_centre")
        cls.operator = new_test_user(cls.env, "t_operator", groups="loyalty_core.group_operator")
        unit = {"company_id": cls.env.company.id, "valid_from_at": "2020-01-01 00:00:00"}
        cls.points, cls.miles = cls.env["loy.unit"].create(
            [
                {**unit, "code": "S_POINTS", "name": "Points", "is_transferable": True},
                {**unit, "code": "S_MILES", "name": "Miles", "decimals": 2},
            ]
        )
        cls.wallet = cls.env["loy.unit"].create(
            {**unit, "code": "S_WALLET", "name": "Wallet", "kind": "money", "decimals": 2}
        )
        cls.env["loy.conversion.rate"].create(
            {
                **unit,
                "code": "S",
                "name": "Miles for points",
                "unit_id": cls.points.id,
                "to_unit_id": cls.miles.id,
                "rate": 0.5,
                "minimum": 4,
            }
        )
        cls.member, cls.other = cls.env["res.partner"].create(
            [{"name": name, "is_loyalty_member": True} for name in ("Ann", "Bob")]
        )
        ledger = cls.env["loy.ledger"]
        account = ledger._accounts([cls.member.id], [cls.points.id], create=True)[cls.member.id, cls.points.id]
        at = cls.env.cr.now().replace(year=2020)
        ledger._accrue([Accrual(account, 100)], at=at, source=Source("test"))

    def form(self, user, kind, unit, amount, **values):
        return (
            self.env["loy.account.move.wizard"]
            .with_user(user)
            .create({"kind": kind, "member_id": self.member.id, "unit_id": unit.id, "amount": amount, **values})
        )

    def available(self, member, unit):
        found = self.env["loy.members"]._balances(member).get(member.id, [])
        return next((one["available"] for one in found if one["unit"] == unit), 0)

    def test_a_gift_says_what_will_be_and_does_it(self):
        form = self.form(self.agent, "transfer", self.points, 30, to_member_id=self.other.id)
        self.assertEqual(form.preview, "Points: 100 → 70")
        form.action_loy_apply()
        self.assertEqual((self.available(self.member, self.points), self.available(self.other, self.points)), (70, 30))

    def test_a_conversion_says_both_sides_or_why_not(self):
        form = self.form(self.agent, "convert", self.points, 10, to_unit_id=self.miles.id)
        self.assertEqual(form.preview, "Points: 100 → 90\nMiles: 0.00 → 5.00")
        form.action_loy_apply()
        self.assertEqual(self.available(self.member, self.miles), 5)
        form = self.form(self.agent, "convert", self.points, 3, to_unit_id=self.miles.id)
        self.assertIn("At least 4", form.preview)
        with self.assertRaisesRegex(LoyaltyError, "^conversion_too_small"):
            form.action_loy_apply()

    def test_money_is_paid_in_once(self):
        paid = {"reference": "4711", "method": "cash"}
        self.form(self.operator, "top_up", self.wallet, 20.5, **paid).action_loy_apply()
        self.assertEqual(self.available(self.member, self.wallet), 20.5)
        with self.assertRaisesRegex(LoyaltyError, "^payment_booked"):
            self.form(self.operator, "top_up", self.wallet, 20.5, **paid).action_loy_apply()

    def test_each_takes_its_right(self):
        form = self.form(self.agent, "top_up", self.wallet, 5, reference="1", method="cash")
        with self.assertRaisesRegex(LoyaltyError, "^right_missing: .*account.top_up"):
            form.action_loy_apply()
        right = self.env["loy.right"].search([("code", "=", "account.transfer")])
        person = new_test_user(self.env, "t_giver", groups="base.group_user")
        codes = ["account.transfer", "member.read", "loy.unit.read"]
        right = self.env["loy.right"].search([("code", "in", codes)])
        self.env["loy.role"].create({"name": "Gifts", "right_ids": right.ids, "user_ids": person.ids})
        form = self.form(person, "convert", self.points, 10, to_unit_id=self.miles.id)
        with self.assertRaisesRegex(LoyaltyError, "^right_missing: .*account.convert"):
            form.action_loy_apply()
        self.form(person, "transfer", self.points, 10, to_member_id=self.other.id).action_loy_apply()
        self.assertEqual(self.available(self.other, self.points), 10)

    def test_the_books_are_checked_by_whoever_has_the_right(self):
        analyst = new_test_user(self.env, "t_analyst", groups="loyalty_core.group_analyst")
        check = self.env["loy.books.check.wizard"].with_user(analyst).create({})
        check.action_loy_check()
        self.assertTrue(check.is_ok and check.checked_at)
        self.env["loy.role"].search([("group_id", "=", self.env.ref("loyalty_core.group_analyst").id)]).sudo().write(
            {"right_ids": [Command.unlink(self.env["loy.right"].search([("code", "=", "books.check")]).id)]}
        )
        with self.assertRaisesRegex(LoyaltyError, "^right_missing"):
            check.action_loy_check()
