"""Referrals: who was sent by whom, told once at the first purchase, to both; never to oneself."""

from odoo.tests import tagged

from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestReferrals(ApiCase):
    def setUp(self):
        super().setUp()
        self.code = self.call("referral_code", member=self.member)["code"]

    def friend(self, email="bea@example.com", **values):
        return self.call("member_register", email=email, **{"referral_code": self.code, **values})["member"]

    def buy(self, number, member, **values):
        return self.call("purchase_confirm", purchase=number, **self.basket(member={"member": member}, **values))

    def events(self, kind):
        events = self.env["loy.event"].search([("kind", "=", kind)], order="id")
        return [(str(one.member_id.id), one.data["role"], one.data["other"]) for one in events]

    def both(self, friend):
        return [(self.member, "sender", friend), (friend, "friend", self.member)]

    def test_a_code_is_made_once_and_found_however_it_is_written(self):
        self.assertEqual(self.call("referral_code", member=self.member)["code"], self.code)
        friend = self.friend(referral_code=f" {self.code[:4].lower()}-{self.code[4:]}")
        self.assertEqual(self.events("referral.joined"), self.both(friend))
        self.refused("referral_not_found", "member_register", email="c@example.com", referral_code="NOBODY")

    def test_the_first_purchase_is_told_to_both_and_once(self):
        friend = self.friend()
        self.call("purchase_hold", purchase="T-0", **self.basket(member={"member": friend}))
        self.assertEqual(self.events("referral.first_purchase"), [])
        self.call("purchase_confirm", purchase="T-0")
        self.buy("T-1", friend)
        self.buy("T-2", self.member)
        self.assertEqual(self.events("referral.first_purchase"), self.both(friend))
        referral = self.env["loy.referral"].search([("friend_id", "=", int(friend))])
        self.assertEqual(referral.purchase_id.number, "T-0")
        told = self.call("referral_code", member=self.member)
        self.assertEqual((told["joined"], told["bought"]), (1, 1))

    # ------------------------------------------------------------------ what promotions give for it

    def run_job(self):
        self.env["loy.triggers"]._seal()
        while self.env["loy.triggers"]._read():
            pass

    def promise(self, *promotions):
        """(code, event or its document, points)."""
        self.apply(
            {
                "promotions": [
                    self.promotion(code, {"kind": "points", "unit": "T_MILES", "amount": amount}, on=on)
                    for code, on, amount in promotions
                ]
            }
        )

    def miles(self, *members):
        return [self.balance("T_MILES", member)["available"] for member in members]

    def test_the_first_purchase_of_a_friend_is_rewarded_to_both_and_once(self):
        self.promise(("T_BOTH", "referral_first_purchase", 50))
        friend = self.friend()
        self.run_job()
        self.assertEqual(self.miles(self.member, friend), [0, 0])
        self.buy("T-1", friend)
        self.run_job()
        self.buy("T-2", friend)
        self.run_job()
        self.assertEqual(self.miles(self.member, friend), [50, 50])
        self.assert_books()

    def test_each_of_the_two_may_be_given_something_of_its_own(self):
        first = {"event": "referral_first_purchase"}
        self.promise(
            ("T_SENDER", {**first, "role": "sender"}, 100),
            ("T_FRIEND", {**first, "role": "friend"}, 30),
            ("T_JOINED", {"event": "referral_joined", "role": "sender"}, 1),
        )
        friends = [self.friend(f"f{number}@example.com") for number in range(2)]
        for number, friend in enumerate(friends):
            self.buy(f"T-{number}", friend)
        self.run_job()
        self.assertEqual(self.miles(self.member, *friends), [202, 30, 30])

    def test_a_friend_may_be_given_a_code(self):
        self.apply({"code_pools": [{"code": "T_THANKS", "pattern": "T-########", "valued": True}]})
        reward = {"kind": "issue_code", "pool": "T_THANKS", "value": 20}
        self.apply({"promotions": [self.promotion("T_CODE", reward, on="referral_first_purchase")]})
        friend = self.friend()
        self.buy("T-1", friend)
        self.run_job()
        for member in (self.member, friend):
            (code,) = self.call("member_find", member=member)["codes"]
            self.assertEqual((code["pool"], code["left"]), ("T_THANKS", 20.0))

    def test_days_after_the_first_purchase_are_counted_from_it(self):
        self.promise(("T_LATER", {"event": "referral_first_purchase", "offset_days": 14}, 50))
        friend = self.friend()
        self.buy("T-1", friend)
        self.run_job()
        self.assertEqual(self.miles(self.member, friend), [0, 0])

    def test_the_same_person_and_the_same_family_are_given_nothing(self):
        self.promise(("T_BOTH", "referral_first_purchase", 50))
        friend = self.friend()
        self.call("pool_create", owner=self.member, members=[friend])
        self.buy("T-1", friend)
        self.run_job()
        self.assertEqual(self.miles(self.member), [0])
        self.assertEqual(self.env["loy.promotion.occurrence"].search_count([("promotion_id.code", "=", "T_BOTH")]), 0)

    def test_nobody_sends_oneself(self):
        for email in ("ann+shop@example.com", "ann+@example.com"):
            self.refused("referral_self", "member_register", email=email, referral_code=self.code)
        self.assertEqual(self.env["loy.referral"].search_count([]), 0)

    def test_a_friend_who_turns_out_to_be_the_same_person_is_rewarded_to_nobody(self):
        friend = self.friend()
        self.call("member_merge", member=friend, into=self.member)
        self.buy("T-1", self.member)
        self.assertEqual(self.events("referral.first_purchase"), [])

    def test_the_sender_who_becomes_a_part_of_the_friend_is_the_same_person(self):
        friend = self.friend()
        self.call("member_merge", member=self.member, into=friend)
        self.buy("T-1", friend)
        self.assertEqual(self.events("referral.first_purchase"), [])
        self.assertEqual(self.env["loy.referral"].search([("friend_id", "=", int(friend))]).refusal, "self")

    def test_a_friend_in_the_same_pool_is_rewarded_to_nobody(self):
        friend = self.friend()
        self.call("pool_create", owner=self.member, members=[friend])
        self.buy("T-1", friend)
        self.assertEqual(self.events("referral.first_purchase"), [])
        self.assertEqual(self.env["loy.referral"].search([("friend_id", "=", int(friend))]).refusal, "pool")

    def test_the_code_of_somebody_merged_is_the_survivors(self):
        other = self.call("member_register", email="bob@example.com")["member"]
        self.call("member_merge", member=self.member, into=other)
        friend = self.friend()
        self.assertEqual(self.events("referral.joined")[0], (other, "sender", friend))

    def test_an_erasure_takes_the_code_along(self):
        self.call("member_erase", member=self.member, confirm=self.member)
        self.refused("referral_not_found", "member_register", email="c@example.com", referral_code=self.code)
