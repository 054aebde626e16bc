"""What is older than it may be."""

from __future__ import annotations

from datetime import datetime

from odoo.tools import SQL

#: Kind → (table, column of time); each a short range of an index.
TABLES = {
    "access_log": ("loy_access_log", "at"),
    "audit": ("loy_audit", "at"),
    "request": ("loy_request", "answered_at"),
    "event": ("loy_event", "at"),
    "lockout": ("loy_lockout", "last_at"),
    "card_export": ("loy_card_export", "at"),
    "incomplete": ("loy_incomplete_notice", "day"),
    "offer": ("loy_offer", "ends_on"),
}


#: A month of events is dropped as one table; row by row goes only what has none.
ROW_BY_ROW = {"event": "loy_event_default"}


def count(kind: str, before: datetime) -> SQL:
    table, column = TABLES[kind]
    return SQL("SELECT COUNT(*) FROM %s WHERE %s < %s", SQL.identifier(table), SQL.identifier(column), before)


#: Marks of a database that serves no real members: parameters of Odoo's own `neutralize` and of ours.
IS_TEST = """
CREATE OR REPLACE FUNCTION loy_is_test_database() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM ir_config_parameter
                    WHERE key IN ('loyalty_core.is_test_database', 'database.is_neutralized')
                      AND lower(value) IN ('true', 't', 'yes', 'y', 'on', '1'))
$$
"""


def define() -> SQL:
    return SQL(IS_TEST)


def is_test_database() -> SQL:
    return SQL("SELECT loy_is_test_database()")


def allow(table: str, at: datetime | None) -> SQL:
    """Until the transaction ends the guard of facts lets rows of this one table go, as old as they are at the moment:
    one that has not come counts on a test database only."""
    return SQL(
        "SELECT set_config('loy.retention', %s, true), set_config('loy.retention_at', %s, true)",
        table,
        str(at or ""),
    )


def delete(kind: str, before: datetime, limit: int) -> SQL:
    """The oldest first, so many at most."""
    table, column = ROW_BY_ROW.get(kind, TABLES[kind][0]), TABLES[kind][1]
    return SQL(
        """
        DELETE FROM %(table)s WHERE ctid = ANY(ARRAY(
            SELECT ctid FROM %(table)s WHERE %(column)s < %(before)s ORDER BY %(column)s LIMIT %(limit)s
        ))
        """,
        table=SQL.identifier(table),
        column=SQL.identifier(column),
        before=before,
        limit=limit,
    )


def old_partitions(before: datetime) -> SQL:
    """Rows (name) of the months of events that ended before the moment."""
    return SQL(
        """
        SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
         WHERE inhparent = 'loy_event'::regclass AND relname ~ '^loy_event_[0-9]{4}_[0-9]{2}$'
           AND to_date(right(relname, 7), 'YYYY_MM') + interval '1 month' <= %s
         ORDER BY relname
        """,
        before,
    )


def inactive_members(before: datetime, after_id: int, limit: int, *, is_written_off: bool) -> SQL:
    """Rows (id) of members, by id, who have not been seen since: no purchase, no movement but expiry, no change of
    their data, in no pool, nobody's login. Without points, debts and holds, unless what they have is written off.
    """
    return SQL(
        """
        SELECT member.id FROM res_partner AS member
         WHERE member.is_loyalty_member AND member.id > %(after)s AND member.loy_registered_at < %(before)s
           AND member.write_date < %(before)s
           AND NOT EXISTS (SELECT FROM loy_purchase AS purchase
                            WHERE purchase.member_id = member.id AND purchase.purchased_at >= %(before)s)
           AND NOT EXISTS (SELECT FROM loy_account AS account JOIN loy_entry AS entry ON entry.account_id = account.id
                            WHERE account.member_id = member.id AND entry.kind <> 'expire'
                              AND entry.occurred_at >= %(before)s)
           AND NOT EXISTS (SELECT FROM loy_account AS account
                            WHERE account.member_id = member.id
                              AND (account.held_minor > 0 OR account.debt_minor > 0
                                   OR (account.total_minor > 0 AND NOT %(written_off)s)))
           AND NOT EXISTS (SELECT FROM loy_pool_member AS line
                            WHERE line.member_id = member.id AND line.left_at IS NULL)
           AND NOT EXISTS (SELECT FROM res_users WHERE res_users.partner_id = member.id)
         ORDER BY member.id LIMIT %(limit)s
        """,
        before=before,
        after=after_id,
        limit=limit,
        written_off=is_written_off,
    )
