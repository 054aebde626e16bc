"""The test bench says what a till would be told, of any time, with drafts taking part, and leaves nothing behind."""

from datetime import timedelta

from odoo import Command, fields
from odoo.addons.loyalty_core.engine.document import REFUSALS
from odoo.addons.loyalty_core.engine.registry import CONDITIONS
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.addons.loyalty_core.services.refusal_words import CODES, KINDS, WORDS
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user, tagged

from .api_common import ApiCase

HALF = {"kind": "percent", "value": 50}
CUP = {"code": "T_CUP", "name": "A bun", "unit": "T_BONUS", "points": 20, "gives": {"sku": "T-1002"}}
MILE = {"code": "T_MILE", "name": "A mile", "unit": "T_BONUS", "points": 10, "gives": {"unit": "T_MILES", "amount": 1}}


@tagged("post_install", "-at_install")
class BenchCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "t_marketer", groups="loyalty_core.group_marketer", tz="UTC")
        draft = {**cls.promotion("T_DRAFT", HALF), "state": "draft"}
        cls.apply({"promotions": [draft]})
        cls.apply({"rewards": [CUP, MILE]})
        cls.cup = cls.env["loy.reward"].search([("code", "=", "T_CUP")])
        cls.draft = cls.env["loy.promotion"].search([("code", "=", "T_DRAFT")])
        cls.store = cls.env["loy.store"].search([("code", "=", "T_S1")])
        cls.products = cls.env["product.product"].search([("default_code", "in", ["T-1001", "T-1002"])])

    def case(self, user=None, **values):
        """Two espressos and a bun of the member, now."""
        espresso, bun = self.products.sorted("default_code")
        return (
            self.env["loy.bench.case"]
            .with_user(user or self.marketer)
            .create(
                {
                    "name": "Case",
                    "store_id": self.store.id,
                    "member_id": int(self.member),
                    "line_ids": [
                        Command.create({"product_id": espresso.id, "quantity": 2}),
                        Command.create({"product_id": bun.id}),
                    ],
                    **values,
                }
            )
        )

    def calculated(self, **values):
        case = self.case(**values)
        case.action_loy_calculate()
        return case

    def to_pay(self, case):
        return case.result["answer"]["totals"]["to_pay"]

    def promotion_of(self, case, code):
        return next(one for one in case.shown["promotions"] if one["code"] == code)


