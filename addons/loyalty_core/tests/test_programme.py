"""The programme: applied as a document, kept as revisions by time, compiled once for each of them."""

import copy
import json
from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg2
from odoo import Command
from odoo.addons.loyalty_core.engine import Basket, evaluate
from odoo.addons.loyalty_core.services import programme as programme_service
from odoo.addons.loyalty_core.services.errors import LoyaltyError
from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .api_common import BEGINNING, PROGRAMME, ApiCase, ago

TEN = {"kind": "percent", "value": 10}
TENS = [TEN]
EVERYTHING = {
    "settings": {
        "timezone": "Europe/Kyiv",
        "backdate_days": 5000,
        "forward_days": 2,
        "hold_minutes": 5,
        "line_cap_percent": 90.5,
        "receipt_cap_percent": 80,
        "caps_include_points": True,
    },
    "units": [
        {
            "code": "P_U",
            "name": "Unit",
            "kind": "money",
            "decimals": 2,
            "rate": 0.25,
            "spend_order": "oldest_first",
        }
    ],
    "calendars": [{"code": "P_C", "name": "Calendar", "dates": ["2026-12-25", "2027-01-01"]}],
    "groups": [
        {"code": "p_g", "name": "Group", "sequence": 7, "choose": "best", "per": "line", "exclusive": True}
    ],
    "card_types": [
        {"code": "P_CT", "name": "Type", "prefix": "77", "length": 14, "mode": "sequential", "check": "luhn"}
    ],
    "partners": [{"code": "P_P", "name": "Partner"}],
    "brands": [{"code": "P_B", "name": "Brand"}],
    "networks": [{"code": "P_N", "name": "Network"}],
    "stores": [
        {
            "code": "P_S",
            "name": "Store",
            "timezone": "Europe/Kyiv",
            "network": "P_N",
            "partner": "P_P",
            "attributes": {"format": "express", "місто": "Київ"},
            "tax_included": False,
        }
    ],
    "registers": [{"store": "P_S", "code": "R1", "name": "Till"}, {"store": "T_S1", "code": "R9"}],
    "categories": [{"code": "P_C1", "name": "Child", "parent": "P_C2"}, {"code": "P_C2", "name": "Parent"}],
    "products": [
        {
            "sku": "P-1",
            "name": "Product",
            "category": "P_C1",
            "brand": "P_B",
            "price": 12.34,
            "min_price": 1.5,
            "barcode": "P4820000000017",
            "no_discount": True,
        }
    ],
    "promotions": [
        {
            "code": "P_X",
            "name": "Promotion «✓»",
            "state": "active",
            "from": "2026-01-01",
            "to": "2027-12-31T18:30",
            "group": "p_g",
            "priority": 5,
            "weight": -2,
            "exclusive": True,
            "basis": "base",
            "when": {"all": [{"kind": "place", "store": ["P_S"]}, {"not": {"kind": "identified"}}]},
            "rewards": [{"kind": "percent", "value": 12.5, "target": {"category": ["P_C2"], "tag": ["x"]}}],
            "limits": {
                "per_member": 3,
                "per_member_days": 7,
                "per_day": 500,
                "total": 10_000,
                "budget": 50_000.5,
                "budget_points": 1200.25,
            },
        },
        {"code": "P_Y", "state": "draft", "from": "2026-02-01T10:15:30", "to": "2026-02-09", "rewards": TENS},
    ],
}  # fmt: skip


def total(counts):
    return {name: counts[name] for name in ("created", "updated", "unchanged", "ended")}


class ProgrammeCase(ApiCase):
    def export(self, api=None):
        return self.call("programme_export", api=api)["programme"]

    def section(self, name, code, api=None):
        """What the export says of one record; None where it is not there."""
        rows = self.export(api).get(name, [])
        return next((row for row in rows if row.get("code", row.get("sku")) == code), None)

    def discount(self, at=None, **values):
        """What is taken off a bun of 20.00 that nobody known buys."""
        lines = [{"id": "1", "sku": "T-1002", "quantity": 1}]
        answer = self.call("purchase_calculate", store="T_S1", at=at, lines=lines, **values)
        return answer["totals"]["discount"]

    def offer(self, percent, **values):
        return self.promotion("P_OFFER", {"kind": "percent", "value": percent}, **values)


