"""What receipts go by is put there by a publication: looked at, tried on the kept cases, agreed to where so asked."""

import json
from datetime import timedelta

from freezegun import freeze_time
from odoo import Command, fields
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .api_common import BEGINNING, ApiCase

TEN = {"kind": "percent", "value": 10}
HALF = {"kind": "percent", "value": 50}


class PublicationCase(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "t_marketer", groups="loyalty_core.group_marketer", tz="UTC")
        cls.other = new_test_user(cls.env, "t_other", groups="loyalty_core.group_marketer", tz="UTC")
        cls.apply({"promotions": [{**cls.promotion("T_NEW", TEN), "state": "draft"}, cls.promotion("T_LIVE", TEN)]})
        cls.draft, cls.live = (
            cls.env["loy.promotion"].search([("code", "=", code)]).with_user(cls.marketer)
            for code in ("T_NEW", "T_LIVE")
        )

    def proposed(self, promotion, by=None, **values):
        action = promotion.with_user(by or self.marketer).action_loy_publish()
        publication = self.env["loy.publication"].with_user(by or self.marketer).browse(action["res_id"])
        if values:
            publication.write(values)
        return publication

    def published(self, promotion, **values):
        publication = self.proposed(promotion, **values)
        publication.action_loy_submit()
        return publication

    def ask_for_two(self):
        self.env["loy.settings"].search([("company_id", "=", self.env.company.id)]).is_second_person = True

    def kept_case(self, **values):
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        bun = self.env["product.product"].search([("default_code", "=", "T-1002")])
        case = self.env["loy.bench.case"].with_user(self.marketer).create(
            {
                "name": "A bun",
                "store_id": store.id,
                "line_ids": [Command.create({"product_id": bun.id})],
                **values,
            }
        )
        case.action_loy_keep()
        return case

    def denied(self, code, call, *args, **kwargs):
        """The call is refused with this code, and leaves nothing."""
        with self.assertRaises(LoyaltyError) as raised, self.env.cr.savepoint():
            call(*args, **kwargs)
        self.assertEqual(raised.exception.code, code)
        return str(raised.exception)

    def to_pay(self):
        lines = [{"id": "1", "sku": "T-1002", "quantity": 1, "price": 20}]
        return self.call("purchase_calculate", **self.basket(lines=lines))["totals"]["to_pay"]


