"""Who may give or take how much by hand alone, and who may approve more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from math import inf

from odoo import fields, models
from odoo.tools import SQL, formatLang

from . import clock
from .transaction import lock_name

ADMINISTRATORS = "loyalty_core.group_admin"
APPROVERS_MAX = 20


@dataclass(frozen=True, slots=True)
class Limit:
    """What a person may do alone, in whole units; infinite where there is no limit."""

    single: float = inf
    giver_day: float = inf
    member_day: float = inf
    is_approval_always: bool = False

    @property
    def is_none(self) -> bool:
        return not self.is_approval_always and self.single == self.giver_day == self.member_day == inf


class LoyLimits(models.AbstractModel):
    """Limits of movements by hand. A day is a day by the clock of the programme's settings."""

    _name = "loy.limits"
    _description = "Limits of manual movements"

    def _limit(self, user, unit, company) -> Limit:
        """The most generous of the rows that concern the user; a role's row of the unit replaces its general row."""
        # sudo: a limit binds also those who may not read it
        rows = self.env["loy.adjustment.limit"].sudo().search(
            [
                ("group_id", "in", self._roles(user).ids),
                ("unit_id", "in", [False, unit.id]),
                ("company_id", "in", [False, company.id]),
            ]
        )
        own = {row.group_id: row for row in rows.sorted(lambda row: (bool(row.unit_id), bool(row.company_id)))}
        if not own:
            return Limit()
        limits = own.values()
        return Limit(
            single=max(row.amount_max or inf for row in limits),
            giver_day=max(row.giver_day_max or inf for row in limits),
            member_day=max(row.member_day_max or inf for row in limits),
            is_approval_always=all(row.is_approval_always for row in limits),
        )

    def _roles(self, user):
        """The groups whose rows concern the user: of an administrator not those that the role merely implies."""
        # sudo: the roles of a user are looked up for whoever asks
        groups = user.sudo().all_group_ids
        admin = self.env.ref(ADMINISTRATORS)
        return groups - admin.sudo().all_implied_ids + admin if admin in groups else groups

    def _lock(self, user, member_ids=()) -> None:
        """Until the transaction ends nobody else draws on the same person's or member's limit."""
        lock_name(self.env, "limit", "giver", user.id)
        for member_id in sorted(member_ids):
            lock_name(self.env, "limit", "member", member_id)

    def _excess(
        self,
        user,
        unit,
        company,
        direction: str,
        amounts: Mapping[int, int],
        total: int | None = None,
        is_locked: bool = True,
    ) -> str:
        """Why these movements, {member: minor units}, are above what the user may do alone; empty when they are not.

        The limit of one movement is that of their ``total``: a list is one movement.
        """
        limit = self._limit(user, unit, company)
        if limit.is_none:
            return ""
        if is_locked:
            self._lock(user, amounts if limit.member_day < inf and len(amounts) == 1 else ())
        scale = 10**unit.decimals
        total = sum(amounts.values()) if total is None else total
        if limit.is_approval_always:
            return self.env._("Each movement of this role needs approval")
        if total > limit.single * scale:
            return self.env._(
                "%(amount)s %(unit)s is more than the %(limit)s that this role may move at once",
                amount=self._text(total, unit),
                unit=unit.display_name,
                limit=self._text(limit.single * scale, unit),
            )
        since = self._day_start(company)
        if limit.giver_day < inf and total + self._given_by(user, unit, direction, since) > limit.giver_day * scale:
            return self.env._(
                "With it %(user)s would move more than the %(limit)s %(unit)s of a day",
                user=user.name,
                unit=unit.display_name,
                limit=self._text(limit.giver_day * scale, unit),
            )
        if limit.member_day < inf and self._most_of_a_member(amounts, unit, direction, since) > (
            limit.member_day * scale
        ):
            return self.env._(
                "With it a member would have more than the %(limit)s %(unit)s that one may get by hand in a day",
                unit=unit.display_name,
                limit=self._text(limit.member_day * scale, unit),
            )
        return ""

    def _approvers(self, unit, company, direction: str, amounts: Mapping[int, int], but, total: int | None = None):
        """Users who may approve it within limits of their own, at most so many; never the one who asks."""
        # sudo: who asks need not see the other users
        group = self.env.ref(ADMINISTRATORS).sudo()
        users = group.all_user_ids.filtered(
            lambda user: user.active and not user.share and company in user.company_ids and user != but
        )
        users -= self.env.ref("base.user_root")
        return users.filtered(
            lambda user: not self._excess(user, unit, company, direction, amounts, total, is_locked=False)
        )[:APPROVERS_MAX]

    # ------------------------------------------------------------------ what was done today

    def _day_start(self, company) -> datetime:
        now = fields.Datetime.now()
        # sudo: the settings bind also those who may not read them
        settings = self.env["loy.programme"].sudo()._at(company, now).settings
        zone = settings.timezone or "UTC"
        return clock.to_utc(datetime.combine(clock.to_local(now, zone).date(), time.min), zone)

    def _given_by(self, user, unit, direction: str, since: datetime) -> int:
        """What the user answers for since then: booked on own authority, or approved; of a list that is being booked
        all of it, of one that was withdrawn on the way what is booked."""
        self.env["loy.adjustment"].flush_model()
        self.env["loy.adjustment.list"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(SUM(amount_minor), 0)::int8
                  FROM (SELECT amount_minor FROM loy_adjustment
                         WHERE state = 'done' AND decided_by_id = %(user)s AND decided_at >= %(since)s
                           AND unit_id = %(unit)s AND direction = %(direction)s
                         UNION ALL
                        SELECT CASE state WHEN 'cancelled' THEN booked_minor ELSE total_minor END
                          FROM loy_adjustment_list
                         WHERE decided_by_id = %(user)s AND decided_at >= %(since)s AND unit_id = %(unit)s
                           AND state IN ('booking', 'stopped', 'done', 'cancelled') AND direction = %(direction)s
                       ) AS given
                """,
                user=user.id,
                since=since,
                unit=unit.id,
                direction=direction,
            )
        )[0][0]

    def _most_of_a_member(self, amounts: Mapping[int, int], unit, direction: str, since: datetime) -> int:
        """The largest sum that one of the members would have with this, whoever gave, alone or in a list."""
        self.env["loy.adjustment"].flush_model()
        self.env["loy.adjustment.list"].flush_model()
        return self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(MAX(given.amount + COALESCE(done.amount, 0) + COALESCE(listed.amount, 0)), 0)::int8
                  FROM unnest(%(members)s::int8[], %(amounts)s::int8[]) AS given (member_id, amount)
                  LEFT JOIN LATERAL (
                       SELECT SUM(amount_minor) AS amount FROM loy_adjustment
                        WHERE state = 'done' AND member_id = given.member_id AND decided_at >= %(since)s
                          AND unit_id = %(unit)s AND direction = %(direction)s
                  ) AS done ON TRUE
                  LEFT JOIN LATERAL (
                       SELECT SUM(line.amount_minor) AS amount
                         FROM loy_adjustment_list_line AS line
                         JOIN loy_adjustment_list AS list ON list.id = line.list_id
                        WHERE line.member_id = given.member_id AND list.decided_at >= %(since)s
                          AND list.unit_id = %(unit)s AND list.direction = %(direction)s
                          AND (line.transaction_id IS NOT NULL
                               OR line.fault IS NULL AND list.state IN ('booking', 'stopped', 'done'))
                  ) AS listed ON TRUE
                """,
                members=list(amounts),
                amounts=list(amounts.values()),
                since=since,
                unit=unit.id,
                direction=direction,
            )
        )[0][0]

    def _text(self, minor: float, unit) -> str:
        return formatLang(self.env, minor / 10**unit.decimals, digits=unit.decimals)
