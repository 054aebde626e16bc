"""What members buy most: whose favourites are to be worked out, and from what they follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from odoo.tools import SQL

from .ledger import ids
from .member_days import _DAY
from .turnover import IS_GOODS

#: What tells that a member has bought, or has not kept, or is somebody else now, too.
KINDS = ["purchase.confirmed", "purchase.returned", "member.merged"]
#: A day on which everything is due.
LONG_AGO = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Rule:
    """A favourite: what is counted, over how many days up to today, and of which products, each as what."""

    favourite_id: int
    measure: str
    days: int
    top: int
    minimum: Decimal
    keys: Mapping[str, str]

    def since(self, today: date) -> date:
        """The first day of the window."""
        return today - timedelta(days=self.days - 1)


def companies(at) -> SQL:
    """Rows (company_id or none: all of them, version): who has or had favourites; a version grows with every change."""
    return SQL(
        "SELECT company_id, COUNT(*)::int4 FROM loy_revision WHERE section = 'favourites' AND valid_from_at <= %s"
        " GROUP BY company_id",
        at,
    )


# ---------------------------------------------------------------------------------------------- who is due


def position() -> SQL:
    """One row (read, sealed): how far the stream of events is read, and how far it can be."""
    return SQL(
        "SELECT known.read_id, stream.sealed_id FROM loy_favourite_mark AS known, loy_trigger_mark AS stream"
        " WHERE known.member_id IS NULL AND stream.company_id IS NULL"
    )


def advance(number: int) -> SQL:
    return SQL("UPDATE loy_favourite_mark SET read_id = %s WHERE member_id IS NULL", number)


def read(after: int, until: int, company_ids: Collection[int]) -> SQL:
    """Members of whom events of a range of numbers tell are due, in these companies: one who is a part of another one
    as that one, one who has become several's survivor in all of them."""
    return SQL(
        """
        INSERT INTO loy_favourite_mark AS known (member_id, company_id, changes_on, version)
        SELECT DISTINCT COALESCE(member.loy_merged_into_id, member.id), company.id, %(due)s::date, 0
          FROM loy_event AS event
          JOIN res_partner AS member ON member.id = event.member_id
          JOIN unnest(%(companies)s) AS company (id)
               ON event.kind = 'member.merged' OR event.company_id = company.id
         WHERE event.id > %(after)s AND event.id <= %(until)s AND event.kind = ANY(%(kinds)s)
            ON CONFLICT (COALESCE(member_id, 0), COALESCE(company_id, 0)) DO UPDATE SET changes_on = EXCLUDED.changes_on
        """,
        due=LONG_AGO,
        companies=ids(company_ids, "int4"),
        after=after,
        until=until,
        kinds=KINDS,
    )


def due(company_id: int, today: date, version: int, limit: int) -> SQL:
    """Members whose favourites change by themselves by today, or are those of a programme of before."""
    return SQL(
        """
        (SELECT member_id FROM loy_favourite_mark
          WHERE company_id = %(company)s AND changes_on <= %(today)s ORDER BY changes_on, member_id LIMIT %(limit)s)
        UNION
        (SELECT member_id FROM loy_favourite_mark
          WHERE company_id = %(company)s AND version < %(version)s ORDER BY version, member_id LIMIT %(limit)s)
        LIMIT %(limit)s
        """,
        company=company_id,
        today=today,
        version=version,
        limit=limit,
    )


def unknown(company_id: int, since: date, limit: int) -> SQL:
    """Members who have bought since a day, and of whom nothing is known yet."""
    return SQL(
        """
        SELECT DISTINCT day.member_id FROM loy_member_day AS day
         WHERE day.company_id = %(company)s AND day.day >= %(since)s AND NOT EXISTS (
               SELECT FROM loy_favourite_mark AS known
                WHERE known.member_id = day.member_id AND known.company_id = %(company)s)
         LIMIT %(limit)s
        """,
        company=company_id,
        since=since,
        limit=limit,
    )


def mark(company_id: int, member_ids: Collection[int], changes: Mapping[int, date], version: int) -> SQL:
    """These members are known up to the day on which something changes by itself."""
    return SQL(
        """
        INSERT INTO loy_favourite_mark (member_id, company_id, changes_on, version)
        SELECT given.id, %s, given.changes_on, %s FROM unnest(%s, %s::date[]) AS given (id, changes_on)
            ON CONFLICT (COALESCE(member_id, 0), COALESCE(company_id, 0))
            DO UPDATE SET changes_on = EXCLUDED.changes_on, version = EXCLUDED.version
        """,
        company_id,
        version,
        ids(member_ids, "int4"),
        [changes.get(member_id) for member_id in member_ids],
    )


# ---------------------------------------------------------------------------------------------- what follows


