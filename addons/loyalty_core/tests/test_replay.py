"""A replay finds, of each receipt of a period, what two programmes give differently, and changes nothing else."""

from datetime import date
from itertools import count
from unittest.mock import patch

from odoo import Command
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from .api_common import ApiCase

HALF = {"kind": "percent", "value": 50, "target": {"sku": ["T-1001"]}}
FIXED = {"kind": "amount", "value": 7}
DOUBLE = {"kind": "points", "unit": "T_BONUS", "percent": 10}
FIRST, LAST = date(2026, 10, 1), date(2026, 10, 7)
FACTS = ("day", "category", "promotion", "receipt", "member", "use")
MONEY = ("discount_change", "spent_change", "points_change", "cost")


@tagged("post_install", "-at_install")
class ReplayCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "t_marketer", groups="loyalty_core.group_marketer", tz="UTC")
        cls.numbers = count(1)
        cls.members = [cls.member, *(cls.register(number) for number in range(2))]

    @classmethod
    def register(cls, number):
        return cls.call("member_register", phone=f"+38067222000{number}")["member"]

    # ------------------------------------------------------------------ what there is

    @classmethod
    def buy(cls, day=1, member=0, quantity=2, **values):
        """A receipt of October: espressos and a bun."""
        return cls.call(
            "purchase_confirm",
            purchase=values.pop("purchase", f"R-{next(cls.numbers)}"),
            **cls.basket(
                at=f"2026-10-{day:02}T12:{next(cls.numbers) % 60:02}:00",
                member=None if member is None else {"member": cls.members[member]},
                lines=[
                    {"id": "1", "sku": "T-1001", "quantity": quantity, "price": 45.00},
                    {"id": "2", "sku": "T-1002", "quantity": 1},
                ],
                **values,
            ),
        )

    @classmethod
    def buy_much(cls):
        """Nine receipts of several people, days and sizes, one after another."""
        return [
            cls.buy(day=1 + number // 3, member=(0, 1, 2, None)[number % 4], quantity=1 + number % 3)
            for number in range(9)
        ]

    def draft(self, code, *rewards, **values):
        document = {**self.promotion(code, *rewards, **values), "state": "draft"}
        self.apply({"promotions": [document]})
        return self.env["loy.promotion"].search([("code", "=", code)])

    def replay(self, a=(), b=(), without_a=(), without_b=(), user=None, limit=500, **values):
        replay = self.asked(a, b, without_a, without_b, user, **values)
        replay.action_loy_run()
        self.work(replay, limit)
        return replay.sudo()

    def asked(self, a=(), b=(), without_a=(), without_b=(), user=None, **values):
        sides = {"draft_a_ids": a, "draft_b_ids": b, "without_a_ids": without_a, "without_b_ids": without_b}
        return (
            self.env["loy.replay"]
            .with_user(user or self.marketer)
            .create(
                {
                    "date_from": FIRST,
                    "date_to": LAST,
                    **{name: [Command.set([one.id for one in promotions])] for name, promotions in sides.items()},
                    **values,
                }
            )
        )

    def work(self, replay, limit=500):
        while self.env["loy.replays"]._continue(replay, limit):
            pass
        replay.invalidate_recordset()
        self.assertEqual((replay.state, replay.problem), ("done", False))

    def facts(self, replay):
        """All that was found, but for what the rows are called."""
        self.env.flush_all()
        hidden = ("id", "replay_id")
        found = {}
        for name in FACTS:
            table = SQL.identifier(f"loy_replay_{name}")
            self.env.cr.execute(SQL("SELECT * FROM %s WHERE replay_id = %s", table, replay.id))
            columns = [column.name for column in self.env.cr.description]
            found[name] = sorted(
                str([value for column, value in zip(columns, row, strict=True) if column not in hidden])
                for row in self.env.cr.fetchall()
            )
        own = ("receipt_count", "touched_count", "member_count", "amount_a", "points", *MONEY)
        return {**found, "own": [replay[name] for name in own]}

    def sums(self, replay, model="loy.replay.day"):
        rows = self.env[model].search([("replay_id", "=", replay.id)])
        return {name: round(sum(rows.mapped(name)), 6) for name in MONEY}


class TestReplay(ReplayCase):
    def test_whoever_is_bound_to_a_store_asks_of_it_and_sees_no_other(self):
        self.buy(day=1)
        self.buy(day=2, store="T_S2")
        draft = self.draft("T_HALF", HALF)
        whole = self.replay(b=draft)
        mine = self.env["loy.store"].search([("code", "=", "T_S1")])
        bound = new_test_user(self.env, "t_bound", groups="loyalty_core.group_analyst", tz="UTC")
        bound.loy_store_ids = mine
        models = ("loy.replay", "loy.replay.promotion", "loy.replay.day", "loy.replay.category", "loy.replay.receipt")
        for name in models[:2]:
            self.assertFalse(self.env[name].with_user(bound).search([]))
        for name in models[2:]:
            self.assertEqual(self.env[name].with_user(bound).search([]).store_id, mine)
        asked = self.asked(b=draft, user=bound, store_ids=False)
        with self.assertRaises(LoyaltyError) as caught:
            asked.action_loy_run()
        self.assertEqual(caught.exception.code, "store_forbidden")
        own = self.replay(b=draft, user=bound).with_user(bound)
        self.assertEqual((own.store_ids, own.receipt_count), (mine, 1))
        self.assertLess(own.cost, 0.9 * whole.cost)
        self.assertTrue(own.promotion_fact_ids)

    def test_the_right_alone_is_enough_to_ask_and_to_read_the_answer(self):
        self.buy_much()
        user = new_test_user(self.env, "t_own", groups="base.group_user", tz="UTC")
        right = self.env["loy.right"].search([("code", "=", "replay.run")])
        self.env["loy.role"].create(
            {"name": "Asks", "right_ids": [Command.set(right.ids)], "user_ids": [Command.set(user.ids)]}
        )
        replay = self.replay(b=self.draft("T_HALF", HALF), user=user).with_user(user)
        self.assertGreater(replay.cost, 0)
        rows = {"fields": {"display_name": {}}}
        asked = ("draft_b_ids", "without_b_ids", "promotion_fact_ids", "receipt_ids")
        (read,) = replay.web_read({"cost": {}, "points_text": {}, **dict.fromkeys(asked, rows)})
        self.assertEqual(len(read["receipt_ids"]), replay.touched_count)
        for name in ("day", "category"):
            self.assertTrue(self.env[f"loy.replay.{name}"].with_user(user).search([("replay_id", "=", replay.id)]))
        with self.assertRaises(AccessError):
            self.env["loy.purchase"].with_user(user).search([])

    def test_the_same_programme_on_both_sides_changes_nothing(self):
        self.give(100)
        answers = [*self.buy_much(), self.buy(day=5, spend=[{"unit": "T_BONUS", "amount": 20}])]
        replay = self.replay()
        self.assertEqual((replay.receipt_count, replay.touched_count, replay.member_count), (10, 0, 0))
        self.assertEqual({name: replay[name] for name in MONEY}, dict.fromkeys(MONEY, 0))
        self.assertFalse(replay.receipt_ids)
        # What the compared side comes to is what the receipts came to.
        self.assertAlmostEqual(replay.amount_a, sum(one["totals"]["to_pay"] for one in answers))
        days = self.env["loy.replay.day"].search([("replay_id", "=", replay.id)])
        self.assertAlmostEqual(sum(days.mapped("discount_a")), sum(one["totals"]["discount"] for one in answers))
        self.assertAlmostEqual(
            sum(days.mapped("points_a")), sum(lot["amount"] for one in answers for lot in one["earned"])
        )

    def test_it_finds_what_purchases_come_to_where_the_draft_is_active(self):
        limits = {"per_member": 2, "per_member_days": 3, "budget": 150}
        draft = self.draft("T_HALF", HALF, limits=limits)
        with self.env.cr.savepoint() as savepoint:
            self.apply({"promotions": [self.promotion("T_HALF", HALF, limits=limits)]})
            with_it = self.buy_much()
            savepoint.rollback()
        self.env.invalidate_all()
        type(self).numbers = count(1)
        without = self.buy_much()
        replay = self.replay(b=draft)
        self.assertAlmostEqual(
            replay.discount_change, sum(one["totals"]["discount"] for one in with_it)
            - sum(one["totals"]["discount"] for one in without),
        )  # fmt: skip
        self.assertGreater(replay.discount_change, 0)
        self.assertLess(replay.points_change, 0)  # there is less to pay, and points are of what is paid
        self.assertEqual(
            replay.touched_count,
            sum(one["totals"] != other["totals"] for one, other in zip(with_it, without, strict=True)),
        )
        (fact,) = replay.promotion_fact_ids.filtered(lambda one: one.code == "T_HALF")
        self.assertEqual((fact.uses_a, fact.uses_b), (0, replay.touched_count))
        self.assertAlmostEqual(
            fact.discount_b,
            sum(part["discount"] for one in with_it for line in one["lines"] for part in line["promotions"]
                if part["code"] == "T_HALF"),
        )  # fmt: skip

    def test_of_any_draft_it_finds_what_both_programmes_would_have_given(self):
        """Each draft is active in one history of purchases, and tried on the receipts of another without it."""
        coffee = {"sku": ["T-1001"]}
        drafts = {
            "per member and day": {"limits": {"per_member": 1, "per_member_days": 1}},
            "per day": {"limits": {"per_day": 2}},
            "in all": {"limits": {"total": 4}},
            "budget": {"limits": {"budget": 20}},
            "control group": {"control_percent": 50},
            "count": {"when": {"kind": "purchases_count", "min": 1, "max": 1}},
            "count of goods": {"when": {"kind": "purchases_quantity", "target": coffee, "min": 2}},
            "number": {"when": {"kind": "purchase_number", "every": 2}},
            "first use": {"when": {"all": [
                {"kind": "identified"}, {"kind": "since", "event": "first_use", "days": 1}]}},
            "nobody": {"when": {"kind": "tag", "in": ["Nobody has it"]}},
            "place and time": {"when": {"all": [
                {"kind": "place", "network": ["T_N1"]}, {"kind": "time", "weekdays": [4, 5]}]}},
            "earning": {"rewards": [DOUBLE], "limits": {"base_per_member": {"amount": {"day": 100, "week": 150}}}},
            "points in all": {"rewards": [DOUBLE], "limits": {"budget_points": 15}},
        }  # fmt: skip
        histories = {}
        for number, (name, values) in enumerate(drafts.items()):
            with self.env.cr.savepoint() as savepoint:
                document = {"rewards": [FIXED], **values}
                self.apply({"promotions": [self.promotion(f"T_D{number}", *document.pop("rewards"), **document)]})
                type(self).numbers = count(1)
                histories[name] = self.told(self.buy_much())
                savepoint.rollback()
            self.env.invalidate_all()
        type(self).numbers = count(1)
        without = self.told(self.buy_much())
        for number, (name, values) in enumerate(drafts.items()):
            with self.subTest(draft=name):
                document = {"rewards": [FIXED], **values}
                draft = self.draft(f"T_D{number}", *document.pop("rewards"), **document)
                replay = self.replay(b=draft, limit=4)
                rows = self.env["loy.replay.day"].search([("replay_id", "=", replay.id)])
                found = [sum(rows.mapped(column)) for column in ("discount_b", "points_b")]
                self.assertEqual(found, histories[name])
                self.assertEqual([sum(rows.mapped(column)) for column in ("discount_a", "points_a")], without)
                self.assertEqual(histories[name] != without, name != "nobody")

    def told(self, answers):
        """Discounts and points that tills were answered."""
        return [
            sum(one["totals"]["discount"] for one in answers),
            sum(lot["amount"] for one in answers for lot in one["earned"]),
        ]

    def test_sums_by_day_category_and_promotion_are_the_same(self):
        self.buy_much()
        replay = self.replay(b=self.draft("T_HALF", HALF, DOUBLE))
        whole = {name: round(replay[name], 6) for name in MONEY}
        for model in ("loy.replay.day", "loy.replay.category", "loy.replay.promotion"):
            self.assertEqual(self.sums(replay, model), whole, model)
        self.assertGreater(replay.cost, 0)
        coffee = self.env["loy.replay.category"].search(
            [("replay_id", "=", replay.id), ("categ_id.loy_code", "=", "T_COFFEE")]
        )
        self.assertAlmostEqual(sum(coffee.mapped("discount_change")), replay.discount_change)
        self.assertEqual(sum(coffee.mapped("line_count")), 9)

    def test_sides_that_change_places_find_the_same_with_the_other_sign(self):
        self.buy_much()
        one, other = self.draft("T_HALF", HALF), self.draft("T_FIXED", FIXED, DOUBLE, limits={"total": 4})
        there, back = self.replay(a=one, b=other), self.replay(a=other, b=one)
        self.assertNotEqual(there.cost, 0)
        for name in MONEY:
            self.assertAlmostEqual(there[name], -back[name], msg=name)
        self.assertEqual(there.touched_count, back.touched_count)
        self.assertEqual(there.member_count, back.member_count)
        sides = {fact.code: (fact.uses_a, fact.uses_b) for fact in there.promotion_fact_ids}
        for fact in back.promotion_fact_ids:
            self.assertEqual((fact.uses_b, fact.uses_a), sides[fact.code])

    def test_no_limit_of_a_draft_is_passed(self):
        for number in range(12):
            self.buy(day=1 + number // 4, member=number % 3)
        uses = {"total": 5}, {"per_day": 1}, {"per_member": 1}, {"budget": 25}, {"per_member": 1, "per_member_days": 2}
        for limits, most in zip(uses, (5, 3, 3, 3, 6), strict=True):
            with self.subTest(limits=limits):
                draft = self.draft(f"T_{sorted(limits)}{most}", FIXED, limits=limits)
                replay = self.replay(b=draft, limit=5)
                (fact,) = replay.promotion_fact_ids.filtered(lambda one, draft=draft: one.code == draft.code)
                self.assertEqual(fact.uses_b, most)
                self.assertAlmostEqual(fact.discount_b, 7.0 * most)

    def test_drafts_that_share_a_limit_share_it_within_the_replay(self):
        for member in (0, 1, 2, 0, 1, 2):
            self.buy(member=member)
        self.apply({"limits": [{"code": "T_SHARED", "budget": 30}]})
        drafts = [self.draft(f"T_FIXED{one}", FIXED, limits={"share": "T_SHARED"}) for one in (1, 2)]
        replay = self.replay(b=drafts, limit=2)
        self.assertAlmostEqual(replay.discount_change, 28.0)

    def test_stopped_killed_and_resumed_it_finds_the_same(self):
        self.buy_much()
        drafts = self.draft("T_HALF", HALF, limits={"per_member": 2, "budget": 100}) | self.draft("T_DOUBLE", DOUBLE)
        whole = self.facts(self.replay(b=drafts))
        replay = self.asked(b=drafts)
        replay.action_loy_run()
        service = self.env["loy.replays"]
        self.assertEqual(service._continue(replay, 2), 2)
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            service._continue(replay, 2)
            raise ZeroDivisionError  # the process dies before it commits
        replay.invalidate_recordset()
        self.assertEqual((replay.state, replay.seen_count), ("running", 2))
        service._continue(replay, 2)
        replay.action_loy_stop()
        self.assertEqual((replay.state, service._continue(replay, 2)), ("stopped", 0))
        drafts[0].rewards_text = '[{"kind": "percent", "value": 1}]'  # too late for what was asked
        replay.action_loy_run()
        self.work(replay, 2)
        self.assertEqual(self.facts(replay.sudo()), whole)

    def test_the_scheduler_works_in_batches_and_tells_how_far_it_is(self):
        self.buy_much()
        replay = self.asked(b=self.draft("T_HALF", HALF))
        replay.action_loy_run()
        self.assertEqual((replay.state, replay.progress), ("queued", 0))
        seen = []

        def commit_progress(cron, processed=0, *, remaining=None, deactivate=False):
            replay.invalidate_recordset()
            seen.append((processed, remaining, round(replay.progress)))
            return 60

        with (
            patch.object(type(self.env["ir.cron"]), "_commit_progress", commit_progress),
            patch("odoo.addons.loyalty_core.services.replays.BATCH", 4),
        ):
            self.env["loy.replay"]._cron_work()
        self.assertEqual(seen, [(4, 5, 44), (4, 1, 89), (1, 1, 100), (0, 0, 100)])
        self.assertEqual(replay.state, "done")

    def test_who_was_met_is_forgotten_when_it_is_done_or_who_was_met_is_erased(self):
        self.buy_much()
        draft = self.draft("T_HALF", HALF, limits={"per_member": 2})
        replay = self.asked(b=draft)
        replay.action_loy_run()
        self.assertFalse(replay.total_count)  # counted by the worker
        self.env["loy.replays"]._continue(replay, 8)
        self.assertEqual(replay.total_count, 9)
        erased = self.env["res.partner"].browse(int(self.members[1]))
        self.assertTrue(self.met(replay, erased))
        self.env["loy.privacy"]._erase(erased, is_written_off=True)
        self.assertFalse(self.met(replay, erased))
        self.work(replay)
        self.assertFalse(self.met(replay))
        self.assertTrue(replay.member_count)

    def met(self, replay, *members):
        """Rows that tell of members, of these or of any."""
        domain = [("replay_id", "=", replay.id), *(("member_id", "=", one.id) for one in members)]
        return sum(self.env[name].sudo().search_count(domain) for name in ("loy.replay.member", "loy.replay.use"))

    def test_what_the_database_refuses_ends_the_replay_and_is_told_to_whoever_asked(self):
        self.buy_much()
        self.env["res.lang"]._activate_lang("uk_UA")
        self.marketer.lang = "uk_UA"
        replay = self.asked(b=self.draft("T_HALF", HALF))
        replay.action_loy_run()
        replay.sudo().mark = ["no day", 0]
        with self.assertLogs("odoo.addons.loyalty_core.services.replays", "ERROR"), mute_logger("odoo.sql_db"):
            self.assertEqual(self.env["loy.replays"]._continue(replay), 1)
        self.assertEqual(replay.state, "failed")
        english = "Something went wrong that should not; the log of the server tells what."
        self.assertEqual(replay.problem, self.env(context={"lang": "uk_UA"})._(english))
        self.assertNotEqual(replay.problem, english)

    def test_dates_of_drafts_are_lifted_and_the_rest_is_as_it_was_then(self):
        self.buy(day=2)
        draft = self.draft("T_HALF", HALF, **{"from": "2031-01-01", "to": "2031-02-01"})
        self.assertAlmostEqual(self.replay(b=draft).discount_change, 40.5)
        # Ten per cent off coffee ended later: then it was there, and half comes after it.
        self.apply({"promotions": [{**self.programme["promotions"][0], "state": "ended"}]}, at="2026-11-01T00:00:00Z")
        self.assertAlmostEqual(self.replay(b=draft).discount_change, 40.5)

    def test_a_draft_may_name_what_was_made_since(self):
        self.buy(day=2)
        self.apply({"calendars": [{"code": "T_DAYS", "dates": ["2026-10-02"]}]}, at="2026-11-20T00:00:00Z")
        draft = self.draft("T_HALF", HALF, when={"kind": "time", "calendar": "T_DAYS"})
        self.assertAlmostEqual(self.replay(b=draft).discount_change, 40.5)

    def test_what_an_active_promotion_costs_is_told_by_leaving_it_out(self):
        answers = self.buy_much()
        active = self.env["loy.promotion"].search([("code", "=", "T_COFFEE10")])
        replay = self.replay(without_a=active)
        self.assertAlmostEqual(replay.discount_change, sum(one["totals"]["discount"] for one in answers))
        action = active.with_user(self.marketer).action_loy_replay()
        asked = self.env["loy.replay"].browse(action["res_id"])
        self.assertEqual((asked.without_a_ids, asked.draft_b_ids.ids), (active, []))
        again = active.with_user(self.marketer).action_loy_replay()
        self.assertEqual(again["res_id"], asked.id)

    def test_a_change_is_set_against_what_it_is_a_change_of(self):
        self.buy_much()
        active = self.env["loy.promotion"].search([("code", "=", "T_COFFEE10")])
        active.ends_on = "2026-10-02"
        change = active._change()
        change.rewards_text = active.rewards_text.replace("10", "20")
        asked = self.env["loy.replay"].browse(change.with_user(self.marketer).action_loy_replay()["res_id"])
        asked.write({"date_from": FIRST, "date_to": LAST})
        asked.action_loy_run()
        self.work(asked)
        days = self.env["loy.replay.day"].search([("replay_id", "=", asked.id)])
        # Both hold in the whole period: one takes twice what the other takes.
        self.assertGreater(sum(days.mapped("discount_a")), 0)
        self.assertAlmostEqual(sum(days.mapped("discount_b")), 2 * sum(days.mapped("discount_a")))
        self.assertIn("change", asked.side_b_text)

    def test_what_a_member_had_bought_before_the_receipt_is_what_counts(self):
        for day in (1, 2, 2, 3):
            self.buy(day=day)
        self.buy(day=3, member=1)
        third = {"kind": "purchases_count", "min": 2, "max": 2}
        replay = self.replay(b=self.draft("T_THIRD", FIXED, when=third))
        self.assertEqual(replay.touched_count, 1)
        (row,) = replay.receipt_ids
        self.assertEqual(row.number, self.numbers_of(0)[2])

    def numbers_of(self, member):
        return (
            self.env["loy.purchase"]
            .search([("member_id", "=", int(self.members[member]))], order="purchased_at, id")
            .mapped("number")
        )

    def test_receipts_that_came_back_whole_or_were_never_completed_are_left_out(self):
        self.buy(purchase="BACK")
        self.buy(day=2, purchase="PART")
        self.call("purchase_return", purchase="BACK", return_="BACK-1")
        self.call("purchase_return", purchase="PART", return_="PART-1", lines=[{"id": "1", "quantity": 1}])
        self.call("purchase_hold", purchase="HELD", **self.basket(at="2026-10-02T12:00:00"))
        replay = self.replay(b=self.draft("T_HALF", HALF))
        self.assertEqual(replay.receipt_count, 1)
        self.assertAlmostEqual(replay.discount_change, 40.5)

    def test_a_receipt_made_offline_is_judged_as_if_the_till_had_been_online(self):
        self.apply({"settings": {**self.programme["settings"], "offline_days": 10_000}})
        given = [{"id": "1", "sku": "T-1001", "quantity": 2, "price": 45.00,
                  "given": [{"promotion": "TILL", "discount": 30}]}]  # fmt: skip
        self.call("purchase_confirm", purchase="OFF", offline=True,
                  **self.basket(at="2026-10-02T12:00:00", lines=given))  # fmt: skip
        replay = self.replay(b=self.draft("T_HALF", HALF))
        self.assertAlmostEqual(replay.discount_change, 40.5)

    def test_a_receipt_whose_basket_is_not_kept_is_told_and_left_out(self):
        self.buy(purchase="OLD")
        self.buy(day=2)
        self.purchase_of("OLD").basket = False
        replay = self.replay(b=self.draft("T_HALF", HALF))
        self.assertEqual((replay.seen_count, replay.unread_count, replay.receipt_count), (2, 1, 1))
        self.assertIn("1", replay.notes_text)

    def test_what_receipts_do_not_tell_is_said(self):
        self.buy()
        self.apply({"code_pools": [{"code": "T_POOL", "pattern": "T-######"}]})
        draft = self.draft("T_CODE", FIXED, when={"kind": "promo_code", "pool": "T_POOL"})
        replay = self.replay(b=draft)
        self.assertEqual(replay.touched_count, 0)
        self.assertIn("promo codes", replay.notes_text)

    def test_stores_and_days_are_those_asked_for(self):
        self.buy(day=1)
        self.buy(day=7, store="T_S2")
        self.buy(day=8)
        draft = self.draft("T_HALF", HALF)
        store = self.env["loy.store"].search([("code", "=", "T_S2")])
        self.assertEqual(self.replay(b=draft).receipt_count, 2)
        self.assertEqual(self.replay(b=draft, store_ids=[Command.set(store.ids)]).receipt_count, 1)
        with self.assertRaises(LoyaltyError) as caught:
            self.replay(b=draft, date_from=date(2020, 1, 1), date_to=date(2020, 1, 2))
        self.assertEqual(caught.exception.code, "no_receipts")

    def test_what_is_set_off_by_events_cannot_be_replayed(self):
        self.buy()
        birthday = self.draft(
            "T_BIRTHDAY", {"kind": "points", "unit": "T_BONUS", "amount": 10}, on={"event": "birthday"}
        )
        with self.assertRaises(LoyaltyError) as caught:
            self.replay(b=birthday)
        self.assertEqual(caught.exception.code, "bad_promotion")

    def test_the_receipts_that_gain_most_open_on_the_test_bench(self):
        for quantity in (1, 3, 2):
            self.buy(quantity=quantity)
        replay = self.replay(b=self.draft("T_HALF", HALF)).with_user(self.marketer)
        self.assertEqual(replay.receipt_ids.mapped("cost"), sorted(replay.receipt_ids.mapped("cost"), reverse=True))
        first = replay.receipt_ids[0]
        self.assertEqual(first.purchase_id.line_ids.sorted("id")[0].quantity, 3)
        case = self.env["loy.bench.case"].browse(first.action_loy_try()["res_id"])
        case.with_user(self.marketer).action_loy_calculate()
        self.assertAlmostEqual(
            case.result["answer"]["totals"]["discount"], first.discount_b
        )

    def test_nothing_else_is_written(self):
        self.buy_much()
        replay = self.asked(b=self.draft("T_HALF", HALF, limits={"budget": 50}))
        before = self.state()
        replay.action_loy_run()
        self.work(replay)
        self.assertEqual({table for table in self.changes(before) if not table.startswith("loy_replay")}, set())

    def test_who_may_run_it_and_what_stays_as_it_was_asked(self):
        self.buy()
        replay = self.replay(b=self.draft("T_HALF", HALF)).with_user(self.marketer)
        replay.name = "Half"
        for vals in ({"date_to": LAST}, {"cost": 1}, {"state": "draft"}):
            with self.assertRaises(LoyaltyError) as caught:
                replay.write(vals)
            self.assertEqual(caught.exception.code, "replay_by_service")
        with self.assertRaises(AccessError):
            self.env["loy.replay.day"].with_user(self.marketer).search([], limit=1).cost = 1
        copied = self.env["loy.replay"].browse(replay.action_loy_again()["res_id"])
        self.assertEqual((copied.state, copied.cost, copied.draft_b_ids), ("draft", 0, replay.draft_b_ids))
        cashier = new_test_user(self.env, "t_cashier", groups="loyalty_core.group_cashier", tz="UTC")
        with self.assertRaises(LoyaltyError) as caught:
            replay.with_user(cashier).action_loy_stop()
        self.assertEqual(caught.exception.code, "right_missing")
        with self.assertRaises(AccessError):
            replay.with_user(cashier).read(["name"])
        replay.unlink()
        self.assertFalse(self.env["loy.replay.day"].search([]))