@tagged("post_install", "-at_install")
class TestApply(ProgrammeCase):
    def test_a_text_that_is_no_json_is_refused_by_the_code_of_its_record(self):
        for model, name, code in (
            ("loy.choice", "options_text", "bad_choice"),
            ("loy.conversion", "gives_text", "bad_conversion"),
            ("loy.expiry.policy", "when_text", "bad_expiry_policy"),
            ("loy.favourite", "target_text", "bad_favourite"),
            ("loy.product.segment", "target_text", "bad_segment"),
            ("loy.promotion", "rewards_text", "bad_promotion"),
            ("loy.reward", "gives_text", "bad_reward"),
            ("loy.tier", "target_text", "bad_programme"),
        ):
            record = self.env[model].new({name: '{"kind": '})
            with self.subTest(model), self.assertRaises(LoyaltyError) as caught:
                record._document_in(name)
            self.assertEqual(caught.exception.code, code)
            self.assertIn(f"{record._fields[name].string} is not valid JSON", str(caught.exception))

    def test_apply_creates_then_finds_nothing_to_do(self):
        size = sum(1 if isinstance(rows, dict) else len(rows) for rows in EVERYTHING.values())
        counts = self.apply(EVERYTHING)
        self.assertEqual(total(counts), {"created": size - 1, "updated": 1, "unchanged": 0, "ended": 0})
        before = self.state()
        self.assertEqual(
            total(self.apply(EVERYTHING)), {"created": 0, "updated": 0, "unchanged": size, "ended": 0}
        )
        changed = self.changes(before)
        self.assertEqual(changed.keys(), {"loy_request"}, "only the answer is kept")

    def test_export_says_what_was_applied(self):
        self.apply(EVERYTHING)
        exported = self.export()
        for name, rows in EVERYTHING.items():
            if name == "settings":
                self.assertEqual(exported["settings"], rows)
                continue
            for row in rows:
                found = [
                    one
                    for one in exported[name]
                    if all(one.get(key) == row[key] for key in ("code", "sku", "store") if key in row)
                ]
                self.assertEqual(len(found), 1, f"{name} {row}")
                said = {key: value for key, value in found[0].items() if key in row}
                self.assertEqual(said, row, name)

    def test_apply_of_export_changes_nothing(self):
        self.apply(EVERYTHING)
        exported = self.export()
        before = self.state()
        for request in ({}, {"replace": list(exported)}):
            counts = self.call("programme_apply", programme=exported, **request)
            self.assertEqual((counts["created"], counts["updated"], counts["ended"]), (0, 0, 0), counts)
        self.assertEqual(self.changes(before).keys(), {"loy_request"})
        self.assertEqual(self.export(), exported)

    def test_export_moves_a_programme_to_another_company(self):
        self.apply(EVERYTHING)
        # products and categories are the same for all companies
        exported = {
            name: rows for name, rows in self.export().items() if name not in ("categories", "products")
        }
        other = self.env["res.company"].create({"name": "Other"})
        user = self.new_integrator("t_other", company_id=other.id, company_ids=[(6, 0, other.ids)])
        api = self.env["loy.api"].with_user(user)
        self.call("programme_apply", api=api, programme=exported)
        again = self.export(api)
        for name, rows in exported.items():
            self.assertEqual(again[name], rows, name)

    def test_each_value_can_be_changed_and_is_counted_once(self):
        self.apply(EVERYTHING)
        changed = copy.deepcopy(EVERYTHING)
        changed["promotions"][0]["rewards"][0]["value"] = 20
        changed["stores"][0]["attributes"] = {"format": "hyper"}
        changed["categories"][0]["parent"] = None
        changed["products"][0]["price"] = 99
        changed["promotions"][1]["limits"] = {"total": 5}
        counts = self.apply(changed)
        self.assertEqual((counts["created"], counts["updated"], counts["ended"]), (0, 5, 0), counts)
        self.assertEqual(counts["sections"]["promotions"], {"updated": 2})
        self.assertEqual(self.section("stores", "P_S")["attributes"], {"format": "hyper"})
        self.assertNotIn("parent", self.section("categories", "P_C1"))
        self.assertEqual(total(self.apply(changed))["updated"], 0)

    def test_what_a_document_leaves_out_takes_its_default(self):
        often = {"total": 9}
        self.apply(
            {"promotions": [self.offer(10, priority=5, when={"kind": "identified", "value": True}, limits=often)]}
        )
        self.apply({"promotions": [self.offer(10)]})
        said = self.section("promotions", "P_OFFER")
        self.assertNotIn("priority", said)
        self.assertNotIn("when", said)
        self.assertNotIn("limits", said)

    def test_limits_are_judged_by_the_engine(self):
        text = self.refused(
            "bad_request",
            "programme_apply",
            programme={
                "promotions": [
                    self.offer(10, limits={"per_member": 0}),
                    self.promotion("P_2", TEN, limits={"budget": -1}),
                    self.promotion("P_3", TEN, limits={"per_week": 3}),
                ]
            },
        )
        for path in ("promotions[0].limits.per_member", "promotions[1].limits.budget", "promotions[2].limits.per_week"):
            self.assertIn(path, text)
        text = self.refused(
            "bad_request", "programme_apply", programme={"promotions": [self.offer(10, limits={"per_receipt": 2})]}
        )
        self.assertIn("promotions[0].limits.per_receipt needs a reward per set or per unit", text)
        window = self.offer(10, limits={"per_member_days": 7})
        text = self.refused("bad_request", "programme_apply", programme={"promotions": [window]})
        self.assertIn("promotions[0].limits.per_member_days is the window of per_member", text)

    def test_what_is_given_by_times_is_limited_within_a_receipt_and_not_counted(self):
        third = self.promotion("P_OFFER", {"kind": "nth", "every": 1}, limits={"per_receipt": 1})
        self.apply({"promotions": [third]})
        self.assertEqual(self.section("promotions", "P_OFFER")["limits"], {"per_receipt": 1})
        self.assertFalse(self.env["loy.promotion"].search([("code", "=", "P_OFFER")]).has_limits)
        lines = [{"id": "1", "sku": "T-1002", "quantity": 3}]
        answer = self.call("purchase_calculate", store="T_S1", lines=lines)
        self.assertEqual(answer["totals"]["discount"], 20)

    def test_a_gift_that_is_not_there_is_suggested_and_uses_no_limit(self):
        gift = {"kind": "gift", "target": {"sku": ["P-GIFT"]}}
        self.apply({"promotions": [self.promotion("P_OFFER", gift, limits={"total": 1})]})
        lines = [{"id": "1", "sku": "T-1002", "quantity": 1}]
        for number in (1, 2):
            purchase = {"key": f"gift-{number}", "purchase": f"GIFT-{number}", "store": "T_S1", "lines": lines}
            answer = self.call("purchase_hold", **purchase)
            self.assertEqual(
                answer["suggestions"], [{"promotion": "P_OFFER", "target": {"sku": ["P-GIFT"]}, "quantity": 1}]
            )
        lines.append({"id": "2", "sku": "P-GIFT", "quantity": 1, "price": 7})
        free = self.call("purchase_calculate", store="T_S1", lines=lines)
        self.assertEqual((free["totals"]["discount"], free["suggestions"]), (7, []))

    def test_dry_run_counts_the_same_and_changes_nothing(self):
        before = self.state()
        request = {"programme": EVERYTHING, "replace": ["promotions"], "at": BEGINNING}
        dry = self.call("programme_apply", dry_run=True, **request)
        self.assertEqual(self.changes(before).keys() - {"loy_request"}, set())
        self.assertEqual(self.call("programme_apply", **request), dry)

    def test_a_dry_run_leaves_no_programme_behind(self):
        self.call("programme_apply", dry_run=True, programme={"promotions": [self.offer(50)]}, at=BEGINNING)
        self.assertEqual(self.discount(), 0)
        self.apply({"promotions": [self.offer(10)]})
        self.assertEqual(self.discount(), 2)

    def test_every_problem_is_told_with_its_path_and_nothing_is_changed(self):
        text = self.refused(
            "bad_request",
            "programme_apply",
            programme={
                "unitz": [],
                "units": [{"code": "P_U", "decimals": 9}, {"code": "P_U"}, {"name": "no code"}],
                "stores": [
                    {"code": "P_S", "network": "NONE", "timezone": "Mars/Base"}, {"code": "P_S2", "timezone": []}
                ],
                "promotions": [{"code": "P_X", "group": "none", "rewards": [TEN], "prioriti": 1}, 7],
                "settings": {"hold_minutes": 0},
            },
        )
        for path in (
            "unitz is not a section",
            "units[0].decimals",
            "units[2].code is required",
            "stores[0].timezone",
            "stores[1].timezone",
            "promotions[0].prioriti is not known; did you mean priority?",
            "promotions[1]",
            "settings.hold_minutes",
        ):
            self.assertIn(path, text)
        text = self.refused(
            "bad_request",
            "programme_apply",
            programme={
                "units": [{"code": "P_U"}],
                "stores": [{"code": "P_S", "network": "NONE"}],
                "promotions": [{"code": "P_X", "group": "none", "rewards": [TEN]}],
            },
        )
        self.assertIn("stores[0].network names NONE", text)
        self.assertIn("promotions[0].group names none", text)
        text = self.refused("bad_request", "programme_apply", programme={"units": [{"code": "P_U"}] * 2})
        self.assertIn("units[1] P_U stands twice", text)

    def test_conditions_and_rewards_are_judged_by_the_engine(self):
        good = self.offer(10)
        text = self.refused(
            "bad_request",
            "programme_apply",
            programme={
                "units": [{"code": "P_U"}],
                "promotions": [
                    {**good, "code": "P_1", "rewards": [{"kind": "percent", "value": 200}]},
                    {**good, "code": "P_2", "rewards": [{"kind": "percents"}]},
                    {**good, "code": "P_3", "when": {"all": [{"kind": "basket_amount", "minn": 5}]}},
                    {**good, "code": "P_4", "rewards": [{"kind": "points", "unit": "P_NONE", "amount": 1}]},
                    good,
                ],
            },
        )
        for path in (
            "promotions[0].rewards[0].value",
            "promotions[1].rewards[0].kind",
            "promotions[2].when.all[0].minn is not known; did you mean min?",
            "promotions[3].rewards[0].unit",
        ):
            self.assertIn(path, text)
        self.assertNotIn("promotions[4]", text)

    def test_sections_refer_to_each_other_in_any_order(self):
        document = {
            "promotions": [
                self.promotion("P_X", {"kind": "points", "unit": "P_U", "percent": 1}, group="p_g")
            ],
            "registers": [{"store": "P_S", "code": "R1"}],
            "stores": [{"code": "P_S", "network": "P_N"}],
            "networks": [{"code": "P_N"}],
            "products": [{"sku": "P-1", "category": "P_C1", "brand": "P_B"}],
            "categories": [
                {"code": "P_C1", "parent": "P_C2"},
                {"code": "P_C2", "parent": "P_C3"},
                {"code": "P_C3"},
            ],
            "brands": [{"code": "P_B"}],
            "groups": [{"code": "p_g"}],
            "units": [{"code": "P_U"}],
        }
        counts = self.apply(document)
        self.assertEqual((counts["created"], counts["updated"]), (11, 0))
        self.assertEqual(total(self.apply(document))["unchanged"], 11)
        self.assertEqual(self.section("categories", "P_C1")["parent"], "P_C2")

    def test_replace_ends_what_the_document_does_not_name(self):
        self.apply({**EVERYTHING, "promotions": [self.offer(10)]})
        counts = self.apply({"promotions": [], "brands": []}, replace=["promotions", "brands"])
        self.assertGreaterEqual(counts["ended"], 2)
        promotion = self.env["loy.promotion"].search([("code", "=", "P_OFFER")])
        self.assertEqual(promotion.state, "ended")
        self.assertIsNone(self.section("brands", "P_B"))
        self.assertTrue(self.env["loy.brand"].with_context(active_test=False).search([("code", "=", "P_B")]))
        self.assertEqual(self.discount(), 0)
        self.assertEqual(total(self.apply({"promotions": []}, replace=["promotions"]))["ended"], 0)
        # what is named again comes back
        self.apply({"promotions": [self.offer(10)], "brands": [{"code": "P_B"}]})
        self.assertEqual(self.discount(), 2)
        self.assertTrue(self.section("brands", "P_B"))

    def test_a_calendar_says_on_which_days(self):
        # the store's clock may show tomorrow already
        today, tomorrow, later = ago(days=0)[:10], ago(days=-1)[:10], ago(days=-9)[:10]
        calendar = {"code": "T_DAYS", "name": "Days", "dates": [today, tomorrow]}
        offer = self.promotion("T_HOLIDAY", {"kind": "percent", "value": 50})
        offer["when"] = {"kind": "time", "calendar": "T_DAYS"}
        self.apply({"calendars": [calendar], "promotions": [offer]})
        on_the_day = self.call("purchase_calculate", **self.basket())["totals"]["discount"]
        self.assertEqual(self.apply({"calendars": [calendar]})["unchanged"], 1)
        self.apply({"calendars": [{**calendar, "dates": [later]}]})
        self.assertLess(self.call("purchase_calculate", **self.basket())["totals"]["discount"], on_the_day)
        record = self.env["loy.calendar"].search([("code", "=", "T_DAYS")])
        record.day_ids = [Command.create({"date": day, "name": "By hand"}) for day in (today, tomorrow)]
        self.assertEqual(self.call("purchase_calculate", **self.basket())["totals"]["discount"], on_the_day)
        self.assertEqual(record.revision_count, 3)
        exported = self.call("programme_export")["programme"]["calendars"]
        self.assertIn({**calendar, "dates": [today, tomorrow, later]}, exported)

    def test_what_is_archived_comes_back_when_the_whole_is_told(self):
        brand = self.env["loy.brand"].search([("code", "=", "T_ACME")])
        brand.active = False
        counts = self.apply({"brands": [{"code": "T_ACME", "name": "Acme"}]}, replace=["brands"])
        self.assertTrue(brand.active)
        self.assertEqual((counts["created"], counts["updated"]), (0, 1))
        brand.active = False
        self.assertEqual(self.apply({"brands": []}, replace=["brands"])["ended"], 0)

    def test_a_store_without_a_time_zone_has_the_programmes(self):
        self.apply({"stores": [{"code": "P_S9"}], "settings": {"timezone": "Asia/Tokyo", "backdate_days": 10_000}})
        self.assertEqual(self.section("stores", "P_S9")["timezone"], "Asia/Tokyo")

    def test_without_replace_nothing_ends(self):
        self.apply({"promotions": [self.offer(10)]})
        self.apply({"promotions": []})
        self.assertEqual(self.discount(), 2)

    def test_a_section_that_is_replaced_must_be_one(self):
        self.refused("bad_request", "programme_apply", programme={}, replace=["everything"])


