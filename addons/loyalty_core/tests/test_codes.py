"""Promo codes: pools, what a purchase does to a code, what a code does to a purchase."""

import csv
import doctest
import io
from datetime import timedelta
from unittest.mock import patch

from odoo.addons.loyalty_core.engine import Basket, evaluate
from odoo.addons.loyalty_core.engine import codes as signs
from odoo.addons.loyalty_core.services import card_series, codes, sections
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.sql import codes as sql
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .api_common import ApiCase, ago

POOLS = [
    {"code": "T_WORD", "kind": "multi", "codes": ["Spring-26"]},
    {"code": "T_FLYER", "pattern": "FLY-####-####", "size": 3},
    {"code": "T_GIFT", "pattern": "G##########", "valued": True, "value": 30, "remainder": "kept"},
    {"code": "T_COUPON", "pattern": "C-########", "valued": True, "bind": "member", "valid": {"after_days": 30}},
]


class CodesCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.apply(
            {
                "code_pools": POOLS,
                "promotions": [
                    cls.promotion("T_WORD20", {"kind": "percent", "value": 20}, when=cls.of("T_WORD"), priority=3),
                    cls.promotion("T_FLYER30", {"kind": "percent", "value": 30}, when=cls.of("T_FLYER"), priority=2),
                    cls.promotion("T_GIFTS", {"kind": "amount", "value": "code"}, when=cls.of("T_GIFT")),
                    cls.promotion("T_COUPONS", {"kind": "amount", "value": "code"}, when=cls.of("T_COUPON")),
                ],
            }
        )
        cls.env["loy.promotion"].search([("code", "=", "T_COFFEE10")]).state = "paused"
        cls.cr.flush()  # with the messages about it
        cls.pools = {pool.code: pool for pool in cls.env["loy.code.pool"].search([("code", "like", "T\\_%")])}

    @staticmethod
    def of(pool):
        return {"kind": "promo_code", "pool": pool}

    def codes_of(self, pool, state="new"):
        self.env.invalidate_all()
        found = self.env["loy.code"].search([("pool_id", "=", self.pools[pool].id), ("state", "=", state)], order="id")
        return found.mapped("shown")

    def issue(self, pool, **values):
        return self.call("code_issue", pool=pool, **values)["code"]

    def told(self, answer):
        return [(one["code"], one.get("reason") or one["promotions"]) for one in answer["codes"]]

    def confirm(self, number, *codes_, **values):
        return self.call("purchase_confirm", purchase=number, **self.basket(codes=list(codes_), **values))

    def hold(self, number, *codes_, **values):
        return self.call("purchase_hold", purchase=number, **self.basket(codes=list(codes_), **values))

    def calculate(self, *codes_, **values):
        return self.call("purchase_calculate", **self.basket(codes=list(codes_), **values))

    def state_of(self, code):
        self.env.invalidate_all()
        return self.env["loy.code"].search([("shown", "=", code)]).state

    def left(self, code):
        return self.call("code_check", code=code).get("left")


