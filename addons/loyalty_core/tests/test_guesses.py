"""Who tries numbers is stopped; the same in parallel and over HTTP: tests/e2e/test_guesses.py."""

from itertools import count

from odoo.addons.loyalty_core.services.endpoint import ApiError
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .api_common import ApiCase

LIMIT = 3


@tagged("post_install", "-at_install")
class TestGuesses(ApiCase):
    def setUp(self):
        super().setUp()
        # Misses are counted on cursors of their own: within a test these are savepoints of the test's.
        self.registry_enter_test_mode()
        self.startPatcher(mute_logger("odoo.addons.loyalty_core.services.guesses"))
        self.apply({"settings": {"guess_misses": LIMIT, "guess_minutes": 10}})
        self.card = self.call("member_find", member=self.member)["cards"][0]["number"]
        self.numbers = count(2900000500000)

    def startPatcher(self, patcher):
        patcher.__enter__()
        self.addCleanup(patcher.__exit__)

    def refusal(self, method, **request):
        """The code of the refusal; other processes would hear of a stop from the registry before their next call.

        (``assertRaises`` would undo the count, which a test keeps in its own transaction.)
        """
        self.env.registry.clear_cache()
        try:
            answer = self.call(method, **request)
        except ApiError as refusal:
            return refusal.code
        raise AssertionError(f"answered: {answer}")

    def guess(self, times=1, **request):
        return [self.refusal("member_find", card=str(next(self.numbers)), **request) for _ in range(times)]

    def lockouts(self):
        self.env.invalidate_all()
        return self.env["loy.lockout"].search([("user_id", "=", self.integrator.id), ("is_total", "=", False)])

    def later(self, minutes):
        self.env.cr.execute(
            "UPDATE loy_lockout SET since_at = since_at - make_interval(mins => %(minutes)s),"
            " last_at = last_at - make_interval(mins => %(minutes)s),"
            " until_at = until_at - make_interval(mins => %(minutes)s)",
            {"minutes": minutes},
        )
        self.env.registry.clear_cache()

    def test_promo_codes_that_are_not_there_count_and_right_ones_are_refused_too(self):
        self.apply({"code_pools": [{"code": "T_WORD", "kind": "multi", "codes": ["RIGHT"]}]})
        for number in range(LIMIT):
            self.assertFalse(self.call("code_check", code=f"wrong-{number}")["usable"])
            self.call("purchase_calculate", **self.basket(codes=[f"wrong-{number}", "RIGHT"]))
        for request in ({"codes": ["wrong-10"]}, {"codes": ["RIGHT"]}):
            self.assertEqual(self.refusal("purchase_calculate", **self.basket(**request)), "too_many_attempts")
        for code in ("wrong-10", "RIGHT"):
            self.assertEqual(self.refusal("code_check", code=code), "too_many_attempts")
        self.later(minutes=11)
        self.assertTrue(self.call("code_check", code="RIGHT")["usable"])

    def test_a_purchase_with_good_codes_is_no_guess(self):
        self.apply({"code_pools": [{"code": "T_WORD", "kind": "multi", "codes": ["RIGHT"]}]})
        for _time in range(3 * LIMIT):
            self.call("purchase_calculate", **self.basket(codes=["RIGHT"]))
        self.assertFalse(self.lockouts())

    def test_after_so_many_wrong_numbers_right_ones_are_refused_too(self):
        self.assertEqual(self.guess(LIMIT), ["card_not_found"] * LIMIT)
        self.assertEqual(self.refusal("member_find", card=self.card), "too_many_attempts")
        self.assertEqual(self.refusal("account_balance", member=self.member), "too_many_attempts")
        self.assertEqual(self.refusal("card_block", card=self.card), "too_many_attempts")
        self.assertEqual(self.refusal("member_register", phone="+380671110002"), "too_many_attempts")

    def test_the_refusal_says_when_to_try_again_and_then_it_works(self):
        self.guess(LIMIT)
        self.env.registry.clear_cache()
        with self.assertRaisesRegex(ApiError, r"too_many_attempts: .* \(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\)"):
            self.call("member_find", card=self.card)
        self.later(minutes=10)
        self.assertEqual(self.call("member_find", card=self.card)["member"], self.member)
        self.assertEqual(self.guess(LIMIT), ["card_not_found"] * LIMIT)

    def test_misses_of_long_ago_are_forgotten(self):
        for _ in range(3):
            self.guess(LIMIT - 1)
            self.later(minutes=10)
        self.call("member_find", card=self.card)

    def test_one_wrong_number_again_and_again_is_one_miss(self):
        number = str(next(self.numbers))
        for _ in range(3 * LIMIT):
            self.assertEqual(self.refusal("member_find", card=number), "card_not_found")

    def test_phones_and_ids_are_guessed_like_cards(self):
        self.assertEqual(self.refusal("member_find", phone="+380671119999"), "member_not_found")
        self.assertEqual(self.refusal("account_balance", member="999999999"), "member_not_found")
        self.assertEqual(self.refusal("member_find", external_id="nobody"), "member_not_found")
        self.assertEqual(self.refusal("member_find", phone="+380671110001"), "too_many_attempts")

    def test_what_names_nobody_goes_on(self):
        self.guess(LIMIT)
        self.call("purchase_confirm", purchase="T-NOBODY", **self.basket(member=None))
        self.call("health")

    def test_a_repeated_request_gets_its_answer_all_the_same(self):
        key = self.new_key()
        answer = self.call("card_issue", member=self.member, key=key)
        self.guess(LIMIT)
        self.assertEqual(self.refusal("card_issue", member=self.member), "too_many_attempts")
        self.assertEqual(self.call("card_issue", member=self.member, key=key), answer)

    def test_each_till_is_counted_for_itself(self):
        for _ in range(LIMIT):
            member = {"card": str(next(self.numbers))}
            self.assertEqual(
                self.refusal("purchase_calculate", **self.basket(register="R1", member=member)), "card_not_found"
            )
        member = {"card": self.card}
        self.assertEqual(
            self.refusal("purchase_calculate", **self.basket(register="R1", member=member)), "too_many_attempts"
        )
        self.call("purchase_calculate", **self.basket(store="T_S2", member=member))
        self.assertEqual(self.lockouts().register_id.code, "R1")

    def test_all_tills_of_a_user_are_counted_together(self):
        self.env["loy.lockout"].create(
            {
                "user_id": self.integrator.id,
                "is_total": True,
                "misses": 10 * LIMIT - 1,
                "since_at": self.env.cr.now().replace(microsecond=0),
                "last_at": self.env.cr.now().replace(microsecond=0),
            }
        )
        self.guess()
        self.assertEqual(
            self.refusal("purchase_calculate", **self.basket(store="T_S2")), "too_many_attempts"
        )

    def test_a_user_may_have_a_bound_of_its_own(self):
        self.integrator.loy_guess_misses = LIMIT + 2
        self.assertEqual(set(self.guess(LIMIT + 2)), {"card_not_found"})
        self.assertEqual(self.guess(), ["too_many_attempts"])

    def test_another_user_goes_on(self):
        self.guess(LIMIT)
        other = self.env["loy.api"].with_user(self.new_integrator("t_other_integrator"))
        self.call("member_find", api=other, card=self.card)

    def test_a_refused_request_leaves_nothing_but_the_count(self):
        before = self.state()
        self.guess()
        self.assertEqual(list(self.changes(before)), ["loy_lockout"])
        self.assertEqual(self.lockouts().misses, 1)

    def test_administrators_see_it_and_let_go(self):
        self.guess(LIMIT)
        lockout = self.lockouts()
        self.assertEqual((lockout.misses, lockout.is_stopped), (LIMIT, True))
        event = self.env["loy.event"].search([("kind", "=", "guessing.stopped")], limit=1)
        self.assertEqual(event.data["user"], self.integrator.login)
        operator = new_test_user(self.env, "t_guess_operator", groups="loyalty_core.group_operator")
        with self.assertRaises(AccessError):
            lockout.with_user(operator).action_loy_unblock()
        admin = new_test_user(self.env, "t_guess_admin", groups="loyalty_core.group_admin")
        lockout.with_user(admin).action_loy_unblock()
        self.call("member_find", card=self.card)
        self.assertEqual(self.guess(LIMIT), ["card_not_found"] * LIMIT)

    def test_a_search_of_the_back_office_is_counted_too(self):
        cashier = new_test_user(self.env, "t_guess_cashier", groups="loyalty_core.group_cashier")
        members = self.env["res.partner"].with_user(cashier)

        def search(text):
            self.env.registry.clear_cache()
            return members.search([("loy_search", "ilike", text)])

        for _ in range(LIMIT):
            search("Nobody of this name")
            search(self.card)
            self.assertFalse(search(str(next(self.numbers))))
        with self.assertRaisesRegex(LoyaltyError, "too_many_attempts"):
            search(self.card)

    def test_while_nobody_is_stopped_a_call_costs_no_query_more(self):
        request = {"card": self.card}
        self.api.member_find(request)
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueries([], flush=False):
            self.env["loy.guesses"].with_user(self.integrator)._check(None)