class TestTime(ProgrammeCase):
    def test_a_receipt_is_judged_by_the_revision_of_its_own_time(self):
        self.apply({"promotions": [self.offer(10)]}, at="2026-03-01T00:00:00Z")
        self.apply({"promotions": [self.offer(20)]}, at="2026-05-01T00:00:00Z")
        self.apply({"promotions": [self.offer(30, state="paused")]}, at="2026-07-01T00:00:00Z")
        for at, expected in {
            "2026-02-28T23:59:59Z": 0,
            "2026-03-01T00:00:00Z": 2,
            "2026-04-30T23:59:59Z": 2,
            "2026-05-01T00:00:00Z": 4,
            "2026-06-30T23:59:59Z": 4,
            "2026-07-01T00:00:00Z": 0,
        }.items():
            self.assertEqual(self.discount(at), expected, at)

    def test_what_is_said_later_about_an_earlier_time_counts_till_the_next_change(self):
        self.apply({"promotions": [self.offer(10)]}, at="2026-05-01T00:00:00Z")
        self.apply({"promotions": [self.offer(20)]}, at="2026-03-01T00:00:00Z")
        self.assertEqual(self.discount("2026-04-01T00:00:00Z"), 4)
        self.assertEqual(self.discount("2026-06-01T00:00:00Z"), 2)

    def test_the_same_words_about_an_earlier_time_are_heard(self):
        """A document says how things are from ``at`` on, whether or not it says the same about today."""
        self.apply({"promotions": [self.offer(10)]}, at="2026-05-01T00:00:00Z")
        self.apply({"promotions": [self.offer(10)]}, at="2026-03-01T00:00:00Z")
        self.assertEqual(self.discount("2026-04-01T00:00:00Z"), 2)
        self.assertEqual(self.discount("2026-02-01T00:00:00Z"), 0)

    def test_a_promotion_may_stand_in_the_default_group_at_any_time(self):
        document = self.offer(10)
        del document["group"]
        self.apply({"promotions": [document]})
        self.assertEqual(self.discount("2026-01-05T10:00:00Z"), 2)
        self.assertEqual(self.discount(), 2)

    def test_a_change_is_effective_for_the_next_receipt(self):
        promotion = self.env["loy.promotion"]
        self.apply({"promotions": [self.offer(10)]})
        self.assertEqual(self.discount(), 2)
        promotion = promotion.search([("code", "=", "P_OFFER")])
        for change, expected in (
            ({"rewards_text": json.dumps([{"kind": "percent", "value": 50}])}, 10),
            ({"state": "paused"}, 0),
            ({"state": "active"}, 10),
            ({"active": False}, 0),
            ({"active": True}, 10),
            ({"state": "ended"}, 0),
        ):
            promotion.write(change)
            self.assertEqual(self.discount(), expected, change)

    def test_a_draft_counts_for_nobody(self):
        self.apply({"promotions": [self.offer(10, state="draft")]})
        self.assertEqual(self.discount(), 0)

    def test_settings_and_units_of_the_time_count_too(self):
        self.apply({"promotions": [self.offer(50)]})
        self.apply({"settings": {**PROGRAMME["settings"], "line_cap_percent": 10}}, at="2026-05-01T00:00:00Z")
        self.assertEqual(self.discount("2026-04-01T00:00:00Z"), 10)
        self.assertEqual(self.discount("2026-06-01T00:00:00Z"), 2)

    def test_how_old_a_receipt_may_be_is_a_setting_of_today(self):
        self.apply({"settings": {**PROGRAMME["settings"], "backdate_days": 3}}, at=ago(hours=1))
        self.refused("at_out_of_range", "purchase_calculate", **self.basket(at="2019-01-01T10:00:00"))
        self.env["loy.settings"].search([("company_id", "=", self.env.company.id)]).backdate_days = 100_000
        self.assertEqual(self.discount("2019-01-01T10:00:00"), 0)


