"""A marketer edits the rules of a promotion: conditions and rewards are put together, moved, copied and undone."""

import itertools
import json

import pytest

FORM = "/odoo/action-loyalty_core.loy_promotion_action"
TREE = ".o_field_widget[name=when_text]"
DRAG = """
    ((from, to) => {
        const data = new DataTransfer();
        const send = (element, kind) =>
            element.dispatchEvent(new DragEvent(kind, {bubbles: true, cancelable: true, dataTransfer: data}));
        send(document.querySelector(from), "dragstart");
        return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => {
            const zone = [...document.querySelectorAll(to)].at(-1);
            send(zone, "dragover");
            send(zone, "drop");
            send(document.querySelector(from), "dragend");
            done();
        })));
    })(%s, %s)
"""
TOLD = """
    ((where, words) => new Promise((done) => {
        const look = () =>
            document.querySelector(where)?.textContent.includes(words) ? done() : requestAnimationFrame(look);
        look();
    }))(%s, %s)
"""
#: Resolves when the page has drawn what was typed, and what moves by it.
DRAWN = """
    new Promise((done) => {
        const draw = (left) => requestAnimationFrame(() => (left ? draw(left - 1) : done(true)));
        draw(4);
    })
"""


class Editor:
    """The form of a promotion in a browser; what is left unsaved is saved when the page is left."""

    numbers = itertools.count(1)

    def __init__(self, browser):
        self.browser = browser
        self.code = f"BY-HAND-{next(self.numbers)}"
        browser.goto(f"{browser.base}{FORM}/new")
        browser.fill(".o_field_widget[name=name] input, .o_field_widget[name=name] textarea", "Put together by hand")
        browser.fill(".o_field_widget[name=code] input", self.code)
        browser.click(".nav-link[name=conditions]")

    def add(self, words, kind, within=f"{TREE} .o_loy_root"):
        """Find a kind by words and add it, as the last of a branch."""
        self.browser.click(f"{within} > .o_loy_add .o_loy_add_kind")
        self.browser.fill(".o_loy_kinds input", words)
        self.browser.settle()
        self.browser.evaluate(DRAWN)  # what does not fit goes, and the menu moves
        self.browser.click(f'.o_loy_kinds [data-choice="{kind}"]')
        self.browser.wait_for(f'{within} [data-kind="{kind}"]')

    def type(self, where, value):
        self.browser.fill(where, value)
        self.browser.press("Tab")

    def menu(self, card, entry):
        self.browser.click(f"{card} .o_loy_menu")
        self.browser.click(f".o-dropdown--menu .dropdown-item:has(.fa-{entry})")

    def document(self, field):
        """What the field would save."""
        self.browser.click(f".o_field_widget[name={field}] .o_loy_json")
        self.browser.wait_for(f".o_field_widget[name={field}] .ace_content")
        text = self.browser.evaluate(
            f"ace.edit(document.querySelector('.o_field_widget[name={field}] .ace_editor')).getValue()"
        )
        self.browser.click(f".o_field_widget[name={field}] .o_loy_json")
        return json.loads(text) if text else None


@pytest.fixture
def editor(office):
    return Editor(office)


def test_conditions_are_put_together_moved_and_undone(editor, xmlrpc):
    browser = editor.browser
    editor.add("basket amount", "basket_amount")
    editor.type(f'{TREE} [data-kind="basket_amount"] [data-key="min"] input', "50")
    browser.click(f"{TREE} .o_loy_root > .o_loy_add .o_loy_add_any")
    editor.add("time", "time", f"{TREE} .o_loy_any")
    assert editor.document("when_text")["all"][0]["min"] == 50
    browser.evaluate(DRAG % (
        json.dumps(f'{TREE} [data-kind="basket_amount"] .o_loy_handle'), json.dumps(f"{TREE} .o_loy_any .o_loy_drop"),
    ))
    browser.wait_for(f'{TREE} .o_loy_any [data-kind="basket_amount"]')
    moved = editor.document("when_text")
    assert [one["kind"] for one in moved["any"]] == ["time", "basket_amount"]
    browser.click(f"{TREE} .o_loy_undo")
    assert [sorted(one) for one in editor.document("when_text")["all"]][1] == ["any"]
    browser.click(f"{TREE} .o_loy_redo")
    assert editor.document("when_text") == moved
    editor.menu(f'{TREE} [data-kind="time"]', "ban")
    browser.wait_for(f'{TREE} [data-kind="time"] .text-bg-danger')
    editor.menu(f'{TREE} [data-kind="basket_amount"]', "copy")
    browser.click(f"{TREE} .o_loy_any .o_loy_paste")
    assert [next(iter(one)) for one in editor.document("when_text")["any"]] == ["not", "kind", "kind"]
    editor.menu(f'{TREE} [data-kind="basket_amount"]', "trash")
    browser.click(".o_form_button_save")
    browser.wait_for(".o_form_saved, .o_form_status_indicator_buttons.invisible")
    (saved,) = xmlrpc.call("loy.promotion", "search_read", [[("code", "=", editor.code)]], fields=["when_text"])
    when = json.loads(saved["when_text"])
    assert [next(iter(one)) for one in when["any"]] == ["not", "kind"]
    assert when["any"][1]["min"] == 50


