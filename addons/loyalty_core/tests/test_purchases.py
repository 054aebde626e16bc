"""The life of a purchase: calculated, held, confirmed or cancelled, returned."""

import json
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.addons.loyalty_core.engine import Basket, evaluate
from odoo.exceptions import UserError
from odoo.tests import tagged

from .api_common import ApiCase, ago

SPEND_ALL = [{"unit": "T_BONUS", "amount": "max"}]


def as_bytes(document):
    return json.dumps(document, sort_keys=True, ensure_ascii=False)


@tagged("post_install", "-at_install")
class PurchaseCase(ApiCase):
    def setUp(self):
        super().setUp()
        self.give(50)

    def calculate(self, **values):
        return self.call("purchase_calculate", **self.basket(**values))

    def hold(self, number, **values):
        return self.call("purchase_hold", purchase=number, **self.basket(**values))

    def confirm(self, number, **values):
        return self.call("purchase_confirm", purchase=number, **self.basket(**values))

    def run_out(self, number):
        """The deadline of a hold has passed."""
        self.env.cr.execute(
            "UPDATE loy_purchase SET held_until_at = held_until_at - interval '1 day', "
            "draws_until_at = draws_until_at - interval '1 day' WHERE number = %s",
            [number],
        )
        self.env.cr.execute(
            "UPDATE loy_hold SET held_at = held_at - interval '1 day', "
            "deadline_at = deadline_at - interval '1 day' "
            "WHERE id IN (SELECT hold_id FROM loy_purchase WHERE number = %s)",
            [number],
        )
        self.env.invalidate_all()


