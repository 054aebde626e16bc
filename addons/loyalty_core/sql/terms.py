"""Terms of lots."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from odoo.tools import SQL


def of_hashes(company_id: int, hashes: Iterable[str]) -> SQL:
    """Rows (hash, terms_id)."""
    return SQL("SELECT hash, id FROM loy_lot_terms WHERE company_id = %s AND hash = ANY(%s)", company_id, list(hashes))


def make(company_id: int, documents: Mapping[str, Mapping[str, Any]]) -> SQL:
    """Keep terms that are not kept yet, {hash: document}."""
    return SQL(
        """
        INSERT INTO loy_lot_terms (company_id, hash, document)
        SELECT %s, given.hash, given.document::jsonb FROM unnest(%s, %s) AS given (hash, document)
            ON CONFLICT (company_id, hash) DO NOTHING
        """,
        company_id,
        list(documents),
        [json.dumps(document) for document in documents.values()],
    )
