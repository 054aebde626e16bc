"""The duplicate finder's statements: each reads or writes a whole batch of members."""

from collections.abc import Iterable

from odoo.tools import SQL

from .ledger import ids

#: A value that more members than this have in common (a placeholder, a kiosk's e-mail) tells nobody apart.
SHARED_MAX = 50
#: Up to so many, each is paired with each; beyond, all with the oldest, so that the list grows by their number.
PAIRED_MAX = 5

#: The last nine digits: the same phone written with another country's prefix, or none, is the same.
PHONE_KEY = SQL(
    "CASE WHEN length(phone.digits) >= 9 THEN hashtextextended(right(phone.digits, 9), 0) END"
)
#: Of gmail addresses dots and what follows a plus mean nothing; elsewhere only the plus is cut.
EMAIL_KEY = SQL(
    """
    CASE WHEN mail.domain = '' THEN NULL
         WHEN mail.domain IN ('gmail.com', 'googlemail.com')
         THEN hashtextextended(replace(split_part(mail.local, '+', 1), '.', '') || '@gmail.com', 0)
         ELSE hashtextextended(split_part(mail.local, '+', 1) || '@' || mail.domain, 0) END
    """
)
#: The words of the name in the order of the alphabet, so first and last name may change places.
NAME_KEY = SQL(
    """
    CASE WHEN partner.loy_birth_date IS NOT NULL AND words.text IS NOT NULL
         THEN hashtextextended(words.text || partner.loy_birth_date, 0) END
    """
)


def batch_end(after: int, size: int) -> SQL:
    """(id of the last contact of the batch, how many): none is left where the id is null."""
    return SQL(
        "SELECT max(id), count(*) FROM (SELECT id FROM res_partner WHERE id > %s ORDER BY id LIMIT %s) AS batch",
        after,
        size,
    )


def forget_gone(after: int, last: int) -> SQL:
    """Keys of members who have left, were archived or merged; returns them."""
    return SQL(
        """
        DELETE FROM loy_duplicate_key AS key
         WHERE key.member_id > %(after)s AND key.member_id <= %(last)s
           AND NOT EXISTS (SELECT FROM res_partner AS partner
                            WHERE partner.id = key.member_id AND partner.active AND partner.is_loyalty_member)
     RETURNING key.member_id
        """,
        after=after,
        last=last,
    )


def refresh_keys(after: int, last: int) -> SQL:
    """The keys of the members of the batch who have changed since they were last looked at; returns those."""
    return SQL(
        """
        INSERT INTO loy_duplicate_key (member_id, company_id, phone_key, email_key, name_key, born_on, seen_at)
        SELECT partner.id, partner.company_id, %(phone)s, %(email)s, %(name)s, partner.loy_birth_date,
               COALESCE(partner.write_date, 'epoch')
          FROM res_partner AS partner
          LEFT JOIN loy_duplicate_key AS known ON known.member_id = partner.id
         CROSS JOIN LATERAL (
               SELECT regexp_replace(COALESCE(partner.loy_phone, partner.phone, ''), '[^0-9]', '', 'g') AS digits
         ) AS phone
         CROSS JOIN LATERAL (
               SELECT split_part(address, '@', 1) AS local, split_part(address, '@', 2) AS domain
                 FROM lower(COALESCE(partner.loy_email, '')) AS address
         ) AS mail
         CROSS JOIN LATERAL (
               SELECT string_agg(word, ' ' ORDER BY word) AS text
                 FROM regexp_split_to_table(lower(partner.name), '[^[:alpha:]]+') AS word WHERE word <> ''
         ) AS words
         WHERE partner.id > %(after)s AND partner.id <= %(last)s
           AND partner.active AND partner.is_loyalty_member
           AND (known.member_id IS NULL OR known.seen_at <> COALESCE(partner.write_date, 'epoch'))
            ON CONFLICT (member_id) DO UPDATE
           SET company_id = excluded.company_id, phone_key = excluded.phone_key, email_key = excluded.email_key,
               name_key = excluded.name_key, born_on = excluded.born_on, seen_at = excluded.seen_at
     RETURNING member_id
        """,
        phone=PHONE_KEY,
        email=EMAIL_KEY,
        name=NAME_KEY,
        after=after,
        last=last,
    )


