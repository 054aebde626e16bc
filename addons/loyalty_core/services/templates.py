"""Templates of promotions: what they ask for, the receipt that each makes, and the drafts that come of them."""

import json
from collections.abc import Mapping
from datetime import datetime

from odoo import models, tools
from odoo.tools import file_open, format_amount

from ..engine import DocumentError, schema
from ..engine.forms import told
from ..engine.registry import PURCHASE
from ..engine.template_words import PARAMETERS, TEXTS
from ..engine.templates import SORTS, Good, Template, read_goods, read_template, receipt_of
from .errors import LoyaltyError
from .sections import section_of

#: What templates share: the goods of their baskets, and what their programmes have beside the promotions.
COMMON = "loyalty_core/templates/common.json"
#: Sorts whose values make the example what the marketer means; the others name records that the example has not.
SHOWN = frozenset({"percent", "money", "number", "count", "clock", "weekdays", "message"})


def _json(path: str) -> dict:
    with file_open(path, filter_ext=(".json",)) as file:
        return json.load(file)


class LoyTemplates(models.AbstractModel):
    """The documents are files (``engine.templates``); what people read of them are terms of ``template_words``."""

    _name = "loy.templates"
    _description = "Templates of promotions"

    # ------------------------------------------------------------------ what it asks for

    def _read(self, template) -> Template:
        return self._file(template.file)

    @tools.ormcache("path")
    def _file(self, path: str) -> Template:
        return read_template(_json(path))

    @tools.ormcache()
    def _common(self) -> tuple[dict, tuple[Good, ...]]:
        common = _json(COMMON)
        return common["programme"], read_goods(common["goods"])

    def _form(self, template) -> list[dict]:
        """The parameters as the editor of documents asks for them."""
        return [
            {
                "key": name,
                "label": self._word(PARAMETERS.get(name, name)),
                "help": "" if one.required else self.env._("It may stay empty."),
                "required": True,  # all of them are shown
                "default": None,
                "form": told(SORTS[one.sort].to_form(), name),
            }
            for name, one in self._read(template).parameters.items()
        ]

    def _begun(self, template) -> dict:
        """What the parameters begin with: numbers and times of the example; what names records is to be chosen, but for
        the unit of points where there is just one."""
        read = self._read(template)
        values = self._values(read)
        begun = {name: values[name] for name, one in read.parameters.items() if one.sort in SHOWN and name in values}
        units = self.env["loy.unit"].search([("kind", "=", "points")], limit=2)
        if len(units) == 1:
            begun |= {name: units.code for name, one in read.parameters.items() if one.sort == "unit"}
        return begun

    def _values(self, read: Template) -> dict:
        """The values of the example, with texts in the language of whoever asks."""
        texts = {name for name, one in read.parameters.items() if one.sort == "message"}
        return {name: self._word(one) if name in texts else one for name, one in read.values.items()}

    # ------------------------------------------------------------------ drafts

    def _use(self, template, values: Mapping, group):
        """Draft promotions with these values; ``template_incomplete``, ``bad_promotion``."""
        self.env["loy.promotion"].check_access("create")
        read = self._read(template)
        if missing := read.missing(values):
            names = ", ".join(self._word(PARAMETERS.get(name, name)) for name in missing)
            raise LoyaltyError("template_incomplete", self.env._("Fill in: %s.", names))
        documents = self._named(template, read.filled(values))
        codes = self._free_codes([one["code"] for one in documents])
        section, reading = section_of("loy.promotion"), schema.Reading(self.env.company.currency_id.decimal_places)
        parsed = [section.read_one({**one, "code": codes[one["code"]]}, one["name"], reading) for one in documents]
        if reading.problems:
            raise LoyaltyError("bad_promotion", "\n".join(map(str, reading.problems)))
        further = {"group_id": group.id, "company_id": self.env.company.id}
        return self.env["loy.promotion"].create([{**section.values_of(one), **further} for one in parsed])

    def _named(self, template, documents: list[dict]) -> list[dict]:
        """With their names: what the template is called where a promotion has none of its own."""
        return [{**one, "name": self._word(one["name"]) if "name" in one else template.name} for one in documents]

    def _free_codes(self, codes: list[str]) -> dict[str, str]:
        """Code of the template → one that no promotion has."""
        # Whether a code is taken does not depend on who asks.
        promotions = self.env["loy.promotion"].sudo().with_context(active_test=False)
        free = {}
        for code in codes:
            taken = set(promotions.search([("code", "=like", f"{code}%")]).mapped("code"))
            numbered = (f"{code}-{number}" for number in range(2, len(taken) + 3))
            free[code] = next(one for one in (code, *numbered) if one not in taken)
        return free

    # ------------------------------------------------------------------ the receipt

    def _receipt(self, template, values: Mapping | None = None) -> dict:
        """What the receipt of the example shows, in the words and the currency of whoever asks; with ``values`` instead
        of the example's own as far as they are numbers, times and texts. Nothing where they cannot be read."""
        read = self._read(template)
        given = {name: one for name, one in (values or {}).items() if read.parameters[name].sort in SHOWN}
        try:
            read = self._spoken(template, read, {**self._values(read), **given})
            programme, goods = self._common()
            result = receipt_of(read.example(programme, goods))
        except (DocumentError, ValueError, TypeError):
            return {}
        return _Picture(self.env, read, goods, result).drawn()

    def _spoken(self, template, read: Template, values: dict) -> Template:
        promotions = self._named(template, list(read.promotions))
        beside = {**read.beside}
        if "promotions" in beside:
            beside["promotions"] = self._named(template, beside["promotions"])
        return Template(
            parameters=read.parameters, values=values, promotions=tuple(promotions), beside=beside,
            basket=read.basket, history=read.history, receipt=read.receipt,
        )  # fmt: skip

    def _word(self, text: str) -> str:
        """A text of a template in the language of whoever asks; one that is no term as it is."""
        return self.env._(text) if text in TEXTS or text in PARAMETERS.values() else text


