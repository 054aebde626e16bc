"""Segments of products: made, named by promotions, and shown with what is in them."""

import json
import random
from decimal import Decimal
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user, tagged

from ..engine import Line, compile_programme
from ..services import product_segments
from ..services.errors import LoyaltyError
from ..services.money import to_minor
from .api_common import PROGRAMME, ApiCase

TEN = {"kind": "percent", "value": 10}
DRINKS = {"category": ["T_DRINKS"]}


class SegmentCase(ApiCase):
    programme = {**PROGRAMME, "promotions": []}

    @classmethod
    def segment(cls, code, target=None, **values):
        text = {"target_text": json.dumps(target)} if target is not None else {}
        return cls.env["loy.product.segment"].create({"code": code, "name": code.capitalize(), **text, **values})

    def offer(self, target, **values):
        self.apply({"promotions": [self.promotion("T_OFFER", {**TEN, "target": target}, **values)]}, at=None)

    def discount(self, **values):
        """What comes off two espressos of 90.00 and a bun of 20.00 by the offer alone."""
        answer = self.call("purchase_calculate", **self.basket(**values))
        return sum(
            one["discount"] for line in answer["lines"] for one in line["promotions"] if one["code"] == "T_OFFER"
        )


@tagged("post_install", "-at_install")
class TestProductSegments(SegmentCase):
    def test_a_promotion_on_a_segment_follows_it_as_it_changes(self):
        segment = self.segment("T_SNACKS", include_text="T-1002")
        self.offer({"segment": ["T_SNACKS"]})
        self.assertEqual(self.discount(), 2)
        segment.target_text = json.dumps(DRINKS)
        self.assertEqual(self.discount(), 11)
        segment.exclude_text = "T-1002"
        self.assertEqual(self.discount(), 9)

    def test_a_receipt_is_judged_by_the_segment_of_its_own_time(self):
        self.apply({"product_segments": [{"code": "T_SNACKS", "include": ["T-1002"]}]})
        self.apply({"promotions": [self.promotion("T_OFFER", {**TEN, "target": {"segment": ["T_SNACKS"]}})]})
        self.apply({"product_segments": [{"code": "T_SNACKS", "target": DRINKS}]}, at="2026-02-01T00:00:00Z")
        self.assertEqual(self.discount(at="2026-01-31T12:00:00"), 2)
        self.assertEqual(self.discount(at="2026-02-01T12:00:00"), 9)

    def test_a_segment_of_segments_and_one_in_a_condition(self):
        self.segment("T_HOT", DRINKS)
        self.segment("T_ALL", {"segment": ["T_HOT"], "not": {"brand": ["T_OTHER"]}})
        when = {"kind": "basket_quantity", "target": {"segment": ["T_ALL"]}, "min": 2}
        self.offer({"not": {"segment": ["T_ALL"]}}, when=when)
        self.assertEqual(self.discount(), 2)

    def test_what_was_bought_before_of_a_segment(self):
        self.segment("T_HOT", DRINKS)
        self.offer({}, when={"kind": "purchases_quantity", "target": {"segment": ["T_HOT"]}, "min": 2})
        self.assertEqual(self.discount(), 0)
        self.call("purchase_confirm", purchase="T-SEG-1", **self.basket())
        self.assertEqual(self.discount(), 11)

    def test_a_name_that_is_not_there_is_refused(self):
        self.refused(
            "bad_request",
            "programme_apply",
            programme={"promotions": [self.promotion("T_OFFER", {**TEN, "target": {"segment": ["T_NO"]}})]},
        )
        for bad in ({"segment": ["T_NO"]}, {"discounted": False}, {"segment": ["T_OWN"]}, {"colour": "red"}):
            with self.subTest(bad), self.assertRaises(LoyaltyError) as caught, self.cr.savepoint():
                self.segment("T_OWN", bad)
            self.assertEqual(caught.exception.code, "bad_segment")
        with self.assertRaises(LoyaltyError), self.cr.savepoint():
            self.segment("T_EMPTY")

    def test_tiers_and_favourites_name_no_segments(self):
        self.segment("T_HOT", DRINKS)
        self.env.flush_all()
        for section in ("tiers", "favourites"):
            row = {"code": "T_X", "target": {"segment": ["T_HOT"]}}
            self.assertIn("segments", self.refused("bad_request", "programme_apply", programme={section: [row]}))

    def test_it_is_not_archived_while_something_names_it(self):
        segment, inner = self.segment("T_OUTER", {"segment": []}), self.segment("T_INNER", DRINKS)
        segment.target_text = json.dumps({"segment": ["T_INNER"]})
        self.offer({"segment": ["T_OUTER"]})
        for one in (segment, inner):
            for change in ({"active": False}, {"code": "T_RENAMED"}):
                with self.assertRaises(ValidationError), self.cr.savepoint():
                    one.write(change)
        self.env["loy.promotion"].search([("code", "=", "T_OFFER")]).state = "ended"
        segment.active = False
        inner.active = False

    def test_it_is_not_archived_while_something_names_it_that_is_to_come(self):
        segment = self.segment("T_DRINKS", DRINKS)
        group = self.env["loy.group"].search([], limit=1)
        unit = self.env["loy.unit"].search([("code", "=", "T_BONUS")])
        gives = {"discount": {"kind": "percent", "value": 10, "target": {"segment": ["T_DRINKS"]}}}
        reward = self.env["loy.reward"].create(
            {"code": "T_R", "name": "R", "unit_id": unit.id, "points": 10, "group_id": group.id,
             "gives_text": json.dumps(gives)}
        )  # fmt: skip
        self.refused_to_archive(segment)
        reward.active = False
        self.offer({"sku": ["T-1001"]})
        live = self.env["loy.promotion"].search([("code", "=", "T_OFFER")])
        change = live._change()
        change.rewards_text = change_text = json.dumps([{**TEN, "target": {"segment": ["T_DRINKS"]}}])
        self.refused_to_archive(segment)
        change.unlink()
        draft = live.copy({"code": "T_DRAFT", "rewards_text": change_text})
        asked = self.env["loy.publication"].sudo().create(
            {"promotion_id": draft.id, "draft_id": draft.id, "kind": "start", "state": "waiting"}
        )
        self.refused_to_archive(segment)
        asked.state = "cancelled"
        segment.active = False

    def refused_to_archive(self, segment):
        with self.assertRaises(ValidationError), self.cr.savepoint():
            segment.active = False

    def test_promotions_that_name_it_are_found(self):
        segment, other = self.segment("T_100%", DRINKS), self.segment("T_100", DRINKS)
        self.offer({"not": {"segment": ["T_100%"]}}, when={"kind": "attribute", "name": "x", "value": "T_100"})
        named = self.env["loy.promotion"].search([("code", "=", "T_OFFER")])
        self.assertEqual(self.env["loy.promotion"].search(segment.action_loy_promotions()["domain"]), named)
        self.assertEqual((segment.promotion_count, other.promotion_count), (1, 0))

    def test_the_till_goes_on_where_a_segment_is_gone(self):
        """By a direct write, say: what names it is left out, and what names that."""
        inner = self.segment("T_INNER", DRINKS)
        self.segment("T_OUTER", {"segment": ["T_INNER"]})
        self.offer({"segment": ["T_OUTER"]})
        self.assertEqual(self.discount(), 9)
        with patch.object(type(self.env["loy.product.segments"]), "_naming", return_value=[]):
            inner.active = False
        with self.assertLogs("odoo.addons.loyalty_core.services.programme", "ERROR"):
            self.assertEqual(self.discount(), 0)

    def test_lists_are_pasted_in_any_form(self):
        segment = self.segment("T_LIST", include_text=" T-1002\tT-1001\r\nT-1002;\n\n")
        self.assertEqual(segment.include_text, "T-1001\nT-1002")

    def test_export_and_apply_say_the_same(self):
        rows = [
            {"code": "T_A", "name": "A", "target": {"segment": ["T_B"]}, "exclude": ["T-1001"]},
            {"code": "T_B", "name": "B", "include": ["T-1001", "T-1002"]},
        ]
        self.apply({"product_segments": rows})
        exported = self.call("programme_export")["programme"]
        self.assertEqual([one for one in exported["product_segments"] if one["code"] in ("T_A", "T_B")], rows)
        counts = self.call("programme_apply", programme={"product_segments": exported["product_segments"]})
        self.assertEqual((counts["created"], counts["updated"]), (0, 0))


