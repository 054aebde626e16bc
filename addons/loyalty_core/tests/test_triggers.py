"""Promotions that something other than a purchase sets off."""

from datetime import datetime, timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from ..services import clock
from ..sql import triggers as sql
from .api_common import ApiCase, ago
from .committed_common import CommittedCase


def points(amount, **values):
    return {"kind": "points", "unit": "T_BONUS", "amount": amount, **values}


@tagged("post_install", "-at_install")
class TestTriggers(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.triggers = cls.env["loy.triggers"]
        cls.today = clock.to_local(fields.Datetime.now(), "Europe/Kyiv").date()
        cls.run_job()

    @classmethod
    def run_job(cls):
        """All that has happened so far."""
        cls.triggers._seal()
        while cls.triggers._read():
            pass
        while cls.triggers._do_day(cls.env.company, fields.Datetime.now()):
            pass

    def set_off(self, on, *rewards, code="T_EVENT", **values):
        self.apply({"promotions": [self.promotion(code, *(rewards or [points(200)]), on=on, **values)]})

    def register(self, name="bea", **values):
        return self.call("member_register", email=f"{name}@example.com", **values)["member"]

    def occurrences(self, member, code="T_EVENT"):
        found = self.env["loy.promotion.occurrence"].search(
            [("member_id", "=", int(member)), ("promotion_id.code", "=", code)], order="id"
        )
        return [(one.occurrence, one.is_given, one.outcome) for one in found]

    def test_a_member_who_lives_elsewhere_has_the_birthday_there(self):
        today = {"kind": "time", "dates": [str(self.today)]}
        self.set_off("birthday", points(50, expires={"after_days": 1}), when=today)
        zones = {None: "Europe/Kyiv", "America/New_York": "America/New_York", "Asia/Tokyo": "Asia/Tokyo"}
        members = {zone: self.register(f"zone{n}", timezone=zone) for n, zone in enumerate(zones)}
        for member in members.values():
            self.born(0, member)
        self.stand_still(1)
        self.run_job()
        midnight = datetime.combine(self.today, datetime.min.time())
        for zone, lives_in in zones.items():
            lot = self.env["loy.lot"].search([("member_id", "=", int(members[zone]))])
            with self.subTest(zone):
                booked = clock.to_utc(midnight, "Europe/Kyiv")
                self.assertEqual(lot.active_from, max(clock.to_utc(midnight, lives_in), booked))
                self.assertEqual(lot.expires_at, clock.to_utc(midnight + timedelta(days=1), lives_in))

    def stand_still(self, days):
        """The last day that is done lies so many days back."""
        self.env["loy.trigger.mark"].search([("company_id", "=", self.env.company.id)]).write(
            {"done_on": self.today - timedelta(days=days), "promotion_id": 0, "after_id": 0}
        )
        self.env.flush_all()

    def born(self, days, member=None):
        """The member has a birthday so many days from today, and has said so long ago."""
        day = self.today + timedelta(days=days)
        self.call("member_update", member=member or self.member, birth_date=f"1988-{day:%m-%d}", at=ago(days=60))

    # ------------------------------------------------------------------ what happens

    def test_who_registers_is_welcomed_at_once_and_once(self):
        self.set_off("registered", points(200, expires={"after_months": 12}))
        member = self.register()
        self.assertEqual(self.balance(member=member)["available"], 200)
        lot = self.env["loy.lot"].search([("member_id", "=", int(member))])
        self.assertEqual(lot.promotion_code, "T_EVENT")
        self.assertEqual(lot.transaction_id.source, "promotion")
        self.run_job()
        self.assertEqual(self.balance(member=member)["available"], 200)
        self.assertEqual(self.occurrences(member), [("once", True, "200 T_BONUS")])
        self.assert_books()

    def test_who_was_there_before_is_not_welcomed(self):
        self.set_off("registered")
        self.run_job()
        self.assertEqual(self.occurrences(self.member), [])

    def test_a_purchase_does_not_set_it_off(self):
        self.set_off("registered")
        before = self.balance()["available"]
        answer = self.call("purchase_confirm", purchase="P1", **self.basket())
        self.assertEqual([one["promotion"] for one in answer["earned"]], ["T_BASE5"])
        self.assertGreater(self.balance()["available"], before)
        reasons = self.call("purchase_calculate", explain=True, **self.basket())["refusals"]
        self.assertIn("event", [one["code"] for one in reasons if one["promotion"] == "T_EVENT"])

    def test_conditions_are_judged_on_the_member(self):
        self.set_off("registered", when={"kind": "attribute", "name": "pet", "value": "cat"})
        cat = self.register("a", attributes={"pet": "cat"})
        dog = self.register("b", attributes={"pet": "dog"})
        self.assertEqual(self.occurrences(cat), [("once", True, "200 T_BONUS")])
        self.assertEqual(self.occurrences(dog), [("once", False, "attribute")])

    def test_what_needs_a_purchase_is_refused(self):
        for values in (
            {"when": {"not": {"kind": "basket_amount", "min": 1}}},
            {"when": {"kind": "place", "store": ["T_S1"]}},
            {"rewards": [{"kind": "percent", "value": 10}]},
            {"rewards": [{"kind": "points", "unit": "T_BONUS", "percent": 10}]},
            {"rewards": [points(1, target={"sku": ["T-1001"]})]},
            {"rewards": [{"kind": "message", "to": "receipt", "text": "Hello"}]},
            {"on": {"event": "registered", "offset_days": -1}},
            {"on": {"event": "doomsday"}},
        ):
            promotion = {**self.promotion("T_EVENT", points(1), on="registered"), **values}
            self.refused("bad_request", "programme_apply", programme={"promotions": [promotion]})

    def test_the_document_comes_back_as_it_went_in(self):
        early = {"event": "birthday", "offset_days": -3}
        for on in ("birthday", early, {"event": "card_activated", "type": ["regular"]}):
            self.set_off(on)
            exported = self.call("programme_export")["programme"]["promotions"]
            self.assertEqual([one["on"] for one in exported if one["code"] == "T_EVENT"], [on])
        self.set_off("purchase")
        exported = self.call("programme_export")["programme"]["promotions"]
        self.assertEqual([one.get("on") for one in exported if one["code"] == "T_EVENT"], [None])

    def test_a_message_is_told_to_other_addons(self):
        message = {"kind": "message", "to": "customer", "text": "Welcome! {earned} for you"}
        self.set_off("registered", points(5), message)
        member = self.register()
        event = self.env["loy.event"].search([("kind", "=", "promotion.given"), ("member_id", "=", int(member))])
        self.assertEqual([one["text"] for one in event.data["messages"]], ["Welcome! 5 for you"])

    def test_a_card_comes_into_use(self):
        self.set_off({"event": "card_activated", "type": ["T_GOLD"]})
        self.env["loy.card.type"].create({"code": "T_GOLD", "name": "Gold", "number_prefix": "77"})
        member = self.register()
        self.assertEqual(self.occurrences(member), [])
        for _card in range(2):
            self.call("card_issue", member=member, card_type="T_GOLD")
        self.assertEqual([given for _key, given, _outcome in self.occurrences(member)], [True, True])

    def test_who_is_brought_along_is_no_newcomer(self):
        self.set_off("card_activated")
        self.set_off("registered", code="T_WELCOME")
        imported = {"email": "old@example.com", "external_id": "T-OLD", "cards": [{"number": "7000000017"}]}
        self.call("members_import", members=[imported])
        member = self.env["res.partner"].search([("loy_external_id", "=", "T-OLD")])
        self.run_job()
        self.assertFalse(self.env["loy.promotion.occurrence"].search([("member_id", "=", member.id)]))
        self.assertTrue(self.env["loy.event"].search([("kind", "=", "card.issued"), ("member_id", "=", member.id)]))

    def test_a_profile_is_filled_once(self):
        self.set_off({"event": "profile_filled", "attributes": ["birth_date", "pet"]})
        member = self.register(birth_date="1990-01-01")
        self.assertEqual(self.occurrences(member), [])
        for pet in ("cat", "", "dog"):
            self.call("member_update", member=member, attributes={"pet": pet})
        self.assertEqual(self.occurrences(member), [("once", True, "200 T_BONUS")])

    def test_events_that_others_tell_are_read_from_the_stream(self):
        self.set_off("phone_confirmed")
        for _time in range(2):
            self.env["loy.events"]._emit("member.phone_confirmed", at=fields.Datetime.now(), member_id=int(self.member))
        self.assertEqual(self.occurrences(self.member), [])
        self.run_job()
        self.assertEqual(self.occurrences(self.member), [("once", True, "200 T_BONUS")])

    def test_an_event_is_judged_by_the_promotion_of_its_time(self):
        self.set_off("phone_confirmed", points(10))
        at = fields.Datetime.now() - timedelta(days=3)
        later = self.promotion("T_EVENT", points(99), on="phone_confirmed")
        self.call("programme_apply", programme={"promotions": [later]})
        self.env["loy.events"]._emit("member.phone_confirmed", at=at, member_id=int(self.member))
        self.run_job()
        self.assertEqual(self.occurrences(self.member), [("once", True, "10 T_BONUS")])

    # ------------------------------------------------------------------ days

    def test_a_birthday_is_given_once_a_year_also_when_the_date_is_changed(self):
        self.set_off({"event": "birthday", "offset_days": -3}, points(500, expires={"after_days": 7}))
        self.born(3)
        self.stand_still(1)
        self.run_job()
        year = str((self.today + timedelta(days=3)).year)
        self.assertEqual(self.occurrences(self.member), [(year, True, "500 T_BONUS")])
        self.assertEqual(self.balance()["available"], 500)
        self.born(2)
        self.stand_still(2)
        self.run_job()
        self.assertEqual(len(self.occurrences(self.member)), 1)

    def test_days_that_were_missed_are_done_with_the_moments_that_were_due(self):
        self.set_off({"event": "birthday", "offset_days": -3}, points(500, expires={"after_days": 7}))
        self.born(0)
        self.stand_still(6)
        self.run_job()
        (lot,) = self.env["loy.lot"].search([("member_id", "=", int(self.member))])
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        begins, ends = store._to_local(lot.active_from), store._to_local(lot.expires_at)
        self.assertEqual(begins.date(), self.today - timedelta(days=3))
        self.assertEqual((begins.hour, ends.hour), (0, 0))
        self.assertEqual(ends.date(), begins.date() + timedelta(days=7))
        self.assertLessEqual(lot.active_from, fields.Datetime.now())
        self.run_job()
        self.assertEqual(len(self.occurrences(self.member)), 1)

    def test_the_birth_date_must_be_on_file_long_enough(self):
        when = {"kind": "attribute", "name": "birth_date", "op": "known", "known_days": 7}
        self.set_off({"event": "birthday", "offset_days": -3}, points(500), when=when)
        day = self.today + timedelta(days=3)
        early = self.register("early")
        late = self.register("late")
        for member, days in ((early, 7), (late, 6)):
            self.call("member_update", member=member, birth_date=f"1990-{day:%m-%d}", at=ago(days=days))
        self.stand_still(1)
        self.run_job()
        self.assertEqual([given for _key, given, _outcome in self.occurrences(early)], [True])
        self.assertEqual([outcome for _key, _given, outcome in self.occurrences(late)], ["attribute"])

    def test_days_after_an_event_are_counted_from_it(self):
        self.set_off({"event": "registered", "offset_days": 10}, points(30))
        at = ago(days=10)
        member = self.register("a", at=at)
        other = self.register("b", at=ago(days=9))
        self.stand_still(1)
        self.run_job()
        self.assertEqual([given for _key, given, _outcome in self.occurrences(member)], [True])
        self.assertEqual(self.occurrences(other), [])
        # An event that is told after its day is done is judged when it is read.
        late = self.register("c", at=ago(days=12))
        self.run_job()
        self.assertEqual([given for _key, given, _outcome in self.occurrences(late)], [True])

    def test_leap_day_is_the_28th_in_common_years(self):
        self.call("member_update", member=self.member, birth_date="1992-02-29")
        self.env.flush_all()

        def who(day):
            query = sql.whose_day("birth_date", day, self.env.company.id, True, int(self.member) - 1, 1)
            return [row[0] for row in self.env.execute_query(query)] == [int(self.member)]

        self.assertTrue(who(datetime(2027, 2, 28).date()))
        self.assertFalse(who(datetime(2028, 2, 28).date()))
        self.assertTrue(who(datetime(2028, 2, 29).date()))
        self.assertFalse(who(datetime(2027, 3, 1).date()))

    def test_batches_go_on_where_they_were(self):
        self.set_off("birthday", points(5))
        members = [self.register(f"m{index}") for index in range(5)]
        for member in members:
            self.born(0, member)
        self.stand_still(1)
        self.triggers._do_day(self.env.company, fields.Datetime.now(), limit=2)
        self.assertEqual(sum(map(len, map(self.occurrences, members))), 2)
        while self.triggers._do_day(self.env.company, fields.Datetime.now(), limit=2):
            pass
        self.assertEqual([len(self.occurrences(member)) for member in members], [1] * 5)
        self.assert_books()

    # ------------------------------------------------------------------ limits

    # ------------------------------------------------------------------ promo codes

    def pool(self, **values):
        self.apply({"code_pools": [{"code": "T_GIFT", "pattern": "B-########", "valued": True, **values}]})

    def coupon(self, **values):
        return {"kind": "issue_code", "pool": "T_GIFT", "value": 15, **values}

    def codes(self, member=None):
        return self.call("member_find", member=member or self.member).get("codes", [])

    def test_a_birthday_gives_a_code_that_is_the_members(self):
        self.pool(valid={"after_days": 7})
        self.set_off("birthday", self.coupon())
        self.born(0)
        for _again in range(2):
            self.stand_still(1)
            self.run_job()
        (code,) = self.codes()
        self.assertEqual((code["pool"], code["left"]), ("T_GIFT", 15.0))
        ends = datetime.fromisoformat(code["expires_at"]).date()
        self.assertEqual((ends - self.today).days, 7, "counted from the day")
        outcome = f"T_GIFT {code['code']}"
        self.assertEqual(self.occurrences(self.member), [(str(self.today.year), True, outcome)])
        told = self.env["loy.event"].search([("kind", "=", "promotion.given")], order="id desc", limit=1)
        self.assertEqual(told.data["issued"][0]["code"], code["code"])
        other = self.register()
        self.assertEqual(self.call("code_check", code=code["code"], member=other)["reason"], "other_member")
        self.assert_books()

    def test_a_missed_birthday_gives_no_code_whose_time_has_passed(self):
        self.pool(valid={"after_days": 2})
        self.set_off("birthday", self.coupon())
        self.born(-9)
        self.stand_still(10)
        self.run_job()
        self.assertEqual(self.codes(), [])
        self.assertEqual([one[1:] for one in self.occurrences(self.member)], [(False, "expired")])

    def test_many_birthdays_of_a_day_take_codes_by_a_few_statements(self):
        self.pool()
        self.set_off("birthday", self.coupon(), points(5))
        members = [self.register(f"m{number}") for number in range(30)]
        for member in members:
            self.born(0, member)
        service, taken = type(self.env["loy.codes"]), []
        take = service._take_many

        def many(codes, pool, said, handouts):
            taken.append(len(handouts))
            return take(codes, pool, said, handouts)

        self.patch(service, "_take_many", many)
        self.stand_still(1)
        self.run_job()
        self.assertEqual(taken, [30])
        codes = {self.codes(member)[0]["code"] for member in members}
        self.assertEqual(len(codes), 30)
        self.assert_books()

    def test_a_pool_that_has_run_out_is_noted(self):
        self.apply({"code_pools": [{"code": "T_GIFT", "codes": ["LAST-ONE"]}]})
        self.set_off("registered", {"kind": "issue_code", "pool": "T_GIFT"})
        first, second = self.register("one"), self.register("two")
        self.assertEqual(self.occurrences(first), [("once", True, "T_GIFT LAST-ONE")])
        self.assertEqual(self.occurrences(second), [("once", False, "pool_empty")])
        self.assertEqual(len(self.codes(first)), 1)

    def test_a_code_by_steps_of_a_purchase_is_for_purchases(self):
        self.pool()
        for reward in (self.coupon(value={"amount": 5, "every": 50}), self.coupon(target={"sku": ["T-1001"]})):
            promotion = self.promotion("T_EVENT", reward, on="birthday")
            text = self.refused("bad_request", "programme_apply", programme={"promotions": [promotion]})
            self.assertIn("rewards[0] needs a purchase, and there is none on birthday", text)

    def test_limits_and_budgets_count(self):
        self.set_off("registered", points(40), limits={"budget_points": 100, "total": 10})
        members = [self.register(f"m{index}") for index in range(3)]
        self.assertEqual([one[0][1:] for one in map(self.occurrences, members)], [
            (True, "40 T_BONUS"), (True, "40 T_BONUS"), (False, "limit"),
        ])  # fmt: skip
        self.assert_books()

    def test_who_is_given_nothing_gets_no_account(self):
        self.set_off("registered", points(40), when={"kind": "attribute", "name": "city", "value": "Lviv"})
        accounts = self.env["loy.account"]
        member = self.register()
        self.assertEqual([given for _key, given, _outcome in self.occurrences(member)], [False])
        self.assertFalse(accounts.search([("member_id", "=", int(member))]))

    def test_a_limit_of_a_member_counts_all_happenings(self):
        self.set_off("card_activated", points(40), limits={"per_member": 1})
        member = self.register()
        self.call("card_issue", member=member)
        self.assertEqual([given for _key, given, _outcome in self.occurrences(member)], [True, False])
        self.assertEqual(self.balance(member=member)["available"], 40)
        self.assert_books()

    def test_a_merged_member_is_not_given_twice(self):
        self.set_off({"event": "birthday"}, points(500))
        self.born(0)
        self.stand_still(1)
        self.run_job()
        other = self.register()
        self.call("member_merge", member=self.member, into=other)
        self.born(0, other)
        self.stand_still(1)
        self.run_job()
        self.assertEqual(self.occurrences(other), [])
        self.assert_books()

    # ------------------------------------------------------------------ trials

    def test_koz_2_a_birthday_gift_is_spent_before_the_welcome(self):
        """Welcome 200; birthday 500, usable 3 days before to 3 after."""
        known = {"kind": "attribute", "name": "birth_date", "op": "known", "known_days": 7}
        self.set_off("registered", points(200, expires={"after_months": 12}), code="T_WELCOME")
        self.set_off(
            {"event": "birthday", "offset_days": -3}, points(500, expires={"after_days": 7}), code="T_GIFT", when=known
        )
        self.apply({"promotions": [self.promotion("T_PAY", {"kind": "spend", "unit": "T_BONUS", "max_percent": 100})]})
        member = self.register("koz", at=ago(days=11))
        day = self.today + timedelta(days=3)
        self.call("member_update", member=member, birth_date=f"1990-{day:%m-%d}", at=ago(days=11))
        self.stand_still(1)
        self.run_job()
        self.assertEqual(self.balance(member=member)["available"], 700)
        self.call(
            "purchase_confirm", purchase="KOZ-2", member={"member": member}, store="T_S1", register="R1",
            lines=[{"id": "1", "sku": "X", "quantity": 1, "price": 700}], spend=[{"unit": "T_BONUS", "amount": 600}],
        )  # fmt: skip
        lots = self.env["loy.lot"].search([("member_id", "=", int(member))])
        self.assertEqual(
            {lot.promotion_code: lot.remaining for lot in lots}, {"T_WELCOME": 100, "T_GIFT": 0, "T_BASE5": 5}
        )
        self.assert_books()


@tagged("post_install", "-at_install")
class TestTriggersConcurrent(CommittedCase):
    """Two workers at once, on real connections."""

    def setUp(self):
        super().setUp()
        with self.transaction() as env:
            env["loy.unit"].create({"code": "TC_BONUS", "name": "Bonus"})
            env["loy.promotion"].create(
                {
                    "code": "TC_BIRTHDAY",
                    "name": "Birthday",
                    "state": "active",
                    "on_event": "birthday",
                    "rewards_text": '[{"kind": "points", "unit": "TC_BONUS", "amount": 7}]',
                    "valid_from_at": "2020-01-01 00:00:00",
                }
            )
            self.today = fields.Date.today()
            self.member_ids = env["res.partner"].create(
                [
                    {"name": f"M{index}", "is_loyalty_member": True, "loy_birth_date": self.today.replace(year=1988)}
                    for index in range(4)
                ]
            ).ids
        with self.transaction() as env:
            self.before = env.execute_query(
                SQL(
                    "SELECT done_on, COALESCE(promotion_id, 0), after_id FROM loy_trigger_mark WHERE company_id = %s",
                    env.company.id,
                )
            )
            self.set_mark(env, self.today - timedelta(days=1))
        self.addCleanup(self.reset)

    def set_mark(self, env, day, promotion_id=0, after=0):
        env.cr.execute(
            SQL(
                "INSERT INTO loy_trigger_mark (company_id, done_on, promotion_id, after_id) VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (COALESCE(company_id, 0)) DO UPDATE SET done_on = EXCLUDED.done_on,"
                " promotion_id = EXCLUDED.promotion_id, after_id = EXCLUDED.after_id",
                env.company.id, day, promotion_id, after,
            )
        )  # fmt: skip

    def reset(self):
        with self.transaction() as env:
            if self.before:
                self.set_mark(env, *self.before[0])

    def run_days(self, env):
        while env["loy.triggers"]._do_day(env.company, fields.Datetime.now(), limit=3):
            pass

    def given(self, env):
        return env["loy.promotion.occurrence"].search_count([("member_id", "in", self.member_ids)])

    def test_two_workers_give_once(self):
        with self.transaction() as env:
            env["loy.triggers"]._do_day(env.company, fields.Datetime.now(), limit=3)
            other = self.start(self.run_days)
        other.result()
        with self.transaction() as env:
            self.run_days(env)
            self.assertEqual(self.given(env), 4)
            lots = env["loy.lot"].search([("member_id", "in", self.member_ids)])
            self.assertEqual(lots.mapped("amount_minor"), [7] * 4)

    def test_what_was_killed_is_done_by_the_next(self):
        with self.transaction() as env:
            env["loy.triggers"]._do_day(env.company, fields.Datetime.now(), limit=3)
            env.cr.commit()
            env["loy.triggers"]._do_day(env.company, fields.Datetime.now(), limit=3)
            env.cr.rollback()
        with self.transaction() as env:
            self.assertEqual(self.given(env), 3)
            self.run_days(env)
            self.assertEqual(self.given(env), 4)
            self.assertTrue(env["loy.ledger"]._check_books()["ok"])
