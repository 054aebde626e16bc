"""Points that are good on some purchases only: their lots in the ledger, and purchases that may take them or not."""

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2.errors import RaiseException

from ..engine import Basket, evaluate
from ..services.posting import Conditional
from .api_common import ApiCase, ago
from .ledger_common import LARGE, ONLINE, SOURCE, LedgerCase

FROM_100 = {"kind": "basket_amount", "min": 100.0}
SPEND_ALL = [{"unit": "T_BONUS", "amount": "max"}]
BUN = [{"id": "1", "sku": "T-1002", "quantity": 1}]


@tagged("post_install", "-at_install")
class TestLots(LedgerCase):
    def setUp(self):
        super().setUp()
        self.large, self.online = self.terms_of(LARGE), self.terms_of(ONLINE)

    def left(self, *lots):
        return [lot.remaining_minor for lot in lots]

    def test_terms_are_kept_once_and_never_change(self):
        self.assertEqual(self.terms_of({"min": 500.0, "kind": "basket_amount"}), self.large)
        self.assertNotEqual(self.large, self.online)
        self.assertIsNone(self.terms_of(None))
        self.assertEqual(self.ledger._document_of_terms(self.large), LARGE)
        _accrued, lot = self.accrue(5, when=LARGE)
        for statement, record in (
            ("UPDATE loy_lot SET terms_id = NULL WHERE id = %s", lot.id),
            ("UPDATE loy_lot_terms SET document = '{}' WHERE id = %s", self.large),
        ):
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(RaiseException),
                self.env.cr.savepoint(flush=False),
            ):
                self.env.cr.execute(statement, [record])

    def test_terms_are_told_in_words(self):
        tree = {"all": [LARGE, {"any": [ONLINE, {"not": {"kind": "tier", "in": ["GOLD"]}}]}]}
        terms = self.env["loy.lot.terms"].browse(self.terms_of(tree))
        self.assertEqual(
            terms.display_name, "(basket_amount: min 500) and ((place: channel web) or (not (tier: in GOLD)))"
        )

    def test_only_lots_whose_terms_hold_are_taken(self):
        _accrued, free = self.accrue(10)
        _accrued, large = self.accrue(20, when=LARGE)
        _accrued, online = self.accrue(40, when=ONLINE)
        with self.refused("insufficient_points"), self.env.cr.savepoint(flush=False):
            self.spend(11)
        with self.refused("insufficient_points"), self.env.cr.savepoint(flush=False):
            self.spend(31, terms=[self.large])
        self.spend(30, terms=[self.large])
        self.assertEqual(self.left(free, large, online), [0, 0, 40])
        self.assert_books()

    def test_what_expires_first_pays_first_and_of_equals_what_is_bound(self):
        _accrued, free = self.accrue(10, expires=9)
        _accrued, bound = self.accrue(10, expires=9, when=LARGE)
        _accrued, soon = self.accrue(10, expires=8)
        self.spend(15, terms=[self.large])
        self.assertEqual(self.left(soon, bound, free), [0, 5, 10])

    def test_a_hold_reserves_what_is_good_and_nothing_else(self):
        _accrued, free = self.accrue(10, expires=9)
        _accrued, bound = self.accrue(20, when=LARGE)
        with self.refused("insufficient_points"), self.env.cr.savepoint(flush=False):
            self.hold(11)
        hold = self.hold(25, terms=[self.large])
        self.assertEqual([free.held_minor, bound.held_minor], [10, 15])
        self.assertEqual(self.ledger._spendable([self.account], self.at(0))[self.account].conditional, {self.large: 5})
        self.ledger._settle(hold, at=self.at(0), source=SOURCE, amounts={self.account: 12})
        self.assertEqual(self.left(free, bound), [0, 18])
        self.ledger._release(self.hold(18, terms=[self.large]), at=self.at(0))
        self.assertEqual([*self.left(free, bound), bound.held_minor], [0, 18, 0])
        self.assert_books()

    def test_a_hold_that_has_run_out_frees_what_is_bound(self):
        self.accrue(20, when=LARGE)
        self.hold(15, terms=[self.large])
        found = self.ledger._spendable([self.account], self.at(3))[self.account]
        self.assertEqual((found.free, found.conditional), (0, {self.large: 20}))

    def test_what_comes_back_is_as_bound_as_it_was(self):
        _accrued, bound = self.accrue(20, expires=5, when=LARGE)
        spent = self.spend(15, terms=[self.large])
        self.reverse((spent, 5), day=1)
        self.assertEqual(self.left(bound), [10])
        self.reverse((spent, 10), day=6, grace_until=self.at(20))
        heir = self.env["loy.lot"].search([("origin_id", "=", bound.id)])
        self.assertEqual((heir.terms_id.id, heir.remaining_minor), (self.large, 10))
        self.assert_books()

    def test_what_was_earned_is_taken_back_from_its_lot_then_from_others_last_from_bound_ones(self):
        earned, lot = self.accrue(20, when=LARGE)
        _accrued, other = self.accrue(30, when=ONLINE)
        _accrued, free = self.accrue(5)
        self.spend(18, terms=[self.large])
        self.assertEqual(self.left(lot, free, other), [2, 5, 30])
        self.reverse(earned)
        self.assertEqual(self.left(lot, free, other), [0, 0, 17])
        self.assert_books()

    def test_a_merge_keeps_terms(self):
        other = self.env["res.partner"].create({"name": "Heir"})
        self.accrue(20, expires=9, when=LARGE)
        self.accrue(10)
        self.absorb(self.member, other, day=1)
        account = self.account_of(other)
        found = self.ledger._spendable([account], self.at(1))[account]
        self.assertEqual((found.free, found.conditional), (10, {self.large: 20}))
        self.assert_books()

    def test_a_transfer_and_a_conversion_leave_what_is_bound(self):
        other = self.account_of(self.env["res.partner"].create({"name": "Friend"}))
        self.accrue(20, when=LARGE)
        _accrued, free = self.accrue(10)
        with self.refused("insufficient_points"), self.env.cr.savepoint(flush=False):
            self.ledger._transfer(self.account, other, 11, at=self.at(0), source=SOURCE)
        self.ledger._transfer(self.account, other, 10, at=self.at(0), source=SOURCE)
        self.assertFalse(self.env["loy.lot"].search([("account_id", "=", other)]).terms_id)
        self.assertEqual(self.left(free), [0])

    def test_staff_take_what_is_bound_last(self):
        _accrued, bound = self.accrue(20, expires=2, when=LARGE)
        _accrued, free = self.accrue(10)
        self.ledger._write_off(self.account, 15, at=self.at(0), reason_id=None)
        self.assertEqual(self.left(free, bound), [0, 15])
        with self.refused("insufficient_points"), self.env.cr.savepoint(flush=False):
            self.ledger._write_off(self.account, 16, at=self.at(0), reason_id=None)

    def test_a_fact_takes_any_lot_before_it_makes_debt(self):
        _accrued, bound = self.accrue(20, expires=2, when=LARGE)
        _accrued, free = self.accrue(10)
        self.spend(25, overrun=True)
        self.assertEqual(self.left(free, bound), [0, 5])
        self.spend(25, overrun=True)
        self.assertEqual(self.balance().debt, 20)
        self.assert_books()

    def test_what_is_bound_pays_debt_as_anything_does(self):
        self.spend(30, overrun=True)
        _accrued, bound = self.accrue(20, when=LARGE)
        self.assertEqual((bound.remaining_minor, self.balance().debt), (0, 10))
        _accrued, later = self.accrue(40, active=2, when=LARGE)
        self.assertEqual(self.balance().debt, 0)
        self.assertEqual(self.left(later), [30])

    def test_it_expires_as_any_lot(self):
        _accrued, bound = self.accrue(20, expires=2, when=LARGE)
        self.ledger._expire(self.at(3))
        self.assertEqual(self.left(bound), [0])
        self.assertEqual(self.ledger._spendable([self.account], self.at(3))[self.account].total, 0)
        self.assert_books()

    def test_the_balance_of_now_tells_what_is_bound(self):
        expires_at = fields.Datetime.now().replace(year=2100)
        self.accrue(10)
        self.accrue(20, when=LARGE)
        days = (expires_at - self.start).days
        self.accrue(5, expires=days, when=LARGE)
        self.accrue(7, expires=1, when=ONLINE)
        self.hold(3, day=2, deadline=365 * 100, terms=[self.large])
        balance = self.ledger._balances([self.account])[self.account]
        self.assertEqual(
            balance.conditional,
            (Conditional(self.large, 2, self.at(days)), Conditional(self.large, 20, None)),
        )
        self.assertEqual(balance.available, 32)

    def test_who_has_no_such_lots_pays_no_query_for_them(self):
        self.accrue(10)
        for ask in (
            lambda: self.ledger._spendable([self.account], self.at(0)),
            lambda: self.ledger._balances([self.account]),
        ):
            ask()
            with self.assertQueryCount(1):
                ask()


