"""Own attributes of members: what each may hold, whether what is given fits, and who has what."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from odoo import models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import schema
from ..sql import attributes as sql
from .errors import LoyaltyError

#: Names by which promotions know what is no attribute of the customer's own.
TAKEN_NAMES = frozenset({"birth_date", "sex", "language", "city", "store", "age", "card_years"})
TEXT_MAX = 255
#: What XML-RPC carries, and what a float tells exactly.
INTEGER_MAX, NUMBER_MAX = 2**31 - 1, 10**15
EMPTY = (None, "", [], ())
COMPARISON = re.compile(r"(.+?)\s*(>=|<=|!=|=|<|>)\s*(.+)")


@dataclass(frozen=True, slots=True)
class Definition:
    """What an attribute may hold."""

    code: str
    kind: str
    bounds: tuple[float, float] | None  # of numbers; both are included
    values: frozenset[str]  # codes of the directory that can be given
    former: frozenset[str]  # and of those that members may still have

    def fit(self, value):
        """The value in its plain form; ValueError where it is none of this attribute."""
        return _READERS[self.kind](self, value)


def _text(definition: Definition, value):
    if not isinstance(value, str) or len(value.strip()) > TEXT_MAX:
        raise ValueError
    return value.strip()


def _number(definition: Definition, value):
    """Also one that is written as a text: files have nothing else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError
    number = float(value)
    low, high = definition.bounds or (-NUMBER_MAX, NUMBER_MAX)
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError
    return int(number) if number == int(number) else number


def _integer(definition: Definition, value):
    number = _number(definition, value)
    if not isinstance(number, int) or abs(number) > INTEGER_MAX:
        raise ValueError
    return number


def _boolean(definition: Definition, value):
    if not isinstance(value, bool):
        raise ValueError
    return value


def _date(definition: Definition, value):
    if not isinstance(value, str):
        raise ValueError
    return date.fromisoformat(value).isoformat()


def _one(definition: Definition, value):
    if not isinstance(value, str) or value not in definition.values:
        raise ValueError
    return value


def _several(definition: Definition, value):
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple):
        raise ValueError
    return list(dict.fromkeys(_one(definition, one) for one in given))


_READERS = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "one": _one,
    "several": _several,
}
KINDS = tuple(_READERS)
NUMBERS = ("integer", "number")
OF_DIRECTORY = ("one", "several")


