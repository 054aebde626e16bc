"""The scheduled work of a test database, done at once up to a moment that need not have come yet."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from dateutil.relativedelta import relativedelta
from odoo import SUPERUSER_ID, fields, models

from ..sql import retention as sql
from .errors import LoyaltyError
from .transaction import lock_name

#: Work that is repeated until it has done nothing more; it tells how much it has done.
Piece = Callable[[], int | bool | None]
#: How far a database may be wound forward: for each month there is a table of events.
AHEAD = relativedelta(years=3)


class LoyJobs(models.AbstractModel):
    """What the scheduler does by and by, in one transaction and as if the clock stood at a given moment: for tests of
    systems that work with the suite. What is booked has the moment at which it is due, and is booked now.
    """

    _name = "loy.jobs"
    _description = "Scheduled work at once"

    def _wind(self, until: datetime) -> list[dict]:
        """Each job and how much it has done; wound to the same moment again there is nothing left to do. Codes:
        not_a_test_database, at_out_of_range."""
        self._check(until)
        lock_name(self.env, "jobs")
        # The scheduler's work is that of all companies, whoever asks for it.
        service = self.with_user(SUPERUSER_ID)
        return [
            {"job": name, "done": sum(service._exhaust(piece) for piece in pieces)}
            for name, pieces in service._jobs(until)
        ]

    def _check(self, until: datetime) -> None:
        self.env["ir.config_parameter"].flush_model()
        ((is_test,),) = self.env.execute_query(sql.is_test_database())
        if not is_test:
            raise LoyaltyError(
                "not_a_test_database",
                self.env._(
                    "Time is wound forward on test databases only: neutralize this copy, or set the system parameter"
                    " loyalty_core.is_test_database to True. Never do so where real members are served."
                ),
            )
        if until > fields.Datetime.now() + AHEAD:
            raise LoyaltyError("at_out_of_range", self.env._("Jobs are run for at most three years ahead"))

    def _exhaust(self, piece: Piece) -> int:
        done = 0
        self.env.flush_all()
        while count := piece():
            done += count
            self.env.flush_all()
        return done

    # ------------------------------------------------------------------ the jobs

    def _jobs(self, at: datetime) -> Iterable[tuple[str, Iterable[Piece]]]:
        """(name, pieces), in the order in which one leaves work to the next; the name is that of the scheduled action:
        ``loy_NAME_cron``. Addons that have jobs add them here."""
        env = self.env
        yield "event", [partial(env["loy.events"]._make_partitions_ahead, at)]
        yield "promotion_calendar", [partial(env["loy.publications"]._follow_calendar, at)]
        yield "card_series", self._series("loy.card.series")
        yield "code_series", self._series("loy.code.series")
        yield "hold", [partial(env["loy.ledger"]._release_overdue, at)]
        yield "counter", [partial(env["loy.counters"]._give_back_overdue, at)]
        yield "adjustment_list", self._lists(at)
        yield "trigger", self._triggers(at)
        yield "expiry_policy", env["loy.expiry"]._pieces(at)
        yield "conversion", self._conversions(at)  # of what expires later
        yield "expire", [partial(env["loy.ledger"]._expire, at)]
        yield "merge", [env["loy.merges"]._move_stragglers]
        yield "tier", [partial(env["loy.tiers"]._work_out_next, at)]
        yield "favourite", [env["loy.triggers"]._seal, partial(env["loy.favourites"]._work_out_next, at)]
        yield "ledger_day", [env["loy.ledger.days"]._seal, env["loy.ledger.days"]._fold]
        yield "sales", [env["loy.sales.facts"]._seal, env["loy.sales.facts"]._fold]
        yield "effect", [env["loy.effects"]._keep_missing]
        yield "journal", [partial(env["loy.journals"]._make_all, at)]
        yield "incomplete", [partial(env["loy.incomplete"]._check_until, at)]
        yield "duplicate", [env["loy.duplicates"]._scan_batch]
        yield "replay", self._replays()
        yield "retention", self._retentions(at)
        yield "report", [partial(env["loy.report.mails"]._settle_next, at)]
        yield "books", [env["loy.monitor"]._check_books]

    def _conversions(self, at: datetime) -> Iterable[Piece]:
        for conversion in self.env["loy.conversion"].search([("active", "=", True)], order="id"):
            yield partial(self.env["loy.conversions"]._continue, conversion, at)

    def _series(self, model: str) -> Iterable[Piece]:
        for series in self.env[model]._waiting():
            yield partial(self.env["loy.series"]._continue, series)

    def _replays(self) -> Iterable[Piece]:
        for replay in self.env["loy.replay"]._waiting():
            yield partial(self.env["loy.replays"]._continue, replay)

    def _triggers(self, at: datetime) -> Iterable[Piece]:
        service = self.env["loy.triggers"]
        yield from (service._seal, service._read)
        for company in self.env["res.company"].search([("active", "=", True)], order="id"):
            yield partial(service._do_day, company, at)

    def _lists(self, at: datetime) -> Iterable[Piece]:
        lists, service = self.env["loy.adjustment.list"], self.env["loy.adjustment.lists"]
        for one in lists._unread():
            yield partial(service._read_or_tell, one)
        for one in lists._due(at):
            yield partial(service._continue, one)

    def _retentions(self, at: datetime) -> Iterable[Piece]:
        service = self.env["loy.retentions"]
        for retention in service._active():
            yield from service._batches(retention, at)
