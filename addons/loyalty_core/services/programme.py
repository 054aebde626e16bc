"""The programme: what its records said at a moment, compiled for the engine."""

import json
import logging
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import DocumentError, Programme, compile_programme, schema
from .era import ERA
from .errors import LoyaltyError
from .gives import IN_PURCHASE
from .sections import (
    SECTIONS,
    UNITS_OF_PROGRAMME,
    ChoiceDocument,
    CodePoolDocument,
    ConversionDocument,
    FavouriteDocument,
    RewardDocument,
    ScheduledConversionDocument,
    Section,
    SettingsDocument,
    section_named,
    section_of,
)

_logger = logging.getLogger(__name__)

# A process needs the newest programme of a few companies, and now and then an old one for a late receipt.
COMPILED_KEPT = 32
LIVE_STATE = "active"


#: Key of a promotion's document → the field of the form that says it.
PLACES = {
    "when": "when_text", "rewards": "rewards_text", "on": "on_text", "group": "group_id", "from": "starts_on",
    "to": "ends_on", "code": "code",
}  # fmt: skip
#: Which promotion of a document, which key of it, and where within.
_PLACE = re.compile(r"promotions\[(\d+)\]\.?(\w*)(.*)")

ENGINE_CHOICE = ("code", "name", "options")
ENGINE_FAVOURITE = ("code", "name", "of")
ENGINE_UNIT = ("code", "name", "decimals", "rate", "kind")
ENGINE_POOL = ("code", "name", "bind", "valid")
ENGINE_SETTINGS = ("line_cap_percent", "receipt_cap_percent", "caps_include_points", "expiry_from")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the programme: its record, and how many decimals its amounts have."""

    id: int
    decimals: int


@dataclass(frozen=True, slots=True, eq=False)
class CompiledProgramme:
    """The programme as ``number`` knew it, valid at one stretch of time, ready to evaluate."""

    number: int
    programme: Programme
    settings: SettingsDocument
    currency_decimals: int
    units: dict[str, Unit]
    promotions: dict[str, int]  # code, as it was then → record
    limits: dict[str, int]  # of those that promotions share: code → record
    code_pools: dict[int, CodePoolDocument]  # record → what the pool says
    conversions: dict[tuple[int, int], ConversionDocument]  # unit, into which → the rate and its limits
    choices: dict[str, tuple[int, ChoiceDocument]]  # code → record, and how members choose
    favourites: dict[str, tuple[int, FavouriteDocument]]  # code → record, and how they are found
    scheduled: dict[str, ScheduledConversionDocument]  # code → what points become on a schedule
    rewards: dict[str, tuple[int, RewardDocument]]  # code → record, and what members get for points


ERA_KEY = "loy_era"


class _Cache:
    """Least recently used first out. Keys name an immutable past, so nothing in it can become wrong."""

    def __init__(self, size: int):
        self._size = size
        self._items: OrderedDict = OrderedDict()
        self._lock = Lock()

    def get(self, key, make):
        with self._lock:
            if key in self._items:
                self._items.move_to_end(key)
                return self._items[key]
        value = make()
        with self._lock:
            self._items[key] = value
            while len(self._items) > self._size:
                self._items.popitem(last=False)
        return value


#: What is left out of a programme where it cannot be read.
LEFT_OUT = ("product_segments", "choices", "promotions", "expiry_policies")


def _compile_what_can_be(document: dict) -> Programme:
    """The till never stops for a promotion that cannot be read (its group archived, its kind uninstalled): it is left
    out, and so is what names it, and the log says why. Nobody can save such a promotion; it becomes one by what is done
    to others."""
    try:
        return compile_programme(document)
    except DocumentError as error:
        _logger.error("Promotions, or what they name, or expiry policies are left out of the programme: %s", error)
        broken = {problem.path.partition("]")[0] for problem in error.problems}
        sound = {
            section: [one for index, one in enumerate(document[section]) if f"{section}[{index}" not in broken]
            for section in LEFT_OUT
        }
        if all(len(sound[section]) == len(document[section]) for section in LEFT_OUT):
            raise
        return _compile_what_can_be({**document, **sound})


def _worth_in(currency: str, units) -> list[tuple[int, dict]]:
    """The units that can be used where money is of this currency, each with its worth there."""
    known = []
    for unit_id, document in units:
        rates = document.get("rates") or {}
        if (document.get("currency") or currency) == currency:
            known.append((unit_id, document))
        elif currency in rates:
            known.append((unit_id, {**document, "rate": rates[currency]}))
        else:
            _logger.info("Unit %s is left out: nobody said what it is worth in %s", document["code"], currency)
    return known


def _promotion_of(reward: dict) -> dict | None:
    """The reward of the catalogue as the engine gives it in a purchase, if a purchase gives it."""
    gift = {key: reward["gives"][key] for key in IN_PURCHASE if key in reward["gives"]}
    if not gift:
        return None
    redeem = {"kind": "redeem", "unit": reward["unit"], "points": reward["points"], **gift}
    redeem |= {key: reward[key] for key in ("per_purchase",) if key in reward}
    named = {key: reward[key] for key in ("code", "name", "group") if key in reward}
    return {**named, "state": LIVE_STATE, "rewards": [redeem]}


def _statement(section: Section, record) -> dict:
    """What a revision of the record would say now."""
    document = section.document_of(record)
    return document if record.active else {**document, "archived": True}


_timelines = _Cache(COMPILED_KEPT)
_compiled = _Cache(COMPILED_KEPT)


class LoyProgramme(models.AbstractModel):
    """Reads and records revisions; gives the engine's programme of a company at a moment."""

    _name = "loy.programme"
    _description = "Programme service"

    # ------------------------------------------------------------------ reading

    def _at(self, company, at: datetime, number: int | None = None) -> CompiledProgramme:
        """The programme valid at ``at`` (UTC), as it is known now or was known at revision ``number``.

        One query where this process has met that programme before: the head is read in the caller's own transaction,
        so a change is effective for the next receipt on every worker.
        """
        if number is None:
            number = self._head()
        stretch = self._stretch(number, at)
        key = (*self._era(), self.env.registry.registry_sequence, company.id, number, stretch)
        return _compiled.get(key, lambda: self._compile(company, number, stretch))

    def _with_drafts(self, company, at: datetime, promotions) -> CompiledProgramme:
        """The programme valid at ``at`` if ``promotions``, as they are now, were live in it; one that is a change of
        another stands in its place. It is kept for this transaction only: no receipt can meet it."""
        if not promotions:
            return self._at(company, at)
        section, number = section_of(promotions._name), self._head()
        stretch = self._stretch(number, at)
        drafts = [
            ((one.version_of_id or one).id, {**section.document_of(one), "state": LIVE_STATE}) for one in promotions
        ]
        # The cases of a bench and the receipts of a replay ask for the same one many times over.
        kept = self.env.cr.cache.setdefault("loy_with_drafts", {})
        key = (company.id, number, stretch, json.dumps(drafts, sort_keys=True, default=str))
        if key not in kept:
            kept[key] = self._compile(company, number, stretch, drafts)
        compiled = kept[key]
        left_out = {document["code"] for _id, document in drafts} - {one.code for one in compiled.programme.promotions}
        if left_out:
            raise LoyaltyError(
                "bad_promotion",
                self.env._(
                    "%s cannot take part at that time: the promotion names what the programme did not have then. "
                    "Choose a later time.",
                    ", ".join(sorted(left_out)),
                ),
            )
        return compiled

    def _head(self) -> int:
        """The number of the newest revision."""
        self.env.cr.execute(SQL("SELECT number, %s FROM loy_revision_head", ERA))
        number, *self.env.cr.cache[ERA_KEY] = self.env.cr.fetchone()
        return number

    def _era(self) -> tuple:
        """Which database this is, and since when. One that was restored under a running server may give a number again
        that has meant something else.
        """
        if ERA_KEY not in self.env.cr.cache:
            self._head()
        return (self.env.cr.dbname, *self.env.cr.cache[ERA_KEY])

    def _stretch(self, number: int, at: datetime) -> datetime | None:
        """The moment at which the programme that is valid at ``at`` began; None before the first revision."""
        starts = _timelines.get((*self._era(), number), lambda: self._starts(number))
        return max((start for start in starts if start <= at), default=None)

    def _starts(self, number: int) -> list[datetime]:
        """Of all companies: a record that moves to another one begins there and ends here."""
        self.env.cr.execute(SQL("SELECT DISTINCT valid_from_at FROM loy_revision WHERE number <= %s", number))
        return [start for (start,) in self.env.cr.fetchall()]

    def _compile(
        self, company, number: int, at: datetime | None, drafts: Sequence[tuple[int, dict]] = ()
    ) -> CompiledProgramme:
        """``drafts`` are promotions (record, document) that take part in the place of what their records said."""
        sections = self._documents(company, number, at)
        decimals = company.currency_id.decimal_places
        settings = next((document for _id, document in sections.get("settings", ())), {})
        units = _worth_in(company.currency_id.name, sections.get("units", ()))
        replaced = {key for record_id, document in drafts for key in (record_id, document["code"])}
        live = [
            (record_id, document)
            for record_id, document in sections.get("promotions", ())
            if document["state"] == LIVE_STATE and replaced.isdisjoint((record_id, document["code"]))
        ]
        promotions = sorted([*live, *drafts], key=lambda row: row[0])
        rewards = [
            (record_id, document)
            for record_id, document in sections.get("rewards", ())
            if document["code"] not in {promotion["code"] for _id, promotion in promotions}
        ]
        document = self._engine_document(
            named={
                section.name: [document["code"] for _id, document in sections.get(section.name, ())]
                for section in SECTIONS
                if section.is_named
            },
            decimals=decimals,
            settings=settings,
            units=[document for _id, document in units],
            groups=[document for _id, document in sections.get("groups", ())],
            calendars=[document for _id, document in sections.get("calendars", ())],
            code_pools=[document for _id, document in sections.get("code_pools", ())],
            product_segments=[document for _id, document in sections.get("product_segments", ())],
            choices=[document for _id, document in sections.get("choices", ())],
            limits=[document for _id, document in sections.get("limits", ())],
            favourites=[document for _id, document in sections.get("favourites", ())],
            promotions=[
                *(document for _id, document in promotions),
                *filter(None, (_promotion_of(document) for _id, document in rewards)),
            ],
            expiry_policies=[document for _id, document in sections.get("expiry_policies", ())],
        )
        return CompiledProgramme(
            number=number,
            programme=_compile_what_can_be(document),
            settings=schema.read(SettingsDocument, settings),
            currency_decimals=decimals,
            units={unit["code"]: Unit(unit_id, unit.get("decimals", 0)) for unit_id, unit in units},
            promotions={promotion["code"]: record_id for record_id, promotion in promotions},
            limits={document["code"]: record_id for record_id, document in sections.get("limits", ())},
            code_pools={
                record_id: schema.read(CodePoolDocument, document, decimals=decimals)
                for record_id, document in sections.get("code_pools", ())
            },
            conversions=self._conversions(
                [document for _id, document in sections.get("conversions", ())],
                {document["code"]: unit_id for unit_id, document in units},
            ),
            choices=self._choices(sections.get("choices", [])),
            favourites={
                document["code"]: (record_id, schema.read(FavouriteDocument, document))
                for record_id, document in sections.get("favourites", ())
            },
            rewards={
                document["code"]: (record_id, schema.read(RewardDocument, document)) for record_id, document in rewards
            },
            scheduled={
                document["code"]: schema.read(ScheduledConversionDocument, document)
                for _id, document in sections.get("scheduled_conversions", ())
            },
        )

    @staticmethod
    def _choices(documents: list[tuple[int, dict]]) -> dict[str, tuple[int, ChoiceDocument]]:
        return {
            document["code"]: (record_id, schema.read(ChoiceDocument, document)) for record_id, document in documents
        }

    @staticmethod
    def _conversions(documents: list[dict], units: dict[str, int]) -> dict[tuple[int, int], ConversionDocument]:
        return {
            (units[document["from"]], units[document["to"]]): schema.read(ConversionDocument, document)
            for document in documents
            if document["from"] in units and document["to"] in units
        }

    def _documents(self, company, number: int, at: datetime | None) -> dict[str, list[tuple[int, dict]]]:
        """Section → (record id, document) in order of creation; of each record what was last said for ``at``.

        A company's own record hides a shared one that is the same to receipts: of the same code, as a rule.
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT section, res_id, document
                  FROM (SELECT DISTINCT ON (res_model, res_id) section, res_id, company_id, document
                          FROM loy_revision
                         WHERE number <= %s AND valid_from_at <= %s
                         ORDER BY res_model, res_id, valid_from_at DESC, number DESC) AS valid
                 WHERE NOT jsonb_exists(document, 'archived') AND (company_id IS NULL OR company_id = %s)
                 ORDER BY section, company_id NULLS FIRST, res_id
                """,
                number,
                at,
                company.id,
            )
        )
        sections: dict[str, dict[tuple, tuple[int, dict]]] = {}
        for name, res_id, document in self.env.cr.fetchall():
            if section := section_named(name):
                same = tuple(document.get(key) for key in section.hides)
                sections.setdefault(name, {})[same] = (res_id, document)
        return {
            section: sorted(rows.values(), key=lambda row: row[0]) for section, rows in sections.items()
        }

    def _engine_document(
        self,
        *,
        decimals,
        settings,
        units,
        groups,
        calendars,
        code_pools,
        product_segments,
        choices,
        limits,
        favourites,
        promotions,
        expiry_policies=(),
        named: Mapping[str, list[str]],
    ) -> dict:
        """What ``compile_programme`` takes: of units, pools, choices, favourites and settings what the engine knows."""
        return {
            "currency_decimals": decimals,
            "settings": {key: settings[key] for key in ENGINE_SETTINGS if key in settings},
            "units": [{key: unit[key] for key in ENGINE_UNIT if key in unit} for unit in units],
            "groups": groups,
            "calendars": calendars,
            "code_pools": [{key: pool[key] for key in ENGINE_POOL if key in pool} for pool in code_pools],
            "expiry_policies": list(expiry_policies),
            "product_segments": list(product_segments),
            "choices": [{key: choice[key] for key in ENGINE_CHOICE if key in choice} for choice in choices],
            "limits": list(limits),
            "favourites": [{key: one[key] for key in ENGINE_FAVOURITE if key in one} for one in favourites],
            "promotions": promotions,
            "named": named,
        }

    # ------------------------------------------------------------------ the clock

    def _timezones(self, companies) -> dict:
        """Company → the zone of its programme's clock as the settings say it now; "UTC" where there are none."""
        # sudo: which clock a programme goes by is no secret
        settings = self.env["loy.settings"].sudo().search([("company_id", "in", companies.ids)])
        said = {one.company_id: one.timezone for one in settings}
        return {company: said.get(company) or "UTC" for company in companies}

    def _timezone(self, company) -> str:
        return self._timezones(company).get(company, "UTC")

    # ------------------------------------------------------------------ recording

    def _revise(self, records) -> None:
        """What ``records`` say now becomes their newest revision; a record that says the same as before, and said so at
        the moment from which it is valid, gets none."""
        if not records:
            return
        self.env.flush_all()
        section = section_of(records._name)
        now = fields.Datetime.now()
        latest = self._latest(records)
        said = self._said(records, {record.id: record.valid_from_at or now for record in records})
        changed = []
        for record in records:
            document = _statement(section, record)
            says = (document, record.company_id.id or None)
            if says != latest.get(record.id) or says != said.get(record.id):
                changed.append((record, document))
        if not changed:
            return
        self._check_readable(section, changed)
        self._note(section, [(record, document, record.valid_from_at or now) for record, document in changed])

    def _say_for_later(self, records) -> None:
        """What ``records`` say now they say for every moment to come too for which something else was planned."""
        if not records:
            return
        section = section_of(records._name)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT res_id, valid_from_at FROM loy_revision
                 WHERE res_model = %s AND res_id = ANY(%s)
                """,
                records._name,
                records.ids,
            )
        )
        known, now = {record.id: record for record in records}, fields.Datetime.now()
        planned = [(known[res_id], at) for res_id, at in rows if at > max(known[res_id].valid_from_at or now, now)]
        if planned:
            documents = {record: _statement(section, record) for record, _at in planned}
            self._note(section, [(record, documents[record], at) for record, at in planned])

    def _note(self, section: Section, said: list[tuple]) -> None:
        """New revisions: (record, document, from when)."""
        number, now = self._next_number(), fields.Datetime.now()
        # Users who may change the record record its history; nobody may write history by hand.
        self.env["loy.revision"].sudo().create(
            [
                {
                    "section": section.name,
                    "code": record.code,
                    "res_model": record._name,
                    "res_id": record.id,
                    "company_id": record.company_id.id,
                    "valid_from_at": from_at,
                    "number": number,
                    "document": document,
                    "user_id": self.env.uid,
                    "created_at": now,
                }
                for record, document, from_at in said
            ]
        )
        self.env["loy.revision"].flush_model()

    @api.model
    def _revise_unrevised(self) -> None:
        """Records of a kind that had no revisions in an earlier version said what they say since they were made."""
        for model in [section.model for section in SECTIONS if section.model in self.env]:
            records = self.env[model].with_context(active_test=False)
            if "valid_from_at" not in records._fields:
                continue
            self.env.flush_all()
            unsaid = self.env.execute_query(
                SQL(
                    """
                    UPDATE %(table)s AS record SET valid_from_at = COALESCE(create_date, valid_from_at)
                     WHERE NOT EXISTS (SELECT FROM loy_revision WHERE res_model = %(model)s AND res_id = record.id)
                 RETURNING id
                    """,
                    table=SQL.identifier(records._table),
                    model=model,
                )
            )
            records.invalidate_model(["valid_from_at"])
            self._revise(records.browse(record_id for (record_id,) in unsaid)._of_programme())

    def _check_readable(self, section: Section, changed: list[tuple]) -> None:
        """What every till will read must be readable: nothing beyond the bounds of documents becomes history."""
        reading = schema.Reading(self.env.company.currency_id.decimal_places)
        for record, document in changed:
            stated = {key: value for key, value in document.items() if key != "archived"}
            section.read_one(stated, f"{section.name}[{record.code}]", reading)
        if reading.problems:
            raise LoyaltyError("bad_programme", "\n".join(map(str, reading.problems)))

    def _next_number(self) -> int:
        """Numbers grow in the order of commits, for the head row is locked; and one that a rollback took back is
        never given again, for it comes from a sequence: no cache can hold another programme under it."""
        self.env.cr.execute(
            SQL("UPDATE loy_revision_head SET number = nextval('loy_revision_number_seq') RETURNING number")
        )
        return self.env.cr.fetchone()[0]

    def _latest(self, records) -> dict[int, tuple[dict, int | None]]:
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (res_id) res_id, document, company_id
                  FROM loy_revision WHERE res_model = %s AND res_id = ANY(%s)
                 ORDER BY res_id, number DESC
                """,
                records._name,
                list(records.ids),
            )
        )
        return {res_id: (document, company_id) for res_id, document, company_id in self.env.cr.fetchall()}

    def _said(self, records, moments: dict[int, datetime]) -> dict[int, tuple[dict, int | None]]:
        """What each record said for a moment of its own, as it is known now."""
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (res_id) res_id, document, company_id
                  FROM loy_revision
                  JOIN unnest(%s, %s::timestamp[]) AS asked (id, at) ON asked.id = res_id AND valid_from_at <= asked.at
                 WHERE res_model = %s
                 ORDER BY res_id, valid_from_at DESC, number DESC
                """,
                list(moments),
                list(moments.values()),
                records._name,
            )
        )
        return {res_id: (document, company_id) for res_id, document, company_id in self.env.cr.fetchall()}

    def _unsaid(self, records, at: datetime):
        """Those of ``records`` that did not say at ``at`` what they say now."""
        if "valid_from_at" not in records._fields:
            return records.browse()
        said, section = self._said(records, dict.fromkeys(records.ids, at)), section_of(records._name)
        return records.filtered(lambda record: said.get(record.id, ({},))[0] != section.document_of(record))

    # ------------------------------------------------------------------ validation

    def _problems_of_promotions(self, promotions) -> list[str]:
        """What the engine has against the documents of ``promotions``, a sentence each; empty when nothing."""
        section = section_of("loy.promotion")
        documents = [section.document_of(promotion) for promotion in promotions]
        problems = self._problems(documents) or self.env["loy.attributes"]._problems(documents)
        return [self._told_at(problem, promotions) for problem in problems]

    def _told_at(self, problem: schema.Problem, promotions) -> str:
        """What is wrong, in the language of whoever saves it, with its place: the field of the form where there is
        one, and where within it. Of several promotions also which."""
        told = self.env["loy.editor"]._told_problem(problem)
        place, found = problem.path, _PLACE.fullmatch(problem.path)
        if found:
            index, key, rest = found.groups()
            name = PLACES.get(key)
            place = f"{promotions.fields_get([name], ['string'])[name]['string'] if name else key}{rest}"
            if len(promotions) > 1:
                place = ", ".join(filter(None, (promotions[int(index)].display_name, place)))
        return self.env._("%(place)s: %(told)s", place=place, told=told) if place else told

    def _problems_of_policies(self, policies: list[dict]) -> list:
        """What the engine has against all expiry policies together."""
        return self._problems([], expiry_policies=policies)

    def _unknown_names(self, reading: schema.Reading) -> list[str]:
        # whether a unit exists does not depend on who asks
        known = set(self.env["loy.unit"].sudo().search([("active", "=", True), *UNITS_OF_PROGRAMME]).mapped("code"))
        pools = set(self.env["loy.code.pool"].sudo().search([("active", "=", True)]).mapped("code"))
        return [
            *(
                self.env._("%(path)s names %(code)s, which is not among the units", path=one.path, code=one.code)
                for one in reading.references
                if one.section == "units" and one.code not in known
            ),
            *(
                self.env._("%(path)s names %(code)s, which is not among the code pools", path=one.path, code=one.code)
                for one in reading.references
                if one.section == "code_pools" and one.code not in pools
            ),
        ]

    def _problems_of_rewards(self, rewards) -> list[str]:
        """What is against the documents of ``rewards``, a sentence each; empty when nothing."""
        section, reading = section_of("loy.reward"), schema.Reading()
        documents = [section.document_of(reward) for reward in rewards]
        for document in documents:
            section.read_one(document, document["code"], reading)
        if problems := [*map(str, reading.problems), *self._unknown_names(reading)]:
            return problems
        # whether a code is taken does not depend on who asks
        companies = [False, *(rewards.company_id or self.env.companies).ids]
        domain = [("code", "in", [one["code"] for one in documents]), ("company_id", "in", companies)]
        taken = self.env["loy.promotion"].sudo().search(domain)
        problems = self._problems([promotion for one in documents if (promotion := _promotion_of(one))])
        return [
            *map(str, problems),
            *(self.env._("%s is the code of a promotion; take another one.", code) for code in taken.mapped("code")),
        ]

    def _problems_of_attributes(self, attributes) -> list[str]:
        """What is against the documents of ``attributes``, a sentence each; empty when nothing."""
        return self._unreadable(attributes)

    def _problems_of_favourites(self, favourites) -> list[str]:
        """The same of ``favourites``."""
        return self._unreadable(favourites)

    def _unreadable(self, records) -> list[str]:
        section, reading = section_of(records._name), schema.Reading()
        for document in map(section.document_of, records):
            section.read_one(document, document["code"], reading)
        return list(map(str, reading.problems))

    def _problems_of_choices(self, choices) -> list[str]:
        """What is against the documents of ``choices``, a sentence each; empty when nothing."""
        section = section_of("loy.choice")
        documents = [section.document_of(choice) for choice in choices]
        reading = schema.Reading()
        for document in documents:
            section.read_one(document, f"choices[{document['code']}]", reading)
        return [str(problem) for problem in reading.problems or self._problems([], choices=documents)]

    def _problems_of_segments(self, segments) -> list[str]:
        """What is against the documents of segments of products, a sentence each; empty when nothing."""
        section = section_of("loy.product.segment")
        documents = [section.document_of(one) for one in segments]
        return [str(problem) for problem in self._problems([], product_segments=documents)]

    def _problems_of_limits(self, limits) -> list[str]:
        """What is against the documents of limits that promotions share, a sentence each; empty when nothing."""
        section = section_of("loy.shared.limit")
        return [str(problem) for problem in self._problems([], limits=[section.document_of(one) for one in limits])]

    def _problems(
        self,
        promotions: list[dict],
        units: list[dict] = (),
        groups: list[dict] = (),
        calendars: list[dict] = (),
        code_pools: list[dict] = (),
        expiry_policies: list[dict] = (),
        product_segments: list[dict] = (),
        choices: list[dict] = (),
        limits: list[dict] = (),
        favourites: list[dict] = (),
        **named: list[dict],
    ) -> list:
        """The engine's objections to promotion and policy documents, beside what they name that is there or to come;
        ``named`` are the records to come of sections of add-ons."""
        document = self._engine_document(
            named={
                section.name: [one["code"] for one in self._known(section.model, list(named.get(section.name, ())))]
                for section in SECTIONS
                if section.is_named
            },
            decimals=self.env.company.currency_id.decimal_places,
            settings={},
            units=self._known("loy.unit", units),
            groups=self._known("loy.group", groups),
            calendars=self._known("loy.calendar", calendars),
            code_pools=self._known("loy.code.pool", code_pools),
            product_segments=self._known("loy.product.segment", product_segments),
            choices=self._known("loy.choice", choices),
            limits=self._known("loy.shared.limit", limits),
            favourites=self._known("loy.favourite", favourites),
            promotions=promotions,
            expiry_policies=expiry_policies,
        )
        try:
            compile_programme(document)
        except DocumentError as error:
            return list(error.problems)
        return []

    def _known(self, model: str, coming: list[dict]) -> list[dict]:
        section = section_of(model)
        # whether a code exists does not depend on who asks
        records = self.env[model].sudo().search([("active", "=", True), *section.only])
        known = {record.code: section.document_of(record) for record in records}
        return list((known | {document["code"]: document for document in coming}).values())

    @staticmethod
    def _format_document(document) -> str:
        return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)
