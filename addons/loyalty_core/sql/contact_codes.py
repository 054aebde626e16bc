"""SQL of codes sent to contacts."""

from __future__ import annotations

from datetime import datetime

from odoo.tools import SQL


def stopped_until(
    *, member_id: int, contact: str, address_hash: str, now: datetime, hour_max: int, day_max: int
) -> SQL:
    """One row: until when nothing more is sent, or null. A send counts for an hour against the member's contact, and
    for a day against the address, whoever it belonged to."""
    return SQL(
        "SELECT GREATEST((%s), (%s))",
        _stop(SQL("member_id = %s AND contact = %s", member_id, contact), SQL("interval '1 hour'"), hour_max, now),
        _stop(SQL("address_hash = %s", address_hash), SQL("interval '1 day'"), day_max, now),
    )


def _stop(whose: SQL, window: SQL, limit: int, now: datetime) -> SQL:
    """When the send that fills the window leaves it."""
    return SQL(
        """
        SELECT started_at + %(window)s FROM loy_contact_code
         WHERE %(whose)s AND started_at > %(now)s::timestamp - %(window)s
         ORDER BY started_at DESC OFFSET %(others)s LIMIT 1
        """,
        whose=whose,
        window=window,
        now=now,
        others=limit - 1,
    )


def count_wrong(code_id: int) -> SQL:
    """Answers how many wrong tries there were; no row when the code is gone."""
    return SQL("UPDATE loy_contact_code SET wrong_count = wrong_count + 1 WHERE id = %s RETURNING wrong_count", code_id)