@tagged("post_install", "-at_install")
class TestPublications(PublicationCase):
    def test_a_draft_goes_live_when_it_is_published_and_not_before(self):
        before = self.to_pay()
        publication = self.proposed(self.draft)
        self.assertEqual((publication.kind, publication.state, self.to_pay()), ("start", "draft", before))
        publication.action_loy_submit()
        self.assertEqual((publication.state, self.draft.state, self.draft.phase), ("done", "active", "running"))
        self.assertLess(self.to_pay(), before)
        self.assertEqual(publication.decided_by_id, self.marketer)

    def test_a_change_touches_no_receipt_until_it_is_published(self):
        before = self.to_pay()
        change = self.env["loy.promotion"].with_user(self.marketer).browse(self.live.action_loy_change()["res_id"])
        change.rewards_text = json.dumps([HALF])
        self.assertEqual(self.to_pay(), before)
        self.assertEqual(self.live.action_loy_change()["res_id"], change.id, "there is one change at a time")
        exported = self.call("programme_export")["programme"]["promotions"]
        self.assertNotIn(change.code, [one["code"] for one in exported])
        publication = self.published(change)
        self.assertEqual((publication.kind, publication.state), ("change", "done"))
        self.assertFalse(change.exists())
        self.assertEqual(self.live.code, "T_LIVE")
        self.assertLess(self.to_pay(), before)

    def test_a_change_is_never_live_itself(self):
        change = self.live._change()
        self.denied("bad_promotion", change.write, {"state": "active"})
        self.denied("bad_promotion", self.live.write, {"version_of_id": self.draft.id, "state": "draft"})
        self.denied("bad_promotion", self.live.action_loy_discard)

    def test_a_change_says_all_that_its_promotion_says(self):
        change = self.live._change()
        self.assertEqual(change._stated(), self.live._stated())

    def test_a_change_may_hold_from_a_later_moment(self):
        before = self.to_pay()
        change = self.live._change()
        change.rewards_text = json.dumps([HALF])
        self.published(change, valid_from_at=fields.Datetime.now() + timedelta(days=2))
        self.assertEqual(self.to_pay(), before)
        self.assertTrue(self.live.is_ahead)
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.assertLess(self.to_pay(), before)

    def test_who_ends_a_promotion_ends_what_was_planned_for_it(self):
        change = self.live._change()
        change.rewards_text = json.dumps([HALF])
        self.published(change, valid_from_at=fields.Datetime.now() + timedelta(days=2))
        self.live.sudo().action_end()
        ended = self.to_pay()
        with freeze_time(fields.Datetime.now() + timedelta(days=3)):
            self.assertEqual(self.to_pay(), ended)

    def test_no_change_comes_before_one_that_is_planned(self):
        first, later = self.live._change(), fields.Datetime.now() + timedelta(days=2)
        first.rewards_text = json.dumps([HALF])
        self.published(first, valid_from_at=later)
        second = self.live._change()
        second.priority = 5
        publication = self.proposed(second)
        self.denied("planned_already", publication.action_loy_submit)
        publication.valid_from_at = later
        publication.action_loy_submit()
        self.assertEqual(self.live.priority, 5)

    def test_a_change_that_is_discarded_leaves_nothing(self):
        change = self.live._change()
        publication = self.proposed(change)
        action = change.action_loy_discard()
        self.assertEqual(action["res_id"], self.live.id)
        self.assertFalse(change.exists())
        self.assertEqual(publication.state, "cancelled")

    def test_the_bench_tries_a_change_in_the_place_of_what_it_changes(self):
        change = self.live._change()
        change.rewards_text = json.dumps([HALF])
        case = self.kept_case(promotion_ids=[Command.set(change.ids)])
        (told,) = [one for one in case.shown["promotions"] if one["code"] == "T_LIVE"]
        self.assertTrue(told["is_draft"] and told["is_applied"])
        self.assertNotIn(change.code, [one["code"] for one in case.shown["promotions"]])

    # ------------------------------------------------------------------ kept cases

    def test_no_publication_passes_a_kept_case_unseen(self):
        case = self.kept_case()
        publication = self.proposed(self.draft)
        self.assertEqual((publication.case_count, publication.case_differing_count), (1, 1))
        (shown,) = publication.shown_cases
        self.assertEqual((shown["id"], shown["name"]), (case.id, "A bun"))
        self.assertIn(("no", "yes"), [(one["was"], one["found"]) for one in shown["differences"]])
        self.denied("cases_differ", publication.action_loy_submit)
        self.assertEqual(self.draft.state, "draft")
        publication.is_accepted = True
        publication.action_loy_submit()
        self.assertEqual(self.draft.state, "active")
        self.assertEqual((case.state, case.shown["differences"]), ("ok", []))

    def test_a_case_that_was_another_one_already_stops_nobody(self):
        case = self.kept_case()
        self.live.sudo().write({"state": "ended"})
        self.apply({"promotions": [{**self.promotion("T_IDLE", HALF, when={"kind": "time", "weekdays": [1]}),
                                    "state": "draft", "from": "2040-01-01"}]})  # fmt: skip
        idle = self.env["loy.promotion"].search([("code", "=", "T_IDLE")]).with_user(self.marketer)
        publication = self.proposed(idle)
        self.assertEqual((publication.case_stale_count, publication.case_differing_count), (1, 0))
        publication.action_loy_submit()
        self.assertEqual(publication.state, "done")
        case.action_loy_check()
        self.assertEqual(case.state, "differs")

    def test_a_programme_that_is_applied_is_tried_on_them_too_where_so_asked(self):
        self.kept_case()
        half = {"promotions": [self.promotion("T_HALF", HALF)]}
        same = {"promotions": [{**self.promotion("T_HALF", HALF), "state": "draft"}]}
        self.refused("cases_differ", "programme_apply", programme=half, at=BEGINNING, cases="refuse")
        answer = self.apply(half, cases="tell", dry_run=True)
        self.assertEqual(answer["cases"], {"tried": 1, "differing": ["A bun"]})
        self.assertNotIn("cases", self.apply(half, dry_run=True))
        answer = self.apply(same, cases="refuse")
        self.assertEqual(answer["cases"], {"tried": 1, "differing": []})
        self.assertEqual(self.apply(half, cases="tell")["cases"]["differing"], ["A bun"])
        self.assertEqual(self.apply(same, cases="refuse")["cases"]["tried"], 0, "what differs already stops nobody")

    def test_cases_are_tried_anew_when_it_is_asked_for_and_when_it_is_agreed_to(self):
        self.ask_for_two()
        publication = self.proposed(self.draft)
        self.assertEqual(publication.case_count, 0)
        case = self.kept_case()
        self.denied("cases_differ", publication.action_loy_submit)
        case.active = False
        publication.action_loy_submit()
        case.active = True
        self.denied("changed_since", publication.with_user(self.other).action_loy_approve)

    def test_a_shared_promotion_is_tried_on_the_cases_of_every_company(self):
        other = self.env["res.company"].create({"name": "Other", "currency_id": self.env.company.currency_id.id})
        store = self.env["loy.store"].create({"code": "T_OTHER", "name": "Other", "company_id": other.id})
        case = self.env["loy.bench.case"].create(
            {"name": "There", "store_id": store.id, "line_ids": [Command.create({"sku": "T-1002", "price": 20})]}
        )
        case.action_loy_keep()
        self.draft.group_id.sudo().company_id = False
        self.draft.sudo().company_id = False
        self.assertEqual(self.proposed(self.draft).case_count, 1)
        self.draft.sudo().company_id = self.env.company
        self.assertEqual(self.proposed(self.draft).case_count, 0)

    def test_what_is_published_is_what_was_looked_at(self):
        publication = self.proposed(self.draft)
        self.draft.rewards_text = json.dumps([HALF])
        self.denied("changed_since", publication.action_loy_submit)
        self.published(self.draft)

    def test_a_case_that_cannot_be_calculated_any_more_stops_nobody(self):
        case = self.kept_case()
        case.store_id.sudo().active = False
        publication = self.proposed(self.draft)
        self.assertEqual((publication.case_differing_count, publication.case_stale_count), (0, 1))
        publication.action_loy_submit()
        self.assertEqual(publication.state, "done")

    def test_who_agrees_needs_no_right_to_the_bench(self):
        self.ask_for_two()
        case = self.kept_case(member_id=int(self.member))
        role = self.env["loy.role"].create({
            "name": "Head of marketing",
            "right_ids": [Command.set(self.env["loy.right"].search([("code", "=", "promotion.approve")]).ids)],
        })  # fmt: skip
        head = new_test_user(self.env, "t_head", groups="base.group_user")
        head.group_ids |= role.group_id
        publication = self.published(self.draft, is_accepted=True)
        publication.with_user(head).action_loy_approve()
        self.assertEqual((self.draft.state, case.state, publication.decided_by_id), ("active", "ok", head))

    # ------------------------------------------------------------------ a second person

    def test_where_no_case_is_kept_it_may_be_agreed_to_what_changes_in_them(self):
        publication = self.proposed(self.draft, is_accepted=True)
        publication.invalidate_recordset()
        publication.action_loy_submit()
        self.assertEqual(self.draft.state, "active")

    def test_where_so_asked_a_second_person_agrees(self):
        self.ask_for_two()
        publication = self.proposed(self.draft)
        self.assertTrue(publication.is_approval_needed)
        publication.action_loy_submit()
        self.assertEqual((publication.state, self.draft.state, self.draft.phase), ("waiting", "draft", "waiting"))
        self.assertIn(self.other, publication.sudo().activity_ids.user_id)
        self.assertNotIn(self.marketer, publication.sudo().activity_ids.user_id)
        self.denied("own_request", publication.action_loy_approve)
        publication.with_user(self.other).action_loy_approve()
        self.assertEqual((publication.state, self.draft.state), ("done", "active"))
        self.assertEqual((publication.requested_by_id, publication.decided_by_id), (self.marketer, self.other))
        self.assertFalse(publication.sudo().activity_ids)

    def test_who_agreed_is_told_of_in_the_audit(self):
        self.ask_for_two()
        publication = self.published(self.draft)
        publication.with_user(self.other).action_loy_approve()
        told = self.env["loy.audit"].search([("model", "=", "loy.publication"), ("res_id", "=", publication.id)])
        self.assertIn(self.other, told.user_id)

    def test_what_is_agreed_to_is_what_was_asked_for(self):
        self.ask_for_two()
        publication = self.published(self.draft)
        self.draft.rewards_text = json.dumps([HALF])
        self.denied("changed_since", publication.with_user(self.other).action_loy_approve)
        publication.action_loy_cancel()
        self.assertEqual((publication.state, self.draft.phase), ("cancelled", "draft"))

    def test_what_is_refused_stays_a_draft(self):
        self.ask_for_two()
        publication = self.published(self.draft)
        wizard = self.env["loy.refusal.wizard"].with_user(self.other).create(
            {"res_model": publication._name, "res_id": publication.id, "reason": "Too dear"}
        )
        wizard.action_loy_refuse()
        self.assertEqual((publication.state, publication.refusal, self.draft.state), ("refused", "Too dear", "draft"))

    def test_nothing_goes_live_beside_the_second_person(self):
        self.ask_for_two()
        self.denied("approval_required", self.draft.write, {"state": "active"})
        self.denied("approval_required", self.live.write, {"rewards_text": json.dumps([HALF])})
        live = {"promotions": [self.promotion("T_BY_API", TEN)]}
        self.refused("approval_required", "programme_apply", programme=live, at=BEGINNING)
        self.apply({"promotions": [{**self.promotion("T_BY_API", TEN), "state": "draft"}]})
        publication = self.proposed(self.draft)
        with self.assertRaises(LoyaltyError), self.env.cr.savepoint():
            publication.write({"state": "done"})
        with self.assertRaises(LoyaltyError), self.env.cr.savepoint():
            self.env["loy.publication"].with_user(self.marketer).create(
                {"promotion_id": self.draft.id, "kind": "start", "state": "done"}
            )

    def test_nothing_goes_live_sooner_than_it_was_agreed_to(self):
        change = self.live._change()
        change.rewards_text = json.dumps([HALF])
        self.ask_for_two()
        before, later = self.to_pay(), fields.Datetime.now() + timedelta(days=2)
        self.published(change, valid_from_at=later).with_user(self.other).action_loy_approve()
        self.assertEqual((self.live.valid_from_at, self.to_pay()), (later, before))
        for values in ({"valid_from_at": fields.Datetime.now()}, {"active": True}, {"priority": 0}):
            self.denied("approval_required", self.live.write, values)
        self.assertEqual(self.to_pay(), before)

    def test_what_was_agreed_to_for_one_company_goes_live_in_no_other(self):
        self.ask_for_two()
        other = self.env["res.company"].create({"name": "Other"})
        self.draft.company_id = self.env.company
        publication = self.published(self.draft)
        self.draft.company_id = False
        self.denied("changed_since", publication.with_user(self.other).action_loy_approve)
        self.draft.company_id = self.env.company
        publication.with_user(self.other).action_loy_approve()
        self.denied("approval_required", self.draft.write, {"company_id": False})
        self.assertNotEqual(self.draft.company_id, other)

    def test_nothing_is_put_back_in_time_by_waiting(self):
        self.ask_for_two()
        change = self.live._change()
        change.rewards_text = json.dumps([HALF])
        publication = self.published(change, valid_from_at=fields.Datetime.now() + timedelta(hours=1))
        with freeze_time(fields.Datetime.now() + timedelta(hours=2)):
            publication.with_user(self.other).action_loy_approve()
            self.assertEqual(self.live.valid_from_at, fields.Datetime.now())

    def test_what_is_taken_out_of_the_archive_goes_live_as_it_was_agreed_to(self):
        self.published(self.draft)
        self.draft.active = False
        self.draft.rewards_text = json.dumps([HALF])
        self.ask_for_two()
        self.denied("approval_required", self.draft.write, {"active": True})

    def test_what_was_agreed_to_may_pause_and_go_on(self):
        self.ask_for_two()
        self.published(self.draft).with_user(self.other).action_loy_approve()
        self.draft.action_pause()
        self.draft.write({"state": "active"})
        self.assertEqual(self.draft.phase, "running")
        self.live.action_pause()
        self.assertEqual(self.live.phase, "paused")
        self.denied("approval_required", self.live.write, {"state": "active"})

    # ------------------------------------------------------------------ the calendar

    def test_the_stage_follows_the_calendar(self):
        today = fields.Date.today()
        self.live.sudo().write({"starts_on": today + timedelta(days=2), "ends_on": today + timedelta(days=4)})
        self.assertEqual(self.live.phase, "planned")
        service, now = self.env["loy.publications"], fields.Datetime.now()
        for days, phase, moved in ((0, "planned", 0), (2, "running", 1), (4, "running", 0), (6, "ended", 1)):
            found = service._follow_calendar(now + timedelta(days=days))
            self.assertEqual((self.live.phase, found), (phase, moved))
        with freeze_time(now + timedelta(days=3)):
            self.env["loy.promotion"]._cron_follow_calendar()
        self.assertEqual(self.live.phase, "running")

    def test_following_the_calendar_is_no_new_version(self):
        count = self.live.revision_count
        self.env["loy.promotion"]._cron_follow_calendar()
        self.live.invalidate_recordset()
        self.assertEqual(self.live.revision_count, count)

    # ------------------------------------------------------------------ versions

    def test_a_version_tells_in_words_what_it_changed(self):
        self.live.sudo().write({"rewards_text": json.dumps([HALF]), "priority": 3})
        newest, first = self.env["loy.revision"].search(self.live.action_open_revisions()["domain"])[:2]
        told = {one["label"]: (one["was"], one["now"]) for one in newest.changes}
        self.assertEqual(told["Priority"], ("", "3"))
        self.assertIn("10", told["Rewards"][0])
        self.assertIn("50", told["Rewards"][1])
        self.assertIsNone(first.changes or None)

    def test_many_versions_are_told_with_as_many_queries_as_one(self):
        for percent in (20, 30, 40):
            target = {"category": ["T_COFFEE"]}
            rewards = [{"kind": "percent", "value": percent, "target": target}]
            self.live.sudo().write({"rewards_text": json.dumps(rewards), "when_text": json.dumps(
                {"kind": "place", "store": ["T_S1"] if percent % 20 else ["T_S2"]}
            )})  # fmt: skip
        versions = self.env["loy.revision"].search(self.live.action_open_revisions()["domain"])
        self.assertEqual(len(versions), 4)
        spent = []
        for told in (versions[:1], versions[:1], versions):  # the first look fills caches
            told.mapped("document")
            before = self.env.cr.sql_log_count
            found = self.env["loy.differences"]._of_revisions(told)
            spent.append(self.env.cr.sql_log_count - before)
        self.assertIn("Coffee", found[versions[0]][-1]["now"])
        self.assertEqual(spent[1], spent[2])

    def test_an_old_version_is_prepared_anew(self):
        first = self.env["loy.revision"].search(self.live.action_open_revisions()["domain"])[-1:]
        was = self.live._stated()
        self.live.sudo().write({"rewards_text": json.dumps([HALF]), "limit_total": 5, "priority": 2})
        change = self.env["loy.promotion"].browse(first.with_user(self.marketer).action_loy_restore()["res_id"])
        self.assertEqual(change.version_of_id, self.live)
        same = self.env["loy.differences"]._of_promotion(first.document, self.env["loy.publications"]._document(change))
        self.assertEqual(same, [])
        self.assertEqual(self.live.limit_total, 5, "receipts go by what they went by")
        self.published(change)
        self.assertEqual(self.live._stated()["priority"], was["priority"])

    # ------------------------------------------------------------------ conflicts

    def test_it_says_which_promotions_touch_the_same_goods(self):
        self.apply({"promotions": [
            self.promotion("T_BUNS", {**TEN, "target": {"sku": ["T-1002"]}}),
            {**self.promotion("T_ESPRESSO", {**HALF, "target": {"category": ["T_COFFEE"]}}), "state": "draft"},
        ]})  # fmt: skip
        espresso = self.env["loy.promotion"].search([("code", "=", "T_ESPRESSO")]).with_user(self.marketer)
        met = [one["id"] for one in self.proposed(espresso).conflicts]
        codes = self.env["loy.promotion"].browse(met).mapped("code")
        self.assertIn("T_COFFEE10", codes)
        self.assertIn("T_LIVE", codes)
        self.assertNotIn("T_BUNS", codes)

    # ------------------------------------------------------------------ who may

    def test_an_analyst_looks_and_does_not_publish(self):
        analyst = new_test_user(self.env, "t_analyst", groups="loyalty_core.group_analyst")
        publication = self.proposed(self.draft)
        self.assertTrue(publication.with_user(analyst).changes)
        with self.assertRaises(AccessError):
            self.draft.with_user(analyst).action_loy_publish()
        with self.assertRaises(AccessError):
            publication.with_user(analyst).action_loy_submit()