def test_what_is_wrong_is_told_at_its_place(editor):
    browser = editor.browser
    editor.add("basket amount", "basket_amount")
    card = f'{TREE} [data-kind="basket_amount"]'
    editor.type(f'{card} [data-key="min"] input', "many")
    browser.wait_for(f'{card} [data-key="min"] .text-danger')
    assert "Write a number." in browser.text(f'{card} [data-key="min"] .text-danger')
    browser.wait_for(f"{card}.border-danger")
    editor.type(f'{card} [data-key="min"] input', "10")
    browser.wait_for(f"{card}:not(.border-danger)")


def test_records_are_chosen_by_their_names(editor):
    browser = editor.browser
    browser.click(".nav-link[name=rewards]")
    fields = ".o_field_widget[name=rewards_text]"
    card = f'{fields} [data-kind="percent"]'
    browser.wait_for(card)
    browser.click(f"{card} > .o_loy_parameters > .o_loy_more, {card} > .o_loy_parameters > .dropdown .o_loy_more")
    browser.click('.o-dropdown--menu [data-key="target"]')
    browser.click(f'{card} [data-key="target"] .o_loy_more')
    browser.click('.o-dropdown--menu [data-key="category"]')
    browser.fill(f'{card} [data-key="category"] .o-autocomplete--input', "Coffee")
    browser.click(".o_loy_found")
    browser.wait_for(f'{card} [data-key="category"] .o_tag')
    browser.evaluate(TOLD % (json.dumps(f"{fields} .o_loy_words"), json.dumps("Coffee")))
    assert editor.document("rewards_text") == [{"kind": "percent", "value": 10, "target": {"category": ["COFFEE"]}}]


def test_kinds_stand_under_topics_and_values_are_told_in_words(editor):
    browser = editor.browser
    browser.click(f"{TREE} .o_loy_root > .o_loy_add .o_loy_add_kind")
    browser.wait_for(".o_loy_kinds [data-choice=tier]")
    topics = browser.evaluate("[...document.querySelectorAll('.o_loy_topic')].map((one) => one.textContent)")
    assert topics == ["Basket", "Member", "Earlier purchases", "Place and time", "Payment and codes"]
    browser.fill(".o_loy_kinds input", "attribute of the member")
    browser.wait_for("body:not(:has(.o_loy_kinds [data-choice=tier]))")  # what does not fit goes
    browser.settle()
    assert browser.evaluate("document.querySelectorAll('.o_loy_topic').length") == 1
    browser.click('.o_loy_kinds [data-choice="attribute"]')
    card = f'{TREE} [data-kind="attribute"]'
    browser.wait_for(f'{card} [data-key="op"]')
    assert "Compared" in browser.text(card)
    assert browser.evaluate(f"document.querySelector('{card} [data-key=op] input').value") == "At least"
    assert editor.document("when_text")["op"] == "ge"


def test_a_condition_inside_of_a_reward_is_put_together_as_any_other(editor):
    browser = editor.browser
    browser.click(".nav-link[name=rewards]")
    fields = ".o_field_widget[name=rewards_text]"
    editor.add("points for a purchase", "points", f"{fields} .o_loy_editor")
    card = f'{fields} [data-kind="points"]'
    browser.click(f"{card} > .o_loy_parameters > .o_loy_more, {card} > .o_loy_parameters > .dropdown .o_loy_more")
    browser.click('.o-dropdown--menu [data-key="usable_when"]')
    nested = f'{card} [data-key="usable_when"] .o_loy_nested'
    editor.add("basket amount", "basket_amount", f"{nested} .o_loy_root")
    editor.type(f'{nested} [data-kind="basket_amount"] [data-key="min"] input', "50")
    editor.add("time", "time", f"{nested} .o_loy_root")
    terms = editor.document("rewards_text")[1]["usable_when"]
    assert [one["kind"] for one in terms["all"]] == ["basket_amount", "time"]
    assert terms["all"][0]["min"] == 50
    editor.add("reward for points", "redeem", f"{fields} .o_loy_editor")
    card = f'{fields} [data-kind="redeem"]'
    browser.click(f"{card} > .o_loy_parameters > .o_loy_more, {card} > .o_loy_parameters > .dropdown .o_loy_more")
    browser.click('.o-dropdown--menu [data-key="discount"]')
    choose = f'{card} [data-key="discount"] .o_loy_choose'
    kinds = browser.evaluate(f"[...document.querySelectorAll(`{choose} option`)].map((one) => one.value)")
    assert "percent" in kinds
    assert not {"points", "redeem", "message"} & set(kinds)
    browser.evaluate(
        f"((one) => {{ one.value = 'percent'; one.dispatchEvent(new Event('change')); }})"
        f"(document.querySelector(`{choose}`))"
    )
    browser.wait_for(f'{card} [data-kind="percent"]')
    assert editor.document("rewards_text")[2]["discount"]["kind"] == "percent"