def _lines(company_id: int, member_ids: Collection[int], since: date) -> SQL:
    """Rows (member_id, purchase_id, day, sku, quantity, amount) of what was bought from a day on; what came back is
    below zero."""
    return SQL(
        """
        SELECT line.member_id, COALESCE(origin.id, purchase.id) AS purchase_id, %(day)s AS day, line.sku,
               line.quantity, line.amount
          FROM loy_purchase_line AS line
          JOIN loy_purchase AS purchase ON purchase.id = line.purchase_id
          LEFT JOIN loy_purchase AS origin ON origin.id = purchase.origin_id
         WHERE line.member_id = ANY(%(members)s) AND purchase.company_id = %(company)s
           AND purchase.state IN ('confirmed', 'returned') AND %(is_goods)s
           AND line.purchased_at >= %(since)s::date - 1 AND %(day)s >= %(since)s
        """,
        day=_DAY,
        members=ids(member_ids, "int4"),
        is_goods=IS_GOODS,
        company=company_id,
        since=since,
    )


def skus(company_id: int, member_ids: Collection[int], since: date) -> SQL:
    return SQL("SELECT DISTINCT sku FROM (%s) AS line", _lines(company_id, member_ids, since))


def forget(company_id: int, member_ids: Collection[int]) -> SQL:
    return SQL(
        "DELETE FROM loy_member_favourite WHERE member_id = ANY(%s) AND company_id = %s",
        ids(member_ids, "int4"),
        company_id,
    )


def work_out(company_id: int, member_ids: Collection[int], rules: Collection[Rule], today: date) -> SQL:
    """What each of them bought most, by every rule, from one look at their purchases. Rows (member_id, day): the first
    day on which something of it leaves a window, or comes into one."""
    pairs = [(rule.favourite_id, sku, key) for rule in rules for sku, key in rule.keys.items()]
    return SQL(
        """
        WITH line AS MATERIALIZED (%(lines)s),
        rule AS (
            SELECT * FROM unnest(
                   %(favourites)s::int4[], %(measures)s::text[], %(days)s::int4[], %(tops)s::int4[],
                   %(minima)s::numeric[]
                   ) AS rule (favourite_id, measure, days, top, minimum)
        ), given AS (
            SELECT * FROM unnest(%(of)s::int4[], %(skus)s::text[], %(keys)s::text[]) AS given (favourite_id, sku, key)
        ), fits AS (
            SELECT rule.favourite_id, rule.days, given.key, line.*
              FROM line JOIN given ON given.sku = line.sku JOIN rule ON rule.favourite_id = given.favourite_id
             WHERE line.day > %(today)s::date - rule.days
        ), bought AS (
            SELECT favourite_id, member_id, key, purchase_id, SUM(quantity) AS quantity, SUM(amount) AS amount
              FROM fits WHERE day <= %(today)s
             GROUP BY 1, 2, 3, 4
        ), summed AS (
            SELECT favourite_id, member_id, key, SUM(amount)::numeric AS amount, SUM(quantity)::numeric AS quantity,
                   COUNT(*) FILTER (WHERE quantity > 0)::numeric AS count
              FROM bought GROUP BY 1, 2, 3
        ), measured AS (
            SELECT rule.*, summed.member_id, summed.key,
                   CASE rule.measure WHEN 'amount' THEN amount WHEN 'quantity' THEN quantity ELSE count END AS value
              FROM summed JOIN rule USING (favourite_id)
        ), ranked AS (
            SELECT *, ROW_NUMBER() OVER (
                        PARTITION BY favourite_id, member_id ORDER BY value DESC, key COLLATE "C") AS rank
              FROM measured WHERE value > 0 AND value >= minimum
        ), done AS (
            INSERT INTO loy_member_favourite (member_id, company_id, favourite_id, rank, key, value, worked_out_on)
            SELECT member_id, %(company)s, favourite_id, rank, key, value, %(today)s FROM ranked WHERE rank <= top
        )
        SELECT member_id, MIN(CASE WHEN day > %(today)s THEN day ELSE day + days END) FROM fits GROUP BY member_id
        """,
        lines=_lines(company_id, member_ids, min(rule.since(today) for rule in rules)),
        favourites=[rule.favourite_id for rule in rules],
        measures=[rule.measure for rule in rules],
        days=[rule.days for rule in rules],
        tops=[rule.top for rule in rules],
        minima=[rule.minimum for rule in rules],
        of=[favourite_id for favourite_id, _sku, _key in pairs],
        skus=[sku for _favourite_id, sku, _key in pairs],
        keys=[key for _favourite_id, _sku, key in pairs],
        today=today,
        company=company_id,
    )


# ---------------------------------------------------------------------------------------------- what is asked


def of_member(member_id: int, company_id: int, favourite_ids: Collection[int]) -> SQL:
    """Rows (favourite_id, rank, key, value), by the index."""
    return SQL(
        "SELECT favourite_id, rank, key, value FROM loy_member_favourite"
        " WHERE member_id = %s AND company_id = %s AND favourite_id = ANY(%s) ORDER BY favourite_id, rank",
        member_id,
        company_id,
        ids(favourite_ids, "int4"),
    )


def leave(member_id: int) -> list[SQL]:
    """A member who is another one now, or nobody, has no favourites; the stream tells of whom the other one is."""
    return [
        SQL("DELETE FROM loy_member_favourite WHERE member_id = %s", member_id),
        SQL("DELETE FROM loy_favourite_mark WHERE member_id = %s", member_id),
    ]