class TestCalculate(PurchaseCase):
    def test_a_web_shop_may_go_by_the_clock_of_whoever_buys(self):
        self.apply({
            "stores": [{"code": "T_WEB", "timezone": "Europe/Kyiv", "clock": "member"}],
            "promotions": [
                self.promotion("T_NOON", {"kind": "percent", "value": 50},
                               when={"kind": "time", "from": "12:00", "to": "14:00"}),
                self.promotion("T_TODAY", {"kind": "points", "unit": "T_MILES", "amount": 5,
                                           "expires": {"on": "2026-03-02"}}),
            ],
        })  # fmt: skip
        self.call("member_update", member=self.member, timezone="Asia/Tokyo")
        self.assertEqual(self.call("member_find", member=self.member)["timezone"], "Asia/Tokyo")
        noon_in_tokyo = {"at": "2026-03-02T06:00:00"}  # by the store's clock, as every request tells it
        cases = {"T_WEB": (True, {}), "T_S1": (False, {}), "nobody": (False, {"store": "T_WEB", "member": None})}
        for store, (is_noon, values) in cases.items():
            request = self.basket(**{"store": store, **noon_in_tokyo, **values})
            answer = self.call("purchase_calculate", **request)
            codes = {one["code"] for line in answer["lines"] for one in line["promotions"]}
            self.assertEqual("T_NOON" in codes, is_noon, store)
        request = self.basket(store="T_WEB", **noon_in_tokyo)
        self.call("purchase_hold", purchase="T-WEB-1", **request)
        self.call("purchase_confirm", purchase="T-WEB-1")
        purchase = self.purchase_of("T-WEB-1")
        self.assertEqual(purchase.purchased_at, datetime(2026, 3, 2, 4))
        lot = self.env["loy.lot"].search([("member_id", "=", int(self.member)), ("unit_id.code", "=", "T_MILES")])
        self.assertEqual(lot.expires_at, datetime(2026, 3, 2, 15), "midnight in Tokyo")
        self.refused("bad_request", "member_update", member=self.member, timezone="Asia/Atlantis")

    def test_calculate_has_no_effect(self):
        before = self.state()
        with self.read_only():
            self.calculate(spend=SPEND_ALL, explain=True, purchase="T-1")
        self.calculate(spend=SPEND_ALL, explain=True, purchase="T-1")
        self.assertEqual(self.changes(before), {})

    def test_the_answer_is_the_documents(self):
        answer = self.calculate(spend=[{"unit": "T_BONUS", "amount": 10}])
        self.assertEqual(
            answer["lines"],
            [
                {
                    "id": "1",
                    "base": 90.0,
                    "discount": 9.0,
                    "spent": answer["lines"][0]["spent"],
                    "amount": 81.0 - answer["lines"][0]["spent"],
                    "promotions": [{"code": "T_COFFEE10", "discount": 9.0}],
                },
                {
                    "id": "2",
                    "base": 20.0,
                    "discount": 0.0,
                    "spent": answer["lines"][1]["spent"],
                    "amount": 20.0 - answer["lines"][1]["spent"],
                    "promotions": [],
                },
            ],
        )
        self.assertEqual(
            answer["totals"],
            {"base": 110.0, "discount": 9.0, "spent": 10.0, "certificates": 0.0, "to_pay": 91.0},
        )
        self.assertEqual([(one["unit"], one["amount"]) for one in answer["earned"]], [("T_BONUS", 4.0)])
        self.assertEqual(answer["spendable"], [{"unit": "T_BONUS", "max": 50.0}])

    def test_a_buyer_nobody_knows_gets_discounts_and_no_points(self):
        answer = self.calculate(member=None)
        self.assertEqual(answer["totals"]["to_pay"], 101.0)
        self.assertEqual(answer["earned"], [])

    def test_the_member_may_be_named_in_any_way(self):
        card = self.call("member_find", member=self.member)["cards"][0]["number"]
        first = self.calculate()
        for who in ({"card": card}, {"phone": "067 111 00 01"}, {"email": "ANN@example.com"}):
            self.assertEqual(self.calculate(member=who), first)
        self.refused(
            "bad_request", "purchase_calculate", **self.basket(member={"card": card, "phone": "067 1"})
        )
        self.refused(
            "member_not_found", "purchase_calculate", **self.basket(member={"phone": "+380671119999"})
        )
        self.refused("card_not_found", "purchase_calculate", **self.basket(member={"card": "0"}))

    def test_a_blocked_card_is_refused(self):
        card = self.call("member_find", member=self.member)["cards"][0]["number"]
        self.call("card_block", card=card)
        self.refused("card_blocked", "purchase_calculate", **self.basket(member={"card": card}))
        self.call("card_unblock", card=card)
        self.calculate(member={"card": card})

    def test_nobody_pays_with_a_certificate_that_is_not_there(self):
        certificates = [{"number": "4000000000000001"}]
        self.refused("certificate_not_found", "purchase_calculate", **self.basket(certificates=certificates))

    def test_an_unknown_product_needs_a_price(self):
        line = {"id": "1", "sku": "T-NONE", "quantity": 3}
        self.refused("product_not_found", "purchase_calculate", store="T_S1", lines=[line])
        answer = self.call("purchase_calculate", store="T_S1", lines=[{**line, "price": 7.35}])
        self.assertEqual(answer["totals"]["base"], 22.05)
        self.call("purchase_confirm", purchase="T-U", store="T_S1", lines=[{**line, "price": 7.35}])
        sold = self.purchase_of("T-U").line_ids
        self.assertFalse(sold.product_id)
        self.assertEqual((sold.sku, sold.base), ("T-NONE", 22.05))

    def test_the_catalogue_gives_the_price_where_the_till_does_not(self):
        line = {"id": "1", "sku": "T-1001", "quantity": 1}
        self.assertEqual(self.call("purchase_calculate", store="T_S1", lines=[line])["totals"]["base"], 45.0)
        line["price"] = 40
        self.assertEqual(self.call("purchase_calculate", store="T_S1", lines=[line])["totals"]["base"], 40.0)
        line["amount"] = 39.99
        self.assertEqual(self.call("purchase_calculate", store="T_S1", lines=[line])["totals"]["base"], 39.99)

    def test_weights_are_rounded_half_up(self):
        lines = [{"id": "1", "sku": "T-X", "quantity": 0.335, "price": 3.0}]  # 1.005
        self.assertEqual(self.call("purchase_calculate", store="T_S1", lines=lines)["totals"]["base"], 1.01)

    def test_places_must_exist(self):
        self.refused("store_not_found", "purchase_calculate", **self.basket(store="T_NONE"))
        self.refused("register_not_found", "purchase_calculate", **self.basket(register="R9"))
        self.refused("register_not_found", "purchase_calculate", **self.basket(store="T_S2", register="R1"))
        self.calculate(register="R1")

    def test_a_unit_must_exist(self):
        spend = [{"unit": "T_NONE", "amount": 1}]
        self.refused("unit_not_found", "purchase_calculate", **self.basket(spend=spend))
        self.refused(
            "unit_not_found", "purchase_calculate", **self.basket(spend=[{"unit": "T_NONE", "amount": "max"}])
        )

    def test_explain_names_every_promotion(self):
        answer = self.calculate(explain=True, lines=[{"id": "1", "sku": "T-1002", "quantity": 1}])
        self.assertIn("T_COFFEE10", [one["promotion"] for one in answer["refusals"]])

    def test_queries_do_not_depend_on_the_size_of_the_basket_or_the_programme(self):
        lines = {
            size: [{"id": str(index), "sku": f"T-{1001 + index % 2}", "quantity": 1} for index in range(size)]
            for size in (2, 200)
        }

        def queries(call):
            call()  # the programme is compiled once for each revision
            before = self.env.cr.sql_log_count
            call()
            return self.env.cr.sql_log_count - before

        def count_all():
            return {
                size: (
                    queries(lambda: self.calculate(lines=lines[size], spend=SPEND_ALL)),  # noqa: B023
                    queries(lambda: self.confirm(self.new_key(), lines=lines[size])),  # noqa: B023
                )
                for size in lines
            }

        few = count_all()
        self.assertEqual(few[2], few[200])
        rewards = [{"kind": "percent", "value": 1}, {"kind": "points", "unit": "T_BONUS", "percent": 1}]
        self.apply({"promotions": [self.promotion(f"T_P{index}", *rewards) for index in range(60)]})
        many = count_all()
        self.assertEqual(many[2], many[200])
        self.assertEqual(many[2], few[2])


