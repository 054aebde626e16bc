"""Rules of promotions in words, in the language of whoever reads them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from babel.dates import get_day_names
from odoo import models
from odoo.tools import format_date, formatLang, get_lang
from odoo.tools.misc import babel_locale_parse

from ..engine import schema
from ..engine.forms import SORTS
from ..engine.promotion import Option
from ..engine.registry import PURCHASE, KindOf
from ..engine.schema import Reading
from ..engine.select import Target
from ..engine.sentences import GIVES_IF, SET_OFF, WITHIN, capitalised, limited, selected, sentence, sentences
from .gives import Gift
from .sections import section_named

RUN_MIN = 3  # so many days on end are told as the first and the last


class LoySentences(models.AbstractModel):
    """``engine.sentences`` with the names of records and the formats of the reader's language."""

    _name = "loy.sentences"
    _description = "Rules of promotions in words"

    def _of_promotions(self, promotions) -> dict:
        """What each gives, if what, and how often; "" for one that cannot be read."""
        language = Language(self.env)
        events = dict(promotions.fields_get(["on_event"], ["selection"])["on_event"]["selection"])
        for one in promotions:  # once to learn which names are wanted, all together
            self._told_whole(one, events, language)
        language.learn()
        return {one: self._told_whole(one, events, language) for one in promotions}

    def _say(self, sort: str, document) -> str:
        """A document, as the editor has it; "" while it is not sound."""
        return self._say_all([(sort, document)])[0]

    def _say_all(self, documents: Sequence[tuple[str, object]]) -> list[str]:
        """The same of several, each with its sort, with one look at each section."""
        language = Language(self.env)
        sound = [(sort, self._sound(sort, document)) for sort, document in documents]
        for sort, one in sound:  # once to learn which names are wanted, all together
            if one is not None:
                self._tell(sort, one, language)
        language.learn()
        return ["" if one is None else capitalised(self._tell(sort, one, language)) for sort, one in sound]

    # ------------------------------------------------------------------ how

    def _read(self, text: str):
        try:
            return json.loads(text) if text and text.strip() else None
        except ValueError:
            return None

    def _told_whole(self, promotion, events: dict[str, str], language) -> str:
        told = self._told(self._read(promotion.when_text), self._read(promotion.rewards_text), language)
        if not told:
            return ""
        if promotion.on_event != PURCHASE:
            told = language.term(SET_OFF, told=told, event=events[promotion.on_event])
        limits = limited(section_named("promotions").limits_of(promotion), language)
        return language.term(WITHIN, told=told, limits=limits) if limits else told

    def _told(self, when, rewards, language) -> str:
        gives, condition = self._sound("rewards", rewards), self._sound("condition", when)
        if gives is None or (when is not None and condition is None):
            return ""
        said = self._tell("rewards", gives, language)
        asked = self._tell("condition", condition, language) if condition else ""
        told = language.term(GIVES_IF, gives=said, when=asked) if asked else said
        return capitalised(told)

    def _tell(self, sort: str, sound, language) -> str:
        if sort in SORTS:
            return sentence(sort, sound, language)
        if sort in OBJECTS:
            several = {"target": [{"target": sound}], "options": sound}.get(sort, [])
            return "; ".join(selected(one["target"], language) for one in several if one.get("target"))
        return sentences(sort.removesuffix("s"), sound, language)

    def _sound(self, sort: str, document):
        """The document without what goes without saying; None where there is none that can be read."""
        decimals = self.env.company.currency_id.decimal_places
        reading = Reading(decimals)
        of = reader(sort)
        value = of.read(document, "", reading)
        return None if reading.problems else of.write(value, decimals)


#: Sorts that are no kinds: selections of products, what members choose of or get for points, what a template asks for.
OBJECTS: dict[str, schema.Type] = {
    "target": schema.Nested(Target),
    "options": schema.ListOf(schema.Nested(Option), 1_000, 0),
    "parameters": schema.JsonObject(),
    "gives": Gift(is_in_purchase=True),
}


def reader(sort: str) -> schema.Type:
    """Reads documents of a sort; of a sort in the plural a list of them."""
    if sort in OBJECTS:
        return OBJECTS[sort]
    return KindOf(SORTS[sort]) if sort in SORTS else schema.ListOf(KindOf(SORTS[sort.removesuffix("s")]), 50, 0)


class Language:
    """The reader's; names of records are learnt together, after it is known which are wanted."""

    def __init__(self, env):
        self.env = env
        self.wanted = defaultdict(set)
        self.names = {}

    def learn(self):
        self.names = self.env["loy.editor"].names({section: sorted(codes) for section, codes in self.wanted.items()})

    def term(self, text: str, /, **slots: str) -> str:
        return self.env._(text, **slots)

    def name(self, section: str, code: str) -> str:
        """A category goes by its own name: the way to it is for pickers."""
        self.wanted[section].add(code)
        name = self.names.get(section, {}).get(code, code)
        return name.rpartition(" / ")[2] if section == "categories" else name

    def money(self, amount) -> str:
        return formatLang(self.env, amount, currency_obj=self.env.company.currency_id)

    def number(self, number) -> str:
        exact = Decimal(str(number)).normalize()
        return formatLang(self.env, number, digits=max(0, -exact.as_tuple().exponent))

    def day(self, day: str) -> str:
        return format_date(self.env, day)

    def weekdays(self, days: list[int]) -> str:
        names = get_day_names("abbreviated", locale=babel_locale_parse(get_lang(self.env).code))
        runs = []
        for day in sorted(days):
            if runs and runs[-1][-1] == day - 1:
                runs[-1].append(day)
            else:
                runs.append([day])
        told = ([names[day - 1] for day in run] for run in runs)
        return ", ".join(f"{run[0]}\N{EN DASH}{run[-1]}" if len(run) >= RUN_MIN else ", ".join(run) for run in told)