class TestRevisions(ProgrammeCase):
    def revisions(self, code="P_OFFER"):
        return self.env["loy.revision"].search([("code", "=", code)])

    def test_each_change_is_kept_and_what_says_the_same_is_not(self):
        self.apply({"promotions": [self.offer(10)]})
        self.apply({"promotions": [self.offer(10)]})
        self.apply({"promotions": [self.offer(20)]}, at=ago(days=1))
        values = [revision.document["rewards"][0]["value"] for revision in self.revisions().sorted("number")]
        self.assertEqual(values, [10, 20])
        numbers = self.revisions().mapped("number")
        self.assertEqual(len(set(numbers)), 2)
        self.assertEqual(self.revisions().user_id, self.integrator)

    def test_history_cannot_be_changed_or_deleted(self):
        self.apply({"promotions": [self.offer(10)]})
        admin = self.env.ref("base.user_admin")
        for revision in (self.revisions(), self.revisions().with_user(admin)):
            with self.assertRaises(UserError):
                revision.write({"document": {}})
            with self.assertRaises(UserError):
                revision.unlink()

    def test_the_database_itself_refuses_to_change_history(self):
        self.apply({"promotions": [self.offer(10)]})
        for query in (
            "UPDATE loy_revision SET code = 'X'",
            "DELETE FROM loy_revision",
            "TRUNCATE loy_revision",
        ):
            with (
                self.assertRaises(psycopg2.Error),
                self.cr.savepoint(),
                self.assertLogs("odoo.sql_db", "ERROR"),
            ):
                self.env.cr.execute(query)

    def test_nothing_that_a_till_could_not_read_becomes_history(self):
        self.apply({"promotions": [self.offer(10)]})
        settings = self.env["loy.settings"].search([("company_id", "=", self.env.company.id)])
        group, unit = self.env["loy.group"].search([], limit=1), self.env["loy.unit"].search([], limit=1)
        for record, values in (
            (settings, {"backdate_days": 100_001}),
            (settings, {"hold_minutes": 0}),
            (settings, {"line_cap_percent": 101}),
            (group, {"code": "x" * 65}),
            (group, {"sequence": -1}),
            (unit, {"rate": 1e7}),
        ):
            with self.assertRaises(UserError, msg=values), self.env.cr.savepoint():
                record.write(values)
            self.env.invalidate_all()
        self.assertEqual(self.discount(), 2)

    def test_a_promotion_does_not_start_in_an_archived_group(self):
        self.apply({"groups": [{"code": "p_rest"}], "promotions": [self.offer(10, group="p_rest", state="paused")]})
        self.env["loy.group"].search([("code", "=", "p_rest")]).active = False
        promotion = self.env["loy.promotion"].search([("code", "=", "P_OFFER")])
        with self.assertRaises(UserError), self.env.cr.savepoint():
            promotion.state = "active"
        self.env.invalidate_all()
        promotion.action_end()

    def test_a_purchase_counts_once_for_a_promotion_that_gives_two_things(self):
        points = {"kind": "points", "unit": "T_BONUS", "percent": 5}
        self.apply({"promotions": [self.promotion("P_TWO", TEN, points)]})
        self.call("purchase_confirm", **self.basket(purchase="P-1"))
        self.assertEqual(self.env["loy.promotion"].search([("code", "=", "P_TWO")]).purchase_count, 1)

    def test_records_of_the_programme_are_never_deleted(self):
        self.apply({"promotions": [self.offer(10)], "groups": [{"code": "p_g"}]})
        for model, code in (("loy.promotion", "P_OFFER"), ("loy.group", "p_g")):
            with self.assertRaises(UserError):
                self.env[model].search([("code", "=", code)]).unlink()

    def test_a_change_that_was_rolled_back_never_poisons_the_cache(self):
        self.apply({"promotions": [self.offer(10)]})
        self.assertEqual(self.discount(), 2)
        numbers = set()
        for percent in (50, 60):
            with self.undone():
                self.apply({"promotions": [self.offer(percent)]})
                self.assertEqual(self.discount(), 20 * percent / 100)
                numbers.add(self.env["loy.programme"]._head())
            self.assertEqual(self.discount(), 2)
        self.apply({"promotions": [self.offer(20)]})
        self.assertEqual(self.discount(), 4)
        numbers.add(self.env["loy.programme"]._head())
        self.assertEqual(len(numbers), 3, "no number is given twice")

    def test_a_programme_is_compiled_once(self):
        self.apply({"promotions": [self.offer(10)]})
        self.discount()
        with patch.object(
            programme_service, "compile_programme", side_effect=AssertionError("compiled again")
        ):
            self.discount()
            self.discount((datetime.utcnow() + timedelta(minutes=5)).isoformat() + "Z")

    def test_the_past_stays_what_it_was_under_an_old_number(self):
        self.apply({"promotions": [self.offer(10)]})
        service, now = self.env["loy.programme"], datetime.utcnow()
        number = service._head()
        old = service._at(self.env.company, now)
        line = {"id": "1", "sku": "X", "price_minor": 2000}
        basket = Basket.from_document({"at": now.isoformat(), "lines": [line]})

        def total(compiled):
            return evaluate(compiled.programme, basket).totals

        self.apply({"promotions": [self.offer(50)]})
        again = service._at(self.env.company, now, number)
        self.assertIs(again, old)
        self.assertNotEqual(total(service._at(self.env.company, now)), total(old))
        with patch.object(programme_service, "_compiled", programme_service._Cache(1)):
            fresh = service._at(self.env.company, now + timedelta(minutes=1), number)
        self.assertIsNot(fresh, old)
        self.assertEqual(total(fresh), total(old))