def forget_pairs(member_ids: Iterable[int]) -> SQL:
    """Open pairs of these members that have nothing in common any more."""
    return SQL(
        """
        DELETE FROM loy_duplicate AS pair
         WHERE pair.state = 'open'
           AND pair.id IN (SELECT id FROM loy_duplicate WHERE member_id = ANY(%(ids)s)
                            UNION SELECT id FROM loy_duplicate WHERE other_id = ANY(%(ids)s))
           AND NOT EXISTS (
               SELECT FROM loy_duplicate_key AS a JOIN loy_duplicate_key AS b ON b.member_id = pair.other_id
                WHERE a.member_id = pair.member_id
                  AND (a.phone_key = b.phone_key OR a.email_key = b.email_key OR a.name_key = b.name_key)
           )
        """,
        ids=ids(member_ids, "int4"),
    )


def find_pairs(member_ids: Iterable[int], uid: int, now) -> SQL:
    """Pairs of which one at least is among these members; what a person has decided on stays decided.

    The score is the chance, in percent, that both are one person: each thing in common adds to it, and birth
    dates that differ (a family's phone) halve it.
    """
    holders = SQL(" UNION ALL ").join(
        SQL(
            "SELECT %(kind)s AS kind, %(column)s AS key, member_id, company_id, born_on FROM loy_duplicate_key"
            " WHERE %(column)s IN (SELECT %(column)s FROM loy_duplicate_key WHERE member_id = ANY(%(ids)s))",
            kind=kind,
            column=SQL.identifier(f"{kind}_key"),
            ids=ids(member_ids, "int4"),
        )
        for kind in ("phone", "email", "name")
    )
    return SQL(
        """
        WITH holder AS (%(holders)s), counted AS (
            SELECT *, count(*) OVER shared AS holders, min(member_id) OVER shared AS oldest
              FROM holder WINDOW shared AS (PARTITION BY kind, key)
        ), common AS (
            SELECT a.member_id, b.member_id AS other_id, a.kind,
                   COALESCE(a.company_id, b.company_id) AS company_id, a.born_on <> b.born_on AS is_other_birth
              FROM counted AS a
              JOIN counted AS b ON b.kind = a.kind AND b.key = a.key AND b.member_id > a.member_id
             WHERE a.holders BETWEEN 2 AND %(shared_max)s
               AND (a.holders <= %(paired_max)s OR a.member_id = a.oldest)
               AND (a.company_id IS NULL OR b.company_id IS NULL OR a.company_id = b.company_id)
        ), pair AS (
            SELECT member_id, other_id, max(company_id) AS company_id,
                   bool_or(kind = 'phone') AS by_phone, bool_or(kind = 'email') AS by_email,
                   bool_or(kind = 'name') AS by_name, COALESCE(bool_or(is_other_birth), false) AS is_other_birth
              FROM common GROUP BY member_id, other_id
        ), scored AS (
            SELECT *, round(
                       100 * (1 - CASE WHEN by_phone THEN 0.15 ELSE 1 END * CASE WHEN by_email THEN 0.1 ELSE 1 END
                                * CASE WHEN by_name THEN 0.25 ELSE 1 END)
                           * CASE WHEN is_other_birth THEN 0.5 ELSE 1 END
                   )::integer AS score,
                   CASE WHEN by_phone::int + by_email::int + by_name::int > 1 THEN 'several'
                        WHEN by_phone THEN 'phone' WHEN by_email THEN 'email' ELSE 'name' END AS reason
              FROM pair
        )
        INSERT INTO loy_duplicate AS known (member_id, other_id, company_id, reason, by_phone, by_email, by_name,
                                            score, state, found_at, create_uid, create_date, write_uid, write_date)
        SELECT member_id, other_id, company_id, reason, by_phone, by_email, by_name,
               score, 'open', %(now)s, %(uid)s, %(now)s, %(uid)s, %(now)s
          FROM scored
            ON CONFLICT (member_id, other_id) DO UPDATE
           SET reason = excluded.reason, score = excluded.score, by_phone = excluded.by_phone,
               by_email = excluded.by_email, by_name = excluded.by_name
         WHERE known.state = 'open'
           AND (known.by_phone, known.by_email, known.by_name, known.score)
               IS DISTINCT FROM (excluded.by_phone, excluded.by_email, excluded.by_name, excluded.score)
        """,
        holders=holders,
        shared_max=SHARED_MAX,
        paired_max=PAIRED_MAX,
        uid=uid,
        now=now,
    )