class TestBench(BenchCase):
    def test_the_answer_is_that_of_the_till(self):
        self.give(50)
        unit = self.env["loy.unit"].search([("code", "=", "T_BONUS")])
        moment = (fields.Datetime.now() - timedelta(days=1)).replace(hour=9, minute=30)
        for values, basket in (
            ({}, {}),
            ({"member_id": False}, {"member": None}),
            ({"spend_unit_id": unit.id}, {"spend": [{"unit": "T_BONUS", "amount": "max"}]}),
            ({"spend_unit_id": unit.id, "spend_amount": 7}, {"spend": [{"unit": "T_BONUS", "amount": 7}]}),
            ({"codes_text": "NONE, OTHER"}, {"codes": ["NONE", "OTHER"]}),
            (
                {"payment_ids": [Command.create({"method": "gift", "amount": 5}), Command.create({"method": "card"})]},
                {"payments": [{"method": "gift", "amount": 5}, {"method": "card"}]},
            ),
            (
                {"reward_ids": [Command.create({"reward_id": self.cup.id, "times": 2})]},
                {"redeem": [{"reward": "T_CUP", "times": 2}]},
            ),
            (
                {"at_on": moment.date(), "at_time": "09:30"},
                {"at": f"{moment.date().isoformat()}T09:30:00"},
            ),
        ):
            with self.subTest(values=values):
                case = self.calculated(**values)
                asked = self.basket(explain=True, **basket)
                self.assertEqual(case.result["answer"], self.call("purchase_calculate", **asked))

    def test_nothing_is_left_behind(self):
        self.give(50)
        case = self.case(spend_unit_id=self.env["loy.unit"].search([("code", "=", "T_BONUS")]).id)
        case.flush_recordset()
        before = self.state()
        case.action_loy_calculate()
        self.assertEqual(set(self.changes(before)), {"loy_bench_case"})

    def test_a_draft_takes_part_only_where_it_is_named(self):
        self.assertEqual(self.to_pay(self.calculated()), 101.0)
        tried = self.calculated(promotion_ids=[Command.set(self.draft.ids)])
        self.assertEqual(self.to_pay(tried), 50.5)
        self.assertTrue(self.promotion_of(tried, "T_DRAFT")["is_draft"])
        self.assertEqual(self.to_pay(self.calculated()), 101.0)

    def test_the_live_programme_knows_nothing_of_it(self):
        before = self.call("purchase_calculate", **self.basket(explain=True))
        self.calculated(promotion_ids=[Command.set(self.draft.ids)])
        self.assertEqual(self.call("purchase_calculate", **self.basket(explain=True)), before)
        self.assertEqual(self.draft.state, "draft")
        answer = self.call("purchase_confirm", purchase="T-1", **self.basket())
        self.assertEqual(answer["totals"]["to_pay"], 101.0)

    def test_a_draft_counts_as_it_is_now_and_at_any_time(self):
        self.draft.rewards_text = '[{"kind": "percent", "value": 20}]'
        long_ago = self.calculated(at_on="2021-02-03", promotion_ids=[Command.set(self.draft.ids)])
        self.assertEqual(self.to_pay(long_ago), 80.8)
        self.assertEqual(long_ago.result["at"], "2021-02-03T12:00:00")
        self.assertEqual(self.to_pay(self.calculated(at_on="2040-02-03")), 101.0)

    def test_a_paused_promotion_takes_the_place_of_what_it_was(self):
        paused = self.env["loy.promotion"].search([("code", "=", "T_COFFEE10")])
        paused.state = "paused"
        self.assertEqual(self.to_pay(self.calculated()), 110.0)
        case = self.calculated(promotion_ids=[Command.set(paused.ids)])
        self.assertEqual(self.to_pay(case), 101.0)

    def test_a_draft_of_another_company_has_no_place_here(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        draft = self.env["loy.promotion"].create({"code": "T_OTHER", "name": "Other", "company_id": elsewhere.id})
        with self.assertRaises(UserError):
            self.case(user=self.env.user, promotion_ids=[Command.set(draft.ids)])

    def test_a_draft_that_the_programme_cannot_hold_is_told(self):
        group = self.env["loy.group"].create({"code": "t_new", "name": "New"})
        self.draft.group_id = group
        case = self.case(at_on="2021-02-03", promotion_ids=[Command.set(self.draft.ids)])
        with self.assertLogs("odoo.addons.loyalty_core.services.programme", "ERROR"):
            with self.assertRaises(LoyaltyError) as caught:
                case.action_loy_calculate()
        self.assertIn("T_DRAFT", str(caught.exception))

    def test_one_of_several_payments_is_enough(self):
        card = {"when": {"kind": "payment_method", "in": ["card"]}}
        self.apply({"promotions": [self.promotion("T_CARD", HALF, **card)]})
        cash, card = (Command.create({"method": method, "amount": 10}) for method in ("cash", "card"))
        self.assertFalse(self.promotion_of(self.calculated(payment_ids=[cash]), "T_CARD")["is_applied"])
        self.assertTrue(self.promotion_of(self.calculated(payment_ids=[cash, card]), "T_CARD")["is_applied"])

    def test_a_reward_of_the_catalogue_is_taken_for_points(self):
        reward = [Command.create({"reward_id": self.cup.id})]
        self.assertFalse(self.promotion_of(self.calculated(reward_ids=reward), "T_CUP")["is_applied"])
        self.give(50)
        case = self.calculated(reward_ids=reward)
        self.assertEqual(self.to_pay(case), 81.0)
        cup = self.promotion_of(case, "T_CUP")
        self.assertEqual(cup["name"], "A bun")
        self.assertIn("20 T_BONUS paid", cup["gave"])

    def test_rewards_that_no_purchase_gives_are_not_to_choose(self):
        domain = self.env["loy.bench.reward"]._fields["reward_id"].domain
        found = self.env["loy.reward"].search([("code", "in", ["T_CUP", "T_MILE"]), *domain])
        self.assertEqual(found, self.cup)

    def test_a_product_without_record_needs_a_price(self):
        lines = [Command.create({"sku": "UNKNOWN", "quantity": 3, "price": 4})]
        self.assertEqual(self.to_pay(self.calculated(line_ids=lines)), 12.0)
        known = self.calculated(line_ids=[Command.create({"sku": "T-1002"})])
        self.assertEqual(self.to_pay(known), 20.0)
        with self.assertRaisesRegex(LoyaltyError, "product_not_found"):
            self.calculated(line_ids=[Command.create({"sku": "UNKNOWN"})])

    def test_what_is_scanned_becomes_a_product(self):
        bun = self.products.filtered(lambda product: product.default_code == "T-1002")
        bun.barcode = "4820000099999"
        line = self.env["loy.bench.line"].new({"sku": "4820000099999"})
        line._onchange_sku()
        self.assertEqual(line.product_id._origin or line.product_id, bun)

    def test_a_member_is_found_by_what_a_cashier_types(self):
        member = self.env["res.partner"].browse(int(self.member))
        contacts = self.env["res.partner"].with_user(self.marketer).with_context(loy_find_members=True)
        card = member.loy_card_ids[:1].number
        for text in ("+380671110001", "0671110001", "ann@example.com", card, "Lee", self.member):
            found = contacts.name_search(text, [("is_loyalty_member", "=", True)])
            self.assertIn(member.id, [one for one, _name in found], text)
        self.assertFalse(contacts.name_search("0679999999", [("is_loyalty_member", "=", True)]))

    def test_a_time_is_a_time(self):
        with self.assertRaisesRegex(LoyaltyError, "bad_time"):
            self.case(at_on="2026-01-01", at_time="25:00")

    def test_every_promotion_says_what_it_gave_or_why_not(self):
        case = self.calculated(line_ids=[Command.create({"sku": "T-1001", "quantity": 1})])
        coffee = self.promotion_of(case, "T_COFFEE10")
        self.assertFalse(coffee["is_applied"])
        self.assertEqual(coffee["why"], ["There are 1 of the goods that count; it takes at least 2."])
        base = self.promotion_of(case, "T_BASE5")
        self.assertTrue(base["is_applied"])
        self.assertEqual(base["gave"], ["+2 T_BONUS"])
        codes = {one["code"] for one in case.shown["promotions"]}
        self.assertEqual(codes, {"T_COFFEE10", "T_BASE5", "T_SPEND", "T_CUP"})

    def test_a_change_takes_the_result_with_it(self):
        case = self.calculated()
        for change in (
            lambda: case.line_ids[0].write({"quantity": 3}),
            lambda: case.write({"line_ids": [Command.update(case.line_ids[0].id, {"quantity": 5})]}),
            lambda: case.write({"line_ids": [Command.create({"sku": "T-1002"})]}),
            case.line_ids[-1].unlink,
            lambda: case.write({"payment_ids": [Command.create({"method": "card"})]}),
            lambda: case.write({"reward_ids": [Command.create({"reward_id": self.cup.id})]}),
            lambda: case.write({"at_on": "2026-02-03"}),
        ):
            change()
            self.assertFalse(case.result)
            self.assertFalse(case.shown)
            case.action_loy_calculate()
        case.name = "Only called something else"
        self.assertTrue(case.result)


class TestBenchReceipts(BenchCase):
    def test_a_receipt_becomes_a_case(self):
        lines = [
            {"id": "a", "sku": "T-1001", "quantity": 2, "price": 40},
            {"id": "b", "sku": "X", "quantity": 1, "price": 5},
        ]
        at = (fields.Datetime.now() - timedelta(days=2)).strftime("%Y-%m-%dT09:15:00")
        confirmed = self.call(
            "purchase_confirm", purchase="T-1", **self.basket(lines=lines, at=at, register="R1", channel="online")
        )
        purchase = self.purchase_of("T-1").with_user(self.marketer)
        action = purchase.action_loy_try()
        case = self.env["loy.bench.case"].with_user(self.marketer).browse(action["res_id"])
        self.assertEqual(case.member_id.id, int(self.member))
        self.assertEqual((case.store_id, case.register_id.code, case.channel), (self.store, "R1", "online"))
        self.assertEqual(case._moment(), at)
        self.assertEqual(case.line_ids.mapped("price"), [40.0, 5.0])
        case.action_loy_calculate()
        self.assertEqual(case.result["answer"]["totals"], confirmed["totals"])
        self.assertEqual(case.result["at"], at)

    def test_a_receipt_tells_how_it_was_paid(self):
        self.give(50, at="2026-01-01T00:00:00Z")
        basket = self.basket(
            payments=[{"method": "gift", "amount": 5}, {"method": "card", "amount": "rest"}],
            redeem=[{"reward": "T_CUP"}, {"reward": "T_CUP"}],
            spend=[{"unit": "T_BONUS", "amount": 7}],
        )
        confirmed = self.call("purchase_confirm", purchase="T-1", **basket)
        case = self.env["loy.bench.case"].with_user(self.marketer)._of_purchase(self.purchase_of("T-1"))
        self.assertEqual([(one.method, one.amount) for one in case.payment_ids], [("gift", 5.0), ("card", 0.0)])
        self.assertEqual([(one.reward_id, one.times) for one in case.reward_ids], [(self.cup, 2)])
        self.assertEqual((case.spend_unit_id.code, case.spend_amount), ("T_BONUS", 7.0))
        self.give(50, at="2026-01-01T00:00:00Z")  # what the receipt has spent
        case.action_loy_calculate()
        self.assertEqual(case.result["answer"]["totals"], confirmed["totals"])

    def test_a_reward_that_is_gone_is_left_out(self):
        self.give(50, at="2026-01-01T00:00:00Z")
        self.call("purchase_confirm", purchase="T-1", **self.basket(redeem=[{"reward": "T_CUP"}]))
        self.cup.active = False
        case = self.env["loy.bench.case"].with_user(self.marketer)._of_purchase(self.purchase_of("T-1"))
        self.assertFalse(case.reward_ids)

    def test_a_promotion_opens_a_basket_with_itself(self):
        action = self.draft.with_user(self.marketer).action_loy_try()
        self.assertEqual(action["context"]["default_promotion_ids"], [Command.set(self.draft.ids)])
        live = self.env["loy.promotion"].search([("code", "=", "T_COFFEE10")])
        action = live.with_user(self.marketer).action_loy_try()
        self.assertEqual(action["context"]["default_promotion_ids"], [Command.set([])])


class TestBenchReturns(BenchCase):
    """Goods of a past receipt come back: what that gives and takes is what the till is told, and then does."""

    def setUp(self):
        super().setUp()
        self.give(30, at="2026-01-01T00:00:00Z")
        self.call("purchase_confirm", purchase="T-1", **self.basket(spend=[{"unit": "T_BONUS", "amount": 10}]))
        self.receipt = self.purchase_of("T-1")

    def back(self, quantity=-1):
        return {"id": "b", "sku": "T-1001", "quantity": quantity, "of": {"purchase": "T-1", "line": "1"}}

    def one_espresso_back(self, **values):
        """One of the two espressos of the receipt, and nothing else of it."""
        case = self.case(return_of_id=self.receipt.id, **values)
        espresso, bun = case.return_ids
        espresso.quantity = 1
        bun.unlink()
        case.action_loy_calculate()
        return case

    def rows(self, case):
        (back,) = case.shown["back"]
        return {row["name"]: row["value"] for row in back["rows"]}

    def test_the_answer_is_that_of_the_till_and_what_then_happens(self):
        case = self.one_espresso_back()
        lines = [*self.basket()["lines"], self.back()]
        told = self.call("purchase_calculate", **self.basket(explain=True, lines=lines))
        self.assertEqual(case.result["answer"], told)
        done = self.call("purchase_confirm", purchase="T-2", **self.basket(lines=lines))["exchange"]
        (shown,) = case.result["answer"]["exchange"]["returns"]
        self.assertEqual([{"return": "T-2/1", **shown}], done["returns"])
        self.assertTrue(shown["refund"]["points"] and shown["taken_back"])

    def test_it_is_told_in_words(self):
        case = self.one_espresso_back()
        (back,) = case.shown["back"]
        self.assertEqual([(line["name"], line["quantity"]) for line in back["lines"]], [("[T-1001] Espresso", "1")])
        self.assertIn("T-1", back["title"])
        self.assertIn("45", back["lines"][0]["base"])
        self.assertEqual([one["name"] for one in back["lines"][0]["less"]], ["Discounts", "Paid with points"])
        refund = case.result["answer"]["exchange"]["returns"][0]["refund"]
        rows = self.rows(case)
        self.assertEqual(rows["Points given back"], f"+{refund['points'][0]['amount']:g} T_BONUS")
        self.assertEqual(rows["Points taken back"], "−2 T_BONUS")
        self.assertIn(f"{refund['money']:.2f}", rows["Money back"])
        self.assertEqual(case.shown["balance"]["name"], "Left to pay")

    def test_nothing_needs_to_be_bought_for_it(self):
        case = self.calculated(return_of_id=self.receipt.id, line_ids=[])
        self.assertEqual(case.return_ids.mapped("quantity"), [2.0, 1.0])
        self.assertEqual(case.result["answer"]["exchange"]["refund"], 91.0)
        self.assertEqual((case.shown["lines"], case.shown["balance"]), ([], {}))

    def test_nothing_is_left_behind(self):
        case = self.case(return_of_id=self.receipt.id)
        case.flush_recordset()
        before = self.state()
        case.action_loy_calculate()
        self.assertEqual(set(self.changes(before)), {"loy_bench_case"})

    def test_what_cannot_come_back_is_told(self):
        case = self.one_espresso_back()
        case.return_ids.quantity = 3
        with self.assertRaisesRegex(LoyaltyError, "return_exceeds"):
            case.action_loy_calculate()
        case.write({"at_on": "2021-02-03", "return_ids": [Command.update(case.return_ids.id, {"quantity": 1})]})
        with self.assertRaisesRegex(LoyaltyError, "at_out_of_range"):
            case.action_loy_calculate()

    def test_a_receipt_is_chosen_with_all_that_is_left_of_it(self):
        self.call("purchase_return", purchase="T-1", return_="T-1R", lines=[{"id": "1", "quantity": 1}])
        with Form(self.case()) as form:
            form.return_of_id = self.receipt
            with form.return_ids.edit(0) as line:
                self.assertEqual((line.sku, line.left, line.quantity), ("T-1001", 1.0, 1.0))
                line.quantity = 0
            case = form.save()
        self.assertEqual([(one.line_ref, one.quantity) for one in case.return_ids], [("1", 0.0), ("2", 1.0)])
        case.action_loy_calculate()
        (back,) = case.result["answer"]["exchange"]["returns"]
        self.assertEqual([line["id"] for line in back["lines"]], ["2"])
        copy = case.copy()
        self.assertEqual(copy.return_ids.mapped("quantity"), [0.0, 1.0])
        case.return_of_id = False
        self.assertFalse(case.return_ids or case.result)

    def test_a_kept_return_is_compared(self):
        case = self.one_espresso_back()
        case.action_loy_keep()
        self.assertEqual(self.env["loy.bench"]._holding(case), case)
        settings = {**self.programme["settings"], "returns": {"points_back": "never"}}
        self.apply({"settings": settings})
        case.action_loy_check()
        self.assertEqual(case.state, "differs")
        self.assertIn("Points given back in T_BONUS", [one["name"] for one in case.shown["differences"]])
        case.action_loy_keep()
        self.call("purchase_return", purchase="T-1", return_="T-1R")
        case.action_loy_check()
        self.assertEqual(case.state, "differs")
        self.assertIn("T-1", case.problem)

    def test_a_receipt_of_a_member_is_the_members(self):
        case = self.case(member_id=False, return_of_id=self.receipt.id)
        own = TestBenchRights.own(self, "bench.use")
        for records in (case, case.line_ids, case.return_ids):
            self.assertFalse(records.with_user(own).search([("id", "in", records.ids)]))
        with self.assertRaises(AccessError):
            self.case(user=own, member_id=False, return_of_id=self.receipt.id)
        self.call("member_erase", member=self.member, confirm=self.member, write_off=True)
        self.assertFalse(case.exists())


class TestBenchKept(BenchCase):
    def test_a_change_of_a_promotion_shows(self):
        case = self.calculated(at_on="2026-02-03")
        case.action_loy_keep()
        self.assertEqual(case.state, "ok")
        case.action_loy_check()
        self.assertEqual((case.state, case.shown["differences"]), ("ok", []))
        promotion = self.env["loy.promotion"].search([("code", "=", "T_COFFEE10")])
        promotion.write(
            {"rewards_text": promotion.rewards_text.replace("10", "20"), "valid_from_at": "2020-01-01"}
        )
        case.action_loy_check()
        self.assertEqual(case.state, "differs")
        told = {one["name"]: (one["was"], one["found"]) for one in case.shown["differences"]}
        was, found = told["To pay"]
        self.assertIn("101", was)
        self.assertIn("92", found)
        case.action_loy_keep()
        self.assertEqual((case.state, case.shown["differences"]), ("ok", []))
        case.action_loy_forget()
        self.assertEqual((case.state, case.expected), ("open", False))

    def test_what_cannot_be_calculated_any_more_differs(self):
        case = self.calculated()
        case.action_loy_keep()
        self.env["res.partner"].browse(int(self.member)).is_loyalty_member = False
        other = self.calculated(member_id=False)
        (case | other).action_loy_check()
        self.assertEqual((case.state, other.state), ("differs", "open"))
        self.assertTrue(case.problem)

    def test_a_changed_case_is_not_checked(self):
        case = self.calculated()
        case.action_loy_keep()
        case.at_on = "2026-02-03"
        self.assertEqual(case.state, "unchecked")


class TestBenchRights(BenchCase):
    def own(self, *codes):
        user = new_test_user(self.env, f"t_own{len(codes)}", groups="base.group_user", tz="UTC")
        rights = self.env["loy.right"].search([("code", "in", codes)])
        self.assertEqual(len(rights), len(codes))
        self.env["loy.role"].create(
            {"name": user.login, "right_ids": [Command.set(rights.ids)], "user_ids": [Command.set(user.ids)]}
        )
        return user

    def test_a_cashier_has_no_bench(self):
        cashier = new_test_user(self.env, "t_cashier", groups="loyalty_core.group_cashier")
        with self.assertRaises(AccessError):
            self.case().with_user(cashier).read(["name"])
        self.call("purchase_confirm", purchase="T-1", **self.basket())
        for record in (self.purchase_of("T-1"), self.draft):
            with self.assertRaisesRegex(LoyaltyError, "right_missing"):
                record.with_user(cashier).action_loy_try()

    def test_who_sees_no_members_sees_no_case_of_one(self):
        case, nobodys = self.calculated(), self.calculated(member_id=False)
        user = self.own("bench.use")
        seen = self.env["loy.bench.case"].with_user(user).search([("id", "in", (case | nobodys).ids)])
        self.assertEqual(seen, nobodys)
        lines = self.env["loy.bench.line"].with_user(user).search([("case_id", "in", (case | nobodys).ids)])
        self.assertEqual(lines.case_id, nobodys)
        nobodys.with_user(user).action_loy_calculate()
        self.assertTrue(nobodys.with_user(user).shown["promotions"])
        with self.assertRaises(AccessError):
            self.case(user=user)
        with self.assertRaises(AccessError):
            nobodys.with_user(user).member_id = int(self.member)

    def test_who_sees_members_sees_all(self):
        case = self.calculated()
        user = self.own("bench.use", "member.read")
        case.with_user(user).action_loy_calculate()
        self.assertTrue(case.result)

    def test_an_erased_member_takes_the_cases_along(self):
        case = self.calculated()
        self.call("member_erase", member=self.member, confirm=self.member)
        self.assertFalse(case.exists())


class TestRefusalWords(BenchCase):
    def test_every_code_has_words(self):
        self.assertLessEqual({*REFUSALS, *CONDITIONS.names}, {*WORDS})
        self.assertLessEqual({*CONDITIONS.names}, {*KINDS})
        self.assertLessEqual({"expired", "not_yet", "other_member", "pool_ended", "unknown", "used", "void"}, {*CODES})

    def test_every_sentence_can_be_said(self):
        known = {"value": 1.5, "min": 2.0, "max": 3.0, "used": 1, "limit": 2, "part": 1.0, "whole": 2.0, "kind": "time"}
        say = self.env["loy.refusal.words"]._say
        for code in WORDS:
            base, _dot, which = code.partition(".")
            for params in ({}, known, {**known, "which": which}, {"name": "city"}, {"store": "S"}, {"pool": "P"}):
                text = say(base, params)
                self.assertTrue(text and "%(" not in text, f"{code}: {text}")

    def test_words_are_of_the_case(self):
        say = self.env["loy.refusal.words"]._say
        self.assertEqual(
            say("limit", {"which": "total", "limit": 150, "used": 150}),
            "It was used 150 times, and may be 150 times in all.",
        )
        self.assertEqual(
            say("basket_amount", {"value": 158.5, "max": 100.0}),
            "The goods that count come to 158.50; it takes at most 100.",
        )
        self.assertEqual(
            say("not_chosen", {"group": "g", "chosen": "A"}, {"A": "Best"}), "Its group chose another promotion: Best."
        )
        self.assertIn("moon", say("moon", {}))
