"""Templates of promotions: found by words, shown by their receipts, and used."""

import json

from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from ..engine.templates import read_template
from ..services.errors import LoyaltyError
from ..services.sections import section_of
from ..services.templates import COMMON, _json
from .api_common import PROGRAMME, ApiCase

#: What the bench cannot be told of in a basket: other days of the member, offers, favourites.
MEMBERS = "member"


@tagged("post_install", "-at_install")
class TestTemplates(ApiCase):
    programme = {**PROGRAMME, "promotions": [], "units": [{"code": "BONUS", "name": "Bonus"}]}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.templates = cls.env["loy.promotion.template"].search([])
        cls.marketer = new_test_user(cls.env, "t_template_marketer", groups="loyalty_core.group_marketer")
        cls.analyst = new_test_user(cls.env, "t_template_analyst", groups="loyalty_core.group_analyst")
        cls.apply(cls.beside())

    @classmethod
    def beside(cls):
        """What the examples name."""
        common = _json(COMMON)
        lineages = {tuple(good["categories"]) for good in common["goods"]}
        return {
            "categories": [
                {"code": "DRINKS"},
                *(
                    {"code": own, **({"parent": parents[0]} if parents else {})}
                    for own, *parents in sorted(lineages)
                ),
            ],
            "brands": [{"code": "AURA"}],
            "products": [
                {
                    "sku": good["sku"],
                    "name": good["name"],
                    "price": good["price"],
                    "category": good["categories"][0],
                    "tags": good.get("tags", []),
                    **({"brand": good["brand"]} if "brand" in good else {}),
                }
                for good in common["goods"]
            ],
            "code_pools": [
                {"code": "FLYER", "kind": "multi", "codes": ["FLYER10", "SUMMER"]},
                {"code": "COUPON", "pattern": "C-####-####", "valued": True, "value": 10},
            ],
            **{key: common["programme"][key] for key in ("choices", "favourites", "calendars")},
            "stores": [{"code": "S1", "name": "Opened"}],
        }

    def document(self, template):
        return read_template(_json(template.file))

    def use(self, template, user=None, **values):
        wizard = self.env["loy.promotion.template.wizard"].with_user(user or self.marketer)
        return wizard.create({"template_id": template.id, "values_text": json.dumps(values)}).action_loy_use()

    def by_code(self, code):
        return self.templates.filtered(lambda one: one.code == code)

    # ------------------------------------------------------------------ use

    def test_each_makes_drafts_of_its_example(self):
        for template in self.templates:
            with self.subTest(template.code):
                document = self.document(template)
                before = self.env["loy.promotion"].search([])
                self.use(template, **document.values)
                made = (self.env["loy.promotion"].search([]) - before).sorted("id")
                self.assertEqual(len(made), len(document.promotions))
                self.assertEqual(set(made.mapped("state")), {"draft"})
                self.assertFalse(self.env["loy.programme"]._problems_of_promotions(made))
                section = section_of("loy.promotion")
                for promotion, source in zip(made, document.filled(document.values), strict=True):
                    said = section.document_of(promotion)
                    self.assertEqual(said["code"], source["code"])
                    self.assertEqual(said["rewards"], source["rewards"])
                    self.assertEqual(said.get("when"), source.get("when"))
                    self.assertEqual(said.get("limits"), source.get("limits"))

    def test_the_bench_comes_to_the_same_receipt(self):
        """Of all that a basket without a history of its member shows."""
        tried = 0
        for template in self.templates:
            document = self.document(template)
            basket = document.basket
            if not basket["lines"] or document.beside or basket.get(MEMBERS, {"id": "1"}).keys() > {"id"}:
                continue
            if document.history or "personal" in template.code or basket.get("promo_codes", [{}])[0].get("value_minor"):
                continue
            tried += 1
            with self.subTest(template.code):
                before = self.env["loy.promotion"].search([])
                self.use(template, **document.values)
                drafts = self.env["loy.promotion"].search([]) - before
                place = basket.get("place", {})
                case = self.env["loy.bench.case"].create(
                    {
                        "name": template.code,
                        "store_id": self.env["loy.store"].search([("code", "=", place.get("store", "T_S1"))]).id,
                        "channel": place.get("channel", "pos"),
                        "at_on": basket["at"][:10],
                        "at_time": basket["at"][11:16],
                        "member_id": int(self.member) if basket.get(MEMBERS) else False,
                        "codes_text": " ".join(basket.get("codes", ())),
                        "payment_ids": [(0, 0, {"method": one["method"]}) for one in basket.get("payments", ())],
                        "promotion_ids": drafts.ids,
                        "line_ids": [
                            (0, 0, {"sku": line["sku"], "quantity": line.get("quantity", 1)})
                            for line in basket["lines"]
                        ],
                    }
                )
                case.action_loy_calculate()
                answer = case.result["answer"]
                self.assertEqual([line["amount"] for line in answer["lines"]],
                                 [line["amount"] for line in document.receipt["lines"]])  # fmt: skip
                self.assertEqual(answer["totals"]["to_pay"], document.receipt["totals"]["to_pay"])
                self.assertEqual([one["amount"] for one in answer["earned"]],
                                 [one["amount"] for one in document.receipt.get("earned", ())])  # fmt: skip
                drafts.write({"state": "ended"})
        self.assertGreater(tried, 35)

    def test_a_code_that_is_taken_gets_a_number(self):
        template = self.by_code("second_half")
        codes = []
        for _time in range(3):
            action = self.use(template, goods={"sku": ["cake"]}, percent=50)
            codes.append(self.env["loy.promotion"].browse(action["res_id"]).code)
        self.assertEqual(codes, ["SECOND-HALF", "SECOND-HALF-2", "SECOND-HALF-3"])

    def test_what_is_missing_is_told(self):
        template = self.by_code("second_half")
        for values in ({}, {"percent": 50, "goods": {}}):
            with self.assertRaises(LoyaltyError) as caught:
                self.use(template, **values)
            self.assertEqual(caught.exception.code, "template_incomplete")
            self.assertIn("Which goods", str(caught.exception))
        with self.assertRaises(LoyaltyError) as caught:
            self.use(template, goods={"sku": ["cake"]}, percent="many")
        self.assertEqual(caught.exception.code, "bad_promotion")

    def test_several_promotions_are_shown_as_a_list(self):
        template = self.by_code("amount_steps")
        action = self.use(template, **self.document(template).values)
        made = self.env["loy.promotion"].search(action["domain"])
        self.assertEqual(sorted(made.mapped("name")), ["First step", "Second step"])

    def test_it_begins_with_the_numbers_of_the_example_and_the_only_unit(self):
        self.env["loy.unit"].search([("code", "!=", "BONUS"), ("kind", "=", "points")]).active = False
        template = self.by_code("points_goods").with_user(self.marketer)
        action = template.action_loy_use()
        self.assertEqual(json.loads(action["context"]["default_values_text"]), {"percent": 10, "unit": "BONUS"})
        with Form(self.env[action["res_model"]].with_user(self.marketer).with_context(**action["context"])) as form:
            self.assertEqual([one["key"] for one in form.parameters], ["unit", "percent", "goods"])
            self.assertIn("+16", json.dumps(form.receipt))
            form.values_text = '{"percent": 20}'
            self.assertIn("+32", json.dumps(form.receipt))
            form.values_text = '{"percent": "many"}'
            self.assertFalse(form.receipt)

    def test_an_analyst_looks_and_does_not_use(self):
        template = self.by_code("second_half").with_user(self.analyst)
        self.assertTrue(template.receipt["lines"])
        with self.assertRaises(AccessError):
            template.action_loy_use()
        with self.assertRaises(AccessError):
            self.use(self.by_code("second_half"), user=self.analyst, goods={"sku": ["cake"]}, percent=50)

    # ------------------------------------------------------------------ receipts and words

    def test_each_has_a_receipt(self):
        for template in self.templates:
            with self.subTest(template.code):
                receipt = template.receipt
                self.assertTrue(receipt["at"])
                self.assertTrue(receipt["lines"] or receipt["event"])
                shows = receipt["given"] or receipt["notes"] or any(one["is_cheaper"] for one in receipt["lines"])
                self.assertTrue(shows)
                self.assertNotIn("None", json.dumps(receipt))

    def test_a_receipt_is_in_the_currency_of_the_company(self):
        receipt = self.by_code("second_half").receipt
        self.assertIn(self.env.company.currency_id.symbol, receipt["totals"][-1]["amount"])
        self.assertEqual(receipt["lines"][0]["discounts"][0]["name"], "Second at half price")

    def test_they_are_found_by_words_in_three_languages(self):
        for words in ("second half", "половина ціни", "вторая половина", "half PRICE second"):
            found = self.env["loy.promotion.template"].search([("words", "ilike", words)])
            self.assertIn("second_half", found.mapped("code"), words)
            self.assertLess(len(found), 10)
        self.assertFalse(self.env["loy.promotion.template"].search([("words", "ilike", "no such words")]))