@tagged("post_install", "-at_install")
class TestCodePools(CodesCase):
    def test_doctests(self):
        for module in (signs, codes, sections):
            self.assertEqual(doctest.testmod(module).failed, 0)

    def test_a_pool_has_the_codes_that_it_says(self):
        self.assertEqual(self.codes_of("T_WORD"), ["Spring-26"])
        made = self.codes_of("T_FLYER")
        self.assertEqual(len(set(made)), 3)
        for code in made:
            self.assertRegex(code, f"^FLY-[{signs.SIGNS}]{{4}}-[{signs.SIGNS}]{{4}}$")

    def test_the_database_and_python_write_the_same_codes(self):
        for pattern in ("FLY-####-####", "#-A#B##7-##", "#############"):
            count = pattern.count("#") - 1
            capacity = sections.code_capacity(pattern)
            for serial in (0, 1, 30, 31, 12_345, capacity // 3, capacity - 1):
                [(code,)] = self.env.execute_query(SQL("SELECT %s", sql.code_text(pattern, SQL("%s", serial))))
                places, base = reversed(range(count)), len(signs.SIGNS)
                payload = "".join(signs.SIGNS[serial // base**place % base] for place in places)
                made = iter(payload + signs.check_sign(payload))
                expected = "".join(next(made) if one == "#" else one for one in pattern if one != "-")
                self.assertEqual(code, expected)

    def test_the_check_sign_tells_every_wrong_sign_and_every_swap(self):
        payload = "7KQ4M2XWPAB9"
        code = payload + signs.check_sign(payload)
        is_sound = lambda text: signs.check_sign(text[:-1]) == text[-1]  # noqa: E731
        self.assertTrue(is_sound(code))
        for place, right in enumerate(code):
            for wrong in set(signs.SIGNS) - {right}:
                self.assertFalse(is_sound(code[:place] + wrong + code[place + 1 :]))
            for other in range(place + 1, len(code)):
                if code[other] != right:
                    swapped = list(code)
                    swapped[place], swapped[other] = swapped[other], swapped[place]
                    self.assertFalse(is_sound("".join(swapped)))

    def test_the_programme_says_of_pools_what_it_was_told(self):
        told = self.call("programme_export")["programme"]
        mine = {pool["code"]: pool for pool in told["code_pools"]}
        for pool in POOLS:
            self.assertEqual({key: mine[pool["code"]].get(key) for key in pool}, pool)
        answer = self.call("programme_apply", programme={"code_pools": told["code_pools"]})
        self.assertEqual((answer["unchanged"], answer["updated"], answer["created"]), (len(told["code_pools"]), 0, 0))
        self.assertEqual(len(self.codes_of("T_FLYER")), 3)

    def test_a_larger_size_makes_the_missing_codes_and_a_dry_run_none(self):
        larger = {"code_pools": [{**POOLS[1], "size": 5}]}
        self.apply(larger, dry_run=True)
        self.assertEqual(len(self.codes_of("T_FLYER")), 3)
        before = self.codes_of("T_FLYER")
        self.apply(larger)
        self.assertEqual(self.codes_of("T_FLYER")[:3], before)
        self.assertEqual(len(self.codes_of("T_FLYER")), 5)

    def test_pools_that_make_no_sense_are_refused(self):
        for wrong, problem in (
            ({}, "code_pools[0].pattern"),
            ({"pattern": "A-##"}, "code_pools[0].pattern"),
            ({"pattern": "A#####", "size": 2_000}, "code_pools[0].pattern"),
            ({"pattern": "A ######"}, "code_pools[0].pattern"),
            ({"kind": "multi"}, "code_pools[0].codes"),
            ({"kind": "multi", "codes": ["A"], "size": 3}, "code_pools[0].size"),
            ({"codes": ["a-b", "AB"]}, "code_pools[0].codes[0]"),
            ({"codes": ["--"]}, "code_pools[0].codes[0]"),
            ({"codes": ["A"], "value": 3}, "code_pools[0].valued"),
            ({"codes": ["A"], "uses": 3}, "code_pools[0].uses"),
            ({"codes": ["A"], "from": "2026-02-02", "to": "2026-02-01"}, "code_pools[0].to"),
        ):
            with self.subTest(wrong=wrong):
                programme = {"code_pools": [{"code": "X", **wrong}]}
                self.assertIn(problem, self.refused("bad_request", "programme_apply", programme=programme))

    def test_a_code_belongs_to_one_pool(self):
        text = self.refused(
            "code_taken", "programme_apply", programme={"code_pools": [{"code": "X", "codes": ["SPRING26"]}]}
        )
        self.assertIn("SPRING26", text)

    def test_a_promotion_names_a_pool_that_is_there(self):
        wrong = self.promotion("X", {"kind": "percent", "value": 1}, when=self.of("NONE"))
        self.assertIn("code_pools", self.refused("bad_request", "programme_apply", programme={"promotions": [wrong]}))

    def test_a_listed_code_that_is_taken_off_the_list_is_void_and_comes_back(self):
        self.apply({"code_pools": [{**POOLS[0], "codes": ["OTHER"]}]}, at=ago(days=1))
        self.assertEqual(self.told(self.calculate("spring26")), [("SPRING26", "void")])
        self.assertEqual(self.told(self.calculate("other")), [("OTHER", ["T_WORD20"])])
        self.apply({"code_pools": [{**POOLS[0], "codes": ["OTHER", "SPRING26"]}]}, at=ago(days=1))
        self.assertEqual(self.told(self.calculate("spring26")), [("SPRING26", ["T_WORD20"])])

    def test_a_pool_grows_while_the_offer_runs(self):
        answer = self.call("code_pool_extend", pool="T_FLYER", size=4)
        self.assertEqual(answer, {"pool": "T_FLYER", "size": 7, "made": 4, "state": "ready"})
        self.assertEqual(len(self.codes_of("T_FLYER")), 7)
        self.refused("code_pattern", "code_pool_extend", pool="T_WORD", size=4)
        self.refused("code_pool_not_found", "code_pool_extend", pool="NONE", size=4)
        self.apply({"code_pools": [{"code": "T_SMALL", "pattern": "S#####", "size": 1}]})
        self.refused("code_capacity", "code_pool_extend", pool="T_SMALL", size=1_000)

    def test_many_codes_are_made_by_the_scheduler(self):
        self.enterContext(patch.object(card_series, "SMALL", 0))
        self.enterContext(patch.object(card_series, "SERIES_BATCH", 3))
        answer = self.call("code_pool_extend", pool="T_FLYER", size=7)
        self.assertEqual((answer["made"], answer["state"]), (0, "making"))
        seen = []

        def commit_progress(cron, processed=0, *, remaining=None, deactivate=False):
            seen.append((processed, remaining))
            return 60

        with patch.object(type(self.env["ir.cron"]), "_commit_progress", commit_progress):
            self.env["loy.code.series"]._cron_make()
        self.assertEqual(seen, [(3, 4), (3, 1), (1, 0), (0, 0)])
        self.assertEqual(len(set(self.codes_of("T_FLYER"))), 10)

    def test_a_series_is_cancelled_as_long_as_nobody_has_one_of_its_codes(self):
        series = self.pools["T_FLYER"].series_ids
        first = self.codes_of("T_FLYER")[0]
        self.confirm("V-1", first)
        with self.assertRaisesRegex(LoyaltyError, "^series_in_use"), self.cr.savepoint():
            series.action_loy_void()
        self.call("code_pool_extend", pool="T_FLYER", size=2)
        newer = self.pools["T_FLYER"].series_ids - series
        newer.action_loy_void()
        self.assertEqual(newer.state, "cancelled")
        self.assertEqual(len(self.codes_of("T_FLYER", "void")), 2)
        self.assertEqual(self.call("code_pool_extend", pool="T_FLYER", size=4)["made"], 4)

    def test_an_ended_pool_is_good_for_nothing(self):
        self.pools["T_WORD"].action_loy_end()
        self.assertEqual(self.told(self.calculate("SPRING26")), [("SPRING26", "pool_ended")])
        self.pools["T_WORD"].action_loy_reopen()
        self.assertEqual(self.told(self.calculate("SPRING26")), [("SPRING26", ["T_WORD20"])])

    def test_a_pool_that_promotions_name_is_not_archived(self):
        with self.assertRaisesRegex(LoyaltyError, "^code_pool_in_use"):
            self.pools["T_WORD"].active = False

    def test_codes_that_are_out_of_the_house_are_on_record_and_given_to_nobody(self):
        marketer = new_test_user(self.env, "t_code_marketer", groups="loyalty_core.group_marketer")
        pool = self.pools["T_FLYER"].with_user(marketer)
        made = self.codes_of("T_FLYER")
        with self.env["loy.codes"].with_user(marketer)._export(pool, "csv") as file:
            head, *rows = csv.reader(io.StringIO(file.read().decode("utf-8-sig")))
        self.assertEqual(len(head), 4)
        expected = [[str(n), code, code.replace("-", "")] for n, code in enumerate(made, 1)]
        self.assertEqual([row[:3] for row in rows], expected)
        export = pool.export_ids
        self.assertEqual((export.user_id, export.count, export.file_format), (marketer, 3, "csv"))
        self.assertEqual(pool.series_ids.state, "exported")
        with self.assertRaisesRegex(LoyaltyError, "^immutable_fact"):
            export.sudo().write({"count": 1})
        fresh = self.issue("T_FLYER")
        self.assertNotIn(fresh, made)
        self.assertEqual(self.codes_of("T_FLYER"), made)

    def test_a_sheet_is_printed_with_a_qr_code_for_each(self):
        made = self.codes_of("T_FLYER")
        action = self.pools["T_FLYER"].action_loy_print()
        self.assertEqual(self.pools["T_FLYER"].export_ids.file_format, "pdf")
        ids = action["context"]["active_ids"]
        html = self.env["ir.actions.report"]._render_qweb_html("loyalty_core.loy_code_sheet", ids)[0].decode()
        self.assertEqual(html.count("data:image/png;base64,"), 3)
        for code in made:
            self.assertIn(code, html)

    def test_whoever_makes_no_codes_sees_only_those_that_somebody_has(self):
        self.issue("T_COUPON", member=self.member, value=5)
        of_ours = [("pool_id", "in", [pool.id for pool in self.pools.values()])]
        for role, states in {
            "contact_centre": {"new", "issued"},
            "analyst": {"new", "issued"},
            "marketer": {"new", "issued"},
        }.items():
            user = new_test_user(self.env, f"t_sees_{role}", groups=f"loyalty_core.group_{role}")
            seen = self.env["loy.code"].with_user(user).search(of_ours)
            self.assertEqual(set(seen.mapped("state")), states, role)
            fresh = seen.filtered(lambda code: code.state == "new").pool_id.mapped("code")
            self.assertEqual("T_FLYER" in fresh, role == "marketer", role)
            with self.assertRaises(UserError):
                seen[0].write({"state": "new"})

    def test_the_form_says_how_many_there_are(self):
        first, second, _third = self.codes_of("T_FLYER")
        self.hold("F-1", first)
        self.issue("T_FLYER")
        pool = self.pools["T_FLYER"]
        self.assertEqual((pool.code_count, pool.issued_count, pool.used_count, pool.use_count), (3, 1, 1, 1))
        self.assertRegex(pool.example, "^FLY-....-....$")
        self.assertTrue(second)


@tagged("post_install", "-at_install")
class TestCodesOfPurchases(CodesCase):
    def test_a_code_of_many_uses_works_for_everybody(self):
        for number in ("M-1", "M-2"):
            answer = self.confirm(number, " spring-26")
            self.assertEqual(answer["totals"]["discount"], 22.0)
            self.assertEqual(self.told(answer), [("SPRING26", ["T_WORD20"])])
        self.assert_books()

    def test_a_code_of_many_uses_has_as_many_as_its_pool_says(self):
        self.apply({"code_pools": [{**POOLS[0], "uses": 2}]}, at=ago(days=40))
        self.hold("M-1", "SPRING26")
        self.confirm("M-2", "SPRING26")
        self.assertEqual(self.told(self.confirm("M-3", "SPRING26")), [("SPRING26", "used")])
        self.call("purchase_cancel", purchase="M-1")
        self.assertEqual(self.told(self.confirm("M-4", "SPRING26")), [("SPRING26", ["T_WORD20"])])
        self.assertFalse(self.call("code_check", code="spring26")["usable"])
        self.assert_books()

    def test_one_query_looks_up_all_codes_and_none_where_none_is_presented(self):
        plain, some = self.basket(), self.basket(codes=["SPRING26", *self.codes_of("T_FLYER")])
        for basket in (plain, some):
            self.call("purchase_calculate", **basket)
        counts = []
        for basket in (plain, some):
            before = self.env.cr.sql_log_count
            self.call("purchase_calculate", **basket)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[1] - counts[0], 1)

    def test_a_calculation_uses_nothing(self):
        code = self.codes_of("T_FLYER")[0]
        with self.read_only():
            self.assertEqual(self.told(self.calculate(code)), [(code.replace("-", ""), ["T_FLYER30"])])
        self.assertEqual(self.state_of(code), "new")

    def test_a_confirm_uses_a_code_once(self):
        code = self.codes_of("T_FLYER")[0]
        self.assertEqual(self.confirm("O-1", code)["totals"]["discount"], 33.0)
        self.assertEqual(self.state_of(code), "used")
        again = self.confirm("O-2", code)
        self.assertEqual((again["totals"]["discount"], self.told(again)), (0.0, [(code.replace("-", ""), "used")]))
        self.assertFalse(again["refusals"])
        self.assert_books()

    def test_a_hold_reserves_a_code_and_its_confirm_uses_it(self):
        code = self.codes_of("T_FLYER")[0]
        held = self.hold("H-1", code)
        self.assertEqual(self.state_of(code), "reserved")
        self.assertEqual(self.told(self.calculate(code)), [(code.replace("-", ""), "used")])
        confirmed = self.call("purchase_confirm", purchase="H-1")
        self.assertEqual(confirmed["totals"], held["totals"])
        self.assertEqual((self.state_of(code), confirmed["codes"]), ("used", held["codes"]))
        self.assert_books()

    def test_a_hold_that_is_sent_again_keeps_its_code_or_lets_it_go(self):
        first, second, _third = self.codes_of("T_FLYER")
        self.hold("H-2", first)
        self.assertEqual(self.told(self.hold("H-2", first)), [(first.replace("-", ""), ["T_FLYER30"])])
        self.hold("H-2", second)
        self.assertEqual([self.state_of(code) for code in (first, second)], ["new", "reserved"])
        self.confirm("H-2", first)
        self.assertEqual([self.state_of(code) for code in (first, second)], ["used", "new"])
        self.assert_books()

    def test_hold_and_confirm_are_the_same_as_confirm(self):
        flyers, gifts = self.codes_of("T_FLYER"), [self.issue("T_GIFT") for _n in range(2)]
        answers = []
        for number, flyer, gift in (("S-1", flyers[0], gifts[0]), ("S-2", flyers[1], gifts[1])):
            if number == "S-1":
                self.hold(number, flyer, gift, "SPRING26")
                self.call("purchase_confirm", purchase=number)
            else:
                self.confirm(number, flyer, gift, "SPRING26")
            purchase = self.purchase_of(number)
            codes_ = self.env["loy.code"].search([("purchase_id", "=", purchase.id)], order="pool_id")
            uses = self.env["loy.code.use"].search([("purchase_id", "=", purchase.id)])
            answers.append(
                (
                    purchase.result["totals"],
                    [(one["usable"], one["promotions"], one.get("paid")) for one in purchase.result["codes"]],
                    codes_.mapped(lambda code: (code.pool_id.code, code.state, code.left)),
                    sorted((use.pool_id.code, use.kind, use.uses, use.amount) for use in uses),
                )
            )
        self.assertEqual(*answers)
        self.assert_books()

    def test_a_cancel_gives_a_code_back(self):
        code = self.codes_of("T_FLYER")[0]
        self.hold("C-1", code)
        self.call("purchase_cancel", purchase="C-1")
        self.assertEqual(self.state_of(code), "new")
        self.confirm("C-2", code)
        self.assertEqual(self.state_of(code), "used")
        self.assert_books()

    def test_a_hold_that_runs_out_gives_its_codes_back_and_a_late_confirm_is_a_fact(self):
        code, gift = self.codes_of("T_FLYER")[0], self.issue("T_GIFT")
        self.hold("L-1", code, gift)
        purchase = self.purchase_of("L-1")
        later = purchase.draws_until_at + timedelta(minutes=1)
        self.assertEqual(self.env["loy.counters"]._give_back_overdue(later), 1)
        self.assertEqual((self.state_of(code), self.left(gift)), ("new", 30.0))
        self.confirm("L-2", code)
        late = self.call("purchase_confirm", purchase="L-1")
        self.assertEqual(late["totals"]["discount"], 33.0 + 30.0)
        uses = self.env["loy.code.use"].search([("purchase_id", "=", purchase.id), ("kind", "=", "use")], order="id")
        self.assertEqual(uses.mapped("is_over"), [False, False, True, False])
        self.call("purchase_return", purchase="L-1", return_="L-1R")
        self.assertEqual(self.state_of(code), "used", "it is the other purchase that has used it")
        self.assert_books()

    def test_what_a_till_sold_offline_with_a_code_is_a_fact(self):
        code = self.codes_of("T_FLYER")[0]
        self.confirm("F-1", code)
        given = [{"promotion": "T_FLYER30", "discount": 27}]
        lines = [{"id": "1", "sku": "T-1001", "quantity": 2, "price": 45, "given": given}]
        answer = self.confirm("F-2", code, lines=lines, offline=True)
        self.assertEqual((answer["totals"]["discount"], answer["difference"]), (27.0, 0.0))
        use = self.env["loy.code.use"].search([("purchase_id", "=", self.purchase_of("F-2").id)])
        self.assertTrue(use.is_over)
        self.assert_books()

    def test_a_promotion_without_an_effect_uses_no_code(self):
        code = self.codes_of("T_FLYER")[0]
        answer = self.confirm("N-1", code, lines=[{"id": "1", "sku": "T-1002", "quantity": 1, "no_discount": True}])
        self.assertEqual(self.told(answer), [(code.replace("-", ""), [])])
        self.assertEqual(self.state_of(code), "new")

    def test_a_whole_return_gives_a_code_back_and_a_part_of_it_does_not(self):
        code = self.codes_of("T_FLYER")[0]
        self.confirm("R-1", code)
        self.call("purchase_return", purchase="R-1", return_="R-1A", lines=[{"id": "1", "quantity": 1}])
        self.assertEqual(self.state_of(code), "used")
        self.call("purchase_return", purchase="R-1", return_="R-1B")
        self.assertEqual(self.state_of(code), "new")
        self.assert_books()

    def test_the_settings_say_what_comes_back(self):
        for policy, after_part, after_whole in (
            ("share", 15.0, 30.0), ("whole", 0.0, 30.0), ("never", 0.0, 0.0),
        ):  # fmt: skip
            self.apply({"settings": {**self.settings(), "returns": {"codes_back": policy}}}, at=ago(days=1))
            gift, lines = self.issue("T_GIFT"), [{"id": "1", "sku": "T-1002", "quantity": 2, "price": 20}]
            self.confirm(f"B-{policy}", gift, lines=lines)
            part = {"purchase": f"B-{policy}", "lines": [{"id": "1", "quantity": 1}]}
            self.call("purchase_return", return_=f"B-{policy}-1", **part)
            self.assertEqual(self.left(gift) or 0.0, after_part, policy)
            self.call("purchase_return", return_=f"B-{policy}-2", **part)
            self.assertEqual(self.left(gift) or 0.0, after_whole, policy)
        self.assert_books()

    @staticmethod
    def settings():
        return {"timezone": "Europe/Kyiv", "backdate_days": 10_000, "forward_days": 1, "guess_misses": 0}

    def test_a_value_stays_on_its_code_or_is_lost(self):
        kept = self.issue("T_GIFT", value=150)
        self.assertEqual(self.confirm("K-1", kept)["totals"]["to_pay"], 20.0, "the least that two espressos cost")
        self.assertEqual((self.left(kept), self.state_of(kept)), (60.0, "issued"))
        self.assertEqual(self.confirm("K-2", kept)["totals"]["discount"], 60.0)
        self.assertEqual(self.state_of(kept), "used")
        lost = self.issue("T_COUPON", value=200, member=self.member)
        self.assertEqual(self.confirm("K-3", lost)["codes"][0]["paid"], 90.0)
        self.assertEqual(self.state_of(lost), "used")
        self.call("purchase_return", purchase="K-3", return_="K-3R")
        self.assertEqual(self.call("code_check", code=lost, member=self.member)["left"], 200.0)
        self.assert_books()

    def test_two_holds_share_what_is_on_a_code(self):
        gift = self.issue("T_GIFT", value=150)
        self.hold("W-1", gift)
        self.assertEqual(self.hold("W-2", gift)["totals"]["discount"], 60.0)
        self.assertEqual(self.state_of(gift), "reserved")
        self.call("purchase_cancel", purchase="W-1")
        self.assertEqual((self.state_of(gift), self.left(gift)), ("issued", 90.0))
        self.call("purchase_confirm", purchase="W-2")
        self.assert_books()

    def test_whoever_it_was_not_given_to_cannot_use_a_members_code(self):
        code = self.issue("T_COUPON", member=self.member, value=10)
        other = self.call("member_register", phone="+380671110009")["member"]
        for member in ({"member": other}, None):
            answer = self.calculate(code, member=member)
            self.assertEqual(self.told(answer), [(code.replace("-", ""), "other_member")])
        self.assertEqual(self.calculate(code)["totals"]["discount"], 10.0)

    def test_a_merged_member_keeps_the_codes(self):
        code = self.issue("T_COUPON", member=self.member, value=10)
        other = self.call("member_register", phone="+380671110009")["member"]
        self.call("member_merge", member=self.member, into=other)
        self.assertEqual([one["code"] for one in self.call("member_find", member=other)["codes"]], [code])
        self.assertEqual(self.calculate(code, member={"member": other})["totals"]["discount"], 10.0)

    def test_a_code_has_its_time(self):
        self.apply({"code_pools": [{**POOLS[0], "from": "2026-03-01", "to": "2026-03-31"}]})
        for at, reason in (
            ("2026-02-28T23:59:59", "not_yet"),
            ("2026-03-01T00:00:00", None),
            ("2026-03-31T23:59:59", None),
            ("2026-04-01T00:00:00", "pool_ended"),
        ):
            answer = self.calculate("SPRING26", at=at)
            self.assertEqual(answer["codes"][0].get("reason"), reason, at)
        issued = self.call("code_issue", pool="T_COUPON", member=self.member, value=1, at="2026-03-01T10:00:00Z")
        # Thirty days by the clock on the wall in Kyiv, which went to summer time in between.
        self.assertEqual(issued["expires_at"], "2026-03-31T12:00:00")
        for at, reason in (("2026-03-31T11:59:59", None), ("2026-03-31T12:00:00", "expired")):
            self.assertEqual(self.calculate(issued["code"], at=at)["codes"][0].get("reason"), reason, at)

    def test_the_stored_basket_gives_the_same_result_again(self):
        code = self.codes_of("T_FLYER")[0]
        self.confirm("X-1", code, "SPRING26", "nothing")
        purchase = self.purchase_of("X-1")
        compiled = self.env["loy.programme"]._at(purchase.company_id, purchase.purchased_at, purchase.programme_number)
        basket = Basket.from_document(purchase.basket)
        self.assertEqual(evaluate(compiled.programme, basket).to_document(), purchase.result)

    def test_a_code_that_grows_in_capitals_is_kept_with_the_purchase_all_the_same(self):
        self.confirm("X-2", "ß" * 64, "--")
        purchase = self.purchase_of("X-2")
        self.assertEqual(Basket.from_document(purchase.basket).codes, ("S" * 64, "--"))

    def test_a_person_is_told_of_codes_too(self):
        code = self.issue("T_COUPON", member=self.member, value=10)
        sections_ = self.env["loy.privacy"].sudo()._sections(self.env["res.partner"].browse(int(self.member)))
        self.assertEqual([row["shown"] for row in sections_["promo_codes"]], [code])

    def test_void_codes_are_good_for_nothing(self):
        code = self.codes_of("T_FLYER")[0]
        record = self.env["loy.code"].search([("shown", "=", code)])
        cashier = new_test_user(self.env, "t_void", groups="loyalty_core.group_contact_centre")
        with self.assertRaises(UserError):
            record.with_user(cashier).action_loy_void()
        record.action_loy_void()
        self.assertEqual(self.told(self.calculate(code)), [(code.replace("-", ""), "void")])
        self.assertTrue(self.env["loy.audit"].search([("model", "=", "loy.code"), ("res_id", "=", record.id)]))


@tagged("post_install", "-at_install")
class TestCodesGivenOut(CodesCase):
    def setUp(self):
        super().setUp()
        reward = {"kind": "issue_code", "pool": "T_COUPON", "value": {"amount": 5, "every": 50}}
        flyer = {"kind": "issue_code", "pool": "T_FLYER", "expires": {"after_days": 3}}
        self.apply(
            {"promotions": [self.promotion("T_NEXT", reward), self.promotion("T_FLYER_FOR_ALL", flyer)]},
        )

    def test_a_purchase_gives_codes_out_when_it_is_confirmed(self):
        ready = self.codes_of("T_FLYER")
        shown = self.calculate()["issued"]
        self.assertEqual([(one["pool"], one["promotion"], one.get("value")) for one in shown],
                         [("T_COUPON", "T_NEXT", 10.0), ("T_FLYER", "T_FLYER_FOR_ALL", None)])  # fmt: skip
        self.assertFalse(any("code" in one for one in shown))
        self.assertFalse(any("code" in one for one in self.hold("I-1")["issued"]))
        answer = self.call("purchase_confirm", purchase="I-1")
        coupon, flyer = answer["issued"]
        self.assertEqual(flyer["code"], ready[0])
        self.assertEqual(self.call("purchase_get", purchase="I-1")["issued"], answer["issued"])
        used = self.confirm("I-2", coupon["code"])
        self.assertEqual(used["totals"]["discount"], 10.0)
        record = self.env["loy.code"].search([("shown", "=", coupon["code"])])
        self.assertEqual(record.issued_in_id, self.purchase_of("I-1"))
        self.assertEqual(str(record.member_id.id), self.member)

    def test_a_confirm_that_is_sent_again_gives_the_same_codes(self):
        request = {"key": "same", "purchase": "I-3", **self.basket()}
        first = self.call("purchase_confirm", **request)
        self.assertEqual(self.call("purchase_confirm", **request), first)

    def test_when_none_is_left_a_code_is_made(self):
        for number in range(4):
            answer = self.confirm(f"I-4-{number}", member=None)
            self.assertTrue(answer["issued"][0]["code"])
        self.assertEqual((len(self.codes_of("T_FLYER")), len(self.codes_of("T_FLYER", "issued"))), (0, 4))

    def test_a_pool_without_a_pattern_runs_out_and_the_receipt_is_printed_all_the_same(self):
        self.apply({"code_pools": [{"code": "T_FEW", "codes": ["ONE"]}]})
        self.apply({"promotions": [self.promotion("T_LAST", {"kind": "issue_code", "pool": "T_FEW"})]})
        said = [self.confirm(f"I-5-{number}")["issued"][-1] for number in range(2)]
        self.assertEqual([(one.get("code"), one.get("problem")) for one in said], [("ONE", None), (None, "pool_empty")])
        self.refused("code_pool_empty", "code_issue", pool="T_FEW")

    def test_a_whole_return_makes_what_was_given_void_unless_it_is_used(self):
        coupon, flyer = self.confirm("I-6")["issued"]
        self.confirm("I-7", flyer["code"])
        self.call("purchase_return", purchase="I-6", return_="I-6A", lines=[{"id": "1", "quantity": 1}])
        self.assertEqual(self.state_of(coupon["code"]), "issued")
        self.call("purchase_return", purchase="I-6", return_="I-6B")
        self.assertEqual((self.state_of(coupon["code"]), self.state_of(flyer["code"])), ("void", "used"))
        self.assert_books()

    def test_a_member_is_told_the_codes_that_are_good(self):
        first = self.call("code_issue", pool="T_COUPON", member=self.member, value=12.5)
        self.issue("T_COUPON", member=self.member, value=1, at=ago(days=31))
        self.assertEqual(set(first), {"code", "pool", "value", "expires_at"})
        (told,) = self.call("member_find", member=self.member)["codes"]
        self.assertEqual((told["code"], told["pool"], told["left"]), (first["code"], "T_COUPON", 12.5))
        self.assertEqual(told["expires_at"], first["expires_at"])

    def test_a_code_finds_the_member_whose_it_is(self):
        code = self.issue("T_COUPON", member=self.member, value=5)
        found = self.call("member_find", code=f" {code.lower()} ")
        self.assertEqual((found["member"], [one["code"] for one in found["codes"]]), (self.member, [code]))
        other = self.call("member_register", email="other@example.com")["member"]
        self.call("member_merge", member=self.member, into=other)
        self.assertEqual(self.call("member_find", code=code)["member"], other)
        for nobodys in (self.codes_of("T_FLYER")[0], "SPRING-26", "NOTHING", "---"):
            self.refused("member_not_found", "member_find", code=nobodys)
        self.env["loy.code"].search([("shown", "=", code)]).action_loy_void()
        self.refused("member_not_found", "member_find", code=code)
        text = self.refused("bad_request", "member_find", code=code, member=other)
        self.assertIn("external_id, code", text)
        self.refused("bad_request", "purchase_calculate", **self.basket(member={"code": code}))

    def test_what_is_not_given_out(self):
        self.refused("member_required", "code_issue", pool="T_COUPON", value=3)
        self.refused("code_value", "code_issue", pool="T_COUPON", member=self.member)
        self.refused("code_value", "code_issue", pool="T_FLYER", value=3)
        self.refused("member_not_found", "code_issue", pool="T_FLYER", member="999999999")
        self.pools["T_FLYER"].action_loy_end()
        self.cr.flush()
        self.refused("code_pool_ended", "code_issue", pool="T_FLYER")

    def test_a_code_says_what_it_is(self):
        gift = self.issue("T_GIFT", value=40)
        told = self.call("code_check", code=gift.lower())
        self.assertEqual((told["usable"], told["code"], told["pool"], told["left"]), (True, gift, "T_GIFT", 40.0))
        self.assertEqual(self.call("code_check", code="none"), {"code": "none", "usable": False, "reason": "unknown"})
        coupon = self.issue("T_COUPON", member=self.member, value=4)
        self.assertEqual(self.call("code_check", code=coupon)["reason"], "other_member")
        self.assertTrue(self.call("code_check", code=coupon, member=self.member)["usable"])


@tagged("post_install", "-at_install")
class TestCodeExportDownload(HttpCase):
    def test_whoever_may_take_codes_out_downloads_and_nobody_else(self):
        pool = self.env["loy.code.pool"].create(
            {"code": "DL", "name": "Download", "pattern": "D-########", "size": 4, "company_id": self.env.company.id}
        )
        url = pool.action_loy_export_xlsx()["url"]
        for role, status in (("cashier", 403), ("contact_centre", 403), ("marketer", 200)):
            login = f"t_code_download_{role}"
            new_test_user(self.env, login, groups=f"loyalty_core.group_{role}")
            self.authenticate(login, login)
            with mute_logger("odoo.http"):
                answer = self.url_open(url)
            self.assertEqual(answer.status_code, status, role)
        self.assertIn("DL.xlsx", answer.headers["Content-Disposition"])
        self.assertEqual(pool.export_ids.user_id.login, "t_code_download_marketer")
