"""Segments of products: which products are in them now, and what names them."""

import json
import re

from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine import DocumentError, schema
from ..engine.segments import ProductSegment, circles, written_out
from ..engine.select import Target
from ..sql import selections as sql
from .sections import section_of

SHOWN_MAX = 80
#: What may name segments: the model, its texts, and which of its records matter.
NAMING = (
    (
        "loy.promotion",
        ("when_text", "rewards_text"),
        # What goes live without being written anew counts: changes, and what somebody is asked to approve.
        ["|", "|", ("state", "in", ("active", "paused")), ("version_of_id", "!=", False), ("asked_ids", "!=", False)],
    ),
    ("loy.reward", ("gives_text",), []),
    ("loy.product.segment", ("target_text",), []),
    ("loy.choice", ("options_text",), []),
)


class LoyProductSegments(models.AbstractModel):
    """What the engine picks of the catalogue is asked of the database at once, however large it is."""

    _name = "loy.product.segments"
    _description = "Products of segments"

    def _preview(self, segment) -> tuple[int, list[int]]:
        """How many products are in it now as it stands on the screen, and the first of them."""
        target = self._target(segment)
        if target is None:
            return 0, []
        company = segment.company_id or self.env.company
        rows = self._ask(sql.first_products, target, company, SHOWN_MAX)
        return (rows[0][1] if rows else 0), [product_id for product_id, _count in rows]

    def _query(self, segment) -> SQL | None:
        """The ids of its products as a query; None: it cannot be read."""
        target, company = self._target(segment), segment.company_id or self.env.company
        self.env.flush_all()
        return target and sql.products(target, company.id, company.currency_id.decimal_places)

    def _ask(self, query, target: Target, company, *more) -> list[tuple]:
        self.env.flush_all()
        return self.env.execute_query(query(target, company.id, company.currency_id.decimal_places, *more))

    def _target(self, segment) -> Target | None:
        """What it stands for; None while something is wrong with it, or with those that it names."""
        section, decimals = section_of(segment._name), self.env.company.currency_id.decimal_places
        try:
            own = {**section.document_of(segment), "code": segment.code or "?"}
            others = self.env["loy.programme"]._known(segment._name, [own])
            read = [schema.read(ProductSegment, one, decimals=decimals) for one in self._wanted(own, others)]
        except (DocumentError, UserError):
            return None
        known = {one.code for one in read}
        if any(circles(read)) or any(not one.named <= known for one in read):
            return None
        return written_out(read)[own["code"]]

    def _wanted(self, document: dict, documents: list[dict]) -> list[dict]:
        """The document with those that it names, and those that they name."""
        by_code, found, ahead = {one["code"]: one for one in documents}, {}, [document["code"]]
        while ahead:
            code = ahead.pop()
            if code in by_code and code not in found:
                found[code] = by_code[code]
                ahead += named_in(by_code[code])
        return list(found.values())

    def _naming(self, segments) -> list:
        """The records that name these segments and would stop with them."""
        found = []
        for model, names, domain in NAMING:
            # Whether something names it does not depend on who asks.
            records = self._naming_in(self.env[model].sudo(), names, domain, segments)
            found += records - segments.sudo() if model == segments._name else records
        return found

    def _promotions(self, segment):
        """The promotions that name a segment, whatever their state, as far as whoever asks may read them."""
        ((model, names, _domain), *_others) = NAMING
        return self._naming_in(self.env[model], names, [], segment)

    def _naming_in(self, records, names, domain: list, segments):
        """Those records whose texts name the segments: looked for by the text, judged by what it says."""
        codes = set(segments.mapped("code"))
        said = Domain.OR(Domain(name, "like", _quoted(code)) for name in names for code in codes)
        found = records.search(Domain.AND([Domain(domain), Domain("active", "=", True), said]))
        return found.filtered(lambda one: any(codes & named_in(_read(one[name])) for name in names))


def named_in(document: object) -> set[str]:
    """The segments that a document names, wherever in it."""
    if isinstance(document, list):
        return set().union(*map(named_in, document))
    if not isinstance(document, dict):
        return set()
    said = document.get("segment") if "kind" not in document else None
    own = {said} if isinstance(said, str) else {one for one in said if isinstance(one, str)} if said else set()
    return own.union(*map(named_in, document.values()))


def _quoted(code: str) -> str:
    """As the code stands in a text that is JSON; signs that mean something to ``like`` stand for themselves."""
    return re.sub(r"([\\%_])", r"\\\1", json.dumps(code, ensure_ascii=False))


def _read(text: str | bool) -> object:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None
