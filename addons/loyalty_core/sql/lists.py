"""Lines of lists: members found, faults told and sums taken for any number of lines by one statement."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from odoo.tools import SQL

from .ledger import ids


@dataclass(frozen=True, slots=True)
class Line:
    """A line as read. ``plain`` is what it names its member by, as that is stored; None where that cannot be."""

    position: int
    key: str | None
    plain: str | None
    amount_minor: int | None
    amount_text: str | None
    note: str | None
    fault: str | None


@dataclass(frozen=True, slots=True)
class ToBook:
    """A sound line that is not booked yet."""

    id: int
    member_id: int
    amount_minor: int
    note: str | None


def _column(lines: Sequence[Line], name: str, type_: str) -> SQL:
    return SQL("%s::%s[]", [getattr(line, name) for line in lines], SQL(type_))


def _by_contact(kind: str, column: str) -> SQL:
    return SQL(
        """
        LEFT JOIN res_partner AS known ON known.%(column)s = given.plain AND known.is_loyalty_member
        LEFT JOIN loy_member_alias AS alias
               ON known.id IS NULL AND alias.value = given.plain AND alias.kind = %(kind)s
        LEFT JOIN res_partner AS member ON member.id = COALESCE(known.id, alias.member_id)
        """,
        column=SQL.identifier(column),
        kind=kind,
    )


def _by_card(company_id: int) -> SQL:
    return SQL(
        """
        LEFT JOIN loy_card AS card
               ON card.number = given.plain AND (card.company_id IS NULL OR card.company_id = %s)
        LEFT JOIN res_partner AS member ON member.id = card.member_id
        """,
        company_id,
    )


def _join(kind: str, column: str | None, company_id: int) -> SQL:
    if kind == "card":
        return _by_card(company_id)
    return BY_ID if kind == "member" or column is None else _by_contact(kind, column)


BY_ID = SQL(
    """
    LEFT JOIN res_partner AS known ON known.id = given.plain::int4
    LEFT JOIN res_partner AS member ON member.id = COALESCE(known.loy_merged_into_id, known.id)
    """
)
CARD_FAULT = SQL(
    """
    WHEN card.state = 'new' THEN 'card_new'
    WHEN card.state = 'blocked' THEN 'card_blocked'
    WHEN card.state IN ('closed', 'completed') THEN 'card_closed'
    """
)


def _fault_of_member(kind: str, company_id: int, bound: Collection[int]) -> SQL:
    """What is against the member of a line, if anything is."""
    return SQL(
        """
        CASE %(card_fault)s
             WHEN member.id IS NULL OR NOT COALESCE(member.is_loyalty_member, FALSE)
                  OR (member.company_id IS NOT NULL AND member.company_id != %(company)s) THEN 'unknown'
             WHEN NOT member.active THEN 'archived'
             WHEN cardinality(%(bound)s) > 0
                  AND NOT COALESCE(member.loy_store_id = ANY(%(bound)s), FALSE)
                  AND NOT EXISTS (SELECT FROM loy_purchase AS purchase
                                   WHERE purchase.member_id = member.id
                                     AND purchase.store_id = ANY(%(bound)s)) THEN 'out_of_reach'
        END
        """,
        company=company_id,
        bound=ids(sorted(bound), "int4"),
        card_fault=CARD_FAULT if kind == "card" else SQL(),
    )


def members_of(
    kind: str, column: str | None, company_id: int, bound: Collection[int], plains: Collection[str]
) -> SQL:
    """Rows (what members are named by, as it is stored; member; what is against it)."""
    return SQL(
        """
        SELECT given.plain, member.id, %(fault)s
          FROM (SELECT DISTINCT plain FROM unnest(%(plains)s::text[]) AS one (plain)) AS given
               %(join)s
        """,
        fault=_fault_of_member(kind, company_id, bound),
        plains=list(plains),
        join=_join(kind, column, company_id),
    )


def insert_lines(
    list_id: int, company_id: int, kind: str, column: str | None, bound: Collection[int], lines: Sequence[Line]
) -> SQL:
    """Insert the lines with their members and faults.

    ``kind``: what members are known by, ``column``: where contacts keep that; ``bound``: the stores to whose members
    the user is bound. Who was merged is found by what he was known by, and the survivor gets it.
    """
    return SQL(
        """
        INSERT INTO loy_adjustment_list_line
               (list_id, position, key, amount_minor, amount_text, note, member_id, fault)
        SELECT %(list)s, found.position, found.key, found.amount_minor, found.amount_text, found.note,
               CASE WHEN found.of_member IS DISTINCT FROM 'unknown' THEN found.member_id END,
               COALESCE(found.own, found.of_member)
          FROM (
               SELECT given.position, given.key, given.amount_minor, given.amount_text, given.note,
                      given.fault AS own, member.id AS member_id,
                      %(fault)s AS of_member
                 FROM unnest(%(positions)s, %(keys)s, %(plains)s, %(amounts)s, %(texts)s, %(notes)s, %(faults)s)
                      AS given (position, key, plain, amount_minor, amount_text, note, fault)
                 %(join)s
          ) AS found
         ORDER BY found.position
        """,
        list=list_id,
        fault=_fault_of_member(kind, company_id, bound),
        positions=_column(lines, "position", "int4"),
        keys=_column(lines, "key", "text"),
        plains=_column(lines, "plain", "text"),
        amounts=_column(lines, "amount_minor", "int8"),
        texts=_column(lines, "amount_text", "text"),
        notes=_column(lines, "note", "text"),
        faults=_column(lines, "fault", "text"),
        join=_join(kind, column, company_id),
    )


def refuse_repeated(list_id: int) -> SQL:
    """Of the sound lines of a member only the first stays sound."""
    return SQL(
        """
        UPDATE loy_adjustment_list_line AS line SET fault = 'repeated'
          FROM (SELECT id, row_number() OVER (PARTITION BY member_id ORDER BY position) AS number
                  FROM loy_adjustment_list_line WHERE list_id = %(list)s AND fault IS NULL) AS counted
         WHERE line.id = counted.id AND counted.number > 1
        """,
        list=list_id,
    )


def sums(list_id: int) -> SQL:
    """One row: lines, lines with faults, members and sum of the sound ones."""
    return SQL(
        """
        SELECT count(*), count(fault), count(DISTINCT member_id) FILTER (WHERE fault IS NULL),
               COALESCE(sum(amount_minor) FILTER (WHERE fault IS NULL), 0)
          FROM loy_adjustment_list_line WHERE list_id = %s
        """,
        list_id,
    )


def follow_merged(list_id: int, member_ids: Collection[int]) -> SQL:
    """What is not booked yet of members who were merged is their survivors'."""
    return SQL(
        """
        UPDATE loy_adjustment_list_line AS line SET member_id = merged.loy_merged_into_id
          FROM res_partner AS merged
         WHERE line.list_id = %s AND line.transaction_id IS NULL AND line.member_id = merged.id
           AND merged.id = ANY(%s) AND merged.loy_merged_into_id IS NOT NULL
        """,
        list_id,
        ids(member_ids, "int4"),
    )