class TestTime(PurchaseCase):
    def bought_at(self, **values):
        number = self.new_key()
        self.confirm(number, **values)
        return self.purchase_of(number).purchased_at

    def test_a_time_without_offset_is_the_stores_wall_clock(self):
        self.assertEqual(self.bought_at(at="2026-01-15T10:00:00"), datetime(2026, 1, 15, 8))
        self.assertEqual(self.bought_at(at="2026-01-15T10:00:00", store="T_S2"), datetime(2026, 1, 15, 15))
        self.assertEqual(self.bought_at(at="2026-07-15T10:00:00"), datetime(2026, 7, 15, 7))

    def test_an_offset_counts_wherever_the_clock_hangs(self):
        for store in ("T_S1", "T_S2"):
            self.assertEqual(
                self.bought_at(at="2026-01-15T10:00:00+05:00", store=store), datetime(2026, 1, 15, 5)
            )
            self.assertEqual(
                self.bought_at(at="2026-01-15T10:00:00Z", store=store), datetime(2026, 1, 15, 10)
            )

    def test_a_registration_may_be_dated(self):
        for store, moment in (
            (None, "2021-01-01T10:00:00"),
            ("T_S1", "2021-01-01T12:00:00"),
            ("T_S1", "2021-01-01T10:00:00Z"),
        ):
            phone = f"+38067111{next(self.keys):04}"
            member = self.call("member_register", phone=phone, store=store, at=moment)["member"]
            found = self.call("member_find", member=member)
            self.assertEqual(found["registered"], "2021-01-01T10:00:00+00:00")

    def test_the_hour_that_comes_twice_counts_as_the_first(self):
        # 25 October 2026, 04:00 becomes 03:00 in Kyiv
        self.assertEqual(self.bought_at(at="2026-10-25T03:30:00"), datetime(2026, 10, 25, 0, 30))
        self.assertEqual(self.bought_at(at="2026-10-25T03:30:00+03:00"), datetime(2026, 10, 25, 0, 30))
        self.assertEqual(self.bought_at(at="2026-10-25T03:30:00+02:00"), datetime(2026, 10, 25, 1, 30))

    def test_the_hour_that_is_left_out_is_an_hour_later(self):
        # 29 March 2026, 03:00 becomes 04:00 in Kyiv
        self.assertEqual(self.bought_at(at="2026-03-29T03:30:00"), datetime(2026, 3, 29, 1, 30))

    def test_promotions_are_judged_by_the_stores_wall_clock(self):
        early = {"kind": "time", "from": "03:00", "to": "04:00"}
        self.apply({"promotions": [self.promotion("T_NIGHT", {"kind": "amount", "value": 1}, when=early)]})

        def has_night(at, store="T_S1"):
            return self.calculate(at=at, store=store, member=None)["totals"]["discount"] == 10.0

        self.assertTrue(has_night("2026-10-25T03:30:00"))
        self.assertTrue(has_night("2026-10-25T00:30:00Z"))
        self.assertTrue(has_night("2026-10-25T01:30:00Z"))
        self.assertFalse(has_night("2026-10-25T02:30:00Z"))
        self.assertFalse(has_night("2026-10-25T03:30:00Z"))
        self.assertTrue(has_night("2026-10-25T03:30:00", "T_S2"))
        self.assertFalse(has_night("2026-10-25T03:30:00+03:00", "T_S2"))

    def test_the_day_of_a_purchase_is_the_stores_day(self):
        number = self.new_key()
        self.confirm(number, at="2026-01-15T23:30:00Z")
        self.assertEqual(str(self.purchase_of(number).purchased_on), "2026-01-16")
        self.assertEqual(self.call("purchase_get", purchase=number)["at"], "2026-01-16T01:30:00")

    def test_points_live_by_the_stores_wall_clock(self):
        points = {
            "kind": "points",
            "unit": "T_MILES",
            "amount": 5,
            "active": {"after_days": 1},
            "expires": {"after_days": 1},
        }
        self.apply({"promotions": [self.promotion("T_DAY", points)]})
        # over the night in which the clocks go back: a day by the clock on the wall, and one more
        (earned,) = [
            one
            for one in self.confirm("T-DAY", at="2026-10-24T12:00:00")["earned"]
            if one["unit"] == "T_MILES"
        ]
        self.assertEqual(earned["active_from"][:19], "2026-10-25T12:00:00")
        lot = self.purchase_of("T-DAY").transaction_ids.entry_ids.lot_id.filtered(
            lambda lot: lot.account_id.unit_id.code == "T_MILES"
        )
        self.assertEqual(
            (lot.active_from, lot.expires_at), (datetime(2026, 10, 25, 10), datetime(2026, 10, 26, 10))
        )

    def test_how_far_back_and_ahead_is_a_setting(self):
        self.apply({"settings": {"backdate_days": 10, "forward_days": 2}})
        now = datetime.utcnow()
        for days in (-9.9, -1, 0, 1, 1.9):
            self.calculate(at=(now + timedelta(days=days)).isoformat(timespec="seconds") + "Z")
        for days in (-10.1, -400, 2.1, 400):
            at = (now + timedelta(days=days)).isoformat(timespec="seconds") + "Z"
            for method in ("purchase_calculate", "purchase_hold", "purchase_confirm"):
                self.refused("at_out_of_range", method, **self.basket(at=at, purchase="T-FAR"))

    def test_a_return_is_dated_within_the_same_bounds(self):
        self.confirm("T-1")
        far = (datetime.utcnow() + timedelta(days=400)).isoformat(timespec="seconds") + "Z"
        self.refused("at_out_of_range", "purchase_return", purchase="T-1", return_="T-1R", at=far)
        self.call("purchase_return", purchase="T-1", return_="T-1R")

    def test_a_till_whose_clock_is_ahead_may_hold_points(self):
        ahead = (datetime.utcnow() + timedelta(hours=5)).isoformat(timespec="seconds") + "Z"
        self.hold("T-1", at=ahead, spend=SPEND_ALL)
        self.assertEqual(self.balance()["held"], 50)
        self.call("purchase_confirm", purchase="T-1")
        self.assert_books()


