"""The ledger's set-based queries. Each takes any number of accounts or lots and is one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from odoo.tools import SQL


def ids(values: Iterable[int], type_: str = "int8") -> SQL:
    """The ids as one array parameter: the text of the statement is the same for any number of them."""
    return SQL("%s::%s[]", list(values), SQL(type_))


def pairs(mapping: Mapping[int, int]) -> SQL:
    """A table (id, amount) of the mapping."""
    return SQL("unnest(%s, %s) AS pair (id, amount)", ids(mapping.keys()), ids(mapping.values()))


def accounts_that_count(
    member_ids: Iterable[int], unit_ids: Iterable[int] | None = None, partner_id: int | None = None
) -> SQL:
    """Rows (member_id, unit_id, account_id): where what these members earn and spend is booked. Their own, or the one
    that continues it, or that of the pool which they are in; of these units and of this coalition partner (0: none),
    or of all.
    """
    # Of the columns' own type: with any other the database compares one by one.
    members = ids(member_ids, "int4")
    of = SQL(
        "%s AND %s",
        SQL("true") if unit_ids is None else SQL("account.unit_id = ANY(%s)", ids(unit_ids, "int4")),
        SQL("true") if partner_id is None else SQL("COALESCE(account.partner_id, 0) = %s", partner_id),
    )
    return SQL(
        """
        SELECT account.member_id, account.unit_id, COALESCE(account.successor_id, account.id)
          FROM loy_account AS account
         WHERE account.kind = 'member' AND account.is_current AND account.member_id = ANY(%(members)s) AND %(of)s
         UNION ALL
        SELECT line.member_id, account.unit_id, account.id
          FROM loy_pool_member AS line
          JOIN loy_account AS account
            ON account.kind = 'pool' AND account.pool_id = line.pool_id AND account.successor_id IS NULL
         WHERE line.left_at IS NULL AND line.member_id = ANY(%(members)s) AND %(of)s
        """,
        members=members,
        of=of,
    )


LOCKED = SQL("id, kind, unit_id, company_id, total_minor, held_minor, debt_minor, successor_id")


def lock_accounts(account_ids: Iterable[int], now: datetime) -> SQL:
    """Lock the rows in the order of their ids: two calls that meet wait for each other, never in a circle. With them
    the accounts that share a hold with them whose deadline has passed.

    NO KEY UPDATE lets others insert rows that merely refer to these accounts.
    """
    return SQL(
        """
        SELECT %s FROM loy_account
         WHERE id = ANY(%s || ARRAY(
                   SELECT beside.account_id::int8
                     FROM (%s) AS overdue (id) JOIN loy_hold_line AS beside ON beside.hold_id = overdue.id
               ))
         ORDER BY id FOR NO KEY UPDATE
        """,
        LOCKED,
        ids(sorted(set(account_ids))),
        overdue_holds(account_ids, now),
    )


def lock_families(account_ids: Iterable[int]) -> SQL:
    """Lock the accounts, those that continue them, and all that these continue, in the order of their ids."""
    return SQL(
        """
        SELECT %(columns)s FROM loy_account
         WHERE id = ANY(ARRAY(
                   WITH heir AS (SELECT COALESCE(successor_id, id) AS id FROM loy_account WHERE id = ANY(%(ids)s))
                   SELECT id FROM heir
                    UNION ALL
                   SELECT account.id FROM heir JOIN loy_account AS account ON account.successor_id = heir.id
               ))
         ORDER BY id FOR NO KEY UPDATE
        """,
        columns=LOCKED,
        ids=ids(account_ids),
    )


def overdue_holds(account_ids: Iterable[int], at: datetime) -> SQL:
    """Rows (hold_id): open holds of the accounts whose deadline has passed. Costs nothing where nothing is held."""
    return SQL(
        """
        SELECT DISTINCT hold.id
          FROM loy_account AS holder
          JOIN loy_hold_line AS line ON line.account_id = holder.id
          JOIN loy_hold AS hold ON hold.id = line.hold_id AND hold.state = 'open' AND hold.deadline_at <= %s
         WHERE holder.id = ANY(%s) AND holder.held_minor > 0
        """,
        at,
        ids(account_ids),
    )


def take_from_lots(
    needs: Mapping[int, int],
    at: datetime,
    *,
    terms: Iterable[int] = (),
    beyond: Mapping[int, int] | None = None,
    used: Mapping[int, int] | None = None,
    is_pending_allowed: bool = False,
) -> SQL:
    """Which lots pay how much: rows (lot_id, account_id, company_id, amount, is_beyond), in the order in which lots are
    spent.

    Lots that are good on some receipts only pay where their terms are among ``terms``; of equals they go first. The
    others of them come last of all (``is_beyond``), and give at most what ``beyond`` says of their account.

    Of each account at most the needed amount, from lots that are active at ``at`` and neither held nor
    already ``used`` in this booking; what expires first pays first, or the oldest where the unit says so.
    Lots that are not active yet come last, and only where they are allowed. The sum is less than needed when
    there is not enough: the caller decides what that means.
    """
    return SQL(
        """
        WITH candidate AS (
            SELECT lot.id, lot.account_id, lot.company_id, need.amount AS needed, need.beyond,
                   lot.terms_id IS NOT NULL AND lot.terms_id <> ALL(%(terms)s) AS is_beyond, lot.terms_id,
                   lot.remaining_minor - lot.held_minor - COALESCE(used.amount, 0) AS free,
                   lot.active_from > %(at)s AS is_pending,
                   CASE WHEN unit.spend_order = 'oldest_first' OR lot.active_from > %(at)s
                        THEN lot.active_from ELSE lot.expires_at END AS rank
              FROM unnest(%(accounts)s, %(amounts)s, %(beyonds)s) AS need (id, amount, beyond)
              JOIN loy_lot AS lot ON lot.account_id = need.id AND lot.is_open
              JOIN loy_unit AS unit ON unit.id = lot.unit_id
              LEFT JOIN (SELECT * FROM %(used)s) AS used ON used.id = lot.id
             WHERE (lot.active_from <= %(at)s OR %(pending)s)
               AND (lot.expires_at IS NULL OR lot.expires_at > %(at)s)
               AND (lot.terms_id IS NULL OR lot.terms_id = ANY(%(terms)s) OR need.beyond > 0)
        ), ranked AS (
            SELECT *, SUM(free) OVER in_order - free AS before,
                   CASE WHEN is_beyond
                        THEN beyond - (SUM(free) FILTER (WHERE is_beyond) OVER in_order - free) END AS most
              FROM candidate WHERE free > 0
            WINDOW in_order AS (
                       PARTITION BY account_id ORDER BY is_beyond, is_pending, rank NULLS LAST, terms_id IS NULL, id
                       ROWS UNBOUNDED PRECEDING
                   )
        )
        SELECT id, account_id, company_id, LEAST(free, needed - before, most)::int8, is_beyond
          FROM ranked WHERE before < needed AND (most IS NULL OR most > 0)
         ORDER BY account_id, is_beyond, is_pending, rank NULLS LAST, terms_id IS NULL, id
        """,
        at=at,
        terms=ids(terms),
        accounts=ids(needs.keys()),
        amounts=ids(needs.values()),
        beyonds=ids((beyond or {}).get(account_id, 0) for account_id in needs),
        used=pairs(used or {}),
        pending=is_pending_allowed,
    )


def spendable(account_ids: Iterable[int], at: datetime, overdue_at: datetime) -> SQL:
    """Rows (account_id, debt, terms_id, amount): what ``take_from_lots`` could give at ``at``, by the terms of lots,
    once the holds whose deadline has passed at ``overdue_at`` are released, as every taking does first.
    """
    return SQL(
        """
        SELECT account.id, account.debt_minor, lot.terms_id, COALESCE(SUM(lot.amount), 0)::int8
          FROM loy_account AS account
          LEFT JOIN LATERAL (
                   SELECT lot.terms_id, lot.remaining_minor - lot.held_minor AS amount FROM loy_lot AS lot
                    WHERE lot.account_id = account.id AND lot.is_open AND lot.active_from <= %(at)s
                      AND (lot.expires_at IS NULL OR lot.expires_at > %(at)s)
                    UNION ALL
                   SELECT lot.terms_id, line.amount_minor
                     FROM loy_hold_line AS line
                     JOIN loy_hold AS hold ON hold.id = line.hold_id AND hold.state = 'open'
                     JOIN loy_lot AS lot ON lot.id = line.lot_id AND lot.active_from <= %(at)s
                      AND (lot.expires_at IS NULL OR lot.expires_at > %(at)s)
                    WHERE account.held_minor > 0 AND line.account_id = account.id
                      AND hold.deadline_at <= %(overdue_at)s
               ) AS lot ON true
         WHERE account.id = ANY(%(ids)s)
         GROUP BY account.id, lot.terms_id
        """,
        at=at,
        overdue_at=overdue_at,
        ids=ids(account_ids),
    )


def moved(transaction_ids: Iterable[int]) -> SQL:
    """Rows (unit code, given, taken) of the transactions, by what each came to: what was only turned
    into debt or out of it, or passed on, moved nothing.
    """
    return SQL(
        """
        SELECT unit.code,
               COALESCE(SUM(fact.delta) FILTER (WHERE fact.delta > 0), 0) / POWER(10::numeric, unit.decimals),
               COALESCE(-SUM(fact.delta) FILTER (WHERE fact.delta < 0), 0) / POWER(10::numeric, unit.decimals)
          FROM (
                   SELECT entry.unit_id, SUM(entry.delta_minor) AS delta
                     FROM loy_entry AS entry
                     JOIN loy_account AS other
                       ON other.id = CASE WHEN entry.delta_minor > 0
                                          THEN entry.from_account_id ELSE entry.to_account_id END
                    WHERE entry.transaction_id = ANY(%s) AND other.role NOT IN ('clearing', 'transit')
                    GROUP BY entry.transaction_id, entry.unit_id
               ) AS fact
          JOIN loy_unit AS unit ON unit.id = fact.unit_id
         GROUP BY unit.id HAVING SUM(ABS(fact.delta)) > 0 ORDER BY unit.code
        """,
        ids(transaction_ids),
    )


def change_lots(changes: Mapping[int, tuple[int, int]]) -> SQL:
    """Add (remaining, held) to each lot; the table's checks refuse what would be below zero or above the
    lot.
    """
    return SQL(
        """
        UPDATE loy_lot AS lot
           SET remaining_minor = lot.remaining_minor + change.remaining,
               held_minor = lot.held_minor + change.held,
               is_open = lot.remaining_minor + change.remaining > 0
          FROM unnest(%s, %s, %s) AS change (id, remaining, held)
         WHERE lot.id = change.id
        """,
        ids(changes),
        ids(change[0] for change in changes.values()),
        ids(change[1] for change in changes.values()),
    )


def change_accounts(changes: Mapping[int, tuple[int, int, int]]) -> SQL:
    """Add (total, held, debt) to each account."""
    return SQL(
        """
        UPDATE loy_account AS account
           SET total_minor = account.total_minor + change.total,
               held_minor = account.held_minor + change.held,
               debt_minor = account.debt_minor + change.debt
          FROM unnest(%s, %s, %s, %s) AS change (id, total, held, debt)
         WHERE account.id = change.id
        """,
        ids(changes),
        *(ids(change[position] for change in changes.values()) for position in range(3)),
    )


def balances(account_ids: Iterable[int], at: datetime, *, is_now: bool) -> SQL:
    """Rows (account_id, total, debt, pending, expired, held, held_expired, conditional) at the moment.

    Starts from what the account and its lots hold now and takes back what occurred after ``at``: the cost
    grows with what happened since, not with the length of the history, and the present moment costs nothing
    extra. Lots enter only as exceptions (not active yet, expired and not booked as such, or good on some receipts
    only: [[terms_id, amount, expires_at], …], of the present moment), each a short range of an index.
    """
    accounts = ids(account_ids)
    since = (
        SQL("SELECT NULL::int4 AS account_id, NULL::int8 AS lot_id, NULL::int8 AS delta WHERE false")
        if is_now
        else SQL(
            """
            SELECT account_id, lot_id, SUM(delta_minor)::int8 AS delta FROM loy_entry
             WHERE account_id = ANY(%s) AND occurred_at > %s GROUP BY account_id, lot_id
            """,
            accounts,
            at,
        )
    )
    return SQL(
        """
        WITH since AS (%(since)s), exception AS (
            SELECT account_id, remaining_minor AS amount, true AS is_pending
              FROM loy_lot WHERE account_id = ANY(%(accounts)s) AND is_open AND active_from > %(at)s
             UNION ALL
            SELECT account_id, remaining_minor, false
              FROM loy_lot WHERE account_id = ANY(%(accounts)s) AND is_open AND expires_at <= %(at)s
             UNION ALL
            SELECT since.account_id, -since.delta, lot.active_from > %(at)s
              FROM since JOIN loy_lot AS lot ON lot.id = since.lot_id
             WHERE lot.active_from > %(at)s OR lot.expires_at <= %(at)s
        ), held AS (
            SELECT line.account_id, SUM(line.amount_minor) AS amount,
                   SUM(line.amount_minor) FILTER (WHERE lot.expires_at <= %(at)s) AS expired
              FROM loy_hold_line AS line JOIN loy_lot AS lot ON lot.id = line.lot_id
             WHERE line.account_id = ANY(%(accounts)s) AND line.until_at > %(at)s AND line.from_at <= %(at)s
             GROUP BY line.account_id
        ), later AS (
            SELECT account_id, SUM(delta) FILTER (WHERE lot_id IS NOT NULL) AS lots,
                   SUM(delta) FILTER (WHERE lot_id IS NULL) AS debt
              FROM since GROUP BY account_id
        ), excepted AS (
            SELECT account_id, SUM(amount) FILTER (WHERE is_pending) AS pending,
                   SUM(amount) FILTER (WHERE NOT is_pending) AS expired
              FROM exception GROUP BY account_id
        ), bound AS (
            SELECT account_id, terms_id, expires_at, SUM(remaining_minor - held_minor) AS amount
              FROM loy_lot
             WHERE %(is_now)s AND account_id = ANY(%(accounts)s) AND is_open AND terms_id IS NOT NULL
               AND active_from <= %(at)s AND (expires_at IS NULL OR expires_at > %(at)s)
               AND remaining_minor > held_minor
             GROUP BY account_id, terms_id, expires_at
        ), conditional AS (
            SELECT account_id, json_agg(
                       json_build_array(terms_id, amount, expires_at) ORDER BY expires_at NULLS LAST, terms_id
                   ) AS lots
              FROM bound GROUP BY account_id
        )
        SELECT account.id,
               (account.total_minor - COALESCE(later.lots, 0))::int8,
               (account.debt_minor + COALESCE(later.debt, 0))::int8,
               COALESCE(excepted.pending, 0)::int8,
               COALESCE(excepted.expired, 0)::int8,
               COALESCE(held.amount, 0)::int8,
               COALESCE(held.expired, 0)::int8,
               conditional.lots
          FROM loy_account AS account
          LEFT JOIN later ON later.account_id = account.id
          LEFT JOIN excepted ON excepted.account_id = account.id
          LEFT JOIN held ON held.account_id = account.id
          LEFT JOIN conditional ON conditional.account_id = account.id
         WHERE account.id = ANY(%(accounts)s)
        """,
        since=since,
        accounts=accounts,
        at=at,
        is_now=is_now,
    )


def expiring(account_ids: Iterable[int], at: datetime, until: datetime, timezone: str) -> SQL:
    """Rows (account_id, day, amount): what expires after ``at`` and up to ``until``, by local day."""
    return SQL(
        """
        SELECT account_id, (expires_at AT TIME ZONE 'UTC' AT TIME ZONE %s)::date AS day,
               SUM(remaining_minor)::int8
          FROM loy_lot
         WHERE account_id = ANY(%s) AND is_open AND expires_at > %s AND expires_at <= %s
         GROUP BY account_id, day ORDER BY account_id, day
        """,
        timezone,
        ids(account_ids),
        at,
        until,
    )


def statement(
    account_id: int, from_: datetime | None, to: datetime | None, before: int | None, offset: int, limit: int
) -> SQL:
    """The movements of an account, latest booking first; a page costs the same wherever it lies, if asked by
    key.
    """
    conditions = [SQL("entry.account_id = %s", account_id)]
    if before:
        conditions.append(SQL("entry.id < %s", before))
    if from_:
        conditions.append(SQL("entry.occurred_at >= %s", from_))
    if to:
        conditions.append(SQL("entry.occurred_at < %s", to))
    return SQL(
        """
        SELECT entry.id, entry.transaction_id, entry.kind, entry.occurred_at, header.booked_at,
               entry.delta_minor, entry.balance_after_minor,
               entry.lot_id, lot.active_from, lot.expires_at, lot.promotion_code,
               header.source, header.purchase_id, header.document, header.note,
               header.reason_id, reason.code AS reason_code, header.author_id, header.store_id,
               header.member_id, card.number AS card_number, beside.member_id AS other_member_id
          FROM (
                   SELECT * FROM loy_entry AS entry WHERE %s ORDER BY entry.id DESC LIMIT %s OFFSET %s
               ) AS entry
          JOIN loy_transaction AS header ON header.id = entry.transaction_id
          LEFT JOIN loy_lot AS lot ON lot.id = entry.lot_id
          LEFT JOIN loy_reason AS reason ON reason.id = header.reason_id
          LEFT JOIN loy_card AS card ON card.id = header.card_id
          LEFT JOIN LATERAL (
                   SELECT account.member_id
                     FROM loy_entry AS other
                     JOIN loy_account AS account ON account.id = other.account_id
                    WHERE entry.kind IN ('transfer', 'merge')
                      AND other.transaction_id = entry.transaction_id AND other.account_id <> entry.account_id
                    LIMIT 1
               ) AS beside ON true
         ORDER BY entry.id DESC
        """,
        SQL(" AND ").join(conditions),
        limit,
        offset,
    )


# What the books must satisfy: (law, table, a query of rows (id, expected, found) that break it).
CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "balance_is_fold_of_entries",
        "loy.account",
        """
        SELECT a.id, COALESCE(e.fold, 0)::int8, a.total_minor - a.debt_minor
          FROM loy_account a
          LEFT JOIN (SELECT account_id, SUM(delta_minor) AS fold FROM loy_entry GROUP BY account_id) e
            ON e.account_id = a.id
         WHERE a.kind <> 'system' AND COALESCE(e.fold, 0) <> a.total_minor - a.debt_minor
        """,
    ),
    (
        "debt_is_fold_of_entries_without_lot",
        "loy.account",
        """
        SELECT a.id, COALESCE(e.debt, 0)::int8, a.debt_minor
          FROM loy_account a
          LEFT JOIN (SELECT account_id, -SUM(delta_minor) AS debt FROM loy_entry
                      WHERE lot_id IS NULL GROUP BY account_id) e ON e.account_id = a.id
         WHERE COALESCE(e.debt, 0) <> a.debt_minor
        """,
    ),
    (
        "total_is_sum_of_lots",
        "loy.account",
        """
        SELECT a.id, COALESCE(l.remaining, 0)::int8, a.total_minor
          FROM loy_account a
          LEFT JOIN (SELECT account_id, SUM(remaining_minor) AS remaining FROM loy_lot
                      WHERE is_open GROUP BY account_id) l ON l.account_id = a.id
         WHERE COALESCE(l.remaining, 0) <> a.total_minor
        """,
    ),
    (
        "held_is_sum_of_open_holds",
        "loy.account",
        """
        SELECT a.id, COALESCE(h.held, 0)::int8, a.held_minor
          FROM loy_account a
          LEFT JOIN (SELECT line.account_id, SUM(line.amount_minor) AS held
                       FROM loy_hold hold JOIN loy_hold_line line ON line.hold_id = hold.id
                      WHERE hold.state = 'open' GROUP BY line.account_id) h ON h.account_id = a.id
         WHERE COALESCE(h.held, 0) <> a.held_minor
        """,
    ),
    (
        "lot_is_fold_of_entries",
        "loy.lot",
        """
        SELECT l.id, COALESCE(e.fold, 0)::int8, l.remaining_minor
          FROM loy_lot l
          LEFT JOIN (SELECT lot_id, SUM(delta_minor) AS fold FROM loy_entry
                      WHERE lot_id IS NOT NULL GROUP BY lot_id) e ON e.lot_id = l.id
         WHERE COALESCE(e.fold, 0) <> l.remaining_minor
        """,
    ),
    (
        "lot_held_is_sum_of_open_holds",
        "loy.lot",
        """
        SELECT l.id, COALESCE(h.held, 0)::int8, l.held_minor
          FROM loy_lot l
          LEFT JOIN (SELECT line.lot_id, SUM(line.amount_minor) AS held
                       FROM loy_hold hold JOIN loy_hold_line line ON line.hold_id = hold.id
                      WHERE hold.state = 'open' GROUP BY line.lot_id) h ON h.lot_id = l.id
         WHERE COALESCE(h.held, 0) <> l.held_minor
        """,
    ),
    (
        "lot_amount_is_what_was_accrued",
        "loy.lot",
        """
        SELECT l.id, COALESCE(e.accrued, 0)::int8, l.amount_minor
          FROM loy_lot l
          LEFT JOIN (SELECT lot_id, transaction_id, SUM(delta_minor) AS accrued FROM loy_entry
                      WHERE delta_minor > 0 GROUP BY lot_id, transaction_id) e
            ON e.lot_id = l.id AND e.transaction_id = l.transaction_id
         WHERE COALESCE(e.accrued, 0) <> l.amount_minor
        """,
    ),
    (
        "lot_amount_is_what_became_of_it",
        "loy.lot",
        """
        SELECT l.id, l.amount_minor,
               (l.remaining_minor + COALESCE(gone.spent + gone.expired + gone.reversed + gone.transferred
                                             + gone.converted + gone.repaid, 0))::int8
          FROM loy_lot l
          LEFT JOIN (
                   SELECT e.lot_id,
                          COALESCE(-SUM(delta_minor) FILTER (
                              WHERE other.role IN ('redeemed', 'adjusted', 'settlement')), 0) AS spent,
                          COALESCE(-SUM(delta_minor) FILTER (WHERE other.role = 'expired'), 0) AS expired,
                          COALESCE(-SUM(delta_minor) FILTER (WHERE other.role = 'issued'), 0) AS reversed,
                          COALESCE(-SUM(delta_minor) FILTER (WHERE other.role = 'transit'), 0) AS transferred,
                          COALESCE(-SUM(delta_minor) FILTER (WHERE other.role = 'converted'), 0) AS converted,
                          COALESCE(-SUM(delta_minor) FILTER (WHERE other.role = 'clearing'), 0) AS repaid
                     FROM loy_entry e
                     JOIN loy_lot own ON own.id = e.lot_id
                     JOIN loy_account other
                       ON other.id = CASE WHEN e.delta_minor > 0 THEN e.from_account_id ELSE e.to_account_id END
                    WHERE NOT (e.transaction_id = own.transaction_id AND e.delta_minor > 0)
                    GROUP BY e.lot_id
               ) gone ON gone.lot_id = l.id
         WHERE l.amount_minor <> l.remaining_minor + COALESCE(gone.spent + gone.expired + gone.reversed
                                                              + gone.transferred + gone.converted + gone.repaid, 0)
        """,
    ),
    (
        "entry_stays_in_its_unit_and_account",
        "loy.entry",
        """
        SELECT e.id, e.unit_id::int8, COALESCE(giver.unit_id, 0)::int8
          FROM loy_entry e
          LEFT JOIN loy_account giver ON giver.id = e.from_account_id
          LEFT JOIN loy_account taker ON taker.id = e.to_account_id
          LEFT JOIN loy_lot lot ON lot.id = e.lot_id
         WHERE giver.unit_id IS DISTINCT FROM e.unit_id OR taker.unit_id IS DISTINCT FROM e.unit_id
            OR (e.lot_id IS NOT NULL AND lot.account_id IS DISTINCT FROM e.account_id)
        """,
    ),
    (
        "balance_after_is_running_sum",
        "loy.entry",
        """
        SELECT id, running::int8, balance_after_minor
          FROM (SELECT id, balance_after_minor,
                       SUM(delta_minor) OVER (
                           PARTITION BY account_id ORDER BY id ROWS UNBOUNDED PRECEDING
                       ) AS running
                  FROM loy_entry) e
         WHERE running <> balance_after_minor
        """,
    ),
    (
        "what_passes_on_is_conserved",
        "loy.transaction",
        """
        SELECT e.transaction_id, 0::int8, SUM(e.delta_minor)::int8
          FROM loy_entry e
          JOIN loy_account other
            ON other.id = CASE WHEN e.delta_minor > 0 THEN e.from_account_id ELSE e.to_account_id END
           AND other.role IN ('clearing', 'transit')
         GROUP BY e.transaction_id, e.unit_id, other.role
        HAVING SUM(e.delta_minor) <> 0
        """,
    ),
    (
        "account_that_passed_on_is_empty",
        "loy.account",
        """
        SELECT a.id, 0::int8, a.total_minor + a.debt_minor + a.held_minor
                              + (heir.successor_id IS NOT NULL OR heir.unit_id <> a.unit_id)::int
          FROM loy_account a JOIN loy_account heir ON heir.id = a.successor_id
         WHERE a.total_minor <> 0 OR a.debt_minor <> 0 OR a.held_minor <> 0
            OR heir.successor_id IS NOT NULL OR heir.unit_id <> a.unit_id
        """,
    ),
    (
        "lot_continues_one_of_its_unit",
        "loy.lot",
        """
        SELECT l.id, l.unit_id::int8, origin.unit_id::int8
          FROM loy_lot l JOIN loy_lot origin ON origin.id = l.origin_id
         WHERE origin.unit_id <> l.unit_id
        """,
    ),
    (
        "lot_continues_one_of_its_terms",
        "loy.lot",
        """
        SELECT l.id, COALESCE(origin.terms_id, 0), COALESCE(l.terms_id, 0)
          FROM loy_lot l JOIN loy_lot origin ON origin.id = l.origin_id
         WHERE origin.terms_id IS DISTINCT FROM l.terms_id
        """,
    ),
    (
        "terms_of_lot_are_kept",
        "loy.lot",
        """
        SELECT l.id, l.terms_id, 0::int8
          FROM loy_lot l LEFT JOIN loy_lot_terms terms ON terms.id = l.terms_id
         WHERE l.terms_id IS NOT NULL AND terms.id IS NULL
        """,
    ),
    (
        "reversals_do_not_exceed_what_moved",
        "loy.transaction",
        """
        SELECT fact.id, fact.moved::int8, undone.moved::int8
          FROM (
                   SELECT header.reverses_id AS id, e.account_id, SUM(e.delta_minor) AS moved
                     FROM loy_transaction header
                     JOIN loy_entry e ON e.transaction_id = header.id
                     JOIN loy_account other
                       ON other.id = CASE WHEN e.delta_minor > 0 THEN e.from_account_id ELSE e.to_account_id END
                      AND other.role NOT IN ('clearing', 'transit', 'expired', 'forgiven')
                    WHERE header.reverses_id IS NOT NULL
                    GROUP BY header.reverses_id, e.account_id
               ) undone
          JOIN LATERAL (
                   SELECT undone.id, COALESCE(SUM(e.delta_minor), 0) AS moved
                     FROM loy_entry e
                     JOIN loy_account other
                       ON other.id = CASE WHEN e.delta_minor > 0 THEN e.from_account_id ELSE e.to_account_id END
                      AND other.role NOT IN ('clearing', 'transit')
                    WHERE e.transaction_id = undone.id AND e.account_id = undone.account_id
               ) fact ON true
         WHERE undone.moved * fact.moved > 0 OR ABS(undone.moved) > ABS(fact.moved)
        """,
    ),
    (
        "hold_ends_once",
        "loy.hold",
        """
        SELECT h.id, (h.state <> 'open')::int::int8, COUNT(t.id)
          FROM loy_hold h LEFT JOIN loy_transaction t ON t.hold_id = h.id AND t.kind IN ('settle', 'release')
         GROUP BY h.id HAVING COUNT(t.id) <> (h.state <> 'open')::int
        """,
    ),
)


def check(query: str | SQL, limit: int) -> SQL:
    return SQL(
        "SELECT id, expected, found FROM (%s) AS difference (id, expected, found) LIMIT %s",
        query if isinstance(query, SQL) else SQL(query),
        limit,
    )


def count_books() -> SQL:
    return SQL(
        """
        SELECT (SELECT COUNT(*) FROM loy_account), (SELECT COUNT(*) FROM loy_transaction),
               (SELECT COUNT(*) FROM loy_lot), (SELECT COUNT(*) FROM loy_entry),
               (SELECT COUNT(*) FROM loy_hold)
        """
    )