def by_member(list_id: int) -> SQL:
    """Rows (member, sum of his sound lines)."""
    return SQL(
        "SELECT member_id, sum(amount_minor)::int8 FROM loy_adjustment_list_line "
        "WHERE list_id = %s AND fault IS NULL GROUP BY member_id",
        list_id,
    )


def faulty(list_id: int, decimals: int) -> SQL:
    """Rows (line, who, comment, fault, amount) as the file has them."""
    return SQL(
        """
        SELECT position, key, note, fault,
               COALESCE(amount_text, round(amount_minor / power(10::numeric, %(decimals)s), %(decimals)s)::text)
          FROM loy_adjustment_list_line WHERE list_id = %(list)s AND fault IS NOT NULL ORDER BY position
        """,
        decimals=decimals,
        list=list_id,
    )


def next_lines(list_id: int, size: int) -> SQL:
    """Rows (id, member, amount, comment) of the next lines to book, in the order of the file."""
    return SQL(
        """
        SELECT id, member_id, amount_minor, note FROM loy_adjustment_list_line
         WHERE list_id = %s AND transaction_id IS NULL AND fault IS NULL
         ORDER BY position LIMIT %s
        """,
        list_id,
        size,
    )


def refuse_gone(line_ids: Collection[int], company_id: int) -> SQL:
    """Lines whose member has left, was archived or belongs to another company meanwhile: rows (id, amount)."""
    return SQL(
        """
        UPDATE loy_adjustment_list_line AS line SET fault = 'archived'
          FROM res_partner AS member
         WHERE line.id = ANY(%s) AND member.id = line.member_id
           AND (NOT member.active OR NOT COALESCE(member.is_loyalty_member, FALSE)
                OR (member.company_id IS NOT NULL AND member.company_id != %s))
     RETURNING line.id, line.amount_minor
        """,
        ids(line_ids),
        company_id,
    )


def refuse(line_ids: Collection[int], fault: str) -> SQL:
    """These lines have this fault: rows (id, amount)."""
    return SQL(
        "UPDATE loy_adjustment_list_line SET fault = %s WHERE id = ANY(%s) RETURNING id, amount_minor",
        fault,
        ids(line_ids),
    )


def mark_booked(transactions: Mapping[int, int]) -> SQL:
    """Each line, {line: transaction}, names its transaction."""
    return SQL(
        """
        UPDATE loy_adjustment_list_line AS line SET transaction_id = booked.transaction_id
          FROM unnest(%s, %s) AS booked (id, transaction_id)
         WHERE line.id = booked.id AND line.transaction_id IS NULL
        """,
        ids(transactions.keys()),
        ids(transactions.values()),
    )