class TestHold(PurchaseCase):
    def test_a_hold_reserves_the_points(self):
        answer = self.hold("T-1", spend=SPEND_ALL)
        self.assertEqual(answer["state"], "held")
        self.assertTrue(answer["hold"])
        self.assertGreater(answer["expires_at"], "2026")
        self.assertEqual((self.balance()["held"], self.available()), (50, 0))
        self.assertEqual(self.calculate(spend=SPEND_ALL)["totals"]["spent"], 0)
        self.refused("insufficient_points", "account_write_off", member=self.member, unit="T_BONUS", amount=1)
        self.assert_books()

    def test_the_answer_is_the_calculated_one(self):
        calculated = self.calculate(spend=SPEND_ALL)
        held = self.hold("T-1", spend=SPEND_ALL)
        self.assertEqual({key: held[key] for key in calculated}, calculated)

    def test_a_new_hold_takes_the_place_of_the_one_before(self):
        self.hold("T-1", spend=SPEND_ALL)
        answer = self.hold("T-1", spend=[{"unit": "T_BONUS", "amount": 20}])
        self.assertEqual(answer["totals"]["spent"], 20.0)
        self.assertEqual((self.balance()["held"], self.available()), (20, 30))
        self.hold("T-1")
        self.assertEqual((self.balance()["held"], self.available()), (0, 50))
        self.call("purchase_confirm", purchase="T-1")
        self.assertEqual(self.available(), 55)
        self.assert_books()

    def test_a_hold_that_is_refused_leaves_the_one_before(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.refused("store_not_found", "purchase_hold", **self.basket(purchase="T-1", store="T_NONE"))
        self.assertEqual(self.balance()["held"], 50)

    def test_two_purchases_cannot_hold_the_same_points(self):
        self.hold("T-1", spend=[{"unit": "T_BONUS", "amount": 30}])
        self.assertEqual(self.hold("T-2", spend=SPEND_ALL)["totals"]["spent"], 20.0)
        self.assertEqual(self.available(), 0)

    def test_what_may_be_held_may_be_confirmed(self):
        """The basket is read back from what was stored."""
        large = {"sku": "S" * 128, "quantity": 1_000_000, "price": 9_999}
        lines = [{"id": "i" * 64, **large}, {"id": "2", "sku": "X", "quantity": 0, "price": 0}]
        self.hold("T-1", lines=lines, codes=["c" * 64], payments=[{"method": "m" * 64, "amount": 10**10}])
        self.call("purchase_confirm", purchase="T-1")
        for basket in (
            {"lines": [{"id": "1", "sku": "X", "quantity": 1_000_000, "price": 10**10}]},
            {"payments": [{"method": "card", "amount": 10**11}]},
            {"spend": [{"unit": "T_BONUS", "amount": 10**13}]},
        ):
            self.refused("bad_request", "purchase_hold", **self.basket(purchase="T-2", **basket))

    def test_the_number_alone_confirms_what_was_held(self):
        held = self.hold("T-1", spend=SPEND_ALL)
        # what happens in between does not change what the customer was shown
        self.apply(
            {"promotions": [self.promotion("T_LATE", {"kind": "percent", "value": 50})]}, at=ago(days=1)
        )
        self.give(1000)
        answer = self.call("purchase_confirm", purchase="T-1")
        for key in ("lines", "totals", "earned", "spendable"):
            self.assertEqual(answer[key], held[key])
        self.assertNotIn("late", answer)
        self.assertEqual(self.available(), 1000 + held["earned"][0]["amount"])
        self.assert_books()

    def test_the_card_of_somebody_who_has_left_opens_nothing(self):
        member = self.env["res.partner"].browse(int(self.member))
        card = {"card": member.loy_main_card_id.number}
        self.call("purchase_calculate", **self.basket(member=card))
        member.active = False
        self.refused("member_not_found", "purchase_calculate", **self.basket(member=card))

    def test_a_blocked_card_lends_nothing_of_its_type(self):
        card = self.env["res.partner"].browse(int(self.member)).loy_main_card_id
        self.call("card_block", card=card.number)
        self.call("purchase_confirm", purchase="T-1", **self.basket())
        purchase = self.env["loy.purchase"].search([("number", "=", "T-1")])
        self.assertFalse(purchase.card_id)
        self.assertNotIn("card_type", purchase.basket["member"])

    def test_amounts_count_in_the_currency_of_today(self):
        self.assertEqual(self.call("purchase_calculate", **self.basket())["totals"]["to_pay"], 101.00)
        yen = self.env.ref("base.JPY")
        yen.active = True
        self.env.company.currency_id = yen
        lines = [{"id": "1", "sku": "T-1002", "quantity": 1, "price": 10.40}]
        self.assertEqual(self.call("purchase_calculate", **self.basket(lines=lines))["totals"]["base"], 10)

    def test_movements_by_hand_are_dated_within_the_bounds_of_purchases(self):
        for method in ("account_accrue", "account_write_off"):
            move = {"member": self.member, "unit": "T_BONUS", "amount": 1, "at": "2036-01-01T00:00:00Z"}
            self.refused("at_out_of_range", method, **move)

    def test_what_is_told_later_is_dated_by_the_fact(self):
        at = ago(hours=3)
        card = self.env["res.partner"].browse(int(self.member)).loy_main_card_id
        self.call("card_block", card=card.number, at=at)
        self.call("member_update", member=self.member, first_name="Anna", at=at)
        self.call("purchase_cancel", purchase="T-9", at=at)
        self.assertEqual(card.log_ids.sorted("id")[-1].at.isoformat(), at.partition("+")[0].rstrip("Z"))
        kinds = ["card.blocked", "member.updated", "purchase.cancelled"]
        events = self.env["loy.event"].search([("kind", "in", kinds)], order="id desc", limit=3)
        self.assertEqual(sorted(events.mapped("kind")), kinds)
        self.assertEqual(set(events.mapped("at")), {card.log_ids.sorted("id")[-1].at})

    def test_what_is_held_is_confirmed_though_its_store_was_archived(self):
        held = self.hold("T-1", register="R1")
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        store.register_ids.active = False
        store.active = False
        confirmed = self.call("purchase_confirm", purchase="T-1")
        self.assertEqual(confirmed["totals"], held["totals"])

    def test_hold_and_confirm_come_to_the_same_as_confirm(self):
        other = self.call("member_register", phone="+380671110002")["member"]
        self.give(50, member=other)
        at = ago(hours=1)
        one = self.confirm("T-1", spend=SPEND_ALL, at=at, register="R1")
        self.hold("T-2", spend=SPEND_ALL, at=at, register="R1", member={"member": other})
        two = self.call("purchase_confirm", purchase="T-2")
        self.assertEqual({**one, "purchase": ""}, {**two, "purchase": ""})
        self.assertEqual(self.balance(), self.balance(member=other))
        first, second = self.purchase_of("T-1"), self.purchase_of("T-2")
        sums, where = "base discount spent to_pay", "company_id currency_id store_id register_id channel"
        for name in f"{sums} {where} purchased_at purchased_on programme_number is_late".split():
            self.assertEqual(first[name], second[name], name)

        def facts(purchase):
            lines = [
                (
                    one.line_ref,
                    one.product_id,
                    one.categ_id,
                    one.quantity,
                    one.price,
                    one.base,
                    one.discount,
                    one.amount,
                )
                for one in purchase.line_ids.sorted("id")
            ]
            uses = sorted(
                (use.promotion_id.code, use.discount, use.unit_id.code, use.points)
                for use in purchase.promotion_ids
            )
            return lines, uses

        self.assertEqual(facts(first), facts(second))
        self.assert_books()

    def test_confirm_with_lines_calculates_anew(self):
        self.hold("T-1", spend=SPEND_ALL)
        answer = self.confirm("T-1", lines=[{"id": "9", "sku": "T-1002", "quantity": 1}])
        self.assertEqual(
            answer["totals"],
            {"base": 20.0, "discount": 0.0, "spent": 0.0, "certificates": 0.0, "to_pay": 20.0},
        )
        self.assertEqual(self.balance(), {"active": 51, "pending": 0, "held": 0, "debt": 0, "available": 51})
        self.assertEqual(self.purchase_of("T-1").line_ids.mapped("line_ref"), ["9"])
        self.assert_books()

    def test_a_late_confirm_is_a_fact_and_flagged(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.run_out("T-1")
        answer = self.call("purchase_confirm", purchase="T-1")
        self.assertTrue(answer["late"])
        self.assertTrue(self.purchase_of("T-1").is_late)
        self.assertEqual(self.balance()["held"], 0)
        self.assert_books()

    def test_a_late_confirm_overruns_when_the_points_are_gone(self):
        held = self.hold("T-1", spend=SPEND_ALL)
        self.run_out("T-1")
        self.env["loy.ledger"]._release_overdue(datetime.utcnow())
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=50)
        answer = self.call("purchase_confirm", purchase="T-1")
        self.assertEqual(answer["totals"], held["totals"])
        self.assertTrue(answer["late"])
        earned = sum(one["amount"] for one in answer["earned"])
        self.assertEqual(self.balance()["debt"], 50 - earned)
        self.assert_books()

    def test_accounts_are_locked_in_one_order_whatever_was_held(self):
        self.give(5, unit="T_MILES")
        miles = {"kind": "spend", "unit": "T_MILES", "max_percent": 50}
        self.apply({"promotions": [self.promotion("T_SPENDM", miles, group="t_points")]})
        self.hold("T-1", spend=[{"unit": "T_MILES", "amount": "max"}])
        ledger, locked = type(self.env["loy.ledger"]), []
        original = ledger._lock

        def lock(service, account_ids):
            new = sorted(set(account_ids) - set(locked))
            self.assertFalse(locked and new and min(new) < max(locked), "locked out of order")
            locked.extend(new)
            return original(service, new + locked)

        with patch.object(ledger, "_lock", lock):
            self.confirm("T-1", spend=SPEND_ALL)
        self.assertEqual(len(locked), 2)

    def test_a_hold_that_has_run_out_is_in_nobodys_way(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.assertEqual(self.calculate()["spendable"], [{"unit": "T_BONUS", "max": 0.0}])
        self.run_out("T-1")
        self.assertEqual(self.calculate()["spendable"], [{"unit": "T_BONUS", "max": 50.0}])
        self.assertEqual(self.confirm("T-2", spend=SPEND_ALL)["totals"]["spent"], 50.0)
        self.assert_books()

    def test_a_till_whose_clock_is_ahead_ends_no_hold_of_others(self):
        self.hold("T-1", spend=SPEND_ALL)
        ahead = self.confirm("T-2", spend=SPEND_ALL, at=ago(hours=-5))
        self.assertEqual(ahead["totals"]["spent"], 0)
        self.assertEqual(self.call("purchase_confirm", purchase="T-1")["totals"]["spent"], 50.0)
        self.assertEqual(self.balance()["debt"], 0)

    def test_cancel_releases_what_was_held(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.assertEqual(
            self.call("purchase_cancel", purchase="T-1"), {"purchase": "T-1", "state": "cancelled"}
        )
        self.assertEqual((self.balance()["held"], self.available()), (0, 50))
        self.refused("purchase_cancelled", "purchase_confirm", purchase="T-1")
        self.assert_books()

    def test_a_cancel_that_comes_before_its_hold_wins(self):
        self.call("purchase_cancel", purchase="T-1")
        for method in ("purchase_hold", "purchase_confirm"):
            self.refused("purchase_cancelled", method, **self.basket(purchase="T-1"))
        self.assertEqual(self.call("purchase_get", purchase="T-1")["state"], "cancelled")

    def test_cancelling_twice_is_cancelling_once(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.call("purchase_cancel", purchase="T-1")
        events = self.env["loy.event"].search_count([("kind", "=", "purchase.cancelled")])
        self.call("purchase_cancel", purchase="T-1")
        self.assertEqual(self.env["loy.event"].search_count([("kind", "=", "purchase.cancelled")]), events)


class TestConfirm(PurchaseCase):
    def test_a_confirmed_purchase_leaves_lines_uses_movements_and_an_event(self):
        answer = self.confirm("T-1", spend=[{"unit": "T_BONUS", "amount": 10}], register="R1", channel="web")
        purchase = self.purchase_of("T-1")
        self.assertEqual(purchase.state, "confirmed")
        self.assertEqual(
            (purchase.base, purchase.discount, purchase.spent, purchase.to_pay), (110.0, 9.0, 10.0, 91.0)
        )
        self.assertEqual(
            [
                (
                    line.line_ref,
                    line.sku,
                    line.product_id.default_code,
                    line.categ_id.loy_code,
                    line.quantity,
                    line.discount,
                )
                for line in purchase.line_ids.sorted("id")
            ],
            [("1", "T-1001", "T-1001", "T_COFFEE", 2.0, 9.0), ("2", "T-1002", "T-1002", False, 1.0, 0.0)],
        )
        self.assertEqual(sum(purchase.line_ids.mapped("amount")), 91.0)
        uses = {use.promotion_id.code: (use.discount, use.points) for use in purchase.promotion_ids}
        self.assertEqual(uses["T_COFFEE10"], (9.0, 0.0))
        self.assertEqual(uses["T_BASE5"], (0.0, 4.0))
        self.assertEqual(sorted(purchase.transaction_ids.mapped("kind")), ["accrue", "spend"])
        event = self.env["loy.event"].search([("kind", "=", "purchase.confirmed")], limit=1, order="id desc")
        self.assertEqual(event.purchase_id, purchase)
        self.assertEqual(self.available(), 44)
        self.assertEqual(answer["state"], "confirmed")
        self.assert_books()

    def test_what_was_expected_and_is_not_stops_everything(self):
        text = self.refused(
            "total_changed", "purchase_confirm", **self.basket(purchase="T-1", expected={"to_pay": 100.99})
        )
        self.assertIn("101", text)
        self.hold("T-2", spend=SPEND_ALL)
        self.refused("total_changed", "purchase_confirm", purchase="T-2", expected={"to_pay": 1})
        self.assertEqual(self.balance()["held"], 50)
        self.confirm("T-1", expected={"to_pay": 101})
        self.call("purchase_confirm", purchase="T-2", expected={"to_pay": "51.00"})

    def test_what_a_receipt_names_is_not_deleted(self):
        self.confirm("T-1", register="R1")
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        product = self.env["product.product"].search([("default_code", "=", "T-1001")])
        for record in (store.register_ids, store, product):
            with self.assertRaisesRegex(UserError, "sold_already"), self.env.cr.savepoint():
                record.unlink()
        product._unlink_or_archive()
        self.assertFalse(product.active)
        self.env["loy.store"].create({"code": "T_NEW", "name": "New"}).unlink()

    def test_a_number_is_confirmed_once(self):
        self.confirm("T-1")
        for method in ("purchase_hold", "purchase_confirm"):
            self.refused("purchase_confirmed", method, **self.basket(purchase="T-1"))
        self.refused("purchase_confirmed", "purchase_confirm", purchase="T-1")
        self.refused("purchase_confirmed", "purchase_cancel", purchase="T-1")

    def test_a_number_without_lines_must_be_held(self):
        self.refused("purchase_not_found", "purchase_confirm", purchase="T-NONE")
        self.refused("bad_request", "purchase_confirm", purchase="T-1", store="T_S1")

    def test_no_more_is_spent_than_there_is(self):
        answer = self.confirm("T-1", spend=[{"unit": "T_BONUS", "amount": 5000}])
        self.assertEqual(answer["totals"]["spent"], 50.0)
        self.assertEqual(self.balance()["debt"], 0)

    def test_all_points_that_pay_are_taken_whichever_promotion_lets_them(self):
        spend = {"kind": "spend", "unit": "T_BONUS", "max_percent": 30}
        self.apply({"promotions": [self.promotion("T_SPEND2", spend, group="t_points")]})
        self.give(1000)
        before = self.available()
        answer = self.confirm("T-1", spend=SPEND_ALL)
        self.assertEqual(len(answer["spent"]), 2)
        earned = sum(one["amount"] for one in answer["earned"])
        self.assertEqual(before + earned - self.available(), answer["totals"]["spent"])
        self.hold("T-2", spend=SPEND_ALL)
        before = self.available()
        answer = self.call("purchase_confirm", purchase="T-2")
        self.assertEqual(self.available() - before, sum(one["amount"] for one in answer["earned"]))
        self.assert_books()

    def test_a_promotion_renamed_since_still_counts_the_uses_of_late_receipts(self):
        promotion = self.env["loy.promotion"].search([("code", "=", "T_COFFEE10")])
        promotion.code = "T_RENAMED"
        self.confirm("T-1", at=ago(days=1))
        self.assertIn(promotion, self.purchase_of("T-1").promotion_ids.promotion_id)

    def test_lines_and_uses_are_read_by_the_record_of_the_purchase(self):
        self.confirm("T-1")
        purchase = self.purchase_of("T-1")
        self.assertEqual(sum(purchase.line_ids.mapped("discount")), purchase.discount)
        self.assertEqual(sum(purchase.promotion_ids.mapped("discount")), purchase.discount)

    def test_an_empty_basket_is_a_purchase_of_nothing(self):
        answer = self.confirm("T-1", lines=[])
        self.assertEqual(answer["totals"]["to_pay"], 0.0)

    def test_replay_under_the_stored_programme_gives_the_stored_bytes(self):
        self.confirm("T-1", spend=SPEND_ALL, at=ago(days=3))
        self.hold("T-2", spend=[{"unit": "T_BONUS", "amount": "max"}], at=ago(days=2))
        self.confirm("T-3", at=ago(days=1), member=None)
        stored = {number: as_bytes(self.purchase_of(number).result) for number in ("T-1", "T-2", "T-3")}
        # the programme is changed in every way, also for the time of those receipts
        self.apply({"promotions": [self.promotion("T_COFFEE10", {"kind": "percent", "value": 55})]})
        self.apply({"promotions": [], "groups": []}, replace=["promotions"], at=ago(days=20))
        self.apply(
            {"units": [{"code": "T_BONUS", "rate": 7}], "settings": {"line_cap_percent": 1}}, at=ago(days=20)
        )
        self.assertNotEqual(as_bytes(self.calculate(at=ago(days=3))), stored["T-1"])
        for number, result in stored.items():
            purchase = self.purchase_of(number)
            compiled = self.env["loy.programme"]._at(
                purchase.company_id, purchase.purchased_at, purchase.programme_number
            )
            again = evaluate(compiled.programme, Basket.from_document(purchase.basket))
            self.assertEqual(as_bytes(json.loads(json.dumps(again.to_document()))), result, number)

    def test_purchase_get_tells_what_was_answered(self):
        answer = self.confirm("T-1", spend=SPEND_ALL)
        got = self.call("purchase_get", purchase="T-1")
        self.assertEqual({key: got[key] for key in answer}, answer)
        self.assertEqual((got["store"], got["member"]), ("T_S1", self.member))
        self.refused("purchase_not_found", "purchase_get", purchase="T-NONE")


class TestReturn(PurchaseCase):
    def test_a_whole_return_restores_the_balance(self):
        before = self.balance()
        self.confirm("T-1", spend=[{"unit": "T_BONUS", "amount": 10}])
        answer = self.call("purchase_return", purchase="T-1", return_="T-1R")
        self.assertEqual(answer["refund"]["money"], 91.0)
        self.assertEqual(answer["refund"]["points"], [{"unit": "T_BONUS", "amount": 10.0}])
        self.assertEqual(answer["taken_back"], [{"unit": "T_BONUS", "amount": 4.0}])
        self.assertEqual(self.balance(), before)
        self.assertEqual(self.call("purchase_get", purchase="T-1")["state"], "returned")
        self.assertEqual(self.call("purchase_get", purchase="T-1")["returns"], ["T-1R"])
        self.assert_books()

    def test_a_return_is_a_purchase_with_negative_sums(self):
        self.confirm("T-1")
        self.call("purchase_return", purchase="T-1", return_="T-1R")
        sold, returned = self.purchase_of("T-1"), self.purchase_of("T-1R")
        self.assertEqual((returned.kind, returned.origin_id), ("return", sold))
        for name in ("base", "discount", "spent", "to_pay"):
            self.assertEqual(returned[name], -sold[name])
        for name in ("quantity", "base", "discount", "amount"):
            self.assertEqual(sum(returned.line_ids.mapped(name)), -sum(sold.line_ids.mapped(name)))

    def test_points_that_were_spent_since_become_a_debt(self):
        self.confirm("T-1")
        self.call("account_write_off", member=self.member, unit="T_BONUS", amount=55)
        self.call("purchase_return", purchase="T-1", return_="T-1R")
        self.assertEqual(self.balance()["debt"], 5)
        self.assert_books()

    def test_goods_come_back_once(self):
        self.confirm("T-1")
        self.call("purchase_return", purchase="T-1", return_="T-1R")
        self.refused("purchase_returned", "purchase_return", purchase="T-1", return_="T-1R2")
        self.refused("purchase_returned", "purchase_return", purchase="T-1R", return_="T-1RR")
        self.refused("purchase_returned", "purchase_cancel", purchase="T-1")
        self.refused("purchase_returned", "purchase_hold", **self.basket(purchase="T-1"))

    def test_all_lines_may_be_named_in_full(self):
        self.confirm("T-1")
        lines = [{"id": "2", "quantity": 1.0}, {"id": "1", "quantity": "2.000"}]
        self.call("purchase_return", purchase="T-1", return_="T-1R", lines=lines)
        self.assertEqual(self.available(), 50)

    def test_what_was_not_bought_does_not_come_back(self):
        self.confirm("T-1")
        for code, lines in {
            "return_exceeds": [{"id": "1", "quantity": 3}],
            "line_not_found": [{"id": "7", "quantity": 1}],
            "bad_request": [{"id": "1", "quantity": 0}],
        }.items():
            self.refused(code, "purchase_return", purchase="T-1", return_="T-1R", lines=lines)
        self.refused("bad_request", "purchase_return", purchase="T-1", return_="T-1R", lines=[])

    def test_a_line_of_nothing_is_not_asked_back(self):
        lines = [*self.basket()["lines"], {"id": "3", "sku": "T-1002", "quantity": 0}]
        self.confirm("T-1", lines=lines)
        whole = [{"id": "1", "quantity": 2}, {"id": "2", "quantity": 1}]
        self.call("purchase_return", purchase="T-1", return_="T-1R", lines=whole)

    def test_nothing_comes_back_before_it_was_bought(self):
        self.confirm("T-1", at=ago(days=1))
        self.refused("at_out_of_range", "purchase_return", purchase="T-1", return_="T-1R", at=ago(days=2))
        self.call("purchase_return", purchase="T-1", return_="T-1R", at=ago(hours=1))
        self.confirm("T-2", at=ago(hours=-1))  # a till whose clock is ahead
        self.call("purchase_return", purchase="T-2", return_="T-2R")

    def test_only_what_is_confirmed_comes_back(self):
        self.refused("purchase_not_found", "purchase_return", purchase="T-1", return_="T-1R")
        self.hold("T-1")
        self.refused("purchase_held", "purchase_return", purchase="T-1", return_="T-1R")
        self.call("purchase_cancel", purchase="T-1")
        self.refused("purchase_cancelled", "purchase_return", purchase="T-1", return_="T-1R")

    def test_a_return_has_a_number_of_its_own(self):
        self.confirm("T-1")
        self.confirm("T-2")
        self.refused("return_exists", "purchase_return", purchase="T-1", return_="T-2")
        self.refused("return_exists", "purchase_return", purchase="T-1", return_="T-1")


class TestNumbers(PurchaseCase):
    """Companies number their receipts each by itself, and one user may sell for several."""

    def setUp(self):
        super().setUp()
        other = self.env["res.company"].create({"name": "Other"})
        values = {"code": "T_OTHER", "name": "Other", "company_id": other.id, "timezone": "UTC"}
        self.env["loy.store"].create(values)
        self.integrator.company_ids |= other
        self.other = {
            "store": "T_OTHER",
            "purchase": "T-1",
            "lines": [{"id": "1", "sku": "ANY", "price": 10, "quantity": 1}],
        }

    def test_a_number_of_another_company_is_another_purchase(self):
        self.hold("T-1", spend=SPEND_ALL)
        self.call("purchase_hold", **self.other)
        self.assertEqual(self.balance()["held"], 50)
        self.call("purchase_confirm", **self.other)
        self.confirm("T-1", spend=SPEND_ALL)
        purchases = self.env["loy.purchase"].search([("number", "=", "T-1")])
        self.assertEqual(sorted(purchases.mapped("to_pay")), [10.0, 51.0])
        self.refused("purchase_ambiguous", "purchase_get", purchase="T-1")

    def test_points_of_each_company_are_told(self):
        other = self.env["loy.store"].search([("code", "=", "T_OTHER")]).company_id
        self.env["loy.unit"].create({"code": "T_THEIRS", "name": "Theirs", "company_id": other.id})
        self.give(7, unit="T_THEIRS")
        self.assertEqual(self.available("T_THEIRS"), 7)
        units = {one["unit"] for one in self.call("account_balance", member=self.member)["balances"]}
        self.assertEqual(units, {"T_BONUS", "T_THEIRS"})

    def test_a_cancel_that_comes_first_wins_in_any_company(self):
        self.call("purchase_cancel", purchase="T-1")
        self.refused("purchase_cancelled", "purchase_hold", **self.other)


class TestBounds(PurchaseCase):
    """A user may be bound to stores."""

    def setUp(self):
        super().setUp()
        store = self.env["loy.store"].search([("code", "=", "T_S2")])
        self.confirm("T-S1")
        self.hold("T-S1H")
        self.integrator.loy_store_ids = store

    def test_a_bound_user_sells_only_there(self):
        self.calculate(store="T_S2")
        for method in ("purchase_calculate", "purchase_hold", "purchase_confirm"):
            self.refused("store_forbidden", method, **self.basket(purchase="T-1"))

    def test_a_bound_user_does_not_touch_purchases_of_other_stores(self):
        self.refused("store_forbidden", "purchase_get", purchase="T-S1")
        self.refused("store_forbidden", "purchase_return", purchase="T-S1", return_="T-R")
        self.refused("store_forbidden", "purchase_confirm", purchase="T-S1H")
        self.refused("store_forbidden", "purchase_cancel", purchase="T-S1H")
