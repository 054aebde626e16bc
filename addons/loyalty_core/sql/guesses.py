"""SQL of misses: counted by one statement, so that of many at once none is lost and none is counted twice."""

from odoo.tools import SQL


def count_miss(
    *, user_id: int, is_total: bool, store_id: int | None, register_id: int | None, company_id: int,
    digest: str, limit: int, minutes: int,
) -> SQL:  # fmt: skip
    """Counts a miss and answers (misses in the window, stopped until, whether this one has stopped the user).

    The window begins with its first miss and is as long as the stop. The same wrong number again is the same miss.
    """
    misses = SQL(
        """
        CASE WHEN known.since_at <= EXCLUDED.since_at - %(window)s THEN 1
             WHEN known.last_digest = EXCLUDED.last_digest THEN known.misses
             ELSE known.misses + 1 END
        """,
        window=SQL("make_interval(mins => %s)", minutes),
    )
    stopped_until = SQL("EXCLUDED.last_at + make_interval(mins => %s)", minutes)
    return SQL(
        """
        INSERT INTO loy_lockout AS known (user_id, is_total, store_id, register_id, company_id, misses, last_digest,
                                          since_at, last_at, until_at)
        SELECT %(user_id)s, %(is_total)s, %(store_id)s::integer, %(register_id)s::integer, %(company_id)s, 1,
               %(digest)s, clock.now, clock.now,
               CASE WHEN %(limit)s <= 1 THEN clock.now + make_interval(mins => %(minutes)s) END
          FROM (SELECT now() AT TIME ZONE 'UTC' AS now) AS clock
            ON CONFLICT (user_id, is_total, COALESCE(store_id, 0), COALESCE(register_id, 0)) DO UPDATE SET
               misses = %(misses)s,
               last_digest = EXCLUDED.last_digest,
               since_at = CASE WHEN known.since_at <= EXCLUDED.since_at - make_interval(mins => %(minutes)s)
                               THEN EXCLUDED.since_at ELSE known.since_at END,
               last_at = EXCLUDED.last_at,
               until_at = CASE WHEN %(misses)s >= %(limit)s AND COALESCE(known.until_at <= EXCLUDED.last_at, TRUE)
                               THEN %(stopped_until)s ELSE known.until_at END
     RETURNING misses, until_at,
               until_at = now() AT TIME ZONE 'UTC' + make_interval(mins => %(minutes)s)
        """,
        user_id=user_id,
        is_total=is_total,
        store_id=store_id,
        register_id=register_id,
        company_id=company_id,
        digest=digest,
        limit=limit,
        minutes=minutes,
        misses=misses,
        stopped_until=stopped_until,
    )


def stopped(user_id: int) -> SQL:
    """Where the user is stopped at present."""
    return SQL(
        "SELECT is_total, store_id, register_id, until_at FROM loy_lockout"
        " WHERE user_id = %s AND until_at > now() AT TIME ZONE 'UTC'",
        user_id,
    )
