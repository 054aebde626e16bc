"""What has happened to members that may set promotions off, and what was made of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from odoo.tools import SQL

from .ledger import ids

#: The columns of a contact that hold dates that come back every year.
YEARLY = {"birth_date": SQL.identifier("member", "loy_birth_date")}


def quiet() -> list[SQL]:
    """No event is being written at this moment: who waits too long for writers to finish gives up."""
    return [SQL("SET LOCAL lock_timeout = '2s'"), SQL("LOCK TABLE loy_event IN SHARE MODE")]


def latest() -> SQL:
    """One row (number): while it is quiet, a number below it that is missing will never come."""
    return SQL("SELECT COALESCE(MAX(id), 0) FROM loy_event")


def seal(number: int) -> SQL:
    return SQL("UPDATE loy_trigger_mark SET sealed_id = %s WHERE company_id IS NULL", number)


def mark() -> SQL:
    """One row (read, sealed), locked: one job reads at a time."""
    return SQL("SELECT read_id, sealed_id FROM loy_trigger_mark WHERE company_id IS NULL FOR UPDATE")


def advance(number: int) -> SQL:
    return SQL("UPDATE loy_trigger_mark SET read_id = %s WHERE company_id IS NULL", number)


def make_mark(company_id: int, done_on: date) -> SQL:
    return SQL(
        "INSERT INTO loy_trigger_mark (company_id, done_on, sealed_id, read_id, promotion_id, after_id)"
        " VALUES (%s, %s, 0, 0, 0, 0) ON CONFLICT DO NOTHING",
        company_id,
        done_on,
    )


def mark_of(company_id: int) -> SQL:
    """One row (day, promotion, number), locked: the last day of a company that is done, and how far the next one is."""
    return SQL(
        "SELECT done_on, COALESCE(promotion_id, 0), COALESCE(after_id, 0)"
        " FROM loy_trigger_mark WHERE company_id = %s FOR UPDATE",
        company_id,
    )


def advance_day(company_id: int, day: date, promotion_id: int, number: int) -> SQL:
    return SQL(
        "UPDATE loy_trigger_mark SET done_on = %s, promotion_id = %s, after_id = %s WHERE company_id = %s",
        day,
        promotion_id,
        number,
        company_id,
    )


def days_done() -> SQL:
    """Rows (company_id, day)."""
    return SQL("SELECT company_id, done_on FROM loy_trigger_mark WHERE company_id IS NOT NULL")


def end_of_batch(after: int, sealed: int, kinds: Iterable[str], limit: int) -> SQL:
    """One row (number): so many events of these kinds lie after the one and up to it, or all that are sealed."""
    return SQL(
        "SELECT COALESCE((SELECT id FROM loy_event WHERE id > %s AND id <= %s AND kind = ANY(%s)"
        " ORDER BY id OFFSET %s LIMIT 1), %s)",
        after,
        sealed,
        list(kinds),
        limit - 1,
        sealed,
    )


_EVENT = SQL(
    """
    event.id, event.kind, event.at, event.member_id, event.data,
    COALESCE(event.company_id, member.company_id, store.company_id, (SELECT MIN(id) FROM res_company))
    """
)
_EVENTS = SQL(
    """
    loy_event AS event
    JOIN res_partner AS member ON member.id = event.member_id AND member.is_loyalty_member AND member.active
    LEFT JOIN loy_store AS store ON store.id = member.loy_store_id
    """
)


def events(after: int, until: int, kinds: Iterable[str]) -> SQL:
    """Rows (id, kind, at, member_id, data, company_id) of a range of numbers."""
    return SQL(
        "SELECT %s FROM %s WHERE event.id > %s AND event.id <= %s AND event.kind = ANY(%s) ORDER BY event.id",
        _EVENT,
        _EVENTS,
        after,
        until,
        list(kinds),
    )


def events_between(
    company_id: int, starts: datetime, ends: datetime, kinds: Iterable[str], after: int, limit: int
) -> SQL:
    """The same of a stretch of time and one company, as far as the stream is read."""
    return SQL(
        """
        SELECT * FROM (
               SELECT %s FROM %s
                WHERE event.kind = ANY(%s) AND event.at >= %s AND event.at < %s AND event.id > %s
                  AND event.id <= (SELECT read_id FROM loy_trigger_mark WHERE company_id IS NULL)
               ) AS happening (id, kind, at, member_id, data, company_id)
         WHERE company_id = %s ORDER BY id LIMIT %s
        """,
        _EVENT,
        _EVENTS,
        list(kinds),
        starts,
        ends,
        after,
        company_id,
        limit,
    )


def whose_day(part: str, day: date, company_id: int, is_own: bool, after: int, limit: int) -> SQL:
    """Rows (member_id): members of the company whose yearly day it is. Those who are of no company are of that of
    their store, or else of the first; to a company's ``own`` promotion they all are its members.
    """
    days = [day.month * 100 + day.day]
    if day.month == 2 and day.day == 28 and not _is_leap(day.year):
        days.append(229)
    return SQL(
        """
        SELECT member.id
          FROM res_partner AS member LEFT JOIN loy_store AS store ON store.id = member.loy_store_id
         WHERE (EXTRACT(MONTH FROM %(born)s) * 100 + EXTRACT(DAY FROM %(born)s)) = ANY(%(days)s::numeric[])
           AND %(born)s < %(day)s AND member.is_loyalty_member AND member.active AND member.id > %(after)s
           AND (member.company_id = %(company)s OR member.company_id IS NULL AND (
                %(own)s OR COALESCE(store.company_id, (SELECT MIN(id) FROM res_company)) = %(company)s))
         ORDER BY member.id LIMIT %(limit)s
        """,
        born=YEARLY[part],
        days=days,
        day=day,
        company=company_id,
        own=is_own,
        after=after,
        limit=limit,
    )


def lock_names(names: Iterable[str]) -> SQL:
    """Whoever judges the same happening of the same member waits."""
    return SQL(
        "SELECT pg_advisory_xact_lock(number) FROM (SELECT DISTINCT hashtextextended(name, 0) AS number"
        " FROM unnest(%s) AS name ORDER BY 1) AS wanted",
        list(names),
    )


def judged(promotion_id: int, happenings: Iterable[tuple[int, str]]) -> SQL:
    """Rows (member_id, occurrence): those of the happenings that are judged already, of the member or of one who has
    become a part of the member.
    """
    pairs = list(happenings)
    return SQL(
        """
        SELECT wanted.member_id, wanted.occurrence
          FROM unnest(%(members)s, %(occurrences)s) AS wanted (member_id, occurrence)
         WHERE EXISTS (
               SELECT FROM loy_promotion_occurrence AS known
                WHERE known.promotion_id = %(promotion)s AND known.occurrence = wanted.occurrence
                  AND known.member_id = ANY(wanted.member_id || ARRAY(
                          SELECT part.id FROM res_partner AS part WHERE part.loy_merged_into_id = wanted.member_id))
               )
        """,
        promotion=promotion_id,
        members=ids((member for member, _occurrence in pairs), "int4"),
        occurrences=[occurrence for _member, occurrence in pairs],
    )


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