class LoyAttributes(models.AbstractModel):
    """A name that is defined holds what its definition allows; of a name that nobody has defined everything is kept as
    it comes, as other systems may know more of members than the shop asks for."""

    _name = "loy.attributes"
    _description = "Attributes of members"

    @tools.ormcache("company_id")
    def _definitions(self, company_id: int) -> Mapping[str, Definition]:
        """Code → definition; a company's own one takes the place of a shared one."""
        # What may be written of members does not depend on who writes.
        attributes = self.env["loy.attribute"].sudo().search([("company_id", "in", [False, company_id])])
        own_last = attributes.sorted(lambda attribute: attribute.company_id.id or 0)
        return {attribute.code: self._definition(attribute) for attribute in own_last}

    def _definition(self, attribute) -> Definition:
        values = attribute.directory_id.with_context(active_test=False).value_ids
        return Definition(
            code=attribute.code,
            kind=attribute.kind,
            bounds=(attribute.minimum, attribute.maximum) if attribute.minimum < attribute.maximum else None,
            values=frozenset(values.filtered("active").mapped("code")),
            former=frozenset(values.mapped("code")),
        )

    def _coming(self, attributes: Iterable, directories: Iterable) -> dict[str, Definition]:
        """The definitions that documents bring, as they will be."""
        values = {directory.code: frozenset(one.code for one in directory.values) for directory in directories}
        names = {attribute.directory for attribute in attributes} - values.keys() - {None}
        domain = [("code", "in", list(names)), ("company_id", "in", [False, self.env.company.id])]
        # What may be asked of members does not depend on who asks.
        known = self.env["loy.directory"].sudo().search(domain)
        values |= {one.code: frozenset(one.with_context(active_test=False).value_ids.mapped("code")) for one in known}
        return {
            one.code: Definition(one.code, one.kind, None, frozenset(), values.get(one.directory, frozenset()))
            for one in attributes
        }

    # ------------------------------------------------------------------ what promotions ask

    def _problems(self, promotions: list[dict], coming: Mapping[str, Definition] | None = None) -> list[schema.Problem]:
        """Conditions that can never hold, as the attribute has no such values; of undefined names nothing is known."""
        definitions = {**self._definitions(self.env.company.id), **(coming or {})}
        return [
            schema.Problem(schema.join(path, "value"), "type", f"must be {wanted}, as {leaf['name']} is")
            for path, leaf in _leaves(promotions, "promotions")
            if (definition := definitions.get(leaf["name"])) and (wanted := _unasked(definition, leaf))
        ]

    # ------------------------------------------------------------------ what is given

    def _fit(self, given: Mapping, before: Mapping) -> dict:
        """The attributes in their plain form; what is emptied is gone, what stays as it was is not asked about.

        ``bad_attribute``: a value is none of its attribute.
        """
        definitions = self._definitions(self.env.company.id)
        fitted = {}
        for name, value in given.items():
            definition = definitions.get(name)
            is_empty = value in EMPTY or (value is False and definition and definition.kind != "boolean")
            if is_empty:
                continue
            same = name in before and json.dumps(before[name]) == json.dumps(value)
            fitted[name] = value if same or not definition else self._fitted(definition, value)
        return fitted

    def _fitted(self, definition: Definition, value):
        try:
            return definition.fit(value)
        except (ValueError, OverflowError):
            raise LoyaltyError(
                "bad_attribute",
                self.env._(
                    "%(name)s cannot be %(value)s: %(wanted)s",
                    name=definition.code,
                    value=json.dumps(value, ensure_ascii=False, default=str)[:100],
                    wanted=self._wanted(definition),
                ),
            ) from None

    def _wanted(self, definition: Definition) -> str:
        """What to give instead."""
        if definition.kind in OF_DIRECTORY:
            codes = sorted(definition.values)
            shown = ", ".join([*codes[:10], *(["…"] if len(codes) > 10 else [])])
            if definition.kind == "one":
                return self.env._("give one of %s", shown)
            return self.env._("give a list of some of %s", shown)
        if definition.kind in NUMBERS and definition.bounds:
            low, high = (_shown(bound) for bound in definition.bounds)
            if definition.kind == "integer":
                return self.env._("give a whole number from %(low)s to %(high)s", low=low, high=high)
            return self.env._("give a number from %(low)s to %(high)s", low=low, high=high)
        return {
            "text": self.env._("give a text of %s characters at most", TEXT_MAX),
            "integer": self.env._("give a whole number"),
            "number": self.env._("give a number"),
            "boolean": self.env._("give yes or no, as true or false"),
            "date": self.env._("give a day like 2026-12-31"),
        }[definition.kind]

    # ------------------------------------------------------------------ what is there already

    def _check_stored(self, attribute) -> None:
        """``attribute_in_use``: members have values under this name that are none of the attribute."""
        self.env["res.partner"].flush_model(["loy_attributes", "company_id"])
        unfit = self.env.execute_query(sql.count_unfit(self._definition(attribute), attribute.company_id.id))[0][0]
        if unfit:
            raise LoyaltyError(
                "attribute_in_use",
                self.env._(
                    "%(count)s members have a value of %(name)s that would not fit: %(wanted)s. Change their values"
                    " first, or define another attribute.",
                    count=unfit,
                    name=attribute.code,
                    wanted=self._wanted(self._definition(attribute)),
                ),
            )

    def _check_unheld(self, attribute) -> None:
        """``attribute_in_use``: members have values under this name."""
        if held := self._held(attribute.code, attribute.company_id.id):
            raise LoyaltyError(
                "attribute_in_use",
                self.env._(
                    "%(count)s members have a value of %(name)s, which is known by this code: archive it instead.",
                    count=held,
                    name=attribute.name,
                ),
            )

    def _held(self, code: str, company_id: int | bool) -> int:
        self.env["res.partner"].flush_model(["loy_attributes", "company_id"])
        return self.env.execute_query(sql.count_held(code, company_id))[0][0]

    def _check_value_unheld(self, value) -> None:
        """``attribute_in_use``: members have this value of a directory."""
        self.env["res.partner"].flush_model(["loy_attributes", "company_id"])
        # Attributes that are archived or of other companies keep their values, too.
        attributes = self.env["loy.attribute"].sudo().with_context(active_test=False)
        names = {one.code: one.kind for one in attributes.search([("directory_id", "=", value.directory_id.id)])}
        held = sum(
            self.env.execute_query(sql.count_equal(name, kind, value.code))[0][0] for name, kind in names.items()
        )
        if held:
            raise LoyaltyError(
                "attribute_in_use",
                self.env._(
                    "%(count)s members have the value %(name)s, which is known by this code: archive it instead.",
                    count=held,
                    name=value.name,
                ),
            )

    # ------------------------------------------------------------------ who has what

    def _values_held(self, members) -> dict:
        """Member → the values of directories that it has; names of attributes are those of the user's companies."""
        attributes = self.env["loy.attribute"].search([("kind", "in", OF_DIRECTORY)])
        values = attributes.directory_id.with_context(active_test=False).value_ids
        known = {(value.directory_id, value.code): value.id for value in values}
        found = {}
        for member in members:
            own = member.loy_attributes or {}
            codes = [
                (attribute.directory_id, code)
                for attribute in attributes
                for code in _listed(own.get(attribute.code))
            ]
            found[member] = values.browse(known[code] for code in codes if code in known)
        return found

    def _with_values(self, values) -> Domain:
        """Members who have one of these values of directories."""
        attributes = self.env["loy.attribute"].search([("directory_id", "in", values.directory_id.ids)])
        return Domain.OR(
            self._where(sql.equal, attribute.code, attribute.kind, value.code)
            for attribute in attributes
            for value in values.filtered(lambda one, attribute=attribute: one.directory_id == attribute.directory_id)
        )

    def _search_domain(self, text: str) -> Domain:
        """Members by an attribute as people write it: `children >= 2`, `Coffee = Latte`; a name alone: who has one."""
        comparison = COMPARISON.fullmatch(text.strip())
        name, operator, wanted = comparison.groups() if comparison else (text.strip(), None, None)
        attribute = self._named(self.env["loy.attribute"].search([("active", "=", True)]), name)
        code, kind = (attribute.code, attribute.kind) if attribute else (name, None)
        if operator is None:
            return self._where(sql.known, code)
        value = self._value_of(attribute, wanted)
        if operator in ("=", "!="):
            domain = self._where(sql.equal, code, kind, value)
            return ~domain if operator == "!=" else domain
        return self._where(sql.compared, code, operator, value)

    @staticmethod
    def _where(condition, *parameters) -> Domain:
        def to_sql(members, alias, query) -> SQL:
            field = members._fields["loy_attributes"]
            return condition(SQL.identifier(alias, field.name, to_flush=field), *parameters)

        return Domain.custom(to_sql=to_sql)

    @staticmethod
    def _named(records, name: str):
        """Of records with a code, the one that people call so."""
        wanted = name.strip().casefold()
        return records.filtered(lambda one: wanted in (one.code.casefold(), (one.name or "").casefold()))[:1]

    def _value_of(self, attribute, text: str):
        """What people wrote as the attribute keeps it; what is not understood is looked for as a text."""
        if attribute.kind in OF_DIRECTORY:
            values = attribute.directory_id.with_context(active_test=False).value_ids
            return self._named(values, text).code or text
        if attribute.kind == "text":
            return text
        words = {self.env._("Yes").casefold(): True, self.env._("No").casefold(): False, "true": True, "false": False}
        if attribute.kind in (False, "boolean") and text.casefold() in words:
            return words[text.casefold()]
        try:
            return _number(Definition("", "number", None, frozenset(), frozenset()), text.replace(",", "."))
        except ValueError:
            return text


