"""How many calls a user of the API may make in a minute, over all processes and servers together."""

from dataclasses import dataclass
from datetime import datetime

from odoo import fields, models, tools
from odoo.tools import SQL

from .errors import LoyaltyError
from .transaction import run_with_retry

#: A process takes such a share of a user's minute at once, so that a busy user costs a transaction in a hundred calls.
SHARES = 100


@dataclass(slots=True)
class Lease:
    """What a process may still serve of a user's minute."""

    minute: datetime
    left: int


_leases: dict[tuple[str, int], Lease] = {}


class LoyRates(models.AbstractModel):
    """Law: of a user with a limit never more calls are served within a minute of the clock than the limit says, by
    however many processes. Each process holds up to a hundredth of it, so as many hundredths as there are processes may
    go unused. A user without a limit costs nothing.
    """

    _name = "loy.rates"
    _description = "Limits of API calls"

    def init(self):
        self.env.cr.execute(
            SQL(
                """
                CREATE UNLOGGED TABLE IF NOT EXISTS loy_rate (
                    user_id int4 PRIMARY KEY,
                    minute timestamp NOT NULL,
                    leased int4 NOT NULL
                )
                """
            )
        )

    def _take(self) -> None:
        """One call of the user is served; `rate_limited` when the minute has none left."""
        limit = self._limit()
        if not limit:
            return
        now = fields.Datetime.now()
        minute, key = now.replace(second=0, microsecond=0), (self.env.cr.dbname, self.env.uid)
        lease = _leases.get(key)
        if lease is None or lease.minute != minute or lease.left <= 0:
            lease = _leases[key] = Lease(minute, self._lease(limit, minute))
        # Threads that take the last one at once may leave less than nothing.
        if lease.left <= 0:
            raise LoyaltyError(
                "rate_limited",
                self.env._(
                    "User %(login)s may make %(limit)s calls a minute; send it again in %(seconds)s seconds.",
                    login=self.env.user.login,
                    limit=limit,
                    seconds=60 - now.second,
                ),
            )
        lease.left -= 1

    @tools.ormcache("self.env.uid")
    def _limit(self) -> int:
        # A user's own limit, which the user need not be able to read.
        return self.env.user.sudo().loy_calls_minute

    def _lease(self, limit: int, minute: datetime) -> int:
        """How many calls this process may serve now; in a transaction of its own, since a call may be a read."""
        share = max(1, limit // SHARES)
        query = SQL(
            """
            INSERT INTO loy_rate AS rate (user_id, minute, leased) VALUES (%(user)s, %(minute)s, %(share)s)
                ON CONFLICT (user_id) DO UPDATE
               SET minute = excluded.minute,
                   leased = excluded.leased + CASE WHEN rate.minute = excluded.minute THEN rate.leased ELSE 0 END
             WHERE rate.minute <> excluded.minute OR rate.leased + excluded.leased <= %(limit)s
            RETURNING TRUE
            """,
            user=self.env.uid,
            minute=minute,
            share=share,
            limit=limit,
        )
        with self.env.registry.cursor() as cr:
            own = self.env(cr=cr)
            return share if run_with_retry(own, lambda: own.execute_query(query)) else 0
