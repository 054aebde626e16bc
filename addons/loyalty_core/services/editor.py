"""What the editor of documents asks of the server: what there is to choose from, and what is wrong with a document.

A code is chosen from a source, which forms call ``section``: a section of the programme, the ``profile``, or several
of these, as ``promotions|groups``.
"""

from collections.abc import Iterator

from odoo import api, models

from ..engine.forms import DOCUMENTS, SAID, fields_of, forms
from ..engine.problem_words import sentence_of
from ..engine.schema import Problem, Reading
from .gives import Gift
from .sections import Section, section_named
from .sentences import reader

FOUND_MAX = 20
#: Sections of which people make records while they write a promotion.
MADE_HERE = ("product_segments", "calendars", "code_pools", "choices", "favourites")
CODES_MAX = 1_000
PROFILE = "profile"


class LoyEditor(models.AbstractModel):
    """Called by the back office's editor (``static/src/editor``). Who may read promotions may ask; records are found by
    the rights of whoever asks."""

    _name = "loy.editor"
    _description = "Editor of promotion documents"

    @api.model
    @api.readonly
    def describe(self) -> dict:
        """Every kind with its parameters (``engine.forms``) in the language of whoever asks, and the currency of
        amounts."""
        self.env["loy.promotion"].check_access("read")
        currency = self.env.company.currency_id
        return {
            **self._in_words(forms()),
            "currency": currency.symbol,
            "decimals": currency.decimal_places,
            "gifts": self._gifts(),
            "records": {name: self._made(section_named(name).model) for name in MADE_HERE},
        }

    @api.model
    @api.readonly
    def find(self, section: str, code: str) -> int:
        """The record of a section with this code; 0 where there is none."""
        of = self._section(section)
        records = self.env[of.model].with_context(active_test=False) if of else ()
        return records.search([(of.column(of.key[-1]), "=", str(code))], limit=1).id if of else 0

    @api.model
    @api.readonly
    def search(self, section: str, term: str) -> list[dict]:
        """What a source has of this code or name: ``{"code", "name"}`` each."""
        text = str(term or "").strip()[:100]
        records = [one for of in self._sections(section) for one in self._told(of, self._found(of, text))]
        known = [{"code": code, "name": name} for code, name in self._profile(section).items()]
        fitting = [one for one in known if text.lower() in f"{one['code']} {one['name']}".lower()]
        return [*records, *fitting][:FOUND_MAX]

    @api.model
    @api.readonly
    def names(self, codes: dict[str, list[str]]) -> dict[str, dict[str, str]]:
        """By source, the names of what has these codes; what is not there, or not theirs to read, is left out."""
        found = {}
        for source, wanted in codes.items():
            texts = [str(one) for one in wanted[:CODES_MAX]]
            profile = self._profile(source)
            named = {code: profile[code] for code in texts if code in profile}
            for of in self._sections(source):
                if self.env[of.model].has_access("read"):
                    records = self.env[of.model].with_context(active_test=False)
                    rows = records.search([(of.column(of.key[-1]), "in", texts)])
                    named |= {one["code"]: one["name"] for one in self._told(of, rows)}
            found[source] = named
        return found

    @api.model
    @api.readonly
    def check(self, sort: str, document) -> list[dict]:
        """What is wrong with a document of a sort: ``{"path", "text"}`` each; of a sort in the plural it is a list."""
        self.env["loy.promotion"].check_access("read")
        reading = Reading(self.env.company.currency_id.decimal_places)
        reader(sort).read(document, "", reading)
        problems = [*reading.problems, *self._unknown(reading)]
        return [{"path": one.path, "text": self._told_problem(one)} for one in problems]

    @api.model
    @api.readonly
    def say(self, sort: str, document) -> str:
        """A document of a sort in words; "" while something is wrong with it."""
        self.env["loy.promotion"].check_access("read")
        return self.env["loy.sentences"]._say(sort, document)

    # ------------------------------------------------------------------ how

    def _in_words(self, form):
        """The same, with what people read in their language."""
        if isinstance(form, list):
            return [self._in_words(one) for one in form]
        if not isinstance(form, dict):
            return form
        return {
            **{key: self._in_words(one) for key, one in form.items() if key not in SAID | DOCUMENTS},
            **{key: form[key] for key in form.keys() & DOCUMENTS},
            **{key: self._translated(form[key]) for key in form.keys() & SAID},
        }

    def _translated(self, words):
        """Every text among these words is a term, which ``engine.words`` marks."""
        if isinstance(words, dict):
            return {key: self._translated(one) for key, one in words.items()}
        if isinstance(words, list):
            return [self._translated(one) for one in words]
        return self.env._(words)

    def _gifts(self) -> list[dict]:
        """What is given for points: each kind with its parameters."""
        labels = self._gift_labels()
        return [
            {
                "key": key,
                "label": labels.get(key, key),
                "fields": [
                    {**self._in_words(one), "label": labels["expire_days"], "help": ""}
                    if one["key"] == "expire_days"
                    else {**self._in_words(one), "help": ""}
                    for one in fields_of(key, of)
                ],
            }
            for key, of in Gift(is_in_purchase=True).kinds.items()
        ]

    def _gift_labels(self) -> dict[str, str]:
        """Kinds of gift and their parameters as people read them; addons add their own."""
        return {
            "unit": self.env._("Points or money"),
            "pool": self.env._("A promo code"),
            "discount": self.env._("A discount in a purchase"),
            "sku": self.env._("A product in a purchase"),
            "expire_days": self.env._("Lost after days"),
        }

    def _made(self, model: str) -> dict:
        """How records of a model are made in a window of their own."""
        records = self.env[model]
        title = self.env["ir.model"]._get(model).name
        return {"model": model, "title": title, "can_create": records.has_access("create")}

    def _told_problem(self, problem: Problem) -> str:
        """What is wrong, in the language of whoever asks."""
        sentence, slots = sentence_of(problem.text)
        return self.env._(sentence, **slots)

    def _sections(self, source: str) -> Iterator[Section]:
        return filter(None, (self._section(name) for name in source.split("|")))

    def _found(self, of: Section, text: str):
        model, code = self.env[of.model], of.column(of.key[-1])
        domain = [(code, "not in", (False, ""))]
        if text:
            name = model._rec_name if model._rec_name in model._fields else code
            domain += ["|", (code, "ilike", text), (name, "ilike", text)]
        return model.search(domain, limit=FOUND_MAX)

    def _profile(self, source: str) -> dict[str, str]:
        """What is known of every member beside the shop's own attributes (``TAKEN_NAMES``)."""
        if PROFILE not in source.split("|"):
            return {}
        return {
            "birth_date": self.env._("Birth date"),
            "sex": self.env._("Sex"),
            "age": self.env._("Age"),
            "language": self.env._("Language"),
            "city": self.env._("City"),
            "store": self.env._("Store"),
            "card_years": self.env._("Years with a card"),
        }

    def _section(self, name: str) -> Section | None:
        self.env["loy.promotion"].check_access("read")
        of = section_named(name)
        return of if of and not of.is_single and of.model in self.env else None

    def _told(self, of: Section, records) -> list[dict]:
        code = of.column(of.key[-1])
        return [{"code": one[code], "name": one[one._rec_name or code] or one[code]} for one in records]

    def _unknown(self, reading: Reading) -> list[Problem]:
        known = self.names({
            section: [one.code for one in reading.references if one.section == section]
            for section in {one.section for one in reading.references}
        })
        return [
            Problem(one.path, "reference", f"names {one.code}, which is not among {one.section}")
            for one in reading.references
            if one.code not in known.get(one.section, {})
        ]
