import io
import json
from unittest.mock import patch

import polib
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools.translate import code_translations, trans_export

from ..engine import words
from ..engine.forms import SAID
from ..engine.problem_words import SENTENCES
from ..engine.sentences import GIVES_IF, LIMITS, SET_OFF, WITHIN, patterns
from ..engine.template_words import PARAMETERS, TEXTS
from ..services.attributes import TAKEN_NAMES
from ..services.errors import LoyaltyError
from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestEditor(ApiCase):
    """What the editor of promotions asks of the server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.marketer = new_test_user(cls.env, "t_editor_marketer", groups="loyalty_core.group_marketer")
        cls.editor = cls.env["loy.editor"].with_user(cls.marketer)

    def parameter(self, described, kind, key, sort="condition"):
        (found,) = [one for one in described["kinds"][sort][kind]["fields"] if one["key"] == key]
        return found

    def one_of(self, number, **said):
        """One of several promotions that name the same records."""
        return {
            "code": f"T_WORDS_{number}",
            "name": "Words",
            "when": {"kind": "place", "store": ["T_S1"]},
            "rewards": [{"kind": "percent", "value": number, "target": {"category": ["T_COFFEE"]}}],
            **said,
        }

    def test_a_description_is_json_with_the_currency(self):
        described = self.editor.describe()
        self.assertEqual(json.loads(json.dumps(described)), described)
        self.assertEqual(described["currency"], self.env.company.currency_id.symbol)
        self.assertEqual(self.parameter(described, "basket_amount", "min")["label"], "At least")

    def test_all_that_is_said_is_a_term_to_translate(self):
        with io.BytesIO() as buffer:
            trans_export(None, ["loyalty_core"], buffer, "po", self.env)
            entries = polib.pofile(buffer.getvalue().decode())
        terms = {entry.msgid for entry in entries if "python" in f"{entry.comment}"}
        said = set(self.said(self.suite(self.editor.describe())))
        said |= {*SENTENCES.values(), *TEXTS, *PARAMETERS.values()}
        said |= {GIVES_IF, SET_OFF, WITHIN, *(pattern.text for pattern in LIMITS)}
        said |= {pattern.text for _sort, _kind, pattern in patterns()}
        self.assertGreater(len(said), 250)
        self.assertFalse(said - terms)

    def test_it_is_in_the_language_of_whoever_asks(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        said = {"At least": "Не менше", "Basket": "Кошик", "Less than": "Менше ніж"}
        with patch.dict(code_translations.python_translations, {("loyalty_core", "uk_UA"): said}):
            described = self.editor.with_context(lang="uk_UA").describe()
        self.assertEqual(self.parameter(described, "basket_amount", "min")["label"], "Не менше")
        self.assertEqual(self.parameter(described, "attribute", "op")["form"]["labels"]["lt"], "Менше ніж")
        self.assertEqual(described["topics"]["condition"][0], "Кошик")
        self.assertEqual(described["kinds"]["condition"]["basket_amount"]["topic"], "Кошик")
        example = described["kinds"]["condition"]["attribute"]["example"]
        self.assertEqual(example, self.editor.describe()["kinds"]["condition"]["attribute"]["example"])

    def test_records_are_found_by_code_and_by_name(self):
        for typed in ("T_COFFEE", "offee"):
            self.assertIn("T_COFFEE", [one["code"] for one in self.editor.search("categories", typed)])
        self.assertEqual(self.editor.search("categories", "no such thing"), [])
        self.assertEqual(self.editor.search("no_such_section", ""), [])

    def test_records_are_told_by_name_those_put_away_too(self):
        store = self.env["loy.store"].search([("code", "=", "T_S1")])
        name = store.display_name
        store.active = False
        self.assertEqual(self.editor.names({"stores": ["T_S1", "T_NOWHERE"]}), {"stores": {"T_S1": name}})
        self.assertNotIn("T_S1", [one["code"] for one in self.editor.search("stores", "T_S1")])

    def test_a_code_may_be_of_one_of_several_sections(self):
        self.apply({"groups": [{"code": "T_SHELF", "name": "Shelf offers"}], "promotions": [self.one_of(5)]})
        source = self.parameter(self.editor.describe(), "multiply", "of", "reward")["form"]["item"]["section"]
        found = {one["code"] for term in ("T_SHELF", "T_WORDS_5") for one in self.editor.search(source, term)}
        self.assertEqual(found, {"T_SHELF", "T_WORDS_5"})
        names = self.editor.names({source: ["T_SHELF", "T_WORDS_5", "T_NONE"]})[source]
        self.assertEqual(names, {"T_SHELF": "Shelf offers", "T_WORDS_5": "Words"})

    def test_what_is_known_of_a_member_is_found_by_its_label(self):
        self.env["loy.attribute"].create({"code": "t_children", "name": "Children at home", "kind": "integer"})
        source = self.parameter(self.editor.describe(), "attribute", "name")["form"]["section"]
        self.assertIn({"code": "t_children", "name": "Children at home"}, self.editor.search(source, "children"))
        self.assertEqual(self.editor.search(source, "birth d"), [{"code": "birth_date", "name": "Birth date"}])
        self.assertEqual({one["code"] for one in self.editor.search(source, "")} & TAKEN_NAMES, TAKEN_NAMES)
        when = {"kind": "attribute", "name": "age", "op": "ge", "value": 18}
        self.assertIn("“Age”", self.editor.say("condition", when))

    def test_nobody_finds_records_of_another_company(self):
        other = self.env["res.company"].create({"name": "T other"})
        self.env["loy.store"].create({"code": "T_ELSEWHERE", "name": "Elsewhere", "company_id": other.id})
        self.assertEqual(self.editor.search("stores", "T_ELSEWHERE"), [])
        self.assertEqual(self.editor.names({"stores": ["T_ELSEWHERE"]}), {"stores": {}})

    def test_who_may_not_read_promotions_is_told_nothing(self):
        person = new_test_user(self.env, "t_editor_person", groups="base.group_user")
        editor = self.env["loy.editor"].with_user(person)
        for ask in (
            editor.describe,
            lambda: editor.search("stores", ""),
            lambda: editor.names({"stores": ["T_S1"]}),
            lambda: editor.check("condition", {}),
        ):
            with self.assertRaises(AccessError):
                ask()

    def test_what_is_wrong_is_told_with_its_path(self):
        balance = {"kind": "points_balance", "unit": "T_NONE", "min": 1}
        wrong = {"all": [{"kind": "basket_amount", "min": "much"}, {"any": [{"not": balance}]}]}
        told = {one["path"]: one["text"] for one in self.editor.check("condition", wrong)}
        self.assertEqual(set(told), {"all[0].min", "all[1].any[0].not.unit"})
        self.assertEqual(told["all[0].min"], "Write a number.")
        self.assertIn("T_NONE", told["all[1].any[0].not.unit"])
        told = self.editor.check("rewards", [{"kind": "percent", "value": 10}, {"kind": "percent"}])
        self.assertEqual(told, [{"path": "[1].value", "text": "Fill this in."}])

    def test_what_is_wrong_is_told_the_same_way_where_a_promotion_is_saved(self):
        promotion = self.env["loy.promotion"].create({"code": "T_SAVED", "name": "Saved"})
        nameless = {"rewards_text": '[{"kind": "percent"}]'}
        self.assertEqual(self.refusal(promotion, nameless), "bad_promotion: Rewards[0].value: Fill this in.")
        said = self.refusal(promotion, {"when_text": json.dumps({"all": [{"min": 1}]})})
        self.assertEqual(said, "bad_promotion: When.all[0]: Choose what it is.")
        points = {"kind": "points", "unit": "T_NONE", "amount": 1}
        said = self.refusal(promotion, {"rewards_text": json.dumps([points])})
        self.assertIn("There is no T_NONE. Choose one that is there, or make it.", said)
        two = promotion | promotion.copy({"code": "T_OTHER", "name": "Other"})
        self.assertRegex(self.refusal(two, nameless), "Other.*, Rewards.*Fill this in")
        self.env["res.lang"]._activate_lang("uk_UA")
        words = {"Fill this in.": "Заповніть це."}
        with patch.dict(code_translations.python_translations, {("loyalty_core", "uk_UA"): words}):
            said = self.refusal(promotion.with_context(lang="uk_UA"), nameless)
        self.assertIn("Заповніть це.", said)

    def refusal(self, promotions, values):
        with self.assertRaises(LoyaltyError) as caught:
            promotions.write(values)
            self.env.flush_all()
        return str(caught.exception)

    def test_nothing_is_wrong_with_a_sound_document(self):
        self.assertEqual(self.editor.check("condition", {"kind": "place", "store": ["T_S1"]}), [])
        self.assertEqual(self.editor.check("rewards", [{"kind": "percent", "value": 10}]), [])

    def test_what_is_given_for_points_is_asked_for_by_its_kind(self):
        gifts = {one["key"]: [field["key"] for field in one["fields"]] for one in self.editor.describe()["gifts"]}
        self.assertEqual(gifts["unit"], ["unit", "amount", "expire_days"])
        self.assertLessEqual({"unit", "pool", "discount", "sku"}, set(gifts))
        self.assertEqual(self.editor.check("gives", {"unit": "T_BONUS", "amount": 5}), [])
        told = self.editor.check("gives", {"unit": "T_NONE", "amount": 5})
        self.assertEqual([one["path"] for one in told], ["unit"])

    def test_selections_and_options_are_checked_and_told(self):
        self.assertEqual(self.editor.check("target", {"category": ["T_COFFEE"]}), [])
        self.assertEqual([one["path"] for one in self.editor.check("target", {"segment": ["T_NO"]})], ["segment[0]"])
        self.assertEqual(self.editor.say("target", {"category": ["T_COFFEE"]}), "“Coffee”")
        options = [{"code": "a", "target": {"category": ["T_COFFEE"]}}, {"code": "b"}]
        self.assertEqual(self.editor.check("options", options), [])
        self.assertEqual(self.editor.say("options", options), "“Coffee”")

    def test_records_are_made_and_opened_where_they_are_named(self):
        made = self.editor.describe()["records"]["product_segments"]
        self.assertEqual((made["model"], made["can_create"]), ("loy.product.segment", True))
        segment = self.env["loy.product.segment"].create({"code": "T_SEG", "name": "S", "include_text": "T-1001"})
        self.assertEqual(self.editor.find("product_segments", "T_SEG"), segment.id)
        self.assertEqual(self.editor.find("product_segments", "T_NONE"), 0)

    def test_a_document_is_told_in_words(self):
        rewards = [{"kind": "percent", "value": 12.5, "target": {"category": ["T_COFFEE"]}}]
        self.assertEqual(self.editor.say("rewards", rewards), "12.5\N{NO-BREAK SPACE}% off “Coffee”")
        when = {"all": [{"kind": "time", "weekdays": [1, 2, 3, 7]}, {"kind": "place", "store": ["T_S1"]}]}
        self.assertEqual(self.editor.say("condition", when), "It is Mon–Wed, Sun and the store is “Store 1”")
        self.assertEqual(self.editor.say("condition", {"kind": "no such"}), "")
        self.assertEqual(self.editor.say("condition", {"all": []}), "")

    def test_words_are_in_the_language_of_whoever_asks(self):
        self.env["res.lang"]._activate_lang("uk_UA")
        said = {"%(value)s off %(target)s": "знижка %(value)s на %(target)s", "“%(name)s”": "«%(name)s»"}
        with patch.dict(code_translations.python_translations, {("loyalty_core", "uk_UA"): said}):
            told = self.editor.with_context(lang="uk_UA").say(
                "rewards", [{"kind": "percent", "value": 12.5, "target": {"brand": ["T_ACME"]}}]
            )
        self.assertRegex(told, "^Знижка 12,5\N{NO-BREAK SPACE}% на «.+»$")

    def test_a_list_of_promotions_tells_each_with_one_look_at_each_section(self):
        limits = {"total": 100, "per_member": 2, "per_member_days": 7}
        self.apply({"promotions": [*(self.one_of(number) for number in range(1, 20)), self.one_of(20, limits=limits)]})
        found = self.env["loy.promotion"].with_user(self.marketer).search([("code", "=like", "T_WORDS_%")])
        self.assertEqual(len(found), 20)
        self.env.invalidate_all()
        with self.assertQueryCount(20):
            told = dict(zip(found.mapped("code"), found.mapped("summary"), strict=True))
        self.assertEqual(told["T_WORDS_7"], "7\N{NO-BREAK SPACE}% off “Coffee”, if the store is “Store 1”")
        self.assertEqual(
            told["T_WORDS_20"].partition("; ")[2],
            "within 7 days for each member at most 2 times; at most 100 times in all",
        )

    def test_names_that_are_not_theirs_to_read_stay_codes(self):
        readers = self.env["res.groups"].create({"name": "T readers of promotions"})
        self.env["ir.model.access"].create(
            {
                "name": "t_readers",
                "model_id": self.env["ir.model"]._get_id("loy.promotion"),
                "group_id": readers.id,
                "perm_read": True,
            }
        )
        person = new_test_user(self.env, "t_editor_reader", groups="base.group_user")
        person.group_ids += readers
        editor = self.env["loy.editor"].with_user(person)
        self.assertEqual(editor.names({"stores": ["T_S1"]}), {"stores": {}})
        self.assertEqual(editor.say("condition", {"kind": "place", "store": ["T_S1"]}), "The store is “T_S1”")

    # ------------------------------------------------------------------ how

    def suite(self, described):
        """Without kinds that add-ons bring."""
        described["kinds"] = {
            sort: {name: kind for name, kind in kinds.items() if name in words.KINDS[sort]}
            for sort, kinds in described["kinds"].items()
        }
        described["gifts"] = [one for one in described["gifts"] if one["key"] in ("unit", "pool", "discount", "sku")]
        return described

    def said(self, form, is_said=False):
        """Every text that people read."""
        if isinstance(form, str):
            yield from [form] if is_said and form else ()
        elif isinstance(form, list):
            for one in form:
                yield from self.said(one, is_said)
        elif isinstance(form, dict):
            for key, one in form.items():
                yield from self.said(one, is_said or key in SAID)
