"""Conversions on a schedule: whoever has enough when the day comes gets something else for it."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..engine import schema
from ..sql.insert import insert_rows
from . import clock
from .gives import Grant
from .money import to_minor
from .posting import Source
from .sections import ScheduledConversionDocument, ScheduleDocument, section_of

BATCH = 200


class LoyConversions(models.AbstractModel):
    """Law: of an account a conversion takes whole steps once for each day on which it is due, however often and late
    the job runs; what is less than a step, or than the minimum, stays."""

    _name = "loy.conversions"
    _description = "Conversions on a schedule service"

    def _problems(self, conversions) -> list[str]:
        """What is against the documents, a sentence each."""
        section, reading = section_of("loy.conversion"), schema.Reading()
        for conversion in conversions:
            section.read_one(section.document_of(conversion), conversion.code, reading)
        return [*map(str, reading.problems), *self.env["loy.programme"]._unknown_names(reading)]

    def _continue(self, conversion, now: datetime) -> int:
        """The next batch of the earliest day that is not done; 0 when nothing is due any more."""
        gives = self.env["loy.gives"]
        company = conversion.company_id or conversion.unit_id.company_id or self.env.company
        compiled = self.env["loy.programme"]._at(company, now)
        document = compiled.scheduled.get(conversion.code)
        if document is None or document.unit not in compiled.units or gives._lacks(document.gives, compiled):
            return 0  # it waits
        timezone = compiled.settings.timezone or "UTC"
        run = self._due(conversion, company, document, now, timezone)
        if run is None:
            return 0
        due_at = clock.to_utc(datetime.combine(run.due_on, time.min), timezone)
        return self._work(conversion, run, document, compiled.units[document.unit], due_at)

    def _due(self, conversion, company, document: ScheduledConversionDocument, now: datetime, timezone: str):
        """The earliest day that is not done, if one is due."""
        runs = self.env["loy.conversion.run"].search([("conversion_id", "=", conversion.id)])
        if open_run := runs.filtered(lambda run: not run.done_at)[:1]:
            return open_run
        begun = clock.to_local(conversion.create_date, timezone).date() - timedelta(days=1)
        after = max([begun, *runs.mapped("due_on")])
        due_on = next(due_days(document.schedule, after, clock.to_local(now, timezone).date()), None)
        if due_on is None:
            return None
        return runs.create({"conversion_id": conversion.id, "company_id": company.id, "due_on": due_on})

    def _work(self, conversion, run, document: ScheduledConversionDocument, unit, due_at: datetime) -> int:
        """The next accounts, as of the moment when it was due: later points are for the next time."""
        step = to_minor(Decimal(str(document.step)), unit.decimals)
        least = max(step, to_minor(Decimal(str(document.minimum)), unit.decimals))
        self.env.flush_all()
        accounts = dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT account.id, COALESCE(account.member_id, pool.owner_id)
                      FROM loy_account AS account LEFT JOIN loy_pool AS pool ON pool.id = account.pool_id
                     WHERE account.unit_id = %s AND account.kind IN ('member', 'pool') AND account.is_current
                       AND account.successor_id IS NULL AND account.total_minor >= %s AND account.id > %s
                     ORDER BY account.id LIMIT %s
                    """,
                    unit.id,
                    least,
                    run.last_account,
                    BATCH,
                )
            )
        )
        if not accounts:
            run.done_at = fields.Datetime.now()
            return 1
        gives = self.env["loy.gives"]
        ledger = self.env["loy.ledger"]
        ledger._lock([*accounts, *gives._accounts_for(accounts.values(), document.gives, run.company_id, due_at)])
        grants = [
            Grant(accounts[account_id], account_id, times * step, times)
            for account_id, spendable in sorted(ledger._spendable(accounts, due_at).items())
            # What is good on some purchases only is not converted.
            for times in [spendable.free // step if spendable.free >= least else 0]
            if times
        ]
        source = Source("conversion", document=conversion.code, company_id=run.company_id.id)
        given = gives._give_each(grants, document.gives, at=due_at, source=source) if grants else []
        rows = [
            self._gift(conversion, run, grant, one) for grant, one in zip(grants, given, strict=False)
        ]
        insert_rows(self.env["loy.conversion.gift"], rows)
        self.env["loy.events"]._emit_many(
            [
                {
                    "kind": "points.converted",
                    "at": due_at,
                    "member_id": row["member_id"],
                    "company_id": run.company_id.id,
                    "data": {"conversion": conversion.code, "given": row["given"]},
                }
                for row in rows
            ]
        )
        # When there is no more of it, the others wait for the next run of the job.
        done = max(accounts) if len(rows) == len(grants) else grants[len(rows)].account_id - 1
        run.write({"last_account": done, "member_count": run.member_count + len(rows)})
        run.flush_recordset()
        return len(accounts) if len(rows) == len(grants) else 0

    def _gift(self, conversion, run, grant: Grant, given: dict) -> dict:
        transaction_id = given.pop("transaction")
        return {
            "conversion_id": conversion.id,
            "due_on": run.due_on,
            "account_id": grant.account_id,
            "member_id": grant.member_id,
            "company_id": run.company_id.id,
            "taken_minor": grant.points_minor,
            "given": self.env["loy.gives"]._kept(given),
            "transaction_id": transaction_id,
            "given_at": fields.Datetime.now(),
        }


def due_days(schedule: ScheduleDocument, after: date, until: date) -> Iterator[date]:
    """The days after one day, up to another, on which something is due; a month that is too short has it on its last.

    >>> quarterly = ScheduleDocument(months=3, day=31, month=2)
    >>> [str(day) for day in due_days(quarterly, date(2026, 2, 28), date(2026, 12, 31))]
    ['2026-05-31', '2026-08-31', '2026-11-30']
    """
    number = after.year * 12 + after.month - 1
    while (first := date(number // 12, number % 12 + 1, 1)) <= until:
        if number % schedule.months == (schedule.month - 1) % schedule.months:
            day = first.replace(day=min(schedule.day, monthrange(first.year, first.month)[1]))
            if after < day <= until:
                yield day
        number += 1