@tagged("post_install", "-at_install")
class TestPurchases(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        gift = {"kind": "points", "unit": "T_BONUS", "amount": 30, "usable_when": FROM_100}
        welcome = cls.promotion("T_WELCOME", gift, on="registered", group="t_points")
        cls.apply({"promotions": [welcome]})
        cls.member = cls.call("member_register", email="gift@example.com")["member"]

    def setUp(self):
        super().setUp()
        self.give(5)

    def lot(self, **values):
        return self.env["loy.lot"].search(
            [("member_id", "=", int(self.member)), ("terms_id", "!=", False)], limit=1, **values
        )

    def calculate(self, **values):
        return self.call("purchase_calculate", **self.basket(spend=SPEND_ALL, **values))

    def confirm(self, number, **values):
        return self.call("purchase_confirm", purchase=number, **self.basket(**{"spend": SPEND_ALL, **values}))

    def hold(self, number, **values):
        return self.call("purchase_hold", purchase=number, **self.basket(spend=SPEND_ALL, **values))

    def spent(self, answer):
        return sum(one["amount"] for one in answer["spent"])

    def test_an_event_gives_points_with_terms(self):
        self.assertEqual(self.ledger_document(self.lot()), FROM_100)
        (balance,) = self.call("account_balance", member=self.member)["balances"]
        self.assertEqual(balance["available"], 35)
        self.assertEqual(balance["conditional"], [{"amount": 30.0, "usable_when": FROM_100}])
        earlier = self.call("account_balance", member=self.member, at=ago(days=1))["balances"][0]
        self.assertNotIn("conditional", earlier)

    def ledger_document(self, lot):
        return self.env["loy.ledger"]._document_of_terms(lot.terms_id.id)

    def test_a_purchase_gives_points_with_terms(self):
        gift = {"kind": "points", "unit": "T_BONUS", "amount": 7, "usable_when": FROM_100, "expires": {"after_days": 9}}
        self.apply({"promotions": [self.promotion("T_GIFT", gift, group="t_points")]})
        answer = self.confirm("T-1", spend=[])
        earned = {one["promotion"]: one.get("usable_when") for one in answer["earned"]}
        self.assertEqual(earned, {"T_BASE5": None, "T_GIFT": FROM_100})
        self.assertEqual(self.lot(order="id desc").promotion_code, "T_GIFT")
        self.assertEqual(self.ledger_document(self.lot(order="id desc")), FROM_100)
        told = self.call("account_balance", member=self.member)["balances"][0]["conditional"]
        self.assertEqual([(one["amount"], "expires_at" in one) for one in told], [(7.0, True), (30.0, False)])

    def test_they_pay_for_what_is_large_enough_only(self):
        answer = self.calculate(lines=BUN)
        self.assertEqual((self.spent(answer), answer["spendable"][0]["max"]), (5.0, 5.0))
        self.assertEqual(
            answer["conditional"],
            [
                {
                    "unit": "T_BONUS",
                    "amount": 30.0,
                    "usable": False,
                    "reasons": [{"code": "basket_amount", "params": {"value": 20.0, "min": 100.0}}],
                }
            ],
        )
        self.assertEqual(self.spent(self.confirm("T-1", lines=BUN)), 5.0)
        self.assertEqual(self.lot().remaining_minor, 30)
        answer = self.confirm("T-2")
        self.assertEqual(self.spent(answer), 30.0)
        self.assertEqual(answer["conditional"], [{"unit": "T_BONUS", "amount": 30.0, "usable": True}])
        self.assertEqual(self.lot().remaining_minor, 0)
        self.assert_books()

    def test_a_hold_reserves_them_and_a_confirm_spends_or_a_cancel_frees(self):
        self.hold("T-1")
        self.assertEqual(self.lot().held_minor, 30)
        self.call("purchase_cancel", purchase="T-1")
        self.assertEqual((self.lot().held_minor, self.available()), (0, 35))
        self.hold("T-2")
        self.call("purchase_confirm", purchase="T-2")
        self.assertEqual((self.lot().remaining_minor, self.lot().held_minor), (0, 0))
        self.assert_books()

    def test_a_hold_that_becomes_smaller_lets_go_of_them(self):
        self.hold("T-1")
        self.hold("T-1", lines=BUN)
        self.assertEqual((self.lot().held_minor, self.balance()["held"]), (0, 5))
        self.confirm("T-1", lines=BUN)
        self.assertEqual(self.lot().remaining_minor, 30)

    def test_a_receipt_printed_on_a_hold_that_has_run_out_takes_them_still(self):
        self.hold("T-1")
        self.env.cr.execute("UPDATE loy_purchase SET held_until_at = held_until_at - interval '1 day'")
        self.env.cr.execute(
            "UPDATE loy_hold SET held_at = held_at - interval '1 day', deadline_at = deadline_at - interval '1 day'"
        )
        self.env.invalidate_all()
        self.env["loy.ledger"]._release_overdue(fields.Datetime.now())
        self.call("purchase_confirm", purchase="T-1")
        self.assertEqual((self.lot().remaining_minor, self.balance()["debt"]), (0, 0))

    def test_a_purchase_calculated_anew_is_the_same(self):
        self.confirm("T-1")
        purchase = self.purchase_of("T-1")
        programme = self.env["loy.programme"]._at(
            purchase.company_id, purchase.purchased_at, purchase.programme_number
        ).programme
        self.assertEqual(evaluate(programme, Basket.from_document(purchase.basket)).to_document(), purchase.result)

    def test_returns_bring_them_back_to_where_they_were(self):
        self.confirm("T-1")
        self.call("purchase_return", purchase="T-1", return_="T-1R1", lines=[{"id": "1", "quantity": 1}])
        self.assertGreater(self.lot().remaining_minor, 0)
        self.call("purchase_return", purchase="T-1", return_="T-1R2")
        self.assertEqual((self.lot().remaining_minor, self.available()), (30, 35))
        self.assert_books()

    def test_points_that_have_paid_go_on_paying_for_what_is_kept(self):
        """Of 66.00 that were paid 3 points came. The bun that is kept is worth 20.00, of which points pay 7 still:
        13.00 earn nothing anew. Were the points not good for it any more, it would earn 1."""
        self.apply({"settings": {**self.programme["settings"], "returns": {"earned": "re_earn"}}})
        self.assertEqual(self.spent(self.confirm("T-1")), 35.0)
        answer = self.call("purchase_return", purchase="T-1", return_="T-1R", lines=[{"id": "1", "quantity": 2}])
        self.assertEqual([one["amount"] for one in answer["taken_back"]], [3.0])
        self.assert_books()

    def test_what_was_paid_offline_was_paid(self):
        spend = [{"unit": "T_BONUS", "amount": 9}]
        answer = self.confirm("T-1", lines=BUN, offline=True, at=fields.Datetime.now().isoformat() + "Z", spend=spend)
        self.assertEqual(self.spent(answer), 9.0)
        self.assertEqual((self.lot().remaining_minor, self.balance()["debt"]), (26, 0))
        self.assert_books()

    def test_what_terms_ask_of_the_member_is_found_out(self):
        tagged_ = {"kind": "tag", "in": ["VIP"]}
        self.give(11, usable_when=tagged_)
        self.assertEqual(self.spent(self.calculate()), 35.0)
        member = self.env["res.partner"].browse(int(self.member))
        member.category_id = self.env["res.partner.category"].create({"name": "VIP"})
        self.assertEqual(self.spent(self.calculate()), 46.0)

    def test_integrators_give_points_with_terms(self):
        self.give(8, usable_when={"kind": "place", "channel": "web"}, expires_at="2100-01-01T00:00:00Z")
        (first, _second) = self.call("account_balance", member=self.member)["balances"][0]["conditional"]
        self.assertEqual(first["usable_when"], {"kind": "place", "channel": ["web"]})
        self.assertEqual(self.env["loy.adjustment"].search([], limit=1).terms_id, self.lot(order="id desc").terms_id)
        self.assertEqual(self.spent(self.calculate(channel="web")), 43.0)
        for wrong in ({"kind": "moon"}, {"kind": "promo_code", "pool": "NONE"}, {"kind": "time", "calendar": "NONE"}):
            self.refused(
                "bad_request", "account_accrue", member=self.member, unit="T_BONUS", amount=1, usable_when=wrong
            )

    def test_terms_that_name_what_is_gone_never_hold_and_stop_no_purchase(self):
        self.apply({"calendars": [{"code": "T_FEASTS", "name": "Feasts", "dates": ["2100-01-01"]}]})
        self.give(8, usable_when={"not": {"kind": "time", "calendar": "T_FEASTS"}})
        self.assertEqual(self.spent(self.calculate()), 43.0)
        self.env["loy.calendar"].search([("code", "=", "T_FEASTS")]).active = False
        answer = self.calculate()
        self.assertEqual(self.spent(answer), 35.0)
        self.assertEqual(answer["conditional"][1]["reasons"], [{"code": "unknown", "params": {}}])

    def test_they_stay_where_points_leave_by_other_ways(self):
        friend = self.call("member_register", email="friend@example.com")["member"]
        self.env["loy.unit"].search([("code", "=", "T_BONUS")]).is_transferable = True
        self.refused("insufficient_points", "account_transfer", member=self.member, to=friend, unit="T_BONUS", amount=6)
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=34)
        self.assertEqual(self.lot().remaining_minor, 1)

    def test_the_queries_of_a_purchase_are_those_of_any_other(self):
        """What they cost: nothing where there are none, and nothing more where processes know their terms."""
        plain = self.call("member_register", email="plain@example.com", at="2020-01-02T00:00:00Z")["member"]
        lots = self.env["loy.lot"].search([("member_id", "=", int(plain))])
        self.call("account_write_off", member=plain, unit="T_BONUS", amount=sum(lots.mapped("amount")))
        self.give(35, member=plain)
        counts = []
        for member in (plain, self.member, plain, self.member):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            self.calculate(member={"member": member})
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[2], counts[3])

    def test_staff_find_such_lots(self):
        view = self.env.ref("loyalty_core.loy_lot_view_search")
        self.assertIn("('terms_id', '!=', False)", view.arch)
        self.assertEqual(self.lot().terms_id.display_name, "basket_amount: min 100")
        member = self.env["res.partner"].browse(int(self.member))
        self.assertIn("30 of it on some purchases only", " ".join(str(member.loy_balance_html).split()))
