"""A programme as one document: applied by code, exported again, kept in version control."""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

from odoo import fields, models

from ..engine import schema
from .errors import LoyaltyError
from .sections import SECTIONS, Section, section_of

#: What promotions name.
SECTIONS_NAMED = ("units", "groups", "calendars", "code_pools", "product_segments", "choices", "favourites", "limits")
#: What the engine reads.
READ_BY_ENGINE = ("promotions", "product_segments", "choices", "limits", "expiry_policies")
OUTCOMES = ("created", "updated", "unchanged", "ended")


class _DryRun(Exception):
    """Takes back what was done to learn what would be done."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section as one document has it."""

    section: Section
    documents: list
    is_whole: bool  # what the document does not name, ends


class LoyProgrammeDocument(models.AbstractModel):
    """apply(export()) changes nothing; a document with a problem changes nothing and is told all its problems."""

    _name = "loy.programme.document"
    _description = "Programme document service"

    def _apply(self, request) -> dict:
        """Creates and updates by code; counts what was created, updated, unchanged and ended, also by section."""
        parts = self._parse(request.programme, request.replace)
        valid_from_at = _to_utc(request.at) if request.at else fields.Datetime.now()
        counts: dict[str, Counter] = {}
        holding = self._holding_cases() if request.cases != "ignore" else None
        try:
            with self.env.cr.savepoint():
                for part in parts:
                    count = counts.setdefault(part.section.told_as, Counter())
                    count.update(self._apply_part(part, valid_from_at, bool(request.at)))
                told = {"cases": self._cases(holding, request.cases)} if holding is not None else {}
                if request.dry_run:
                    raise _DryRun
        except _DryRun:
            self.env.invalidate_all(flush=False)
        total = sum(counts.values(), Counter())
        return {
            **{outcome: total[outcome] for outcome in OUTCOMES},
            "sections": {name: dict(count) for name, count in counts.items()},
            **told,
        }

    def _holding_cases(self):
        """The kept cases of the test bench that come out as they were kept."""
        bench = self.env["loy.bench"]
        return bench._holding(bench._kept(self.env.company))

    def _cases(self, holding, what: str) -> dict:
        """How many came out as they were kept, and which of them do not any more."""
        differing = holding - self.env["loy.bench"]._holding(holding)
        if differing and what == "refuse":
            raise LoyaltyError(
                "cases_differ",
                self.env._(
                    "Kept cases of the test bench come out different by it: %s. Nothing was changed.",
                    ", ".join(differing.mapped("name")),
                ),
            )
        return {"tried": len(holding), "differing": differing.mapped("name")}

    def _export(self) -> dict:
        """The programme of the user's company as a document; what goes without saying is left out."""
        programme = {}
        for section in SECTIONS:
            documents = [section.document_of(record) for record in self._records(section, []).sorted("id")]
            if section.is_single:
                documents = documents and documents[0]
            if documents and section.beside:
                programme[section.beside] = [*programme.get(section.beside, []), *documents]
            elif documents:
                programme[section.name] = documents
        return {"v": 1, "programme": programme}

    # ------------------------------------------------------------------ reading a document

    def _parse(self, programme: dict, replace: tuple[str, ...]) -> list[Part]:
        """Every section parsed and every reference found, or ``bad_request`` with all problems."""
        reading = schema.Reading(self.env.company.currency_id.decimal_places)
        names = list(dict.fromkeys(section.told_as for section in SECTIONS))
        for name in (*programme, *replace):
            if name not in names:
                reading.refuse(schema.join("", name), "unknown", f"is not a section; sections are {', '.join(names)}")
        parts = [
            Part(section, section.read(programme, reading), section.told_as in replace)
            for section in SECTIONS
            if section.told_as in (*programme, *replace)
        ]
        self._check_references(parts, reading)
        problems = reading.problems or self._promotion_problems(programme, parts)
        if problems:
            raise LoyaltyError("bad_request", "; ".join(map(str, problems)))
        return parts

    def _check_references(self, parts: list[Part], reading: schema.Reading) -> None:
        """Each code that a document names stands in the document too, or is there already."""
        known = {
            part.section.name: {part.section.key_of(one)[-1] for one in part.documents}
            for part in parts
            if not part.section.is_single
        }
        for section in SECTIONS:
            wanted = {one.code for one in reading.references if one.section == section.name}
            wanted -= known.setdefault(section.name, set())
            known[section.name] |= self._ids_by_code(section, wanted).keys()
        for one in reading.references:
            if one.code not in known[one.section]:
                reading.refuse(one.path, "reference", f"names {one.code}, which is not among the {one.section}")

    def _promotion_problems(self, programme: dict, parts: list[Part]) -> list[schema.Problem]:
        """The engine reads conditions and rewards once the rest of the document is sound."""
        if not any(programme.get(name) for name in READ_BY_ENGINE):
            return []
        coming = {part.section.name: [schema.write(one) for one in part.documents] for part in parts}
        documents = {part.section.name: part.documents for part in parts}
        attributes = self.env["loy.attributes"]
        defined = attributes._coming(documents.get("attributes", ()), documents.get("directories", ()))
        return self.env["loy.programme"]._problems(
            programme.get("promotions") or [],
            expiry_policies=self._policies_to_be(parts),
            **{name: coming.get(name, []) for name in SECTIONS_NAMED},
            **{section.name: coming.get(section.name, []) for section in SECTIONS if section.is_named},
        ) or attributes._problems(programme.get("promotions") or [], defined)

    def _policies_to_be(self, parts: list[Part]) -> list[dict]:
        """All expiry policies as they will be: those of a unit must agree with each other."""
        part = next((one for one in parts if one.section.name == "expiry_policies"), None)
        if part is None:
            return []
        coming = {one.code: schema.write(one) for one in part.documents}
        there = () if part.is_whole else self._records(part.section, [])
        return list(coming.values()) + [part.section.document_of(one) for one in there if one.code not in coming]

    # ------------------------------------------------------------------ applying a section

    def _apply_part(self, part: Part, valid_from_at: datetime, is_dated: bool) -> Counter:
        """What a document says from a moment on is said even where it holds already, but only since later."""
        section = part.section
        model = self.env[section.model].with_context(active_test=False)
        existing = self._existing(part)
        rows = [section.values_of(document) for document in part.documents]
        later = self._resolve(section, rows)
        count: Counter = Counter()
        new_rows = []
        same = model.browse()
        for document, row in zip(part.documents, rows, strict=True):
            record = existing.pop(section.key_of(document), None)
            if record is None:
                new_rows.append(self._prepare_create(section, row, valid_from_at))
            elif changes := self._changes(record, row):
                record.write(self._timed(record, changes, valid_from_at))
                count["updated"] += 1
            else:
                same += record
        late = self.env["loy.programme"]._unsaid(same, valid_from_at) if is_dated and same else same.browse()
        if late:
            late.write({"valid_from_at": valid_from_at})
        for outcome, records in (("updated", late), ("unchanged", same - late)):
            if records:
                count[outcome] += len(records)
        if new_rows:
            model.create(new_rows)
            count["created"] = len(new_rows)
        self._link(section, later)
        if part.is_whole:
            ended = [record for record in existing.values() if self._end(record, valid_from_at)]
            if ended:
                count["ended"] = len(ended)
        return count

    def _existing(self, part: Part) -> dict[tuple, models.Model]:
        """Key → record: those that the document names, or all where it is the whole truth."""
        section, domain = part.section, []
        if not part.is_whole and section.key:
            codes = [section.key_of(document)[-1] for document in part.documents]
            domain = [(section.column(section.key[-1]), "in", codes)]
        records = self._records(section, domain, is_active=False)
        found = {}
        for record in records.sorted(_rank):
            found[tuple(_key_value(record[section.column(key)]) for key in section.key)] = record
        return found

    def _records(self, section: Section, domain: list, is_active: bool = True):
        """Records of the company and shared ones."""
        model = self.env[section.model].with_context(active_test=is_active)
        company = self.env.company
        if section.is_single:
            domain = [*domain, ("company_id", "=", company.id)]
        elif "company_id" in model._fields:
            domain = [*domain, ("company_id", "in", [company.id, False])]
        return model.search([*section.only, *domain])

    def _ids_by_code(self, section: Section, codes: set[str]) -> dict[str, int]:
        if not codes:
            return {}
        column = section.column(section.key[-1])
        records = self._records(section, [(column, "in", list(codes))], is_active=False)
        return {record[column]: record.id for record in records.sorted(_rank)}

    def _resolve(self, section: Section, rows: list[dict]) -> list[tuple[str, str, str]]:
        """Codes in ``rows`` become ids. What names a record that this very section makes is answered: (code, field,
        code), to be linked when all are there."""
        model, later = self.env[section.model], []
        names = {name for row in rows for name in row if model._fields[name].type == "many2one"}
        for name in names:
            target = section_of(model._fields[name].comodel_name)
            ids = self._ids_by_code(target, {row[name] for row in rows if row[name]})
            for row in rows:
                if row[name] in ids:
                    row[name] = ids[row[name]]
                elif row[name]:
                    later.append((row[section.column(section.key[-1])], name, row.pop(name)))
        return later

    def _link(self, section: Section, later: list[tuple[str, str, str]]) -> None:
        if not later:
            return
        ids = self._ids_by_code(section, {code for link in later for code in (link[0], link[2])})
        for code, name, target in later:
            self.env[section.model].browse(ids[code])[name] = ids[target]

    def _prepare_create(self, section: Section, row: dict, valid_from_at: datetime) -> dict:
        model = self.env[section.model]
        values = {name: value for name, value in row.items() if value is not False or not model._fields[name].required}
        if "company_id" in model._fields and section.is_company_bound:
            values["company_id"] = self.env.company.id
        return self._timed(model, values, valid_from_at)

    def _changes(self, record, row: dict) -> dict:
        """The values that differ from what ``record`` says; an archived record that is named again comes back."""
        changes = {}
        for name, value in row.items():
            field = record._fields[name]
            now = record[name].id if field.type == "many2one" else record[name]
            if value is False and field.required and field.type != "boolean":
                continue  # the document leaves it to the record
            if field.type in ("float", "monetary"):
                value = field.convert_to_cache(value, record)
            if (now or False) != (value or False):
                changes[name] = value
        if "active" in record._fields and not record.active:
            changes["active"] = True
        return changes

    def _end(self, record, valid_from_at: datetime) -> bool:
        """What is no longer named has ended; nothing is deleted. Shared records belong to others too."""
        if "state" in record._fields:
            changes = {} if record.state == "ended" else {"state": "ended"}
        else:
            changes = {"active": False} if "active" in record._fields else {}
        if not changes or not _is_own(record) or not _is_active(record):
            return False
        record.write(self._timed(record, changes, valid_from_at))
        return True

    @staticmethod
    def _timed(model, values: dict, valid_from_at: datetime) -> dict:
        return {**values, "valid_from_at": valid_from_at} if "valid_from_at" in model._fields else values


def _is_own(record) -> bool:
    """Whether it belongs to one company; such a record hides a shared one of the same code."""
    return "company_id" not in record._fields or bool(record.company_id)


def _is_active(record) -> bool:
    return "active" not in record._fields or record.active


def _rank(record) -> tuple:
    """Of several records with one code the last is meant: the company's own, in use, the oldest."""
    return _is_own(record), _is_active(record), -record.id


def _key_value(value):
    return value.code if isinstance(value, models.BaseModel) else value


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