class TestCompanies(ProgrammeCase):
    def setUp(self):
        super().setUp()
        self.other = self.env["res.company"].create(
            {"name": "Other", "currency_id": self.env.ref("base.JPY").id}
        )
        user = self.new_integrator("t_other", company_id=self.other.id, company_ids=[(6, 0, self.other.ids)])
        self.stranger = self.env["loy.api"].with_user(user)
        store = {"code": "O_S", "timezone": "Asia/Tokyo"}
        self.call("programme_apply", api=self.stranger, programme={"stores": [store]}, at=BEGINNING)

    def sold_by_the_other(self):
        lines = [{"id": "1", "sku": "T-1002", "quantity": 1, "price": 20}]
        return self.call("purchase_calculate", api=self.stranger, store="O_S", lines=lines)

    def test_a_promotion_that_moves_to_another_company_ends_here(self):
        self.apply({"promotions": [self.offer(10, group="default")]})
        self.assertEqual(self.discount(), 2)
        moment = datetime.utcnow() - timedelta(minutes=1)
        promotion = self.env["loy.promotion"].search([("code", "=", "P_OFFER")])
        promotion.write({"company_id": self.other.id, "valid_from_at": moment})
        self.assertEqual(self.discount(), 0)
        self.assertEqual(self.sold_by_the_other()["totals"]["discount"], 2)
        self.assertEqual(self.discount(at=ago(minutes=2)), 2)

    def test_the_settings_of_the_company_in_hand_open_at_once(self):
        settings = self.env["loy.settings"].create({"company_id": self.other.id})
        analyst = new_test_user(self.env, "t_settings", groups="loyalty_core.group_analyst")
        open_them = self.env.ref("loyalty_core.loy_settings_server_action").with_user(analyst)
        for companies, res_id in ((self.other, settings.id), (self.other | self.env.company, 0)):
            analyst.company_ids |= companies
            action = open_them.with_context(allowed_company_ids=companies.ids).run()
            self.assertEqual(action["res_id"], res_id)
            self.assertEqual(action["view_mode"], "form" if res_id else "list,form")

    def test_two_companies_do_not_see_each_others_programme(self):
        self.apply({"promotions": [self.offer(10)]})
        self.assertIsNone(self.section("promotions", "P_OFFER", self.stranger))
        self.assertIsNone(self.section("stores", "T_S1", self.stranger))
        self.assertEqual(self.sold_by_the_other()["totals"]["discount"], 0)
        theirs = self.offer(50, group="default")
        self.call("programme_apply", api=self.stranger, programme={"promotions": [theirs]}, at=BEGINNING)
        self.assertEqual(self.sold_by_the_other()["totals"]["discount"], 10)
        self.assertEqual(self.discount(), 2)
        self.assertEqual(self.section("promotions", "P_OFFER")["rewards"][0]["value"], 10)

    def test_a_document_cannot_name_what_another_company_has(self):
        with self.assertRaisesRegex(UserError, "^bad_request: promotions.0..group names t_discounts"):
            self.call("programme_apply", api=self.stranger, programme={"promotions": [self.offer(10)]})

    def test_replace_ends_nothing_of_another_company(self):
        self.apply({"promotions": [self.offer(10)]})
        sections = ["promotions", "stores", "units", "groups", "brands", "networks"]
        self.call(
            "programme_apply", api=self.stranger, programme={name: [] for name in sections}, replace=sections
        )
        self.assertEqual(self.discount(), 2)

    def test_stores_and_purchases_of_another_company_are_not_found(self):
        self.call("purchase_confirm", purchase="P-1", **self.basket())
        for method, request in {
            "purchase_calculate": self.basket(member=None),
            "purchase_confirm": self.basket(member=None, purchase="P-1"),
        }.items():
            with self.assertRaisesRegex(UserError, "^store_not_found: "):
                self.call(method, api=self.stranger, **request)
        with self.assertRaisesRegex(UserError, "^purchase_not_found: "):
            self.call("purchase_get", api=self.stranger, purchase="P-1")

    def test_the_currency_is_the_companys(self):
        lines = [{"id": "1", "sku": "X", "quantity": 1, "price": 20.4}]
        answer = self.call("purchase_calculate", api=self.stranger, store="O_S", lines=lines)
        self.assertEqual(answer["totals"]["base"], 20.0)