class _Picture:
    """One receipt as it is drawn."""

    def __init__(self, env, read: Template, goods: tuple[Good, ...], result: dict):
        self.env, self.read, self.result = env, read, result
        self.goods = {good.sku: good for good in goods}
        self.words, self.word = env["loy.refusal.words"], env["loy.templates"]._word
        documents = [*read.beside.get("promotions", ()), *read.promotions]
        self.names = {one["code"]: one["name"] for one in documents}

    def drawn(self) -> dict:
        lines = [self._line(*both) for both in zip(self.read.basket["lines"], self.result["lines"], strict=False)]
        return {
            "event": self._event(),
            "at": self._moment(datetime.fromisoformat(self.read.basket["at"])),
            "facts": self._facts(),
            "lines": lines if self.read.basket["lines"] else [],
            "totals": self._totals() if self.read.basket["lines"] else [],
            "given": self._given(),
            "notes": self._notes(),
        }

    def _event(self) -> str:
        on = self.read.promotions[0].get("on", PURCHASE)
        event = on if isinstance(on, str) else on["event"]
        if event == PURCHASE:
            return ""
        return dict(self.env["loy.promotion"].fields_get(["on_event"], ["selection"])["on_event"]["selection"])[event]

    def _facts(self) -> list[str]:
        """What beside the goods makes the receipt what it is."""
        basket = self.read.basket
        channel = basket.get("place", {}).get("channel")
        return [
            *([self.env._("A member")] if basket.get("member") else ()),
            *(self.env._("Promo code %s", code) for code in basket.get("codes", ())),
            *([self.env._("Channel: %s", channel)] if channel else ()),
            *(self.env._("Paid by: %s", one["method"]) for one in basket.get("payments", ())),
        ]

    def _line(self, line: Mapping, answer: Mapping) -> dict:
        good, quantity = self.goods[line["sku"]], line.get("quantity", 1)
        return {
            "name": self.word(good.name),
            "quantity": "" if quantity == 1 else f"{self.words._number(quantity)} × {self._money(good.price / 100)}",
            "base": self._money(answer["base"]),
            "amount": self._money(answer["amount"]),
            "is_cheaper": answer["amount"] != answer["base"],
            "discounts": [
                {"name": self.names[one["code"]], "amount": self._money(-one["discount"])}
                for one in answer["promotions"]
            ],
        }

    def _totals(self) -> list[dict]:
        totals = self.result["totals"]
        rows = [
            (self.env._("Discounts"), -totals["discount"], totals["discount"]),
            (self.env._("Paid with points"), -totals["spent"], totals["spent"]),
            (self.env._("To pay"), totals["to_pay"], True),
        ]
        return [{"name": name, "amount": self._money(amount)} for name, amount, is_shown in rows if is_shown]

    def _given(self) -> list[dict]:
        """Points and codes."""
        points = [
            {
                "text": self.env._("+%s points", self.words._number(one["amount"])),
                "terms": " · ".join(filter(None, self._terms(one))),
            }
            for one in self.result.get("earned", ())
        ]
        codes = [
            {"text": self._code(one), "terms": " · ".join(filter(None, self._terms(one)))}
            for one in self.result.get("issued", ())
        ]
        return points + codes

    def _code(self, one: Mapping) -> str:
        if "value" in one:
            return self.env._("A code worth %s", self._money(one["value"]))
        return self.env._("A code for later")

    def _terms(self, one: Mapping):
        yield self.env._("from %s", self._day(one["active_from"])) if "active_from" in one else ""
        yield self.env._("until %s", self._day(one["expires_at"])) if "expires_at" in one else ""
        yield self.env._("good on some receipts only") if "usable_when" in one else ""

    def _notes(self) -> list[dict]:
        receivers = {"cashier": self.env._("To the cashier"), "customer": self.env._("To the customer")}
        said = [{"to": receivers.get(one["to"], ""), "text": one["text"]} for one in self.result.get("messages", ())]
        suggested = [
            {"to": receivers["cashier"], "text": self.env._("A gift is due: %s", self._goods_of(one["target"]))}
            for one in self.result.get("suggestions", ())
        ]
        return said + suggested

    def _goods_of(self, target: Mapping) -> str:
        return ", ".join(self.word(self.goods[sku].name) for sku in target.get("sku", ()))

    def _day(self, moment: str) -> str:
        return tools.format_date(self.env, datetime.fromisoformat(moment).date())

    def _moment(self, moment: datetime) -> str:
        """With the day of the week, for which some promotions are."""
        return f"{tools.format_date(self.env, moment.date(), date_format='EEE, d MMM')}, {moment:%H:%M}"

    def _money(self, amount: float) -> str:
        return format_amount(self.env, amount + 0.0, self.env.company.currency_id)
