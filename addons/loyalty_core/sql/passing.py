"""What moves from account to account."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from odoo.tools import SQL

from .expiry import OWN
from .ledger import ids


def own_accounts(member_id: int) -> SQL:
    """Rows (account_id, unit_id, coalition partner or 0): the member's current accounts that have not passed on."""
    return SQL(
        """
        SELECT id, unit_id, COALESCE(partner_id, 0) FROM loy_account
         WHERE kind = 'member' AND is_current AND successor_id IS NULL AND member_id = %s ORDER BY id
        """,
        member_id,
    )


def open_lots(account_ids: Iterable[int]) -> SQL:
    """Rows (lot_id, account_id, remaining, active_from, own end, promotion_code, company_id, terms_id)."""
    return SQL(
        """
        SELECT id, account_id, remaining_minor, active_from, %s, promotion_code, company_id, terms_id
          FROM loy_lot AS lot WHERE account_id = ANY(%s) AND is_open ORDER BY account_id, id
        """,
        OWN,
        ids(account_ids),
    )


def open_holds(account_ids: Iterable[int]) -> SQL:
    """Rows (document, deadline_at) of the holds that reserve something of the accounts, the longest first."""
    return SQL(
        """
        SELECT hold.document, hold.deadline_at
          FROM loy_hold_line AS line JOIN loy_hold AS hold ON hold.id = line.hold_id AND hold.state = 'open'
         WHERE line.account_id = ANY(%s) ORDER BY hold.deadline_at DESC LIMIT 1
        """,
        ids(account_ids),
    )


def set_successors(heirs: Mapping[int, int]) -> SQL:
    """Each account is continued by its heir, and so are those that it continues: the way is always one step."""
    return SQL(
        """
        UPDATE loy_account AS account SET successor_id = pair.heir_id
          FROM unnest(%s, %s) AS pair (id, heir_id)
         WHERE account.id = pair.id OR account.successor_id = pair.id
        """,
        ids(heirs.keys()),
        ids(heirs.values()),
    )


def transferred(account_id: int, since: datetime, until: datetime) -> SQL:
    """One row (amount): what the account has given by transfers within the period."""
    return SQL(
        """
        SELECT COALESCE(-SUM(entry.delta_minor), 0)::int8
          FROM loy_entry AS entry
          JOIN loy_account AS other ON other.id = entry.to_account_id AND other.role = 'transit'
         WHERE entry.account_id = %s AND entry.kind = 'transfer'
           AND entry.occurred_at >= %s AND entry.occurred_at < %s
        """,
        account_id,
        since,
        until,
    )


def converted(account_id: int, unit_id: int, since: datetime, until: datetime) -> SQL:
    """One row (amount): what conversions into the unit have taken from the account within the period."""
    return SQL(
        """
        SELECT COALESCE(-SUM(entry.delta_minor), 0)::int8
          FROM loy_entry AS entry
          JOIN loy_account AS other ON other.id = entry.to_account_id AND other.role = 'converted'
         WHERE entry.account_id = %s AND entry.kind = 'convert'
           AND entry.occurred_at >= %s AND entry.occurred_at < %s
           AND EXISTS (SELECT FROM loy_entry AS gain
                        WHERE gain.transaction_id = entry.transaction_id AND gain.unit_id = %s)
        """,
        account_id,
        since,
        until,
        unit_id,
    )
