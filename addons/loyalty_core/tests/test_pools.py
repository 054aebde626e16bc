"""Members who share accounts: nothing is made or lost by it, and any card of theirs earns and spends."""

import random

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from ..services.endpoint import ApiError
from ..services.errors import LoyaltyError
from .api_common import ApiCase
from .ledger_common import SOURCE, LedgerCase


class PoolCase(LedgerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pools = cls.env["loy.pools"]
        cls.members = cls.env["res.partner"].create(
            [{"name": name, "is_loyalty_member": True} for name in ("Anna", "Boris", "Clara", "Denys")]
        )
        cls.anna, cls.boris, cls.clara, cls.denys = cls.members

    def have(self, member, amount, day=0, **terms):
        return self.accrue(amount, day, account=self.account_of(member), **terms)

    def of(self, member, day=50):
        return self.available(day, self.account_of(member))

    def open(self, owner, *others, day=1):
        return self.pools._create(owner, owner.union(*others) - owner, "", self.at(day))


@tagged("post_install", "-at_install")
class TestPools(PoolCase):
    def test_who_joins_brings_all_and_everybody_spends_it(self):
        self.have(self.anna, 30)
        self.have(self.boris, 12)
        self.have(self.boris, 5, expires=60)
        pool = self.open(self.anna, self.boris)
        self.assertEqual((pool.name, pool.display_name), (False, "Family of Anna"))
        self.assertEqual((self.of(self.anna), self.of(self.boris)), (47, 47))
        self.assertEqual(self.account_of(self.anna), self.account_of(self.boris))
        self.spend(40, 2, account=self.account_of(self.boris))
        self.have(self.boris, 3, 3)
        self.assertEqual(self.of(self.anna), 10)
        self.assert_books()

    def test_a_pool_is_called_after_whoever_owns_it_and_found_by_that_name(self):
        self.have(self.boris, 12)
        pool = self.open(self.anna, self.boris)
        self.assertIn((pool.id, "Family of Anna"), pool.name_search("Anna"))
        self.pools._set_owner(pool, self.boris)
        self.assertEqual((pool.display_name, self.pools._get(pool)["name"]), ("Family of Boris",) * 2)
        self.assertEqual(pool.search([("display_name", "ilike", "Boris")]), pool)
        self.assertFalse(pool.name_search("Anna"))
        account = self.env["loy.account"].browse(self.account_of(self.anna))
        self.assertIn(account.id, [found for found, _name in account.name_search("Boris")])
        named = self.pools._create(self.clara, self.denys, "Climbers", self.at(1))
        self.assertEqual((named.display_name, self.pools._get(named)["name"]), ("Climbers",) * 2)
        self.assertEqual(pool.search([("display_name", "ilike", "climb")]), named)

    def test_lots_keep_their_terms_and_debt_comes_along(self):
        self.have(self.anna, 10, expires=20)
        self.spend(4, 0, account=self.account_of(self.boris), overrun=True)
        self.open(self.anna, self.boris)
        self.assertEqual(self.of(self.anna, 10), 6)
        self.ledger._expire(self.at(30))
        self.assertEqual(self.of(self.anna, 30), 0)
        self.assert_books()

    def test_a_unit_that_comes_later_is_shared_too(self):
        self.open(self.anna, self.boris)
        self.accrue(500, 2, account=self.account_of(self.boris, self.wallet))
        self.assertEqual(self.available(3, self.account_of(self.anna, self.wallet)), 500)
        self.assert_books()

    def test_who_leaves_begins_anew_with_what_goes_along(self):
        self.have(self.anna, 30)
        self.have(self.boris, 12)
        pool = self.open(self.anna, self.boris)
        self.pools._leave(pool, self.boris, self.at(5), {self.bonus: 20})
        self.assertEqual((self.of(self.anna), self.of(self.boris)), (22, 20))
        self.have(self.boris, 1, 6)
        self.assertEqual((self.of(self.anna), self.of(self.boris)), (22, 21))
        self.pools._join(pool, self.boris, self.at(7))
        self.assertEqual((self.of(self.anna), self.of(self.boris)), (43, 43))
        self.assert_books()

    def test_no_more_goes_along_than_there_is_and_then_nobody_leaves(self):
        self.have(self.anna, 30)
        pool = self.open(self.anna, self.boris)
        with self.refused("insufficient_points"), self.env.cr.savepoint():
            self.pools._leave(pool, self.boris, self.at(5), {self.bonus: 31})
        self.assertEqual(self.pools._of(self.boris), pool)
        self.assertEqual(self.of(self.boris), 30)

    def test_the_owner_gets_all_when_the_pool_closes_and_what_comes_back_later(self):
        self.have(self.anna, 30)
        self.have(self.boris, 12)
        pool = self.open(self.anna, self.boris)
        spent = self.spend(15, 2, account=self.account_of(self.boris))
        self.pools._close(pool, self.at(5))
        self.assertEqual((self.of(self.anna), self.of(self.boris)), (27, 0))
        self.reverse(spent, day=6)
        self.assertEqual((self.of(self.anna), self.of(self.boris)), (42, 0))
        self.assertEqual((pool.state, pool.member_count), ("closed", 0))
        with self.refused("pool_closed"):
            self.pools._join(pool, self.clara, self.at(7))
        self.assert_books()

    def test_what_was_earned_before_is_taken_back_from_the_pool(self):
        earned, _lot = self.have(self.boris, 12)
        self.have(self.anna, 30)
        self.open(self.anna, self.boris)
        self.reverse(earned, day=3)
        self.assertEqual(self.of(self.anna), 30)
        self.assert_books()

    def test_nobody_is_in_two_pools_nor_moves_what_is_held(self):
        self.have(self.boris, 12)
        self.hold(5, 0, 90, account=self.account_of(self.boris))
        with self.refused("account_held"), self.env.cr.savepoint():
            self.open(self.anna, self.boris)
        pool = self.open(self.anna)
        with self.refused("pool_taken"):
            self.open(self.anna, self.clara)
        with self.refused("pool_not_in"):
            self.pools._leave(pool, self.clara, self.at(2))
        with self.refused("pool_owner"):
            self.pools._leave(pool, self.anna, self.at(2))
        self.pools._join(pool, self.clara, self.at(2))
        self.pools._set_owner(pool, self.clara)
        self.pools._leave(pool, self.anna, self.at(3))
        self.assert_books()

    def test_a_pool_has_an_end_of_its_size(self):
        pool = self.open(self.anna)
        crowd = self.env["res.partner"].create([{"name": f"M{n}", "is_loyalty_member": True} for n in range(50)])
        with self.refused("pool_many"):
            self.pools._join(pool, crowd, self.at(2))
        self.pools._join(pool, crowd[:49], self.at(2))
        self.assertEqual(pool.member_count, 50)

    def test_members_of_different_companies_do_not_share(self):
        self.boris.company_id = self.env["res.company"].create({"name": "Other"})
        with self.refused("pool_companies"):
            self.open(self.anna, self.boris)

    def test_expired_holds_of_a_purchase_from_the_pool_end_with_it(self):
        self.have(self.anna, 30)
        pool = self.open(self.anna, self.boris)
        hold = self.hold(10, 2, 3, account=self.account_of(self.boris))
        self.assertEqual(self.of(self.anna, 2), 20)
        with self.refused("account_held"), self.env.cr.savepoint():
            self.pools._close(pool, self.at(2))
        self.ledger._settle(hold, at=self.at(2, 1), source=SOURCE)
        self.pools._close(pool, self.at(3))
        self.assertEqual(self.of(self.anna), 20)
        self.assert_books()

    def test_random_histories_conserve_what_there_is(self):
        for seed in range(12):
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self.run_history(random.Random(seed))
                savepoint.rollback()

    def run_history(self, chance):
        """Members earn, spend, form and leave pools at will: the sum of what all have is that of a plain count."""
        expected, spent = 0, []
        for day in range(1, 40):
            member = chance.choice(self.members)
            pool = self.pools._of(member)
            step = chance.choice(("accrue", "accrue", "spend", "reverse", "pool", "pool", "leave", "close"))
            try:
                with self.env.cr.savepoint():
                    if step == "accrue":
                        self.have(member, amount := chance.randrange(1, 50), day)
                        expected += amount
                    elif step == "spend":
                        amount = chance.randrange(1, 60)
                        spent.append((self.spend(amount, day, account=self.account_of(member)), amount))
                        expected -= amount
                    elif step == "reverse" and spent:
                        transaction, amount = spent.pop(chance.randrange(len(spent)))
                        self.reverse(transaction, day=day)
                        expected += amount
                    elif step == "pool" and not pool:
                        mate = chance.choice(self.members - member)
                        if shared := self.pools._of(mate):
                            self.pools._join(shared, member, self.at(day))
                        else:
                            self.open(member, mate, day=day)
                    elif step == "leave" and pool:
                        along = min(chance.randrange(30), self.of(member, day))
                        self.pools._leave(pool, member, self.at(day), {self.bonus: along} if along else None)
                    elif step == "close" and pool:
                        self.pools._close(pool, self.at(day))
            except LoyaltyError as refusal:
                self.assertIn(refusal.code, ("insufficient_points", "pool_owner"))
            accounts = {self.account_of(one) for one in self.members}
            self.assertEqual(sum(self.available(day, one) for one in accounts), expected, (day, step))
        self.assert_books()


@tagged("post_install", "-at_install")
class TestPoolsOfPeople(PoolCase):
    """What else happens to members who share."""

    def test_who_is_merged_into_a_member_of_the_pool_brings_all_along(self):
        self.have(self.clara, 7)
        pool = self.open(self.anna, self.boris)
        self.env["loy.merges"]._merge(self.boris, self.clara, at=self.at(3))
        self.assertEqual(self.of(self.anna), 7)
        self.assertEqual(pool.member_ids, self.anna | self.boris)
        self.assert_books()

    def test_the_survivor_takes_the_place_of_a_member_and_of_an_owner(self):
        self.have(self.anna, 5)
        self.have(self.clara, 7)
        pool = self.open(self.anna, self.boris)
        self.env["loy.merges"]._merge(self.clara, self.anna, at=self.at(3))
        self.assertEqual((pool.owner_id, pool.member_ids), (self.clara, self.boris | self.clara))
        self.assertEqual(self.of(self.boris), 12)
        self.assert_books()

    def test_two_of_one_pool_are_one_of_it(self):
        self.have(self.anna, 5)
        pool = self.open(self.anna, self.boris)
        self.env["loy.merges"]._merge(self.boris, self.anna, at=self.at(3))
        self.assertEqual((pool.owner_id, pool.member_ids), (self.boris, self.boris))
        self.assertEqual(self.of(self.boris), 5)
        self.assert_books()

    def test_members_of_different_pools_are_not_merged(self):
        self.open(self.anna, self.boris)
        self.open(self.clara, self.denys)
        with self.refused("pool_taken"):
            self.env["loy.merges"]._merge(self.anna, self.denys, at=self.at(3))

    def test_who_is_forgotten_leaves_and_the_rest_goes_on(self):
        self.have(self.boris, 5)
        pool = self.open(self.anna, self.boris)
        with self.refused("pool_owner"), self.env.cr.savepoint():
            self.env["loy.privacy"]._erase(self.anna)
        self.env["loy.privacy"]._erase(self.boris)
        self.assertEqual(pool.member_ids, self.anna)
        self.assertEqual(self.of(self.anna), 5)
        self.assert_books()


@tagged("post_install", "-at_install")
class TestPoolsByStaff(PoolCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.staff = new_test_user(cls.env, "t_pool_staff", groups="loyalty_core.group_contact_centre")
        cls.till = new_test_user(cls.env, "t_pool_till", groups="loyalty_core.group_cashier")

    def wizard(self, user, **values):
        return self.env["loy.pool.wizard"].with_user(user).create(values)

    def test_staff_open_and_close_a_pool_from_a_member(self):
        self.have(self.anna, 10)
        self.have(self.boris, 5)
        action = self.anna.with_user(self.staff).action_loy_pool()
        self.assertEqual(action["res_model"], "loy.pool.wizard")
        wizard = self.wizard(self.staff, kind="open", member_id=self.anna.id, other_ids=self.boris.ids)
        self.assertIn("15", wizard.preview)
        wizard.action_loy_apply()
        action = self.boris.with_user(self.staff).action_loy_pool()
        pool = self.env["loy.pool"].browse(action["res_id"])
        self.assertEqual(pool.member_ids, self.anna | self.boris)
        line = {"unit_id": self.bonus.id, "amount": 5}
        self.wizard(
            self.staff, kind="leave", pool_id=pool.id, member_id=self.boris.id, line_ids=[(0, 0, line)]
        ).action_loy_apply()
        self.assertEqual((self.of(self.anna, 9999), self.of(self.boris, 9999)), (10, 5))
        self.wizard(self.staff, kind="close", pool_id=pool.id).action_loy_apply()
        self.assertEqual(pool.state, "closed")

    def test_cashiers_see_pools_and_change_none(self):
        pool = self.open(self.anna)
        self.assertEqual(pool.with_user(self.till).owner_id, self.anna)
        with self.assertRaises(AccessError):
            pool.with_user(self.till).write({"name": "Mine"})
        with self.assertRaises(AccessError):
            self.env["loy.pool.wizard"].with_user(self.till).create({"kind": "close", "pool_id": pool.id})
        with self.refused("right_missing"):
            pool.with_user(self.till).action_loy_close()


@tagged("post_install", "-at_install")
class TestPoolPurchases(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.call("member_register", phone="+380671110002")["member"]
        cls.call("account_accrue", member=cls.member, unit="T_BONUS", amount=50)

    def test_any_card_of_the_pool_pays_and_a_return_gives_back_to_it(self):
        pool = self.api.pool_create({"key": "pool-1", "owner": self.member, "members": [self.other]})["pool"]
        before = self.balance(self.member)
        body = {
            "key": "pool-2",
            "purchase": "POOL-1",
            "store": "T_S1",
            "member": {"member": self.other},
            "lines": [{"id": "1", "sku": "T-1001", "quantity": 1, "price": 100}],
            "spend": [{"unit": "T_BONUS", "amount": 10}],
        }
        answer = self.api.purchase_confirm(body)
        earned = sum(one["amount"] for one in answer["earned"] if one["unit"] == "T_BONUS")
        self.assertEqual(self.balance(self.member), before - 10 + earned)
        self.api.purchase_return({"key": "pool-3", "purchase": "POOL-1", "return": "POOL-1-R"})
        self.assertEqual(self.balance(self.other), before)
        self.assertEqual(self.api.pool_get({"member": self.other})["pool"], pool)

    def test_a_pool_of_another_company_is_not_found(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        owner = self.env["res.partner"].create({"name": "E", "is_loyalty_member": True, "company_id": company.id})
        pool = self.env["loy.pools"]._create(owner, owner.browse(), "", self.env.cr.now())
        with self.assertRaisesRegex(ApiError, "^pool_not_found: "):
            self.api.pool_get({"pool": str(pool.id)})
        with self.assertRaisesRegex(ApiError, "^pool_not_found: "):
            self.api.pool_get({"pool": "999999999"})

    def balance(self, member):
        balances = self.api.account_balance({"member": member, "unit": "T_BONUS"})["balances"]
        return balances[0]["available"] if balances else 0
