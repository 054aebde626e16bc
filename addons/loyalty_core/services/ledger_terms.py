"""Terms of lots: a condition that must hold on the receipts for which a lot pays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from odoo import fields, models, tools
from odoo.tools import SQL

from ..engine import DocumentError
from ..engine.terms import write_terms
from ..sql import terms as sql
from .errors import LoyaltyError


class LoyLedgerTerms(models.AbstractModel):
    """A chapter of `loy.ledger`. Lots that were given under one condition name one row, which never changes."""

    _name = "loy.ledger.terms"
    _description = "Ledger: terms of lots"

    def _terms(self, company_id: int, documents: Iterable[Mapping[str, Any] | None]) -> list[int | None]:
        """The terms of each document, as they are named by lots; None of a lot that is good on every receipt."""
        documents = list(documents)
        hashes = [None if document is None else _hash(document) for document in documents]
        wanted = {name: document for name, document in zip(hashes, documents, strict=True) if name is not None}
        if not wanted:
            return hashes
        query = sql.of_hashes(company_id, wanted)
        found = dict(self.env.execute_query(query))
        if missing := wanted.keys() - found.keys():
            self.env.cr.execute(sql.make(company_id, {name: wanted[name] for name in sorted(missing)}))
            found = dict(self.env.execute_query(query))
        return [None if name is None else found[name] for name in hashes]

    def _terms_asked(self, company, document: Mapping[str, Any] | None) -> int | None:
        """The terms of a condition that somebody has written; `bad_request` with every problem."""
        if document is None:
            return None
        programme = self.env["loy.programme"]._at(company, fields.Datetime.now()).programme
        try:
            when = programme.read_terms(document)
        except DocumentError as error:
            raise LoyaltyError("bad_request", str(error)) from None
        return self._terms(company.id, [write_terms(when, programme.decimals)])[0]

    @tools.ormcache("terms_id")
    def _document_of_terms(self, terms_id: int) -> dict[str, Any]:
        """The condition; nobody changes what processes keep of it."""
        return self.env.execute_query(SQL("SELECT document FROM loy_lot_terms WHERE id = %s", terms_id))[0][0]


def _hash(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