@tagged("post_install", "-at_install")
class TestSegmentPreview(SegmentCase):
    """What the form shows is what the engine picks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chance = random.Random(18)
        cls.make_catalogue()

    @classmethod
    def make_catalogue(cls):
        env = cls.env
        categories = env["product.category"].create(
            [{"name": name, "loy_code": f"T_{name}"} for name in ("Food", "Fruit", "Bread")]
        )
        categories[1].parent_id = categories[0]
        brands = env["loy.brand"].create([{"code": f"T_B{number}", "name": f"B{number}"} for number in range(2)])
        tags = env["product.tag"].create([{"name": f"t_tag{number}"} for number in range(2)])
        suppliers = env["res.partner"].create([{"name": "T supplier", "ref": "T_REF"}, {"name": "T other"}])
        colour = env["product.attribute"].create(
            {
                "name": "T colour",
                "create_variant": "always",
                "value_ids": [Command.create({"name": name, "default_extra_price": extra})
                              for name, extra in (("red", 0), ("blue", 1.25))],
            }
        )  # fmt: skip
        pick = cls.chance.choice
        for number in range(14):
            env["product.template"].create(
                {
                    "name": f"T product {number}",
                    "list_price": pick([0, 0.99, 1, 2.5, 10]),
                    "categ_id": pick(categories).id,
                    "loy_brand_id": pick([False, *brands.ids]),
                    "product_tag_ids": [Command.set(pick([[], tags.ids, tags[:1].ids]))],
                    "seller_ids": [Command.create({"partner_id": pick(suppliers).id})] if number % 2 else [],
                    "attribute_line_ids": [
                        Command.create({"attribute_id": colour.id, "value_ids": [Command.set(colour.value_ids.ids)]})
                    ]
                    if number % 3 == 0
                    else [],
                }
            )
        cls.products = env["product.product"].search([("name", "=like", "T product %")], order="id")
        for number, product in enumerate(cls.products):
            product.default_code = f"T-P{number}" if number % 5 else False
            product.barcode = f"T99{number}" if number % 5 == 0 and number else False

    def target(self, depth=2):
        chance, chosen = self.chance, {}
        some = lambda *values: chance.sample(values, chance.randint(1, 2))  # noqa: E731
        for key, value in (
            ("sku", some("T-P1", "T-P2", "T990", "T995", "T-P7")),
            ("category", some("T_Food", "T_Fruit", "T_Bread")),
            ("brand", some("T_B0", "T_B1", "T_GONE")),
            ("supplier", some("T_REF", "T other", "T supplier")),
            ("tag", some("t_tag0", "t_tag1", "t_none")),
            ("attribute", {"T colour": some("red", "blue")}),
            ("price", chance.choice([{"min": 1}, {"max": 2.25}, {"min": 0.99, "max": 3.75}])),
            ("segment", some("T_S0", "T_S1")),
        ):
            if chance.random() < 0.22:
                chosen[key] = value
        if depth and chance.random() < 0.4:
            chosen["not"] = self.target(depth - 1)
        return chosen

    def lines(self):
        """The catalogue as a till would send it."""
        rows = []
        facts = self.env["loy.catalogue"]._facts(
            [one.default_code or one.barcode for one in self.products if one.default_code or one.barcode],
            self.env.company.id,
        )
        for product in self.products:
            sku = product.default_code or product.barcode or ""
            if known := facts.get(sku):
                self.assertEqual(known.product_id, product.id)
                price = to_minor(Decimal(str(known.list_price)), 2)
                rows.append((product.id, Line(id=str(product.id), sku=sku, price_minor=price, **known.traits())))
        return rows

    def test_the_database_picks_what_the_engine_picks(self):
        base = [
            {"code": "T_S0", "target": {"category": ["T_Food"], "not": {"tag": ["t_tag1"]}}},
            {"code": "T_S1", "target": {"price": {"max": 1}}, "include": ["T-P1"], "exclude": ["T-P2"]},
        ]
        self.apply({"product_segments": base})
        segment = self.segment("T_GENERATED", {})
        rows, sizes = self.lines(), set()
        ids = [product_id for product_id, _line in rows]
        for _time in range(150):
            target = self.target()
            include, exclude = (self.chance.sample(["T-P1", "T-P3", "T-P4"], self.chance.randint(0, 2)) for _ in "ab")
            document = {"code": "T_GENERATED", "target": target, "include": include, "exclude": exclude}
            engine = compile_programme({"product_segments": [*base, document]}).segments["T_GENERATED"]
            picked = [ids[i] for i in engine.pick([line for _id, line in rows], frozenset())]
            segment.update(
                {
                    "target_text": json.dumps(target),
                    "include_text": "\n".join(include),
                    "exclude_text": "\n".join(exclude),
                }
            )
            found = self.env["product.product"].search(
                [("loy_segment_ids", "in", segment.ids), ("id", "in", ids)], order="id"
            )
            self.assertEqual(found.ids, sorted(picked), document)
            sizes.add(len(picked))
        self.assertGreater(len(sizes), 8, "the generated selections differ")

    def test_the_form_shows_how_many_and_the_first_while_it_is_edited(self):
        marketer = new_test_user(self.env, "t_segment_marketer", groups="loyalty_core.group_marketer")
        with Form(self.env["loy.product.segment"].with_user(marketer)) as form:
            form.code, form.name = "T_FORM", "Form"
            self.assertEqual(form.product_count, 0)
            form.include_text = "T-P1\nT-P2\nT-NOT-THERE"
            self.assertEqual(form.product_count, 2)
            form.exclude_text = "T-P2"
            self.assertEqual((form.product_count, len(form.product_ids)), (1, 1))
            form.target_text = '{"category": '
            self.assertEqual(form.product_count, 0)
            form.target_text = '{"category": ["T_Food"]}'
            self.assertGreater(form.product_count, 2)
        segment = form.record
        action = segment.action_loy_products()
        shown = self.env[action["res_model"]].with_user(marketer).search(action["domain"])
        self.assertEqual(len(shown), segment.product_count)
        self.assertIn(segment, shown[0].loy_segment_ids)

    def test_it_shows_no_more_than_people_can_look_through(self):
        segment = self.segment("T_MANY", {"category": ["T_Food", "T_Bread"]})
        with patch.object(product_segments, "SHOWN_MAX", 3):
            segment.invalidate_recordset()
            self.assertEqual(segment.product_count, len(self.products))
            self.assertEqual(len(segment.product_ids), 3)

    def test_products_of_another_company_are_not_in_it(self):
        other = self.env["res.company"].create({"name": "T other"})
        segment = self.segment("T_MANY", {"category": ["T_Food", "T_Bread"]})
        count = segment.product_count
        self.products[0].product_tmpl_id.company_id = other
        segment.invalidate_recordset()
        self.assertEqual(segment.product_count, count - len(self.products[0].product_tmpl_id.product_variant_ids))