def _listed(value) -> list:
    return value if isinstance(value, list) else [value]


def _leaves(document, path: str) -> Iterator[tuple[str, dict]]:
    """Each condition on an attribute, with its path."""
    if isinstance(document, list):
        for index, one in enumerate(document):
            yield from _leaves(one, f"{path}[{index}]")
    elif isinstance(document, dict):
        if document.get("kind") == "attribute" and isinstance(document.get("name"), str):
            yield path, document
        for key, one in document.items():
            yield from _leaves(one, schema.join(path, key))


def _unasked(definition: Definition, leaf: dict) -> str | None:
    """What the value of a condition must be, where it is something else."""
    operator, value = leaf.get("op", "eq"), leaf.get("value")
    if operator in ("known", "unknown"):
        return None
    if definition.kind in NUMBERS:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else "a number"
    if definition.kind == "boolean":
        return None if isinstance(value, bool) and operator in ("eq", "ne") else "true or false, with eq or ne"
    if definition.kind in OF_DIRECTORY:
        is_sound = all(one in definition.former for one in _listed(value)) and operator in ("eq", "ne", "in", "not_in")
        return None if is_sound else "of its directory, with eq, ne, in or not_in"
    if definition.kind == "date":
        return None if all(map(_is_day, _listed(value))) else "a day like 2026-12-31"
    return None if all(isinstance(one, str) for one in _listed(value)) else "a text"


def _is_day(value) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _shown(bound: float) -> str:
    return f"{bound:.6f}".rstrip("0").rstrip(".")
